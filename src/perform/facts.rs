//! The job's models in words, for `run.json` and for people.

use serde::Serialize;

use super::setup::Prepared;

/// The model as it stands in `run.json`.
#[derive(Debug, Serialize)]
pub struct ModelFacts<'a> {
    pub name: &'a str,
    pub digest: &'a str,
    pub family: &'a str,
    pub licence: &'a str,
    /// None without a model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input_size: Option<[u32; 2]>,
    /// Tiles, mirror and models beside it, in words.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub looks: String,
    /// How large JPEG files are decoded, in words, where not in full.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub decode: String,
    /// Thresholds in force.
    #[serde(flatten)]
    pub thresholds: serde_json::Value,
}

impl Prepared {
    pub fn facts(&self) -> ModelFacts<'_> {
        ModelFacts {
            name: &self.subject.name,
            digest: &self.subject.digest,
            family: &self.subject.family,
            licence: &self.subject.licence,
            input_size: (self.size != [0, 0]).then_some(self.size),
            looks: self.looks_in_words(),
            decode: self.decode_in_words(),
            thresholds: self.policy.facts(),
        }
    }

    /// What people should know before the run: how a model without a description was understood.
    pub fn notes(&self) -> Vec<String> {
        let understood =
            self.models.iter().filter_map(|model| Some((&model.spec.name, model.understood.as_ref()?)));
        let notes = understood.flat_map(|(name, understood)| {
            let doubts = understood.doubts.iter().map(move |doubt| format!("{name}: {doubt}"));
            std::iter::once(format!("{name}: {}", understood.why)).chain(doubts)
        });
        notes.collect()
    }
}
