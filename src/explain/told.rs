//! What results say of maps: `ext.explain` of a record.

use std::path::PathBuf;

use serde_json::{Value, json};

use super::{Explained, Explainer, Explanation, Method, Verdict};
use crate::policy::round;
use crate::spec::LabelSet;

impl Explainer {
    /// `ext.explain`; `files` are the array and the picture of each map, relative to the run folder.
    pub fn told(&self, explained: &Explained, labels: &LabelSet, files: &[[PathBuf; 2]]) -> Value {
        let maps = explained.maps.iter().zip(files);
        let maps: Vec<Value> = maps.map(|(map, files)| one(explained, map, labels, files)).collect();
        json!({
            "schema": "vision.explain/1",
            "method": self.method(),
            "settings": self.facts(explained.size),
            "looks": explained.looks,
            "maps": maps,
        })
    }

    /// The settings that took part, so that the maps can be made again.
    fn facts(&self, size: [usize; 2]) -> Value {
        let own = &self.settings;
        let mut facts = match (&self.cam, own.method) {
            (Some(_), _) => json!({}),
            (None, Method::Occlusion) => {
                let (patch, stride) = own.patch(size);
                json!({ "baseline": own.baseline, "patch": patch, "stride": stride })
            }
            (None, _) => json!({
                "baseline": own.baseline, "masks": own.masks, "grid": own.grid, "keep": number(own.keep),
                "seed": own.seed,
            }),
        };
        if own.random > 0 {
            facts["faithfulness"] = json!({
                "steps": own.steps, "random": own.random, "grid": own.grid, "seed": own.seed, "deletion": "zero",
                "insertion": "blur",
            });
        }
        facts
    }
}

fn one(
    explained: &Explained,
    own: &Explanation,
    labels: &LabelSet,
    [array, picture]: &[PathBuf; 2],
) -> Value {
    let map = explained.map(own);
    let [left, top, right, bottom] = map.seen();
    let [least, most] = map.range();
    let mut told = json!({
        "class": own.class,
        "label": labels.name(own.class),
        "score": number(own.score),
        "array": array,
        "picture": picture,
        "size": explained.size,
        "seen": [left, top, right, bottom],
        "least": number(least),
        "most": number(most),
    });
    if let Some(rect) = own.rect {
        let sides: [f32; 4] = rect.into();
        told["box"] = json!(sides.map(|side| plain(round(side, 1e3))));
    }
    if let Some(measured) = &own.faithfulness {
        let [insertion, deletion] = measured.random_means().map(|mean| number(mean as f32));
        told["faithfulness"] = json!({
            "insertion": number(measured.insertion),
            "deletion": number(measured.deletion),
            "random": { "insertion": insertion, "deletion": deletion },
            "verdict": measured.verdict(),
        });
    }
    told
}

/// Rounded as scores are.
fn number(value: f32) -> f64 {
    plain(round(value, 1e6))
}

/// As people write it, not as the nearest double of its float.
fn plain(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_default()
}

/// The maps of a record in words, for the closing lines.
pub fn verdicts(told: &Value) -> Vec<String> {
    let maps = told["maps"].as_array().map_or(&[][..], Vec::as_slice);
    let useless = serde_json::to_value(Verdict::Useless).unwrap_or_default();
    let words = |map: &Value| {
        let label = map["label"].as_str().unwrap_or_default();
        match &map["faithfulness"]["verdict"] {
            Value::Null => format!("{label} mapped"),
            verdict if *verdict == useless => format!("map of {label} useless (not better than random)"),
            _ => format!("map of {label} better than random"),
        }
    };
    maps.iter().map(words).collect()
}
