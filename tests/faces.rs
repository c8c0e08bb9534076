//! `vision faces` through the binary: points in every format, aligned crops, tiles, the mirror, evaluation.

mod common;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{Ran, Scratch, sample, shared, vision};
use image::{Rgb, RgbImage};
use serde_json::{Value, json};

/// Three constant faces of 64 x 64 pixels, of which the second is the first; see tests/models/make.py.
fn model() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/faces.onnx")
}

fn faces(s: &Scratch, model: &Path, arguments: &[&str]) -> Ran {
    let mut command = vision();
    command.current_dir(s.path("")).args(["faces", "--out", "run", "--model"]).arg(model);
    Ran::of(command.args(arguments))
}

/// A scratch folder with a picture of 64 x 64 whose colours are its coordinates.
fn with_picture() -> Scratch {
    let s = Scratch::new();
    let pixels = RgbImage::from_fn(64, 64, |x, y| Rgb([(x * 4) as u8, (y * 4) as u8, 99]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    pixels.write_to(&mut bytes, image::ImageFormat::Png).expect("encodes");
    s.file("p/group.png", &bytes.into_inner());
    s
}

/// Instances of the items, by path.
fn found(s: &Scratch) -> BTreeMap<String, Vec<Value>> {
    let items = s.results().into_iter().filter(|record| record["schema"] == "vision.item/1");
    let instances = |r: &Value| r["prediction"]["instances"].as_array().expect("instances").clone();
    items.map(|r| (r["item"]["path"].as_str().expect("a path").to_owned(), instances(&r))).collect()
}

fn read(s: &Scratch, path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(s.path(path)).expect("written")).expect("JSON")
}

fn rect(face: &Value) -> [f32; 4] {
    serde_json::from_value(face["box"].clone()).expect("a box")
}

#[test]
fn points_reach_every_format() {
    let s = with_picture();
    let ran = faces(&s, &model(), &["p", "--format", "json,csv,coco,yolo"]).expect(0);
    ran.says("family yunet by the names of its inputs and outputs").says("2 face");
    let found = found(&s)["group.png"].clone();
    let close = |a: &Value, b: f64| (a.as_f64().expect("a number") - b).abs() < 2e-3;
    assert_eq!(found.len(), 2, "the second face is the first: {found:?}");
    assert!(rect(&found[0]).iter().zip([12.0, 8.0, 36.0, 40.0]).all(|(a, b)| (a - b).abs() < 2e-3));
    assert!(close(&found[0]["score"], 0.9) && close(&found[1]["score"], 0.7));
    let points = found[0]["keypoints"].as_array().expect("points");
    let names: Vec<&str> = points.iter().filter_map(|p| p["name"].as_str()).collect();
    assert_eq!(names, ["right_eye", "left_eye", "nose", "right_mouth_corner", "left_mouth_corner"]);
    let expected = [(16.0, 16.0), (32.0, 16.0), (24.0, 24.0), (18.0, 32.0), (30.0, 32.0)];
    assert!(
        points.iter().zip(expected).all(|(p, (x, y))| close(&p["x"], x) && close(&p["y"], y)),
        "{points:?}"
    );
    // Beyond the right edge its eye is still told, and its box is cut.
    assert!(rect(&found[1])[2] == 64.0 && close(&found[1]["keypoints"][1]["x"], 66.0));

    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/record.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).expect("the schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a valid schema");
    s.results().iter().for_each(|record| assert!(schema.is_valid(record), "{record:#}"));

    let coco = read(&s, "run/coco.json");
    assert_eq!(coco["categories"][0]["name"], "face");
    assert_eq!(
        (&coco["categories"][0]["keypoints"], &coco["categories"][0]["skeleton"]),
        (&json!(names), &json!([]))
    );
    let second = &coco["annotations"][1];
    let keypoints = second["keypoints"].as_array().expect("keypoints");
    assert_eq!((keypoints.len(), second["num_keypoints"].as_u64()), (15, Some(5)));
    assert_eq!((&keypoints[2], &keypoints[5]), (&json!(2), &json!(1)), "in the picture, and beyond its edge");
    let label = std::fs::read_to_string(s.path("run/labels/p/group.txt")).expect("labels");
    assert_eq!(label.lines().map(|line| line.split(' ').count()).collect::<Vec<_>>(), [6, 6]);
    let csv = std::fs::read_to_string(s.path("run/results.csv")).expect("rows");
    assert!(csv.lines().nth(1).is_some_and(|row| row.contains(",face,0.9")), "{csv}");

    let drawn = image::open(s.path("run/images/group.png")).expect("drawn").to_rgb8();
    // The picture is blue-grey there, the dot orange.
    let [red, _, blue] = drawn.get_pixel(24, 24).0;
    assert!(red > 110 && blue < 30, "the nose is drawn: {red} {blue}");
}

