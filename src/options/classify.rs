//! Which classes of a picture count as its result. None of these needs a picture or the model a second
//! time.

use clap::Args;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Selection (a second run with other values uses what is stored)")]
pub struct ClassifyOptions {
    /// At most this many classes a picture, the best ones
    #[arg(long, short = 'k', value_name = "N", default_value_t = 5, value_parser = super::at_least_one)]
    pub top: usize,

    /// Least score from 0 to 1, or label=score for one class; several separated by commas [default: the
    /// model's; 0.5 where a picture may have several classes, else none]
    #[arg(long, short, value_name = "SCORE|LABEL=SCORE", value_delimiter = ',')]
    pub conf: Vec<String>,

    /// Only these labels, separated by commas
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    pub classes: Vec<String>,

    /// Not these labels, separated by commas
    #[arg(long, value_name = "LABELS", value_delimiter = ',')]
    pub exclude_classes: Vec<String>,

    #[command(flatten)]
    #[serde(flatten)]
    pub explain: super::ExplainOptions,
}
