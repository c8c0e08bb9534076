//! Tiles, mirror and several models through the binary, on a large picture of labelled photos.

mod common;

use std::path::Path;

use common::{Ran, Scratch, sample, shared, vision};
use image::RgbImage;
use serde_json::Value;

/// Columns and rows of the large picture.
const GRID: u32 = 8;
/// Width and height of a photo's place; COCO's photos are at most 640 pixels long.
const PLACE: u32 = 640;

/// A labelled thing in pixels of the large picture.
struct Thing {
    class: u64,
    rect: [f64; 4],
}

/// 64 photos of COCO val2017 side by side, 5120 pixels wide and high, and all that is labelled in them.
fn large_picture(coco: &Path, to: &Path) -> Vec<Thing> {
    let text = std::fs::read(coco.join("instances.json")).expect("read");
    let truth: Value = serde_json::from_slice(&text).expect("JSON");
    let list = |key: &str| truth[key].as_array().expect(key).clone();
    let mut all = RgbImage::new(GRID * PLACE, GRID * PLACE);
    let (mut things, images) = (Vec::new(), list("images"));
    let categories: Vec<u64> = list("categories").iter().map(|c| c["id"].as_u64().expect("an id")).collect();
    for (number, image) in images.iter().enumerate() {
        let at = [number as u32 % GRID * PLACE, number as u32 / GRID * PLACE];
        let file = coco.join("images").join(image["file_name"].as_str().expect("a name"));
        let photo = image::open(file).expect("opens").to_rgb8();
        image::imageops::replace(&mut all, &photo, i64::from(at[0]), i64::from(at[1]));
        for labelled in list("annotations").iter().filter(|a| a["image_id"] == image["id"]) {
            let [x, y, w, h]: [f64; 4] = serde_json::from_value(labelled["bbox"].clone()).expect("a box");
            let [left, top] = at.map(f64::from);
            let id = labelled["category_id"].as_u64().expect("an id");
            let class = categories.iter().position(|c| *c == id).expect("a category") as u64;
            things.push(Thing { class, rect: [x + left, y + top, x + w + left, y + h + top] });
        }
    }
    all.save(to).expect("written");
    things
}

fn iou(a: &[f64; 4], b: &[f64; 4]) -> f64 {
    let common = (a[2].min(b[2]) - a[0].max(b[0])).max(0.0) * (a[3].min(b[3]) - a[1].max(b[1])).max(0.0);
    let area = |r: &[f64; 4]| (r[2] - r[0]) * (r[3] - r[1]);
    common / (area(a) + area(b) - common)
}

fn boxes(s: &Scratch) -> Vec<(u64, [f64; 4], f64)> {
    let items = s.results().into_iter().filter(|r| r["schema"] == "vision.item/1");
    let instances = items.flat_map(|r| r["prediction"]["instances"].as_array().expect("instances").clone());
    let read = |i: Value| {
        let rect = serde_json::from_value(i["box"].clone()).expect("a box");
        (i["class"].as_u64().expect("a class"), rect, i["score"].as_f64().expect("a score"))
    };
    instances.map(read).collect()
}

/// The share of `things` that a box of their class overlaps by half, each box used once; and how many boxes
/// there are.
fn recall(things: &[Thing], found: &[(u64, [f64; 4], f64)]) -> (f64, usize) {
    let mut free: Vec<_> = found.iter().collect();
    let mut hits = 0;
    for thing in things {
        let fits = |f: &&(u64, [f64; 4], f64)| f.0 == thing.class && iou(&f.1, &thing.rect) >= 0.5;
        if let Some(at) = free.iter().position(fits) {
            free.remove(at);
            hits += 1;
        }
    }
    (hits as f64 / things.len() as f64, found.len())
}

