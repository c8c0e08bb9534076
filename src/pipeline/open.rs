//! Opening an input: one read, one digest over exactly the bytes that are decoded.

use std::fs::{File, Metadata};
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::digest::{Key, sha256};
use crate::error::{Error, FaultOf, Kind, Result};
use crate::input::stat;
use crate::run::journal::Stat;
use crate::source::video::Container;
use crate::source::{self, Frames, HEAD, Limits};

use super::decode::injected;

/// A file in memory.
pub struct Bytes {
    pub data: Arc<[u8]>,
    pub digest: Key,
    pub stat: Stat,
}

/// Reads a whole file. `name` is how messages call it.
///
/// # Errors
/// `TooLarge` beyond `limit` bytes, found before reading where the file system says so.
pub fn read(name: &str, file: &Path, limit: u64) -> Result<Bytes> {
    let (mut handle, metadata) = begin(name, file)?;
    let failed = |e| Error::read(name, e);
    let too_large = |found: u64| {
        let message = format!("{name}: {found} bytes, more than the limit of {limit}; --max-bytes raises it");
        Error::new(Kind::TooLarge, message)
    };
    if metadata.len() > limit {
        return Err(too_large(metadata.len()));
    }
    let size = usize::try_from(metadata.len()).map_err(|_| too_large(metadata.len()))?;
    let mut data = Vec::new();
    data.try_reserve_exact(size.saturating_add(1)).map_err(|_| too_large(metadata.len()))?;
    // One byte beyond the limit tells a file that grew.
    (&mut handle).take(limit.saturating_add(1)).read_to_end(&mut data).map_err(failed)?;
    if data.len() as u64 > limit {
        return Err(too_large(data.len() as u64));
    }
    let digest = sha256(&data);
    Ok(Bytes { data: data.into(), digest, stat: stat(&metadata) })
}

/// A regular file to be read, and its state. State and content come from the same handle: a file replaced
/// meanwhile cannot mix them.
fn begin(name: &str, file: &Path) -> Result<(File, Metadata)> {
    let failed = |e| Error::read(name, e);
    // Not to wait for a writer: the file may have become a FIFO since it was listed.
    let flags = rustix::fs::OFlags::NONBLOCK.bits() as i32;
    let handle = File::options().read(true).custom_flags(flags).open(file).map_err(failed)?;
    let metadata = handle.metadata().map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::new(
            Kind::NotRegular,
            format!("{name}: not a regular file; only regular files are read"),
        ));
    }
    Ok((handle, metadata))
}

/// The container of a video, by its first bytes; `None` for everything else and for what cannot be read, which
/// is said when it is opened.
pub fn video(name: &str, file: &Path) -> Option<Container> {
    let (mut handle, _) = begin(name, file).ok()?;
    let mut head = Vec::with_capacity(HEAD);
    (&mut handle).take(HEAD as u64).read_to_end(&mut head).ok()?;
    match source::sniff(&head)? {
        source::Format::Video(container) => Some(container),
        _ => None,
    }
}

/// Digests and opens a video, which may be larger than memory. Its decoder opens the file again and says at the
/// end when it is another one by then.
///
/// # Errors
/// As [`open`]; `Tool` where ffmpeg's programs are missing, which is no fault of the file.
pub fn open_video(name: &str, file: &Path, container: Container, limits: &Limits) -> Result<Opened> {
    let (mut handle, metadata) = begin(name, file)?;
    let digest = crate::digest::sha256_of(&mut handle).map_err(|e| Error::read(name, e))?;
    let stat = stat(&metadata);
    match source::video::open(name, file, container, stat, limits) {
        Err(error) if error.fault_of() == FaultOf::Environment => Err(error),
        frames => Ok(Opened { digest, stat, format: container.name().to_owned(), frames }),
    }
}

/// An input's frames and what is known of the input.
pub struct Opened {
    pub digest: Key,
    pub stat: Stat,
    /// Name of the format found, `unknown` where none was.
    pub format: String,
    pub frames: Result<Box<dyn Frames>>,
}

/// Reads, recognises and opens a file.
///
/// # Errors
/// When it cannot be read; what is wrong with its content is in [`Opened::frames`].
pub fn open(name: String, file: PathBuf, limits: &Limits) -> Result<Opened> {
    if let Some(container) = video(&name, &file) {
        return open_video(&name, &file, container, limits);
    }
    let Bytes { data, digest, stat } = read(&name, &file, limits.max_bytes)?;
    let format = source::sniff(&data).map_or("unknown", |format| format.name()).to_owned();
    let frames = match injected(&data) {
        Some(frames) => Ok(frames),
        None => source::open(&name, data, limits),
    };
    Ok(Opened { digest, stat, format, frames })
}
