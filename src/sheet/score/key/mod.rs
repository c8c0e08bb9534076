//! What answers are worth: the key as a whole, wherever it was written.

mod csv;
mod names;
mod omrchecker;
mod rows;
mod toml;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use names::expand;

use crate::error::{Error, Result};

/// Answers and marking of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Key {
    pub title: String,
    /// In the order in which results list them.
    pub questions: Vec<Question>,
    pub sections: Vec<Section>,
    /// Shuffles of the sheet by the version that is printed on it.
    pub versions: BTreeMap<String, Version>,
    /// Keys of their own for some sheets; the first that fits holds.
    pub sets: Vec<Set>,
    /// Fields that say whose sheet it is.
    pub identity: Vec<String>,
    /// Answers read less surely than this are for a person, 0 to 1.
    pub review_below: f32,
    pub round: Option<Rounding>,
    /// The total is not below this.
    pub least: Option<f64>,
    /// Grades from the best down.
    pub bands: Vec<Band>,
    /// The input whose marks are the right answers, by the end of its path, until it has been read.
    pub sheet: Option<String>,
}

/// A question and what its answers are worth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Question {
    /// The field's name.
    pub name: String,
    /// Of a right, a wrong and no answer. `wrong` is added, so a penalty is negative.
    pub points: f64,
    pub wrong: f64,
    pub empty: f64,
    /// Adds points and none to what can be reached.
    pub bonus: bool,
    pub count: Count,
    pub credit: Credit,
    /// Each is right by itself.
    pub accepted: Vec<Accepted>,
    pub how: How,
    /// The options that can be marked, where credit counts them.
    pub options: Vec<String>,
}

/// Whether a question counts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Count {
    #[default]
    Yes,
    /// For nobody.
    Void,
    /// As right for everyone.
    Everyone,
}

/// What an answer gets that is right in part: some of the right marks, or a wrong one too.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Credit {
    /// It is wrong.
    #[default]
    AllOrNothing,
    /// The share (right marks - wrong marks) / marks of the key, not below 0.
    Share,
    /// The share of options that are as they should be, marked or not.
    Options,
}

/// An answer that is right.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Accepted {
    /// Several where all of them are to be marked.
    pub values: Vec<String>,
    /// Where not those of the question.
    pub points: Option<f64>,
}

/// How answers are compared.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "as")]
pub enum How {
    /// Marks, digit by digit.
    #[default]
    Marks,
    /// Within a tolerance: absolute, or `relative` to the right value, whichever is larger.
    Number { tolerance: f64, relative: f64, unit: Option<Unit> },
    /// Words. What is not in the key is for a person, not wrong, if `ask`.
    Text { case: bool, punctuation: bool, ask: bool },
}

/// The unit of a number, and others by what one of them is in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Unit {
    pub name: String,
    pub others: BTreeMap<String, f64>,
    /// An answer without any unit is wrong.
    pub required: bool,
}

/// Questions that are counted together.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Section {
    pub name: String,
    pub questions: Vec<String>,
    /// Its points are multiplied by this.
    pub weight: f64,
    /// Only so many of its questions count, those with the most points.
    pub best: Option<usize>,
    /// Bounds of its points, before the weight.
    pub least: Option<f64>,
    pub most: Option<f64>,
}

/// A shuffle of the sheet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// From the field on the paper to the key's question; others keep their name.
    pub questions: BTreeMap<String, String>,
    /// By the key's question: from the option on the paper to the key's option.
    pub options: BTreeMap<String, BTreeMap<String, String>>,
}

/// A key of its own for some sheets.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Set {
    pub name: String,
    /// A text with `{field}` in it, to be found by `pattern`, a regular expression; `{version}` is the sheet's version.
    pub text: String,
    pub pattern: String,
    pub key: Box<Key>,
}

/// Rounding of a total.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Rounding {
    pub to: f64,
    #[serde(default)]
    pub way: Way,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Way {
    /// Half away from zero.
    #[default]
    HalfUp,
    HalfEven,
    Up,
    Down,
}

/// A grade and from where on it is given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub grade: String,
    /// One of both: percent of what can be reached, or points.
    pub percent: Option<f64>,
    pub points: Option<f64>,
}

/// Of what is read less surely, one in ten is wrong: nobody should be graded by it unseen.
pub const REVIEW_BELOW: f32 = 0.9;

