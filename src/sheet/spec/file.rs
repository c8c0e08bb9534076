//! The words of a `sheet.toml`, as they are written.

use serde::Deserialize;

use crate::sheet::layout::Shape;

/// Unknown keys are errors, so that a typing slip is not silently ignored.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct File {
    pub title: String,
    #[serde(default)]
    pub paper: Paper,
    /// The paper is there already, made by others: without our marks and codes, found by its edge. Blocks then say
    /// where their bubbles are.
    #[serde(default)]
    pub existing: bool,
    /// Printed below the title of the first page.
    #[serde(default)]
    pub instructions: String,
    /// What the sheet is printed as: `["A", "B"]`. Without any, there is one version that has no name.
    #[serde(default)]
    pub versions: Vec<String>,
    /// Millimetres between the edge of the paper and what is printed.
    #[serde(default = "File::usual_margin")]
    pub margin: f32,
    /// Lines to write a name and the like on, at the top of the first page.
    #[serde(default)]
    pub name: Vec<Line>,
    #[serde(default)]
    pub block: Vec<Block>,
}

impl File {
    /// Office printers leave 3 to 5 mm of each edge blank, copiers shift pages by as much again.
    fn usual_margin() -> f32 {
        10.0
    }
}

/// Upright.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, clap::ValueEnum)]
pub enum Paper {
    #[default]
    A4,
    Letter,
}

impl Paper {
    /// Width and height in millimetres, upright: ISO 216, and 8.5 by 11 inches.
    pub fn size(self) -> [f32; 2] {
        match self {
            Self::A4 => [210.0, 297.0],
            Self::Letter => [215.9, 279.4],
        }
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line {
    pub label: String,
    /// The column of the roster that is printed on it.
    pub roster: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    Choice,
    Multiple,
    Grid,
    Digits,
    Text,
    Free,
    Code,
}

impl Kind {
    /// As it is written.
    pub fn name(self) -> &'static str {
        match self {
            Self::Choice => "choice",
            Self::Multiple => "multiple",
            Self::Grid => "grid",
            Self::Digits => "digits",
            Self::Text => "text",
            Self::Free => "free",
            Self::Code => "code",
        }
    }
}

/// Questions of one kind, or one field that is no question.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Block {
    pub kind: Kind,
    /// Numbers and ranges: `"1-40, 45"`. Results name them `q1`, `q2`, …
    pub questions: Option<String>,
    /// Instead of questions: the name of one field, as results have it.
    pub name: Option<String>,
    /// Printed above the block.
    pub label: Option<String>,
    /// What there is to choose: `"ABCDE"`, or a list of short words.
    pub options: Option<Options>,
    /// How many places a grid has, or how many boxes.
    pub digits: Option<u32>,
    /// Millimetres; of what is written on, or the side of a code.
    pub width: Option<f32>,
    pub height: Option<f32>,
    /// How many columns the questions stand in, instead of as many as fit.
    pub columns: Option<u32>,
    /// Where its left top corner is, in millimetres from that of the paper; with it, `page` from 1.
    pub at: Option<[f32; 2]>,
    pub page: Option<u32>,
    /// Instead of `at`: the middle of the first bubble, the way to the next one across and down, width and height of a
    /// bubble, and its outline. Options and places run across, questions and digits down.
    pub first: Option<[f32; 2]>,
    pub pitch: Option<[f32; 2]>,
    pub bubble: Option<[f32; 2]>,
    pub shape: Option<Shape>,
    /// Begins on a new page.
    #[serde(default)]
    pub new_page: bool,
    /// The column of the roster that is printed into it.
    pub roster: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Options {
    /// A letter each.
    Letters(String),
    Words(Vec<String>),
}

impl Options {
    pub fn values(&self) -> Vec<String> {
        match self {
            Self::Letters(letters) => letters.chars().map(String::from).collect(),
            Self::Words(words) => words.clone(),
        }
    }
}
