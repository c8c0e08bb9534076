//! What `vision models` says.

use super::*;

fn told(action: Action) -> (u8, String) {
    let mut out = Vec::new();
    let code = run(&Args { action }, &mut out).expect("told");
    (code, String::from_utf8(out).expect("UTF-8"))
}

fn info_of(model: impl Into<PathBuf>, json: bool) -> (u8, String) {
    told(Action::Info { model: model.into(), spec: None, json })
}

#[test]
fn lists_the_built_in_model() {
    let (code, text) = told(Action::List { json: false, catalogue: None });
    let words: Vec<_> = text.lines().next().unwrap_or_default().split_whitespace().take(6).collect();
    assert_eq!(code, 0);
    assert_eq!(
        words,
        ["nanodet-g-416", "detect", "nanodet", "416x416", "Apache-2.0", "NanoDet-g,"],
        "{text}"
    );
    assert!(text.contains("vision models pull centerface") && text.contains("--spec deimv2-femto"), "{text}");
    assert!(text.contains("efficientnet-lite0-224  classify"), "{text}");
    let (_, text) = told(Action::List { json: true, catalogue: None });
    let rows: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!(rows[0]["description"]["licence"], "Apache-2.0");
    assert_eq!(rows[0]["error"], Json::Null);
    let yolox = rows.as_array().and_then(|rows| rows.iter().find(|row| row["name"] == "yolox-nano"));
    let yolox = yolox.expect("in the catalogue");
    assert_eq!((&yolox["from"], &yolox["source"]["from"]), (&json!("catalogue"), &json!("https")));
}

#[test]
fn tells_everything_about_the_built_in_model() {
    let (code, text) = info_of("nanodet-g-416", false);
    assert_eq!(code, 0);
    let wanted = [
        "labels      80: person, bicycle, car,",
        "licence     Apache-2.0",
        "processing  stretch to 416x416 (cv2-linear), bgr, minus mean [103.53, 116.28, 123.675]",
        "digest      sha256:",
        "input       input_1:0 f32 [1,3,416,416]",
        "opset       ai.onnx ",
        "verdict     usable",
    ];
    for part in wanted {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert_eq!(text.matches("\noutput ").count(), 6);
    let (_, text) = info_of("nanodet-g-416", true);
    let answer: Json = serde_json::from_str(&text).expect("JSON");
    assert_eq!(answer["usable"], true);
    assert_eq!(answer["labels"].as_array().map(Vec::len), Some(80));
    assert_eq!(answer["header"]["inputs"][0]["shape"], json!([1, 3, 416, 416]));
}

#[test]
fn a_model_that_nobody_knows_gets_an_example_and_code_1() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.onnx");
    // A pair of outputs is no detector's that is known.
    std::fs::write(&path, include_bytes!("../../tests/models/means.onnx")).expect("written");
    let (code, text) = info_of(&path, false);
    assert_eq!(code, 1);
    assert!(
        text.contains("not usable yet: no mine.toml beside it") && text.contains("write it to mine.toml"),
        "{text}"
    );
    let (_, example) = text.split_once("correct it:\n\n").expect("an example");
    std::fs::write(path.with_extension("toml"), example).expect("written");
    let (code, text) = info_of(&path, false);
    assert!(code == 1 && text.contains("[decode] needs strides"), "what is missing still: {text}");
    let whole = example.to_owned() + "[decode]\nstrides = [16]\nbins = 2\ncentre-offset = 0.5\n";
    std::fs::write(path.with_extension("toml"), whole).expect("written");
    let (code, text) = info_of(&path, true);
    assert_eq!((code, text.contains("\"usable\": true")), (0, true), "{text}");
}

#[test]
fn a_model_without_description_is_understood_with_its_doubts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.onnx");
    std::fs::write(&path, &*models::open("nanodet-g-416", &Hints::default()).expect("bundled").bytes)
        .expect("written");
    let (code, text) = info_of(&path, false);
    assert_eq!(code, 0, "{text}");
    for part in [
        "family nanodet by the shapes",
        "but ",
        "80 classes without names are taken for coco-80",
        "verdict     usable",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("An example"), "there is nothing to complete");
}

#[test]
fn a_description_that_does_not_fit_is_the_verdict() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.onnx");
    std::fs::write(&path, &*models::open("nanodet-g-416", &Hints::default()).expect("bundled").bytes)
        .expect("written");
    let description = "name = \"m\"\ntask = \"detect\"\nfamily = \"nanodet\"\n[input]\nsize = [320, 320]\n";
    std::fs::write(path.with_extension("toml"), description).expect("written");
    let (code, text) = info_of(&path, false);
    assert_eq!(code, 1);
    assert!(text.contains("not usable: ") && text.contains("write size = [416, 416]"), "{text}");
    assert!(!text.contains("An example"), "there is a description to correct");
}

#[test]
fn open_axes_are_stated() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mine.onnx");
    std::fs::write(&path, &*models::open("nanodet-g-416", &Hints::default()).expect("bundled").bytes)
        .expect("written");
    let mut model = models::open(&path, &Hints::default()).expect("readable");
    assert_eq!(open_axes(&model), None);
    model.header.inputs[0].shape =
        Some(vec![Dim::Named("n".to_owned()), Dim::Fixed(3), Dim::Unknown, Dim::Unknown]);
    let text = open_axes(&model).expect("open");
    assert!(text.starts_with("n, ?, ?: "), "{text}");
}

#[test]
fn an_unknown_name_is_an_error_that_lists_the_known() {
    let action = Action::Info { model: "no-such".into(), spec: None, json: false };
    let error = run(&Args { action }, &mut Vec::new()).expect_err("told");
    assert!(error.message.contains("nanodet-g-416"), "{}", error.message);
}
