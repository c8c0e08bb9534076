//! `vision grade regrade` through the binary: recorded scores of OMRChecker, a class by hand, faults.

mod common;

use common::{Ran, Scratch, vision};
use serde_json::{Value, json};

/// A row of `results.jsonl`: the input's number, its file, page from 0, and answers `field=A+B` with `?` behind one that is
/// doubtful.
fn page(number: usize, file: &str, page: u32, answers: &[&str]) -> Value {
    let response = |text: &&str| {
        let (field, rest) = text.split_once('=').expect("field=answer");
        let doubtful = rest.ends_with('?');
        let values: Vec<&str> =
            rest.trim_end_matches('?').split('+').filter(|value| !value.is_empty()).collect();
        json!({ "field": field, "values": values, "confidence": if doubtful { 0.6 } else { 0.999 }, "review": doubtful, "flags": [] })
    };
    let responses: Vec<Value> = answers.iter().map(response).collect();
    let bucket = if responses.iter().any(|r| r["review"] == true) { "review" } else { "graded" };
    record(number, file, &json!({ "bucket": bucket, "page": page, "version": null, "responses": responses }))
}

fn record(number: usize, file: &str, grade: &Value) -> Value {
    json!({ "schema": "vision.item/1",
        "item": { "id": format!("{number:016x}"), "root": "scans", "path": file, "digest": null, "bytes": 1, "part": null },
        "size": [1, 1], "orientation": 1, "prediction": null, "warnings": [], "ext": { "grade": grade } })
}

/// A run folder as `vision grade` leaves it: results, and the journal that knows what they were read from.
fn run(s: &Scratch, records: &[Value]) {
    let lines: String = records.iter().map(|record| format!("{record}\n")).collect();
    s.file("run/results.jsonl", lines.as_bytes());
    let entry = |record: &Value| {
        let event = json!({ "event": "item", "id": record["item"]["id"], "part": null, "key": key_of(record), "artefacts": [], "drawn": "" });
        format!("{event}\n")
    };
    let items = records.iter().filter(|record| record["schema"] == "vision.item/1");
    s.file("run/.vision/journal.jsonl", items.map(entry).collect::<String>().as_bytes());
}

fn key_of(record: &Value) -> String {
    record["item"]["id"].as_str().expect("an id").repeat(4)
}

fn regrade(s: &Scratch, arguments: &[&str]) -> Ran {
    Ran::of(vision().current_dir(s.path("")).args(["grade", "regrade", "run"]).args(arguments))
}

fn table(s: &Scratch, name: &str) -> Vec<Vec<String>> {
    let mut reader =
        csv::ReaderBuilder::new().flexible(true).from_path(s.path(format!("run/{name}"))).expect("a table");
    reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
}

fn grades(s: &Scratch) -> Value {
    serde_json::from_slice(&std::fs::read(s.path("run/grades.json")).expect("grades.json")).expect("JSON")
}

/// The scores that OMRChecker recorded for its own samples, from the answers that it recorded.
#[test]
fn scores_are_those_that_omrchecker_recorded() {
    let cases = [
        ("answer-key/using-csv", &["answer_key_using_csv"][..]),
        ("answer-key/weighted-answers", &["answer_key_weighted_answers/images"]),
        ("community/UPSC-mock", &["community_UPSC_mock", "community_UPSC_mock/scan-angles"]),
        ("community/UmarFarootAPS", &["community_UmarFarootAPS/scans"]),
        ("sample4", &["sample4"]),
        ("sample5", &["sample5/ScanBatch1", "sample5/ScanBatch2"]),
    ];
    let Some(data) = common::shared("omr/omrchecker") else { return };
    let mut compared = 0;
    for (sample, recorded) in cases {
        let s = Scratch::new();
        let (mut records, mut scores) = (Vec::new(), Vec::new());
        for folder in recorded {
            let file = data.join("expected").join(folder).join("Results/Results.csv");
            let mut reader = csv::Reader::from_path(file).expect("recorded results");
            let names = reader.headers().expect("a header").clone();
            for row in reader.records() {
                let row = row.expect("a row");
                let answers: Vec<String> =
                    names.iter().zip(&row).skip(4).map(|(name, value)| format!("{name}={value}")).collect();
                let answers: Vec<&str> = answers.iter().map(String::as_str).collect();
                records.push(page(records.len(), &row[0], 0, &answers));
                scores.push((format!("scans/{}", &row[0]), row[3].parse::<f64>().expect("a score")));
            }
        }
        run(&s, &records);
        let key = data.join("samples").join(sample).join("evaluation.json");
        regrade(&s, &["--key", key.to_str().expect("a path"), "--columns", "files,points"]).expect(0);
        let found = table(&s, "grades.csv");
        for (file, score) in scores {
            // The sheet with the answers is no student's.
            let Some(row) = found.iter().find(|row| row[0] == file) else {
                assert_eq!(file, "scans/answer_key.jpg");
                continue;
            };
            let points: f64 = row[1].parse().expect("points");
            assert!((points - score).abs() < 1e-6, "{sample} {file}: {points}, recorded {score}");
            compared += 1;
        }
    }
    assert_eq!(compared, 13);
}

