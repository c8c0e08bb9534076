//! A folder that files are put into whole: one process at a time, what is unfinished out of sight.

use std::fs::{File, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::cannot_write;
use crate::error::{Error, Kind, Result};

/// Folders of what is unfinished; never looked into by a search.
const INCOMING: &str = ".incoming-";
/// How long another process is waited for.
const LOCK_WAIT: Duration = Duration::from_secs(600);

/// Room for unfinished files beside their final place, so that a rename stays on one file system. Removed
/// when dropped; what killed processes left is removed by the next.
pub struct Incoming {
    room: TempDir,
    _lock: Option<File>,
}

impl Incoming {
    /// Makes `folder` where it is missing, waits until no other process puts something into it, and
    /// begins.
    ///
    /// # Errors
    /// `OutputFolder` and `DiskFull`; `Busy` when another process does not end.
    pub fn begin(folder: &Path) -> Result<Self> {
        std::fs::create_dir_all(folder).map_err(|e| cannot_write(folder, e))?;
        let lock = lock(folder)?;
        if lock.is_some() {
            sweep(folder);
        }
        let room = TempDir::with_prefix_in(INCOMING, folder).map_err(|e| cannot_write(folder, e))?;
        Ok(Self { room, _lock: lock })
    }

    pub fn path(&self) -> &Path {
        self.room.path()
    }

    /// An empty folder of this name in the room.
    ///
    /// # Errors
    /// `OutputFolder` and `DiskFull`.
    pub fn folder(&self, name: &str) -> Result<PathBuf> {
        let path = self.path().join(name);
        std::fs::create_dir(&path).map_err(|e| cannot_write(&path, e))?;
        Ok(path)
    }

    /// Renames files from the room to their places in this order, replacing what is there. Where one cannot
    /// be renamed, those before it go back and what they replaced returns.
    ///
    /// # Errors
    /// `OutputFolder` and `DiskFull`.
    pub fn put(&self, files: &[(PathBuf, PathBuf)]) -> Result<()> {
        let replaced = self.folder("replaced")?;
        let mut done = Vec::new();
        for (index, (from, to)) in files.iter().enumerate() {
            let old = replaced.join(index.to_string());
            let there = std::fs::symlink_metadata(to).ok();
            let kept = there.is_some();
            let moved = match there {
                // Somebody's folder of that name is not ours to replace with all that is in it.
                Some(metadata) if metadata.is_dir() => Err(ErrorKind::IsADirectory.into()),
                Some(_) => std::fs::rename(to, &old),
                None => Ok(()),
            };
            if let Err(error) = moved.and_then(|()| std::fs::rename(from, to)) {
                // Undoing is best effort: the first error is what people need to know.
                if kept && old.exists() {
                    let _ = std::fs::rename(&old, to);
                }
                done.into_iter().rev().for_each(undo);
                return Err(cannot_write(to, error));
            }
            done.push((to.clone(), kept.then_some(old)));
        }
        Ok(())
    }
}

fn undo((to, old): (PathBuf, Option<PathBuf>)) {
    let _ = match old {
        Some(old) => std::fs::rename(old, to),
        None => std::fs::remove_file(to),
    };
}

/// One process at a time. `None` on file systems that know no locks: the final rename is safe without, only
/// leftovers are then not swept.
fn lock(folder: &Path) -> Result<Option<File>> {
    let path = folder.join(".lock");
    let file = File::options().create(true).write(true).truncate(false).open(&path);
    let file = file.map_err(|e| cannot_write(&path, e))?;
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if started.elapsed() > LOCK_WAIT => {
                let message = format!(
                    "{}: another installation is running and does not end; end it and try again",
                    folder.display()
                );
                return Err(Error::new(Kind::Busy, message));
            }
            Err(TryLockError::WouldBlock) => std::thread::sleep(Duration::from_millis(100)),
        }
    }
}

/// Removes what killed processes left; the lock says that none is running.
fn sweep(folder: &Path) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(INCOMING) {
            // What cannot be removed is in nobody's way.
            let _ = std::fs::remove_dir_all(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = std::fs::read_dir(folder).expect("readable");
        let mut names: Vec<_> =
            entries.map(|e| e.expect("an entry").file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_put_together_or_not_at_all() {
        let scratch = tempfile::tempdir().expect("a folder");
        let folder = scratch.path().join("models");
        let incoming = Incoming::begin(&folder).expect("begun");
        let write = |name: &str, text: &str| {
            let path = incoming.path().join(name);
            std::fs::write(&path, text).expect("written");
            path
        };
        std::fs::write(folder.join("a"), "old").expect("written");
        // The second does not exist, so the first goes back.
        let files = [(write("a", "new"), folder.join("a")), (incoming.path().join("none"), folder.join("b"))];
        assert_eq!(incoming.put(&files).expect_err("put").kind, Kind::OutputFolder);
        assert_eq!(std::fs::read(folder.join("a")).expect("there"), b"old");
        assert!(!folder.join("b").exists());
        // Nor where the second is somebody's folder.
        std::fs::create_dir_all(folder.join("b/inside")).expect("made");
        drop(incoming);
        let incoming = Incoming::begin(&folder).expect("begun");
        let files = ["a", "b"].map(|name| {
            let from = incoming.path().join(name);
            std::fs::write(&from, "new").expect("written");
            (from, folder.join(name))
        });
        assert_eq!(incoming.put(&files).expect_err("put").kind, Kind::OutputFolder);
        assert_eq!(std::fs::read(folder.join("a")).expect("there"), b"old");
        assert!(folder.join("b/inside").exists());
        std::fs::remove_dir_all(folder.join("b")).expect("removed");
        drop(incoming);
        assert_eq!(names(&folder), [".lock", "a"]);

        let incoming = Incoming::begin(&folder).expect("begun");
        let files = ["a", "b"].map(|name| {
            let from = incoming.path().join(name);
            std::fs::write(&from, "new").expect("written");
            (from, folder.join(name))
        });
        incoming.put(&files).expect("put");
        drop(incoming);
        assert_eq!(names(&folder), [".lock", "a", "b"]);
        assert_eq!(std::fs::read(folder.join("a")).expect("there"), b"new");
    }

    #[test]
    fn what_a_killed_process_left_is_removed() {
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir_all(folder.path().join(".incoming-dead/wheel")).expect("made");
        drop(Incoming::begin(folder.path()).expect("begun"));
        assert_eq!(names(folder.path()), [".lock"]);
    }
}
