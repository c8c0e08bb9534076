use serde_json::json;

use super::*;
use crate::review::SCHEMA;
use crate::spec::Labels;

const KEY: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn labels() -> LabelSet {
    LabelSet::new(&Labels::List(vec!["cat".into(), "dog".into(), "fox".into()])).unwrap()
}

fn decision(instance: &str, field: Field, was: Value, now: Value) -> Decision {
    Decision {
        schema: SCHEMA.into(),
        item: "a".into(),
        instance: (!instance.is_empty()).then(|| instance.to_owned()),
        field,
        observation_key: KEY.into(),
        was,
        now,
        by: String::new(),
        at: String::new(),
    }
}

fn thing(class: u32, label: &str, score: f32, x: f32) -> Instance {
    Instance {
        class,
        label: label.into(),
        score,
        rect: [x, 0.0, x + 10.0, 10.0].into(),
        corners: None,
        keypoints: Vec::new(),
        track: None,
        filled: false,
        children: Vec::new(),
    }
}

/// A cat and a dog found, a fox that the threshold left out.
fn pictures() -> (Prediction, Prediction) {
    let all = vec![thing(0, "cat", 0.9, 0.0), thing(1, "dog", 0.6, 20.0), thing(2, "fox", 0.2, 40.0)];
    (Prediction::Detect { instances: all[..2].to_vec() }, Prediction::Detect { instances: all })
}

fn after(decisions: &[Decision]) -> (Vec<(u32, String)>, Vec<String>) {
    let (found, all) = pictures();
    let (prediction, _, refused) = apply(decisions, KEY, found, all, &labels());
    let left = prediction.instances().iter().map(|i| (i.class, i.label.clone())).collect();
    (left, refused.into_iter().map(|r| r.reason).collect())
}

#[test]
fn what_is_rejected_goes_and_what_is_accepted_comes() {
    let (left, refused) = after(&[
        decision("cat@0,0,10,10", Field::Verdict, json!(null), json!("reject")),
        decision("fox@40,0,50,10", Field::Verdict, json!(null), json!("accept")),
        decision("", Field::Note, json!(null), json!("blurred")),
    ]);
    assert_eq!((left, refused), (vec![(1, "dog".into()), (2, "fox".into())], vec![]));
    let (left, _) = after(&[
        decision("dog@20,0,30,10", Field::Box, json!([20, 0, 30, 10]), json!(null)),
        decision("cat@0,0,10,10", Field::Label, json!("cat"), json!("fox")),
    ]);
    assert_eq!(left, [(2, "fox".into())]);
}

#[test]
fn a_right_box_takes_the_place_of_the_wrong_one() {
    let (found, all) = pictures();
    let moved = decision("dog@20,0,30,10", Field::Box, json!([20, 0, 30, 10]), json!([21, 1, 33, 12]));
    let (prediction, applied, _) = apply(&[moved], KEY, found, all, &labels());
    assert_eq!(<[f32; 4]>::from(prediction.instances()[1].rect), [21.0, 1.0, 33.0, 12.0]);
    assert_eq!(applied.len(), 1);
}

#[test]
fn what_does_not_fit_is_refused_with_the_reason_and_changes_nothing() {
    let cat = "cat@0,0,10,10";
    let stale = Decision {
        observation_key: "f".repeat(64),
        ..decision(cat, Field::Verdict, json!(null), json!("reject"))
    };
    let (left, refused) = after(&[
        stale,
        decision("cat@1,0,10,10", Field::Verdict, json!(null), json!("reject")),
        decision(cat, Field::Label, json!("dog"), json!("fox")),
        decision(cat, Field::Text, json!("a"), json!("b")),
        decision("", Field::Label, json!("cat"), json!("dog")),
        decision("dog@20,0,30,10", Field::Label, json!("dog"), json!("unicorn")),
    ]);
    assert_eq!(left, [(0, "cat".into()), (1, "dog".into())]);
    let wanted = [
        "observation has changed",
        "no candidate",
        "was \"dog\", is \"cat\"",
        "only lines",
        "none is named",
        "unicorn",
    ];
    assert_eq!(refused.len(), wanted.len());
    for (reason, wanted) in refused.iter().zip(wanted) {
        assert!(reason.contains(wanted), "{reason}");
    }
}

#[test]
fn the_answer_is_what_people_say() {
    let class = |number: u32, label: &str, score: f32| Class { class: number, label: label.into(), score };
    let all = vec![class(1, "dog", 0.7), class(0, "cat", 0.2), class(2, "fox", 0.1)];
    let after = |decision: Decision, multi_label: bool| {
        let found = Prediction::Classify { classes: all[..2].to_vec(), multi_label };
        let all = Prediction::Classify { classes: all.clone(), multi_label };
        let (prediction, _, refused) = apply(&[decision], KEY, found, all, &labels());
        assert!(refused.is_empty(), "{refused:?}");
        prediction.classes().iter().map(|c| c.label.clone()).collect::<Vec<_>>()
    };
    assert_eq!(after(decision("dog", Field::Label, json!("dog"), json!("fox")), false), ["fox", "dog"]);
    assert_eq!(after(decision("cat", Field::Verdict, json!(null), json!("accept")), false), ["cat", "dog"]);
    assert!(after(decision("dog", Field::Verdict, json!(null), json!("reject")), false).is_empty());
    assert_eq!(after(decision("dog", Field::Verdict, json!(null), json!("reject")), true), ["cat"]);
    assert_eq!(
        after(decision("fox", Field::Verdict, json!(null), json!("accept")), true),
        ["dog", "cat", "fox"]
    );
}
