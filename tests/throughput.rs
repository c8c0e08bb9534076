//! What makes the walk fast must not change what it finds: fewer pixels, many workers, joined frames.

mod common;

use std::path::Path;
use std::process::{Command, Stdio};

use common::{Ran, Scratch, sample, shared, vision};
use serde_json::Value;

/// A photo of 3072 x 3072 pixels: the sample enlarged.
fn large(s: &Scratch) -> String {
    let photo = image::open(sample("astronaut.jpg")).expect("opens").to_rgb8();
    let large = image::imageops::resize(&photo, 3072, 3072, image::imageops::FilterType::CatmullRom);
    let path = s.path("in/large.jpg");
    std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
    large.save(&path).expect("written");
    path.to_string_lossy().into_owned()
}

fn instances(s: &Scratch) -> Vec<(String, f64, [f64; 4])> {
    let items = s.results().into_iter().filter(|r| r["schema"] == "vision.item/1");
    let all = items.flat_map(|r| r["prediction"]["instances"].as_array().expect("instances").clone());
    let read = |i: Value| {
        let rect = serde_json::from_value(i["box"].clone()).expect("a box");
        (i["label"].as_str().expect("a label").to_owned(), i["score"].as_f64().expect("a score"), rect)
    };
    all.map(read).collect()
}

fn bytes(s: &Scratch) -> Vec<u8> {
    std::fs::read(s.path("run/results.jsonl")).expect("results")
}

#[test]
fn fewer_pixels_find_the_same_and_pictures_stay_whole() {
    let s = Scratch::new();
    let photo = large(&s);
    s.detect([photo.as_str(), "--no-images", "--decode", "full"]).expect(0);
    assert_eq!(s.run_json()["model"]["decode"], Value::Null);
    let full = instances(&s);
    assert!(full.iter().any(|(_, score, _)| *score > 0.5), "{full:?}");

    s.detect([photo.as_str(), "--no-images"]).expect(1).says("decoding of JPEG was in full");
    s.detect([photo.as_str(), "--no-images", "--force"]).expect(0);
    assert_eq!(s.run_json()["model"]["decode"], "at least 1.5 times what the model sees");
    let (few, alone) = (instances(&s), bytes(&s));
    for (label, score, rect) in full.iter().filter(|(_, score, _)| *score > 0.5) {
        let near = |other: &&(String, f64, [f64; 4])| {
            let moved = rect.iter().zip(other.2).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            other.0 == *label && (other.1 - score).abs() < 0.05 && moved < 40.0
        };
        assert!(few.iter().any(|other| near(&other)), "{label} {score} {rect:?} is not in {few:?}");
    }
    assert_ne!(full, few, "nothing was left out");

    // What is drawn on is the whole picture, and the results are those of the run that drew nothing.
    s.detect([photo.as_str(), "--force"]).expect(0);
    assert!(bytes(&s) == alone);
    assert_eq!(image::image_dimensions(s.path("run/images/large.jpg")).expect("a picture"), (3072, 3072));
    // In a process of its own too.
    s.detect([photo.as_str(), "--force", "--isolate"]).expect(0);
    assert!(bytes(&s) == alone);
    assert_eq!(image::image_dimensions(s.path("run/images/large.jpg")).expect("a picture"), (3072, 3072));
}

#[test]
fn decode_says_what_it_expects() {
    let s = Scratch::new();
    for wrong in ["half", "0", "0.5", "65", "nan"] {
        let photo = sample("astronaut.jpg");
        let ran =
            Ran::of(vision().current_dir(s.path("")).arg("detect").arg(photo).args(["--decode", wrong]));
        ran.expect(1).says("expected auto, full or a number from 1 to 64");
    }
}

#[test]
fn tiles_are_cut_out_of_every_pixel() {
    let s = Scratch::new();
    let photo = large(&s);
    s.detect([photo.as_str(), "--no-images", "--tile", "1024"]).expect(0);
    assert_eq!(s.run_json()["model"]["decode"], Value::Null);
}

/// Photos in a folder of their own, so that there are more of them than workers.
fn photos(s: &Scratch, count: usize) -> String {
    let photo = std::fs::read(sample("astronaut.jpg")).expect("the sample");
    (0..count).for_each(|n| drop(s.file(format!("many/{n:02}.jpg"), &photo)));
    s.path("many").to_string_lossy().into_owned()
}

