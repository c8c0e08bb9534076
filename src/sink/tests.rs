//! Hand-written records through every sink; the files read back.

use std::fs;

use serde_json::{Value, json};
use tempfile::TempDir;

use super::*;
use crate::error::Kind;
use crate::frame::Part;
use crate::prediction::Prediction;
use crate::record::{Failure, INPUT_SCHEMA, ITEM_SCHEMA, InputId, ItemId, Status};
use crate::spec::{Labels, Task};

mod readers;

/// A run folder with its temporary folder.
pub(crate) struct Run {
    folder: TempDir,
    labels: LabelSet,
}

impl Run {
    fn new(labels: Labels) -> Self {
        let folder = TempDir::new().expect("temporary folder");
        fs::create_dir(folder.path().join("tmp")).expect("folder");
        Self { folder, labels: LabelSet::new(&labels).expect("labels") }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Sink>> {
        let temporary = self.path("tmp");
        let context = SinkContext {
            folder: self.folder.path(),
            temporary: &temporary,
            labels: &self.labels,
            tracked: false,
            scored: true,
            generator: "vision 0.1.0".to_owned(),
        };
        Ok(super::open(&[name], Task::Detect, &context)?.remove(0))
    }

    /// Gives `inputs` to the sink `name`; returns what it wrote.
    fn write(&self, name: &str, inputs: &[(Vec<Record>, InputRecord)]) -> Vec<PathBuf> {
        let mut sink = self.open(name).expect("opens");
        for (items, input) in inputs {
            items.iter().for_each(|item| sink.item(item).expect("item"));
            sink.input(input).expect("input");
        }
        let files = sink.finish().expect("finishes");
        let left = fs::read_dir(self.path("tmp")).expect("folder").count();
        assert_eq!(left, 0, "nothing temporary is left");
        files
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.text(name)).expect("valid JSON")
    }
}

fn input_id(path: &str) -> InputId {
    InputId {
        id: format!("{:016x}", path.len()),
        root: "photos".to_owned(),
        path: path.to_owned(),
        path_bytes: None,
        digest: None,
        bytes: Some(10),
    }
}

fn found(class: u32, label: &str, score: f32, rect: [f32; 4]) -> Instance {
    Instance {
        class,
        label: label.to_owned(),
        score,
        rect: rect.into(),
        corners: None,
        keypoints: Vec::new(),
        track: None,
        filled: false,
        children: Vec::new(),
    }
}

fn record(path: &str, part: Option<Part>, instances: Vec<Instance>) -> Record {
    Record {
        schema: ITEM_SCHEMA.to_owned(),
        item: ItemId { input: input_id(path), part },
        size: [200, 100],
        orientation: 1,
        prediction: Some(Prediction::Detect { instances }),
        warnings: Vec::new(),
        error: None,
        decision: None,
        ext: Default::default(),
    }
}

fn closing(path: &str, items: u32, error: Option<Error>) -> InputRecord {
    let status = if error.is_some() { Status::Failed } else { Status::Done };
    let error = error.as_ref().map(Failure::from);
    InputRecord { schema: INPUT_SCHEMA.to_owned(), input: input_id(path), items, status, error }
}

/// A picture with a dog, a car and its plate; an empty one; two pages; a failed one.
fn inputs() -> Vec<(Vec<Record>, InputRecord)> {
    let mut car = found(2, "car", 0.75, [20.0, 10.5, 120.25, 90.0]);
    car.children.push(found(0, "plate", 0.5, [50.0, 60.0, 70.0, 66.0]));
    let street = record("a/street.jpg", None, vec![found(16, "dog", 0.9, [0.0, 50.0, 50.0, 100.0]), car]);
    let empty = record("a/=empty.png", None, vec![]);
    let page = |n| {
        let person = found(0, "person", 0.25, [-10.0, 0.0, 100.0, 100.0]);
        record("scan.tif", Some(Part::Page { n }), vec![person])
    };
    let broken = Error::new(Kind::Truncated, "-cut.jpg: ends early, \"half\" a picture");
    vec![
        (vec![street], closing("a/street.jpg", 1, None)),
        (vec![empty], closing("a/=empty.png", 1, None)),
        (vec![page(1), page(2)], closing("scan.tif", 2, None)),
        (vec![], closing("-cut.jpg", 0, Some(broken))),
    ]
}

