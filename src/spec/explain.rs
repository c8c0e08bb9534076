//! What a model gives that explains its answers without masking: a map, or the features of its last layer.

use serde::{Deserialize, Serialize};

/// `[explain]` of a description. Names are those of the ONNX file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Explain {
    /// An output that is a class activation map: [1, classes, rows, columns], or one for all classes.
    #[serde(default)]
    pub cam: Option<String>,
    /// An output that is the last features before they are averaged: [1, channels, rows, columns], or with the
    /// channels last where pictures have them last.
    #[serde(default)]
    pub features: Option<String>,
    /// The initialiser [classes, channels] (or the other way round) that makes scores of the averages. Without it
    /// the features give one map for all classes (Eigen-CAM).
    #[serde(default)]
    pub weights: Option<String>,
}
