//! A policy with the decisions of people over another one's.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use serde_json::{Value, json};

use super::names::{NameOf, names};
use super::read::corners;
use super::{Decision, Decisions, Field, Refused};
use crate::digest::hex;
use crate::geometry::Rect;
use crate::observation::Observed;
use crate::policy::{Decided, Policy, Seen};
use crate::prediction::{Class, Instance, Line, Prediction};
use crate::report::Declared;
use crate::spec::LabelSet;

/// What another policy decides, and over it what people did.
pub struct Reviewed {
    pub inner: Box<dyn Policy>,
    pub decisions: Arc<Decisions>,
}

impl Policy for Reviewed {
    fn decide(&self, observed: &Observed) -> Prediction {
        self.inner.decide(observed)
    }

    fn decide_item(&self, seen: &Seen) -> Decided {
        let prediction = self.inner.decide(seen.observed);
        let decisions = self.decisions.of(&seen.item());
        if decisions.is_empty() {
            return Decided { prediction, decision: None };
        }
        let candidates = self.inner.candidates(seen.observed).unwrap_or_else(|| prediction.clone());
        let (prediction, applied, refused) =
            apply(decisions, &hex(seen.key), prediction, candidates, self.inner.labels());
        let mut decision = json!({ "applied": applied.iter().map(|d| d.short(None)).collect::<Vec<_>>() });
        if !refused.is_empty() {
            let short = |refused: &Refused| json!(refused.decision.short(Some(&refused.reason)));
            decision["refused"] = refused.iter().map(short).collect();
        }
        Decided { prediction, decision: Some(decision) }
    }

    fn labels(&self) -> &LabelSet {
        self.inner.labels()
    }

    fn most(&self) -> Option<usize> {
        self.inner.most()
    }

    fn facts(&self) -> Value {
        self.inner.facts()
    }

    fn candidates(&self, observed: &Observed) -> Option<Prediction> {
        self.inner.candidates(observed)
    }

    fn declared(&self) -> Declared {
        self.inner.declared()
    }
}

/// What was decided of one thing.
#[derive(Default)]
struct Ruling {
    accepted: Option<bool>,
    label: Option<String>,
    text: Option<String>,
    /// `Some(None)`: this is not its box.
    rect: Option<Option<Rect>>,
}

impl Ruling {
    fn put(&mut self, decision: &Decision) {
        let text = || decision.now.as_str().map(str::to_owned);
        match decision.field {
            Field::Verdict => self.accepted = text().map(|verdict| verdict == "accept"),
            Field::Label => self.label = text(),
            Field::Text => self.text = text().map(|text| text.trim().to_owned()),
            Field::Box => self.rect = Some(corners(&decision.now).map(Rect::from)),
            Field::Answer | Field::Credit | Field::Identity | Field::Note => {}
        }
    }

    /// Whether the thing is there. Who corrects it says that it is.
    fn keeps(&self, found: bool) -> bool {
        let corrected = self.label.is_some() || self.text.is_some() || matches!(self.rect, Some(Some(_)));
        self.accepted != Some(false)
            && self.rect != Some(None)
            && (found || corrected || self.accepted == Some(true))
    }
}

/// Applies what was decided about one item. `found` is what the thresholds gave, `all` also what they left out: people
/// may say that it is there. Returns the prediction, the decisions that hold and those refused.
pub fn apply(
    decisions: &[Decision],
    key: &str,
    found: Prediction,
    all: Prediction,
    labels: &LabelSet,
) -> (Prediction, Vec<Decision>, Vec<Refused>) {
    let things: HashMap<String, NameOf> =
        names(&all).into_iter().map(|thing| (thing.name.clone(), thing)).collect();
    let (mut rulings, mut applied, mut refused) = (HashMap::<String, Ruling>::new(), Vec::new(), Vec::new());
    for decision in decisions {
        match check(decision, key, &things, labels) {
            Ok(()) => {
                if let Some(instance) = &decision.instance {
                    rulings.entry(instance.clone()).or_default().put(decision);
                }
                applied.push(decision.clone());
            }
            Err(reason) => refused.push(Refused { decision: decision.clone(), reason }),
        }
    }
    let prediction = if rulings.is_empty() { found } else { ruled(found, all, &rulings, labels) };
    (prediction, applied, refused)
}

