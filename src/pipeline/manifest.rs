//! The list of an input's items, as stored: what a second run needs to know without opening it.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind};
use crate::frame::{About, Part, Warning};
use crate::record::Failure;

/// What became of one item of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    #[serde(with = "crate::frame::part_text")]
    pub part: Option<Part>,
    pub size: [u32; 2],
    pub orientation: u8,
    /// When it is shown, seconds from the first frame; of frames.
    pub seconds: Option<f64>,
    /// Why the item has no observation.
    pub failure: Option<Failure>,
    /// Of one that failed: what is known of it, and may be.
    pub facts: Vec<(String, String)>,
}

impl Entry {
    /// The item that an error stands for, where it says which one that is.
    pub fn failed(error: &Error) -> Option<Self> {
        let About { part, attributes } = error.item()?;
        let facts = attributes.pseudonyms();
        let told = part.is_some() || !facts.is_empty();
        let failure = Some(Failure::from(error));
        told.then(|| Self { part: part.clone(), size: [0, 0], orientation: 1, seconds: None, failure, facts })
    }
}

/// What became of an input.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    pub format: String,
    /// In order of the input.
    pub items: Vec<Entry>,
    /// Numbers of frames that are no items because they cannot be decoded, rising.
    pub lost: Vec<u32>,
    /// Of the input as a whole; they stand in its first record.
    pub warnings: Vec<Warning>,
    /// Why the input, or its rest, has no items.
    pub failure: Option<Failure>,
    /// The limits it was decoded under, where others could give another outcome.
    pub limits: Option<String>,
}

impl Manifest {
    /// Of an input without items.
    pub fn failed(format: &str, failure: Option<Failure>) -> Self {
        let (items, lost, warnings) = (Vec::new(), Vec::new(), Vec::new());
        Self { format: format.to_owned(), items, lost, warnings, failure, limits: None }
    }

    /// Whether the outcome depends on the bytes alone, so that it need not be tried again.
    pub fn is_lasting(&self) -> bool {
        let failures = self.items.iter().filter_map(|item| item.failure.as_ref()).chain(&self.failure);
        let lasting = |kind| {
            use Kind::{Corrupt, Empty, NotMedia, TooLarge, Truncated, Unsupported};
            matches!(kind, Empty | NotMedia | Unsupported | Truncated | Corrupt | TooLarge)
        };
        failures.into_iter().all(|failure| lasting(failure.kind))
    }

    /// Whether it stands under `limits`.
    pub fn fits(&self, limits: &str) -> bool {
        self.limits.as_deref().is_none_or(|own| own == limits)
    }
}
