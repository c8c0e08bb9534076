//! The run folder: its layout, its lock, and the name of the job that fills it.

pub mod job;
pub mod journal;
pub mod key;
pub mod store;

use std::fs::{self, File, TryLockError};
use std::io::{Read, Seek, Write};
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};

/// The folder inside a run folder that holds what is not for people; its presence marks a run
/// folder, which the walk over inputs never enters.
pub const INTERNAL: &str = ".vision";

/// The folder within [`INTERNAL`] for pieces of annotated videos that are not whole yet.
pub const FILMS: &str = "films";

/// An open run folder; the lock is held until this is dropped.
#[derive(Debug)]
pub struct RunFolder {
    root: PathBuf,
    is_new: bool,
    _lock: File,
}

impl RunFolder {
    /// Creates or opens a run folder, proves that it can be written, and takes its lock.
    ///
    /// # Errors
    /// `OutputFolder` or `DiskFull` when it cannot be written; `Busy` when another process has it.
    pub fn open(root: &Path) -> Result<Self> {
        let internal = root.join(INTERNAL);
        let is_new = !root.exists();
        fs::create_dir_all(&internal).map_err(|e| Error::write(root.display(), e))?;
        let lock = lock(&internal.join("lock"), root)?;
        let folder = Self { root: root.to_owned(), is_new, _lock: lock };
        // Left by a run that was killed.
        let temporary = folder.temporary();
        match fs::remove_dir_all(&temporary) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::write(temporary.display(), e));
            }
            _ => fs::create_dir_all(&temporary).map_err(|e| Error::write(temporary.display(), e))?,
        }
        tempfile::tempfile_in(&temporary).map_err(|e| Error::write(root.display(), e))?;
        Ok(folder)
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    /// For files being written; emptied at every start.
    pub fn temporary(&self) -> PathBuf {
        self.root.join(INTERNAL).join("tmp")
    }

    pub fn journal(&self) -> PathBuf {
        self.root.join(INTERNAL).join("journal.jsonl")
    }

    pub fn store(&self) -> PathBuf {
        self.root.join(INTERNAL).join("store").join("observations.pack")
    }

    pub fn job(&self) -> PathBuf {
        self.root.join(INTERNAL).join("job.json")
    }

    /// Removes a folder that this run created and left without results.
    pub fn discard_if_new(&self) {
        if self.is_new {
            // Best effort: an empty folder that stays does no harm.
            let _ = fs::remove_dir_all(self.root.join(INTERNAL));
            let _ = fs::remove_dir(&self.root);
        }
    }

    /// Forgets everything that a former job left (`--force`): observations, journal, results.
    /// Only what `vision` itself writes goes; foreign files in the folder stay, and so does everything
    /// in a folder that never held a job: its `images/` are somebody else's.
    pub fn clear(&self) -> Result<()> {
        if !self.job().exists() {
            return Ok(());
        }
        let internal = self.root.join(INTERNAL);
        let own = [
            internal.join("journal.jsonl"),
            internal.join("job.json"),
            internal.join("store"),
            internal.join(FILMS),
            self.root.join("images"),
            self.root.join("crops"),
            self.root.join("clips"),
            self.root.join("sheets"),
            self.root.join("labels"),
            self.root.join("voc"),
            self.root.join("text"),
            self.root.join("results.parquet"),
            self.root.join(crate::report::FOLDER),
            self.root.join(crate::report::NAME),
            self.root.join("run.json"),
            self.root.join("results.jsonl"),
            self.root.join("results.json"),
            self.root.join("results.csv"),
            self.root.join("inputs.csv"),
            self.root.join("coco.json"),
            self.root.join("mot"),
            self.root.join("events.jsonl"),
            self.root.join("events.csv"),
            self.root.join("occupancy.csv"),
            self.root.join("counts.csv"),
            self.root.join("classes.txt"),
            self.root.join(crate::deidentify::INSTANCES),
            self.root.join("worklist.json"),
            self.root.join("worklist.csv"),
            self.root.join("evaluation.json"),
            self.root.join("proof.json"),
            self.root.join("audit.csv"),
            self.root.join("private").join("audit"),
        ];
        let grades =
            crate::sheet::score::FILES.iter().chain(&["changes.csv"]).map(|name| self.root.join(name));
        for path in own.into_iter().chain(grades) {
            let removed = if path.is_dir() { fs::remove_dir_all(&path) } else { fs::remove_file(&path) };
            match removed {
                Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                    return Err(Error::write(path.display(), e));
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether `folder` is a run folder.
pub fn is_run_folder(folder: &Path) -> bool {
    folder.join(INTERNAL).is_dir()
}

/// Takes the lock and writes our process id into it, for the message that another process gets.
fn lock(path: &Path, root: &Path) -> Result<File> {
    let failed = |e| Error::write(path.display(), e);
    let mut file =
        File::options().create(true).read(true).write(true).truncate(false).open(path).map_err(failed)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            // Best effort: the number only helps the reader.
            let _ = file.read_to_string(&mut holder);
            let message = format!(
                "{}: another vision (process {}) is working in this folder; wait for it or choose another --out",
                root.display(),
                holder.trim()
            );
            return Err(Error::new(Kind::Busy, message));
        }
        Err(TryLockError::Error(e)) => return Err(failed(e)),
    }
    file.set_len(0).and_then(|()| file.rewind()).map_err(failed)?;
    writeln!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}

#[cfg(test)]
mod tests;
