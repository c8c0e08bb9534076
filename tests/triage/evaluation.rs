//! `--evaluate` on the test pictures of PneumoniaMNIST, against plain Python.

use crate::{json, made, triage};

#[test]
fn measures_are_those_of_plain_python() {
    let Some(scratch) = made(None) else { return };
    triage(&scratch, &["studies", "--evaluate", "labels.csv"]).expect(0);
    let found = json(&scratch.path("run/evaluation.json"));
    let reference = json(&scratch.path("reference.json"));
    let measures = &found["findings"]["pneumonia"];
    for (what, most) in [("auc", 0.002), ("sensitivity", 1e-6), ("specificity", 1e-6)] {
        let off =
            measures[what]["value"].as_f64().expect("a number") - reference[what].as_f64().expect("a number");
        assert!(off.abs() <= most, "{what}: {} and {}", measures[what], reference[what]);
    }
    assert_eq!((&found["labelled"], &found["triaged"]), (&312.into(), &312.into()));
    let times = &found["time_to_critical_read"];
    assert!(times["by_urgency_mean"].as_f64() <= times["first_in_first_out_mean"].as_f64(), "{times}");
}

#[test]
fn labels_that_fit_no_input_are_refused_without_naming_it() {
    let Some(scratch) = made(Some(3)) else { return };
    scratch.file("labels.csv", b"file,pneumonia\nMustermann.dcm,1\n");
    let ran = triage(&scratch, &["studies", "--evaluate", "labels.csv"]).expect(1);
    assert!(ran.err.contains("line 2") && !ran.err.contains("Mustermann"), "{}", ran.err);
}

#[test]
fn studies_are_counted_and_not_their_files() {
    let Some(scratch) = made(Some(12)) else { return };
    for (n, folder) in [(0, "a"), (0, "b"), (1, "c"), (2, "d"), (3, "e")] {
        let bytes = std::fs::read(scratch.path(format!("studies/{n:04}.dcm"))).expect("a study");
        scratch.file(format!("in/{folder}/1.dcm"), &bytes);
    }
    // Of the first study one file is labelled 0, the other 1.
    scratch.file("labels.csv", b"file,pneumonia\na/1.dcm,0\nb/1.dcm,1\nc/1.dcm,0\nd/1.dcm,1\ne/1.dcm,0\n");
    triage(&scratch, &["in", "--evaluate", "labels.csv"]).expect(0);
    let found = json(&scratch.path("run/evaluation.json"));
    assert_eq!((&found["files"], &found["labelled"], &found["triaged"]), (&5.into(), &4.into(), &4.into()));
    let measures = &found["findings"]["pneumonia"];
    assert_eq!((&measures["positives"], &measures["negatives"]), (&2.into(), &2.into()));
    assert_eq!(found["time_to_critical_read"]["critical"], 2);
}

#[test]
fn names_that_fit_several_files_or_come_twice_are_refused() {
    let Some(scratch) = made(Some(2)) else { return };
    for (n, folder) in [(0, "one"), (1, "two")] {
        let bytes = std::fs::read(scratch.path(format!("studies/{n:04}.dcm"))).expect("a study");
        scratch.file(format!("{folder}/1.dcm"), &bytes);
    }
    scratch.file("labels.csv", b"file,pneumonia\n1.dcm,1\n");
    let arguments = ["one", "two", "--evaluate", "labels.csv"];
    triage(&scratch, &arguments)
        .expect(1)
        .says("line 2: its path is that of files in several of the folders");
    scratch.file("labels.csv", b"file,pneumonia\n0000.dcm,1\n0000.dcm,0\n");
    triage(&scratch, &["studies", "--evaluate", "labels.csv", "--force"])
        .expect(1)
        .says("line 3: its file has labels in line 2");
}
