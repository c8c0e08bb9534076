//! Models that are not what they should be: rows 29 to 32 and 37. The files come from tests/models/make.py.

use image::ImageFormat::Png;
use serde_json::json;

use crate::common::{Ran, Scratch, picture, shared, vision};
use crate::tools::{MEANS, items, means, model, scores};

/// A scratch folder with one picture.
fn one_picture() -> Scratch {
    let s = Scratch::new();
    s.file("p/a.png", &picture(1, Png));
    s
}

#[test]
fn row_29_values_that_are_no_numbers_are_dropped_and_the_picture_flagged() {
    let s = one_picture();
    // Four cells of 16 pixels: NaN, infinite, a box of NaN, and a good one at the bottom right.
    let path = model(&s, "not-finite", MEANS);
    s.detect(["p".as_ref(), "--model".as_ref(), path.as_os_str()]).expect(0).says("1 pictures have warnings");
    let record = &items(&s, "a.png")[0];
    // Its centre is (1.5, 1.5) cells, its edges half a cell away, in a picture of 48 x 32.
    let found = json!([{"class": 2, "label": "blue", "score": 0.8, "box": [24.0, 16.0, 48.0, 32.0]}]);
    assert_eq!(record["prediction"]["instances"], found);
    assert_eq!(record["warnings"][0]["code"], "not-finite");
    let message = record["warnings"][0]["message"].as_str().unwrap();
    assert!(message.starts_with("3 values"), "{message}");
}

/// Without an output folder or a word about inputs: before anything is read.
#[track_caller]
fn refused(s: &Scratch, name: &str, description: &str, words: &[&str]) {
    let path = model(s, name, description);
    let ran = s.detect(["p".as_ref(), "--model".as_ref(), path.as_os_str()]).expect(1);
    for word in words {
        assert!(ran.err.contains(word), "{name}: {word:?} is not in {}", ran.err);
    }
    assert_eq!(ran.err.lines().count(), 1, "{}", ran.err);
    assert!(!s.path("run/results.jsonl").exists() && !s.path("run/images").exists());
}

#[test]
fn row_30_a_model_of_another_shape_is_said_at_load() {
    let s = one_picture();
    // What was found, what was expected, how to say otherwise.
    refused(&s, "rank", MEANS, &["has 5 axes", "[batch,channels,height,width]"]);
    refused(&s, "element", MEANS, &["takes f64", "supported are f32", "export it"]);
    refused(&s, "side", MEANS, &["takes 64x48 pixels", "says 32x32", "write size = [64, 48]"]);
    let found = "found scores f32 [1,3], distances f32 [1,5,8]";
    refused(
        &s,
        "outputs",
        MEANS,
        &["f32 [1,4,classes]", "f32 [1,4,8]", found, "correct size, strides and bins"],
    );
    let nhwc = MEANS.replace("[input]", "[input]\nlayout = \"nhwc\"");
    refused(&s, "means", &nhwc, &["32 channels", "expected 3", "[batch,height,width,channels]"]);
    let named = MEANS.replace("[input]", "[input]\nname = \"images\"");
    refused(&s, "means", &named, &["no input \"images\"", "it has \"x\""]);
    let other = MEANS.replace("strides = [16]", "strides = [16, 32]");
    refused(&s, "means", &other, &["2 outputs found", "expects 4"]);
}

#[test]
fn row_30_a_model_that_the_runtime_refuses_is_said_before_any_input_is_read() {
    let s = one_picture();
    refused(&s, "no-such-operator", MEANS, &["ONNX Runtime refuses the model", "NoSuchOperator"]);
    s.file("m/cut.toml", MEANS.as_bytes());
    let whole = std::fs::read(model(&s, "means", MEANS)).unwrap();
    s.file("m/cut.onnx", &whole[..whole.len() / 2]);
    s.detect(["p", "--model", "m/cut.onnx"]).expect(1).says("m/cut.onnx: not a usable ONNX model");
    s.file("m/none.onnx", &whole);
    s.detect(["p", "--model", "m/none.onnx"])
        .expect(1)
        .says("no description, and what it has is like no family")
        .says("inputs x f32 [1,3,32,32]");
}

