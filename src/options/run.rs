//! How a run goes on, stops and reports.

use std::path::PathBuf;

use clap::Args;
use serde::{Deserialize, Serialize};

#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
#[command(next_help_heading = "Run")]
pub struct RunOptions {
    /// The run folder; the same job again continues there
    #[arg(long, short, value_name = "FOLDER", default_value = "vision-out")]
    pub out: PathBuf,

    /// Take a folder that holds another job: reuse what fits, compute the rest
    #[arg(long, conflicts_with = "force")]
    pub resume: bool,

    /// Begin anew in a folder that holds results
    #[arg(long)]
    pub force: bool,

    /// Stop after this long, resumable, for example 8h
    #[arg(long, value_name = "DURATION", value_parser = super::duration)]
    pub until: Option<String>,

    /// Stop at the first input that fails
    #[arg(long)]
    pub fail_fast: bool,

    /// Exit with 3 when this label is found, or label>=N for N of them; several separated by commas
    #[arg(long, value_name = "LABEL[>=N]", value_delimiter = ',')]
    pub fail_on: Vec<String>,

    /// Apply decisions of people, files that a report's page wrote; several separated by commas. What no longer
    /// fits is refused and listed
    #[arg(long, value_name = "FILES", value_delimiter = ',')]
    pub apply: Vec<PathBuf>,

    /// Say what would be done and do nothing
    #[arg(long)]
    pub dry_run: bool,

    /// Never use the network
    #[arg(long, env = "VISION_OFFLINE", hide_env_values = true, value_parser = clap::builder::FalseyValueParser::new())]
    pub offline: bool,

    /// Print nothing but errors
    #[arg(long, short)]
    pub quiet: bool,

    /// Read options from this file instead of ./vision.toml
    #[arg(long, value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
}
