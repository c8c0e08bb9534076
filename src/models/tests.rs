//! The bundled model, models of the user's own, and descriptions that do not fit.

use std::fs;

use super::*;

const NANODET: &str = include_str!("../../models/nanodet-g-416.toml");

/// A folder with the bundled weights as `m.onnx` and `description` as `m.toml`.
fn folder(description: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("m.onnx"), bundled::ALL[0].weights).expect("written");
    fs::write(folder.path().join("m.toml"), description).expect("written");
    folder
}

fn failure(name: &Path, folder: Option<&Path>) -> Error {
    let error = open_in(name, &Hints::default(), folder).and_then(Opened::into_model).expect_err("accepted");
    assert_eq!(error.exit_code(), 1);
    assert!(!error.message.contains('\n'), "one line: {}", error.message);
    error
}

#[test]
fn the_bundled_model_resolves_by_its_name() {
    let model = resolve("nanodet-g-416").expect("bundled");
    assert_eq!((model.origin.clone(), model.labels.len()), (Origin::Bundled, 80));
    assert_eq!((model.spec.input.size, model.spec.conf), ([416, 416], Some(0.4)));
    assert_eq!(model.header.inputs[0].to_string(), "input_1:0 f32 [1,3,416,416]");
    // `sha256sum models/nanodet-g-416.onnx`
    assert_eq!(model.digest, "sha256:d13dbd9d3f8e2330c63da3c7d02f4b26ed60e267b5f271282fe4b86b2237ade4");
    assert!(model.spec_digest.starts_with("sha256:") && model.spec_digest.len() == 71);
}

#[test]
fn either_file_and_the_name_in_the_users_folder_give_the_same_model() {
    let folder = folder(NANODET);
    let bundled = resolve("nanodet-g-416").expect("bundled");
    for name in [folder.path().join("m.onnx"), folder.path().join("m.toml"), "m".into()] {
        let model = open_in(&name, &Hints::default(), Some(folder.path()))
            .and_then(Opened::into_model)
            .expect("resolves");
        assert_eq!(model.origin, Origin::File(folder.path().join("m.onnx")));
        assert_eq!((&model.digest, &model.spec_digest), (&bundled.digest, &bundled.spec_digest));
    }
    let listed: Vec<_> = list_in(Some(folder.path())).into_iter().map(|l| (l.name, l.spec.is_ok())).collect();
    let expected =
        ["nanodet-g-416", "efficientnet-lite0-224", "digits-28", "m"].map(|name| (name.to_owned(), true));
    assert_eq!(listed, expected);
}

#[test]
fn comments_do_not_change_the_description_and_values_do() {
    let digest = |text: &str| {
        let folder = folder(text);
        resolve(folder.path().join("m.onnx")).expect("resolves").spec_digest
    };
    assert_eq!(digest(NANODET), digest(&format!("# a comment\n{NANODET}")));
    assert_ne!(digest(NANODET), digest(&NANODET.replace("103.53", "103.54")));
}

#[test]
fn unknown_names_and_missing_files_say_what_there_is() {
    let folder = folder(NANODET);
    let error = failure(Path::new("nanodet"), Some(folder.path()));
    assert_eq!(error.kind, Kind::ModelNotFound);
    assert!(
        error.message.contains("known are: nanodet-g-416, efficientnet-lite0-224, digits-28, m."),
        "{}",
        error.message
    );
    // A name never leads out of the folder of models.
    failure(Path::new("../m"), Some(&folder.path().join("sub")));
    let error = failure(&folder.path().join("none.onnx"), None);
    assert_eq!(error.kind, Kind::ModelNotFound);
    fs::remove_file(folder.path().join("m.onnx")).expect("removed");
    let error = failure(&folder.path().join("m.toml"), None);
    assert!(error.message.contains("m.onnx, which is not there"), "{}", error.message);
    let error = failure(folder.path(), None);
    assert!(error.message.contains("expected an .onnx file"), "{}", error.message);
}

#[test]
fn a_model_that_nobody_describes_shows_what_it_has_and_what_to_write() {
    // It takes f64, which no family does.
    let folder = folder(NANODET);
    let path = folder.path().join("m.onnx");
    fs::write(&path, include_bytes!("../../tests/models/element.onnx")).expect("written");
    fs::remove_file(folder.path().join("m.toml")).expect("removed");
    let error = failure(&path, None);
    for part in ["is like no family", "inputs ", "outputs ", "vision models info", "m.toml"] {
        assert!(error.message.contains(part), "{part}: {}", error.message);
    }
}

#[test]
fn the_example_of_a_description_fits_its_model() {
    let folder = folder(NANODET);
    let opened = open(folder.path().join("m.onnx"), &Hints::default()).expect("readable");
    let example = template("m", &opened.header);
    let spec: Spec = toml::from_str(&example).expect("the example is a description");
    assert_eq!((spec.input.size, spec.input.name.as_deref()), ([416, 416], Some("input_1:0")));
    fs::write(folder.path().join("m.toml"), example).expect("written");
    resolve(folder.path().join("m.onnx")).expect("the example fits the header");
}

