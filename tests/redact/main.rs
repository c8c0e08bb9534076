//! `vision redact` through the binary: what is covered and what stays, metadata, the second look, videos.
//!
//! Most tests use models whose answers are known (tests/models/make.py), so that every pixel can be told.

#[path = "../common/mod.rs"]
mod common;
#[path = "../video/make.rs"]
#[allow(dead_code, reason = "shared with the tests of videos")]
mod make;
#[path = "../faults/tools.rs"]
#[allow(dead_code, reason = "shared with the fault table")]
mod tools;

mod audit;
mod metadata;
mod photos;
mod video;

use std::path::{Path, PathBuf};

use common::{Ran, Scratch, vision};
use image::{Rgb, RgbImage};
use serde_json::Value;

/// Faces at 12, 8, 36, 40 with a score of 0.9 and at 49.6, 4, 65.6, 28 with 0.7, in every picture of 64 x 64.
fn faces() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/faces.onnx")
}

/// `vision redact` in the scratch folder with `--out run`, the second look as a whole: these models say the same of any
/// tile.
fn redact(s: &Scratch, model: &Path, arguments: &[&str]) -> Ran {
    let mut command = vision();
    command
        .current_dir(s.path(""))
        .args(["redact", "--out", "run", "--audit-tile", "none", "--model"])
        .arg(model);
    Ran::of(command.args(arguments))
}

/// Colours that tell where a pixel came from, and none of them black.
fn ground() -> RgbImage {
    RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 3 + 40) as u8, (y * 3 + 40) as u8, 99]))
}

fn png(pixels: &RgbImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, image::ImageFormat::Png).expect("encodes");
    bytes.into_inner()
}

fn with_picture() -> Scratch {
    let s = Scratch::new();
    s.file("p/group.png", &png(&ground()));
    s
}

fn items(s: &Scratch) -> Vec<Value> {
    s.results().into_iter().filter(|record| record["schema"] == "vision.item/1").collect()
}

fn picture(s: &Scratch, path: &str) -> RgbImage {
    image::open(s.path(path)).unwrap_or_else(|e| panic!("{path}: {e}")).to_rgb8()
}

/// Whether a pixel's middle is in the ellipse within a box that is larger by a share of its sides on each side.
fn in_ellipse([x1, y1, x2, y2]: [f32; 4], margin: f32, x: u32, y: u32) -> bool {
    let (a, b) = ((x2 - x1) * (0.5 + margin), (y2 - y1) * (0.5 + margin));
    let (dx, dy) = (x as f32 + 0.5 - (x1 + x2) / 2.0, y as f32 + 0.5 - (y1 + y2) / 2.0);
    (dx / a).powi(2) + (dy / b).powi(2) <= 1.0
}

/// Every file below a folder.
fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries =
        std::fs::read_dir(folder).into_iter().flatten().map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}
