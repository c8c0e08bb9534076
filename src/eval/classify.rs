//! Classification: accuracy of the best and the five best answers, per class, confusion, calibration.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::calibration::{self, Calibration, Scored};
use super::confusion::{Confusion, indexed};
use super::data::{Answer, Found, FoundClass};
use super::{mean, some_of};

/// Most classes of a confusion matrix; ImageNet-21k has 21,841, whose matrix would take 4 GB.
const MAX_CLASSES: usize = 5000;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Classified {
    pub pictures: usize,
    /// Share of pictures whose best answer is right. A picture without an answer is wrong.
    pub top1: f64,
    /// Share of pictures whose label is among the five best answers; null where fewer are given.
    pub top5: Option<f64>,
    /// Means over the classes of the truth.
    pub macro_precision: Option<f64>,
    pub macro_recall: Option<f64>,
    pub macro_f1: Option<f64>,
    pub classes: Vec<Class>,
    #[serde(skip)]
    pub confusion: Option<Confusion>,
    #[serde(skip)]
    pub calibration: Option<Calibration>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Class {
    pub name: String,
    /// Pictures of the class.
    pub pictures: usize,
    /// Pictures answered as the class.
    pub answers: usize,
    pub right: usize,
    /// Null where nothing was answered as the class.
    pub precision: Option<f64>,
    /// Null for a class that the truth lacks.
    pub recall: Option<f64>,
    /// 2 * right / (pictures + answers).
    pub f1: f64,
}

/// `labels` holds a label a picture; `pairs` the picture of each of the results' pictures.
pub fn evaluate(labels: &[String], found: &Found, pairs: &[Option<usize>]) -> (Classified, Vec<String>) {
    let mut notes = Vec::new();
    let names = answer_names(labels, &found.classes, &mut notes);
    let mut answers: Vec<Option<&Answer>> = vec![None; labels.len()];
    for answer in &found.answers {
        if let Some(picture) = pairs.get(answer.image).copied().flatten() {
            answers[picture] = Some(answer);
        }
    }
    let best = |answer: &Answer| answer.classes.first().and_then(|(class, _)| names.get(*class));
    let pictures: Vec<(&str, Option<&str>)> = labels
        .iter()
        .zip(&answers)
        .map(|(label, answer)| (label.as_str(), answer.and_then(best).map(String::as_str)))
        .collect();
    let scored: Vec<Scored> =
        labels.iter().zip(&answers).filter_map(|(l, a)| score(l, (*a)?, &names)).collect();
    let calibration = calibration::noted(&scored, &mut notes);
    let top5 = top5(labels, &answers, &names, needed(&found.classes));
    if top5.is_none() {
        notes.push("no top-5: pictures have fewer answers than it needs; run vision classify --top 5".into());
    }
    let classes = classes(&pictures);
    let of_truth = |value: fn(&Class) -> f64| mean(classes.iter().filter(|c| c.pictures > 0).map(value));
    let right = pictures.iter().filter(|(label, answer)| *answer == Some(*label)).count();
    let classified = Classified {
        pictures: labels.len(),
        top1: right as f64 / labels.len().max(1) as f64,
        top5,
        macro_precision: of_truth(|c| c.precision.unwrap_or(0.0)),
        macro_recall: of_truth(|c| c.recall.unwrap_or(0.0)),
        macro_f1: of_truth(|c| c.f1),
        confusion: confusion(&pictures),
        calibration,
        classes,
    };
    (classified, notes)
}

/// Names of the results' classes as the truth writes them: the same label in any case; else one of several
/// names between commas (ImageNet's "tabby, tabby cat"); else the class's number where the truth's labels
/// are numbers.
fn answer_names(labels: &[String], classes: &[FoundClass], notes: &mut Vec<String>) -> Vec<String> {
    let folded: BTreeMap<String, &String> =
        labels.iter().map(|label| (label.to_lowercase(), label)).collect();
    let known = |label: &str| folded.get(&label.trim().to_lowercase()).map(|same| (*same).clone());
    let by_label = |class: &FoundClass| {
        let label = class.label.as_deref()?;
        known(label).or_else(|| label.split(',').find_map(known))
    };
    let all_numbers = labels.iter().all(|label| label.parse::<u64>().is_ok());
    let numbered = all_numbers && classes.iter().all(|class| by_label(class).is_none());
    let own = |class: &FoundClass| match &class.label {
        Some(label) if !numbered => label.clone(),
        _ => class.number.to_string(),
    };
    let names: Vec<String> =
        classes.iter().map(|class| by_label(class).unwrap_or_else(|| own(class))).collect();
    let answered: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let asked: BTreeSet<&str> = labels.iter().map(String::as_str).collect();
    let never: Vec<&str> = asked.difference(&answered).copied().collect();
    if !never.is_empty() {
        let (count, strange) = (never.len(), answered.difference(&asked).copied().collect::<Vec<_>>());
        let (never, strange) = (some_of(&never), some_of(&strange));
        notes.push(format!("{count} labels of the truth are never answered: {never}; answers that are no such label: {strange}"));
    }
    names
}

fn score(label: &str, answer: &Answer, names: &[String]) -> Option<Scored> {
    let (class, score) = answer.classes.first()?;
    Some(Scored { score: *score, right: names.get(*class)? == label })
}

/// Answers a picture that a top-5 needs: five, or all of a model with fewer classes. It has at least as many
/// as the largest class number says, and two, without which there is nothing to classify.
fn needed(classes: &[FoundClass]) -> usize {
    let known = classes.iter().map(|class| class.number.saturating_add(1)).max().unwrap_or(0);
    known.clamp(2, 5) as usize
}

/// None where a picture has fewer answers than `needed`: the right one may be among those left away.
fn top5(labels: &[String], answers: &[Option<&Answer>], names: &[String], needed: usize) -> Option<f64> {
    let given = answers.iter().flatten().map(|answer| answer.classes.len()).min().unwrap_or(0);
    if given < needed {
        return None;
    }
    let among = |(label, answer): &(&String, &Option<&Answer>)| {
        let best = answer.iter().flat_map(|answer| answer.classes.iter().take(5));
        best.into_iter().any(|(class, _)| names.get(*class) == Some(*label))
    };
    let right = labels.iter().zip(answers).filter(among).count();
    Some(right as f64 / labels.len().max(1) as f64)
}

fn classes(pictures: &[(&str, Option<&str>)]) -> Vec<Class> {
    let mut counts: BTreeMap<&str, (usize, usize, usize)> = BTreeMap::new();
    for (label, answer) in pictures {
        counts.entry(label).or_default().0 += 1;
        if let Some(answer) = answer {
            let class = counts.entry(answer).or_default();
            class.1 += 1;
            class.2 += usize::from(answer == label);
        }
    }
    let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
    let class = |(name, (pictures, answers, right)): (&str, (usize, usize, usize))| Class {
        name: name.to_owned(),
        pictures,
        answers,
        right,
        precision: share(right, answers),
        recall: share(right, pictures),
        f1: share(2 * right, pictures + answers).unwrap_or(0.0),
    };
    counts.into_iter().map(class).collect()
}

fn confusion(pictures: &[(&str, Option<&str>)]) -> Option<Confusion> {
    let names = indexed(pictures.iter().flat_map(|(label, answer)| [Some(*label), *answer]).flatten());
    if names.len() > MAX_CLASSES {
        return None;
    }
    let pairs = pictures.iter().map(|(label, answer)| {
        (names.get(label).copied(), answer.and_then(|answer| names.get(answer).copied()))
    });
    Some(Confusion::new(names.keys().map(|name| (*name).to_owned()).collect(), pairs))
}