fn coco_80() -> Run {
    Run::new(Labels::BuiltIn("coco-80".to_owned()))
}

#[test]
fn jsonl_holds_every_record_in_order() {
    let run = coco_80();
    assert_eq!(run.write("jsonl", &inputs()), [PathBuf::from("results.jsonl")]);
    let text = run.text("results.jsonl");
    let lines: Vec<Value> = text.lines().map(|l| serde_json::from_str(l).expect("valid JSON")).collect();
    let schemas: Vec<&str> = lines.iter().filter_map(|l| l["schema"].as_str()).collect();
    let (item, input) = ("vision.item/1", "vision.input/1");
    assert_eq!(schemas, [item, input, item, input, item, item, input, input]);
    let back: Record = serde_json::from_value(lines[0].clone()).expect("a record");
    assert_eq!(back, inputs()[0].0[0]);
    assert_eq!(lines[7]["error"]["kind"], "truncated");
    assert!(text.ends_with('\n'));
}

#[test]
fn json_holds_records_and_inputs() {
    let run = coco_80();
    run.write("json", &inputs());
    let document = run.json("results.json");
    assert_eq!(document["schema"], "vision.results/1");
    assert_eq!(document["records"].as_array().map(Vec::len), Some(4));
    assert_eq!(document["inputs"].as_array().map(Vec::len), Some(4));
    assert_eq!(document["records"][3]["item"]["part"]["n"], 2);
    assert_eq!(document["inputs"][3]["status"], "failed");
    run.write("json", &[]);
    let empty = json!({ "schema": "vision.results/1", "records": [], "inputs": [] });
    assert_eq!(run.json("results.json"), empty);
}

#[test]
fn csv_has_a_row_a_detection_and_a_row_an_input() {
    let run = coco_80();
    let files = run.write("csv", &inputs());
    assert_eq!(files, [PathBuf::from("results.csv"), PathBuf::from("inputs.csv")]);
    assert_eq!(
        run.text("results.csv"),
        "id,root,path,part,width,height,class,label,score,x1,y1,x2,y2\n\
         000000000000000c,photos,a/street.jpg,,200,100,16,dog,0.9,0,50,50,100\n\
         000000000000000c,photos,a/street.jpg,,200,100,2,car,0.75,20,10.5,120.25,90\n\
         000000000000000c,photos,a/street.jpg,,200,100,0,plate,0.5,50,60,70,66\n\
         0000000000000008,photos,scan.tif,page 1,200,100,0,person,0.25,-10,0,100,100\n\
         0000000000000008,photos,scan.tif,page 2,200,100,0,person,0.25,-10,0,100,100\n"
    );
    let mut reader = ::csv::Reader::from_path(run.path("inputs.csv")).expect("readable");
    let rows: Vec<Vec<String>> =
        reader.records().map(|r| r.expect("a row").iter().map(str::to_owned).collect()).collect();
    assert_eq!(rows.len(), 4);
    assert_eq!(rows[1][2..], ["a/=empty.png", "1", "done", "", ""]);
    let message = "'-cut.jpg: ends early, \"half\" a picture";
    assert_eq!(rows[3][2..], ["'-cut.jpg", "0", "failed", "truncated", message]);
}

#[test]
fn coco_has_images_annotations_and_categories() {
    let run = coco_80();
    run.write("coco", &inputs());
    let coco = run.json("coco.json");
    assert_eq!(coco["info"]["description"], "vision 0.1.0");
    let images = coco["images"].as_array().expect("images");
    assert_eq!(images.len(), 4);
    let second = json!({
        "id": 2, "file_name": "a/=empty.png", "width": 200, "height": 100,
        "root": "photos", "item": "000000000000000c",
    });
    assert_eq!(images[1], second);
    let annotations = coco["annotations"].as_array().expect("annotations");
    // COCO numbers dog 18 and car 3; the plate is none of its classes.
    assert_eq!(annotations.len(), 4);
    let dog = json!({
        "id": 1, "image_id": 1, "category_id": 18, "bbox": [0.0, 50.0, 50.0, 50.0],
        "area": 2500.0, "iscrowd": 0, "score": 0.9,
    });
    assert_eq!(annotations[0].to_string(), dog.to_string());
    assert_eq!(annotations[1]["bbox"], json!([20.0, 10.5, 100.25, 79.5]));
    assert_eq!(annotations[1]["area"], 7969.875);
    assert_eq!(annotations[3]["image_id"], 4);
    assert_eq!(coco["categories"].as_array().map(Vec::len), Some(80));
    assert_eq!(coco["categories"][16], json!({ "id": 18, "name": "dog", "supercategory": "" }));
}

