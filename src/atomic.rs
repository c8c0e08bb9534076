//! Files that appear whole or not at all: written in the run folder's temporary folder, renamed.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::error::{Error, Result};

/// A file being written. Dropped without [`AtomicFile::commit`], it leaves nothing behind.
pub struct AtomicFile {
    target: PathBuf,
    out: BufWriter<NamedTempFile>,
}

impl AtomicFile {
    /// Begins `target`, writing in `temporary`, a folder on the same file system.
    pub fn create(temporary: &Path, target: &Path) -> Result<Self> {
        let file = NamedTempFile::new_in(temporary).map_err(|e| Error::write(temporary.display(), e))?;
        Ok(Self { target: target.to_owned(), out: BufWriter::with_capacity(64 << 10, file) })
    }

    /// Puts the file at its place, creating the folders on the way and replacing what was there.
    pub fn commit(self) -> Result<()> {
        let target = self.target;
        let failed = |e| Error::write(target.display(), e);
        let file = self.out.into_inner().map_err(|e| failed(e.into_error()))?;
        set_readable(file.as_file()).map_err(failed)?;
        if let Some(parent) = target.parent() {
            std::fs::create_dir_all(parent).map_err(|e| Error::write(parent.display(), e))?;
        }
        file.persist(&target).map_err(|e| failed(e.error))?;
        Ok(())
    }
}

impl Write for AtomicFile {
    fn write(&mut self, buf: &[u8]) -> std::io::Result<usize> {
        self.out.write(buf)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.out.flush()
    }
}

/// Temporary files are private to the user; results get the permissions of ordinary new files.
#[cfg(unix)]
fn set_readable(file: &File) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    // Reading the mask means setting it, which would race with other threads; 0644 is what
    // nearly every mask gives.
    file.set_permissions(std::fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn set_readable(_: &File) -> std::io::Result<()> {
    Ok(())
}

/// Puts a file that another program wrote at its place, brought to the disk before it gets its name.
pub fn place(file: tempfile::TempPath, target: &Path) -> Result<()> {
    let failed = |e| Error::write(target.display(), e);
    let written = File::open(&file).map_err(failed)?;
    written.sync_data().and_then(|()| set_readable(&written)).map_err(failed)?;
    if let Some(parent) = target.parent() {
        std::fs::create_dir_all(parent).map_err(|e| Error::write(parent.display(), e))?;
    }
    file.persist(target).map_err(|e| failed(e.error))
}

/// Writes `bytes` to `target` in one go.
pub fn write_whole(temporary: &Path, target: &Path, bytes: &[u8]) -> Result<()> {
    let mut file = AtomicFile::create(temporary, target)?;
    file.write_all(bytes).map_err(|e| Error::write(target.display(), e))?;
    file.commit()
}

/// Removes a file that a former run wrote; one that is gone already is no failure.
pub fn remove(file: &Path) -> Result<()> {
    match std::fs::remove_file(file) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::write(file.display(), e)),
        _ => Ok(()),
    }
}
