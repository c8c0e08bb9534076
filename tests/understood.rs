//! Models as people have them: fine-tuned ones with names of their own, headers that fix too much.

mod common;

use common::{Ran, Scratch, picture, sample, shared, vision};

#[test]
fn an_opened_header_runs_at_other_sizes() {
    let s = Scratch::new();
    let onnx = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/models/fixed-header.onnx");
    std::fs::copy(onnx, s.path("m.onnx")).expect("copied");
    let description = r#"
name = "means"
task = "detect"
family = "nanodet"
labels = ["red", "green", "blue"]
conf = 0.01
[input]
size = [32, 32]
open-header = true
dynamic-size = true
multiple-of = 32
resize = "stretch"
std = [255, 255, 255]
[decode]
strides = [32]
bins = 2
centre-offset = 0.5
"#;
    s.file("m.toml", description.as_bytes());
    s.file("a.png", &picture(200, image::ImageFormat::Png));
    for (size, cells) in [("32", 1), ("64x32", 2), ("96", 9)] {
        s.detect(["a.png", "--model", "m.onnx", "--force", "--iou", "1", "--imgsz", size]).expect(0);
        let found = s.results()[0]["prediction"]["instances"].as_array().expect("instances").len();
        assert_eq!(found, cells, "{size}");
    }
    // As it stands it takes ten pictures at once.
    s.file("m.toml", description.replace("open-header = true\ndynamic-size = true\n", "").as_bytes());
    s.detect(["a.png", "--model", "m.onnx"]).expect(1).says("exactly 10 pictures");
}

#[test]
fn names_are_taken_where_the_header_shows_no_number_of_classes() {
    let Some(onnx) = shared("models/deimv2-femto-416.onnx") else { return };
    let s = Scratch::new();
    let names = s.file("names.txt", b"human\nbike\n");
    let photo = sample("astronaut.jpg");
    let arguments =
        [photo.as_os_str(), "--labels".as_ref(), names.as_os_str(), "--model".as_ref(), onnx.as_os_str()];
    s.detect(arguments).expect(0).says("1 human");
}

#[test]
fn what_cannot_run_is_no_usable_model() {
    let s = Scratch::new();
    let weights = concat!(env!("CARGO_MANIFEST_DIR"), "/models/nanodet-g-416.onnx");
    std::fs::copy(weights, s.path("m.onnx")).expect("copied");
    let good = include_str!("../models/nanodet-g-416.toml");
    s.file("m.toml", good.replace("centre-offset = 0.5", "").as_bytes());
    let models = |arguments: &[&str]| {
        let mut command = vision();
        command.current_dir(s.path("")).env("XDG_DATA_HOME", s.path("data")).arg("models").args(arguments);
        Ran::of(&mut command)
    };
    models(&["info", "m.onnx"]).expect(1).says("centre-offset");
    models(&["add", "m.onnx", "--name", "own"]).expect(1).says("centre-offset");
    assert!(!s.path("data/vision/models/own.onnx").exists());
}

#[test]
fn options_that_would_do_nothing_are_refused() {
    let s = Scratch::new();
    let cows = sample("cows.jpg").to_string_lossy().into_owned();
    for (arguments, says) in [
        (&["classify", "--crops"][..], "cuts out boxes"),
        (&["classify", "--top", "0"], "a number from 1"),
        (&["detect", "--max-det", "0"], "a number from 1"),
        (&["detect", "--overlap", "0.5"], "--tile"),
    ] {
        let mut command = vision();
        command.current_dir(s.path("")).args(arguments).arg(&cows);
        Ran::of(&mut command).expect(1).says(says);
    }
    s.file("vision.toml", b"tile = 300\n[detect]\nmax-det = 1\n");
    s.detect([cows.as_str(), "--no-images"])
        .expect(0)
        .says("1 pictures have 1 results, the most that --max-det keeps");
    assert_eq!(s.run_json()["model"]["looks"], "tiles of 300 overlap 0.2, iou 0.6");
}