/// A square of side √2 · 20 on its tip at (190, 50) of 200 x 100: its right corner is outside.
fn oriented() -> (Vec<Record>, InputRecord) {
    let corners = crate::geometry::Quad([[190.0, 30.0], [210.0, 50.0], [190.0, 70.0], [170.0, 50.0]]);
    let mut ship = found(8, "boat", 0.5, [170.0, 30.0, 200.0, 70.0]);
    ship.corners = Some(corners);
    (vec![record("x.jpg", None, vec![ship])], closing("x.jpg", 1, None))
}

#[test]
fn oriented_boxes_are_polygons_where_the_format_has_them() {
    let run = coco_80();
    run.write("jsonl", &[oriented()]);
    let line: Value =
        serde_json::from_str(run.text("results.jsonl").lines().next().expect("a line")).expect("JSON");
    let instance = &line["prediction"]["instances"][0];
    assert_eq!(instance["corners"], json!([[190.0, 30.0], [210.0, 50.0], [190.0, 70.0], [170.0, 50.0]]));
    let back: Record = serde_json::from_value(line).expect("a record");
    assert_eq!(back, oriented().0[0]);

    run.write("coco", &[oriented()]);
    let annotation = &run.json("coco.json")["annotations"][0];
    assert_eq!(annotation["segmentation"], json!([[190.0, 30.0, 210.0, 50.0, 190.0, 70.0, 170.0, 50.0]]));
    assert_eq!(
        (&annotation["bbox"], &annotation["area"]),
        (&json!([170.0, 30.0, 30.0, 40.0]), &json!(800.0))
    );

    run.write("yolo", &[oriented()]);
    let line = "8 0.950000 0.300000 1.000000 0.500000 0.950000 0.700000 0.850000 0.500000 0.500000\n";
    assert_eq!(run.text("labels/photos/x.txt"), line);
}

#[test]
fn coco_gives_unnamed_classes_ids_of_their_own() {
    let run = coco_80();
    let odd = record("x.jpg", None, vec![found(82, "class_82", 0.5, [0.0, 0.0, 9.0, 9.0])]);
    run.write("coco", &[(vec![odd], closing("x.jpg", 1, None))]);
    let coco = run.json("coco.json");
    // 82 is COCO's refrigerator; the ids end at 90, so class 80 + 2 becomes 91 + 2.
    assert_eq!(coco["annotations"][0]["category_id"], 93);
    assert_eq!(coco["categories"][80], json!({ "id": 93, "name": "class_82", "supercategory": "" }));
}