#[test]
fn crops_are_aligned_artefacts_of_the_run() {
    let s = with_picture();
    faces(&s, &model(), &["p", "--crops", "--no-images"]).expect(0);
    let first = s.path("run/crops/group.png/001-face.png");
    let face = image::open(&first).expect("cut out").to_rgb8();
    assert_eq!(face.dimensions(), (112, 112));
    // The nose is at (24, 24) of the picture and, by the template, near (56, 72) of the crop.
    let [red, green, blue] = face.get_pixel(56, 72).0.map(f32::from);
    assert!(
        (red / 4.0 - 24.0).abs() < 2.0 && (green / 4.0 - 24.0).abs() < 2.0 && blue == 99.0,
        "{red} {green}"
    );
    assert!(s.path("run/crops/group.png/002-face.png").is_file());
    let journal = std::fs::read_to_string(s.path("run/.vision/journal.jsonl")).expect("the journal");
    assert!(journal.contains("crops/group.png/001-face.png"), "{journal}");

    // What was lost is made again, of what is stored.
    std::fs::remove_file(&first).expect("removed");
    faces(&s, &model(), &["p", "--crops", "--no-images"]).expect(0).says("all from stored observations");
    assert_eq!(image::open(&first).expect("made again").to_rgb8(), face);
    faces(&s, &model(), &["p", "--crops", "--no-images", "--conf", "0.8"]).expect(0);
    assert_eq!(found(&s)["group.png"].len(), 1);
}

/// `scripts/parity/face_crops.py`: insightface's definition with scikit-image and OpenCV.
#[test]
fn an_aligned_crop_is_that_of_recognisers_own_code() {
    let Some(yunet) = shared("models/yunet-n-dynamic.onnx") else { return };
    let s = Scratch::new();
    let photo = sample("astronaut.jpg").to_string_lossy().into_owned();
    faces(&s, &yunet, &[&photo, "--crops", "--no-images", "--image-format", "png"]).expect(0);
    let crop = walk(&s.path("run/crops")).into_iter().next().expect("one crop");
    let ours = image::open(crop).expect("cut out").to_rgb8();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/faces/astronaut.png");
    let golden = image::open(golden).expect("the golden crop").to_rgb8();
    let pairs = ours.as_raw().iter().zip(golden.as_raw());
    let mean = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / golden.as_raw().len() as f64;
    println!("mean difference {mean}");
    // OpenCV interpolates in steps of 1/32 pixel.
    assert!(ours.dimensions() == golden.dimensions() && mean < 1.0, "{mean}");
}

fn walk(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] }).collect()
}

#[test]
fn the_mirror_keeps_right_and_left_apart() {
    let s = with_picture();
    faces(&s, &model(), &["p", "--flip", "--no-images", "--conf", "0.3"]).expect(0);
    let found = found(&s)["group.png"].clone();
    assert!(found.len() > 2, "those of the mirror are elsewhere: {found:?}");
    for face in &found {
        let x = |point: usize| face["keypoints"][point]["x"].as_f64().expect("a number");
        assert!(x(0) < x(1) && x(3) < x(4), "{face}");
    }
}

