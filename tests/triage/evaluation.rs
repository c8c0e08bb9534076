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
