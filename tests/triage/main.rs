//! `vision triage` through the binary, on made-up studies.

#[path = "../common/mod.rs"]
mod common;

mod evaluation;
mod faults;
mod privacy;
mod studies;
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

/// Bytes with every `old` replaced by `new`, of the same length.
pub fn replaced(bytes: &[u8], old: &[u8], new: &[u8]) -> Vec<u8> {
    assert_eq!(old.len(), new.len());
    let mut found = bytes.to_vec();
    let places: Vec<usize> =
        (0..=bytes.len() - old.len()).filter(|at| bytes[*at..].starts_with(old)).collect();
    assert!(!places.is_empty(), "{:?} is not there", String::from_utf8_lossy(old));
    places.into_iter().for_each(|at| found[at..at + new.len()].copy_from_slice(new));
    found
}

/// The row of the study of `studies/NNNN.dcm`, found by its accession number.
pub fn row_of(scratch: &Scratch, worklist: &Value, n: usize) -> Value {
    let crosswalk = std::fs::read_to_string(scratch.path("run/private/crosswalk.csv")).expect("a crosswalk");
    let line = crosswalk.lines().find(|line| line.contains(&format!("ACC{n:07}"))).expect("its line");
    let study = line.split(',').nth(2).expect("a pseudonym");
    let rows = worklist["studies"].as_array().expect("studies");
    rows.iter().find(|row| row["study"] == study).expect("its row").clone()
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
