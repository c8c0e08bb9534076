//! Explanations as part of a run: options, files, resume, the report.

use crate::by_hand::{DESCRIPTION, made};
use crate::common::{Ran, Scratch, records, vision};
use crate::{explain, explained};

const QUICK: [&str; 6] = ["--explain-masks", "20", "--explain-random", "3", "--explain-steps", "4"];

fn classify(s: &Scratch, arguments: &[&str]) -> Ran {
    let mut command = vision();
    command.current_dir(s.path("")).args(["classify", "--out", "run", "--model", "m.onnx"]).args(arguments);
    Ran::of(&mut command)
}

#[test]
fn explain_is_an_option_of_classify_and_the_same_maps() {
    let s = made(DESCRIPTION);
    let arguments = [&["p.png", "--explain", "--report"], &QUICK[..]].concat();
    classify(&s, &arguments).expect(0);
    let with_option = explained(&s);
    let map = std::fs::read(s.path("run/explain/p.png/001-red.npy")).expect("an array");
    assert_eq!(image::open(s.path("run/explain/p.png/001-red.png")).expect("a picture").width(), 32);
    explain(
        &s,
        &["p.png", "--model", "m.onnx", "--force"],
        &["--masks", "20", "--random", "3", "--steps", "4"],
    )
    .expect(0);
    assert_eq!(explained(&s), with_option);
    assert_eq!(std::fs::read(s.path("run/explain/p.png/001-red.npy")).expect("an array"), map);
}

#[test]
fn the_report_shows_the_maps() {
    let s = made(DESCRIPTION);
    classify(&s, &[&["p.png", "--explain", "--report"], &QUICK[..]].concat()).expect(0);
    let page = std::fs::read_to_string(s.path("run/report.html")).expect("a page");
    assert!(page.contains("[\"map 1: red\",\"explain/p.png/001-red.png\"]"), "a view of the item");
    assert!(page.contains("\"better than random\"") || page.contains("\"useless\""), "a column");
    classify(&s, &[&["p.png", "--explain", "--report", "--embed", "--force"], &QUICK[..]].concat()).expect(0);
    let page = std::fs::read_to_string(s.path("run/report.html")).expect("a page");
    assert!(page.contains("[\"map 1: red\",\"data:image/jpeg;base64,"), "embedded");
}

/// A second run uses what is stored, and makes a map again that is gone, without the model.
#[test]
fn what_is_stored_is_not_explained_again() {
    let s = made(DESCRIPTION);
    let arguments = [&["p.png", "--explain"], &QUICK[..]].concat();
    classify(&s, &arguments).expect(0);
    let (before, results) = (explained(&s), std::fs::read(s.path("run/results.jsonl")).expect("results"));
    std::fs::remove_file(s.path("run/explain/p.png/001-red.png")).expect("removed");
    let mut command = vision();
    command.current_dir(s.path("")).args(["classify", "--out", "run", "--model", "m.onnx", "--top", "1"]);
    // No runtime is there: nothing may need one.
    Ran::of(command.args(&arguments).env("ORT_DYLIB_PATH", "/nowhere.so")).expect(0);
    assert_eq!(explained(&s), before);
    assert!(s.path("run/explain/p.png/001-red.png").exists());
    classify(&s, &arguments).expect(0);
    assert_eq!(std::fs::read(s.path("run/results.jsonl")).expect("results"), results);
    // Another seed is another job.
    classify(&s, &[&arguments[..], &["--explain-seed", "1"]].concat()).expect(1).says("--resume");
    classify(&s, &[&arguments[..], &["--explain-seed", "1", "--resume"]].concat()).expect(0);
    assert_ne!(explained(&s), before);
}

#[test]
fn what_cannot_be_explained_is_said_before_anything_is_opened() {
    let s = made(DESCRIPTION);
    let model = ["p.png", "--model", "m.onnx"];
    explain(&s, &model, &["--method", "drise"]).expect(1).says("for classes use rise");
    explain(&s, &model, &["--method", "cam"]).expect(1).says("name an output under [explain]");
    explain(&s, &model, &["--class", "blue"]).expect(1).says("the model has no such label");
    explain(&s, &model, &["--random", "2"]).expect(1).says("expected a number from 3 to 100, or 0");
    classify(&s, &["p.png", "--explain-class", "red"]).expect(1).says("add --explain");
    let detect = |arguments: &[&str]| s.detect([&["p.png", "--explain"], arguments].concat());
    detect(&["--tile", "64"]).expect(1).says("leave out --tile");
    s.detect(["p.png", "--explain=rise"]).expect(1).says("for things use drise");
    assert!(!s.path("run").exists(), "nothing was begun");
}

/// Faces by hand-written outputs, the same whatever is masked: nothing in the picture matters, and that is said.
#[test]
fn things_that_no_mask_changes_have_useless_maps() {
    let s = Scratch::new();
    let picture = image::RgbImage::from_fn(64, 64, |x, y| image::Rgb([x as u8 * 4, y as u8 * 4, 99]));
    picture.save(s.path("p.png")).expect("a picture");
    let model = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/faces.onnx");
    let settings = ["--masks", "8", "--random", "3", "--steps", "4"];
    explain(&s, &["p.png", "--model", model.to_str().expect("a path")], &settings)
        .expect(0)
        .says("map of face useless");
    let told = explained(&s);
    let maps = told["maps"].as_array().expect("maps");
    assert_eq!((told["method"].as_str(), maps.len()), (Some("drise"), 2));
    for map in maps {
        // The face itself is there every time, with its own score: IoU 1, one class, objectness the score.
        let difference = map["most"].as_f64().unwrap() - map["score"].as_f64().unwrap();
        assert!(difference.abs() < 1e-4, "{map}");
    }
    assert_eq!(records(&s.path("run/results.jsonl"))[0]["prediction"]["task"], "faces");
}