/// Its table of verdicts: what each question of a sheet gave.
#[test]
fn points_of_questions_are_those_that_omrchecker_explains() {
    let Some(data) = common::shared("omr/omrchecker") else { return };
    let mut compared = 0;
    for name in ["IMG_20201116_143512", "IMG_20201116_150717658", "IMG_20201116_150750830"] {
        let s = Scratch::new();
        let file = data.join(format!("expected/sample4/Evaluation/{name}_evaluation.csv"));
        let mut reader = csv::Reader::from_path(file).expect("a table");
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
        let answers: Vec<String> = rows.iter().map(|row| format!("{}={}", &row[0], &row[1])).collect();
        run(&s, &[page(0, "a.png", 0, &answers.iter().map(String::as_str).collect::<Vec<_>>())]);
        let key = data.join("samples/sample4/evaluation.json");
        regrade(&s, &["--key", key.to_str().expect("a path")]).expect(0);
        let found = table(&s, "points.csv");
        assert_eq!(found.len(), rows.len());
        for (row, found) in rows.iter().zip(&found) {
            assert_eq!((&row[0], row[4].parse::<f64>().ok()), (found[2].as_str(), found[8].parse().ok()));
            compared += 1;
        }
    }
    assert_eq!(compared, 33);
}

const KEY: &str = "question;answer;points;wrong\nq1;A;1;-0,5\nq2;B;2;\nq3;C;1,5;\n";
const ROSTER: &str = "id,name,class\n0041,Ann,7a\n0042,Zoë,7a\n0043,Bob,7b\n0044,Cem,7b\n";

/// Two pages a student; page 2 has q3 and no id.
fn class() -> Vec<Value> {
    vec![
        page(0, "01.png", 0, &["id=0041", "q1=A", "q2=B"]),
        page(1, "02.png", 1, &["q3=C"]),
        page(2, "03.png", 0, &["id=0042", "q1=B", "q2=B?"]),
        page(3, "04.png", 1, &["q3="]),
        page(4, "05.png", 0, &["id=0043", "q1=", "q2=A"]),
        page(5, "06.png", 0, &["id=9999", "q1=A", "q2=B"]),
        page(6, "07.png", 1, &["q3=C"]),
        record(7, "08.png", &json!({ "bucket": "rejected", "reason": "blurred" })),
        record(8, "cat.jpg", &json!({ "bucket": "not-a-sheet", "reason": "no mark" })),
    ]
}

