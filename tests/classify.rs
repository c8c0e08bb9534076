//! `vision classify` through the binary, against the originals' own results.

mod common;

use std::collections::BTreeMap;
use std::path::Path;

use common::{Ran, Scratch, records, sample, shared, vision};
use serde_json::Value;

fn classify(s: &Scratch, arguments: &[&str]) -> Ran {
    Ran::of(vision().current_dir(s.path("")).args(["classify", "--out", "run"]).args(arguments))
}

/// (class, score) of each item by the file's name.
fn found(s: &Scratch) -> BTreeMap<String, Vec<(u64, f64)>> {
    let items = records(&s.path("run/results.jsonl")).into_iter().filter(|r| r["schema"] == "vision.item/1");
    let classes = |record: &Value| {
        let classes = record["prediction"]["classes"].as_array().expect("classes").clone();
        classes.iter().map(|c| (c["class"].as_u64().unwrap(), c["score"].as_f64().unwrap())).collect()
    };
    items.map(|r| (r["item"]["path"].as_str().expect("a path").to_owned(), classes(&r))).collect()
}

fn photos() -> String {
    sample("").to_string_lossy().into_owned()
}

/// The original network in PyTorch with its float32 weights, pictures prepared by Pillow
/// (`scripts/reference_efficientnet.py`); ours has float16 weights and another JPEG decoder.
#[test]
fn the_bundled_model_agrees_with_the_original() {
    let s = Scratch::new();
    classify(&s, &[&photos()]).expect(0).says("espresso 0.95");
    let expected: BTreeMap<String, Vec<(u64, f64)>> =
        serde_json::from_str(include_str!("classify/efficientnet-lite0.json")).expect("JSON");
    let found = found(&s);
    assert_eq!(found.len(), expected.len());
    for (photo, expected) in expected {
        let found = &found[&photo];
        assert_eq!(found[0].0, expected[0].0, "{photo}: {found:?}, expected {expected:?}");
        for (class, score) in &expected {
            let ours = found.iter().find(|(c, _)| c == class).map_or(0.0, |(_, s)| *s);
            // The last of the five may change places with the sixth.
            let tolerance = if ours == 0.0 { 0.06 } else { 0.015 };
            assert!((ours - score).abs() < tolerance, "{photo}, class {class}: {ours}, expected {score}");
        }
    }
}

#[test]
fn pictures_are_drawn_and_a_second_run_uses_what_is_stored() {
    let s = Scratch::new();
    classify(&s, &[&photos()]).expect(0);
    let annotated = image::open(s.path("run/images/coffee.jpg")).expect("drawn").to_rgb8();
    let original = image::open(sample("coffee.jpg")).expect("opens").to_rgb8();
    assert_eq!(annotated.dimensions(), original.dimensions());
    // The panel is in the top left corner; the bottom right is as it was, JPEG's loss aside.
    let differs = |x, y| {
        let pairs = annotated.get_pixel(x, y).0.into_iter().zip(original.get_pixel(x, y).0);
        pairs.map(|(a, b)| a.abs_diff(b)).max() > Some(60)
    };
    assert!((0..40).any(|n| differs(n, n)));
    let (width, height) = original.dimensions();
    assert!((0..40).all(|n| !differs(width - 1 - n, height - 1 - n)));
    let again = classify(&s, &[&photos(), "--top", "1", "--conf", "0.5", "--format", "csv"]).expect(0);
    again.says("all from stored observations");
    let counts: Vec<usize> = found(&s).values().map(Vec::len).collect();
    assert_eq!((counts.iter().max(), counts.iter().sum::<usize>()), (Some(&1), 3), "coffee, macaw, wine");
    let csv = std::fs::read_to_string(s.path("run/results.csv")).expect("written");
    let coffee = csv.lines().find(|line| line.contains("coffee.jpg")).expect("a row");
    assert!(coffee.contains(",967,espresso,0.95") && coffee.ends_with(",,,,"), "{coffee}");
}

#[test]
fn findings_count_the_answer_only() {
    let s = Scratch::new();
    let coffee = sample("coffee.jpg").to_string_lossy().into_owned();
    classify(&s, &[&coffee, "--fail-on", "espresso"]).expect(3);
    // Second best, and hence no finding.
    classify(&s, &[&coffee, "--fail-on", "cup"]).expect(0);
}

#[test]
fn what_does_not_fit_is_said() {
    let s = Scratch::new();
    let coffee = sample("coffee.jpg").to_string_lossy().into_owned();
    classify(&s, &[&coffee, "--model", "nanodet-g-416"]).expect(1).says("vision detect");
    let detect = ["detect", "--model", "efficientnet-lite0-224", &coffee];
    Ran::of(vision().current_dir(s.path("")).args(detect)).expect(1).says("vision classify");
    classify(&s, &[&coffee, "--format", "coco"]).expect(1).says("cannot hold what `vision classify` gives");
    classify(&s, &[&coffee, "--classes", "unicorn"]).expect(1).says("no such label");
    let names = s.file("names.txt", b"one\ntwo\n").to_string_lossy().into_owned();
    classify(&s, &[&coffee, "--labels", &names])
        .expect(1)
        .says("has 1000 classes, its description has 2 labels");
    assert!(!s.path("run").exists(), "nothing is left of a run that did not begin");
}

/// Models with a description of their preparation, and the best class and score of what plain Python
/// (Pillow or numpy, onnxruntime) finds with the same: `tests/classify/make.py`.
#[test]
fn models_of_others_agree_with_plain_python() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/classify");
    let expected: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("others.json")).expect("read"))
            .expect("JSON");
    let mut compared = 0;
    for (model, expected) in expected.as_object().expect("an object") {
        let Some(file) = shared(&format!("models/{model}.onnx")) else { return };
        let s = Scratch::new();
        let spec = folder.join(format!("{model}.toml"));
        let [file, spec] = [file, spec].map(|path| path.to_string_lossy().into_owned());
        let photos = folder.join("digits").to_string_lossy().into_owned();
        let inputs = if model.starts_with("mnist") { photos } else { self::photos() };
        classify(&s, &[&inputs, "--model", &file, "--spec", &spec, "--no-images"]).expect(0);
        let found = found(&s);
        for (photo, best) in expected.as_object().expect("an object") {
            let (class, score) = (best[0].as_u64().unwrap(), best[1].as_f64().unwrap());
            let ours = found[photo][0];
            compared += usize::from(score > 0.55);
            // Where the model itself is unsure, a grey level of another JPEG decoder turns the answer.
            if score > 0.55 {
                assert_eq!(ours.0, class, "{model}, {photo}: {ours:?}, expected {best}");
                assert!((ours.1 - score).abs() < 0.05, "{model}, {photo}: {ours:?}, expected {best}");
            }
        }
    }
    assert_eq!(compared, 8, "coffee, macaw and wine by both networks, two digits");
}

#[test]
fn models_without_a_description_are_read_by_their_header() {
    let Some(file) = shared("models/squeezenet-1.1.onnx") else { return };
    let s = Scratch::new();
    let coffee = sample("coffee.jpg").to_string_lossy().into_owned();
    let file = file.to_string_lossy().into_owned();
    let ran = classify(&s, &[&coffee, "--model", &file]).expect(0);
    ran.says("family classifier").says("a file does not say how pictures are normalised");
    Ran::of(vision().current_dir(s.path("")).args(["models", "check", &file, &coffee, "--out", "c.png"]))
        .expect(0)
        .says("read as")
        .says("output   prob")
        .says("found");
    assert!(image::open(s.path("c.png")).is_ok());
}
