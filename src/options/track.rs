//! Following things from frame to frame. None of these needs a picture's model a second time.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::track::Method;

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Tracks (a second run with other values uses what is stored)")]
pub struct TrackOptions {
    /// Follow things from frame to frame of videos, of animations and of --sequence: each gets a number
    #[arg(long, value_name = "TRACKER", value_enum, num_args = 0..=1, require_equals = true, default_missing_value = "bytetrack")]
    pub track: Option<Tracker>,

    /// Take the pictures of each folder, in order of their names, as frames of a sequence, so many a second
    #[arg(long, value_name = "FPS", requires = "track", value_parser = rate)]
    pub sequence: Option<f64>,

    /// Score of detections that are matched first [default: 0.5; oc-sort: 0.6, and weaker ones are left out]
    #[arg(long, value_name = "SCORE", requires = "track", value_parser = super::select::fraction)]
    pub track_high: Option<f32>,

    /// Score down to which weaker detections continue tracks, also below --conf [default: 0.1]
    #[arg(long, value_name = "SCORE", requires = "track", value_parser = super::select::fraction)]
    pub track_low: Option<f32>,

    /// Least score of a detection that begins a track [default: --track-high and 0.1]
    #[arg(long, value_name = "SCORE", requires = "track", value_parser = super::select::fraction)]
    pub track_new: Option<f32>,

    /// Least overlap (IoU, 0 to 1) with where a thing is expected; bytetrack multiplies it by the score [default:
    /// 0.2; oc-sort: 0.3]
    #[arg(long, value_name = "IOU", requires = "track", value_parser = super::select::fraction)]
    pub track_overlap: Option<f32>,

    /// Frames that a track waits for its thing to come back [default: 30]
    #[arg(long, value_name = "N", requires = "track")]
    pub track_buffer: Option<u32>,

    /// Number a thing only from the frame in which a tracker that cannot look ahead is sure of it
    #[arg(long, requires = "track")]
    pub track_live: bool,

    /// A thing keeps its number when its class changes
    #[arg(long, requires = "track")]
    pub track_across_classes: bool,

    /// Put boxes between detections of a track that are up to N frames apart; results mark them as filled
    #[arg(long, value_name = "N", requires = "track")]
    pub fill: Option<u32>,

    /// Frames for which a thing is taken to stay where it was first and last seen; commands that cover things say so.
    #[arg(skip)]
    #[serde(skip)]
    pub linger: u32,

    /// Draw where things were in the last N frames [default: 30]
    #[arg(long, value_name = "N", requires = "track")]
    pub tail: Option<u32>,

    /// Count what happens at the zones and lines of this file (docs/tracking.md): events, dwell, occupancy
    #[arg(long, value_name = "FILE", requires = "track")]
    pub zones: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tracker {
    #[value(name = "bytetrack")]
    #[serde(rename = "bytetrack")]
    ByteTrack,
    OcSort,
}

impl From<Tracker> for Method {
    fn from(tracker: Tracker) -> Self {
        match tracker {
            Tracker::ByteTrack => Method::ByteTrack,
            Tracker::OcSort => Method::OcSort,
        }
    }
}

fn rate(text: &str) -> Result<f64, String> {
    let value = text.parse::<f64>().ok().filter(|v| (0.001..=10_000.0).contains(v));
    value.ok_or_else(|| "expected frames a second, from 0.001 to 10000".to_owned())
}
