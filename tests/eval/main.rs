//! `vision eval` against pycocotools, the rules of the VOC development kit in plain Python, and sums done
//! by hand.

#[path = "../common/mod.rs"]
mod common;
mod pairing;
mod text;

use std::path::{Path, PathBuf};
use std::process::Command;

use common::{Ran, Scratch, python, shared, vision};
use serde_json::{Value, json};

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/eval").join(name)
}

fn eval(arguments: &[&dyn AsRef<Path>]) -> Ran {
    Ran::of(vision().arg("eval").args(arguments.iter().map(|argument| argument.as_ref())))
}

#[track_caller]
fn measured(arguments: &[&dyn AsRef<Path>]) -> Value {
    let mut all = arguments.to_vec();
    all.push(&"--json");
    serde_json::from_str(&eval(&all).expect(0).out).expect("JSON")
}

fn near(value: &Value, expected: f64) -> bool {
    (value.as_f64().expect("a number") - expected).abs() < 1e-9
}

/// Every metric of `expected`, equal to 1e-6, and null where that says null.
#[track_caller]
fn same(ours: &Value, expected: &Value) {
    let expected = expected.as_object().expect("metrics");
    assert!(expected.len() >= 10);
    for (name, value) in expected {
        match (ours[name].as_f64(), value.as_f64()) {
            (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-6, "{name}: {a} and not {b}"),
            (a, b) => assert_eq!(a, b, "{name}"),
        }
        assert!(ours.get(name).is_some(), "{name} is missing");
    }
}

#[track_caller]
fn same_as_pycocotools(report: &Value, expected: &Value) {
    let coco = &report["coco"];
    same(&coco["metrics"], &expected["metrics"]);
    let classes = coco["classes"].as_array().expect("classes");
    assert!(!classes.is_empty());
    for class in classes {
        same(class, &expected["classes"][class["id"].to_string()]);
    }
}

/// tests/golden/eval/expected.json is what pycocotools says, by tests/golden/make_eval.py.
#[test]
fn boxes_masks_and_keypoints_are_measured_as_by_pycocotools() {
    let expected = std::fs::read(golden("expected.json")).expect("the golden file");
    let expected: Value = serde_json::from_slice(&expected).expect("JSON");
    for (case, files, iou, options) in [
        ("boxes", "boxes", "bbox", &[][..]),
        ("boxes at most 20", "boxes", "bbox", &["--max-det", "20"]),
        ("masks", "masks", "segm", &[]),
        ("masks as boxes", "masks", "bbox", &["--iou", "bbox"]),
        ("keypoints", "keypoints", "keypoints", &[]),
    ] {
        let (truth, results) =
            (golden(&format!("{files}-truth.json")), golden(&format!("{files}-results.json")));
        let mut arguments: Vec<&dyn AsRef<Path>> = vec![&truth, &results];
        arguments.extend(options.iter().map(|option| option as &dyn AsRef<Path>));
        let report = measured(&arguments);
        assert_eq!(report["coco"]["iou_type"], iou, "{case}");
        same_as_pycocotools(&report, &expected[case]);
    }
}

/// The bundled model on real photos: the run folder and its COCO export, against pycocotools on the export.
#[test]
fn real_photos_are_measured_as_by_pycocotools() {
    let (Some(photos), Some(python)) = (shared("photos/coco64"), python()) else { return };
    let s = Scratch::new();
    let images = photos.join("images");
    let arguments = ["--conf", "0.001", "--no-images", "--format", "coco", "--quiet"];
    s.detect([images.as_os_str()].into_iter().chain(arguments.map(AsRef::as_ref))).expect(0);
    let truth = photos.join("instances.json");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/coco_metrics.py");
    let answer = Ran::of(Command::new(python).arg(script).arg(&truth).arg(s.path("run/coco.json"))).expect(0);
    let expected: Value = serde_json::from_str(&answer.out).expect("JSON");
    assert!(expected["metrics"]["AP"].as_f64().expect("AP") > 0.2);
    for results in [s.path("run"), s.path("run/results.jsonl"), s.path("run/coco.json")] {
        same_as_pycocotools(&measured(&[&truth, &results]), &expected);
    }
    let plots = s.path("plots");
    eval(&[&truth, &s.path("run"), &"--plots", &plots]).expect(0).says("64 pictures").says("AP50  IoU 0.50");
    for name in ["pr.svg", "pr-classes.svg", "confusion.svg", "reliability.svg"] {
        let svg = std::fs::read_to_string(plots.join(name)).expect(name);
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{name}");
        quick_xml_reads(&svg);
    }
}

