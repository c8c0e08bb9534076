//! Options in groups that every command flattens: one struct serves the command line,
//! `vision.toml` and `run.json`.

mod classify;
mod config;
mod explain;
mod faces;
mod grade;
mod input;
mod look;
mod model;
mod ocr;
mod output;
mod run;
mod select;
mod track;
mod triage;
mod video;

pub use classify::ClassifyOptions;
pub use config::merge;
pub use explain::ExplainOptions;
pub use faces::FacesOptions;
pub use grade::GradeOptions;
pub use input::InputOptions;
pub use look::LookOptions;
pub use model::{ModelOptions, Upload};
pub use ocr::OcrOptions;
pub use output::{ImageFormat, OutputOptions, VideoOutput};
pub use run::RunOptions;
pub use select::SelectOptions;
pub(crate) use select::fraction;
pub use track::{TrackOptions, Tracker};
pub use triage::TriageOptions;
pub use video::{Decoder, VideoOptions};

/// A number of results, as clap parses it.
pub fn at_least_one(text: &str) -> Result<usize, String> {
    text.parse().ok().filter(|n| *n > 0).ok_or_else(|| "expected a number from 1".to_owned())
}

/// A duration such as `90s`, `8h` or `1h 30min`, as clap parses it.
pub fn duration(text: &str) -> Result<String, String> {
    humantime::parse_duration(text)
        .map(|_| text.to_owned())
        .map_err(|e| format!("{e}; examples: 90s, 10min, 8h, 1h 30min"))
}

/// The seconds of a duration that [`duration`] accepted.
pub fn seconds(text: &str) -> crate::Result<std::time::Duration> {
    humantime::parse_duration(text).map_err(|e| {
        crate::Error::usage(format!("{text}: not a duration; examples: 90s, 10min, 8h")).because(e)
    })
}
