//! Which parts of a picture an answer rests on, and how that is found out.

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::explain::{Baseline, Method};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Explanation (docs/explain.md; looks hundreds of times at each picture)")]
pub struct ExplainOptions {
    /// Also map which parts of each picture the answer rests on, into explain/ and the report
    #[arg(long, value_name = "METHOD", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "auto")]
    pub explain: Option<Method>,

    /// Explain this label instead of the best one
    #[arg(long, value_name = "LABEL")]
    pub explain_class: Option<String>,

    /// Explain so many classes or things of a picture at most, the best ones [default: 1 class, 3 things]
    #[arg(long, value_name = "N", value_parser = targets)]
    pub explain_targets: Option<usize>,

    /// Random masks of rise and drise
    #[arg(long, value_name = "N", default_value_t = 1000, value_parser = masks)]
    pub explain_masks: usize,

    /// Cells of a mask's side, 2 to 64 [default: 7; 16 for drise]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(2..=64))]
    pub explain_grid: Option<u32>,

    /// Probability of a mask's cell to show the picture, 0.01 to 0.99
    #[arg(long, value_name = "P", default_value_t = 0.5, value_parser = keep)]
    pub explain_keep: f32,

    /// Side of the square that occlusion covers, in pixels of the model's input [default: a seventh of its longer
    /// side]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=8192))]
    pub explain_patch: Option<u32>,

    /// From one square to the next, in the same pixels [default: half a square]
    #[arg(long, value_name = "PIXELS", value_parser = clap::value_parser!(u32).range(1..=8192))]
    pub explain_stride: Option<u32>,

    /// What takes the place of masked pixels
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Baseline::Zero)]
    pub explain_baseline: Baseline,

    /// Begins the random numbers: the same seed gives the same maps
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub explain_seed: u64,

    /// Steps in which a picture is taken away and comes back to measure a map, 4 to 1000
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = steps)]
    pub explain_steps: usize,

    /// Random maps that each map is measured against, 3 to 100; 0 measures nothing
    #[arg(long, value_name = "N", default_value_t = 5, value_parser = random)]
    pub explain_random: usize,
}

fn within(text: &str, range: std::ops::RangeInclusive<usize>) -> Result<usize, String> {
    let value = text.parse::<usize>().ok().filter(|value| range.contains(value));
    value.ok_or_else(|| format!("expected a number from {} to {}", range.start(), range.end()))
}

fn targets(text: &str) -> Result<usize, String> {
    within(text, 1..=100)
}

fn steps(text: &str) -> Result<usize, String> {
    within(text, 4..=1000)
}

fn masks(text: &str) -> Result<usize, String> {
    within(text, 1..=1_000_000)
}

/// With fewer than three there is no telling how much random maps differ.
fn random(text: &str) -> Result<usize, String> {
    if text == "0" { Ok(0) } else { within(text, 3..=100).map_err(|e| format!("{e}, or 0")) }
}

fn keep(text: &str) -> Result<f32, String> {
    let value = text.parse::<f32>().ok().filter(|value| (0.01..=0.99).contains(value));
    value.ok_or_else(|| "expected a number from 0.01 to 0.99".to_owned())
}
