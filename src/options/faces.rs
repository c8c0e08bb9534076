//! Which faces count as a result. None of these needs a picture or the model a second time.

use clap::Args;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Selection (a second run with other values uses what is stored)")]
pub struct FacesOptions {
    /// Least score from 0 to 1: lower finds more faces, and more that are none [default: the model's]
    #[arg(long, short, value_name = "SCORE", value_delimiter = ',')]
    pub conf: Vec<String>,

    /// Overlap (IoU, 0 to 1) above which the weaker of two faces is dropped [default: the model's]
    #[arg(long, value_name = "IOU", value_parser = super::select::fraction)]
    pub iou: Option<f32>,

    /// At most this many faces a picture, the best ones
    #[arg(long, value_name = "N", default_value_t = 300, value_parser = super::at_least_one)]
    pub max_det: usize,

    #[command(flatten)]
    #[serde(flatten)]
    pub track: super::TrackOptions,

    #[command(flatten)]
    #[serde(flatten)]
    pub explain: super::ExplainOptions,
}
