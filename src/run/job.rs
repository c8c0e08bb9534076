//! Which job a run folder belongs to, so that another job does not mix its results in.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::RunFolder;
use crate::atomic::write_whole;
use crate::error::{Error, Kind, Result};

/// What makes two runs the same job: thresholds, formats and limits are not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// Format of this file.
    pub version: u32,
    pub command: String,
    /// The inputs as given, made absolute.
    pub inputs: Vec<String>,
    pub model: String,
    pub model_digest: String,
    pub spec_digest: String,
    pub input_size: [u32; 2],
    #[serde(default)]
    pub looks: String,
    #[serde(default)]
    pub decode: String,
    /// The device as asked for and the provider it turned out to be; lets a second run that needs no
    /// inference find its observations without loading the runtime.
    pub device: String,
    pub provider: Option<String>,
    /// Tells the key of the pseudonyms, where results have them.
    #[serde(default)]
    pub pseudonyms: Option<String>,
}

/// What to do when the folder holds another job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnOther {
    Refuse,
    /// `--resume`: keep what fits, compute the rest.
    Reuse,
    /// `--force`: begin anew.
    Clear,
}

impl Job {
    /// The job of a folder; `None` for a new one.
    pub fn read(path: &Path) -> Option<Self> {
        serde_json::from_slice(&std::fs::read(path).ok()?).ok()
    }

    /// Takes the folder for this job. Returns the differences to the job it held, in words.
    ///
    /// # Errors
    /// `RunFolder` when it holds another job and `on_other` says to refuse.
    pub fn enter(&self, folder: &RunFolder, on_other: OnOther) -> Result<Vec<String>> {
        let before = Self::read(&folder.job());
        let differences = before.as_ref().map(|old| self.differences(old)).unwrap_or_default();
        match on_other {
            OnOther::Clear => folder.clear()?,
            OnOther::Reuse => {}
            OnOther::Refuse if differences.is_empty() => {}
            OnOther::Refuse => {
                let message = format!(
                    "{} holds another job ({}); give another folder with --out, begin anew in this one with \
                     --force, or keep what fits with --resume",
                    folder.root().display(),
                    differences.join("; ")
                );
                return Err(Error::new(Kind::RunFolder, message));
            }
        }
        Ok(differences)
    }

    pub fn write(&self, folder: &RunFolder) -> Result<()> {
        let json = serde_json::to_vec_pretty(self)
            .map_err(|e| Error::new(Kind::Internal, "the job could not be encoded").because(e))?;
        write_whole(&folder.temporary(), &folder.job(), &json)
    }

    fn differences(&self, old: &Self) -> Vec<String> {
        let rows = [
            ("command", old.command.clone(), self.command.clone()),
            ("inputs", old.inputs.join(" "), self.inputs.join(" ")),
            ("model", old.model.clone(), self.model.clone()),
            ("model file", short(&old.model_digest), short(&self.model_digest)),
            ("model description", short(&old.spec_digest), short(&self.spec_digest)),
            ("input size", size(old.input_size), size(self.input_size)),
            ("looks", words(&old.looks), words(&self.looks)),
            ("decoding of JPEG", decoding(&old.decode), decoding(&self.decode)),
            ("device", old.device.clone(), self.device.clone()),
        ];
        rows.into_iter()
            .filter(|(_, was, is)| was != is)
            .map(|(what, was, is)| format!("{what} was {was}, is {is}"))
            .collect()
    }
}

fn words(looks: &str) -> String {
    if looks.is_empty() { "one at the whole picture".to_owned() } else { looks.to_owned() }
}

fn decoding(decode: &str) -> String {
    if decode.is_empty() { "in full".to_owned() } else { decode.to_owned() }
}

fn short(digest: &str) -> String {
    digest.chars().take(7 + 12).collect()
}

fn size([width, height]: [u32; 2]) -> String {
    format!("{width}x{height}")
}
