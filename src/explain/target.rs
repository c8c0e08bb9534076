//! What is explained, and how much of it a model sees in a picture: one number from 0 to 1.

use crate::error::{Error, Kind, Result};
use crate::family::{Family, Outputs};
use crate::geometry::{Rect, nms};
use crate::observation::{Candidate, Observation};
use crate::preprocess::Mapping;

/// What might be a thing: a box, and what the model says of each class there.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    /// In pixels of the upright frame.
    pub rect: Rect,
    /// How sure the model is that there is a thing at all; where it has no such number, its greatest score.
    pub objectness: f32,
    /// A score a class.
    pub classes: Vec<f32>,
}

/// A class of the picture, or a thing in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    pub class: u32,
    /// As the model gave it for the whole picture.
    pub score: f32,
    pub thing: Option<Proposal>,
}

/// Things below this score are not explained.
const LEAST: f32 = 0.05;

/// What is to be explained of an observation: `class` where one is asked for, else the best; at most `most`.
/// `outputs` are of the same look.
///
/// # Errors
/// As the family's own.
pub fn targets(
    family: &dyn Family,
    (observation, outputs, mapping): (&Observation, &Outputs, &Mapping),
    class: Option<u32>,
    (most, iou): (usize, f32),
) -> Result<Vec<Target>> {
    let Observation::Detections { candidates, needs_nms } = observation else {
        return Ok(classes(family.class_scores(outputs)?.unwrap_or_default(), class, most));
    };
    let wanted = |c: &&Candidate| c.score >= LEAST && class.is_none_or(|class| c.class == class);
    let wanted: Vec<Candidate> = candidates.iter().filter(wanted).copied().collect();
    let kept = if *needs_nms { nms(&wanted, iou, most) } else { (0..wanted.len().min(most)).collect() };
    kept.into_iter().map(|n| thing(family, outputs, mapping, &wanted[n])).collect()
}

fn classes(scores: Vec<f32>, class: Option<u32>, most: usize) -> Vec<Target> {
    let numbered = (0u32..)
        .zip(scores)
        .filter(|(own, score)| score.is_finite() && class.is_none_or(|class| class == *own));
    let mut all: Vec<Target> = numbered.map(|(class, score)| Target { class, score, thing: None }).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score));
    all.truncate(most);
    all
}

/// A candidate with the classes of the proposal that it was.
fn thing(family: &dyn Family, outputs: &Outputs, mapping: &Mapping, candidate: &Candidate) -> Result<Target> {
    let fit = |proposal: &Proposal| {
        let score = proposal.classes.get(candidate.class as usize).map_or(0.0, |s| s * proposal.objectness);
        (proposal.rect.iou(&candidate.rect), score)
    };
    let nearer = |a: &Proposal, b: &Proposal| {
        let (a, b) = (fit(a), fit(b));
        a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1))
    };
    let best = family.proposals(outputs, mapping, &candidate.rect)?.into_iter().max_by(nearer);
    let proposal = best.unwrap_or_else(|| Proposal::of(candidate));
    Ok(Target {
        class: candidate.class,
        score: candidate.score,
        thing: Some(Proposal { rect: candidate.rect, ..proposal }),
    })
}

impl Proposal {
    /// A candidate of a family that says no more than the best class.
    pub fn of(candidate: &Candidate) -> Self {
        let mut classes = vec![0.0; candidate.class as usize + 1];
        classes[candidate.class as usize] = 1.0;
        Self { rect: candidate.rect, objectness: candidate.score, classes }
    }
}

impl Target {
    /// How much of the target the outputs of a masked picture show: of a class its score, of a thing the greatest
    /// similarity of a proposal: IoU of the boxes, times the cosine of the classes, times the proposal's objectness
    /// (D-RISE: Petsiuk et al. 2021, section 3.2).
    ///
    /// # Errors
    /// As the family's own.
    pub fn score(&self, family: &dyn Family, outputs: &Outputs, mapping: &Mapping) -> Result<f32> {
        let Some(thing) = &self.thing else {
            let scores = family.class_scores(outputs)?.unwrap_or_default();
            let missing = || Error::new(Kind::ModelOutput, format!("no score of class {}", self.class));
            return scores.get(self.class as usize).copied().filter(|s| s.is_finite()).ok_or_else(missing);
        };
        let similar = |proposal: &Proposal| {
            let place = thing.rect.iou(&proposal.rect);
            if place > 0.0 {
                place * cosine(&thing.classes, &proposal.classes) * proposal.objectness
            } else {
                0.0
            }
        };
        let all = family.proposals(outputs, mapping, &thing.rect)?;
        Ok(all.iter().map(similar).filter(|s| s.is_finite()).fold(0.0, f32::max))
    }
}

/// Of two lists of scores, of which the shorter has none of the other's last classes.
fn cosine(a: &[f32], b: &[f32]) -> f32 {
    let length = |scores: &[f32]| scores.iter().map(|s| s * s).sum::<f32>().sqrt();
    let product: f32 = a.iter().zip(b).map(|(a, b)| a * b).sum();
    let lengths = length(a) * length(b);
    if lengths > 0.0 { product / lengths } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_of_two_things_are_compared_by_their_direction() {
        assert!((cosine(&[0.6, 0.8], &[0.3, 0.4]) - 1.0).abs() < 1e-6);
        assert!((cosine(&[1.0, 0.0], &[0.5, 0.5]) - 0.5f32.sqrt()).abs() < 1e-6);
        // Of a family that says the best class only.
        assert_eq!(cosine(&[1.0], &[0.0, 0.0, 1.0]), 0.0);
        assert_eq!(cosine(&[0.0], &[1.0]), 0.0);
    }

    #[test]
    fn the_best_classes_or_the_one_asked_for() {
        let scores = vec![0.1, f32::NAN, 0.7, 0.2];
        let of =
            |class, most| classes(scores.clone(), class, most).iter().map(|t| t.class).collect::<Vec<_>>();
        assert_eq!((of(None, 2), of(Some(0), 2), of(Some(9), 2)), (vec![2, 3], vec![0], vec![]));
    }
}
