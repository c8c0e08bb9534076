//! Tracks the detections of a MOT Challenge file: `cargo run --example track_mot -- det.txt tracks.txt [bytetrack|oc-sort]`.
//!
//! With `--live` after these, only what a tracker that cannot look ahead would show; with `--high SCORE`, another
//! score of detections that are matched first.

use std::fmt::Write;

use vision::track::sequence::Follower;
use vision::track::{Area, Detection, Method, Seen, Settings};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [detections, tracks, rest @ ..] = arguments.as_slice() else {
        return Err("expected det.txt tracks.txt [bytetrack|oc-sort] [--live] [--high SCORE]".into());
    };
    let method = if rest.iter().any(|word| word == "oc-sort") { Method::OcSort } else { Method::ByteTrack };
    let mut settings = Settings::of(method);
    if let Some(at) = rest.iter().position(|word| word == "--high") {
        settings.high = rest.get(at + 1).ok_or("--high needs a score")?.parse()?;
        settings.new = settings.high + if method == Method::ByteTrack { 0.1 } else { 0.0 };
    }
    let frames = read(&std::fs::read_to_string(detections)?)?;
    let numbers = if rest.iter().any(|word| word == "--live") { live(&settings, &frames) } else { whole(&settings, &frames) };
    let mut out = String::new();
    for (number, (frame, tracks)) in frames.iter().zip(&numbers).enumerate() {
        for (detection, track) in frame.iter().zip(tracks) {
            let Some(track) = track else { continue };
            let ([x, y, ..], [width, height]) = (detection.area.0, detection.area.size());
            writeln!(out, "{},{track},{x:.3},{y:.3},{width:.3},{height:.3},{},-1,-1,-1", number + 1, detection.score)?;
        }
    }
    std::fs::write(tracks, out)?;
    Ok(())
}

/// Detections by frame, the first one frame 1.
fn read(text: &str) -> Result<Vec<Vec<Detection>>, Box<dyn std::error::Error>> {
    let mut frames: Vec<Vec<Detection>> = Vec::new();
    for line in text.lines() {
        let row = line.split(',').map(|cell| cell.trim().parse::<f64>()).collect::<Result<Vec<_>, _>>()?;
        let [frame, _, x, y, width, height, score, ..] = row[..] else { return Err("expected seven columns".into()) };
        let frame = (frame as usize).checked_sub(1).ok_or("frames begin with 1")?;
        frames.resize_with(frames.len().max(frame + 1), Vec::new);
        frames[frame].push(Detection { area: Area([x, y, x + width, y + height]), class: 0, score });
    }
    Ok(frames)
}

fn whole(settings: &Settings, frames: &[Vec<Detection>]) -> Vec<Vec<Option<u32>>> {
    let mut follower = Follower::new(settings.tracker());
    frames.iter().for_each(|frame| follower.frame(frame));
    let tracks = follower.finish(0);
    (0..frames.len()).map(|frame| tracks.numbers(frame).to_vec()).collect()
}

fn live(settings: &Settings, frames: &[Vec<Detection>]) -> Vec<Vec<Option<u32>>> {
    let mut tracker = settings.tracker();
    let shown = |found: Option<Seen>| found.filter(|found| found.confirmed).map(|found| found.track + 1);
    let frame = |(number, frame): (u64, &Vec<Detection>)| tracker.update(number, frame).into_iter().map(shown).collect();
    (1..).zip(frames).map(frame).collect()
}
