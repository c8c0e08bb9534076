//! What a model for triage accepts, which numbers it is given, and what its findings are worth.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::frame::ValueKind;

/// `[triage]` of a description.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Triage {
    /// What becomes a score from 0 to 1.
    pub scores: Activation,
    /// Name of the output of scores, where there are several.
    #[serde(default)]
    pub output: Option<String>,
    #[serde(default)]
    pub accepts: Accepts,
    pub values: Values,
    /// By label; a label without an entry is not a finding.
    pub findings: BTreeMap<String, Finding>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Activation {
    Probabilities,
    SigmoidLogits,
    Softmax,
}

/// What an image must be. An empty list accepts everything; an attribute that a list asks for and the file does not
/// have is refused.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Accepts {
    pub modality: Vec<String>,
    pub body_part: Vec<String>,
    pub view: Vec<String>,
    pub photometric: Vec<String>,
    /// Least width and height, pixels.
    pub min_size: [u32; 2],
}

/// From a frame's values to the tensor's.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Values {
    /// `display`: brightness after the window, 0 to 1; `modality`: modality units.
    pub source: ValueKind,
    /// The range of the source; what lies beyond is cut.
    pub from: [f32; 2],
    /// What the range becomes: [0, 1], [-1, 1], [-1024, 1024], …
    pub to: [f32; 2],
    #[serde(default)]
    pub crop: Crop,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Crop {
    /// The whole image, stretched to the model's input.
    #[default]
    None,
    /// The largest square in its middle.
    Centre,
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Finding {
    /// How urgent a certain finding is, 0 to 1.
    pub weight: f32,
    /// The score from which on it is one.
    pub operating_point: f32,
}

impl Triage {
    /// # Errors
    /// What makes no sense, in words.
    pub fn check(&self, labels: &[String]) -> Result<(), String> {
        let Values { from, to, .. } = self.values;
        let rising = |[low, high]: [f32; 2]| low.is_finite() && high.is_finite() && low < high;
        if !rising(from) || !rising(to) {
            return Err("[triage.values] from and to must be rising pairs of numbers".into());
        }
        if self.findings.is_empty() {
            return Err("[triage.findings] names no finding".into());
        }
        for (label, finding) in &self.findings {
            if !labels.contains(label) {
                return Err(format!("[triage.findings] {label}: the model has no such label"));
            }
            let share = |value: f32| (0.0..=1.0).contains(&value);
            if !share(finding.weight) || !share(finding.operating_point) {
                return Err(format!("[triage.findings] {label}: weight and operating-point are 0 to 1"));
            }
        }
        Ok(())
    }

    /// Without what decides only, so that other operating points use what is stored.
    pub fn observing(&self) -> Self {
        Self { findings: BTreeMap::new(), ..self.clone() }
    }
}
