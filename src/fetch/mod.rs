//! Fetching files that are pinned by their content: wheels with the user's pip, single files with curl. What
//! arrives is checked before anything in it is used, and put into place whole or not at all.

pub mod folder;
pub mod https;
pub mod pip;
pub mod wheel;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::digest::hex;
use crate::error::{Error, Kind, Result};

pub use folder::Incoming;

/// What a file must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Pin {
    /// `sha256:` and 64 hex digits.
    pub digest: String,
    /// Size of the file.
    pub bytes: u64,
}

impl Pin {
    /// In what `file` differs, as a phrase: "has 12 bytes, 34 expected". `None` where it is the pinned one.
    ///
    /// # Errors
    /// Those of reading it.
    pub fn differs(&self, file: &Path) -> Result<Option<String>> {
        let failed = |e| Error::read(file.display(), e);
        let mut open = File::open(file).map_err(failed)?;
        let bytes = open.metadata().map_err(failed)?.len();
        if bytes != self.bytes {
            return Ok(Some(format!("has {bytes} bytes, {} expected", self.bytes)));
        }
        let digest = sha256(&mut open).map_err(failed)?;
        let differs = || format!("has SHA-256 {}, {} expected", bare(&digest), bare(&self.digest));
        Ok((digest != self.digest).then(differs))
    }
}

/// The hex digits of a digest.
fn bare(digest: &str) -> &str {
    digest.trim_start_matches("sha256:")
}

fn sha256(file: &mut impl Read) -> std::io::Result<String> {
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 1 << 20];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(format!("sha256:{}", hex(&hash.finalize()))),
            count => hash.update(buffer.get(..count).unwrap_or_default()),
        }
    }
}

/// [`Error::write`] with the remedies of jobs that have no `--out`.
pub fn cannot_write(path: &Path, source: std::io::Error) -> Error {
    let mut error = Error::write(path.display(), source);
    error.message = match error.kind {
        Kind::DiskFull => format!("{}: the disk is full; free some space and try again", path.display()),
        _ => format!("{}: cannot be written; set XDG_DATA_HOME to a folder that can", path.display()),
    };
    error
}
