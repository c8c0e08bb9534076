//! Deciding: the cheap half. From stored observations to predictions, without opening an input.

mod classify;
mod faces;
mod grade;
mod ocr;
mod triage;

use std::collections::{BTreeMap, BTreeSet};

pub use classify::ClassifyPolicy;
pub(crate) use classify::EVEN;
pub use faces::FacesPolicy;
pub use grade::GradePolicy;
pub use ocr::OcrPolicy;
pub use triage::TriagePolicy;

use crate::digest::Key;
use crate::error::{Error, Kind, Result};
use crate::frame::Part;
use crate::geometry::{Landmarks, Rect, fast_nms, nms};
use crate::observation::{Candidate, Observation, Observed};
use crate::prediction::{Instance, Keypoint, Prediction};
use crate::record::{InputRecord, Record};
use crate::report::{Among, Declared, FLOOR, Queue};
use crate::spec::LabelSet;

/// A decision over all records of a run, in input order: counts, findings, later tracks and
/// worklists.
pub trait Fold {
    fn record(&mut self, record: &mut Record);
    fn input(&mut self, input: &InputRecord);
}

/// An item's observation, and which item it is of.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// Id of the input; the part stands in `observed`.
    pub input: &'a str,
    pub key: &'a Key,
    pub observed: &'a Observed,
}

impl Seen<'_> {
    /// Names the item in decisions of people: the input's id and the part's suffix.
    pub fn item(&self) -> String {
        format!("{}{}", self.input, Part::suffix(self.observed.part.as_ref()))
    }
}

/// A prediction, and what of it people decided.
pub struct Decided {
    pub prediction: Prediction,
    /// As it stands in the record.
    pub decision: Option<serde_json::Value>,
}

/// What a command makes of an observation: thresholds, filters, rules. Sees one record at a time, and
/// neither the input nor the model.
pub trait Policy: Send + Sync {
    fn decide(&self, observed: &Observed) -> Prediction;
    /// The same for an item of a run, about which people may have decided something.
    fn decide_item(&self, seen: &Seen) -> Decided {
        Decided { prediction: self.decide(seen.observed), decision: None }
    }
    /// Names of the classes that predictions number.
    fn labels(&self) -> &LabelSet;
    /// How many results an item has at most, where more would be cut.
    fn most(&self) -> Option<usize> {
        None
    }
    /// The thresholds in force, for `run.json`.
    fn facts(&self) -> serde_json::Value;
    /// What would be decided with the general threshold lowered to [`FLOOR`], best first: whatever the
    /// report's slider can let through. Labels with a threshold of their own keep it. `None` where no threshold could be lowered.
    fn candidates(&self, _observed: &Observed) -> Option<Prediction> {
        None
    }
    /// What there is with every threshold lowered to `conf`, best first, and whether it counts by itself: of what is
    /// tracked, weak detections count where they continue a track. Empty where nothing can be tracked.
    fn tracked(&self, _observed: &Observed, _conf: f32) -> Vec<(Instance, bool)> {
        Vec::new()
    }
    /// Thresholds, columns and queues of the command, for the report.
    fn declared(&self) -> Declared {
        Declared::default()
    }
}

/// Thresholds and filters for boxes.
#[derive(Debug, Clone)]
pub struct DetectPolicy {
    pub labels: LabelSet,
    /// Least score, 0 to 1, and exceptions by class.
    pub conf: f32,
    pub conf_by_class: BTreeMap<u32, f32>,
    /// IoU above which the weaker of two boxes of a class goes; ProbIoU for oriented boxes.
    pub iou: f32,
    pub only: Option<BTreeSet<u32>>,
    pub except: BTreeSet<u32>,
    /// At most this many instances a frame.
    pub max_det: usize,
}

impl Policy for DetectPolicy {
    fn decide(&self, observed: &Observed) -> Prediction {
        self.decided(observed, &|class| self.conf_of(class), self.max_det)
    }

