use std::path::Path;

use serde_json::Value;

use super::*;
use crate::eval::read::mot::read;

/// tests/golden/make_mot.py has these from py-motmetrics 1.4 and TrackEval 1.3.
#[track_caller]
fn same(report: &MotReport, expected: &Value) {
    let own = serde_json::to_value(report).unwrap();
    for part in ["clear", "identity", "hota"] {
        let expected = expected[part].as_object().unwrap();
        assert!(expected.len() >= 6);
        for (name, value) in expected {
            let (own, value) = (own[part][name].as_f64().unwrap(), value.as_f64().unwrap());
            assert!((own - value).abs() < 1e-9, "{part} {name}: {own} and not {value}; {report:?}");
        }
    }
}

fn golden(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/mot").join(name)
}

fn expected(case: &str) -> Value {
    let text = std::fs::read(golden("expected.json")).unwrap();
    serde_json::from_slice::<Value>(&text).unwrap()[case].clone()
}

#[test]
fn made_up_tracks_are_measured_as_by_motmetrics_and_trackeval() {
    let (truth, found) =
        (read(&golden("truth.txt"), true).unwrap(), read(&golden("results.txt"), false).unwrap());
    same(&evaluate(&truth, found, 0.5).unwrap(), &expected("made-up"));
}

fn boxes(list: &[(u64, u64, f64)]) -> Boxes {
    let mut boxes = Boxes::default();
    for (frame, id, x) in list {
        boxes.frames.entry(*frame).or_default().push((*id, Area([*x, 0.0, x + 10.0, 10.0])));
    }
    boxes
}

/// Four frames of one thing: found, missed, found as another, found; and a false box.
#[test]
fn a_case_computed_by_hand() {
    let truth = boxes(&[(1, 7, 0.0), (2, 7, 0.0), (3, 7, 0.0), (4, 7, 0.0)]);
    let found = boxes(&[(1, 1, 0.0), (2, 5, 90.0), (3, 2, 0.0), (4, 2, 0.0), (5, 2, 0.0)]);
    let report = evaluate(&truth, found, 0.5).unwrap();
    let c = &report.clear;
    assert_eq!((c.matches, c.misses, c.false_positives, c.switches, c.fragmentations), (3, 1, 1, 1, 1));
    assert_eq!((c.mota, c.motp, c.partially_tracked), (Some(0.25), Some(0.0), 1));
    // Track 2 has two of four boxes; of four boxes found.
    assert_eq!((report.identity.idtp, report.identity.idf1), (2, Some(0.5)));
    // Detection: 3 of 5; association: 1/4 for one match, 2/4 for two.
    let assa = (0.25 + 0.5 + 0.5) / 3.0;
    assert!((report.hota.deta - 0.6).abs() < 1e-12 && (report.hota.assa - assa).abs() < 1e-12);
    assert!((report.hota.hota - (0.6f64 * assa).sqrt()).abs() < 1e-12);
    assert_eq!(report.notes.len(), 1, "{:?}", report.notes);
}

#[test]
fn perfect_and_empty_results() {
    let truth = boxes(&[(1, 1, 0.0), (2, 1, 0.0), (2, 2, 50.0)]);
    let perfect = evaluate(&truth, truth.clone(), 0.5).unwrap();
    assert_eq!((perfect.clear.mota, perfect.identity.idf1), (Some(1.0), Some(1.0)));
    assert!((perfect.hota.hota - 1.0).abs() < 1e-12);
    let nothing = evaluate(&truth, Boxes::default(), 0.5).unwrap();
    assert_eq!((nothing.clear.mota, nothing.clear.motp, nothing.identity.idf1), (Some(0.0), None, Some(0.0)));
    assert_eq!((nothing.hota.hota, nothing.clear.mostly_lost), (0.0, 2));
}