/// The opera, half as large, in the corner of a picture of 3000 x 2000.
#[test]
fn small_faces_in_a_large_picture_are_found_in_tiles() {
    let Some(yunet) = shared("models/yunet-n-dynamic.onnx") else { return };
    let s = Scratch::new();
    let opera = image::open(sample("opera.jpg")).expect("opens");
    let half = opera.resize_exact(512, 342, image::imageops::FilterType::Triangle).to_rgb8();
    let mut large = RgbImage::from_pixel(3000, 2000, Rgb([90, 90, 90]));
    image::imageops::replace(&mut large, &half, 2200, 1500);
    std::fs::create_dir_all(s.path("p")).expect("a folder");
    large.save(s.path("p/large.png")).expect("saved");
    // Scaled down to 640 pixels, faces have four.
    faces(&s, &yunet, &["p", "--no-images", "--imgsz", "640"]).expect(0);
    let whole = found(&s)["large.png"].len();
    faces(&s, &yunet, &["p", "--no-images", "--imgsz", "640", "--tile", "640", "--resume"]).expect(0);
    let tiled = found(&s)["large.png"].clone();
    // What OpenCV finds in the opera as it is, where that is surely a face.
    let case = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/parity/yunet/n/case.json");
    let case: Value = serde_json::from_slice(&std::fs::read(case).expect("the case")).expect("JSON");
    let sure =
        case["detections"].as_array().expect("faces").iter().filter(|f| f["score"].as_f64() > Some(0.85));
    let mut compared = 0;
    for face in sure {
        let [x1, y1, x2, y2] = rect(face).map(|v| v / 2.0);
        let expected = [x1 + 2200.0, y1 + 1500.0, x2 + 2200.0, y2 + 1500.0];
        let overlap = |own: &Value| vision::geometry::Rect::from(rect(own)).iou(&expected.into());
        let best = tiled.iter().max_by(|a, b| overlap(a).total_cmp(&overlap(b)));
        let own = best.filter(|own| overlap(own) > 0.5).unwrap_or_else(|| panic!("{expected:?} {tiled:?}"));
        let nose =
            [&own["keypoints"][2]["x"], &own["keypoints"][2]["y"]].map(|v| v.as_f64().expect("a number"));
        let wanted: [f64; 2] = serde_json::from_value(face["landmarks"][2].clone()).expect("a point");
        let apart = (nose[0] - wanted[0] / 2.0 - 2200.0).hypot(nose[1] - wanted[1] / 2.0 - 1500.0);
        // At half the size it is unsure which way the masks look.
        let plain = face["score"].as_f64() > Some(0.9);
        assert!(!plain || apart < 4.0, "the nose is {apart} pixels away");
        compared += 1;
    }
    assert!(compared >= 6 && whole < compared, "{whole} without tiles, {compared} with");
}

#[test]
fn two_detectors_look_together() {
    let (Some(yunet), Some(ultraface)) =
        (shared("models/yunet-n-dynamic.onnx"), shared("models/ultraface-rfb-320.onnx"))
    else {
        return;
    };
    let s = Scratch::new();
    let photo = sample("admiral.jpg").to_string_lossy().into_owned();
    let other = ultraface.to_string_lossy().into_owned();
    faces(&s, &yunet, &[&photo, "--ensemble", &other, "--no-images"]).expect(0);
    let found = found(&s)["admiral.jpg"].clone();
    assert_eq!((found.len(), found[0]["keypoints"].as_array().map(Vec::len)), (1, Some(5)));
    // Points come from the one that gives them, the box from both.
    let s = Scratch::new();
    faces(&s, &ultraface, &[&photo, "--crops", "--no-images"]).expect(0);
    let alone = self::found(&s)["admiral.jpg"].clone();
    assert!(alone[0]["keypoints"].is_null() && rect(&alone[0]) != rect(&found[0]));
    // Its crop is the box and a quarter on each side.
    let crop = image::open(&walk(&s.path("run/crops"))[0]).expect("cut out");
    let [x1, y1, x2, y2] = rect(&alone[0]);
    let (width, height) = ((x2 - x1) * 1.5, (y2 - y1) * 1.5);
    assert!(
        (crop.width() as f32 - width).abs() <= 2.0 && (crop.height() as f32 - height).abs() <= 2.0,
        "{crop:?}"
    );
}