    /// Suppression goes from the best down, so what a lower threshold adds changes nothing above it.
    fn candidates(&self, observed: &Observed) -> Option<Prediction> {
        let lowered = |class| self.conf_by_class.get(&class).copied().unwrap_or(self.conf.min(FLOOR));
        Some(self.decided(observed, &lowered, usize::MAX))
    }

    fn tracked(&self, observed: &Observed, conf: f32) -> Vec<(Instance, bool)> {
        let kept = self.kept(observed, &|class| self.conf_of(class).min(conf), self.max_det);
        let counts = |candidate: &Candidate| candidate.score >= self.conf_of(candidate.class);
        kept.iter().map(|candidate| (self.instance(candidate, observed.size), counts(candidate))).collect()
    }

    fn declared(&self) -> Declared {
        const QUEUES: &[Queue] = &[
            Queue { title: "Most doubtful first", among: Among::Doubtful, by: "doubt", descending: true },
            Queue { title: "Most at stake first", among: Among::Doubtful, by: "effect", descending: true },
            Queue { title: "Most found first", among: Among::Found, by: "count", descending: true },
        ];
        let named = |(class, conf): (&u32, &f32)| (self.labels.name(*class).into_owned(), *conf);
        Declared {
            conf: Some(self.conf),
            conf_by_label: self.conf_by_class.iter().map(named).collect(),
            most: Some(self.max_det),
            columns: &[],
            queues: QUEUES,
        }
    }

    fn labels(&self) -> &LabelSet {
        &self.labels
    }

    fn most(&self) -> Option<usize> {
        Some(self.max_det)
    }

    fn facts(&self) -> serde_json::Value {
        serde_json::json!({ "conf": self.conf, "iou": self.iou })
    }
}

impl DetectPolicy {
    fn decided(&self, observed: &Observed, conf: &dyn Fn(u32) -> f32, most: usize) -> Prediction {
        let kept = self.kept(observed, conf, most);
        Prediction::Detect {
            instances: kept.iter().map(|candidate| self.instance(candidate, observed.size)).collect(),
        }
    }

    /// Candidates above their threshold that no better one suppresses, best first.
    fn kept(&self, observed: &Observed, conf: &dyn Fn(u32) -> f32, most: usize) -> Vec<Candidate> {
        let Observation::Detections { candidates, needs_nms } = &observed.observation else {
            return Vec::new();
        };
        let wants = |c: &&Candidate| c.score >= conf(c.class) && self.wants(c.class);
        let wanted: Vec<Candidate> = candidates.iter().filter(wants).copied().collect();
        let kept = match needs_nms {
            true if wanted.iter().any(|c| c.corners.is_some()) => fast_nms(&wanted, self.iou, most),
            true => nms(&wanted, self.iou, most),
            false => (0..wanted.len().min(most)).collect(),
        };
        kept.into_iter().map(|index| wanted[index]).collect()
    }

    fn conf_of(&self, class: u32) -> f32 {
        self.conf_by_class.get(&class).copied().unwrap_or(self.conf)
    }

    fn wants(&self, class: u32) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&class)) && !self.except.contains(&class)
    }

    fn instance(&self, candidate: &Candidate, size: [u32; 2]) -> Instance {
        let [width, height] = size.map(|side| side as f32);
        let Rect { x1, y1, x2, y2 } = candidate.rect.clamp(width, height);
        Instance {
            class: candidate.class,
            label: self.labels.name(candidate.class).into_owned(),
            score: round(candidate.score, 1e6),
            rect: Rect::new(round(x1, 1e3), round(y1, 1e3), round(x2, 1e3), round(y2, 1e3)),
            corners: candidate.corners.map(|corners| corners.map(|corner| corner.map(|v| round(v, 1e3)))),
            keypoints: candidate.landmarks.as_ref().map(keypoints).unwrap_or_default(),
            track: None,
            filled: false,
            children: Vec::new(),
        }
    }
}

