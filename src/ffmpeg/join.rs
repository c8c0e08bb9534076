//! The pieces of an annotated video and the sound of the original become one file that browsers play.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Stdio;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::encode::{said_no, told};
use super::probe::packets;
use super::{believing, input, missing, named, program};
use crate::error::{Error, Kind, Result};

/// Sound that MP4 holds and browsers play is copied; other sound becomes AAC.
const COPIED: &[&str] = &["aac", "mp3", "opus", "flac", "ac3", "eac3", "alac"];

/// How voices are pitched: played slower by this factor, about four half-tones, and brought back to the old length.
const PITCH: f64 = 0.8;

/// Samples a second that pitched sound is written with.
const PITCHED_RATE: u32 = 48_000;

/// What becomes of a video's sound.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Audio {
    #[default]
    Keep,
    Remove,
    /// Lower voices, at the old speed.
    Pitch,
}

/// What is joined.
pub struct Join<'a> {
    /// Where the pieces are.
    pub folder: &'a Path,
    /// Name and start of each, seconds on the new video's clock.
    pub pieces: &'a [(String, f64)],
    /// Frames in all of them.
    pub frames: usize,
    /// Units of time in a second.
    pub scale: u32,
    /// How long the last frame is shown, in these units.
    pub last: u64,
    /// The original's sound, where it has some.
    pub sound: Option<Sound<'a>>,
}

/// The sound of a file.
pub struct Sound<'a> {
    pub file: &'a Path,
    pub demuxer: &'a str,
    pub codec: &'a str,
    /// Whether voices are made lower.
    pub pitched: bool,
    /// Seconds of the file, counted from its beginning.
    pub from: Option<f64>,
    pub to: Option<f64>,
}

impl Sound<'_> {
    pub fn is_copied(&self) -> bool {
        !self.pitched && COPIED.contains(&self.codec)
    }
}

impl Join<'_> {
    /// Writes the video to `target`, by way of `temporary`, a folder on the same file system. Sound that ffmpeg cannot
    /// take is left out: then what it says of it is returned.
    ///
    /// # Errors
    /// `Tool` without ffmpeg or with its words, `DiskFull`.
    pub fn write(&self, temporary: &Path, target: &Path) -> Result<Option<String>> {
        let failure = |said: &[u8]| said_no("the annotated video", said);
        let sound = self.sound.as_ref();
        let Some(said) = self.try_write(sound, temporary, target)? else { return Ok(None) };
        if sound.is_none() || failure(&said).kind != Kind::Tool {
            return Err(failure(&said));
        }
        match self.try_write(None, temporary, target)? {
            None => Ok(Some(told(&said))),
            Some(said) => Err(failure(&said)),
        }
    }

    /// Returns what ffmpeg said where it gave up.
    fn try_write(&self, sound: Option<&Sound>, temporary: &Path, target: &Path) -> Result<Option<Vec<u8>>> {
        let failed = |e| Error::write(target.display(), e);
        // ffmpeg takes the list's folder for an address and cuts it at `?` and `#`: it runs there instead.
        let list = Path::new("pieces.ffconcat");
        std::fs::write(self.folder.join(list), self.list()).map_err(failed)?;
        let temporary = std::path::absolute(temporary).map_err(failed)?;
        let file = tempfile::Builder::new().prefix("video-").suffix(".mp4").tempfile_in(temporary);
        let file = file.map_err(failed)?.into_temp_path();
        let mut command = program("ffmpeg");
        let start = self.pieces.first().map_or(0.0, |(_, start)| *start);
        command.args(["-nostdin", "-y", "-itsoffset", &seconds(start)]);
        believing(&mut command);
        command.current_dir(self.folder);
        input(&mut command, list, Some("concat"));
        if let Some(sound) = sound {
            let time = |option: &str, at: Option<f64>| at.map(|at| [option.to_owned(), seconds(at)]);
            command.args([time("-ss", sound.from), time("-to", sound.to)].into_iter().flatten().flatten());
            input(&mut command, &std::path::absolute(sound.file).map_err(failed)?, Some(sound.demuxer));
        }
        // Every other frame lasts until the next; the last one says itself how long.
        let lasts = format!("setts=duration={}", self.last);
        command.args(["-map", "0:v:0", "-c:v", "copy", "-bsf:v", &lasts]);
        if let Some(sound) = sound {
            command.args(["-map", "1:a:0", "-c:a", if sound.is_copied() { "copy" } else { "aac" }]);
            if sound.pitched {
                command.args(["-af", &pitch()]);
            }
        }
        command.args(["-video_track_timescale", &self.scale.to_string()]);
        // The index at the beginning, so that playing starts before all is there. No titles or places of the
        // original.
        command.args(["-map_metadata", "-1", "-map_chapters", "-1", "-movflags", "+faststart", "-f", "mp4"]);
        command.arg(named(&file)).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let answer = command.spawn().and_then(std::process::Child::wait_with_output);
        let answer = answer.map_err(|e| missing("ffmpeg", e))?;
        if !answer.status.success() {
            return Ok(Some(answer.stderr));
        }
        // Some versions of ffmpeg end as if all were well when the last bytes found no room.
        let (found, _) = packets("the annotated video", &file, "mov", 0)?;
        if found.len() != self.frames {
            return Ok(Some(answer.stderr));
        }
        crate::atomic::place(file, target).map(|()| None)
    }

    /// The list for ffmpeg's demuxer `concat`: names, and how long until the next begins.
    fn list(&self) -> String {
        let mut list = "ffconcat version 1.0\n".to_owned();
        for (n, (name, start)) in self.pieces.iter().enumerate() {
            // Writing to a String cannot fail.
            let _ = writeln!(list, "file {name}");
            if let Some((_, next)) = self.pieces.get(n + 1) {
                // Differences of what is rounded, so that nothing adds up.
                let _ = writeln!(list, "duration {}", seconds(rounded(*next) - rounded(*start)));
            }
        }
        list
    }
}

/// ffmpeg's filters: first one known rate, then read slower, then as long as before.
fn pitch() -> String {
    let slower = (f64::from(PITCHED_RATE) * PITCH).round();
    format!("aresample={PITCHED_RATE},asetrate={slower},aresample={PITCHED_RATE},atempo={}", 1.0 / PITCH)
}

/// To the microsecond, ffmpeg's own unit.
fn rounded(seconds: f64) -> f64 {
    (seconds * 1e6).round() / 1e6
}

fn seconds(value: f64) -> String {
    format!("{:.6}", rounded(value))
}
