//! What was decided: one result type for every model, with instances that may have children.

use serde::{Deserialize, Serialize};

use crate::geometry::{Landmarks, Quad, Rect};
use crate::sheet::read::page::SheetPage;

/// A thing found in a frame.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Instance {
    /// Index into the model's labels.
    pub class: u32,
    pub label: String,
    /// 0 to 1, rounded to six decimals.
    pub score: f32,
    /// `[x1, y1, x2, y2]` in pixels of the upright frame, rounded to three decimals.
    #[serde(rename = "box")]
    pub rect: Rect,
    /// Of an oriented box, in the same pixels and rounding; may reach outside the frame, which `rect`,
    /// the box around it, does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corners: Option<Quad>,
    /// Points of a face, in the order of [`Landmarks::NAMES`]; empty where the model gives none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keypoints: Vec<Keypoint>,
    /// In a sequence that was tracked: the same number for the same thing in every frame, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub track: Option<u32>,
    /// Not detected in this frame, but put between two frames of its track that show it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub filled: bool,
    /// Things found within this one (a plate in a car, a face in a person); same type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Instance>,
}

/// A point of a thing.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Keypoint {
    pub name: String,
    /// In pixels of the upright frame, rounded to three decimals; may lie outside it.
    pub x: f32,
    pub y: f32,
}

impl Instance {
    /// The five points of a face, where it has them.
    pub fn landmarks(&self) -> Option<Landmarks> {
        let point = |name: &str| self.keypoints.iter().find(|point| point.name == name);
        let mut points = [[0.0; 2]; 5];
        for (at, name) in points.iter_mut().zip(Landmarks::NAMES) {
            *at = point(name).map(|point| [point.x, point.y])?;
        }
        Some(Landmarks(points))
    }
}

/// The answer for one item, tagged by task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Prediction {
    Detect {
        /// In order of falling score.
        instances: Vec<Instance>,
    },
    Faces {
        /// In order of falling score.
        instances: Vec<Instance>,
    },
    Classify {
        /// What the whole picture shows, in order of falling score.
        classes: Vec<Class>,
        /// Whether each class is a yes or no of its own; else the first is the answer and the others
        /// are what it might have been.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        multi_label: bool,
    },
    Ocr {
        /// In order of reading.
        lines: Vec<Line>,
    },
    Triage {
        /// The greatest of weight times score, 0 to 1.
        urgency: f32,
        findings: Vec<Finding>,
        /// Why the image was not triaged.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        refused: Option<String>,
        /// Pseudonyms, and where the numbers came from.
        facts: std::collections::BTreeMap<String, String>,
    },
    /// A page of a sheet of answers.
    #[serde(rename = "grade")]
    Sheet(Box<SheetPage>),
}

/// What a model for triage looks for in an image.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub label: String,
    /// 0 to 1, rounded to six decimals.
    pub score: f32,
    pub operating_point: f32,
    /// Whether the score reaches the operating point.
    pub positive: bool,
    /// How far the score is from the operating point, 0 to 1: a share of the way to certainty.
    pub confidence: f32,
}

/// A line of text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Line {
    /// Without spaces at its ends.
    pub text: String,
    /// The mean of the characters' scores, 0 to 1, rounded to six decimals.
    pub score: f32,
    /// How likely it is that all of the text is right, calibrated on rendered text.
    pub confidence: f32,
    /// How sure the detector is that it is text.
    pub box_score: f32,
    /// Around `corners`, within the frame.
    #[serde(rename = "box")]
    pub rect: Rect,
    /// In pixels of the upright frame; clockwise as one reads, the first where the text begins.
    pub corners: Quad,
    /// The column or paragraph that it belongs to, counted from 0 in order of reading.
    pub block: usize,
    pub characters: Vec<Letter>,
}

/// A character of a line.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    pub text: String,
    pub score: f32,
    /// Where along the line its middle is, 0 at the beginning to 1 at the end, rounded to four decimals.
    pub at: f32,
    /// What else it might be, in order of falling score.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alternatives: Vec<Alternative>,
}

/// Another reading of a character.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alternative {
    pub text: String,
    pub score: f32,
}

/// A class of the whole picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Class {
    /// Index into the model's labels.
    pub class: u32,
    pub label: String,
    /// 0 to 1, rounded to six decimals.
    pub score: f32,
}

impl Prediction {
    /// Every top-level instance, whatever the task.
    pub fn instances(&self) -> &[Instance] {
        match self {
            Prediction::Detect { instances } | Prediction::Faces { instances } => instances,
            Prediction::Classify { .. }
            | Prediction::Ocr { .. }
            | Prediction::Triage { .. }
            | Prediction::Sheet(_) => &[],
        }
    }

    /// The same answer with other instances; what has none is left as it is.
    pub fn with_instances(self, instances: Vec<Instance>) -> Self {
        match self {
            Prediction::Detect { .. } => Prediction::Detect { instances },
            Prediction::Faces { .. } => Prediction::Faces { instances },
            other => other,
        }
    }

    /// The lines of text, in order of reading.
    pub fn lines(&self) -> &[Line] {
        match self {
            Prediction::Ocr { lines } => lines,
            Prediction::Detect { .. }
            | Prediction::Faces { .. }
            | Prediction::Classify { .. }
            | Prediction::Triage { .. }
            | Prediction::Sheet(_) => &[],
        }
    }

    /// The page of a sheet.
    pub fn sheet(&self) -> Option<&SheetPage> {
        match self {
            Prediction::Sheet(page) => Some(page),
            _ => None,
        }
    }

    /// The classes of the whole picture, best first.
    pub fn classes(&self) -> &[Class] {
        match self {
            Prediction::Detect { .. }
            | Prediction::Faces { .. }
            | Prediction::Ocr { .. }
            | Prediction::Triage { .. }
            | Prediction::Sheet(_) => &[],
            Prediction::Classify { classes, .. } => classes,
        }
    }

    /// The classes of the whole picture that are the answer: the first, or all of a multi-label model.
    pub fn answer(&self) -> &[Class] {
        match self {
            Prediction::Detect { .. }
            | Prediction::Faces { .. }
            | Prediction::Ocr { .. }
            | Prediction::Triage { .. }
            | Prediction::Sheet(_) => &[],
            Prediction::Classify { classes, multi_label: true } => classes,
            Prediction::Classify { classes, multi_label: false } => &classes[..classes.len().min(1)],
        }
    }

    /// Class and label of everything that is there, once for each time.
    pub fn found(&self) -> impl Iterator<Item = (u32, &str)> {
        let things = self.instances().iter().map(|i| (i.class, i.label.as_str()));
        let classes = self.answer().iter().map(|c| (c.class, c.label.as_str()));
        // Models that read have one class: text.
        let lines = self.lines().iter().map(|_| (0, "text"));
        let bucket = self.sheet().map(|page| (page.bucket.number(), page.bucket.name()));
        things.chain(classes).chain(lines).chain(bucket)
    }
}
