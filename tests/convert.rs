//! `vision convert` and `vision cache` through the binary.

mod common;

use common::{Ran, Scratch, photo, records, sample, vision};
use serde_json::{Value, json};

fn convert(s: &Scratch, arguments: &[&str]) -> Ran {
    Ran::of(vision().current_dir(s.path("")).arg("convert").args(arguments))
}

fn read(s: &Scratch, path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(s.path(path)).unwrap_or_else(|e| panic!("{path}: {e}")))
        .expect("JSON")
}

fn run_of_samples(s: &Scratch) {
    for name in ["cars.jpg", "cows.jpg", "opera.jpg"] {
        s.file(format!("p/street/{name}"), &std::fs::read(sample(name)).expect("a sample"));
    }
    s.file("p/broken.jpg", &photo()[..3000]);
    s.detect(["p", "--no-images", "--conf", "0.4", "--format", "json,csv,coco,yolo,voc"]).expect(2);
}

#[test]
fn a_run_gives_the_bytes_that_format_would_have_given() {
    let s = Scratch::new();
    run_of_samples(&s);
    convert(&s, &["run", "--to", "jsonl,json,csv,coco,yolo,voc", "--out", "c"]).expect(0).says("3 pictures");
    convert(&s, &["run/results.json", "--to", "jsonl", "--out", "d"]).expect(0);
    let bytes = |path: &str| std::fs::read(s.path(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    for file in [
        "results.jsonl",
        "results.json",
        "results.csv",
        "inputs.csv",
        "coco.json",
        "labels/classes.txt",
        "labels/p/street/cars.txt",
        "voc/p/street/cows.xml",
    ] {
        assert_eq!(bytes(&format!("c/{file}")), bytes(&format!("run/{file}")), "{file}");
    }
    // A document keeps the closing records at its end.
    let items = |path: &str| {
        let all = records(&s.path(path));
        all.into_iter().filter(|r| r["schema"] == "vision.item/1").collect::<Vec<_>>()
    };
    assert_eq!(items("d/results.jsonl"), items("run/results.jsonl"));
}

/// Boxes by picture, class and place.
fn boxes(coco: &Value) -> Vec<(String, String, [f64; 4])> {
    let name = |list: &str, id: &Value, key: &str| {
        let entries = coco[list].as_array().expect("a list");
        let entry = entries.iter().find(|entry| entry["id"] == *id).expect("an entry");
        entry[key].as_str().expect("a name").to_owned()
    };
    let one = |a: &Value| {
        let image = name("images", &a["image_id"], "file_name");
        let image = image.rsplit('/').next().expect("a name").to_owned();
        let bbox = serde_json::from_value(a["bbox"].clone()).expect("a box");
        (image, name("categories", &a["category_id"], "name"), bbox)
    };
    coco["annotations"].as_array().expect("annotations").iter().map(one).collect()
}

#[test]
fn round_the_formats_boxes_stay_where_they_are() {
    let s = Scratch::new();
    run_of_samples(&s);
    let from = read(&s, "run/coco.json");
    let wanted = boxes(&from);
    assert!(wanted.len() > 10);
    convert(&s, &["run/coco.json", "--to", "coco,yolo", "--out", "a"]).expect(0);
    // COCO's own numbering with gaps survives.
    let again = read(&s, "a/coco.json");
    assert_eq!((boxes(&again), &again["categories"]), (wanted.clone(), &from["categories"]));
    assert_eq!(again["annotations"][0]["score"], from["annotations"][0]["score"]);
    // YOLO has six decimals of the picture's sides; sizes come from the pictures beside.
    std::fs::create_dir_all(s.path("set/images")).expect("a folder");
    std::fs::rename(s.path("run/labels"), s.path("set/labels")).expect("moved");
    std::fs::rename(s.path("p"), s.path("set/images/p")).expect("moved");
    convert(&s, &["set", "--names", "set/labels/classes.txt", "--to", "coco,voc", "--out", "b"]).expect(0);
    let near = |found: Vec<(String, String, [f64; 4])>, least: f64| {
        assert_eq!(found.len(), wanted.len());
        for ((image, label, at), (to, name, wanted)) in found.iter().zip(&wanted) {
            assert_eq!((image, label), (to, name));
            assert!(at.iter().zip(wanted).all(|(a, b)| (a - b).abs() <= least), "{at:?} {wanted:?}");
        }
    };
    near(boxes(&read(&s, "b/coco.json")), 0.01);
    // VOC has whole pixels: half a pixel at either edge.
    convert(&s, &["b/voc", "--to", "coco", "--out", "v"]).expect(0);
    near(boxes(&read(&s, "v/coco.json")), 1.0);
}

#[test]
fn what_people_annotated_gets_no_score() {
    let s = Scratch::new();
    let set = json!({
        "images": [{ "id": 7, "file_name": "a/b.jpg", "width": 200, "height": 100 }],
        "categories": [{ "id": 3, "name": "cat" }, { "id": 90, "name": "dog & co" }],
        "annotations": [
            { "id": 1, "image_id": 7, "category_id": 90, "bbox": [10, 20, 30, 40], "area": 1200, "iscrowd": 0,
              "segmentation": [[10, 20, 40, 20, 40, 60]] },
            { "id": 2, "image_id": 7, "category_id": 3, "bbox": [0, 0, 5, 5], "area": 25, "iscrowd": 1,
              "segmentation": { "size": [100, 200], "counts": [0, 20000] } }
        ]
    });
    s.file("truth.json", set.to_string().as_bytes());
    let ran = convert(&s, &["truth.json", "--to", "coco,yolo,voc", "--out", "c"]).expect(0);
    ran.says("1 crowds (iscrowd) are left out").says("1 outlines are boxes now");
    assert!(read(&s, "c/coco.json")["annotations"][0].get("score").is_none());
    let text = std::fs::read_to_string(s.path("c/labels/truth/a/b.txt")).expect("labels");
    assert_eq!(text, "1 0.125000 0.400000 0.150000 0.400000\n");
    let xml = std::fs::read_to_string(s.path("c/voc/truth/a/b.xml")).expect("XML");
    assert!(
        xml.contains("<name>dog &amp; co</name>")
            && xml.contains("<xmin>11</xmin>")
            && !xml.contains("<score>")
    );
    // Its own truth: nothing is better than perfect.
    Ran::of(vision().current_dir(s.path("")).args(["eval", "c/voc", "c/coco.json"])).expect(1).says("score");
}

#[test]
fn what_cannot_be_converted_is_said_and_leaves_nothing() {
    let s = Scratch::new();
    run_of_samples(&s);
    s.file("list.json", b"[{\"image_id\":1,\"category_id\":1,\"bbox\":[0,0,1,1],\"score\":1}]");
    s.file("l/a.txt", b"0 0.5 0.5 1 1\n");
    for (arguments, wanted) in [
        (&["absent", "--to", "coco"][..], "absent"),
        (&["run", "--to", "stone-tablet"], "no such output format"),
        (&["run", "--to", "text"], "cannot hold"),
        (&["list.json", "--to", "voc"], "JSON list"),
        (&["l", "--to", "voc"], "size"),
    ] {
        convert(&s, arguments).expect(1).says(wanted);
        assert!(!s.path("vision-converted").exists(), "{arguments:?}");
    }
    convert(&s, &["run", "--to", "csv", "--out", "run"]).expect(1).says("holds a run");
}

#[test]
fn the_cache_is_shown_and_cleared_and_the_run_stays_consistent() {
    let s = Scratch::new();
    run_of_samples(&s);
    let cache = |arguments: &[&str]| Ran::of(vision().current_dir(s.path("")).arg("cache").args(arguments));
    // Three pictures with an observation and a list each; that of the broken one lasts too.
    let shown = cache(&["run", "--json"]).expect(0);
    let shown: Value = serde_json::from_str(&shown.out).expect("JSON");
    let bytes = std::fs::metadata(s.path("run/.vision/store/observations.pack")).expect("a store").len();
    assert_eq!((&shown[0]["bytes"], &shown[0]["model"]), (&json!(bytes), &json!("nanodet-g-416")));
    assert_eq!((&shown[0]["entries"], &shown[0]["inputs"]), (&json!(7), &json!(4)));
    let results = std::fs::read(s.path("run/results.jsonl")).expect("results");
    cache(&["run", "--clear"]).expect(0).says("cleared");
    assert_eq!(std::fs::read(s.path("run/results.jsonl")).expect("results"), results);
    cache(&["run"]).expect(0).says("0 entries");
    s.detect(["p", "--no-images", "--conf", "0.4"]).expect(2);
    assert_eq!(
        std::fs::read(s.path("run/results.jsonl")).expect("results"),
        results,
        "computed again, the same"
    );
    assert_eq!(s.run_json()["items"]["observed_now"], 3);
    // A run at work is not disturbed.
    let lock = std::fs::File::options().write(true).open(s.path("run/.vision/lock")).expect("the lock");
    lock.lock().expect("locked");
    cache(&["run", "--clear"]).expect(1).says("another vision");
    drop(lock);
    cache(&["p"]).expect(1).says("no run folder");
}
