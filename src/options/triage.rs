//! What triage does with scores, and what it is measured against.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Triage (NOT FOR DIAGNOSIS)")]
pub struct TriageOptions {
    /// Rules over findings: a .toml file with `rule` tables (docs/triage.md)
    #[arg(long, value_name = "FILE")]
    pub rules: Option<PathBuf>,

    /// Compare with the truth: a CSV file with a column `file` and one of 0 and 1 for each finding
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub evaluate: Option<PathBuf>,

    /// Go on until stopped: whenever nothing changed in a study's folder for this long, for example 30s, it is triaged
    #[arg(long, value_name = "DURATION", value_parser = super::duration, conflicts_with = "evaluate")]
    #[serde(skip)]
    pub watch: Option<String>,

    /// Also write DICOM into private/dicom: for each triaged image a Secondary Capture, for each study a Structured Report
    #[arg(long)]
    #[serde(skip)]
    pub dicom_out: bool,

    /// Minutes between the arrival of two studies, for --evaluate
    #[arg(long, value_name = "MINUTES", default_value_t = 4.0)]
    pub arrival: f64,

    /// Minutes that reading a study takes, for --evaluate
    #[arg(long, value_name = "MINUTES", default_value_t = 5.0)]
    pub reading: f64,

    #[command(flatten)]
    #[serde(flatten)]
    pub explain: super::ExplainOptions,
}