#[test]
fn row_31_open_sizes_come_from_the_option_or_the_description() {
    let s = Scratch::new();
    s.file("p/a.png", &picture(100, Png));
    let description = MEANS
        .replace("[input]", "[input]\ndynamic-size = true\nmultiple-of = 32")
        .replace("strides = [16]", "strides = [32]");
    let path = model(&s, "dynamic", &description);
    let run = |more: &[&str]| {
        let arguments = ["p", "--force", "--model"].map(std::ffi::OsString::from).into_iter();
        s.detect(arguments.chain([path.clone().into_os_string()]).chain(more.iter().map(|m| (*m).into())))
    };
    let cells = || items(&s, "a.png")[0]["prediction"]["instances"].as_array().unwrap().len();
    run(&["--iou", "1"]).expect(0);
    assert_eq!((cells(), s.run_json()["model"]["input_size"].clone()), (1, json!([32, 32])));
    run(&["--iou", "1", "--imgsz", "64x32"]).expect(0);
    assert_eq!((cells(), s.run_json()["model"]["input_size"].clone()), (2, json!([64, 32])));
    run(&["--imgsz", "33"]).expect(1).says("multiple of 32");
    means(&s, ["p", "--force", "--imgsz", "64"]).expect(1).says("takes 32x32 only");
    let mut info = vision();
    Ran::of(info.current_dir(s.path("")).args(["models", "info"]).arg(&path))
        .expect(0)
        .says("height")
        .says("32");
}

#[test]
fn row_32_classes_without_labels_are_numbered_with_one_warning() {
    let s = Scratch::new();
    for n in 0..5 {
        s.file(format!("p/{n}.png"), &picture(100 + n, Png));
    }
    for (labels, names) in
        [("[\"red\"]", ["class_1", "class_2", "red"]), ("[]", ["class_0", "class_1", "class_2"])]
    {
        let path = model(&s, "means", &MEANS.replace("[\"red\", \"green\", \"blue\"]", labels));
        let ran =
            s.detect(["p".as_ref(), "--resume".as_ref(), "--model".as_ref(), path.as_os_str()]).expect(0);
        assert_eq!(ran.err.matches("more classes than its description has labels").count(), 1, "{}", ran.err);
        for n in 0..5 {
            let found: Vec<String> = scores(&items(&s, &format!("{n}.png"))[0]).into_keys().collect();
            assert_eq!(found, names);
        }
    }
    let ran = means(&s, ["p", "--resume"]).expect(0);
    assert!(!ran.err.contains("more classes"), "{}", ran.err);
}

#[test]
fn row_37_models_that_load_other_files_or_code_are_refused() {
    let s = one_picture();
    refused(
        &s,
        "external-data",
        MEANS,
        &["stand in other files", "passwd", "never opened", "save_as_external_data"],
    );
    refused(&s, "custom-operator", MEANS, &["com.example", "native library", "standard operators"]);
    refused(&s, "compiled", MEANS, &["EPContext", "compiled for one device"]);
    let mut info = vision();
    info.current_dir(s.path("")).args(["models", "info", "m/compiled.onnx"]);
    Ran::of(&mut info).says("EPContext");
}

#[test]
fn another_number_of_labels_than_the_header_has_classes_is_said_at_load() {
    let s = one_picture();
    let names = s.file("three.txt", b"a\nb\nc\n");
    for (file, classes) in [("agpl-yolov8n-640-int8", 80), ("picodet-s-416", 80), ("fastestdet-352", 80)] {
        let Some(onnx) = shared(&format!("models/{file}.onnx")) else { return };
        let arguments =
            ["p".as_ref(), "--labels".as_ref(), names.as_os_str(), "--model".as_ref(), onnx.as_os_str()];
        s.detect(arguments)
            .expect(1)
            .says(file)
            .says(&format!("it has {classes} classes"))
            .says("--labels gives 3 names");
        assert!(!s.path("run").exists());
    }
}
