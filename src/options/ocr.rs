//! Which models read, and which lines count as a result.

use clap::Args;
use serde::{Deserialize, Serialize};

use crate::observation::TextLine;

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Reading")]
pub struct OcrOptions {
    /// The model that reads lines: a name from `vision models list`, or an .onnx file
    #[arg(long, value_name = "NAME|FILE", default_value = "pp-ocrv6-rec")]
    pub recogniser: String,

    /// The model that tells whether a line stands upside down, or none
    #[arg(long, value_name = "NAME|FILE|none", default_value = "pp-ocrv6-cls")]
    pub orienter: String,

    /// Read this part of each picture as one line: left,top,width,height in pixels or percent
    #[arg(long, value_name = "X,Y,W,H")]
    pub region: Option<String>,

    /// Read these characters only, for example 0-9A-Z
    #[arg(long, value_name = "CHARACTERS")]
    pub allow: Option<String>,

    /// Read only what fits this regular expression as a whole, for example \d{4}; other lines are left out
    #[arg(long, value_name = "REGEX")]
    pub pattern: Option<String>,

    /// Print the text to standard output, the files one after the other
    #[arg(long, conflicts_with = "stdout")]
    pub text: bool,

    /// Least score of a line's text from 0 to 1; a second run with other values uses what is stored [default:
    /// the recogniser's, 0.5]
    #[arg(long, short, value_name = "SCORE", value_parser = super::select::fraction)]
    pub conf: Option<f32>,

    /// Least score of a line's box from 0.3 to 1, as --conf [default: the detector's, 0.5]
    #[arg(long, value_name = "SCORE", value_parser = box_score)]
    pub box_conf: Option<f32>,

    /// Other readings of each character that are written, at most
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = alternatives)]
    pub alternatives: usize,
}

fn box_score(text: &str) -> Result<f32, String> {
    let value = text.parse::<f32>().ok().filter(|v| (TextLine::FLOOR..=1.0).contains(v));
    value.ok_or_else(|| format!("expected a number from {} to 1", TextLine::FLOOR))
}

fn alternatives(text: &str) -> Result<usize, String> {
    use crate::ocr::ctc::ALTERNATIVES;
    let value = text.parse().ok().filter(|n| *n <= ALTERNATIVES);
    value.ok_or_else(|| format!("expected a number from 0 to {ALTERNATIVES}"))
}
