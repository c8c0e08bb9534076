//! Oriented boxes from a model to every format, through the binary and without a description.

mod common;

use std::path::{Path, PathBuf};

use common::{Ran, Scratch, picture, vision};
use serde_json::{Value, json};

/// Four constant boxes; see tests/models/make.py.
fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/oriented.onnx")
}

fn corners(instance: &Value) -> Vec<[f64; 2]> {
    serde_json::from_value(instance["corners"].clone()).expect("corners")
}

#[test]
fn corners_reach_every_format() {
    let s = Scratch::new();
    // 48 x 32 in an input of 64 x 64: scaled by 4/3, with (64 - 43) / 2 = 10 rows of padding on top.
    s.file("p/sea.png", &picture(1, image::ImageFormat::Png));
    let model = model();
    let model = model.to_str().expect("a path");
    s.detect(["--model", model, "--format", "json,csv,coco,yolo", "p"])
        .expect(0)
        .says("family yolo-obb by its metadata");
    let results = s.results();
    let found = results[0]["prediction"]["instances"].as_array().expect("instances").clone();
    let labels: Vec<&str> = found.iter().filter_map(|i| i["label"].as_str()).collect();
    assert_eq!(labels, ["ship", "plane", "ship"], "the second ship is the first");

    // The first corner is centre - 14 (cos, sin) + 5 (sin, -cos) in the input, at an angle of 0.5.
    let (sin, cos) = 0.5f64.sin_cos();
    let input = [24.0 - 14.0 * cos + 5.0 * sin, 32.0 - 14.0 * sin - 5.0 * cos];
    let first = [input[0] / (64.0 / 48.0), (input[1] - 10.0) / (43.0 / 32.0)];
    let of_ship = corners(&found[0]);
    assert!(of_ship[0].iter().zip(first).all(|(a, b)| (a - b).abs() < 2e-3), "{of_ship:?} {first:?}");
    // The last one reaches beyond the right edge; its box does not.
    assert!(corners(&found[2]).iter().any(|[x, _]| *x > 48.0));
    assert_eq!(found[2]["box"][2], json!(48.0));

    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/record.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).expect("the schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a valid schema");
    results.iter().for_each(|record| assert!(schema.is_valid(record), "{record:#}"));

    let labels = std::fs::read_to_string(s.path("run/labels/p/sea.txt")).expect("labels");
    let line: Vec<f64> =
        labels.lines().next().expect("a line").split(' ').map(|v| v.parse().expect("a number")).collect();
    assert_eq!((line.len(), line[0], line[9]), (10, 1.0, 0.9));
    assert!((line[1] * 48.0 - of_ship[0][0]).abs() < 1e-3 && (line[2] * 32.0 - of_ship[0][1]).abs() < 1e-3);
    let coco: Value =
        serde_json::from_slice(&std::fs::read(s.path("run/coco.json")).expect("coco")).expect("JSON");
    assert_eq!(coco["annotations"][0]["segmentation"][0].as_array().map(Vec::len), Some(8));
}

#[test]
fn a_looser_limit_keeps_the_second_ship() {
    let s = Scratch::new();
    s.file("p/sea.png", &picture(1, image::ImageFormat::Png));
    let model = model();
    let model = model.to_str().expect("a path");
    s.detect(["--model", model, "--iou", "0.99", "--no-images", "p"]).expect(0);
    let count = |s: &Scratch| s.results()[0]["prediction"]["instances"].as_array().map(Vec::len);
    assert_eq!(count(&s), Some(4));
    // From what is stored: corners survive the store.
    s.detect(["--model", model, "--no-images", "p"]).expect(0);
    assert_eq!(count(&s), Some(3));
}

#[test]
fn the_model_explains_itself() {
    let model = model();
    Ran::of(vision().args(["models", "info"]).arg(&model)).expect(0).says("4 numbers of an oriented box");
}
