//! Tracks the detections of a MOT Challenge file: `cargo run --example track_mot -- det.txt tracks.txt [bytetrack|oc-sort]`.
//!
//! With `--live` after these, only what a tracker that cannot look ahead would show; with `--high SCORE`, another
//! score of detections that are matched first; with `--fill N`, gaps of at most N frames are filled.

use std::fmt::Write;

use vision::track::sequence::Follower;
use vision::track::{Area, Detection, Method, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [detections, tracks, rest @ ..] = arguments.as_slice() else {
        return Err(
            "expected det.txt tracks.txt [bytetrack|oc-sort] [--live] [--high SCORE] [--fill N]".into()
        );
    };
    let method = if rest.iter().any(|word| word == "oc-sort") { Method::OcSort } else { Method::ByteTrack };
    let mut settings = Settings::of(method);
    if let Some(at) = rest.iter().position(|word| word == "--high") {
        settings.high = rest.get(at + 1).ok_or("--high needs a score")?.parse()?;
        settings.new = settings.high + if method == Method::ByteTrack { 0.1 } else { 0.0 };
    }
    let frames = read(&std::fs::read_to_string(detections)?)?;
    let fill = rest
        .iter()
        .position(|word| word == "--fill")
        .and_then(|at| rest.get(at + 1)?.parse().ok())
        .unwrap_or(0);
    let follower = Follower::new(settings.tracker()).live(rest.iter().any(|word| word == "--live"));
    let mut out = String::new();
    for (frame, track, area, score) in followed(follower, &frames, fill) {
        let ([x, y, ..], [width, height]) = (area.0, area.size());
        writeln!(out, "{frame},{track},{x:.3},{y:.3},{width:.3},{height:.3},{score},-1,-1,-1")?;
    }
    std::fs::write(tracks, out)?;
    Ok(())
}

/// Frame from 1, track, box, score.
type Row = (usize, u32, Area, f64);

/// Detections by frame, the first one frame 1.
fn read(text: &str) -> Result<Vec<Vec<Detection>>, Box<dyn std::error::Error>> {
    let mut frames: Vec<Vec<Detection>> = Vec::new();
    for line in text.lines() {
        let row = line.split(',').map(|cell| cell.trim().parse::<f64>()).collect::<Result<Vec<_>, _>>()?;
        let [frame, _, x, y, width, height, score, ..] = row[..] else {
            return Err("expected seven columns".into());
        };
        let frame = (frame as usize).checked_sub(1).ok_or("frames begin with 1")?;
        frames.resize_with(frames.len().max(frame + 1), Vec::new);
        frames[frame].push(Detection { area: Area([x, y, x + width, y + height]), class: 0, score });
    }
    Ok(frames)
}

fn followed(mut follower: Follower, frames: &[Vec<Detection>], fill: u32) -> Vec<Row> {
    frames.iter().for_each(|frame| follower.frame(frame));
    let tracks = follower.finish(fill, 0);
    let mut rows = Vec::new();
    for (n, frame) in frames.iter().enumerate() {
        let numbered = frame.iter().zip(tracks.numbers(n));
        rows.extend(numbered.filter_map(|(found, track)| Some((n + 1, (*track)?, found.area, found.score))));
        let filled = tracks.filled(n).iter();
        rows.extend(
            filled.map(|f| (n + 1, f.track, Area(f.place.area.map(f64::from)), f64::from(f.place.score))),
        );
    }
    rows
}
