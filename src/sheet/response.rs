//! What was read of a page: the border between reading and scoring.

use serde::{Deserialize, Serialize};

/// A page, read and decided: what scoring and the review see.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PageRead {
    /// The item's id, as in `results.jsonl`.
    pub item: String,
    pub bucket: Bucket,
    /// Which page of the sheet, from 0, where it is known.
    pub page: Option<u32>,
    /// Which version or shuffle of the sheet, where it has several.
    pub version: Option<String>,
    pub responses: Vec<Response>,
}

/// Every page ends in exactly one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "bucket", content = "reason")]
pub enum Bucket {
    /// Read, nothing doubtful.
    Graded,
    /// Read; at least one answer is to be looked at by a person.
    Review,
    /// A sheet that cannot be read, and why.
    Rejected(String),
    /// Something else.
    NotASheet(String),
}

impl Bucket {
    /// In the order of [`Bucket::number`].
    pub const NAMES: [&str; 4] = ["graded", "review", "rejected", "not-a-sheet"];

    pub fn number(&self) -> u32 {
        match self {
            Bucket::Graded => 0,
            Bucket::Review => 1,
            Bucket::Rejected(_) => 2,
            Bucket::NotASheet(_) => 3,
        }
    }

    pub fn name(&self) -> &'static str {
        Self::NAMES[self.number() as usize]
    }

    pub fn reason(&self) -> Option<&str> {
        match self {
            Bucket::Graded | Bucket::Review => None,
            Bucket::Rejected(reason) | Bucket::NotASheet(reason) => Some(reason),
        }
    }
}

/// The answer of one field.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Response {
    /// The field's name.
    pub field: String,
    /// What was marked or written; several for multiple marks, none where it is empty. Of a grid one value, the
    /// places joined.
    pub values: Vec<String>,
    /// The calibrated probability that `values` is what the writer meant, 0 to 1.
    pub confidence: f32,
    /// Whether a person has to look before it counts.
    pub review: bool,
    /// What is odd: `two-marks`, `faint`, `cancelled`, `blurred`, …; codes, not sentences.
    pub flags: Vec<String>,
}