#[test]
fn tiles_find_small_things_in_a_large_picture() {
    let Some(coco) = shared("photos/coco64") else { return };
    let s = Scratch::new();
    let large = s.path("large.png");
    let things = large_picture(&coco, &large);
    let large = large.to_string_lossy().into_owned();
    let run = |more: &[&str]| {
        let all = ["--conf", "0.3", "--max-det", "2000", "--no-images", "--force", &large];
        s.detect(all.iter().chain(more)).expect(0);
        recall(&things, &boxes(&s))
    };
    let (plain, tiled, near) = (run(&[]), run(&["--tile", "640"]), run(&["--tile", "auto"]));
    println!("recall of {} things: whole {plain:?}, tiles of 640 {tiled:?}, of 416 {near:?}", things.len());
    assert!(plain.0 < 0.1, "{plain:?}");
    assert!(tiled.0 > 0.35 && tiled.0 > 5.0 * plain.0, "{tiled:?}");
    // Pieces of things and doubles would be many more.
    assert!(tiled.1 < 2 * things.len(), "{tiled:?}");
}

#[test]
fn the_mirror_and_a_second_model_agree_about_what_is_there() {
    let s = Scratch::new();
    let cows = sample("cows.jpg").to_string_lossy().into_owned();
    s.detect(["--no-images", &cows]).expect(0);
    let alone = boxes(&s);
    s.detect(["--no-images", "--force", "--flip", &cows]).expect(0);
    assert_eq!(s.run_json()["model"]["looks"], "mirrored, iou 0.6");
    assert!(boxes(&s).iter().filter(|b| b.0 == alone[0].0).count() >= 2, "three cows stand there");
    // The same model twice sees what it sees once.
    s.detect(["--no-images", "--force", "--ensemble", "nanodet-g-416", &cows]).expect(0);
    let twice = boxes(&s);
    assert!(!alone.is_empty() && twice.len() == alone.len(), "{alone:?} {twice:?}");
    for (own, other) in alone.iter().zip(&twice) {
        assert!(own.0 == other.0 && iou(&own.1, &other.1) > 0.99 && (own.2 - other.2).abs() < 1e-3);
    }
}

#[test]
fn a_model_without_names_takes_those_of_the_first() {
    let Some(onnx) = shared("models/agpl-yolov5n-fp16.onnx") else { return };
    let s = Scratch::new();
    let (cows, onnx) = (sample("cows.jpg"), onnx.to_string_lossy().into_owned());
    let cows = cows.to_string_lossy().into_owned();
    s.detect(["--no-images", "--ensemble", &onnx, &cows]).expect(0).says("3 cow");
    let names = s.file(
        "n.toml",
        include_str!("../models/nanodet-g-416.toml").replace("\"coco-80\"", "[\"x\", \"y\"]").as_bytes(),
    );
    std::fs::copy(concat!(env!("CARGO_MANIFEST_DIR"), "/models/nanodet-g-416.onnx"), s.path("n.onnx"))
        .expect("copied");
    let other = names.with_extension("onnx").to_string_lossy().into_owned();
    s.detect(["--no-images", "--force", "--ensemble", &other, &cows])
        .expect(1)
        .says("its class 0 is \"x\", that of");
}

#[test]
fn looks_are_part_of_the_job_and_wrong_ones_are_refused() {
    let s = Scratch::new();
    let cows = sample("cows.jpg").to_string_lossy().into_owned();
    s.detect(["--no-images", &cows]).expect(0);
    s.detect(["--no-images", "--tile", "300", &cows]).expect(1).says("looks was one at the whole picture");
    s.detect(["--no-images", "--tile", "300", "--resume", &cows]).expect(0);
    for (arguments, says) in [
        (&["--tile", "7"][..], "expected auto or a side"),
        (&["--tile", "64", "--overlap", "0.95"], "expected a share"),
        (&["--ensemble", "efficientnet-lite0-224"], "vision classify"),
        (&["--ensemble", "no-such-model"], "no model named"),
    ] {
        let mut command = vision();
        command.current_dir(s.path("")).args(["detect", "--out", "other", cows.as_str()]).args(arguments);
        Ran::of(&mut command).expect(1).says(says);
    }
    assert!(!s.path("other").exists());
}