fn keypoints(landmarks: &Landmarks) -> Vec<Keypoint> {
    let named = Landmarks::NAMES.into_iter().zip(landmarks.0);
    let point = |(name, [x, y]): (&str, [f32; 2])| Keypoint {
        name: name.to_owned(),
        x: round(x, 1e3),
        y: round(y, 1e3),
    };
    named.map(point).collect()
}

/// Rounded for results: no false precision, and shorter files.
pub(crate) fn round(value: f32, steps: f64) -> f32 {
    ((f64::from(value) * steps).round() / steps) as f32
}

/// The classes of a comma-separated list of labels or numbers.
///
/// # Errors
/// `Usage` for a label that the model does not have, naming `option` and near ones.
pub fn classes(option: &str, names: &[String], labels: &LabelSet) -> Result<BTreeSet<u32>> {
    names.iter().map(|name| class(option, name, labels)).collect()
}

fn class(option: &str, name: &str, labels: &LabelSet) -> Result<u32> {
    let known = |index: &u32| labels.is_empty() || (*index as usize) < labels.len();
    labels.index(name).filter(known).ok_or_else(|| {
        let near: Vec<&str> =
            labels.names().iter().map(String::as_str).filter(|l| similar(l, name)).collect();
        let hint = match near.as_slice() {
            [] => "`vision models info` shows all labels".to_owned(),
            near => format!("did you mean {}?", near.join(", ")),
        };
        Error::new(Kind::Usage, format!("{option} {name}: the model has no such label; {hint}"))
    })
}

fn similar(label: &str, name: &str) -> bool {
    let (label, name) = (label.to_lowercase(), name.to_lowercase());
    label.contains(&name) || name.contains(&label) || label.chars().take(3).eq(name.chars().take(3))
}

