//! What is read: names, lists, duplicates, orientation, pages, selections.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;
use std::process::Stdio;

use image::ImageFormat::Png;
use serde_json::{Value, json};

use crate::common;
use crate::common::{Ran, Scratch, photo, picture, vision, with_exif_orientation};

#[test]
fn duplicates_are_two_inputs_with_one_digest() {
    let s = Scratch::new();
    s.file("p/one.png", &picture(7, Png));
    s.file("p/two.png", &picture(7, Png));
    s.detect(["p", "--workers", "1"]).expect(0);
    let inputs = s.inputs();
    assert_eq!(inputs.len(), 2);
    assert_eq!(inputs[0].1["input"]["digest"], inputs[1].1["input"]["digest"]);
    assert_ne!(inputs[0].1["input"]["id"], inputs[1].1["input"]["id"]);
    // Seen once, used twice.
    assert_eq!(s.run_json()["items"], json!({"total": 2, "observed_now": 1}));
}

#[test]
fn a_truncated_jpeg_is_recorded_and_the_run_goes_on() {
    let s = Scratch::new();
    let whole = photo();
    s.file("p/cut.jpg", &whole[..whole.len() / 2]);
    s.file("p/whole.jpg", &whole);
    s.detect(["p"]).expect(2).says("p/cut.jpg");
    let inputs: BTreeMap<String, Value> = s.inputs().into_iter().collect();
    assert_eq!(inputs["cut.jpg"]["status"], "failed");
    assert_eq!(inputs["cut.jpg"]["error"]["kind"], "truncated");
    assert_eq!(inputs["cut.jpg"]["error"]["fault_of"], "input");
    assert_eq!(inputs["whole.jpg"]["status"], "done");
    // The failure is known: a second run neither loads the runtime nor tries again.
    let broken_runtime = s.file("no-library.so", b"x");
    let mut again = vision();
    again
        .current_dir(s.path(""))
        .env("ORT_DYLIB_PATH", &broken_runtime)
        .args(["detect", "--out", "run", "p"]);
    Ran::of(&mut again).expect(2);
    // Other limits are another matter.
    s.detect(["p", "--lenient"]).expect(0);
    let cut = s.results().into_iter().find(|r| r["item"]["path"] == "cut.jpg").expect("a record");
    assert_eq!(cut["warnings"][0]["code"], "truncated");
}

#[test]
fn exif_orientation_is_applied_once() {
    let s = Scratch::new();
    let upright = image::load_from_memory(&photo()).expect("the photo").to_rgb8();
    for orientation in 1..=8u8 {
        let stored = image::metadata::Orientation::from_exif(orientation).expect("1 to 8");
        // What a camera held that way would have stored: the inverse of the correction.
        let inverse = match orientation {
            6 => image::metadata::Orientation::from_exif(8).expect("8"),
            8 => image::metadata::Orientation::from_exif(6).expect("6"),
            _ => stored,
        };
        let mut turned = image::DynamicImage::ImageRgb8(upright.clone());
        turned.apply_orientation(inverse);
        s.file(format!("p/{orientation}.jpg"), &with_exif_orientation(&turned.to_rgb8(), orientation));
    }
    s.detect(["p"]).expect(0);
    let results = s.results();
    let items: Vec<&Value> = results.iter().filter(|r| r["schema"] == "vision.item/1").collect();
    assert_eq!(items.len(), 8);
    let best = |r: &Value| -> Vec<f64> {
        let b = r["prediction"]["instances"][0]["box"].as_array().expect("a box").clone();
        b.iter().map(|v| v.as_f64().expect("a number")).collect()
    };
    let first = best(items[0]);
    for (n, item) in items.iter().enumerate() {
        assert_eq!(item["orientation"], n + 1);
        assert_eq!(item["size"], json!([upright.width(), upright.height()]));
        assert_eq!(item["prediction"]["instances"][0]["label"], "person", "orientation {}", n + 1);
        // Re-encoding turned pixels changes them a little; the boxes stay within a few pixels.
        for (a, b) in best(item).iter().zip(&first) {
            assert!(
                (a - b).abs() < 0.04 * f64::from(upright.width()),
                "orientation {}: {:?}",
                n + 1,
                best(item)
            );
        }
        let drawn = image::open(s.path(format!("run/images/{}.jpg", n + 1))).expect("a picture");
        assert_eq!((drawn.width(), drawn.height()), upright.dimensions());
    }
}

#[test]
fn names_come_from_stdin() {
    let s = Scratch::new();
    s.file("in/a.png", &picture(1, Png));
    s.file("in/b b.png", &picture(2, Png));
    for (separator, names) in [("\n", "in/a.png\nin/b b.png\n"), ("NUL", "in/a.png\0in/b b.png\0")] {
        let mut command = vision();
        command.current_dir(s.path("")).args(["detect", "--out", "run", "--force", "-"]);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(names.as_bytes()).unwrap();
        Ran::from(child.wait_with_output().unwrap()).expect(0);
        let paths: Vec<String> = s.inputs().into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a.png", "b b.png"], "separated by {separator}");
    }
}

