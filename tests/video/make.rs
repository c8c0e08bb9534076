//! Making videos, and asking ffprobe and ffmpeg about them.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::{Scratch, sample};

/// Runs ffmpeg in the scratch folder. Tests of videos are no tests without it, so it must be there.
#[track_caller]
pub fn ffmpeg(s: &Scratch, arguments: &str) {
    let mut command = Command::new("ffmpeg");
    command
        .current_dir(s.path(""))
        .args(["-v", "error", "-nostdin", "-y"])
        .args(arguments.split_whitespace());
    let ran = command.output().expect("ffmpeg starts (scripts/setup.sh installs it)");
    assert!(ran.status.success(), "ffmpeg {arguments}: {}", String::from_utf8_lossy(&ran.stderr));
}

/// A window of `size` that moves over a photo of the samples, 25 frames a second.
pub fn moving(s: &Scratch, size: &str, frames: u32, name: &str, how: &str) -> PathBuf {
    std::fs::copy(sample("cars.jpg"), s.path("cars.jpg")).expect("the sample");
    let (width, height) = size.split_once('x').expect("a size");
    let crop = format!("crop={width}:{height}:x=mod(n*3\\,iw-{width}):y=20");
    ffmpeg(
        s,
        &format!(
            "-loop 1 -framerate 25 -i cars.jpg -vf {crop} -frames:v {frames} -pix_fmt yuv420p {how} {name}"
        ),
    );
    std::fs::remove_file(s.path("cars.jpg")).expect("removed");
    s.path(name)
}

/// ffprobe's answer as JSON.
#[track_caller]
pub fn probe(file: &Path, arguments: &[&str]) -> Value {
    let mut command = Command::new("ffprobe");
    command.args(["-v", "error", "-of", "json"]).args(arguments).arg(file);
    let answer = command.output().expect("ffprobe starts");
    serde_json::from_slice(&answer.stdout).expect("JSON")
}

/// Times of all frames that ffmpeg decodes, in seconds, rounded to the microsecond; not counted from zero.
#[track_caller]
pub fn times(file: &Path) -> Vec<i64> {
    let answer = probe(
        file,
        &["-select_streams", "v:0", "-show_frames", "-show_entries", "frame=best_effort_timestamp_time"],
    );
    let frames = answer["frames"].as_array().expect("frames");
    let time =
        |frame: &Value| frame["best_effort_timestamp_time"].as_str().and_then(|t| t.parse::<f64>().ok());
    frames.iter().map(|frame| (time(frame).expect("a time") * 1e6).round() as i64).collect()
}

/// Digests of what ffmpeg decodes or, with `-c copy`, finds in the file; one a frame or packet, with its time.
#[track_caller]
pub fn framemd5(file: &Path, arguments: &[&str]) -> Vec<String> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-nostdin", "-i"]).arg(file).args(arguments).args(["-f", "framemd5", "-"]);
    let answer = command.output().expect("ffmpeg starts");
    assert!(answer.status.success(), "{}", String::from_utf8_lossy(&answer.stderr));
    let text = String::from_utf8_lossy(&answer.stdout).into_owned();
    text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
}

/// The times of an input's records, as [`times`] has them.
pub fn recorded(items: &[Value]) -> Vec<i64> {
    let time = |item: &Value| {
        let part = &item["item"]["part"];
        let number = |value: &Value| value.as_f64().expect("a number");
        let seconds = number(&part["pts"]) * number(&part["time_base"][0]) / number(&part["time_base"][1]);
        (seconds * 1e6).round() as i64
    };
    items.iter().map(time).collect()
}

/// One frame of a video as pixels.
pub fn still(s: &Scratch, file: &Path, frame: u32) -> image::RgbImage {
    let name = s.path("still.png");
    let filter = format!("select=eq(n\\,{frame})");
    let mut command = Command::new("ffmpeg");
    command
        .args(["-v", "error", "-nostdin", "-y", "-i"])
        .arg(file)
        .args(["-vf", &filter, "-frames:v", "1"])
        .arg(&name);
    assert!(command.status().expect("ffmpeg starts").success());
    image::open(name).expect("a picture").to_rgb8()
}

/// Mean difference of samples.
pub fn difference(a: &image::RgbImage, b: &image::RgbImage) -> f64 {
    assert_eq!(a.dimensions(), b.dimensions());
    let sum: u64 = a.as_raw().iter().zip(b.as_raw()).map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.as_raw().len() as f64
}
