//! What was decided: one result type for every model, with instances that may have children.

use serde::{Deserialize, Serialize};

use crate::geometry::{Quad, Rect};

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
    /// Things found within this one (a plate in a car, a face in a person); same type.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub children: Vec<Instance>,
}

/// The answer for one item, tagged by task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Prediction {
    Detect {
        /// In order of falling score.
        instances: Vec<Instance>,
    },
}

impl Prediction {
    /// Every top-level instance, whatever the task.
    pub fn instances(&self) -> &[Instance] {
        match self {
            Prediction::Detect { instances } => instances,
        }
    }
}
