//! Row 40: memory over a long video.

use std::process::Stdio;

use crate::common::Scratch;
use crate::make::moving;
use crate::tools::{command, lines, memory};

/// Frames of the video. At scale (docs/robustness.md) it is an hour.
const FRAMES: usize = 1500;
/// KiB that the last third of the samples may hold over the third and the fourth tenth. A frame that is kept of
/// each would be 225 KiB times a thousand.
const TOLERANCE: u64 = 24 << 10;

#[test]
fn row_40_memory_is_flat_over_a_long_video() {
    let s = Scratch::new();
    let frames =
        std::env::var("VISION_LONG_VIDEO").map_or(FRAMES, |text| text.parse().expect("a number of frames"));
    moving(&s, "320x240", frames as u32, "v.mp4", "-c:v libx264 -preset ultrafast");
    let mut child =
        command(&s, ["v.mp4", "--quiet"]).stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
    let journal = s.path("run/.vision/journal.jsonl");
    let mut samples = Vec::new();
    while child.try_wait().unwrap().is_none() {
        if lines(&journal) >= (samples.len() + 1) * frames / 10 {
            samples.extend(memory(child.id(), "VmRSS"));
        }
        std::thread::sleep(std::time::Duration::from_millis(5 + frames as u64 / 100));
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(samples.len() >= 7, "{samples:?}");
    println!("resident memory at tenths of {frames} frames, KiB: {samples:?}");
    let early = samples[2].max(samples[3]);
    let late = samples[samples.len() - 3..].iter().copied().min().unwrap_or(0);
    assert!(late < early + TOLERANCE, "grew from {early} to {late} KiB: {samples:?}");
}
