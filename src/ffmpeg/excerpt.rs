//! Parts of our own annotated videos: single pictures, and short videos.

use std::path::Path;
use std::process::Stdio;

use image::RgbImage;

use super::encode::said_no;
use super::{input, missing, named, program};
use crate::error::{Error, Kind, Result};
use crate::live::ppm;

/// Pixels of a picture at most: it is scaled before it comes.
const MOST: u64 = 64 << 20;

/// The first picture shown from `seconds` after the beginning of an MP4 file on, `width` pixels wide; `None` where there
/// is none.
///
/// # Errors
/// `Tool` without ffmpeg.
pub fn still(film: &Path, seconds: f64, width: u32) -> Result<Option<RgbImage>> {
    let mut command = program("ffmpeg");
    command.args(["-nostdin", "-ss", &format!("{seconds:.6}")]);
    input(&mut command, film, Some("mov"));
    let filter = format!("scale={width}:-1:flags=area,format=rgb24");
    command.args([
        "-map",
        "0:v:0",
        "-frames:v",
        "1",
        "-vf",
        &filter,
        "-c:v",
        "ppm",
        "-f",
        "image2pipe",
        "pipe:1",
    ]);
    let answer = command.stdout(Stdio::piped()).stderr(Stdio::null()).output();
    let answer = answer.map_err(|e| missing("ffmpeg", e))?;
    ppm::next(&mut answer.stdout.as_slice(), MOST)
        .map_err(|e| Error::new(Kind::Tool, "ffmpeg gave no picture of the annotated video").because(e))
}

/// Writes what is shown between two times of an MP4 file, seconds after its beginning, to `target`, by way of
/// `temporary`. `encoder` are ffmpeg's arguments for pictures; sound is copied.
///
/// # Errors
/// `Tool` without ffmpeg or with its words, `DiskFull`.
pub fn clip(
    film: &Path,
    [from, to]: [f64; 2],
    encoder: &[String],
    temporary: &Path,
    target: &Path,
) -> Result<()> {
    let failed = |e| Error::write(target.display(), e);
    let file = tempfile::Builder::new().prefix("clip-").suffix(".mp4").tempfile_in(temporary);
    let file = file.map_err(failed)?.into_temp_path();
    let mut command = program("ffmpeg");
    command.args(["-nostdin", "-y", "-xerror", "-ss", &format!("{from:.6}")]);
    input(&mut command, film, Some("mov"));
    command.args(["-t", &format!("{:.6}", to - from), "-map", "0:v:0", "-map", "0:a?", "-c:a", "copy"]);
    command.args(encoder).args(["-bf", "0", "-fps_mode", "passthrough", "-map_metadata", "-1"]);
    command.args(["-movflags", "+faststart", "-f", "mp4"]).arg(named(&file));
    let answer = command.stdout(Stdio::null()).stderr(Stdio::piped()).output();
    let answer = answer.map_err(|e| missing("ffmpeg", e))?;
    if !answer.status.success() {
        return Err(said_no("a clip", &answer.stderr));
    }
    crate::atomic::place(file, target)
}
