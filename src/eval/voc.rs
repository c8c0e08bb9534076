//! Pascal VOC's average precision: 11 points (VOC2007) and the whole area (VOC2010 and later).
//!
//! The rules are those of the VOC development kit: detections of a class over all pictures in order of
//! falling score; each goes to the object of its picture that it overlaps most; at an overlap of 0.5 or more
//! it is right when that object is not yet taken, wrong when it is, and does not count when the object is
//! difficult.

use std::collections::BTreeMap;

use hotcoco::types::Annotation;
use serde::Serialize;

use super::data::Objects;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Voc {
    pub iou: f64,
    /// Means over the classes that have objects.
    #[serde(rename = "mAP_2007")]
    pub map_2007: Option<f64>,
    #[serde(rename = "mAP_2010")]
    pub map_2010: Option<f64>,
    pub classes: Vec<VocClass>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VocClass {
    pub name: String,
    /// Objects that are not difficult.
    pub objects: usize,
    pub found: usize,
    /// Null without objects.
    #[serde(rename = "AP_2007")]
    pub ap_2007: Option<f64>,
    #[serde(rename = "AP_2010")]
    pub ap_2010: Option<f64>,
}

/// `found` holds boxes with scores, image and category ids as in `objects`.
pub fn evaluate(objects: &Objects, found: &[Annotation], iou: f64) -> Voc {
    let mut truths: BTreeMap<(u64, u64), Vec<Target>> = BTreeMap::new();
    for object in objects.objects.iter().filter(|object| !object.shape.iscrowd) {
        let Some(bbox) = object.shape.bbox else { continue };
        let key = (object.shape.category_id, object.shape.image_id);
        truths.entry(key).or_default().push(Target { bbox, difficult: object.difficult, taken: false });
    }
    let mut by_class: BTreeMap<u64, Vec<&Annotation>> = BTreeMap::new();
    found.iter().for_each(|thing| by_class.entry(thing.category_id).or_default().push(thing));
    let classes: Vec<VocClass> = objects
        .categories
        .iter()
        .map(|category| {
            let counted = truths.range((category.id, 0)..=(category.id, u64::MAX));
            let counted = counted.flat_map(|(_, targets)| targets).filter(|target| !target.difficult).count();
            let things = by_class.remove(&category.id).unwrap_or_default();
            let found = things.len();
            let outcomes = outcomes(things, &mut truths, iou);
            let curve = (counted > 0).then(|| curve(&outcomes, counted));
            VocClass {
                name: category.name.clone(),
                objects: counted,
                found,
                ap_2007: curve.as_deref().map(eleven_points),
                ap_2010: curve.as_deref().map(area),
            }
        })
        .filter(|class| class.objects > 0 || class.found > 0)
        .collect();
    let mean = |of: fn(&VocClass) -> Option<f64>| super::mean(classes.iter().filter_map(of));
    Voc { iou, map_2007: mean(|c| c.ap_2007), map_2010: mean(|c| c.ap_2010), classes }
}

struct Target {
    bbox: [f64; 4],
    difficult: bool,
    taken: bool,
}

/// Right or wrong in order of falling score; what does not count is left out.
fn outcomes(
    mut things: Vec<&Annotation>,
    truths: &mut BTreeMap<(u64, u64), Vec<Target>>,
    least: f64,
) -> Vec<bool> {
    let score = |thing: &Annotation| thing.score.unwrap_or_default();
    things.sort_by(|a, b| score(b).total_cmp(&score(a)));
    let mut outcomes = Vec::with_capacity(things.len());
    for thing in things {
        let targets = truths.get_mut(&(thing.category_id, thing.image_id)).map(Vec::as_mut_slice);
        let bbox = thing.bbox.unwrap_or_default();
        let mut best: Option<(f64, &mut Target)> = None;
        for target in targets.unwrap_or_default() {
            let overlap = overlap(&bbox, &target.bbox);
            if best.as_ref().is_none_or(|(most, _)| overlap > *most) {
                best = Some((overlap, target));
            }
        }
        match best {
            Some((overlap, target)) if overlap >= least => {
                if !target.difficult {
                    outcomes.push(!target.taken);
                    target.taken = true;
                }
            }
            _ => outcomes.push(false),
        }
    }
    outcomes
}

/// Intersection over union of boxes given as left, top, width, height.
fn overlap(a: &[f64; 4], b: &[f64; 4]) -> f64 {
    let side = |axis: usize| {
        let end = (a[axis] + a[axis + 2]).min(b[axis] + b[axis + 2]);
        (end - a[axis].max(b[axis])).max(0.0)
    };
    let both = side(0) * side(1);
    let either = a[2] * a[3] + b[2] * b[3] - both;
    if either > 0.0 { both / either } else { 0.0 }
}

/// Recall and precision after each detection.
fn curve(outcomes: &[bool], objects: usize) -> Vec<(f64, f64)> {
    let mut right = 0usize;
    let points = outcomes.iter().zip(1usize..).map(|(outcome, seen)| {
        right += usize::from(*outcome);
        (right as f64 / objects as f64, right as f64 / seen as f64)
    });
    points.collect()
}

/// Mean over recalls 0, 0.1, … 1 of the best precision at that recall or more.
fn eleven_points(curve: &[(f64, f64)]) -> f64 {
    let at = |least: f64| curve.iter().filter(|(r, _)| *r >= least).map(|(_, p)| *p).fold(0.0, f64::max);
    (0..=10).map(|tenth| at(f64::from(tenth) / 10.0)).sum::<f64>() / 11.0
}

/// Area below the precision that is best at each recall or more.
fn area(curve: &[(f64, f64)]) -> f64 {
    let (mut total, mut best, mut right) = (0.0, 0.0f64, curve.last().map_or(0.0, |(r, _)| *r));
    for (recall, precision) in curve.iter().rev() {
        total += (right - recall) * best;
        (best, right) = (best.max(*precision), *recall);
    }
    total + right * best
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn precision_by_hand() {
        // Right, wrong, right of 4 objects: (recall, precision) = (.25, 1), (.25, .5), (.5, 2/3).
        let curve = curve(&[true, false, true], 4);
        // Area: .25 * 1 + .25 * 2/3.
        assert!((area(&curve) - (0.25 + 0.25 * 2.0 / 3.0)).abs() < 1e-12);
        // 11 points: recalls 0, .1, .2 have 1; .3, .4, .5 have 2/3; the rest 0.
        assert!((eleven_points(&curve) - (3.0 + 2.0) / 11.0).abs() < 1e-12);
        assert_eq!((area(&[]), eleven_points(&[])), (0.0, 0.0));
    }

    #[test]
    fn overlap_of_edges() {
        assert!((overlap(&[0.0, 0.0, 2.0, 2.0], &[1.0, 0.0, 2.0, 2.0]) - 1.0 / 3.0).abs() < 1e-12);
        assert_eq!(overlap(&[0.0; 4], &[0.0; 4]), 0.0);
    }
}
