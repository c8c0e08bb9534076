//! Deciding about whole pictures: the best classes, or those over a threshold.

use std::collections::{BTreeMap, BTreeSet};

use super::{Policy, round};
use crate::observation::{ClassScore, Observation, Observed};
use crate::prediction::{Class, Prediction};
use crate::record::Record;
use crate::report::{Among, Column, ColumnKind, Declared, FLOOR, MOST_CANDIDATES, Queue};
use crate::spec::LabelSet;

/// A yes or no is a yes from here on.
pub(crate) const EVEN: f32 = 0.5;

/// Thresholds and filters for classes of the whole picture.
#[derive(Debug, Clone)]
pub struct ClassifyPolicy {
    pub labels: LabelSet,
    /// At most this many classes a picture.
    pub top: usize,
    /// Least score, 0 to 1, and exceptions by class. Where it is not said: none where one class of all is
    /// the answer, 0.5 where each is a yes or no of its own.
    pub conf: Option<f32>,
    pub conf_by_class: BTreeMap<u32, f32>,
    pub only: Option<BTreeSet<u32>>,
    pub except: BTreeSet<u32>,
}

impl Policy for ClassifyPolicy {
    fn decide(&self, observed: &Observed) -> Prediction {
        self.decided(observed, 1.0, self.top)
    }

    /// Also the runners-up that take the place of classes which a higher threshold drops.
    fn candidates(&self, observed: &Observed) -> Option<Prediction> {
        Some(self.decided(observed, FLOOR, self.top.max(MOST_CANDIDATES)))
    }

    fn declared(&self) -> Declared {
        const COLUMNS: &[Column] = &[Column {
            key: "lead",
            title: "Lead over the second",
            kind: ColumnKind::Number,
            unit: "",
            of: lead,
        }];
        const QUEUES: &[Queue] =
            &[Queue { title: "Closest calls first", among: Among::All, by: "lead", descending: false }];
        let named = |(class, conf): (&u32, &f32)| (self.labels.name(*class).into_owned(), *conf);
        Declared {
            conf: self.conf,
            conf_by_label: self.conf_by_class.iter().map(named).collect(),
            most: Some(self.top),
            columns: COLUMNS,
            queues: QUEUES,
        }
    }

    fn labels(&self) -> &LabelSet {
        &self.labels
    }

    fn facts(&self) -> serde_json::Value {
        serde_json::json!({ "conf": self.conf, "top": self.top })
    }
}

/// How far the answer is ahead: small where the model wavers.
fn lead(record: &Record) -> Option<serde_json::Value> {
    let [first, second, ..] = record.prediction.as_ref()?.classes() else { return None };
    let lead = f64::from(first.score) - f64::from(second.score);
    Some(((lead * 1e4).round() / 1e4).into())
}

impl ClassifyPolicy {
    /// With a general threshold of `at_most`.
    fn decided(&self, observed: &Observed, at_most: f32, most: usize) -> Prediction {
        let Observation::Classes { scores, multi_label } = &observed.observation else {
            // No model of another task gets here: commands check it before the run.
            return Prediction::Classify { classes: Vec::new(), multi_label: false };
        };
        let conf = self.conf.unwrap_or(if *multi_label { EVEN } else { 0.0 }).min(at_most);
        let wanted = |s: &&ClassScore| {
            s.score >= self.conf_by_class.get(&s.class).copied().unwrap_or(conf)
                && self.only.as_ref().is_none_or(|only| only.contains(&s.class))
                && !self.except.contains(&s.class)
        };
        let class = |s: &ClassScore| Class {
            class: s.class,
            label: self.labels.name(s.class).into_owned(),
            score: round(s.score, 1e6),
        };
        let classes = scores.iter().filter(wanted).take(most).map(class).collect();
        Prediction::Classify { classes, multi_label: *multi_label }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::frame::Origin;
    use crate::spec::Labels;

    fn policy() -> ClassifyPolicy {
        let names = ["cat", "dog", "fox"].map(str::to_owned).to_vec();
        ClassifyPolicy {
            labels: LabelSet::new(&Labels::List(names)).unwrap(),
            top: 2,
            conf: None,
            conf_by_class: BTreeMap::new(),
            only: None,
            except: BTreeSet::new(),
        }
    }

    fn decided(policy: &ClassifyPolicy, multi_label: bool) -> Vec<(u32, f32)> {
        let scores =
            [(1, 0.7), (2, 0.6), (0, 0.1)].map(|(class, score)| ClassScore { class, score }).to_vec();
        let observed = Observed {
            part: None,
            size: [10, 10],
            origin: Origin { format: "png".into(), lossless: true, orientation: 1 },
            warnings: vec![],
            observation: Observation::Classes { scores, multi_label },
        };
        match policy.decide(&observed) {
            Prediction::Classify { classes, .. } => classes.iter().map(|c| (c.class, c.score)).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn the_best_are_kept_or_those_that_are_likely() {
        assert_eq!(decided(&policy(), false), [(1, 0.7), (2, 0.6)]);
        let all = ClassifyPolicy { top: 5, ..policy() };
        assert_eq!(decided(&all, false), [(1, 0.7), (2, 0.6), (0, 0.1)]);
        assert_eq!(decided(&all, true), [(1, 0.7), (2, 0.6)]);
        assert_eq!(decided(&ClassifyPolicy { conf: Some(0.65), ..all.clone() }, true), [(1, 0.7)]);
        let strict = ClassifyPolicy { conf_by_class: [(1, 0.9)].into(), ..all.clone() };
        assert_eq!(decided(&strict, false), [(2, 0.6), (0, 0.1)]);
        assert_eq!(decided(&ClassifyPolicy { only: Some([0].into()), ..all.clone() }, false), [(0, 0.1)]);
        assert_eq!(decided(&ClassifyPolicy { except: [1].into(), ..all }, true), [(2, 0.6)]);
    }
}
