//! Which thing of one run is which of another: by place, then by what it is called.

use serde::Serialize;

use crate::geometry::Rect;
use crate::prediction::Prediction;
use crate::sink::flattened;

/// What became of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// In the first run only.
    Lost,
    /// In the second run only.
    New,
    /// At the same place, called otherwise.
    Changed,
    /// At the same place, called the same.
    Same,
}

impl Kind {
    pub const ALL: [Kind; 4] = [Kind::Lost, Kind::New, Kind::Changed, Kind::Same];

    pub fn name(self) -> &'static str {
        match self {
            Kind::Lost => "lost",
            Kind::New => "new",
            Kind::Changed => "changed",
            Kind::Same => "same",
        }
    }
}

/// A thing, a line of text, or a class of the whole picture.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Thing {
    /// The label; what a line says.
    pub is: String,
    pub score: f32,
    /// Pixels of the upright picture; none of the whole picture.
    #[serde(rename = "box", skip_serializing_if = "Option::is_none")]
    pub rect: Option<Rect>,
}

/// A thing of either run, or of both.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Pair {
    pub kind: Kind,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub a: Option<Thing>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub b: Option<Thing>,
    /// Of the two boxes; 1 for the whole picture.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub iou: Option<f32>,
}

/// Everything that is an answer of a prediction.
pub fn things(prediction: &Prediction) -> Vec<Thing> {
    let thing = |is: &str, score, rect: Option<Rect>| Thing { is: is.to_owned(), score, rect };
    let instances = flattened(prediction.instances()).map(|i| thing(&i.label, i.score, Some(i.rect)));
    let lines = prediction.lines().iter().map(|line| thing(&line.text, line.score, Some(line.rect)));
    let classes = prediction.answer().iter().map(|class| thing(&class.label, class.score, None));
    instances.chain(lines).chain(classes).collect()
}

/// Pairs greedily: what is called the same first, then by falling overlap of at least `least`; each thing once.
/// Changed, lost and new ones come before those that are the same.
pub fn pairs(a: &[Thing], b: &[Thing], least: f32) -> Vec<Pair> {
    let whole = a.len() == 1 && b.len() == 1;
    let overlap = |one: &Thing, other: &Thing| match (&one.rect, &other.rect) {
        (Some(one), Some(other)) => one.iou(other),
        // Yes or no of several classes: another class is not the same one called otherwise.
        (None, None) if whole || one.is == other.is => 1.0,
        _ => 0.0,
    };
    let mut near: Vec<(bool, f32, usize, usize)> = Vec::new();
    for (i, one) in a.iter().enumerate() {
        for (j, other) in b.iter().enumerate() {
            let iou = overlap(one, other);
            if iou >= least && iou > 0.0 {
                near.push((one.is == other.is, iou, i, j));
            }
        }
    }
    near.sort_by(|x, y| y.0.cmp(&x.0).then(y.1.total_cmp(&x.1)).then((x.2, x.3).cmp(&(y.2, y.3))));
    let (mut of_a, mut of_b) = (vec![false; a.len()], vec![false; b.len()]);
    let mut all = Vec::new();
    for (same, iou, i, j) in near {
        if !of_a[i] && !of_b[j] {
            (of_a[i], of_b[j]) = (true, true);
            let kind = if same { Kind::Same } else { Kind::Changed };
            // A thousandth of overlap is finer than any use of it.
            let iou = Some((iou * 1e3).round() / 1e3);
            all.push(Pair { kind, a: Some(a[i].clone()), b: Some(b[j].clone()), iou });
        }
    }
    let left = |list: &[Thing], taken: Vec<bool>| -> Vec<Thing> {
        list.iter().zip(taken).filter(|(_, taken)| !taken).map(|(thing, _)| thing.clone()).collect()
    };
    all.extend(left(a, of_a).into_iter().map(|a| Pair { kind: Kind::Lost, a: Some(a), b: None, iou: None }));
    all.extend(left(b, of_b).into_iter().map(|b| Pair { kind: Kind::New, a: None, b: Some(b), iou: None }));
    all.sort_by_key(|pair| pair.kind);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(is: &str, x: f32) -> Thing {
        Thing { is: is.into(), score: 0.5, rect: Some([x, 0.0, x + 10.0, 10.0].into()) }
    }

    fn said(a: &[Thing], b: &[Thing]) -> Vec<String> {
        let name = |thing: &Option<Thing>| thing.as_ref().map_or("-", |thing| thing.is.as_str()).to_owned();
        pairs(a, b, 0.5).iter().map(|p| format!("{} {} {}", p.kind.name(), name(&p.a), name(&p.b))).collect()
    }

    #[test]
    fn the_same_name_goes_before_the_better_place() {
        // Moved by 2 of 10: an overlap of 8/12; by 5: 5/15, too little.
        let (a, b) = (
            [thing("cat", 0.0), thing("dog", 50.0), thing("car", 100.0)],
            [thing("dog", 0.0), thing("cat", 2.0), thing("fox", 51.0), thing("car", 105.0)],
        );
        assert_eq!(said(&a, &b), ["lost car -", "new - dog", "new - car", "changed dog fox", "same cat cat"]);
        assert_eq!(pairs(&a[..1], &b[1..2], 0.5)[0].iou, Some(0.667));
    }

    #[test]
    fn answers_of_whole_pictures_change_and_several_come_and_go() {
        let class = |is: &str| Thing { is: is.into(), score: 0.5, rect: None };
        assert_eq!(said(&[class("cup")], &[class("pot")]), ["changed cup pot"]);
        assert_eq!(
            said(&[class("cup"), class("tea")], &[class("tea"), class("pot")]),
            ["lost cup -", "new - pot", "same tea tea"]
        );
        assert!(said(&[], &[]).is_empty());
    }
}
