//! Which results are read and which pictures and classes of them belong to those of the truth.

use crate::common::Scratch;
use crate::*;

/// A `.json` of vision is read, one of nobody is refused, and so are results without a picture.
#[test]
fn json_results_are_read_or_refused_never_zero() {
    let s = Scratch::new();
    s.file("xml/a.xml", XML.as_bytes());
    let line = record("a.jpg", boxes(&[("airplane", 0.9, [10.0, 10.0, 50.0, 50.0])]));
    let line: Value = serde_json::from_str(&line).expect("a record");
    let whole =
        |records: Value| json!({"schema": "vision.results/1", "records": records, "inputs": []}).to_string();
    // As the sink writes it: the schema first.
    let first = |text: String| format!("{{\"schema\":\"vision.results/1\",{}", &text[1..]);
    let document = s.file("run/results.json", first(whole(json!([line]))).as_bytes());
    let report = measured(&[&s.path("xml"), &document]);
    assert_eq!(report["results"]["format"], "json");
    assert!(near(&report["coco"]["metrics"]["AP"], 1.0), "{report:#}");
    for (text, says) in [
        (first(whole(json!([]))), "no record with a prediction"),
        (first(whole(json!([{"schema": "other/1"}]))), "record 0 (from 0)"),
        (r#"{"files":[],"schema":"other/1"}"#.to_owned(), "not COCO results"),
        (r#"{"images":[]}"#.to_owned(), "not COCO results"),
        (r#"{"images":[],"annotations":[],"categories":[]}"#.to_owned(), "hold no picture"),
        ("[]".to_owned(), "hold no picture"),
    ] {
        let file = s.file("other.json", text.as_bytes());
        eval(&[&s.path("xml"), &file]).expect(1).says(says);
    }
}

/// Truth as a folder per class, with runs, the results and a hidden folder of pictures in it.
#[test]
fn a_run_within_the_truth_is_no_truth() {
    let s = Scratch::new();
    for path in ["cat/a.jpg", "dog/b.jpg", ".trash/c.jpg", "old/root/a.jpg", "run/root/a.jpg"] {
        s.file(Path::new("set").join(path), b"");
    }
    s.file("set/old/run.json", b"{}");
    s.file("set/old/results.jsonl", b"");
    let answer = classes(&[("cat", 0.8), ("Dog", 0.1), ("bird", 0.1)]);
    let lines = record("cat/a.jpg", answer.clone()) + &record("dog/b.jpg", answer);
    s.file("set/run/results.jsonl", lines.as_bytes());
    let report = measured(&[&s.path("set"), &s.path("set/run")]);
    let found = &report["classification"];
    assert_eq!((&found["pictures"], &found["top1"]), (&json!(2), &json!(0.5)), "{report:#}");
}

#[test]
fn top5_is_not_made_of_fewer_answers() {
    let s = Scratch::new();
    let answer = |ranked: &[u64]| {
        let class = |(class, rank): (&u64, u32)| json!({"class": class, "label": format!("c{class}"), "score": 0.5 / f64::from(rank)});
        json!({"task": "classify", "classes": ranked.iter().zip(1..).map(class).collect::<Vec<_>>()})
    };
    s.file("labels.csv", b"a.jpg,c9\nb.jpg,c1\n");
    for (a, b, top5) in [
        (&[9][..], &[0][..], Value::Null),
        (&[9, 1, 2, 3, 4], &[0, 2], Value::Null),
        (&[9, 1, 2, 3, 4], &[0, 2, 3, 4, 5], json!(0.5)),
        (&[0], &[0], Value::Null),
        (&[0, 1], &[0, 1], json!(0.5)),
    ] {
        let lines = record("a.jpg", answer(a)) + &record("b.jpg", answer(b));
        s.file("run/results.jsonl", lines.as_bytes());
        let report = measured(&[&s.path("labels.csv"), &s.path("run")]);
        assert_eq!(report["classification"]["top5"], top5, "{a:?} {b:?}");
        assert_eq!(report["notes"].to_string().contains("vision classify --top 5"), top5.is_null());
    }
}

/// A record of a frame as `vision` writes it.
fn frame(path: &str, n: u64, prediction: Value) -> String {
    let mut line: Value = serde_json::from_str(&record(path, prediction)).expect("a record");
    line["item"]["part"] = json!({"kind": "frame", "n": n, "pts": 10 * n, "time_base": [1, 100]});
    line.to_string() + "\n"
}

#[test]
fn pictures_of_several_frames_are_left_out() {
    let s = Scratch::new();
    let best = |label: &str| classes(&[(label, 0.8)]);
    s.file("labels.csv", b"x.gif,cat\na.jpg,dog\nb.jpg,cat\n");
    let lines = frame("x.gif", 0, best("cat"))
        + &frame("x.gif", 1, best("Dog"))
        + &frame("x.gif", 2, best("cat"))
        + &record("a.jpg", best("Dog"))
        + &record("b.jpg", best("Dog"));
    s.file("run/results.jsonl", lines.as_bytes());
    let report = measured(&[&s.path("labels.csv"), &s.path("run")]);
    let found = &report["classification"];
    assert_eq!((&found["pictures"], &found["top1"]), (&json!(2), &json!(0.5)), "{report:#}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("several pages or frames") && notes.contains("left out: x.gif"), "{notes}");

    // Detections, from the run and from its COCO export, in which all frames have the file's name.
    let object = boxes(&[("cat", 0.9, [10.0, 10.0, 50.0, 50.0])]);
    let lines = frame("x.gif", 0, object.clone()) + &frame("x.gif", 1, boxes(&[])) + &record("a.jpg", object);
    s.file("found/results.jsonl", lines.as_bytes());
    let image = |id: u64, part: Value| json!({"id": id, "file_name": if id < 3 { "x.gif" } else { "a.jpg" }, "width": 100, "height": 100, "part": part});
    let thing = |id: u64, image: u64| json!({"id": id, "image_id": image, "category_id": 1, "bbox": [10, 10, 40, 40], "area": 1600, "iscrowd": 0, "score": 0.9});
    let part = json!({"kind": "frame", "n": 0, "pts": 0, "time_base": [1, 100]});
    let images = json!([image(1, part.clone()), image(2, part), image(3, Value::Null)]);
    let categories = json!([{"id": 1, "name": "cat"}]);
    let coco = json!({"images": images, "annotations": [thing(1, 1), thing(2, 3)], "categories": categories});
    let coco = s.file("coco.json", coco.to_string().as_bytes());
    s.file("yolo/classes.txt", b"cat\n");
    for name in ["x", "a"] {
        s.file(format!("yolo/{name}.txt"), b"0 0.3 0.3 0.4 0.4\n");
    }
    for results in [s.path("found"), coco] {
        let report = measured(&[&s.path("yolo"), &results]);
        assert!(near(&report["coco"]["metrics"]["AP"], 1.0), "{report:#}");
        assert_eq!((&report["truth"]["pictures"], &report["truth"]["things"]), (&json!(1), &json!(1)));
        assert!(report["notes"].to_string().contains("left out: x"), "{report:#}");
    }
    // A film beside a photo of the same name is no picture of the truth; two photos of one name are an error.
    let photo = record("a.jpg", boxes(&[("cat", 0.9, [10.0, 10.0, 50.0, 50.0])]));
    let lines = frame("a.mp4", 0, boxes(&[])) + &frame("a.mp4", 1, boxes(&[])) + &photo;
    s.file("film/results.jsonl", lines.as_bytes());
    let report = measured(&[&s.path("yolo"), &s.path("film")]);
    assert_eq!(report["truth"]["pictures"], 2);
    s.file("film/results.jsonl", (photo.clone() + &photo).as_bytes());
    eval(&[&s.path("yolo"), &s.path("film")]).expect(1).says("two pictures of the results match it");
}

#[test]
fn yolo_labels_without_names_are_paired_by_number() {
    let s = Scratch::new();
    s.file("a/b/labels/a.txt", b"0 0.3 0.3 0.4 0.4\n");
    let found = boxes(&[("person", 0.9, [10.0, 10.0, 50.0, 50.0])]);
    s.file("run/results.jsonl", record("a.jpg", found).as_bytes());
    let (labels, run) = (s.path("a/b/labels"), s.path("run"));
    let report = measured(&[&labels, &run]);
    assert!(near(&report["coco"]["metrics"]["AP"], 1.0), "{report:#}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("by number, 0 = person") && notes.contains("--names FILE"), "{notes}");
    s.file("a/b/labels/a.txt", b"3 0.3 0.3 0.4 0.4\n");
    eval(&[&labels, &run]).expect(1).says("no class of the results").says("--names FILE");
}

#[test]
fn results_cut_by_number_are_said() {
    let s = Scratch::new();
    s.file("xml/a.xml", XML.as_bytes());
    for (count, said) in [(299, false), (300, true), (1000, true)] {
        let things = vec![("airplane", 0.5, [10.0, 10.0, 50.0, 50.0]); count];
        s.file("run/results.jsonl", record("a.jpg", boxes(&things)).as_bytes());
        let notes = measured(&[&s.path("xml"), &s.path("run")])["notes"].to_string();
        assert!(notes.contains("--conf 0.001"), "{notes}");
        assert_eq!(notes.contains(&format!("--max-det above {count}")), said, "{notes}");
    }
}
