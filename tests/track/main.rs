//! `vision detect --track` and `vision eval --mot` through the binary: a photo that is moved over a ground, frame by frame.

#[path = "../common/mod.rs"]
mod common;

use std::collections::BTreeSet;
use std::path::Path;

use common::{Ran, Scratch, sample, shared, vision};
use image::{Rgb, RgbImage};
use serde_json::Value;

const FRAMES: u32 = 20;

/// The astronaut, 240 pixels wide, 18 pixels further to the right in each frame.
fn frame(n: u32) -> RgbImage {
    let photo = image::open(sample("astronaut.jpg")).expect("the sample").to_rgb8();
    let photo = image::imageops::resize(&photo, 240, 240, image::imageops::FilterType::Triangle);
    let mut ground = RgbImage::from_pixel(640, 480, Rgb([120, 140, 130]));
    image::imageops::replace(&mut ground, &photo, i64::from(18 * n), 200);
    ground
}

/// `p/clip.gif`, 25 frames a second.
fn clip(s: &Scratch) {
    let mut bytes = Vec::new();
    let mut encoder = image::codecs::gif::GifEncoder::new_with_speed(&mut bytes, 10);
    for n in 0..FRAMES {
        let pixels = image::DynamicImage::from(frame(n)).to_rgba8();
        let delay = image::Delay::from_numer_denom_ms(40, 1);
        encoder.encode_frame(image::Frame::from_parts(pixels, 0, 0, delay)).expect("a frame");
    }
    drop(encoder);
    s.file("p/clip.gif", &bytes);
}

/// `p/f1.png` to `p/f20.png`; those of `without` show the ground only.
fn pictures(s: &Scratch, without: &[u32]) {
    for n in 0..FRAMES {
        let pixels = if without.contains(&n) {
            RgbImage::from_pixel(640, 480, Rgb([120, 140, 130]))
        } else {
            frame(n)
        };
        let mut bytes = std::io::Cursor::new(Vec::new());
        pixels.write_to(&mut bytes, image::ImageFormat::Png).expect("encodes");
        s.file(format!("p/f{}.png", n + 1), &bytes.into_inner());
    }
}

const ZONES: &str = "anchor = 'centre'\n[[line]]\nname = 'middle'\nfrom = [300, 480]\nto = [300, 0]\n\
                     [[zone]]\nname = 'left half'\npolygon = [[0, 0], [300, 0], [300, 480], [0, 480]]\nclasses = ['person']\n";

fn items(s: &Scratch) -> Vec<Value> {
    s.results().into_iter().filter(|record| record["schema"] == "vision.item/1").collect()
}

fn people(record: &Value) -> Vec<&Value> {
    let all = record["prediction"]["instances"].as_array().expect("instances");
    all.iter().filter(|instance| instance["label"] == "person").collect()
}

