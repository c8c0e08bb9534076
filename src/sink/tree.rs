//! A folder with a file for each item, in folders that mirror the inputs.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{SinkContext, paths};
use crate::error::{Error, Kind, Result};
use crate::frame::Part;
use crate::record::Record;

/// The folder is built beside and swapped in at the end, so that no file of a former run stays behind.
pub struct Tree {
    name: &'static str,
    /// Marks the folder as ours to replace. Without it, it may be somebody's own.
    mark: &'static str,
    /// Of the items' files.
    extension: &'static str,
    folder: PathBuf,
    temporary: PathBuf,
    new: TempDir,
}

impl Tree {
    /// # Errors
    /// `OutputFolder` where a folder `name` exists that is not ours.
    pub fn new(
        context: &SinkContext,
        name: &'static str,
        mark: &'static str,
        extension: &'static str,
    ) -> Result<Self> {
        let target = context.folder.join(name);
        if target.symlink_metadata().is_ok() && !target.join(mark).is_file() {
            let message = format!(
                "{}: a folder of that name exists and was not written by vision; move it away or choose another folder with --out",
                target.display()
            );
            return Err(Error::new(Kind::OutputFolder, message));
        }
        let new = TempDir::with_prefix_in(format!("{name}-"), context.temporary)
            .map_err(|e| Error::write(context.temporary.display(), e))?;
        let (folder, temporary) = (context.folder.to_owned(), context.temporary.to_owned());
        Ok(Self { name, mark, extension, folder, temporary, new })
    }

    /// `photo.txt` for `photo.jpg`, where other tools look; `photo.png.txt` where the folder also holds a
    /// `photo` of another format that came before; the input's id where that is taken too, or where a file
    /// stands in place of a folder on the way.
    pub fn write(&self, record: &Record, content: &[u8]) -> Result<()> {
        let (input, part) = (&record.item.input, record.item.part.as_ref());
        let short = paths::artefact(input, part, self.extension);
        let long = paths::artefact_of_full_name(input, part, self.extension);
        let last = PathBuf::from(format!("~{}{}.{}", input.id, Part::suffix(part), self.extension));
        for name in [short, long, last] {
            use std::io::ErrorKind::{AlreadyExists, NotADirectory};
            let path = self.new.path().join(&name);
            let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
            let file = folder.and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path));
            match file {
                Ok(mut file) => {
                    return file.write_all(content).map_err(|e| Error::write(name.display(), e));
                }
                Err(e) if matches!(e.kind(), AlreadyExists | NotADirectory) => {}
                Err(e) => return Err(Error::write(name.display(), e)),
            }
        }
        let message = format!("{}: two items of this name in one run", input.path);
        Err(Error::new(Kind::Internal, message))
    }

    /// Appends to a file that belongs to no item; folders on the way are made.
    pub fn append(&self, name: &Path) -> Result<std::fs::File> {
        let failed = |e| Error::write(name.display(), e);
        let path = self.new.path().join(name);
        path.parent().map_or(Ok(()), fs::create_dir_all).map_err(failed)?;
        OpenOptions::new().append(true).create(true).open(&path).map_err(failed)
    }

    /// A file that belongs to no item.
    pub fn write_beside(&self, name: &str, content: &[u8]) -> Result<()> {
        fs::write(self.new.path().join(name), content).map_err(|e| Error::write(self.name, e))
    }

    /// Puts the folder in place; returns it, not its thousands of files.
    pub fn finish(self) -> Result<PathBuf> {
        self.write_beside(self.mark, b"")?;
        let failed = |e| Error::write(self.name, e);
        let target = self.folder.join(self.name);
        // Emptied by renaming, which is quick; the former files go afterwards.
        let former = TempDir::with_prefix_in("former-", &self.temporary).map_err(failed)?;
        if target.symlink_metadata().is_ok() {
            fs::rename(&target, former.path().join(self.name)).map_err(failed)?;
        }
        let new = self.new.keep();
        set_readable(&new).map_err(failed)?;
        fs::rename(&new, &target).map_err(failed)?;
        Ok(self.name.into())
    }
}

/// Temporary folders are private to the user; results get the permissions of ordinary folders.
#[cfg(unix)]
fn set_readable(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}
