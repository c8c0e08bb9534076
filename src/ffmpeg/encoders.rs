//! Encoders for annotated videos: those that the user's ffmpeg has, and how each is told the quality.

use std::process::{Command, Stdio};
use std::time::Duration;

use super::{missing, program};
use crate::error::{Error, Kind, Result};

/// Asking takes milliseconds.
const LIMIT: Duration = Duration::from_secs(20);
/// Best and worst quality, in the units of x264's constant rate factor. Its 0 is without loss, in a profile that
/// browsers do not play.
pub const QUALITIES: std::ops::RangeInclusive<u8> = 1..=51;

/// An encoder by ffmpeg's name for it.
#[derive(Debug, Clone, Copy)]
pub struct Encoder {
    pub name: &'static str,
    /// Whether every browser plays what it writes.
    pub for_browsers: bool,
    /// Arguments for a quality of [`QUALITIES`].
    quality: fn(u8) -> Vec<String>,
}

/// In order of preference. What is not here can be added as a row.
const ENCODERS: &[Encoder] = &[
    Encoder { name: "libx264", for_browsers: true, quality: |q| words(&["-preset", "veryfast", "-crf"], q) },
    // It has no constant quality; the highest quantiser bounds the loss.
    Encoder {
        name: "libopenh264",
        for_browsers: true,
        quality: |q| words(&["-rc_mode", "quality", "-qmax"], q),
    },
    Encoder { name: "libsvtav1", for_browsers: false, quality: |q| words(&["-preset", "10", "-crf"], q) },
    Encoder {
        name: "libvpx-vp9",
        for_browsers: false,
        quality: |q| words(&["-deadline", "realtime", "-cpu-used", "6", "-b:v", "0", "-crf"], q),
    },
    // Quantisers 1 to 31 for the same range.
    Encoder { name: "mpeg4", for_browsers: false, quality: |q| words(&["-q:v"], (1 + q * 3 / 5).min(31)) },
];

fn words(arguments: &[&str], quality: u8) -> Vec<String> {
    arguments.iter().map(|a| (*a).to_owned()).chain([quality.to_string()]).collect()
}

impl Encoder {
    pub fn arguments(&self, quality: u8) -> Vec<String> {
        let mut arguments = vec!["-c:v".to_owned(), self.name.to_owned()];
        arguments.extend((self.quality)(quality));
        arguments
    }

    /// The encoder `asked` for, or with `auto` the first one for browsers that ffmpeg has.
    ///
    /// # Errors
    /// `Usage` for one that is not in the table; `Tool` where ffmpeg or the encoder is missing.
    pub fn find(asked: &str) -> Result<&'static Self> {
        let names = || ENCODERS.iter().map(|e| e.name).collect::<Vec<_>>().join(", ");
        if asked != "auto" && !ENCODERS.iter().any(|encoder| encoder.name == asked) {
            return Err(Error::usage(format!(
                "--video-encoder {asked}: expected auto or one of {}",
                names()
            )));
        }
        let had = had()?;
        let has = |encoder: &&Encoder| had.iter().any(|name| name == encoder.name);
        let wanted =
            |encoder: &&Encoder| if asked == "auto" { encoder.for_browsers } else { encoder.name == asked };
        ENCODERS.iter().filter(wanted).find(has).ok_or_else(|| {
            let there: Vec<&str> = ENCODERS.iter().filter(has).map(|encoder| encoder.name).collect();
            let what = if asked == "auto" { "no encoder for H.264".to_owned() } else { format!("no encoder {asked}") };
            let other = match there.first() {
                Some(name) => format!("choose --video-encoder {name}"),
                None => "install a complete ffmpeg".to_owned(),
            };
            let message = format!(
                "this ffmpeg has {what}: {other}, or have no annotated video with --video frames or --video none"
            );
            Error::new(Kind::Tool, message)
        })
    }
}

/// Names of all encoders of the user's ffmpeg.
fn had() -> Result<Vec<String>> {
    let mut command: Command = program("ffmpeg");
    command.arg("-encoders").stdin(Stdio::null());
    let answer = crate::engine::child::ask(&mut command, LIMIT).map_err(|e| missing("ffmpeg", e))?;
    let text = String::from_utf8_lossy(&answer.stdout);
    // ` V....D libx264   libx264 H.264 / AVC …`, after a legend that ends in dashes.
    let rows = text.lines().skip_while(|line| !line.trim_start().starts_with("---")).skip(1);
    Ok(rows.filter_map(|row| row.split_whitespace().nth(1)).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn qualities_stay_in_each_encoder_s_range() {
        let last = |name: &str, quality| {
            let encoder = ENCODERS.iter().find(|encoder| encoder.name == name).expect("a row");
            encoder.arguments(quality).last().cloned().unwrap_or_default()
        };
        assert_eq!((last("libx264", 1), last("libx264", 51)), ("1".into(), "51".into()));
        assert_eq!((last("mpeg4", 1), last("mpeg4", 51)), ("1".into(), "31".into()));
    }

    #[test]
    fn an_unknown_encoder_is_a_mistake_of_the_user() {
        assert_eq!(Encoder::find("h265").map(|e| e.name).unwrap_err().kind, Kind::Usage);
    }
}
