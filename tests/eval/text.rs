//! Texts: error rates against jiwer's, lines against shapely's overlaps (tests/golden/make_eval_text.py).

use serde_json::{Value, json};

use crate::common::Scratch;
use crate::{eval, golden, measured, near};

#[test]
fn error_rates_and_lines_are_those_of_others() {
    let report = measured(&[&golden("text-truth.json"), &golden("text-results.jsonl")]);
    let expected: Value =
        serde_json::from_slice(&std::fs::read(golden("text-expected.json")).expect("the file"))
            .expect("JSON");
    let text = &report["text"];
    for rate in ["cer", "wer"] {
        assert!(near(&text[rate], expected[rate].as_f64().expect("a number")), "{rate}: {text} {expected}");
    }
    for count in ["truth", "results", "found"] {
        assert_eq!(text["lines"][count], expected[count], "{count}");
    }
    assert!(report.get("coco").is_none() && report["calibration"]["count"] == expected["found"]);
}

#[test]
fn texts_are_told_in_words_and_may_have_a_limit() {
    let (truth, results) = (golden("text-truth.json"), golden("text-results.jsonl"));
    eval(&[&truth, &results]).expect(0).says("CER").says("lines  found  results  precision");
    eval(&[&truth, &results, &"--max-cer", &"0.9"]).expect(0);
    eval(&[&truth, &results, &"--max-cer", &"0.01"]).expect(3).says("--max-cer asks for 0.01 at most");
    eval(&[&truth, &results, &"--min-ap", &"0.5"]).expect(1);
    eval(&[&golden("boxes-truth.json"), &golden("boxes-results.json"), &"--max-cer", &"0.5"]).expect(1);
}

#[test]
fn truth_may_leave_out_places_and_pictures() {
    let s = Scratch::new();
    let line = |text: &str| json!({ "text": text });
    let truth = json!({ "schema": "vision.text-truth/1", "pictures": [
        { "file": "a.png", "lines": [line("one two"), line("three")] },
        { "file": "b.png", "lines": [line("four")] },
    ] });
    let record = json!({ "schema": "vision.item/1", "item": { "path": "x/a.png", "part": null }, "size": [9, 9],
        "prediction": { "task": "ocr", "lines": [
            { "text": "one  two thre", "corners": [[0, 0], [9, 0], [9, 9], [0, 9]], "confidence": 0.5 }] } });
    let truth = s.file("truth.json", truth.to_string().as_bytes());
    let results = s.file("results.jsonl", record.to_string().as_bytes());
    let report = measured(&[&truth, &results]);
    // "one two three four" has 13 + 4 characters in two pictures; e and all of "four" are missing.
    assert!(near(&report["text"]["cer"], 5.0 / 17.0), "{report}");
    assert!(near(&report["text"]["wer"], 2.0 / 4.0), "{report}");
    assert_eq!(report["text"]["lines"], Value::Null);
    let notes = report["notes"].to_string();
    assert!(notes.contains("b.png") && notes.contains("not every line of the truth"), "{notes}");
}

#[test]
fn what_cannot_be_compared_is_said() {
    let s = Scratch::new();
    let (truth, results) = (golden("text-truth.json"), golden("text-results.jsonl"));
    eval(&[&golden("boxes-truth.json"), &results]).expect(1).says("the results are texts");
    eval(&[&truth, &golden("boxes-results.json")]).expect(1).says("the results hold no text");
    for (content, why) in [
        (r#"{"schema":"vision.text-truth/2","pictures":[]}"#, "expected \"vision.text-truth/1\""),
        (r#"{"schema":"vision.text-truth/1"}"#, "expected pictures with file and lines"),
        (
            r#"{"schema":"vision.text-truth/1","pictures":[{"file":"a","lines":[{"txt":"x"}]}]}"#,
            "lines with text",
        ),
    ] {
        let file = s.file("bad.json", content.as_bytes());
        eval(&[&file, &results]).expect(1).says(why);
    }
}