#[test]
fn a_class_ends_in_grades_doubts_and_pages_that_are_all_told() {
    let s = Scratch::new();
    run(&s, &class());
    s.file("key.csv", KEY.as_bytes());
    s.file("roster.csv", ROSTER.as_bytes());
    regrade(&s, &["--key", "key.csv", "--roster", "roster.csv"])
        .expect(0)
        .says("5 students: 1 final, 1 review, 1 incomplete, 1 absent, 1 unknown");
    let rows: Vec<[String; 6]> =
        table(&s, "grades.csv").into_iter().map(|r| [0, 2, 6, 8, 9, 11].map(|at| r[at].clone())).collect();
    // id, points, status, least, most, class
    let wanted = [
        ["0041", "4.5", "final", "4.5", "4.5", "7a"],
        ["0042", "-0.5", "review", "-0.5", "1.5", "7a"],
        ["0043", "0", "incomplete", "0", "1.5", "7b"],
        ["0044", "", "absent", "0", "0", "7b"],
        ["", "4.5", "unknown", "4.5", "4.5", ""],
    ];
    assert_eq!(rows, wanted.map(|row| row.map(str::to_owned)));
    let pages: Vec<[String; 3]> =
        table(&s, "pages.csv").into_iter().map(|r| [1, 3, 5].map(|at| r[at].clone())).collect();
    assert_eq!(pages.len(), 9);
    assert_eq!(pages[7], ["scans/08.png", "rejected", ""].map(str::to_owned));
    assert_eq!(pages[1], ["scans/02.png", "graded", "0041"].map(str::to_owned));
    // The most at stake first: whose the last sheet is and the page that could not be read are worth all 4.5 points.
    let queue: Vec<[String; 3]> =
        table(&s, "review.csv").into_iter().map(|r| [0, 1, 4].map(|at| r[at].clone())).collect();
    let wanted = [["4.5", "identity", "id=9999"], ["4.5", "page", "blurred"], ["0.8", "answer", "B"]]
        .map(|row| row.map(str::to_owned));
    assert_eq!(queue, wanted);
}

fn decision(record: &Value, instance: Value, field: &str, was: Value, now: Value) -> String {
    let decision = json!({ "schema": "vision.decision/1", "item": record["item"]["id"], "instance": instance, "field": field,
        "observation_key": key_of(record), "was": was, "now": now, "by": "Ann", "at": "2026-01-02T03:04:05Z" });
    format!("{decision}\n")
}

#[test]
fn another_key_and_decisions_change_grades_without_a_scan_and_every_change_is_said() {
    let s = Scratch::new();
    let class = class();
    run(&s, &class);
    s.file("key.csv", KEY.as_bytes());
    s.file("roster.csv", ROSTER.as_bytes());
    regrade(&s, &["--key", "key.csv", "--roster", "roster.csv"]).expect(0);
    s.file("better.csv", KEY.replace("q1;A;1", "q1;A|B;1").as_bytes());
    regrade(&s, &["--key", "better.csv"])
        .expect(0)
        .says("0042 Zoë: points -0.5 -> 1 (q1 -0.5 -> 1)")
        .says("1 of 5 students changed");
    assert_eq!(table(&s, "changes.csv").len(), 2);
    // Whose it is, what it says, and one that somebody saw before it was read again.
    let decisions = [
        decision(&class[5], Value::Null, "identity", json!("9999"), json!("0044")),
        decision(&class[2], json!("q2"), "answer", json!(["B"]), json!(["A"])),
        decision(&class[0], json!("q1"), "answer", json!(["B"]), json!(["A"])),
        decision(&class[1], json!("q3"), "answer", json!(["C"]), json!([]))
            .replace(&key_of(&class[1]), &"0".repeat(64)),
        decision(&class[4], Value::Null, "identity", json!(null), json!("7777")),
    ];
    s.file("decisions.jsonl", decisions.concat().as_bytes());
    regrade(&s, &["--apply", "decisions.jsonl"])
        .expect(2)
        .says("0042 Zoë: status review -> final (q2 open -> 0)")
        .says("0044 Cem: points none -> 4.5, status absent -> final")
        .says("was [\"B\"], is [\"A\"]")
        .says("has been read anew")
        .says("7777 is not on the class list");
    let found = grades(&s);
    assert_eq!(
        (&found["decisions"]["applied"], &found["decisions"]["refused"].as_array().map(Vec::len)),
        (&json!(2), &Some(3))
    );
    assert_eq!(found["provenance"]["key"]["file"], "better.csv");
    // The same again changes nothing, to the byte.
    let before = std::fs::read(s.path("run/grades.json")).expect("grades.json");
    regrade(&s, &["--apply", "decisions.jsonl"]).expect(2).says("0 of 4 students changed");
    assert_eq!(before, std::fs::read(s.path("run/grades.json")).expect("grades.json"));
}

