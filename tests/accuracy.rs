//! What the binary finds, against code that is not ours: pycocotools and a plain Python reference.

mod common;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use common::{Ran, Scratch, python, shared};
use serde_json::Value;

/// AP on photos/coco64 of the model that `arguments` name, within 0.003 of `expected`.
fn average_precision(arguments: &[&OsStr], expected: &str) {
    let (Some(photos), Some(python)) = (shared("photos/coco64"), python()) else { return };
    let s = Scratch::new();
    let images = photos.join("images");
    let usual = ["--conf", "0.001", "--no-images", "--format", "coco", "--quiet"].map(OsStr::new);
    s.detect([images.as_os_str()].iter().chain(arguments).chain(&usual)).expect(0);
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/coco_ap.py");
    let mut command = Command::new(python);
    command.arg(script).arg(photos.join("instances.json")).arg(s.path("run/coco.json"));
    Ran::of(command.args(["--expect", expected, "--tolerance", "0.003"])).expect(0).says("AP 0.");
}

#[test]
fn average_precision_on_coco_photos_is_the_reference() {
    // 0.293 by the plain Python pipeline of scripts/reference_nanodet.py.
    average_precision(&[], "0.293");
}

#[test]
fn a_real_export_without_a_description_reaches_the_reference() {
    // By Pillow, numpy, Python's onnxruntime and pycocotools; see README.md of the shared test data.
    let Some(model) = shared("models/deimv2-femto-416.onnx") else { return };
    average_precision(&["--model".as_ref(), model.as_os_str()], "0.401");
}

/// `tests/golden/nanodet/samples.json` is what scripts/reference_nanodet.py (cv2, numpy, Python's
/// onnxruntime) finds in samples/photos.
#[test]
fn the_samples_give_what_the_python_reference_gives() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(root.join("tests/golden/nanodet/samples.json")).expect("the golden file");
    let golden: Value = serde_json::from_slice(&text).expect("JSON");
    let names: BTreeMap<u64, &str> = golden["images"]
        .as_array()
        .expect("images")
        .iter()
        .map(|i| (i["id"].as_u64().expect("an id"), i["file_name"].as_str().expect("a name")))
        .collect();

    let s = Scratch::new();
    let samples = root.join("samples/photos");
    let arguments = ["--conf", "0.2", "--no-images", "--format", "coco"];
    s.detect([samples.as_os_str()].into_iter().chain(arguments.map(AsRef::as_ref))).expect(0);
    let ours: Value =
        serde_json::from_slice(&std::fs::read(s.path("run/coco.json")).expect("coco.json")).expect("JSON");
    let our_names: BTreeMap<u64, &str> = ours["images"]
        .as_array()
        .expect("images")
        .iter()
        .map(|i| (i["id"].as_u64().expect("an id"), i["file_name"].as_str().expect("a name")))
        .collect();
    assert_eq!(our_names.len(), names.len());

    let mut compared = 0;
    for reference in golden["annotations"].as_array().expect("annotations") {
        if reference["score"].as_f64() < Some(0.3) {
            continue;
        }
        let name = names[&reference["image_id"].as_u64().expect("an id")];
        let same = ours["annotations"].as_array().expect("annotations").iter().find(|a| {
            our_names[&a["image_id"].as_u64().expect("an id")] == name
                && a["category_id"] == reference["category_id"]
                && iou(&a["bbox"], &reference["bbox"]) > 0.9
        });
        let same = same.unwrap_or_else(|| panic!("{name}: {reference} is not among ours"));
        let (a, b) =
            (same["score"].as_f64().expect("a score"), reference["score"].as_f64().expect("a score"));
        // Another build of libjpeg-turbo and another bilinear move the scores a little.
        assert!((a - b).abs() < 0.02, "{name}: score {a}, reference {b}");
        compared += 1;
    }
    assert!(compared >= 5, "only {compared} reference boxes");
}

/// Intersection over union of two `[x, y, width, height]`.
fn iou(a: &Value, b: &Value) -> f64 {
    let read = |v: &Value| -> Vec<f64> {
        v.as_array().expect("a box").iter().map(|n| n.as_f64().expect("a number")).collect()
    };
    let (a, b) = (read(a), read(b));
    let overlap = |i: usize| ((a[i] + a[i + 2]).min(b[i] + b[i + 2]) - a[i].max(b[i])).max(0.0);
    let inter = overlap(0) * overlap(1);
    inter / (a[2] * a[3] + b[2] * b[3] - inter)
}