impl Key {
    /// Reads `key.toml`, OMRChecker's `evaluation.json`, or a CSV file of questions and answers.
    ///
    /// # Errors
    /// `Usage` naming the file and, where there is one, the line.
    pub fn read(file: &Path) -> Result<Self> {
        let extension = file.extension().map(|e| e.to_string_lossy().to_lowercase());
        let key = match extension.as_deref() {
            Some("toml") => toml::read(file),
            Some("json") => omrchecker::read(file),
            _ => csv::read(file),
        }?;
        key.check().map_err(|why| Error::usage(format!("{}: {why}", file.display())))?;
        Ok(key)
    }

    pub fn question(&self, name: &str) -> Option<&Question> {
        self.questions.iter().find(|question| question.name == name)
    }

    /// The most that can be reached, without bonus.
    pub fn most(&self) -> f64 {
        super::total::total(self, &|question| if question.bonus { 0.0 } else { question.most() })
    }

    fn check(&self) -> Result<(), String> {
        if self.questions.is_empty() && self.sheet.is_none() {
            return Err("has no question".to_owned());
        }
        let mut seen = std::collections::HashSet::new();
        if let Some(twice) = self.questions.iter().find(|question| !seen.insert(&question.name)) {
            return Err(format!("{} stands twice", twice.name));
        }
        let mut sectioned = std::collections::HashSet::new();
        for section in &self.sections {
            for name in &section.questions {
                if self.question(name).is_none() && self.sheet.is_none() {
                    return Err(format!("section {}: there is no question {name}", section.name));
                }
                if !sectioned.insert(name) {
                    return Err(format!("{name} is in two sections"));
                }
            }
        }
        for (name, version) in &self.versions {
            version.check(self).map_err(|why| format!("version {name}: {why}"))?;
        }
        for set in &self.sets {
            set.key.check().map_err(|why| format!("set {}: {why}", set.name))?;
        }
        self.questions.iter().try_for_each(Question::check)
    }
}

impl Question {
    pub fn new(name: &str, points: f64) -> Self {
        Self {
            name: name.to_owned(),
            points,
            wrong: 0.0,
            empty: 0.0,
            bonus: false,
            count: Count::Yes,
            credit: Credit::AllOrNothing,
            accepted: Vec::new(),
            how: How::Marks,
            options: Vec::new(),
        }
    }

    /// The most and the least that an answer can get.
    pub fn most(&self) -> f64 {
        match self.count {
            Count::Void => 0.0,
            Count::Everyone => self.best(),
            Count::Yes => self.best().max(self.wrong).max(self.empty),
        }
    }

    pub fn least(&self) -> f64 {
        let worst = self.accepted.iter().filter_map(|a| a.points).fold(self.wrong.min(self.empty), f64::min);
        match self.count {
            Count::Void => 0.0,
            Count::Everyone => self.best(),
            Count::Yes => worst.min(if self.credit == Credit::AllOrNothing { worst } else { 0.0 }),
        }
    }

    /// Of the best answer.
    pub fn best(&self) -> f64 {
        let own = |accepted: &Accepted| accepted.points.unwrap_or(self.points);
        self.accepted.iter().map(own).reduce(f64::max).unwrap_or(self.points)
    }

    fn check(&self) -> Result<(), String> {
        let name = &self.name;
        let amounts = [self.points, self.wrong, self.empty];
        if amounts.iter().chain(self.accepted.iter().filter_map(|a| a.points.as_ref())).any(|v| v.abs() > 1e9)
        {
            return Err(format!("{name}: points beyond a thousand million"));
        }
        if self.accepted.is_empty() && self.count == Count::Yes {
            return Err(format!("{name}: has no answer; give one, or say void = true"));
        }
        if self.credit == Credit::Options && self.options.is_empty() {
            return Err(format!("{name}: credit = \"options\" needs options = [\"A\", …]"));
        }
        Ok(())
    }
}

impl Version {
    fn check(&self, key: &Key) -> Result<(), String> {
        let mut reached = std::collections::HashSet::new();
        for (printed, own) in &self.questions {
            if key.question(own).is_none() {
                return Err(format!("{printed} is said to be {own}, which the key does not have"));
            }
            if !reached.insert(own) {
                return Err(format!("two questions are said to be {own}"));
            }
        }
        match self.options.keys().find(|name| key.question(name).is_none()) {
            Some(name) => Err(format!("options of {name}, which the key does not have")),
            None => Ok(()),
        }
    }
}
