//! What is written, and in which formats.

use clap::{Args, ValueEnum};
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Output")]
pub struct OutputOptions {
    /// Result formats beside results.jsonl, separated by commas: json, jsonl, csv, coco, yolo, voc, parquet, text
    #[arg(long, short, value_name = "FORMATS", value_delimiter = ',', default_value = "json")]
    pub format: Vec<String>,

    /// Format of annotated pictures; `auto` writes JPEG for lossy sources and PNG for lossless ones
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t = ImageFormat::Auto)]
    pub image_format: ImageFormat,

    /// Write no annotated pictures
    #[arg(long)]
    pub no_images: bool,

    /// Also write each thing found as a picture of its own, under crops/
    #[arg(long)]
    pub crops: bool,

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
    /// Whether pictures are drawn on or cut out of.
    pub fn draws(&self) -> bool {
        !self.no_images || self.crops
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ImageFormat {
    #[default]
    Auto,
    Jpeg,
    Png,
}
