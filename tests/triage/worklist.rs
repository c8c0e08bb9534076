//! The order of the worklist, gates, rules, exit codes.

use std::path::Path;

use serde_json::Value;

use crate::{json, made, replaced, row_of, triage};

/// The StudyInstanceUID of a file of explicit representations.
fn uid_of(bytes: &[u8]) -> Vec<u8> {
    let at = bytes.windows(6).position(|six| six == [0x20, 0, 0x0D, 0, b'U', b'I']).expect("a UID");
    let length = usize::from(bytes[at + 6]);
    bytes[at + 8..at + 8 + length].iter().copied().filter(|byte| *byte != 0).collect()
}

fn buckets(worklist: &Value) -> Vec<&str> {
    let rows = worklist["studies"].as_array().expect("studies");
    rows.iter().map(|row| row["bucket"].as_str().expect("a bucket")).collect()
}

#[test]
fn what_nobody_knows_ranks_above_every_negative() {
    let Some(scratch) = made(Some(12)) else { return };
    // Cut off, and one of a body part that the model does not accept.
    let whole = std::fs::read(scratch.path("studies/0000.dcm")).expect("a study");
    let unknown = replaced(&whole, b"ACC0000000", b"ACC0009999");
    let uid = uid_of(&whole);
    let unknown = replaced(&unknown, &uid, &[&uid[..uid.len() - 1], b"0"].concat());
    scratch.file("studies/cut.dcm", &unknown[..whole.len() - 100]);
    let other = std::fs::read(scratch.path("studies/0003.dcm")).expect("a study");
    let at = other.windows(6).position(|six| six == b"CHEST ").expect("a body part");
    let knee = [&other[..at], b"KNEE  ", &other[at + 6..]].concat();
    scratch.file("studies/0003.dcm", &knee);
    triage(&scratch, &["studies"]).expect(2).says("NOT FOR DIAGNOSIS").says("2 not triaged");
    let worklist = json(&scratch.path("run/worklist.json"));
    let buckets = buckets(&worklist);
    assert_eq!(buckets.len(), 13);
    assert!(
        buckets.is_sorted_by_key(|bucket| ["positive", "not-triaged", "negative"]
            .iter()
            .position(|b| b == bucket))
    );
    assert_eq!(buckets.iter().filter(|bucket| **bucket == "not-triaged").count(), 2);
    let rows = worklist["studies"].as_array().expect("studies");
    let urgent: Vec<f64> =
        rows.iter().filter(|r| r["bucket"] == "positive").filter_map(|r| r["urgency"].as_f64()).collect();
    assert!(urgent.len() > 2 && urgent.is_sorted_by(|a, b| a >= b));
    let reasons: Vec<String> = rows
        .iter()
        .flat_map(|r| r["reasons"].as_array().cloned().unwrap_or_default())
        .map(|r| r.to_string())
        .collect();
    assert!(
        reasons.iter().any(|reason| reason.contains("body-part is KNEE, the model accepts CHEST")),
        "{reasons:?}"
    );
    assert!(reasons.iter().any(|reason| reason.contains("cut off")), "{reasons:?}");
    let image = &rows[0]["images"][0];
    for (key, value) in [("transfer-syntax", "1.2.840.10008.1.2.1"), ("voi", "whole"), ("modality", "CR")] {
        assert_eq!(image["provenance"][key], value, "{image}");
    }
    let schema = |name: &str| {
        jsonschema::validator_for(&json(&Path::new("docs/schema").join(name))).expect("a schema")
    };
    let record = schema("record.schema.json");
    for found in scratch.results() {
        assert!(record.is_valid(&found), "{found:#}");
        let item = found["prediction"].is_object();
        assert!(!item || found["prediction"]["facts"]["notice"] == "NOT FOR DIAGNOSIS", "{found}");
    }
    let run = scratch.run_json();
    let errors: Vec<String> = schema("run.schema.json").iter_errors(&run).map(|e| e.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let table = std::fs::read_to_string(scratch.path("run/worklist.csv")).expect("a table");
    assert_eq!(table.lines().count(), 14);
    assert!(table.lines().skip(1).all(|line| line.ends_with("yes,NOT FOR DIAGNOSIS")), "{table}");
    // When and by what, of those that were looked at.
    let stamped = |row: &&Value| {
        row["provider"] == "cpu" && row["triaged"].as_str().is_some_and(|at| at.ends_with('Z'))
    };
    assert_eq!(rows.iter().filter(stamped).count(), 11);
    let results = std::fs::read_to_string(scratch.path("run/results.jsonl")).expect("results");
    assert!(rows.iter().filter_map(|row| row["triaged"].as_str()).all(|at| !results.contains(at)));
}

#[test]
fn a_study_that_is_refused_makes_the_exit_code_2() {
    let Some(scratch) = made(Some(1)) else { return };
    let bytes = std::fs::read(scratch.path("studies/0000.dcm")).expect("a study");
    scratch.file("studies/0000.dcm", &replaced(&bytes, b"CHEST ", b"KNEE  "));
    triage(&scratch, &["studies"]).expect(2).says("1 not triaged");
    assert_eq!(scratch.run_json()["exit_code"], 2);
}

#[test]
fn a_refused_image_takes_nothing_back_that_another_shows() {
    let Some(scratch) = made(Some(6)) else { return };
    let scores = json(&scratch.path("reference.json"))["scores"].clone();
    let n = (0..6).find(|n| scores[*n].as_f64() > Some(0.6)).expect("a positive");
    let bytes = std::fs::read(scratch.path(format!("studies/{n:04}.dcm"))).expect("a study");
    scratch.file("in/1.dcm", &bytes);
    scratch.file("in/2.dcm", &replaced(&bytes, b"CHEST ", b"KNEE  "));
    let rules = "[[rule]]\nname = \"urgent\"\nwhen = { pneumonia = 0.6 }\naction = \"call\"\nexit = true\n\
                 [[rule]]\nname = \"unread\"\nnot-triaged = true\naction = \"look\"\n";
    scratch.file("rules.toml", rules.as_bytes());
    triage(&scratch, &["in", "--rules", "rules.toml"]).expect(3);
    let worklist = json(&scratch.path("run/worklist.json"));
    let row = row_of(&scratch, &worklist, n);
    assert_eq!(row["bucket"], "positive");
    let met: Vec<&Value> = row["rules"].as_array().expect("rules").iter().map(|met| &met["rule"]).collect();
    assert_eq!(met, ["urgent", "unread"]);
    // Also where the operating point is higher, so that nothing is positive.
    let toml = std::fs::read_to_string(scratch.path("model.toml")).expect("a description");
    scratch.file("model.toml", toml.replace("operating-point = 0.5", "operating-point = 1.0").as_bytes());
    triage(&scratch, &["in", "--rules", "rules.toml", "--resume"]).expect(3);
    let row = row_of(&scratch, &json(&scratch.path("run/worklist.json")), n);
    assert_eq!((&row["bucket"], &row["rules"][0]["rule"]), (&"not-triaged".into(), &"urgent".into()));
    let run = scratch.run_json();
    assert_eq!((&run["exit_code"], &run["findings"]["rule urgent"]), (&3.into(), &1.into()));
}

#[test]
fn a_stopped_run_says_that_its_worklist_is_not_complete() {
    let Some(scratch) = made(Some(6)) else { return };
    triage(&scratch, &["studies", "--until", "0s"])
        .expect(130)
        .says("NOT COMPLETE: 6 inputs were not reached");
    let worklist = json(&scratch.path("run/worklist.json"));
    assert_eq!((&worklist["complete"], &worklist["pending"]), (&false.into(), &6.into()));
    assert_eq!(worklist["studies"][0]["bucket"], "not-triaged");
    let table = std::fs::read_to_string(scratch.path("run/worklist.csv")).expect("a table");
    assert!(
        table.contains("stopped before 6 inputs were read")
            && table.trim_end().ends_with("no,NOT FOR DIAGNOSIS")
    );
    triage(&scratch, &["studies"]).expect(0);
    let worklist = json(&scratch.path("run/worklist.json"));
    assert_eq!((&worklist["complete"], &worklist["pending"]), (&true.into(), &0.into()));
}

#[test]
fn scores_are_those_of_plain_python() {
    let Some(scratch) = made(Some(12)) else { return };
    triage(&scratch, &["studies"]).expect(0);
    let reference = json(&scratch.path("reference.json"));
    let crosswalk = std::fs::read_to_string(scratch.path("run/private/crosswalk.csv")).expect("a crosswalk");
    let worklist = json(&scratch.path("run/worklist.json"));
    for line in crosswalk.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let n: usize = cells[1].trim_end_matches(".dcm").parse().expect("a number");
        let rows = worklist["studies"].as_array().expect("studies");
        let row = rows.iter().find(|row| row["study"] == cells[2]).expect("the study");
        let (found, expected) = (&row["findings"][0]["score"], &reference["scores"][n]);
        let off = found.as_f64().expect("a score") - expected.as_f64().expect("a score");
        // MONOCHROME1 and MONOCHROME2 alike.
        assert!(off.abs() < 2e-5, "{line}: {found} and {expected}");
    }
}