#[test]
fn many_workers_with_shared_weights_change_nothing() {
    let s = Scratch::new();
    let folder = photos(&s, 12);
    s.detect([folder.as_str(), "--no-images", "-j", "1"]).expect(0);
    let alone = bytes(&s);
    s.detect([folder.as_str(), "--no-images", "-j", "6", "--force"]).expect(0);
    assert_eq!(s.run_json()["workers"], 6);
    assert!(bytes(&s) == alone);
    // One picture: its session calculates on all cores.
    let photo = sample("astronaut.jpg").to_string_lossy().into_owned();
    s.detect([photo.as_str(), "--no-images", "--force"]).expect(0);
    assert_eq!(s.run_json()["workers"], 1);
    let together = instances(&s);
    s.detect([photo.as_str(), "--no-images", "-j", "1", "--force"]).expect(0);
    assert_eq!(instances(&s), together);
}

#[cfg(target_os = "linux")]
#[test]
fn a_worker_more_costs_no_copy_of_the_weights() {
    let s = Scratch::new();
    let folder = photos(&s, 24);
    // EfficientNet-Lite0 has 18.6 MB of weights in the file, twice that in memory, and the runtime packs most
    // of them once more.
    let peak = |workers: usize| {
        let mut command = vision();
        command.current_dir(s.path("")).args([
            "classify",
            &folder,
            "--no-images",
            "--force",
            "--out",
            "run",
            "-q",
        ]);
        let mut child = command.args(["-j", &workers.to_string()]).spawn().expect("starts");
        let mut most = 0;
        while child.try_wait().expect("a status").is_none() {
            let status = std::fs::read_to_string(format!("/proc/{}/status", child.id())).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
            most = kib.unwrap_or(0).max(most);
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        assert!(child.wait().expect("a status").success());
        most >> 10
    };
    // The first three hold copies: the one that proves the model, a plain one, and the one that the rest share.
    let (three, twelve) = (peak(3), peak(12));
    let each = twelve.saturating_sub(three) / 9;
    println!("{three} MiB with 3 workers, {twelve} MiB with 12: {each} MiB a worker");
    // Measured: 31 MiB, and 55 MiB when each had its own.
    assert!(each < 43, "{each} MiB a worker");
}

#[test]
fn joined_frames_find_the_same() {
    let Some(model) = shared("models/deimv2-femto-416.onnx") else { return };
    let Some(photos) = shared("photos/coco64/images") else { return };
    let s = Scratch::new();
    let (model, photos) = (model.to_string_lossy().into_owned(), photos.to_string_lossy().into_owned());
    let job = [photos.as_str(), "--model", &model, "--no-images", "--limit", "16"];
    s.detect(job).expect(0);
    let alone = instances(&s);
    s.detect(job.into_iter().chain(["--force", "--batch", "5"])).expect(0);
    assert_eq!(s.run_json()["batches"][0], serde_json::json!({"asked": 5, "used": 5}));
    let joined = instances(&s);
    assert!(alone.len() > 20 && alone.len() == joined.len());
    for ((label, score, rect), (other, other_score, other_rect)) in alone.iter().zip(&joined) {
        assert_eq!(label, other);
        assert!((score - other_score).abs() < 1e-4, "{score} {other_score}");
        assert!(rect.iter().zip(other_rect).all(|(a, b)| (a - b).abs() < 0.05), "{rect:?} {other_rect:?}");
    }
}

#[test]
fn pictures_given_as_bytes_find_the_same() {
    let s = Scratch::new();
    let folder = photos(&s, 4);
    s.detect([folder.as_str(), "--no-images"]).expect(0);
    assert_eq!(s.run_json()["provider_settings"]["upload"], serde_json::json!(["as described"]));
    let described = bytes(&s);
    s.detect([folder.as_str(), "--no-images", "--upload", "u8", "--force"]).expect(0);
    assert_eq!(s.run_json()["provider_settings"]["upload"], serde_json::json!(["u8"]));
    assert!(instances(&s).len() == 4 && bytes(&s) == described);
    // Tiles, the mirrored picture and a second model take bytes too.
    let looks = ["--no-images", "--force", "--tile", "256", "--flip", "--ensemble", "nanodet-g-416"];
    s.detect([folder.as_str()].into_iter().chain(looks)).expect(0);
    let described = bytes(&s);
    s.detect([folder.as_str(), "--upload", "u8"].into_iter().chain(looks)).expect(0);
    assert_eq!(s.run_json()["provider_settings"]["upload"], serde_json::json!(["u8", "u8"]));
    assert!(bytes(&s) == described);
    // With joined frames; these are stored under the same key, as they are the same.
    let Some(model) = shared("models/deimv2-femto-416.onnx") else { return };
    let model = model.to_string_lossy().into_owned();
    let job = [folder.as_str(), "--no-images", "--force", "--model", &model, "--batch", "3", "-j", "3"];
    s.detect(job).expect(0);
    let described = instances(&s);
    s.detect(job.into_iter().chain(["--upload", "u8"])).expect(0);
    let found = instances(&s);
    assert!(!found.is_empty() && found.len() == described.len());
    for ((label, score, _), (other, other_score, _)) in found.iter().zip(&described) {
        assert!(label == other && (score - other_score).abs() < 1e-4, "{score} {other_score}");
    }
}

#[test]
fn a_model_of_one_frame_refuses_to_join() {
    let s = Scratch::new();
    let photo = sample("astronaut.jpg").to_string_lossy().into_owned();
    s.detect([photo.as_str(), "--batch", "4"])
        .expect(1)
        .says("--batch 4: nanodet-g-416 takes one frame a call");
    s.detect([photo.as_str(), "--batch", "many"]).expect(1).says("expected auto or a number of frames");
}

#[test]
fn bench_reports_every_stage() {
    let photo = sample("astronaut.jpg");
    let bench = |more: &[&str]| -> Value {
        let mut command: Command = vision();
        let ran =
            Ran::of(command.arg("bench").arg(&photo).args(["--repeat", "2", "--json"]).args(more)).expect(0);
        serde_json::from_str(&ran.out).expect("JSON")
    };
    let names = |facts: &Value| -> Vec<String> {
        let stages = facts["stages"].as_array().expect("stages");
        stages.iter().map(|stage| stage["stage"].as_str().expect("a name").to_owned()).collect()
    };
    let plain = bench(&[]);
    assert_eq!(names(&plain), ["decode", "prepare", "model", "finish"]);
    let drawn = bench(&["--annotated", "-j", "1"]);
    assert_eq!(names(&drawn), ["decode", "prepare", "model", "finish", "draw", "encode"]);
    let number = |key: &str| drawn[key].as_f64().expect(key);
    let sum: f64 =
        drawn["stages"].as_array().expect("stages").iter().filter_map(|s| s["mean_ms"].as_f64()).sum();
    assert!((number("core_ms") - sum).abs() < 1e-6 && sum > 1.0);
    assert!((number("bound_per_s") - 1e3 / sum).abs() < 1e-6 * number("bound_per_s"));
    let share = number("walk_per_s") / number("bound_per_s");
    assert!((number("walk_of_bound") - share).abs() < 1e-9);
}

/// The measurement that `--workers auto` makes for long jobs is remembered, and leaves the results alone.
#[test]
fn long_jobs_measure_once_how_they_run_fastest() {
    let s = Scratch::new();
    let tiny = common::picture(1, image::ImageFormat::Png);
    (0..500).for_each(|n| drop(s.file(format!("tiny/{n:03}.png"), &tiny)));
    let data = s.path("data");
    let run = |data: &Path, more: &[&str]| {
        let mut command = vision();
        command.current_dir(s.path("")).env("XDG_DATA_HOME", data).stdin(Stdio::null());
        Ran::of(command.args(["detect", "tiny", "--no-images", "--out", "run", "--until", "4s"]).args(more))
    };
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    if cores < 2 {
        println!("skipped: one core");
        return;
    }
    let first = run(&data, &["--force"]);
    assert!(first.err.contains("measuring how this machine runs the model fastest, once"), "{}", first.err);
    let file = data.join("vision/tuning.json");
    let kept: Value = serde_json::from_slice(&std::fs::read(&file).expect("kept")).expect("JSON");
    let (_, arrangement) = kept.as_object().and_then(|kept| kept.iter().next()).expect("an entry");
    let product = |key: &str| arrangement[key].as_u64().expect(key) as usize;
    assert!((1..=cores).contains(&(product("workers") * product("threads"))), "{arrangement}");
    let again = run(&data, &["--force"]);
    assert!(!again.err.contains("measuring"), "{}", again.err);
    // Rubbish in its place costs a measurement and nothing else.
    std::fs::write(&file, "rubbish").expect("written");
    assert!(run(&data, &["--force"]).err.contains("measuring"));
}