/// Well-formed: every element that opens closes.
#[track_caller]
fn quick_xml_reads(svg: &str) {
    let mut reader = quick_xml::Reader::from_str(svg);
    let mut elements = 0;
    while reader.read_event().map(|event| event != quick_xml::events::Event::Eof).expect("XML") {
        elements += 1;
    }
    assert!(elements > 20);
}

#[test]
fn voc_photos_are_measured_by_the_rules_of_the_development_kit() {
    let (Some(data), Some(python)) = (shared("photos/voc100-metrics/data/database"), python()) else {
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/voc_ap.py");
    let (xml, yolo) = (data.join("gts/pascalvoc_format"), data.join("gts/yolo_format"));
    let results = data.join("dets/coco_format/coco_dets.json");
    // YOLO's labels know no difficult objects, and their six decimals do not change an AP.
    for (truth, ours, theirs) in [
        (&xml, &[][..], &[][..]),
        (&xml, &["--voc-edges"], &["--edges"]),
        (&yolo, &["--voc"], &["--edges", "--difficult"]),
    ] {
        let mut command = Command::new(&python);
        let answer = Ran::of(command.arg(&script).arg(&xml).arg(&results).args(theirs)).expect(0);
        let expected: Value = serde_json::from_str(&answer.out).expect("JSON");
        let mut arguments: Vec<&dyn AsRef<Path>> = vec![truth, &results];
        arguments.extend(ours.iter().map(|option| option as &dyn AsRef<Path>));
        let voc = measured(&arguments)["voc"].clone();
        let same = |a: &Value, b: &Value| near(a, b.as_f64().expect("AP"));
        assert!(same(&voc["mAP_2007"], &expected["mean"][0]), "{voc:#} {expected:#}");
        assert!(same(&voc["mAP_2010"], &expected["mean"][1]), "{voc:#} {expected:#}");
        let classes = voc["classes"].as_array().expect("classes");
        assert_eq!(classes.len(), 20);
        for class in classes {
            let pair = &expected["classes"][class["name"].as_str().expect("a name")];
            assert!(same(&class["AP_2007"], &pair[0]) && same(&class["AP_2010"], &pair[1]), "{class} {pair}");
        }
    }
}

/// A record of a run as `vision` writes it.
fn record(path: &str, prediction: Value) -> String {
    let item = json!({"id": "0", "root": "p", "path": path, "digest": null, "bytes": 1, "part": null});
    let line = json!({"schema": "vision.item/1", "item": item, "size": [100, 100], "orientation": 1,
        "prediction": prediction, "warnings": []});
    line.to_string() + "\n"
}

fn boxes(things: &[(&str, f64, [f64; 4])]) -> Value {
    let instances: Vec<Value> =
        things.iter().map(|(l, s, b)| json!({"class": 0, "label": l, "score": s, "box": b})).collect();
    json!({"task": "detect", "instances": instances})
}

fn classes(things: &[(&str, f64)]) -> Value {
    let number = |label: &str| ["cat", "Dog", "bird"].iter().position(|known| *known == label);
    let classes: Vec<Value> =
        things.iter().map(|(l, s)| json!({"class": number(l), "label": l, "score": s})).collect();
    json!({"task": "classify", "classes": classes})
}

const XML: &str = "<annotation><filename>a.jpg</filename><size><width>100</width><height>100</height></size>\
    <object><name>aeroplane</name><difficult>0</difficult><bndbox><xmin>11</xmin><ymin>11</ymin><xmax>50</xmax>\
    <ymax>50</ymax></bndbox><part><name>head</name><bndbox><xmin>1</xmin><ymin>1</ymin><xmax>5</xmax><ymax>5</ymax>\
    </bndbox></part></object><object><name>aeroplane</name><difficult>1</difficult><bndbox><xmin>61</xmin>\
    <ymin>61</ymin><xmax>90</xmax><ymax>90</ymax></bndbox></object></annotation>";

/// One object found (0.9), found again (0.8), a difficult one found (0.7, does not count), nothing there (0.2).
#[test]
fn one_picture_by_hand() {
    let s = Scratch::new();
    s.file("xml/a.xml", XML.as_bytes());
    let object = [10.0, 10.0, 50.0, 50.0];
    let found = boxes(&[
        ("airplane", 0.9, object),
        ("airplane", 0.8, object),
        ("airplane", 0.7, [60.0, 60.0, 90.0, 90.0]),
        ("airplane", 0.2, [0.0, 60.0, 20.0, 99.0]),
        ("kite", 0.15, object),
    ]);
    s.file("run/results.jsonl", record("a.jpg", found).as_bytes());
    let report = measured(&[&s.path("xml"), &s.path("run")]);
    // Right at recall 1 before anything wrong: every AP is 1.
    assert_eq!((&report["voc"]["mAP_2007"], &report["voc"]["mAP_2010"]), (&json!(1.0), &json!(1.0)));
    assert_eq!(report["voc"]["classes"][0]["objects"], 1);
    assert!(near(&report["coco"]["metrics"]["AP"], 1.0));
    // 0.9 right, 0.8 and 0.2 wrong: (|.9 - 1| + |.8 - 0| + |.2 - 0|) / 3, each in a bin of its own.
    assert!(near(&report["calibration"]["ece"], 1.1 / 3.0), "{report:#}");
    assert_eq!(report["calibration"]["count"], 3);
    // At score 0.25: one right, one where nothing is left; the difficult object and what found it do not count.
    let cell =
        |truth: Value, answer: Value, count: u64| json!({"truth": truth, "answer": answer, "count": count});
    let (plane, nothing) = (json!("aeroplane"), Value::Null);
    let cells = report["confusion"]["cells"].as_array().expect("cells");
    assert_eq!(cells[0], cell(plane.clone(), plane.clone(), 1));
    assert_eq!(cells[1..], [cell(nothing, plane, 1)]);
    let notes = report["notes"].to_string();
    assert!(notes.contains("airplane = aeroplane") && notes.contains("left out: kite"), "{notes}");
    assert!(notes.contains("--conf 0.001"), "{notes}");
}

/// Truth cat, cat, dog, dog, bird. Best answers cat, dog, dog, dog, none (no record). The model writes Dog.
fn classified(s: &Scratch) {
    s.file("labels.csv", b"file,label\na.jpg,cat\nb.jpg,cat\nc.jpg,dog\nsub/d.jpg,dog\ne.jpg,bird\n");
    let mut lines = String::new();
    for (path, answers) in [
        ("a.jpg", [("cat", 0.8), ("Dog", 0.1), ("bird", 0.1)]),
        ("b.jpg", [("Dog", 0.6), ("cat", 0.3), ("bird", 0.1)]),
        ("c.jpg", [("Dog", 0.9), ("cat", 0.1), ("bird", 0.0)]),
        ("sub/d.jpg", [("Dog", 0.7), ("bird", 0.2), ("cat", 0.1)]),
        ("other.jpg", [("cat", 0.7), ("bird", 0.2), ("Dog", 0.1)]),
    ] {
        lines += &record(path, classes(&answers));
    }
    s.file("run/results.jsonl", lines.as_bytes());
}

#[test]
fn classification_by_hand() {
    let s = Scratch::new();
    classified(&s);
    let report = measured(&[&s.path("labels.csv"), &s.path("run")]);
    let found = &report["classification"];
    assert_eq!((&found["pictures"], &found["top1"], &found["top5"]), (&json!(5), &json!(0.6), &json!(0.8)));
    let class = |name: &str| {
        let classes = found["classes"].as_array().expect("classes").clone();
        classes.into_iter().find(|class| class["name"] == name).expect("the class")
    };
    assert_eq!((&class("cat")["precision"], &class("cat")["recall"]), (&json!(1.0), &json!(0.5)));
    assert_eq!((&class("dog")["recall"], &class("dog")["answers"]), (&json!(1.0), &json!(3)));
    assert!(near(&class("cat")["f1"], 2.0 / 3.0) && near(&class("dog")["f1"], 0.8));
    assert_eq!((&class("bird")["precision"], &class("bird")["f1"]), (&Value::Null, &json!(0.0)));
    assert!(near(&found["macro_recall"], 0.5) && near(&found["macro_f1"], (2.0 / 3.0 + 0.8) / 3.0));
    assert_eq!(report["confusion"]["labels"], json!(["bird", "cat", "dog"]));
    let cell = |truth: &str, answer: Option<&str>, count: u64| json!({"truth": truth, "answer": answer, "count": count});
    let cells = [
        cell("bird", None, 1),
        cell("cat", Some("cat"), 1),
        cell("cat", Some("dog"), 1),
        cell("dog", Some("dog"), 2),
    ];
    assert_eq!(report["confusion"]["cells"], json!(cells));
    // .8, .9, .7 right and .6 wrong: (.2 + .1 + .3 + .6) / 4.
    assert!(near(&report["calibration"]["ece"], 0.3), "{report:#}");
    let notes = report["notes"].to_string();
    assert!(notes.contains("1 of 5 pictures") && notes.contains("e.jpg"), "{notes}");
    assert!(notes.contains("left out: other.jpg"), "{notes}");

    // The same truth as folders.
    for path in ["cat/a.jpg", "cat/b.jpg", "dog/c.jpg", "dog/d.jpg", "bird/e.jpg"] {
        s.file(Path::new("tree").join(path), b"");
    }
    let tree = measured(&[&s.path("tree"), &s.path("run")]);
    assert_eq!(tree["classification"], report["classification"]);
    let run = s.path("run");
    eval(&[&s.path("labels.csv"), &run, &"--plots", &s.path("plots")]).expect(0).says("top-1").says("0.6000");
    assert!(s.path("plots/confusion.svg").is_file() && s.path("plots/reliability.svg").is_file());
}

#[test]
fn labels_may_be_synonyms_and_numbers() {
    let s = Scratch::new();
    let answer = |class: u64, label: &str| json!({"task": "classify", "classes": [{"class": class, "label": label, "score": 0.9}]});
    let lines = record("a.jpg", answer(281, "tabby, tabby cat")) + &record("b.jpg", answer(8, "hen"));
    s.file("run/results.jsonl", lines.as_bytes());
    for (labels, top1) in [
        ("a.jpg,Tabby cat\nb.jpg,hen\n", 1.0),
        ("a.jpg,281\nb.jpg,7\n", 0.5),
        ("a.jpg,cat\nb.jpg,cock\n", 0.0),
    ] {
        s.file("labels.csv", labels.as_bytes());
        let report = measured(&[&s.path("labels.csv"), &s.path("run")]);
        assert_eq!(report["classification"]["top1"], top1, "{labels}");
        let said = report["notes"].to_string().contains("never answered");
        assert_eq!(said, top1 < 1.0, "{report:#}");
    }
}

#[test]
fn floors_are_exit_code_3() {
    let s = Scratch::new();
    classified(&s);
    let (truth, results) = (golden("boxes-truth.json"), golden("boxes-results.json"));
    eval(&[&truth, &results, &"--min-ap", &"0.17"]).expect(0);
    eval(&[&truth, &results, &"--min-ap", &"0.18"]).expect(3).says("AP is 0.1775; --min-ap asks for 0.18");
    let (labels, run) = (s.path("labels.csv"), s.path("run"));
    eval(&[&labels, &run, &"--min-top1", &"0.6"]).expect(0);
    eval(&[&labels, &run, &"--min-top1", &"0.61"]).expect(3).says("top-1 is 0.6000");
    eval(&[&labels, &run, &"--min-ap", &"0.5"]).expect(1).says("--min-top1");
    eval(&[&truth, &results, &"--min-top1", &"0.5"]).expect(1).says("--min-ap");
}

/// YOLO labels of a data set with names in a data.yaml; sizes come from the run.
#[test]
fn yolo_labels_need_names_and_sizes() {
    let s = Scratch::new();
    s.file("set/data.yaml", b"path: .\nnames:\n  0: cat\n  1: red bus\n");
    s.file("set/labels/val/a.txt", b"1 0.3 0.3 0.4 0.4\n");
    s.file("set/labels/val/b.txt", b"");
    let found = boxes(&[("red_bus", 0.9, [10.0, 10.0, 50.0, 50.0])]);
    let lines = record("val/a.jpg", found) + &record("val/b.jpg", boxes(&[]));
    s.file("run/results.jsonl", lines.as_bytes());
    let report = measured(&[&s.path("set"), &s.path("run")]);
    assert!(near(&report["coco"]["metrics"]["AP"], 1.0), "{report:#}");
    assert_eq!((&report["truth"]["format"], &report["truth"]["pictures"]), (&json!("YOLO"), &json!(2)));
    // An outline covers the same box.
    s.file("set/labels/val/a.txt", b"1 0.1 0.1 0.5 0.1 0.5 0.5 0.1 0.5\n");
    assert!(near(&measured(&[&s.path("set"), &s.path("run")])["coco"]["metrics"]["AP"], 1.0));
    // No size: neither in the results nor in a picture.
    s.file("list.json", br#"[{"image_id":1,"category_id":1,"bbox":[1,1,5,5],"score":0.5}]"#);
    s.file("plain/1.txt", b"1 0.3 0.3 0.4 0.4\n");
    eval(&[&s.path("plain"), &s.path("list.json")]).expect(1).says("size of its picture");
    // A picture beside it settles that, and the number in its name which picture is meant.
    s.file("plain/1.png", &common::picture(1, image::ImageFormat::Png));
    eval(&[&s.path("plain"), &s.path("list.json")]).expect(0).says("class_1");
    s.file("plain/1.txt", b"1 20 30 40 40\n");
    eval(&[&s.path("plain"), &s.path("list.json")]).expect(1).says("coordinates in pixels").says("line 1");
}

#[test]
fn what_does_not_fit_is_said() {
    let s = Scratch::new();
    classified(&s);
    let (truth, results) = (golden("boxes-truth.json"), golden("boxes-results.json"));
    let (run, labels) = (s.path("run"), s.path("labels.csv"));
    s.file("empty/notes.md", b"");
    s.file("text.json", b"not json");
    s.file("noscore.json", br#"[{"image_id":1,"category_id":1,"bbox":[1,1,5,5]}]"#);
    s.file("elsewhere.json", br#"[{"image_id":999999,"category_id":1,"bbox":[1,1,5,5],"score":0.5}]"#);
    s.file("broken/a.xml", b"<annotation><object>");
    s.file("lines/results.jsonl", b"{\"schema\":\"vision.item/9\"}\n");
    s.file("people/results.jsonl", record("000000000001.jpg", boxes(&[("yeti", 0.5, [0.0; 4])])).as_bytes());
    let image = std::fs::read(&truth).expect("truth");
    let image: Value = serde_json::from_slice(&image).expect("JSON");
    let name = image["images"][0]["file_name"].as_str().expect("a name");
    s.file("yeti/results.jsonl", record(name, boxes(&[("yeti", 0.5, [0.0; 4])])).as_bytes());
    for (truth, results, says) in [
        (s.path("missing"), results.clone(), "no such file"),
        (s.path("empty"), results.clone(), "expected as truth"),
        (truth.clone(), s.path("empty"), "folder without results.jsonl"),
        (s.path("text.json"), results.clone(), "not such a JSON object"),
        (truth.clone(), s.path("text.json"), "not COCO results"),
        (results.clone(), results.clone(), "COCO uses for results"),
        (truth.clone(), s.path("noscore.json"), "no finite \"score\""),
        (truth.clone(), s.path("elsewhere.json"), "no picture of the results is in the truth"),
        (s.path("broken"), results.clone(), "broken XML"),
        (truth.clone(), s.path("lines"), "line 1 is not a record"),
        (truth.clone(), s.path("yeti"), "no class of the results is in the truth"),
        (truth.clone(), run.clone(), "the results are classifications"),
        (labels.clone(), results.clone(), "the results hold no classification"),
    ] {
        let ran = eval(&[&truth, &results]).expect(1).says(says);
        assert!(ran.err.starts_with("error: ") && ran.err.lines().count() == 1, "{}", ran.err);
    }
}

#[test]
fn hostile_files_are_refused_and_take_no_memory() {
    let s = Scratch::new();
    let list = br#"[{"image_id":1,"category_id":1,"segmentation":{"size":[4000000000,4000000000],"counts":"0"},"score":0.5}]"#;
    let results = s.file("results.json", list);
    let spiral: Vec<f64> = (0..100_000).map(|i| f64::from(i % 4 / 2) * 65000.0).collect();
    let truth = |width: u64, polygon: &[f64]| {
        json!({"images": [{"id": 1, "file_name": "a.jpg", "width": width, "height": 65535}],
            "annotations": [{"id": 1, "image_id": 1, "category_id": 1, "iscrowd": 0, "bbox": [0, 0, 9, 9],
                "segmentation": [polygon]}], "categories": [{"id": 1, "name": "a"}]})
    };
    let file = |name: &str, value: Value| s.file(name, value.to_string().as_bytes());
    let far = file("far.json", truth(65535, &spiral));
    eval(&[&far, &results]).expect(1).says("an outline of");
    let wide = file("wide.json", truth(4_000_000_000, &[0.0, 0.0, 9.0, 0.0, 9.0, 9.0]));
    eval(&[&wide, &results]).expect(1).says("expected sides up to");
    // A mask whose size is not that of its picture matches nothing.
    let plain = file("plain.json", truth(100, &[0.0, 0.0, 9.0, 0.0, 9.0, 9.0]));
    eval(&[&plain, &results]).expect(0).says("COCO segm");
    let categories: Vec<Value> = (0..6000).map(|id| json!({"id": id, "name": id.to_string()})).collect();
    let mut many = truth(100, &[]);
    many["categories"] = categories.into();
    eval(&[&file("many.json", many), &results]).expect(1).says("6000 classes");
}