#[test]
fn rules_name_actions_and_set_the_exit_code() {
    let Some(scratch) = made(Some(6)) else { return };
    let rule = |least: f32| {
        format!(
            "[[rule]]\nname = \"urgent\"\nwhen = {{ pneumonia = {least} }}\naction = \"call\"\nexit = true\n"
        )
    };
    scratch.file("rules.toml", rule(0.5).as_bytes());
    triage(&scratch, &["studies", "--rules", "rules.toml"]).expect(3);
    let worklist = json(&scratch.path("run/worklist.json"));
    assert_eq!(worklist["studies"][0]["rules"][0], serde_json::json!({"rule": "urgent", "action": "call"}));
    scratch.file("rules.toml", rule(1.0).as_bytes());
    triage(&scratch, &["studies", "--rules", "rules.toml"]).expect(0).says("from stored observations");
    scratch.file("rules.toml", b"[[rule]]\nname = \"x\"\nwhen = { cancer = 0.5 }\naction = \"call\"\n");
    triage(&scratch, &["studies", "--rules", "rules.toml"])
        .expect(1)
        .says("no finding \"cancer\"; there are: pneumonia");
}

#[test]
fn duplicates_and_people_mixed_in_a_folder_are_all_there() {
    let Some(scratch) = made(Some(3)) else { return };
    let first = std::fs::read(scratch.path("studies/0000.dcm")).expect("a study");
    scratch.file("studies/copy.dcm", &first);
    triage(&scratch, &["studies"]).expect(0);
    let worklist = json(&scratch.path("run/worklist.json"));
    let rows = worklist["studies"].as_array().expect("studies");
    let mut images: Vec<usize> =
        rows.iter().map(|row| row["images"].as_array().map_or(0, Vec::len)).collect();
    images.sort_unstable();
    assert_eq!(images, [1, 1, 2]);
}