#[test]
fn a_description_can_be_given_by_name() {
    let folder = folder("broken");
    let path = folder.path().join("m.onnx");
    let labels = folder.path().join("names.txt");
    fs::write(&labels, "\u{feff}one\n\n two \n").expect("written");
    let hints =
        Hints { spec: Some("nanodet-g-416".to_owned()), labels: Some(labels.to_string_lossy().into_owned()) };
    let model = resolve_as(&path, &hints).expect("the bundled model's description fits");
    assert_eq!(model.labels.names(), ["one", "two"]);
    for (spec, labels, says) in [
        (Some("nonsense"), None, "expected a .toml file"),
        (Some("none.toml"), None, "none.toml"),
        (Some("nanodet-g-416"), Some("coco-81"), "built-in list: coco-80"),
    ] {
        let hints = Hints { spec: spec.map(str::to_owned), labels: labels.map(str::to_owned) };
        let error = resolve_as(&path, &hints).expect_err(says);
        assert!(error.message.contains(says), "{}", error.message);
    }
}

#[test]
fn descriptions_that_do_not_fit_say_what_to_write() {
    // (what stands in the description, what stands there instead, what the message says)
    let cases = [
        ("\"input_1:0\"", "\"images\"", "it has \"input_1:0\""),
        ("[416, 416]", "[640, 416]", "write size = [416, 416]"),
        ("[416, 416]", "[0, 416]", "1 to 8192"),
        ("[416, 416]", "[416, 9000]", "1 to 8192"),
        ("[416, 416]", "[416, 416]\nmultiple-of = 32\ndynamic-size = true", "dynamic-size"),
        ("[416, 416]", "[416, 416]\nmultiple-of = 30", "multiple"),
        ("[416, 416]", "[416, 416]\nmultiple-of = 0", "multiple"),
        ("[416, 416]", "[416, 416]\nelement = \"f16\"", "element = \"f32\""),
        ("\"nchw\"", "\"nhwc\"", "layout"),
        ("57.375", "0.0", "other than 0"),
        ("57.375", "nan", "other than 0"),
        ("103.53", "inf", "expected numbers"),
        ("conf = 0.4", "conf = 40", "0 to 1"),
        ("iou = 0.6", "iou = nan", "0 to 1"),
    ];
    for (from, to, says) in cases {
        let changed = NANODET.replacen(from, to, 1);
        assert_ne!(changed, NANODET, "{from}");
        let folder = folder(&changed);
        let error = failure(&folder.path().join("m.onnx"), None);
        assert_eq!(error.kind, Kind::ModelMismatch, "{to}: {}", error.message);
        assert!(error.message.contains(says) && error.message.contains("m.onnx"), "{to}: {}", error.message);
    }
}

#[test]
fn descriptions_that_cannot_be_read_name_the_line() {
    let cases = [
        ("conf = 0.4", "confidence = 0.4", "confidence"),
        ("\"bgr\"", "\"grb\"", "bgr"),
        ("= 0.6", "= ", "m.toml line 10"),
    ];
    for (from, to, says) in cases {
        let folder = folder(&NANODET.replacen(from, to, 1));
        let error = failure(&folder.path().join("m.onnx"), None);
        assert_eq!(error.kind, Kind::ModelInvalid);
        assert!(error.message.contains(says) && error.message.contains(" line "), "{}", error.message);
    }
}

#[test]
fn what_is_not_a_model_is_said_with_its_name() {
    let folder = folder(NANODET);
    let path = folder.path().join("m.onnx");
    for (bytes, says) in [
        (&b"hello\n"[..], "a text file"),
        (b"", "an empty file"),
        (&bundled::ALL[0].weights[..5000], "cut off"),
    ] {
        fs::write(&path, bytes).expect("written");
        let error = failure(&path, None);
        assert_eq!(error.kind, Kind::ModelInvalid);
        assert!(error.message.contains(says) && error.message.contains("m.onnx"), "{}", error.message);
    }
    fs::remove_file(&path).expect("removed");
    fs::create_dir(&path).expect("made");
    assert!(failure(&path, None).message.contains("not a regular file"));
}

#[test]
fn a_model_larger_than_the_limit_is_not_read() {
    let folder = folder(NANODET);
    let path = folder.path().join("m.onnx");
    // A sparse file: large to look at, nothing on the disk.
    fs::File::create(&path).and_then(|file| file.set_len((2 << 30) + 1)).expect("made");
    assert!(failure(&path, None).message.contains("2048 MiB"));
}

#[test]
fn open_sizes_are_left_to_the_description() {
    use crate::onnx::{Dim, Value};
    let mut model = resolve("nanodet-g-416").expect("bundled");
    let open = |name: &str| Dim::Named(name.to_owned());
    model.header.inputs = vec![Value {
        name: "input_1:0".to_owned(),
        element: model.header.inputs[0].element,
        shape: Some(vec![open("n"), Dim::Fixed(3), open("h"), Dim::Fixed(-1)]),
    }];
    model.spec.input.dynamic_size = true;
    check::fits(&model.spec, &model.header).expect("any size");
    // A second input that may be a picture needs the name of the one that is.
    let shape = model.header.inputs[0].shape.clone();
    model.header.inputs.push(Value { name: "sizes".to_owned(), element: None, shape });
    check::fits(&model.spec, &model.header).expect("named");
    model.spec.input.name = None;
    let message = check::fits(&model.spec, &model.header).expect_err("two inputs").message;
    assert!(message.contains("\"input_1:0\", \"sizes\""), "{message}");
    // A fixed batch of several and a wrong rank.
    model.header.inputs.truncate(1);
    for (shape, says) in
        [(vec![10, 3, 32, 32], "exactly 10"), (vec![32, 32], "2 axes"), (vec![1, 4, 416, 416], "4 channels")]
    {
        model.header.inputs[0].shape = Some(shape.into_iter().map(Dim::Fixed).collect());
        let message = check::fits(&model.spec, &model.header).expect_err("fixed").message;
        assert!(message.contains(says), "{message}");
    }
}