/// Why a decision does not hold.
fn check(
    decision: &Decision,
    key: &str,
    things: &HashMap<String, NameOf>,
    labels: &LabelSet,
) -> Result<(), String> {
    if decision.observation_key != key {
        let (then, now) = (&decision.observation_key[..12], key.get(..12).unwrap_or_default());
        return Err(format!(
            "the observation has changed (was {then}…, is {now}…): another picture, model, size or device"
        ));
    }
    if matches!(decision.field, Field::Answer | Field::Credit | Field::Identity) {
        return Err(format!("{} is of a sheet of answers (vision grade)", decision.field.name()));
    }
    let Some(instance) = &decision.instance else {
        return match decision.field {
            Field::Verdict | Field::Note => Ok(()),
            other => Err(format!("{} is of an instance, and none is named", other.name())),
        };
    };
    let Some(thing) = things.get(instance) else {
        return Err(format!("no candidate of the item is called {instance}"));
    };
    let was = |is: &str| match decision.was.as_str() {
        Some(was) if was == is => Ok(()),
        _ => Err(format!("{} was {}, is {is:?}", decision.field.name(), decision.was)),
    };
    match (decision.field, &thing.text) {
        (Field::Verdict | Field::Note | Field::Answer | Field::Credit | Field::Identity, _) => Ok(()),
        (Field::Label, Some(_)) => Err("a line of text has no other label".to_owned()),
        (Field::Label, None) => {
            was(&thing.label)?;
            let now = decision.now.as_str();
            let known = |label: &str| class(label, labels).is_some();
            match now.filter(|label| !known(label)) {
                Some(label) => Err(format!("the model has no label {label:?}")),
                None => Ok(()),
            }
        }
        (Field::Text, Some(text)) => was(text),
        (Field::Text, None) => Err("only lines have a text".to_owned()),
        // Classes of the whole picture are called by their label alone.
        (Field::Box, _) if *instance == thing.label => {
            Err("a class of the whole picture has no box".to_owned())
        }
        (Field::Box, Some(_)) if !decision.now.is_null() => Err("a line has corners, not a box".to_owned()),
        (Field::Box, _) => Ok(()),
    }
}

/// The class of a label as it stands.
fn class(label: &str, labels: &LabelSet) -> Option<u32> {
    let class = labels.index(label)?;
    (labels.name(class) == label).then_some(class)
}

fn ruled(
    found: Prediction,
    all: Prediction,
    rulings: &HashMap<String, Ruling>,
    labels: &LabelSet,
) -> Prediction {
    let kept: HashSet<String> = names(&found).into_iter().map(|thing| thing.name).collect();
    let mut called = names(&all).into_iter().map(|thing| thing.name);
    let none = Ruling::default();
    // In the order of `names`, for each thing: whether it stays, and what was decided of it.
    let mut next = || {
        let name = called.next().unwrap_or_default();
        let ruling = rulings.get(&name).unwrap_or(&none);
        (ruling.keeps(kept.contains(&name)), ruling)
    };
    match all {
        Prediction::Detect { instances } => {
            Prediction::Detect { instances: self::instances(instances, &mut next, labels) }
        }
        Prediction::Faces { instances } => {
            Prediction::Faces { instances: self::instances(instances, &mut next, labels) }
        }
        Prediction::Ocr { lines } => {
            let line = |mut line: Line| {
                let (stays, ruling) = next();
                if let Some(text) = &ruling.text {
                    line.text.clone_from(text);
                }
                stays.then_some(line)
            };
            Prediction::Ocr { lines: lines.into_iter().filter_map(line).collect() }
        }
        Prediction::Classify { classes, multi_label: true } => {
            let classes = classes.into_iter().filter(|_| next().0).collect();
            Prediction::Classify { classes, multi_label: true }
        }
        Prediction::Classify { classes, multi_label: false } => {
            let classes = answer(found.classes(), &classes, rulings, labels);
            Prediction::Classify { classes, multi_label: false }
        }
        other @ (Prediction::Triage { .. } | Prediction::Sheet(_)) => other,
    }
}

fn instances<'a>(
    list: Vec<Instance>,
    next: &mut dyn FnMut() -> (bool, &'a Ruling),
    labels: &LabelSet,
) -> Vec<Instance> {
    let one = |mut instance: Instance| {
        let (stays, ruling) = next();
        instance.children = instances(std::mem::take(&mut instance.children), next, labels);
        if let Some((label, class)) =
            ruling.label.as_ref().and_then(|label| Some((label, class(label, labels)?)))
        {
            instance.label.clone_from(label);
            instance.class = class;
        }
        if let Some(Some(rect)) = ruling.rect {
            instance.rect = rect;
            // They were of the box that was wrong.
            (instance.corners, instance.keypoints) = (None, Vec::new());
        }
        stays.then_some(instance)
    };
    list.into_iter().filter_map(one).collect()
}

/// Where one class of all is the answer: the one that people name comes first, whatever its score; where they say
/// that the model's is wrong and not what is right, there is none.
fn answer(
    found: &[Class],
    all: &[Class],
    rulings: &HashMap<String, Ruling>,
    labels: &LabelSet,
) -> Vec<Class> {
    let of = |class: &Class| rulings.get(&class.label);
    let rejected = |class: &&Class| of(class).is_some_and(|ruling| ruling.accepted == Some(false));
    let named = |class: &Class| {
        let ruling = of(class)?;
        let label = match (&ruling.label, ruling.accepted) {
            (Some(label), accepted) if accepted != Some(false) => label,
            (None, Some(true)) => &class.label,
            _ => return None,
        };
        let known = all.iter().find(|other| other.label == *label).cloned();
        known.or_else(|| Some(Class { class: self::class(label, labels)?, label: label.clone(), score: 0.0 }))
    };
    let Some(first) = all.iter().find_map(named) else {
        let wrong = found.first().is_some_and(|class| rejected(&class));
        return if wrong {
            Vec::new()
        } else {
            found.iter().filter(|class| !rejected(class)).cloned().collect()
        };
    };
    let rest = found.iter().filter(|class| class.label != first.label && !rejected(class)).cloned();
    let most = found.len().max(1);
    std::iter::once(first.clone()).chain(rest).take(most).collect()
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