#[test]
fn one_decision_grades_all_equal_written_answers() {
    let s = Scratch::new();
    let texts = ["Photosynthesis", "photosinthesis", "Photosinthesis.", "respiration", "photosynthesis?"];
    let class: Vec<Value> = (0..)
        .zip(texts)
        .map(|(n, text)| page(n, &format!("{n}.png"), 0, &[&format!("q1={text}"), "q2=9,81 m/s²"]))
        .collect();
    run(&s, &class);
    s.file(
        "key.toml",
        b"[questions.q1]\ntext = \"photosynthesis\"\npoints = 2\n[questions.q2]\nnumber = 9.8\ntolerance = 0.02\nunit = \"m/s2\"\n",
    );
    regrade(&s, &["--key", "key.toml"]).expect(0);
    let column =
        |at: usize| table(&s, "grades.csv").into_iter().map(|row| row[at].clone()).collect::<Vec<_>>();
    // An unsure reading has no points although it fits the key.
    assert_eq!(column(2), ["3", "1", "1", "1", "1"]);
    let queue: Vec<[String; 4]> =
        table(&s, "review.csv").into_iter().map(|r| [0, 1, 4, 7].map(|at| r[at].clone())).collect();
    let wanted = [
        ["4", "written", "photosinthesis", "2"],
        ["2", "written", "respiration", "1"],
        ["0.8", "answer", "photosynthesis", "1"],
    ];
    assert_eq!(queue, wanted.map(|row| row.map(str::to_owned)));
    let decided = decision(&class[1], json!("q1"), "credit", json!(["photosinthesis"]), json!(1.5));
    s.file("decisions.jsonl", decided.as_bytes());
    regrade(&s, &["--apply", "decisions.jsonl"]).expect(0).says("2 of 5 students changed");
    assert_eq!(column(2), ["3", "2.5", "2.5", "1", "1"]);
}

#[test]
fn what_does_not_fit_is_said_and_leaves_the_grades_as_they_were() {
    let s = Scratch::new();
    run(&s, &class());
    s.file("key.csv", KEY.as_bytes());
    s.file("roster.csv", ROSTER.as_bytes());
    regrade(&s, &["--key", "key.csv", "--roster", "roster.csv"]).expect(0);
    let before = std::fs::read(s.path("run/grades.json")).expect("grades.json");
    s.file("long.csv", format!("{KEY}q4;A;1;\nq5;A;1;\n").as_bytes());
    s.file("bad.csv", b"question,answer,points\r\nq1,A,1\r\n\r\nq2,B,one\r\n");
    s.file("twice.csv", b"id,name\n0041,Ann\n0041,Bob\n");
    s.file("picture.csv", b"\x89PNG\r\n\x1a\n\x00\x00\xff");
    s.file("typo.toml", b"[questions.q1]\nanwser = \"A\"\n");
    let cases = [
        (&["--key", "long.csv"][..], "the key has questions that are not on any page that was read: q4, q5"),
        (&["--key", "bad.csv"], "bad.csv: line 4, column 3: \"one\" is no number"),
        (&["--roster", "twice.csv"], "twice.csv: line 3, column 1: \"0041\" is the id of line 2 too"),
        (&["--key", "picture.csv"], "picture.csv: is no text"),
        (&["--key", "typo.toml"], "typo.toml: q1: unknown field `anwser`"),
        (&["--key", "none.csv"], "none.csv: cannot be read"),
        (&["--columns", "id,Note"], "\"Note\" is neither a column of grades"),
    ];
    for (arguments, wanted) in cases {
        regrade(&s, arguments).expect(1).says(wanted);
        assert_eq!(before, std::fs::read(s.path("run/grades.json")).expect("grades.json"), "{arguments:?}");
    }
    // No run of vision grade.
    s.file(
        "other/results.jsonl",
        record(0, "a.png", &json!(null)).to_string().replace("\"grade\"", "\"track\"").as_bytes(),
    );
    let other =
        Ran::of(vision().current_dir(s.path("")).args(["grade", "regrade", "other", "--key", "key.csv"]));
    other.expect(1).says("line 1: tells of no sheet");
    regrade(&s, &["--final"]).expect(3);
}

