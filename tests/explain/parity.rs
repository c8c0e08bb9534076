//! Maps and faithfulness against tests/explain/reference.py, which shares no line with the program.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::common::{Ran, Scratch, python, sample, shared};
use crate::{explain, explained};

/// The requirement: no number of a map is further from the reference's.
const TOLERANCE: f64 = 1e-4;

/// A square of a sample photo, as large as the model's input, so that nothing is resized.
fn picture(s: &Scratch, photo: &str, side: u32) {
    let photo = image::open(sample(photo)).expect("a photo").to_rgb8();
    let short = photo.width().min(photo.height());
    let square = image::imageops::crop_imm(&photo, 0, 0, short, short).to_image();
    let small = image::imageops::thumbnail(&square, side, side);
    small.save(s.path("p.png")).expect("a picture");
}

/// What the reference finds for the same settings, compared with what the program told.
pub fn compare(s: &Scratch, model: &Path, mut job: Value) {
    let Some(python) = python() else { return };
    let told = explained(s);
    let maps = told["maps"].as_array().expect("maps");
    let every = |key: &str| maps.iter().map(|map| map[key].clone()).collect::<Value>();
    let arrays = maps.iter().map(|map| s.path("run").join(map["array"].as_str().expect("a path")));
    job["arrays"] = arrays.map(|path| json!(path)).collect();
    job["model"] = json!(model);
    job["picture"] = json!(s.path("p.png"));
    job["settings"] = told["settings"].clone();
    job["method"] = told["method"].clone();
    match maps[0].get("box") {
        Some(_) => job["boxes"] = every("box"),
        None => job["classes"] = every("class"),
    }
    let file = s.file("job.json", job.to_string().as_bytes());
    let ran = Ran::of(Command::new(python).arg("tests/explain/reference.py").arg(file)).expect(0);
    let reference: Value = serde_json::from_str(&ran.out).expect("JSON");
    for (n, map) in maps.iter().enumerate() {
        let number = |key: &str| reference[key][n].as_f64().unwrap_or_else(|| panic!("{key}: {reference}"));
        assert!(number("differences") <= TOLERANCE, "{reference}");
        // A map that says nothing would agree with anything.
        assert!(number("spans") > 20.0 * TOLERANCE, "{reference}");
        let measured = &map["faithfulness"];
        for (key, ours) in [
            ("insertion", &measured["insertion"]),
            ("deletion", &measured["deletion"]),
            ("random_insertion", &measured["random"]["insertion"]),
            ("random_deletion", &measured["random"]["deletion"]),
        ] {
            let ours = ours.as_f64().expect("a number");
            assert!((ours - number(key)).abs() <= TOLERANCE, "{key}: {ours}, reference {reference}");
        }
    }
}

/// A copy of a shared model with a description beside it, as `m.onnx`.
fn described(s: &Scratch, model: &Path, description: &str) {
    std::fs::copy(model, s.path("m.onnx")).expect("a model");
    s.file("m.toml", description.as_bytes());
}

const SQUEEZENET: &str = "name = \"squeezenet\"\ntask = \"classify\"\nfamily = \"classifier\"\nlabels = \"imagenet-1000\"\n\
     [input]\nsize = [227, 227]\ncolour = \"bgr\"\nresize = \"stretch\"\nmean = [104, 117, 123]\n\
     [decode]\nscores = \"probabilities\"\n";

fn squeezenet() -> Value {
    json!({ "bgr": true, "mean": [104, 117, 123], "std": [1, 1, 1], "outputs": null })
}

#[test]
fn rise_of_a_classifier() {
    let Some(model) = shared("models/squeezenet-1.1.onnx") else { return };
    let s = Scratch::new();
    picture(&s, "coffee.jpg", 227);
    described(&s, &model, SQUEEZENET);
    let settings =
        ["--masks", "40", "--seed", "11", "--keep", "0.4", "--random", "3", "--steps", "6", "--targets", "2"];
    explain(&s, &["p.png", "--model", "m.onnx"], &settings).expect(0);
    compare(&s, &model, squeezenet());
}

#[test]
fn occlusion_by_the_mean_colour_and_by_a_blur() {
    let Some(model) = shared("models/squeezenet-1.1.onnx") else { return };
    for baseline in ["mean", "blur"] {
        let s = Scratch::new();
        picture(&s, "coffee.jpg", 227);
        described(&s, &model, SQUEEZENET);
        let squares = ["--method", "occlusion", "--patch", "60", "--stride", "45", "--baseline", baseline];
        let settings = [&squares[..], &["--random", "3", "--steps", "5"]].concat();
        explain(&s, &["p.png", "--model", "m.onnx"], &settings).expect(0);
        compare(&s, &model, squeezenet());
    }
}

/// Bytes, channels last, quantised scores.
#[test]
fn rise_of_a_classifier_of_whole_numbers() {
    let Some(model) = shared("models/mobilenet-v2-224-u8.onnx") else { return };
    let s = Scratch::new();
    picture(&s, "coffee.jpg", 224);
    let description = "name = \"mobilenet\"\ntask = \"classify\"\nfamily = \"classifier\"\nlabels = \"imagenet-1001\"\n\
         [input]\nsize = [224, 224]\nlayout = \"nhwc\"\nelement = \"u8\"\nresize = \"stretch\"\n\
         [decode]\nscores = \"probabilities\"\n";
    described(&s, &model, description);
    explain(&s, &["p.png", "--model", "m.onnx"], &["--masks", "30", "--random", "3", "--steps", "5"])
        .expect(0);
    let job = json!({
        "nhwc": true, "u8": true, "mean": [0, 0, 0], "std": [1, 1, 1], "scale": 1.0 / 255.0, "outputs": null,
    });
    compare(&s, &model, job);
}

#[test]
fn drise_of_a_detector() {
    let Some(model) = shared("models/yolox-nano-416.onnx") else { return };
    let s = Scratch::new();
    picture(&s, "cows.jpg", 416);
    std::fs::copy(&model, s.path("m.onnx")).expect("a model");
    let settings = ["--masks", "24", "--seed", "3", "--random", "3", "--steps", "4", "--targets", "2"];
    explain(&s, &["p.png", "--model", "m.onnx", "--spec", "yolox-nano"], &settings).expect(0);
    compare(&s, &model, json!({ "bgr": true, "mean": [0, 0, 0], "std": [1, 1, 1], "outputs": null }));
}
