//! The tables of `key.toml`, as they are written.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Table;

use super::{Band, Credit, REVIEW_BELOW, Rounding};
use crate::sheet::table::number;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct File {
    pub title: String,
    pub review_below: f32,
    pub identity: Vec<String>,
    pub least: Option<Amount>,
    pub round: Option<Rounding>,
    pub bands: Vec<Band>,
    pub sheet: Option<String>,
    /// What holds for all questions.
    pub defaults: Marking,
    pub answers: Table,
    pub questions: Table,
    pub sections: Table,
    pub versions: BTreeMap<String, Shuffle>,
    pub sets: Vec<Table>,
}

impl Default for File {
    fn default() -> Self {
        let (title, identity, least, round, bands, sheet) = Default::default();
        let (defaults, answers, questions, sections, versions, sets) = Default::default();
        let review_below = REVIEW_BELOW;
        Self {
            title,
            review_below,
            identity,
            least,
            round,
            bands,
            sheet,
            defaults,
            answers,
            questions,
            sections,
            versions,
            sets,
        }
    }
}

/// A number, or a text such as `-2/3`.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Amount {
    Number(f64),
    Text(String),
}

impl Amount {
    pub fn value(&self) -> Result<f64, String> {
        match self {
            Amount::Number(value) if value.is_finite() => Ok(*value),
            Amount::Number(value) => Err(format!("{value}: expected a number")),
            Amount::Text(text) => number(text).ok_or_else(|| format!("{text:?}: expected a number")),
        }
    }
}

#[derive(Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct Marking {
    pub points: Option<Amount>,
    pub wrong: Option<Amount>,
    pub empty: Option<Amount>,
    pub credit: Option<Credit>,
    pub options: Option<Vec<String>>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct SectionRow {
    pub questions: Vec<String>,
    pub points: Option<Amount>,
    pub wrong: Option<Amount>,
    pub empty: Option<Amount>,
    pub credit: Option<Credit>,
    pub options: Option<Vec<String>>,
    pub weight: Option<Amount>,
    pub best: Option<usize>,
    pub least: Option<Amount>,
    pub most: Option<Amount>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
pub struct QuestionRow {
    pub answer: Option<Several>,
    pub marks: Option<Vec<String>>,
    pub accept: Vec<Worth>,
    pub number: Option<Amount>,
    pub text: Option<Several>,
    pub tolerance: Option<Amount>,
    pub relative: Option<Amount>,
    pub unit: Option<String>,
    pub units: BTreeMap<String, f64>,
    pub unit_required: bool,
    pub case: bool,
    pub punctuation: bool,
    pub ask: Option<bool>,
    pub void: bool,
    pub everyone: bool,
    pub bonus: bool,
    pub points: Option<Amount>,
    pub wrong: Option<Amount>,
    pub empty: Option<Amount>,
    pub credit: Option<Credit>,
    pub options: Option<Vec<String>>,
}

/// One answer or several, each of them right.
#[derive(Clone, Deserialize)]
#[serde(untagged)]
pub enum Several {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Worth {
    pub answer: Option<String>,
    pub marks: Option<Vec<String>>,
    pub points: Option<Amount>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shuffle {
    /// The key's question at each place of the paper, places being those of the key.
    pub order: Vec<String>,
    /// By the key's question: the key's option at each place of the paper, places being A, B, C, …
    pub options: BTreeMap<String, Vec<String>>,
}