#[test]
fn tables_are_as_the_school_wants_them() {
    let s = Scratch::new();
    run(&s, &class());
    // Latin-1 with semicolons, as Excel writes it.
    let roster: Vec<u8> = "id;name;class\n0041;Ann;7a\n0042;Zo\u{eb};7a\n".chars().map(|c| c as u8).collect();
    s.file("roster.csv", &roster);
    s.file("key.csv", KEY.as_bytes());
    let columns = "Matrikel=id,Name=name,Punkte=points,class,q1=question:q1";
    regrade(
        &s,
        &[
            "--key",
            "key.csv",
            "--roster",
            "roster.csv",
            "--separator",
            ";",
            "--decimal-comma",
            "--bom",
            "--columns",
            columns,
        ],
    )
    .expect(0);
    let text = std::fs::read_to_string(s.path("run/grades.csv")).expect("grades.csv");
    let lines: Vec<&str> = text.lines().take(3).collect();
    assert_eq!(
        lines,
        ["\u{feff}Matrikel;Name;Punkte;class;q1", "0041;Ann;4,5;7a;1", "0042;Zoë;-0,5;7a;-0,5"]
    );
}

/// A class of 60 with 20 questions, by a generator of its own, against numpy and pandas.
#[test]
fn figures_of_questions_equal_a_computation_in_python() {
    let Some(python) = common::python() else { return };
    let s = Scratch::new();
    let mut state = 12345u64;
    let mut random = move || {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as f64 / (1u64 << 31) as f64
    };
    let mut class = Vec::new();
    for student in 0..60 {
        let ability = random();
        let answer = |question: usize, random: &mut dyn FnMut() -> f64| {
            let knows = random() < 0.2 + 0.6 * ability + 0.01 * question as f64 - 0.1;
            let guess = ["A", "B", "C", "D", ""][(random() * 5.0) as usize];
            format!("q{question}={}", if knows { "A" } else { guess })
        };
        let mut answers: Vec<String> = (1..=20).map(|question| answer(question, &mut random)).collect();
        // A few are open: they count for no figure.
        if student % 15 == 0 {
            answers[3].push('?');
        }
        class.push(page(
            student,
            &format!("{student:02}.png"),
            0,
            &answers.iter().map(String::as_str).collect::<Vec<_>>(),
        ));
    }
    run(&s, &class);
    s.file(
        "key.toml",
        b"[answers]\n\"q1..15\" = \"A\"\n[questions.\"q16..20\"]\nanswer = \"A\"\npoints = 2\nwrong = -0.5\n",
    );
    regrade(&s, &["--key", "key.toml"]).expect(0);
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/python/item_statistics.py");
    let ran = Ran::of(std::process::Command::new(python).arg(script).arg(s.path("run/points.csv"))).expect(0);
    let wanted: Value = serde_json::from_str(&ran.out).expect("JSON");
    let found = &grades(&s)["statistics"];
    assert_eq!(found["students"], json!(56));
    let compared = near("", &wanted, found);
    assert!(compared > 300, "{compared}");
}

/// Compares every number that `wanted` has; returns how many.
fn near(path: &str, wanted: &Value, found: &Value) -> usize {
    match wanted {
        Value::Object(all) => {
            all.iter().map(|(name, value)| near(&format!("{path}/{name}"), value, &found[name])).sum()
        }
        Value::Array(all) => {
            assert_eq!(Some(all.len()), found.as_array().map(Vec::len), "{path}");
            all.iter().enumerate().map(|(at, value)| near(&format!("{path}/{at}"), value, &found[at])).sum()
        }
        Value::Number(number) => {
            let (wanted, found) = (number.as_f64().expect("a number"), found.as_f64());
            assert!(
                found.is_some_and(|found| (found - wanted).abs() < 1e-9),
                "{path}: {found:?}, Python has {wanted}"
            );
            1
        }
        other => {
            assert_eq!(other, found, "{path}");
            0
        }
    }
}
