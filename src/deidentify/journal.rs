//! What is done, in `private/`: a line an input with its records and who is who, appended when its files are in place.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Kind, Result};
use crate::run::journal::Stat;

/// What became of an input.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry {
    pub id: String,
    pub stat: Option<Stat>,
    /// Of the options that what was written depends on.
    pub key: String,
    /// Lines of `results.jsonl`.
    pub records: Vec<Value>,
    pub files: Vec<Written>,
}

/// An instance that was written, and what it was.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Written {
    /// Below the run folder.
    pub file: PathBuf,
    /// In the order of the crosswalk's columns from `patient-id` on.
    pub who: Vec<String>,
}

/// An open journal. Entries are found by their place, so that memory holds none of them.
pub struct Journal {
    path: PathBuf,
    file: File,
    places: HashMap<String, (u64, usize)>,
    end: u64,
}

impl Journal {
    /// Opens or creates it, and cuts off a line torn by a kill.
    pub fn open(path: &Path) -> Result<Self> {
        let failed = |e| Error::write(path.display(), e);
        let mut options = File::options();
        options.create(true).read(true).write(true).truncate(false).mode(0o600);
        let file = options.open(path).map_err(failed)?;
        let (mut places, mut end, mut line) = (HashMap::new(), 0, Vec::new());
        let mut reader = BufReader::new(&file);
        loop {
            line.clear();
            let read = reader.read_until(b'\n', &mut line).map_err(failed)?;
            if read == 0 || line.last() != Some(&b'\n') {
                break;
            }
            // Of another version: its work is done again.
            if let Ok(entry) = serde_json::from_slice::<Entry>(&line) {
                places.insert(entry.id, (end, read));
            }
            end += read as u64;
        }
        file.set_len(end).map_err(failed)?;
        Ok(Self { path: path.to_owned(), file, places, end })
    }

    /// The last entry of an input.
    pub fn entry(&mut self, id: &str) -> Result<Option<Entry>> {
        let Some((begin, length)) = self.places.get(id).copied() else { return Ok(None) };
        let failed = |e| Error::write(self.path.display(), e);
        let mut line = vec![0; length];
        self.file.seek(SeekFrom::Start(begin)).map_err(failed)?;
        self.file.read_exact(&mut line).map_err(failed)?;
        Ok(serde_json::from_slice(&line).ok())
    }

    pub fn append(&mut self, entry: &Entry) -> Result<()> {
        let encoded = serde_json::to_vec(entry);
        let mut line =
            encoded.map_err(|e| Error::new(Kind::Internal, "an entry of the journal").because(e))?;
        line.push(b'\n');
        let failed = |e| Error::write(self.path.display(), e);
        self.file.seek(SeekFrom::Start(self.end)).map_err(failed)?;
        if let Err(e) = self.file.write_all(&line) {
            // Half a line must not stay in front of later ones.
            let _ = self.file.set_len(self.end);
            return Err(failed(e));
        }
        self.places.insert(entry.id.clone(), (self.end, line.len()));
        self.end += line.len() as u64;
        Ok(())
    }
}
