//! What is covered, how, and how the result is looked at again.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use super::TrackOptions;
use crate::ffmpeg::join::Audio;

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Redaction (a second run with other values uses what is stored)")]
pub struct RedactOptions {
    /// What is covered, separated by commas: face, person, text, plate (with --model), class:LABEL
    #[arg(long, value_name = "KINDS", value_delimiter = ',', default_value = "face")]
    pub what: Vec<String>,

    /// How: solid, pixelate, blur or picture:FILE
    #[arg(long, value_name = "EFFECT", default_value = "solid")]
    pub effect: String,

    /// In which shape; `auto` is an ellipse for faces, the outline for what has one (text), else the box
    #[arg(long, value_name = "SHAPE", value_enum, default_value_t = Shape::Auto)]
    pub shape: Shape,

    /// How far the cover reaches beyond the box on each side, as a share of the box
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, value_parser = margin)]
    pub margin: f32,

    /// Leave uncovered what has its middle in this region, X,Y,WIDTH,HEIGHT in pixels of every picture, or in those of a
    /// .toml file; may be given several times
    #[arg(long, value_name = "REGION|FILE")]
    pub keep: Vec<String>,

    /// Least score from 0 to 1, or kind=score: lower covers more, and more that is none [default: 0.2,
    /// text 0.3]
    #[arg(long, short, value_name = "SCORE|KIND=SCORE", value_delimiter = ',')]
    pub conf: Vec<String>,

    /// Cover every frame by itself, without following things through videos
    #[arg(long)]
    pub no_track: bool,

    /// Cover a thing in up to N frames between two frames that show it
    #[arg(long, value_name = "N", default_value_t = 30)]
    pub fill: u32,

    /// Cover its place for N frames before it is first found and after it is last found
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub linger: u32,

    /// What becomes of a video's sound: kept, removed, or voices made lower (which can be undone)
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = Audio::Keep)]
    pub audio: Audio,

    /// Do not look at the result again
    #[arg(long)]
    pub no_audit: bool,

    /// Cover nothing: look for what is left in pictures and videos that were redacted before
    #[arg(long, conflicts_with = "no_audit")]
    pub audit_only: bool,

    /// Score from which the second look lists what it finds [default: 0.75 times
    /// --conf]
    #[arg(long, value_name = "SCORE", value_parser = super::select::fraction)]
    pub audit_conf: Option<f32>,

    /// Score from which what the second look finds uncovered counts as left: the exit code is 3 [default: 1.5 times
    /// --conf]
    #[arg(long, value_name = "SCORE", value_parser = super::select::fraction)]
    pub leak: Option<f32>,

    /// Tiles for the second look: none, or as --tile
    #[arg(long, value_name = "PIXELS|auto|none", default_value = "auto")]
    pub audit_tile: String,

    /// Look at the result with this model, too; may be given several times
    #[arg(long, value_name = "NAME|FILE")]
    pub audit_model: Vec<String>,

    /// Write what is left as small pictures, below private/
    #[arg(long)]
    pub residual_crops: bool,

    /// How things are followed, made of the options above.
    #[arg(skip)]
    #[serde(skip)]
    pub track: Option<TrackOptions>,

    /// By label the score from which things count as left, where others took the place of `conf`.
    #[arg(skip)]
    #[serde(skip)]
    pub leaks: std::collections::BTreeMap<String, f32>,

    /// Models that look beside those of the kinds.
    #[arg(skip)]
    #[serde(skip)]
    pub also: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    #[default]
    Auto,
    Ellipse,
    Box,
    /// The outline that the model gives.
    Mask,
}

fn margin(text: &str) -> Result<f32, String> {
    let value = text.parse::<f32>().ok().filter(|v| (0.0..=5.0).contains(v));
    value.ok_or_else(|| "expected a share from 0 to 5".to_owned())
}
