//! Every record that the binary writes is valid by the published schemas.

mod common;

use common::{Ran, Scratch, photo, picture, vision};
use serde_json::Value;

fn schema(name: &str) -> jsonschema::Validator {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema").join(name);
    let schema: Value = serde_json::from_slice(&std::fs::read(path).expect("the schema")).expect("JSON");
    jsonschema::validator_for(&schema).expect("a valid schema")
}

#[track_caller]
fn valid(schema: &jsonschema::Validator, value: &Value) {
    let errors: Vec<String> =
        schema.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:#?}\n{value:#}");
}

/// Photo, pages, frames, duplicates, a broken file, a file that is missing, a name that is not UTF-8.
fn everything(s: &Scratch) {
    use std::os::unix::ffi::OsStrExt;
    s.file("p/someone.jpg", &photo());
    s.file("p/cut.jpg", &photo()[..4000]);
    s.file("p/empty.png", b"");
    s.file(
        std::path::Path::new("p").join(std::ffi::OsStr::from_bytes(b"\xff.png")),
        &picture(1, image::ImageFormat::Png),
    );
    let mut tiff = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut tiff).expect("an encoder");
    for page in 0..2u8 {
        encoder.write_image::<tiff::encoder::colortype::RGB8>(8, 8, &[page * 50; 8 * 8 * 3]).expect("a page");
    }
    s.file("p/scan.tif", &tiff.into_inner());
    let mut gif = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new(&mut gif);
    for shade in [0u8, 90] {
        let pixels = image::RgbaImage::from_pixel(16, 16, image::Rgba([shade, 0, 0, 255]));
        encoder.encode_frame(image::Frame::new(pixels)).expect("a frame");
    }
    drop(encoder);
    s.file("p/moving.gif", &gif);
}

#[test]
fn records_and_run_are_valid() {
    let s = Scratch::new();
    everything(&s);
    s.detect(["p", "p/missing.jpg", "--lenient", "--format", "json,csv,coco,yolo"]).expect(2);
    let record = schema("record.schema.json");
    let results = s.results();
    results.iter().for_each(|r| valid(&record, r));
    let kinds: std::collections::BTreeSet<String> =
        results.iter().filter_map(|r| r["item"]["part"]["kind"].as_str().map(str::to_owned)).collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["frame", "page"]);
    assert!(results.iter().any(|r| r["status"] == "failed") && results.iter().any(|r| r["status"] == "done"));
    valid(&schema("run.schema.json"), &s.run_json());

    // The whole-file format holds the same records.
    let whole: Value =
        serde_json::from_slice(&std::fs::read(s.path("run/results.json")).expect("results.json"))
            .expect("JSON");
    let count = |key: &str| whole[key].as_array().expect("a list").len();
    assert_eq!(count("records") + count("inputs"), results.len());
    whole["records"].as_array().expect("a list").iter().for_each(|r| valid(&record, r));
}

#[test]
fn classes_of_whole_pictures_are_valid() {
    let s = Scratch::new();
    everything(&s);
    let arguments = ["classify", "--out", "run", "p", "--format", "json,csv"];
    Ran::of(vision().current_dir(s.path("")).args(arguments)).expect(2);
    let record = schema("record.schema.json");
    s.results().iter().for_each(|r| valid(&record, r));
    assert!(s.results().iter().any(|r| r["prediction"]["task"] == "classify"));
    valid(&schema("run.schema.json"), &s.run_json());
}

#[test]
fn lines_of_text_are_valid() {
    let Some(data) = common::ocr_data() else { return };
    let s = Scratch::new();
    everything(&s);
    let page =
        std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ocr/pictures/letter-de-small.png");
    let mut command = vision();
    command.current_dir(s.path("")).env("XDG_DATA_HOME", data).arg("ocr").arg(page);
    Ran::of(command.args(["p", "--out", "run", "--format", "json,csv,text"])).expect(2);
    let record = schema("record.schema.json");
    s.results().iter().for_each(|r| valid(&record, r));
    let lines = |r: &Value| r["prediction"]["lines"].as_array().map_or(0, Vec::len);
    assert_eq!(s.results().iter().map(lines).max(), Some(9));
    valid(&schema("run.schema.json"), &s.run_json());
}

#[test]
fn the_schema_refuses_what_is_wrong() {
    let record = schema("record.schema.json");
    let s = Scratch::new();
    s.file("p/a.png", &picture(1, image::ImageFormat::Png));
    s.detect(["p"]).expect(0);
    let good = s.results().remove(0);
    assert!(record.is_valid(&good));
    for (key, value) in [
        ("size", Value::from("x")),
        ("orientation", 9.into()),
        ("prediction", Value::Null),
        ("extra", 1.into()),
    ] {
        let mut bad = good.clone();
        bad[key] = value;
        assert!(!record.is_valid(&bad), "{key}");
    }
}

#[test]
fn results_hold_nothing_volatile() {
    let s = Scratch::new();
    everything(&s);
    s.detect(["p"]).expect(2);
    let first = std::fs::read(s.path("run/results.jsonl")).expect("results");
    let text = String::from_utf8(first.clone()).expect("UTF-8");
    let place = s.path("").to_string_lossy().into_owned();
    assert!(!text.contains(place.trim_end_matches('/')), "an absolute path stands in results.jsonl");
    // The same folder elsewhere, other workers: the same bytes.
    let other = Scratch::new();
    everything(&other);
    other.detect(["p", "--workers", "3"]).expect(2);
    assert!(first == std::fs::read(other.path("run/results.jsonl")).expect("results"));
}
