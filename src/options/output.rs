//! What is written, and in which formats.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Result formats beside results.jsonl, separated by commas: json, jsonl, csv, coco, yolo, voc, mot, parquet, text
    #[arg(long, short, value_name = "FORMATS", value_delimiter = ',', default_value = "json")]
    pub format: Vec<String>,

    /// Format of annotated pictures; `auto` writes JPEG for lossy sources and PNG for lossless ones
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ImageFormat::Auto)]
    pub image_format: ImageFormat,

    /// Write no annotated pictures and videos
    #[arg(long)]
    pub no_images: bool,

    /// What is written of videos: an annotated video with the original's times and sound, its frames as pictures, or
    /// nothing but records
    #[arg(long, value_name = "WHAT", value_enum, default_value_t = VideoOutput::Film)]
    pub video: VideoOutput,

    /// ffmpeg's encoder for annotated videos: libx264, libopenh264, libsvtav1, libvpx-vp9 or mpeg4; `auto` is the first
    /// that writes H.264, which every browser plays
    #[arg(long, value_name = "NAME", default_value = "auto")]
    pub video_encoder: String,

    /// Quality of annotated videos, from 1 (best, largest) to 51, as x264 counts
    #[arg(long, value_name = "N", default_value_t = 23, value_parser = clap::value_parser!(u8).range(1..=51))]
    pub video_quality: u8,

    /// Also write each thing found as a picture of its own, under crops/
    #[arg(long)]
    pub crops: bool,

    /// Also cut a short video around each event of --zones out of the annotated video, under clips/
    #[arg(long)]
    pub clips: bool,

    /// Also lay out pictures of each annotated video on one, under sheets/: of the events of --zones, else evenly spread
    #[arg(long)]
    pub contact_sheet: bool,

    /// Also write report.html, a page to look through the results in, with small pictures beside it
    #[arg(long)]
    pub report: bool,

    /// Put the small pictures and all data into report.html, to hand it on as one file
    #[arg(long, requires = "report")]
    pub embed: bool,

    /// Print results.jsonl to standard output as it grows
    #[arg(long)]
    pub stdout: bool,
}

impl OutputOptions {
    /// Whether annotated videos are written.
    pub fn films(&self) -> bool {
        !self.no_images && self.video == VideoOutput::Film
    }

    /// # Errors
    /// `Usage` for parts of annotated videos where there are none.
    pub fn check(&self, zones: bool) -> Result<()> {
        let given = [("--clips", self.clips), ("--contact-sheet", self.contact_sheet)];
        match given.iter().find(|(_, given)| *given) {
            Some((name, _)) if !self.films() => Err(Error::usage(format!(
                "{name} is cut from annotated videos: leave out --no-images and --video {}",
                if self.video == VideoOutput::Frames { "frames" } else { "none" }
            ))),
            _ if self.clips && !zones => {
                Err(Error::usage("--clips needs --track --zones, where something can happen"))
            }
            _ => Ok(()),
        }
    }

    /// Whether pictures are drawn on or cut out of.
    pub fn draws(&self) -> bool {
        !self.no_images || self.crops
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum VideoOutput {
    #[default]
    Film,
    Frames,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageFormat {
    #[default]
    Auto,
    Jpeg,
    Png,
}
