//! `vision triage` through the binary, on made-up studies.

#[path = "../common/mod.rs"]
mod common;

mod evaluation;
mod privacy;
mod watch;
mod worklist;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Ran, Scratch, vision};
use serde_json::Value;

/// Studies made by scripts/triage/pneumonia_dicom.py: `studies/`, `labels.csv`, `model.onnx`, `reference.json`.
/// `None` where the shared data or Python is missing.
pub fn made(count: Option<usize>) -> Option<Scratch> {
    let python = std::env::var("VISION_PYTHON").ok()?;
    let data = common::shared("med/pneumonia/pneumonia28.npz")?;
    let model = common::shared("med/pneumonia/pneumonia-cam-28.onnx")?;
    let scratch = Scratch::new();
    let mut command = Command::new(python);
    command.arg("scripts/triage/pneumonia_dicom.py").args([data, model, scratch.path("")]);
    Ran::of(command.args(count.map(|n| n.to_string()))).expect(0);
    Some(scratch)
}

/// `vision triage` in the scratch folder with `--out run` and the model.
pub fn triage(scratch: &Scratch, arguments: &[&str]) -> Ran {
    let mut command = vision();
    command.current_dir(scratch.path("")).args(["triage", "--out", "run", "--model", "model.onnx"]);
    Ran::of(command.args(arguments))
}

pub fn json(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap_or_else(|e| panic!("{}: {e}", path.display())))
        .expect("JSON")
}

/// Every file below `folder` but those in `private/`.
pub fn outside(folder: &Path) -> Vec<PathBuf> {
    let mut waiting = vec![folder.to_owned()];
    let mut files = Vec::new();
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            match path.is_dir() {
                true if path.ends_with("private") => {}
                true => waiting.push(path),
                false => files.push(path),
            }
        }
    }
    files
}