#[test]
fn pycocotools_loads_the_file() {
    let Some(python) = std::env::var_os("VISION_PYTHON") else {
        println!("skipped: no Python");
        return;
    };
    let run = coco_80();
    run.write("coco", &inputs());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python/coco_load.py");
    let output = std::process::Command::new(python).arg(script).arg(run.path("coco.json")).output();
    let output = output.expect("Python starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert!(said.ends_with("images 4 annotations 4 categories 80 dogs 1 perfect 1.000\n"), "{said}");
}

#[test]
fn yolo_mirrors_the_inputs() {
    let run = coco_80();
    assert_eq!(run.write("yolo", &inputs()), [PathBuf::from("labels")]);
    // Dog: centre (25, 75) of 200 x 100; car: centre (70.125, 50.25), 100.25 x 79.5.
    assert_eq!(
        run.text("labels/photos/a/street.txt"),
        "16 0.125000 0.750000 0.250000 0.500000 0.900000\n\
         2 0.350625 0.502500 0.501250 0.795000 0.750000\n"
    );
    assert_eq!(run.text("labels/photos/a/=empty.txt"), "");
    // Cut at the frame: x from 0 to 100.
    let person = "0 0.250000 0.500000 0.500000 1.000000 0.250000\n";
    assert_eq!(run.text("labels/photos/scan.p0001.txt"), person);
    assert_eq!(run.text("labels/photos/scan.p0002.txt"), person);
    let classes = run.text("labels/classes.txt");
    assert_eq!((classes.lines().count(), classes.lines().nth(16)), (80, Some("dog")));
}

#[test]
fn yolo_leaves_no_stale_file_and_keeps_same_named_items_apart() {
    let run = Run::new(Labels::List(vec!["cat".to_owned()]));
    run.write("yolo", &inputs());
    let cat = |path, class, label| {
        let item = record(path, None, vec![found(class, label, 0.5, [0.0, 0.0, 200.0, 100.0])]);
        (vec![item], closing(path, 1, None))
    };
    run.write("yolo", &[cat("x.jpg", 0, "cat"), cat("x.png", 3, "class_3"), cat("../../up.jpg", 0, "cat")]);
    assert!(!run.path("labels/photos/a").exists());
    assert_eq!(&run.text("labels/photos/x.txt")[..2], "0 ");
    assert_eq!(&run.text("labels/photos/x.png.txt")[..2], "3 ");
    assert!(run.path("labels/photos/%2E%2E/%2E%2E/up.txt").is_file());
    assert_eq!(run.text("labels/classes.txt"), "cat\nclass_1\nclass_2\nclass_3\n");
}

#[test]
fn yolo_finds_a_place_for_names_that_meet_twice() {
    let run = coco_80();
    // `a.png` wants a.txt and a.png.txt, which are taken; `b.txt` is a file before it is a folder.
    let paths = ["a.png.gif", "a.gif", "a.png", "b.gif", "b.txt/c.gif"];
    let inputs: Vec<_> =
        paths.iter().map(|path| (vec![record(path, None, vec![])], closing(path, 1, None))).collect();
    run.write("yolo", &inputs);
    for name in
        ["photos/a.png.txt", "photos/a.txt", "~0000000000000005.txt", "photos/b.txt", "~000000000000000b.txt"]
    {
        assert!(run.path(&format!("labels/{name}")).is_file(), "{name}");
    }
}

#[test]
fn yolo_does_not_replace_annotations_of_somebody_else() {
    let run = coco_80();
    fs::create_dir(run.path("labels")).expect("folder");
    fs::write(run.path("labels/precious.txt"), "0 .5 .5 1 1").expect("file");
    let error = run.open("yolo").err().expect("refused");
    assert_eq!(error.kind, Kind::OutputFolder);
    assert_eq!(run.text("labels/precious.txt"), "0 .5 .5 1 1");
}

#[test]
fn a_sink_that_does_not_finish_leaves_nothing() {
    let run = coco_80();
    for entry in SINKS.iter().filter(|entry| entry.tasks.contains(&Task::Detect)) {
        let mut sink = run.open(entry.name).expect("opens");
        sink.item(&inputs()[0].0[0]).expect("item");
        drop(sink);
        let left: Vec<_> = fs::read_dir(run.folder.path()).expect("folder").collect();
        assert_eq!((left.len(), fs::read_dir(run.path("tmp")).expect("folder").count()), (1, 0));
    }
}

#[test]
fn the_same_records_give_the_same_bytes() {
    let (first, second) = (coco_80(), coco_80());
    for entry in SINKS.iter().filter(|entry| entry.tasks.contains(&Task::Detect)) {
        let files = first.write(entry.name, &inputs());
        second.write(entry.name, &inputs());
        for file in files.iter().filter(|f| first.path(&f.to_string_lossy()).is_file()) {
            let name = file.to_string_lossy();
            let bytes = |run: &Run| fs::read(run.path(&name)).expect("a file");
            assert!(bytes(&first) == bytes(&second), "{name}");
        }
    }
}

#[test]
fn unknown_formats_are_named() {
    let run = coco_80();
    let error = run.open("xml").err().expect("refused");
    assert_eq!(error.kind, Kind::Usage);
    let last = if cfg!(feature = "parquet") { "voc, parquet" } else { "voc" };
    let wanted = format!(
        "--format xml: no such output format; there are: json, jsonl, csv, coco, yolo, mot, events, {last}"
    );
    assert_eq!(error.message, wanted);
}

#[test]
fn a_format_asked_for_twice_is_written_once() {
    let run = coco_80();
    let temporary = run.path("tmp");
    let context = SinkContext {
        folder: run.folder.path(),
        temporary: &temporary,
        labels: &run.labels,
        tracked: false,
        scored: true,
        generator: String::new(),
    };
    assert_eq!(super::open(&["csv", "json", "csv"], Task::Detect, &context).expect("opens").len(), 2);
}
