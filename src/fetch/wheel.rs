//! Unpacking some files of a wheel, which is a zip file, within limits.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use super::cannot_write;
use crate::error::{Error, Kind, Result};

/// The wheels have about 500 entries.
const MAX_ENTRIES: usize = 20_000;

/// A wheel whose content was checked against its pin; nothing else is believed of it.
pub struct Archive {
    archive: ZipArchive<BufReader<File>>,
    /// The kind of its refusals.
    refused: Kind,
}

impl Archive {
    /// # Errors
    /// `refused` when it is no zip file, has too many entries or one that leads out of it.
    pub fn open(wheel: &Path, refused: Kind) -> Result<Self> {
        let file = File::open(wheel).map_err(|e| Error::read(wheel.display(), e))?;
        let archive = ZipArchive::new(BufReader::new(file)).map_err(|e| damaged(refused, e))?;
        if archive.len() > MAX_ENTRIES {
            return Err(refusal(refused, format!("it has {} entries", archive.len())));
        }
        Ok(Self { archive, refused })
    }

    /// Unpacks the entries that `kept` gives a file name into `folder`, at most `limit` bytes of them
    /// together. Returns their number.
    ///
    /// # Errors
    /// The wheel's kind when it names files outside itself, holds more than `limit`, is damaged, or an
    /// entry is kept twice or is no regular file; `OutputFolder` and `DiskFull`.
    pub fn unpack(
        &mut self,
        folder: &Path,
        limit: u64,
        kept: impl Fn(&str) -> Option<String>,
    ) -> Result<usize> {
        let (mut left, mut count) = (limit, 0);
        for index in 0..self.archive.len() {
            let entry = self.archive.by_index(index).map_err(|e| damaged(self.refused, e))?;
            let path = entry.name().map_err(|e| damaged(self.refused, e))?.into_owned();
            drop(entry);
            if leads_out(&path) {
                return Err(refusal(self.refused, format!("entry {path:?} leads out of it")));
            }
            if let Some(name) = kept(&path) {
                left = left.saturating_sub(self.copy(index, &path, &folder.join(name), left)?);
                count += 1;
            }
        }
        Ok(count)
    }

    /// Writes one entry and returns its size. The size that the archive states is not trusted.
    fn copy(&mut self, index: usize, path: &str, target: &Path, left: u64) -> Result<u64> {
        let refused = self.refused;
        let mut entry = self.archive.by_index(index).map_err(|e| damaged(refused, e))?;
        if !entry.is_file() || entry.is_symlink() {
            return Err(refusal(refused, format!("{path:?} in it is not a regular file")));
        }
        // An entry of the same name twice is refused by `create_new`.
        let file = File::create_new(target).map_err(|e| match e.kind() {
            io::ErrorKind::AlreadyExists => refusal(refused, format!("{path:?} is in it more than once")),
            _ => cannot_write(target, e),
        })?;
        let more = || refusal(refused, "it unpacks to more than is allowed".to_owned());
        copy_limited(&mut entry, file, target, left, |e| damaged(refused, e))?.ok_or_else(more)
    }

    /// # Errors
    /// Always: the wheel's kind with this reason.
    pub fn refuse<T>(&self, why: impl Into<String>) -> Result<T> {
        Err(refusal(self.refused, why.into()))
    }
}

/// Copies `from` to `file`, at most `limit` bytes, and to the disk; returns their number, `None` when there
/// are more.
///
/// # Errors
/// `unread` of a failure to read; `OutputFolder` and `DiskFull`.
pub(super) fn copy_limited(
    from: &mut impl Read,
    mut file: File,
    target: &Path,
    limit: u64,
    unread: impl Fn(io::Error) -> Error,
) -> Result<Option<u64>> {
    use std::io::Write;
    let mut buffer = vec![0; 1 << 16];
    let mut size = 0u64;
    loop {
        let count = from.read(&mut buffer).map_err(&unread)?;
        if count == 0 {
            break;
        }
        size = size.saturating_add(count as u64);
        if size > limit {
            return Ok(None);
        }
        let part = buffer.get(..count).unwrap_or_default();
        file.write_all(part).map_err(|e| cannot_write(target, e))?;
    }
    // On disk before the rename, or a power cut leaves an empty file at its final place.
    file.sync_all().map_err(|e| cannot_write(target, e))?;
    Ok(Some(size))
}

/// Nothing but kept names is ever written; a wheel with such an entry is hostile all the same.
pub fn leads_out(path: &str) -> bool {
    path.starts_with('/') || path.contains(['\\', '\0', ':']) || path.split('/').any(|part| part == "..")
}

fn damaged(refused: Kind, source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Error {
    refusal(refused, "it is cut off or damaged".to_owned()).because(source)
}

fn refusal(refused: Kind, why: String) -> Error {
    Error::new(refused, format!("the wheel was refused: {why}; nothing was installed"))
}
