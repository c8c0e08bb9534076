//! What counts as a result. None of these needs a picture or the model a second time.

use clap::Args;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Selection (a second run with other values uses what is stored)")]
pub struct SelectOptions {
    /// Least score from 0 to 1, or label=score for one class; several separated by commas [default: the model's]
    #[arg(long, short, value_name = "SCORE|LABEL=SCORE", value_delimiter = ',')]
    pub conf: Vec<String>,

    /// Overlap (IoU, 0 to 1) above which the weaker of two boxes of a class is dropped [default: the model's]
    #[arg(long, value_name = "IOU", value_parser = fraction)]
    pub iou: Option<f32>,

    /// Only these labels, separated by commas
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    pub classes: Vec<String>,

    /// Not these labels, separated by commas
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    pub exclude_classes: Vec<String>,

    /// At most this many results a picture, the best ones
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = super::at_least_one)]
    pub max_det: usize,

    #[command(flatten)]
    #[serde(flatten)]
    pub track: super::TrackOptions,

    #[command(flatten)]
    #[serde(flatten)]
    pub explain: super::ExplainOptions,
}

pub(crate) fn fraction(text: &str) -> Result<f32, String> {
    let value = text.parse::<f32>().ok().filter(|v| (0.0..=1.0).contains(v));
    value.ok_or_else(|| "expected a number from 0 to 1".to_owned())
}