#[test]
fn a_name_that_is_not_utf8_is_processed() {
    let s = Scratch::new();
    let name = std::ffi::OsStr::from_bytes(b"caf\xe9.png");
    s.file(Path::new("p").join(name), &picture(3, Png));
    s.detect(["p"]).expect(0);
    let (path, record) = s.inputs().remove(0);
    assert_eq!(path, "caf\u{fffd}.png");
    // "café.png" in Latin-1, byte for byte.
    assert_eq!(record["input"]["path_bytes"], "636166e92e706e67");
    assert!(s.path("run/images").join(name).is_file());
}

#[test]
fn a_folder_without_pictures_is_said_and_leaves_nothing() {
    let s = Scratch::new();
    s.file("p/notes.txt", b"hello");
    s.detect(["p"]).expect(1).says("no pictures found").says("1 other file");
    assert!(!s.path("run").exists());
}

#[test]
fn other_files_are_skipped_when_found_and_an_error_when_named() {
    let s = Scratch::new();
    s.file("p/a.png", &picture(1, Png));
    s.file("p/notes.txt", b"hello");
    s.file("p/.hidden.png", &picture(2, Png));
    s.detect(["p"]).expect(0).says("1 txt");
    assert_eq!(s.inputs().len(), 1);
    assert_eq!(s.run_json()["inputs"]["skipped"], json!({"txt": 1}));
    s.detect(["p/a.png", "p/notes.txt", "--force"]).expect(2).says("notes.txt");
    let inputs: BTreeMap<String, Value> = s.inputs().into_iter().collect();
    assert_eq!(inputs["notes.txt"]["error"]["kind"], "not-media");
    s.detect(["p", "--hidden", "--force"]).expect(0);
    assert_eq!(s.inputs().len(), 2);
}

#[test]
fn results_inside_the_input_folder_are_never_inputs() {
    let s = Scratch::new();
    s.file("a.png", &picture(1, Png));
    for _ in 0..2 {
        s.detect(["."]).expect(0);
        assert_eq!(s.inputs().len(), 1);
    }
    let mut elsewhere = vision();
    elsewhere.current_dir(s.path("")).args(["detect", ".", "--out", "second"]);
    Ran::of(&mut elsewhere).expect(0);
    assert_eq!(common::records(&s.path("second/results.jsonl")).len(), 2);
    let mut itself = vision();
    itself.current_dir(s.path("")).args(["detect", ".", "--out", "."]);
    Ran::of(&mut itself).expect(1).says("is an input folder");
}

#[test]
fn globs_limits_and_shards_select() {
    let s = Scratch::new();
    for n in 0..6 {
        s.file(format!("p/{n}.png"), &picture(n, Png));
    }
    let names = |arguments: &[&str]| -> Vec<String> {
        s.detect(arguments.iter().chain(&["--force", "--no-images"])).expect(0);
        s.inputs().into_iter().map(|(path, _)| path).collect()
    };
    assert_eq!(names(&["p/[0-2].png"]), ["0.png", "1.png", "2.png"]);
    assert_eq!(names(&["p", "--limit", "2"]), ["0.png", "1.png"]);
    assert_eq!(names(&["p", "--include", "[45].png", "--exclude", "5*"]), ["4.png"]);
    let mut all = names(&["p", "--shard", "1/2"]);
    all.extend(names(&["p", "--shard", "2/2"]));
    all.sort();
    assert_eq!(all, ["0.png", "1.png", "2.png", "3.png", "4.png", "5.png"]);
}

#[test]
fn pages_and_frames_are_items() {
    let s = Scratch::new();
    let mut tiff = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut tiff).unwrap();
    for page in 0..3u8 {
        encoder.write_image::<tiff::encoder::colortype::RGB8>(8, 8, &[page * 50; 8 * 8 * 3]).unwrap();
    }
    s.file("p/scan.tif", &tiff.into_inner());
    s.detect(["p"]).expect(0);
    let results = s.results();
    let pages: Vec<&Value> =
        results.iter().filter(|r| r["schema"] == "vision.item/1").map(|r| &r["item"]["part"]).collect();
    assert_eq!(
        pages,
        [&json!({"kind":"page","n":1}), &json!({"kind":"page","n":2}), &json!({"kind":"page","n":3})]
    );
    assert_eq!(results[3]["items"], 3);
    for page in 1..=3 {
        assert!(s.path(format!("run/images/scan.tif.p000{page}.png")).is_file());
    }
}
