//! Which frames of videos are looked at, and what decodes them.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::source::video::{By, Choice, Settings, seconds};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Videos")]
pub struct VideoOptions {
    /// From this time on, counted from the first frame: 12.5, 1:30, 90s
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,

    /// Up to this time; the frame at it is left out
    #[arg(long, value_name = "TIME")]
    pub to: Option<String>,

    /// Every N-th frame
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub every: Option<u32>,

    /// At most this many frames a second
    #[arg(long, value_name = "RATE")]
    pub fps: Option<f64>,

    /// Key frames alone
    #[arg(long)]
    pub keyframes: bool,

    /// What decodes: `auto` is OpenCV where it is built in and can, else the ffmpeg program, which is said
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Decoder::Auto)]
    pub video_decoder: Decoder,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decoder {
    #[default]
    Auto,
    Ffmpeg,
}

impl VideoOptions {
    /// `isolate` asks for a process of its own, which ffmpeg is.
    ///
    /// # Errors
    /// `Usage` for times and rates that make no sense.
    pub fn settings(&self, isolate: bool) -> Result<Settings> {
        let time =
            |option, text: &Option<String>| text.as_deref().map(|text| seconds(option, text)).transpose();
        let (from, to) = (time("--from", &self.from)?, time("--to", &self.to)?);
        if let Some((from, to)) = from.zip(to).filter(|(from, to)| from >= to) {
            return Err(Error::usage(format!("--from {from} --to {to}: the end is not after the beginning")));
        }
        if let Some(fps) = self.fps.filter(|fps| !fps.is_finite() || *fps <= 0.0) {
            return Err(Error::usage(format!("--fps {fps}: expected a number above 0")));
        }
        let choice = Choice { from, to, every: self.every, fps: self.fps, keyframes: self.keyframes };
        let by = if isolate || self.video_decoder == Decoder::Ffmpeg { By::Ffmpeg } else { By::Best };
        Ok(Settings { choice, by })
    }
}