/// COCO's precision at 101 recalls: one face of two found gives 51 of 101.
#[test]
fn boxes_are_evaluated_against_coco_and_voc() {
    let s = with_picture();
    faces(&s, &model(), &["p", "--no-images", "--conf", "0.8"]).expect(0);
    let annotation = |id: u64, bbox: [f64; 4]| json!({"id": id, "image_id": 1, "category_id": 7, "bbox": bbox, "area": bbox[2] * bbox[3], "iscrowd": 0});
    let truth = json!({
        "images": [{"id": 1, "file_name": "group.png", "width": 64, "height": 64}],
        "categories": [{"id": 7, "name": "face"}],
        "annotations": [annotation(1, [12.0, 8.0, 24.0, 32.0]), annotation(2, [2.0, 45.0, 15.0, 15.0])],
    });
    s.file("faces.json", truth.to_string().as_bytes());
    let eval = |truth: &str| {
        let ran = Ran::of(vision().current_dir(s.path("")).args(["eval", truth, "run", "--json"])).expect(0);
        serde_json::from_str::<Value>(&ran.out).expect("JSON")
    };
    let report = eval("faces.json").to_string();
    assert!(report.contains("0.50495"), "{report}");
    let object = |[x1, y1, x2, y2]: [u32; 4]| {
        format!(
            "<object><name>face</name><bndbox><xmin>{x1}</xmin><ymin>{y1}</ymin><xmax>{x2}</xmax><ymax>{y2}</ymax></bndbox></object>"
        )
    };
    let voc = format!(
        "<annotation><filename>group.png</filename><size><width>64</width><height>64</height><depth>3</depth></size>{}{}</annotation>",
        object([13, 9, 36, 40]),
        object([3, 46, 17, 60])
    );
    s.file("voc/group.xml", voc.as_bytes());
    let report = eval("voc").to_string();
    assert!(report.contains("face") && report.contains("0.5"), "{report}");
}

#[test]
fn what_does_not_fit_is_said() {
    let s = with_picture();
    let none = |command: &str, arguments: &[&str]| {
        let mut run = vision();
        run.current_dir(s.path("")).env("XDG_DATA_HOME", s.path("data")).args([command, "p"]).args(arguments);
        Ran::of(&mut run)
    };
    none("faces", &[]).expect(1).says("vision models pull centerface");
    none("faces", &["--model", "nanodet-g-416"]).expect(1).says("vision detect");
    let model = model().to_string_lossy().into_owned();
    none("detect", &["--model", &model]).expect(1).says("vision faces");
    none("faces", &["--model", &model, "--conf", "high"]).expect(1).says("--conf high");
    none("faces", &["--model", &model, "--imgsz", "320"]).expect(1).says("takes 64x64 only");
    none("faces", &["--help"]).expect(0).says("vision models pull centerface").says("112 x 112");
    assert!(!s.path("vision-out").exists(), "nothing is left of a run that did not begin");
    none("faces", &["--model", &model, "--fail-on", "face"]).expect(3);
}

#[test]
fn a_model_is_checked_on_one_photo() {
    let s = with_picture();
    let check =
        ["models", "check", &model().to_string_lossy(), "p/group.png", "--out", "c.png"].map(str::to_owned);
    let ran = Ran::of(vision().current_dir(s.path("")).args(check)).expect(0);
    ran.says("family yunet").says("face 0.90 at 12, 8 to 36, 40");
    assert!(image::open(s.path("c.png")).is_ok());
}