/// `--conf 0.4 --conf person=0.6`: the default, if given, and the exceptions.
pub fn thresholds(given: &[String], labels: &LabelSet) -> Result<(Option<f32>, BTreeMap<u32, f32>)> {
    let (mut default, mut by_class) = (None, BTreeMap::new());
    for item in given {
        let number = |text: &str| -> Result<f32> {
            let value = text.trim().parse::<f32>().ok().filter(|v| (0.0..=1.0).contains(v));
            value.ok_or_else(|| {
                let wanted = "expected a score from 0 to 1, or label=score, for example person=0.6";
                Error::usage(format!("--conf {item}: {wanted}"))
            })
        };
        match item.split_once('=') {
            Some((name, score)) => {
                by_class.insert(class("--conf", name.trim(), labels)?, number(score)?);
            }
            None => default = Some(number(item)?),
        }
    }
    Ok((default, by_class))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::frame::Origin;
    use crate::spec::Labels;

    fn policy() -> DetectPolicy {
        DetectPolicy {
            labels: LabelSet::new(&Labels::List(vec!["cat".into(), "dog".into()])).unwrap(),
            conf: 0.5,
            conf_by_class: BTreeMap::new(),
            iou: 0.5,
            only: None,
            except: BTreeSet::new(),
            max_det: 10,
        }
    }

    fn observed(boxes: &[(u32, f32, [f32; 4])], needs_nms: bool) -> Observed {
        let candidate =
            |&(class, score, rect): &(u32, f32, [f32; 4])| Candidate::new(rect.into(), class, score);
        Observed {
            part: None,
            size: [100, 100],
            origin: Origin { format: "png".into(), lossless: true, orientation: 1 },
            warnings: vec![],
            observation: Observation::Detections {
                candidates: boxes.iter().map(candidate).collect(),
                needs_nms,
            },
        }
    }

    fn found(policy: &DetectPolicy, observed: &Observed) -> Vec<(u32, f32)> {
        policy.decide(observed).instances().iter().map(|i| (i.class, i.score)).collect()
    }

    #[test]
    fn nms_is_within_a_class_and_only_where_needed() {
        // The second box overlaps the first by 90/110 = 0.82.
        let boxes = [
            (0, 0.9, [0.0, 0.0, 10.0, 10.0]),
            (0, 0.8, [1.0, 0.0, 11.0, 10.0]),
            (1, 0.7, [0.0, 0.0, 10.0, 10.0]),
            (0, 0.4, [50.0, 50.0, 60.0, 60.0]),
        ];
        assert_eq!(found(&policy(), &observed(&boxes, true)), [(0, 0.9), (1, 0.7)]);
        assert_eq!(found(&policy(), &observed(&boxes, false)), [(0, 0.9), (0, 0.8), (1, 0.7)]);
    }

    #[test]
    fn boxes_are_cut_to_the_frame_after_suppression() {
        // Outside the frame they are far apart: 40 of 160 common. Cut to it, 40 of 60.
        let boxes = [(0, 0.9, [-60.0, 0.0, 40.0, 10.0]), (0, 0.8, [0.0, 0.0, 100.0, 10.0])];
        let seen = observed(&boxes, true);
        let prediction = DetectPolicy { iou: 0.3, ..policy() }.decide(&seen);
        let rects: Vec<[f32; 4]> = prediction.instances().iter().map(|i| i.rect.into()).collect();
        assert_eq!(rects, [[0.0, 0.0, 40.0, 10.0], [0.0, 0.0, 100.0, 10.0]]);
    }

    #[test]
    fn filters_by_class_and_by_threshold_of_a_class() {
        let boxes = [(0, 0.9, [0.0, 0.0, 10.0, 10.0]), (1, 0.4, [50.0, 50.0, 60.0, 60.0])];
        let seen = observed(&boxes, true);
        let only = DetectPolicy { only: Some([1].into()), ..policy() };
        assert_eq!(found(&only, &seen), []);
        let lower = DetectPolicy { conf_by_class: [(1, 0.3)].into(), ..policy() };
        assert_eq!(found(&lower, &seen), [(0, 0.9), (1, 0.4)]);
        let without = DetectPolicy { except: [0].into(), ..lower };
        assert_eq!(found(&without, &seen), [(1, 0.4)]);
        assert_eq!(found(&DetectPolicy { max_det: 0, ..policy() }, &seen), []);
    }

    #[test]
    fn thresholds_read_numbers_and_labels() {
        let labels = policy().labels;
        let own = |list: &[&str]| list.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let (default, by_class) = thresholds(&own(&["0.3", "dog=0.7"]), &labels).unwrap();
        assert_eq!((default, by_class), (Some(0.3), [(1, 0.7)].into()));
        for bad in ["1.5", "x", "dog=", "bird=0.5", "NaN"] {
            assert_eq!(thresholds(&own(&[bad]), &labels).unwrap_err().kind, Kind::Usage, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn thresholds_say_back_what_was_given(
            list in prop::collection::vec((prop::option::of(prop::sample::select(vec!["cat", "dog"])), 0u32..=1000), 0..6),
        ) {
            let score = |thousandths: u32| thousandths as f32 / 1000.0;
            let given: Vec<String> = list
                .iter()
                .map(|(label, n)| label.map_or(score(*n).to_string(), |label| format!(" {label} = {} ", score(*n))))
                .collect();
            let (default, by_class) = thresholds(&given, &policy().labels).unwrap();
            let last = |wanted: Option<&str>| {
                list.iter().rev().find(|(label, _)| *label == wanted).map(|(_, n)| score(*n))
            };
            prop_assert_eq!(default, last(None));
            prop_assert_eq!(by_class.get(&0).copied(), last(Some("cat")));
            prop_assert_eq!(by_class.get(&1).copied(), last(Some("dog")));
        }

        #[test]
        fn any_threshold_is_a_score_or_refused(text in "[0-9.eE+=a-z -]{0,12}|.{0,12}") {
            if let Ok((default, by_class)) = thresholds(&[text], &policy().labels) {
                prop_assert!(default.iter().chain(by_class.values()).all(|v| (0.0..=1.0).contains(v)));
                prop_assert!(by_class.keys().all(|class| *class < 2));
            }
        }
    }
}
