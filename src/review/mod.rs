//! Decisions of people: reading them, finding what they are about, putting them over what a policy decides.

mod apply;
mod names;
mod read;
mod tally;

use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use apply::{Reviewed, apply};
pub use names::{NameOf, names, tenths};
pub use read::{Decisions, read};
pub use tally::{Tally, TallyFold};

pub const SCHEMA: &str = "vision.decision/1";

/// What of an instance is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Field {
    /// `accept` or `reject`.
    Verdict,
    /// Another of the model's labels.
    Label,
    /// What a line says.
    Text,
    /// Null where the thing is there and this is not its box; else the right one.
    Box,
    /// What was marked or written in a field of a sheet: a list of texts.
    Answer,
    /// Points for an answer and for all that are equal to it, whoever wrote them.
    Credit,
    /// Whose sheet the item is: an id of the class list, or null for nobody's.
    Identity,
    /// Words of the person's own; changes nothing.
    Note,
}

impl Field {
    pub fn name(self) -> &'static str {
        match self {
            Field::Verdict => "verdict",
            Field::Label => "label",
            Field::Text => "text",
            Field::Box => "box",
            Field::Answer => "answer",
            Field::Credit => "credit",
            Field::Identity => "identity",
            Field::Note => "note",
        }
    }
}

/// One decision, a line of a file of them. The last one about a field of an instance counts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Decision {
    /// [`SCHEMA`].
    pub schema: String,
    /// Id of the input, and the part's suffix as in names of artefacts: `6a60a2a40aced06e.p0003`.
    pub item: String,
    /// The instance's name as [`names`] gives it; null for the item as a whole.
    pub instance: Option<String>,
    pub field: Field,
    /// Of the observation that the person saw, 64 hex digits.
    pub observation_key: String,
    /// The value that the person saw, and the one that holds instead. `now` is null where a verdict, a label, a
    /// text or a note is taken back.
    pub was: Value,
    pub now: Value,
    /// Who, as they call themselves; may be empty.
    #[serde(default)]
    pub by: String,
    /// When, RFC 3339.
    #[serde(default)]
    pub at: String,
}

/// A decision that does not hold, and why.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Refused {
    #[serde(flatten)]
    pub decision: Decision,
    pub reason: String,
}

/// A decision as it stands in a record, which says itself which item and observation it is of.
#[derive(Serialize)]
struct Short<'a> {
    instance: &'a Option<String>,
    field: Field,
    was: &'a Value,
    now: &'a Value,
    by: &'a str,
    at: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'a str>,
}

impl Decision {
    fn short<'a>(&'a self, reason: Option<&'a str>) -> Short<'a> {
        let Self { instance, field, was, now, by, at, .. } = self;
        Short { instance, field: *field, was, now, by, at, reason }
    }
}
