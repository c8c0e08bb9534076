//! `vision diff` through the binary: counts, files, exit codes.

mod common;

use common::{Ran, Scratch, photo, sample, vision};
use serde_json::{Value, json};

fn diff(s: &Scratch, arguments: &[&str]) -> Ran {
    Ran::of(vision().current_dir(s.path("")).arg("diff").args(arguments))
}

fn read(s: &Scratch, path: &str) -> Value {
    serde_json::from_slice(&std::fs::read(s.path(path)).unwrap_or_else(|e| panic!("{path}: {e}")))
        .expect("JSON")
}

fn detect(s: &Scratch, out: &str, more: &[&str]) -> Ran {
    Ran::of(
        vision()
            .current_dir(s.path(""))
            .args(["detect", "p", "--no-images", "--report", "--out", out])
            .args(more),
    )
}

#[test]
fn a_higher_threshold_only_loses() {
    let s = Scratch::new();
    for name in ["cars.jpg", "cows.jpg", "giraffe.jpg"] {
        s.file(format!("p/{name}"), &std::fs::read(sample(name)).expect("a sample"));
    }
    detect(&s, "low", &["--conf", "0.4"]).expect(0);
    detect(&s, "high", &["--conf", "0.7"]).expect(0);
    let counts = |run: &str| -> usize {
        let records = common::records(&s.path(format!("{run}/results.jsonl")));
        records.iter().filter_map(|r| r["prediction"]["instances"].as_array()).map(Vec::len).sum()
    };
    let (low, high) = (counts("low"), counts("high"));
    assert!(low > high && high > 0, "{low} {high}");
    diff(&s, &["low", "high", "--exit-code"]).expect(3).says("pictures differ").says("report.html");
    let found = read(&s, "vision-diff/diff.json");
    let things = json!({ "lost": low - high, "new": 0, "changed": 0, "same": high });
    assert_eq!((&found["schema"], &found["summary"]["things"]), (&json!("vision.diff/1"), &things));
    assert_eq!(found["summary"]["both"], json!(3));
    // Of the list, only what differs; a row of the table for each thing in it.
    let list = found["items"].as_array().expect("items");
    assert_eq!(json!(list.len()), found["summary"]["differ"]);
    let pairs: usize = list.iter().map(|item| item["pairs"].as_array().expect("pairs").len()).sum();
    let table = std::fs::read_to_string(s.path("vision-diff/diff.csv")).expect("diff.csv");
    assert_eq!(table.lines().count(), pairs + 1);
    // The other way round what was lost is new; a run against itself differs in nothing.
    diff(&s, &["high", "low", "--out", "back"]).expect(0);
    assert_eq!(read(&s, "back/diff.json")["summary"]["things"]["new"], json!(low - high));
    diff(&s, &["low", "low", "--out", "none", "--exit-code"]).expect(0).says("0 of 3 pictures differ");
}

#[test]
fn items_of_one_run_and_names_that_changed_are_told() {
    let s = Scratch::new();
    s.file("p/a.jpg", &std::fs::read(sample("cows.jpg")).expect("a sample"));
    s.file("p/b.jpg", &photo());
    detect(&s, "old", &["--conf", "0.4"]).expect(0);
    std::fs::remove_file(s.path("p/b.jpg")).expect("removed");
    s.file("p/c.jpg", &photo());
    // The same boxes by another list of names.
    let names: String =
        (0..80).map(|n| if n == 19 { "ox\n".to_owned() } else { format!("thing{n}\n") }).collect();
    s.file("names.txt", names.as_bytes());
    detect(&s, "new", &["--conf", "0.4", "--labels", "names.txt"]).expect(0);
    diff(&s, &["old", "new"]).expect(0).says("1 only in the first run").says("1 only in the second run");
    let found = read(&s, "vision-diff/diff.json");
    let only: Vec<&Value> =
        found["items"].as_array().expect("items").iter().map(|item| &item["only"]).collect();
    assert_eq!(only, [&Value::Null, &json!("b"), &json!("a")]);
    let pair = &found["items"][0]["pairs"][0];
    assert_eq!(
        (&pair["kind"], &pair["a"]["is"], &pair["b"]["is"], &pair["iou"]),
        (&json!("changed"), &json!("cow"), &json!("ox"), &json!(1.0))
    );
    assert_eq!(found["summary"]["by_label"]["cow"]["changed"], found["summary"]["things"]["changed"]);
}

#[test]
fn what_cannot_be_compared_is_said_and_leaves_nothing() {
    let s = Scratch::new();
    s.file("p/b.jpg", &photo());
    detect(&s, "one", &[]).expect(0);
    Ran::of(vision().current_dir(s.path("")).args(["classify", "p", "--no-images", "--out", "two"]))
        .expect(0);
    for (arguments, wanted) in [
        (&["one", "absent"][..], "absent"),
        (&["one", "p"], "results.jsonl"),
        (&["one", "two"], "one command"),
        (&["one", "one", "--iou", "2"], "0 to 1"),
    ] {
        diff(&s, arguments).expect(1).says(wanted);
        assert!(!s.path("vision-diff").exists(), "{arguments:?}");
    }
    diff(&s, &["one", "one", "--out", "two"]).expect(1).says("holds a run");
}
