//! Tests of the picture decoders.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::{Limits, open};
use crate::frame::{Frame, Part};
use crate::{Error, Result};

mod damage;
mod detail;
mod golden;
mod jpeg;
mod limits;
mod mutation;
mod parts;
mod samples;
mod shared;

/// All frames and errors of a file, at most `max_parts` + 1 of them.
fn decode_with(bytes: &[u8], limits: &Limits) -> Vec<Result<Frame>> {
    let mut frames = match open("test", Arc::from(bytes), limits) {
        Ok(frames) => frames,
        Err(error) => return vec![Err(error)],
    };
    let mut all = Vec::new();
    loop {
        let more = frames.may_have_more();
        match frames.next_frame() {
            Some(result) => {
                assert!(more, "a frame came although none was announced");
                all.push(result);
            }
            None => break,
        }
        assert!(all.len() <= limits.max_parts as usize + 1, "more frames than allowed");
    }
    assert!(!frames.may_have_more(), "more is announced after the end");
    all
}

fn decode(bytes: &[u8]) -> Vec<Result<Frame>> {
    decode_with(bytes, &Limits::default())
}

fn lenient() -> Limits {
    Limits { lenient: true, ..Limits::default() }
}

/// The only frame of a file.
fn only(bytes: &[u8]) -> Frame {
    let mut all = decode(bytes);
    assert_eq!(all.len(), 1);
    all.remove(0).unwrap()
}

/// The only outcome of a file, an error.
fn error(bytes: &[u8], limits: &Limits) -> Error {
    let mut all = decode_with(bytes, limits);
    assert_eq!(all.len(), 1);
    all.remove(0).unwrap_err()
}

fn digest(frame: &Frame) -> String {
    Sha256::digest(frame.pixels.as_raw()).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn part_name(frame: &Frame) -> String {
    match &frame.part {
        None => "-".to_owned(),
        Some(Part::Page { n }) => format!("page {n}"),
        Some(Part::Frame { n, pts, time_base }) => {
            assert_eq!(*time_base, [1, 1000]);
            format!("frame {n} at {pts}")
        }
        Some(other) => format!("{other:?}"),
    }
}

fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pixels")
}

fn golden_file(name: &str) -> Vec<u8> {
    std::fs::read(golden_folder().join(name)).unwrap()
}

/// A folder of the shared test data, or `None` (said on stdout) where there is none.
fn shared(folder: &str) -> Option<PathBuf> {
    let base = match std::env::var_os("VISION_SHARED") {
        Some(set) => PathBuf::from(set),
        None => {
            let default = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared");
            if !default.exists() {
                println!("skipped: no shared data");
                return None;
            }
            default
        }
    };
    Some(base.join("data").join(folder))
}
