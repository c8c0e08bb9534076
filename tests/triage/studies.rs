//! Results as DICOM objects: read by validators and libraries of others, the same again when done again.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use crate::common::{Ran, Scratch, vision};

/// The sample studies with the sample model, which needs no Python and no shared data.
fn sampled(scratch: &Scratch, arguments: &[&str]) -> Ran {
    let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples");
    let mut command = vision();
    command.current_dir(scratch.path("")).args(["triage", "--dicom-out", "--out", "run", "--model"]);
    Ran::of(command.arg(here.join("disc/disc.onnx")).arg(here.join("studies")).args(arguments))
}

fn made(scratch: &Scratch) -> Vec<std::path::PathBuf> {
    let folder = scratch.path("run/private/dicom");
    let studies = std::fs::read_dir(folder).expect("results").map(|entry| entry.expect("a study").path());
    let files = studies.flat_map(|study| std::fs::read_dir(study).expect("a folder"));
    let mut files: Vec<_> = files.map(|entry| entry.expect("a file").path()).collect();
    files.sort();
    files
}

#[test]
fn others_read_the_results_and_find_what_was_found() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        return;
    }
    let scratch = Scratch::new();
    // One study is refused by the model, which makes the exit code 2.
    sampled(&scratch, &[]).expect(2);
    let files = made(&scratch);
    // Three studies were triaged.
    assert_eq!(files.len(), 6, "{files:?}");
    for file in &files {
        if let Some(said) = said_by(Command::new("dciodvfy").arg(file)) {
            let words = String::from_utf8_lossy(&said.stderr).into_owned();
            assert!(!words.contains("Error"), "{}: {words}", file.display());
        }
        if file.to_string_lossy().contains("report-")
            && let Some(said) = said_by(Command::new("dsrdump").arg("+Pc").arg(file))
        {
            let words = String::from_utf8_lossy(&said.stdout).into_owned();
            assert!(said.status.success() && words.contains("NOT FOR DIAGNOSIS"), "{words}");
        }
    }
    let Ok(python) = std::env::var("VISION_PYTHON") else { return };
    let mut command = Command::new(python);
    let ran = Ran::of(
        command.arg("scripts/triage/check_results.py").args([scratch.path("run"), "samples/studies".into()]),
    );
    let lines: Vec<Value> =
        ran.expect(0).out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    assert_eq!(lines.len(), 6);
    let mut detected = Vec::new();
    for line in &lines {
        assert!(line["same"] == true && line["new"] == true, "{line}");
        assert!(line["title"].as_str().is_some_and(|title| title.contains("NOT FOR DIAGNOSIS")), "{line}");
        if line["modality"] == "SR" {
            let group = &line["groups"][0];
            assert_eq!(group["algorithm"][0], "disc-64", "{line}");
            let score = group["numbers"]["Probability of disc"].as_f64().expect("a number");
            assert_eq!(group["detected"]["disc"] == "Detected", score >= 0.5, "{line}");
            detected.push(score >= 0.5);
        } else {
            assert!(line["mean"].as_f64() > Some(20.0), "an empty picture: {line}");
        }
    }
    detected.sort_unstable();
    // A disc, and neither the plain picture nor the square.
    assert_eq!(detected, [false, false, true]);
}

#[test]
fn done_again_the_same_objects() {
    if std::env::var_os("ORT_DYLIB_PATH").is_none() {
        return;
    }
    let scratch = Scratch::new();
    sampled(&scratch, &[]).expect(2);
    let state = |scratch: &Scratch| -> Vec<Vec<u8>> {
        made(scratch).iter().map(|file| std::fs::read(file).expect("a file")).collect()
    };
    let before = (made(&scratch), state(&scratch));
    // Of a former result, and somebody's own.
    let folder = before.0[0].parent().expect("a folder").to_owned();
    std::fs::write(folder.join("capture-0000000000000000.dcm"), b"former").expect("a file");
    std::fs::write(folder.join("notes.txt"), b"mine").expect("a file");
    sampled(&scratch, &[]).expect(2);
    assert!(folder.join("notes.txt").exists());
    std::fs::remove_file(folder.join("notes.txt")).expect("removed");
    assert_eq!((made(&scratch), state(&scratch)), before);
}

/// What a validator says; skipped where it is missing, unless in CI, which installs it.
fn said_by(validator: &mut Command) -> Option<std::process::Output> {
    let said = validator.output();
    assert!(
        said.is_ok() || std::env::var_os("CI").is_none(),
        "{validator:?} is missing; scripts/setup.sh installs it"
    );
    if said.is_err() {
        eprintln!("skipped: {validator:?} is missing");
    }
    said.ok()
}
