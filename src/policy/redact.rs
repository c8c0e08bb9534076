//! Deciding what is covered: as boxes are, less what has its middle in a region that is kept.

use serde_json::Value;

use super::{DetectPolicy, Policy};
use crate::geometry::Rect;
use crate::observation::Observed;
use crate::prediction::{Instance, Prediction};
use crate::record::Record;
use crate::report::{Among, Column, ColumnKind, Declared, Queue};
use crate::spec::LabelSet;

/// Thresholds, and regions in pixels of the upright frame.
#[derive(Debug, Clone)]
pub struct RedactPolicy {
    pub boxes: DetectPolicy,
    pub keep: Vec<Rect>,
}

impl RedactPolicy {
    /// Whether a thing's middle lies in a region that is kept.
    pub fn is_kept(&self, instance: &Instance) -> bool {
        let Rect { x1, y1, x2, y2 } = instance.rect;
        let (x, y) = ((x1 + x2) / 2.0, (y1 + y2) / 2.0);
        self.keep.iter().any(|r| (r.x1..r.x2).contains(&x) && (r.y1..r.y2).contains(&y))
    }

    /// How many things are left uncovered because of that.
    pub fn kept(&self, observed: &Observed) -> usize {
        if self.keep.is_empty() {
            return 0;
        }
        self.boxes.decide(observed).instances().iter().filter(|instance| self.is_kept(instance)).count()
    }

    fn without(&self, prediction: Prediction) -> Prediction {
        let instances = prediction.instances().iter().filter(|i| !self.is_kept(i)).cloned().collect();
        prediction.with_instances(instances)
    }
}

/// What stands in `ext.redact` of a record.
fn told(record: &Record, of: &[&str]) -> Option<Value> {
    let redact = record.ext.get("redact")?;
    of.iter().try_fold(redact, |value, key| value.get(key)).filter(|value| !value.is_null()).cloned()
}

const COLUMNS: &[Column] = &[
    Column {
        key: "covered",
        title: "Covered",
        kind: ColumnKind::Number,
        unit: "",
        of: |r| told(r, &["covered"]),
    },
    Column { key: "kept", title: "Kept", kind: ColumnKind::Number, unit: "", of: |r| told(r, &["kept"]) },
    Column {
        key: "left",
        title: "Left",
        kind: ColumnKind::Number,
        unit: "",
        of: |r| told(r, &["audit", "left"]),
    },
];

const QUEUES: &[Queue] = &[
    Queue { title: "Most left first", among: Among::All, by: "left", descending: true },
    Queue { title: "Most doubtful first", among: Among::Doubtful, by: "doubt", descending: true },
    Queue { title: "Most covered first", among: Among::Found, by: "covered", descending: true },
];

impl Policy for RedactPolicy {
    fn decide(&self, observed: &Observed) -> Prediction {
        self.without(self.boxes.decide(observed))
    }

    fn candidates(&self, observed: &Observed) -> Option<Prediction> {
        self.boxes.candidates(observed).map(|all| self.without(all))
    }

    fn tracked(&self, observed: &Observed, conf: f32) -> Vec<(Instance, bool)> {
        let mut all = self.boxes.tracked(observed, conf);
        all.retain(|(instance, _)| !self.is_kept(instance));
        all
    }

    fn declared(&self) -> Declared {
        Declared { columns: COLUMNS, queues: QUEUES, ..self.boxes.declared() }
    }

    fn labels(&self) -> &LabelSet {
        &self.boxes.labels
    }

    fn facts(&self) -> Value {
        let named = self.boxes.conf_by_class.iter();
        let conf: serde_json::Map<String, Value> = named
            .map(|(class, conf)| (self.boxes.labels.name(*class).into_owned(), f64::from(*conf).into()))
            .collect();
        serde_json::json!({ "conf": conf, "iou": self.boxes.iou, "keep": self.keep })
    }
}
