//! Which family takes which real export, without a description: detectors of things and of faces.

mod common;

use common::shared;
use vision::family::{FAMILIES, reading::Certainty};
use vision::onnx;
use vision::spec::Task;

/// The family of each file, by what its header says; `None` for what is no detector.
const EXPECTED: &[(&str, Option<&str>)] = &[
    ("agpl-yolov5n-fp16", Some("yolov5")),
    ("agpl-yolov8n-640-int8", Some("yolov8")),
    ("deeplabv3-mnv2-513-u8", None),
    ("deimv2-femto-416", Some("deim")),
    ("fastestdet-352", Some("fastestdet")),
    ("mnist-8", None),
    ("mobilenet-v2-224-u8", None),
    ("movenet-lightning-192-u8", None),
    ("nanodet-g-416", Some("nanodet")),
    ("nanodet-m-416", Some("nanodet")),
    ("nanodet-plus-m-416", Some("nanodet-plus")),
    ("person-reid-0248", None),
    ("picodet-s-416", Some("nanodet")),
    ("selfie-256", None),
    ("squeezenet-1.1", None),
    ("ultraface-rfb-320", Some("ultraface")),
    ("yolox-nano-416", Some("yolox")),
    ("yunet-n-dynamic", Some("yunet")),
];

/// Families of detectors that fit the file best, all of the same certainty.
fn best(bytes: &[u8]) -> Vec<&'static str> {
    let header = onnx::read(bytes).expect("a model");
    let detectors = FAMILIES.iter().filter(|entry| matches!(entry.task, Task::Detect | Task::Faces));
    let readings: Vec<(&str, Certainty)> =
        detectors.filter_map(|entry| Some((entry.name, (entry.recognise)(&header)?.certainty))).collect();
    let most = readings.iter().map(|(_, certainty)| *certainty).max();
    readings.iter().filter(|(_, certainty)| Some(*certainty) == most).map(|(name, _)| *name).collect()
}

#[test]
fn every_real_export_is_taken_by_its_own_family_alone() {
    let Some(folder) = shared("models") else { return };
    for (name, family) in EXPECTED {
        let path = folder.join(format!("{name}.onnx"));
        let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        assert_eq!(best(&bytes), Vec::from_iter(*family), "{name}");
    }
}

/// Also of files without a row above: no two families claim one with equal right.
#[test]
fn no_export_is_claimed_twice() {
    let Some(folder) = shared("models") else { return };
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).expect("the folder") {
        let path = entry.expect("an entry").path();
        if path.extension().is_some_and(|extension| extension == "onnx") {
            let families = best(&std::fs::read(&path).expect("the model"));
            assert!(families.len() <= 1, "{}: {families:?}", path.display());
            seen += 1;
        }
    }
    assert!(seen >= EXPECTED.len(), "only {seen} models");
}
