//! `vision triage --explain`: maps of a patient's picture, in `private/` only.

use std::path::PathBuf;
use std::process::Command;

use serde_json::json;

use crate::common::{Ran, Scratch, python, records, shared, vision};
use crate::parity::compare;

/// Studies made by scripts/triage/pneumonia_dicom.py, beside the model and its description.
fn made(explain: &str, count: &str) -> Option<Scratch> {
    let (python, data) = (python()?, shared("med/pneumonia/pneumonia28.npz")?);
    let model = shared("med/pneumonia/pneumonia-cam-28.onnx")?;
    let s = Scratch::new();
    let mut command = Command::new(python);
    Ran::of(command.arg("scripts/triage/pneumonia_dicom.py").args([data, model, s.path("")]).arg(count))
        .expect(0);
    let description = std::fs::read_to_string(s.path("model.toml")).expect("a description");
    s.file("model.toml", format!("{description}{explain}").as_bytes());
    Some(s)
}

fn triage(s: &Scratch, arguments: &[&str]) -> Ran {
    let mut command = vision();
    command.current_dir(s.path("")).args(["triage", "--out", "run", "--model", "model.onnx", "studies"]);
    Ran::of(command.args(["--explain-random", "3", "--explain-steps", "4"]).args(arguments))
}

fn files(folder: PathBuf) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(&folder) else { return Vec::new() };
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths.flat_map(|path| if path.is_dir() { files(path) } else { vec![path] }).collect()
}

#[test]
fn maps_of_patients_stand_in_private_alone() {
    for (table, method) in [("", "occlusion"), ("\n[explain]\ncam = \"cam\"\n", "cam")] {
        let Some(s) = made(table, "2") else { return };
        triage(&s, &["--explain"]).expect(0);
        let told = records(&s.path("run/results.jsonl"))[0]["ext"]["explain"].clone();
        assert_eq!(
            (told["method"].as_str(), told["maps"][0]["label"].as_str()),
            (Some(method), Some("pneumonia"))
        );
        assert_eq!(files(s.path("run/private/explain")).len(), 4, "an array and a picture of each study");
        assert!(s.path("run").join(told["maps"][0]["picture"].as_str().expect("a path")).exists());
        assert!(!s.path("run/explain").exists() && !s.path("run/images").exists());
        // Temporary files are gone from where they were written.
        let left = files(s.path("run/private")).into_iter().filter(|file| file.ends_with(".tmp"));
        assert_eq!(left.count(), 0);
        let proof: serde_json::Value =
            serde_json::from_slice(&std::fs::read(s.path("run/proof.json")).expect("a proof")).expect("JSON");
        assert_eq!(proof["hits"], serde_json::json!([]));
    }
}

/// The tensor of the first test picture is its grey values from -1 to 1, in the program and here.
#[test]
fn maps_of_a_radiograph_are_those_of_plain_python() {
    for (table, settings) in [
        ("", vec!["--explain", "--explain-patch", "7", "--explain-stride", "3"]),
        ("", vec!["--explain=rise", "--explain-masks", "50"]),
        ("\n[explain]\ncam = \"cam\"\n", vec!["--explain"]),
    ] {
        let Some(s) = made(table, "1") else { return };
        triage(&s, &settings).expect(0);
        let code = "import sys, numpy, PIL.Image as i; i.fromarray(numpy.load(sys.argv[1])['test_images'][0]).save(sys.argv[2])";
        let data = shared("med/pneumonia/pneumonia28.npz").expect("as before");
        let mut command = Command::new(python().expect("as before"));
        Ran::of(command.args(["-c", code]).args([data, s.path("p.png")])).expect(0);
        let job = json!({
            "grey": true, "mean": [127.5], "std": [127.5], "outputs": ["prob", "cam"], "cells": [7, 7],
        });
        compare(&s, &s.path("model.onnx"), job);
    }
}
