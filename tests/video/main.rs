//! Videos through the binary: every frame with its time, faults, annotated videos, kills within a video.
//!
//! The videos are made on the spot by ffmpeg; what is expected of them comes from ffmpeg and ffprobe, too.

#[path = "../common/mod.rs"]
mod common;
#[path = "../faults/tools.rs"]
#[allow(dead_code, reason = "shared with the fault table")]
mod tools;

mod again;
mod excerpts;
mod faults;
mod frames;
mod kill;
mod live;
mod made;
mod make;
mod memory;