fn lines(s: &Scratch, path: &str) -> Vec<String> {
    let text = std::fs::read_to_string(s.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    text.lines().map(str::to_owned).collect()
}

#[test]
fn a_thing_keeps_its_number_through_a_clip_and_is_counted_once() {
    let s = Scratch::new();
    clip(&s);
    s.file("zones.toml", ZONES.as_bytes());
    let arguments = ["p", "--track", "--classes", "person", "--zones", "zones.toml", "--format", "csv,mot"];
    s.detect(arguments).expect(0).says("tracked 1 sequence");
    let items = items(&s);
    assert_eq!(items.len(), FRAMES as usize);
    let tracks: BTreeSet<u64> =
        items.iter().flat_map(people).filter_map(|person| person["track"].as_u64()).collect();
    assert_eq!(tracks, [1].into(), "one person");
    let centre = |record: &Value| {
        let rect: [f64; 4] = serde_json::from_value(people(record)[0]["box"].clone()).expect("a box");
        (rect[0] + rect[2]) / 2.0
    };
    for (n, record) in items.iter().enumerate() {
        assert_eq!(people(record).len(), 1, "frame {n}");
        assert_eq!(
            (&record["ext"]["track"]["frame"], &record["ext"]["track"]["sequence"]),
            (&n.into(), &"p/clip.gif".into())
        );
        assert_eq!(record["ext"]["track"]["seconds"], 0.04 * n as f64);
    }
    // It moves as the photo does.
    let speed = (centre(&items[19]) - centre(&items[0])) / 19.0;
    assert!((speed - 18.0).abs() < 1.5, "{speed} pixels a frame");

    // The line runs up, so its right is the picture's: in, once, where the box's centre passes it.
    let passed = items.iter().position(|record| centre(record) > 300.0).expect("passes the line");
    let events: Vec<Value> =
        lines(&s, "run/events.jsonl").iter().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told: Vec<(&str, u64)> = events
        .iter()
        .map(|e| (e["event"].as_str().expect("a kind"), e["frame"].as_u64().expect("a frame")))
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(told[0], ("enter", 0));
    assert!(told.contains(&("cross", passed as u64)) && told.contains(&("leave", passed as u64)), "{told:?}");
    let leave = events.iter().find(|event| event["event"] == "leave").expect("leaves");
    assert_eq!((&leave["stay"]["frames"], &leave["seen_leaving"]), (&passed.into(), &true.into()));
    assert!((leave["stay"]["seconds"].as_f64().expect("seconds") - 0.04 * passed as f64).abs() < 1e-9);
    let in_record = &items[passed]["ext"]["track"];
    assert_eq!(
        (in_record["events"].as_array().map(Vec::len), &in_record["inside"]["left half"]),
        (Some(2), &0.into())
    );

    assert_eq!(
        lines(&s, "run/counts.csv")[1..],
        [
            "p/clip.gif,line,middle,person,1,0,,,".to_owned(),
            format!("p/clip.gif,zone,left half,person,1,1,1,{},{passed}.0", (40 * passed) as f64 / 1000.0),
        ]
    );
    assert_eq!(
        lines(&s, "run/occupancy.csv")[1..],
        [
            "p/clip.gif,0,0.0,left half,1".to_owned(),
            format!("p/clip.gif,{passed},{},left half,0", (40 * passed) as f64 / 1000.0),
        ]
    );
    assert_eq!(lines(&s, "run/events.csv").len(), 4);
    let csv = lines(&s, "run/results.csv");
    assert!(csv[0].ends_with(",y2,track,filled") && csv[1].ends_with(",1,"), "{:?}", &csv[..2]);
    let mot = lines(&s, "run/mot/p/clip.gif.txt");
    assert_eq!(mot.len(), FRAMES as usize);
    assert!(mot[0].starts_with("1,1,") && mot[19].starts_with("20,1,") && mot[0].ends_with(",-1,-1,-1"));

    // Its own truth is right.
    let text =
        Ran::of(vision().args(["eval", "--mot"]).arg(s.path("run/mot/p/clip.gif.txt")).arg(s.path("run")));
    text.expect(0).says("1.0000");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/record.schema.json");
    let schema: Value = serde_json::from_slice(&std::fs::read(schema).expect("the schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a valid schema");
    s.results().iter().for_each(|record| assert!(schema.is_valid(record), "{record:#}"));
}

/// Tracks come from what is stored, whatever ran before: other settings run no model, and results are the same bytes
/// as those of a run that did nothing else.
#[test]
fn tracks_need_no_inference_and_are_the_same_bytes_again() {
    let s = Scratch::new();
    clip(&s);
    let tracked = ["p", "--track", "--fill", "5"];
    s.detect(["p", "--no-images"]).expect(0);
    let untracked = std::fs::read(s.path("run/results.jsonl")).expect("results");
    s.detect(tracked).expect(0).says("all from stored observations");
    let first = std::fs::read(s.path("run/results.jsonl")).expect("results");
    assert_ne!(first, untracked);
    let picture = std::fs::read(s.path("run/images/clip.gif.f000010.png")).expect("drawn");
    s.detect(["p", "--track=oc-sort", "--no-images"]).expect(0).says("all from stored observations");
    s.detect(["p"]).expect(0).says("all from stored observations");
    assert_eq!(std::fs::read(s.path("run/results.jsonl")).expect("results"), untracked);
    assert_ne!(std::fs::read(s.path("run/images/clip.gif.f000010.png")).expect("drawn"), picture);
    // Begun, stopped at once, continued.
    let other = |more: &[&str]| {
        let mut command = vision();
        Ran::of(command.current_dir(s.path("")).args(["detect", "--out", "other"]).args(tracked).args(more))
    };
    other(&["--until", "1ms"]).expect(130);
    other(&[]).expect(0);
    assert_eq!(std::fs::read(s.path("other/results.jsonl")).expect("results"), first);
    assert_eq!(std::fs::read(s.path("other/images/clip.gif.f000010.png")).expect("drawn"), picture);
}

#[test]
fn pictures_of_a_folder_are_frames_and_gaps_are_filled() {
    let s = Scratch::new();
    pictures(&s, &[7, 8]);
    s.detect(["p", "--track", "--sequence", "10", "--fill", "3", "--no-images", "--classes", "person"])
        .expect(0);
    let items = items(&s);
    // f2 comes before f10.
    let order: Vec<&str> = items.iter().filter_map(|record| record["item"]["path"].as_str()).collect();
    assert_eq!((order[1], order[9], order[19]), ("f2.png", "f10.png", "f20.png"));
    for (n, record) in items.iter().enumerate() {
        let people = people(record);
        assert_eq!((people.len(), &people[0]["track"]), (1, &1.into()), "frame {n}");
        assert_eq!(people[0].get("filled").is_some(), n == 7 || n == 8, "frame {n}");
        assert_eq!(record["ext"]["track"]["sequence"], "p");
    }
    let left = |n: usize| people(&items[n])[0]["box"][0].as_f64().expect("a number");
    let third = (left(9) - left(6)) / 3.0;
    assert!((left(7) - left(6) - third).abs() < 0.002 && (left(9) - left(8) - third).abs() < 0.002);
    // Without --sequence they are pictures.
    s.detect(["p", "--track", "--no-images"]).expect(0).says("no sequence to track: --sequence FPS");
}

#[test]
fn what_is_wrong_is_said_before_anything_is_opened() {
    let s = Scratch::new();
    pictures(&s, &[]);
    s.file("broken.toml", b"[[line]]\nname = 'door'\nfrom = [1, 2]\n");
    s.file("label.toml", b"[[line]]\nname = 'door'\nfrom = [1, 2]\nto = [3, 4]\nclasses = ['persn']\n");
    s.detect(["p", "--zones", "broken.toml"]).expect(1).says("--track");
    s.detect(["p", "--track", "--zones", "broken.toml"])
        .expect(1)
        .says("broken.toml: line 1: missing field `to`");
    s.detect(["p", "--track", "--zones", "label.toml"])
        .expect(1)
        .says("door: classes persn")
        .says("did you mean person");
    s.detect(["p", "--track", "--zones", "none.toml"]).expect(1).says("none.toml: cannot be read");
    s.detect(["p", "--track=best"]).expect(1).says("bytetrack, oc-sort");
    s.file("vision.toml", b"zones = 'label.toml'\n");
    s.detect(["p"]).expect(1).says("--zones needs --track");
    assert!(!s.path("run").exists());
}

/// tests/golden/mot/expected.json is what py-motmetrics 1.4 and TrackEval say of it.
#[test]
fn tud_campus_is_measured_as_by_motmetrics_and_trackeval() {
    let Some(tud) = shared("video/tud/TUD-Campus") else { return };
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mot/expected.json");
    let expected: Value = serde_json::from_slice(&std::fs::read(golden).expect("golden")).expect("JSON");
    let files = [tud.join("gt.txt"), tud.join("test.txt")];
    let ran = Ran::of(vision().args(["eval", "--mot", "--json"]).args(&files)).expect(0);
    let own: Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!((&own["schema"], &own["truth"]["boxes"]), (&"vision.eval-mot/1".into(), &359.into()));
    for part in ["clear", "identity", "hota"] {
        for (name, value) in expected["tud-campus"][part].as_object().expect("metrics") {
            let (own, value) =
                (own[part][name].as_f64().expect("a number"), value.as_f64().expect("a number"));
            assert!((own - value).abs() < 1e-9, "{part} {name}: {own} and not {value}");
        }
    }
    Ran::of(vision().args(["eval", "--mot"]).args(&files)).expect(0).says("0.5265  0.5577  0.3914");
}

#[test]
fn files_that_are_no_tracks_are_refused_with_their_line() {
    let s = Scratch::new();
    let good = s.file("good.txt", b"1,1,10,10,20,20,1,-1,-1,-1\n");
    for (text, said) in [
        ("1,1,10,10,20\n", "line 1: fewer than six columns"),
        ("1,1,10,10,20,20,1\n2,x,10,10,20,20,1\n", "line 2: not numbers"),
        ("1,1,10,10,20,20\n1,1,11,10,20,20\n", "line 2: id 1 stands in frame 1 before"),
        ("1.5,1,10,10,20,20\n", "line 1: frame 1.5"),
        ("1e300,1,10,10,20,20\n", "whole numbers up to"),
        ("1,-1,10,10,20,20\n", "none has an id"),
    ] {
        let bad = s.file("bad.txt", text.as_bytes());
        Ran::of(vision().args(["eval", "--mot"]).arg(&good).arg(&bad)).expect(1).says(said).says("expected");
    }
    Ran::of(vision().args(["eval", "--mot"]).arg(&good).arg(s.path("none.txt"))).expect(1).says("none.txt");
}
