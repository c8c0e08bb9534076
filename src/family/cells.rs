//! What a detector's cells see: one pass over the scores in the order they lie in memory, then boxes for
//! the best cells only.

use ndarray::ArrayView2;

use super::not_finite;
use crate::explain::Proposal;
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, MAX_CANDIDATES, Observation, SCORE_FLOOR, bound_candidates};
use crate::preprocess::Mapping;

/// A class that a cell sees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Seen {
    pub cell: usize,
    pub class: u32,
    pub score: f32,
}

/// Scores over the floor, and how many were no numbers.
#[derive(Debug, Default, PartialEq)]
pub struct Scores {
    pub seen: Vec<Seen>,
    pub not_numbers: usize,
}

/// Reads [classes, cells]: class by class along the cells, with the best of each cell kept beside. With
/// `every`, each class over the floor instead of a cell's best.
pub fn by_class(scores: ArrayView2<f32>, every: bool) -> Scores {
    let mut found = Scores::default();
    let mut best = vec![0f32; scores.ncols()];
    let mut best_class = vec![0u32; scores.ncols()];
    for (class, row) in (0u32..).zip(scores.rows()) {
        let copy;
        let row = match row.to_slice() {
            Some(row) => row,
            None => {
                copy = row.to_vec();
                &copy
            }
        };
        found.not_numbers += row.iter().filter(|score| !score.is_finite()).count();
        if every {
            found.seen.extend(over_floor(row).map(|(cell, score)| Seen { cell, class, score }));
            continue;
        }
        // Without branches, so that it becomes vector instructions; false with NaN.
        for ((&score, best), best_class) in row.iter().zip(&mut best).zip(&mut best_class) {
            let better = (score > *best) & (score < f32::INFINITY);
            *best = if better { score } else { *best };
            *best_class = if better { class } else { *best_class };
        }
    }
    let seen = |(cell, score): (usize, f32)| Seen { cell, class: best_class[cell], score };
    found.seen.extend(over_floor(&best).map(seen));
    found
}

fn over_floor(scores: &[f32]) -> impl Iterator<Item = (usize, f32)> {
    let finite = |(_, score): &(usize, f32)| *score >= SCORE_FLOOR && score.is_finite();
    scores.iter().copied().enumerate().filter(finite)
}

/// Reads rows of one cell each: `first` is the column of the first class; with `objectness`, that column's
/// value is a factor of each score.
pub fn by_cell(rows: ArrayView2<f32>, first: usize, objectness: Option<usize>, every: bool) -> Scores {
    let mut found = Scores::default();
    for (cell, row) in rows.rows().into_iter().enumerate() {
        let factor = objectness.map_or(1.0, |column| row.get(column).copied().unwrap_or(0.0));
        found.not_numbers += usize::from(!factor.is_finite());
        // No class score is over 1: nearly all cells end here.
        if !factor.is_finite() || factor < SCORE_FLOOR {
            continue;
        }
        let mut best = Seen { cell, class: 0, score: 0.0 };
        for (class, &score) in (0u32..).zip(row.iter().skip(first)) {
            let score = score * factor;
            if !score.is_finite() {
                found.not_numbers += 1;
            } else if every && score >= SCORE_FLOOR {
                found.seen.push(Seen { cell, class, score });
            } else if score > best.score {
                best = Seen { cell, class, score };
            }
        }
        if !every && best.score >= SCORE_FLOOR {
            found.seen.push(best);
        }
    }
    found
}

/// The candidates of what was seen: `candidate` gives a box in input pixels, for the best
/// [`MAX_CANDIDATES`] only. The count is of values that were no numbers.
pub fn candidates(scores: Scores, candidate: impl Fn(Seen) -> Candidate) -> (Vec<Candidate>, usize) {
    let Scores { mut seen, not_numbers } = scores;
    if seen.len() > MAX_CANDIDATES {
        let order = |a: &Seen, b: &Seen| {
            b.score.total_cmp(&a.score).then(a.cell.cmp(&b.cell)).then(a.class.cmp(&b.class))
        };
        seen.select_nth_unstable_by(MAX_CANDIDATES, order);
        seen.truncate(MAX_CANDIDATES);
        // The model's order, which decides among equal scores.
        seen.sort_unstable_by_key(|seen| (seen.cell, seen.class));
    }
    (seen.into_iter().map(candidate).collect(), not_numbers)
}

/// The observation of candidates in input pixels, of which `dropped` values were no numbers.
pub fn detections(
    (mut candidates, mut dropped): (Vec<Candidate>, usize),
    needs_nms: bool,
    mapping: &Mapping,
) -> (Observation, Vec<Warning>) {
    dropped += bound_candidates(&mut candidates);
    let before = candidates.len();
    candidates.retain_mut(|candidate| to_frame(candidate, mapping));
    dropped += before - candidates.len();
    let observation = Observation::Detections { candidates, needs_nms };
    (observation, not_finite(dropped).into_iter().collect())
}

/// The cells of rows of one each that overlap `near`, with the scores of all classes from column `first` on; `rect`
/// gives a cell's box in input pixels.
pub fn proposals(
    rows: ArrayView2<f32>,
    (first, objectness): (usize, Option<usize>),
    (mapping, near): (&Mapping, &Rect),
    rect: impl Fn(usize) -> Rect,
) -> Vec<Proposal> {
    let best = |cell| rows.row(cell).iter().skip(first).copied().fold(0.0, f32::max);
    let overlapping = (0..rows.nrows()).filter_map(|cell| {
        let objectness = objectness.map_or_else(|| best(cell), |column| rows[[cell, column]]);
        let mut candidate = Candidate::new(rect(cell), 0, objectness);
        let overlaps = to_frame(&mut candidate, mapping) && candidate.rect.iou(near) > 0.0;
        let classes = || rows.row(cell).iter().skip(first).copied().collect();
        overlaps.then(|| Proposal { rect: candidate.rect, objectness, classes: classes() })
    });
    overlapping.collect()
}

/// Whether it is still numbers there. Not cut to the frame yet: packages of these families suppress boxes as
/// the model gives them, and cut what is left.
fn to_frame(candidate: &mut Candidate, mapping: &Mapping) -> bool {
    let Rect { x1, y1, x2, y2 } = candidate.rect;
    let ([x1, y1], [x2, y2]) = (mapping.point_to_frame([x1, y1]), mapping.point_to_frame([x2, y2]));
    candidate.rect = Rect::new(x1, y1, x2, y2);
    if let Some(corners) = &mut candidate.corners {
        *corners = corners.map(|corner| mapping.point_to_frame(corner));
    }
    if let Some(landmarks) = &mut candidate.landmarks {
        *landmarks = landmarks.map(|point| mapping.point_to_frame(point));
    }
    candidate.is_finite()
}

/// A box of its edges. Right before left or bottom before top is a box without area.
pub fn edges([x1, y1, x2, y2]: [f32; 4]) -> Rect {
    // Comparisons rather than `max`, which would hide NaN.
    Rect::new(x1, y1, if x2 < x1 { x1 } else { x2 }, if y2 < y1 { y1 } else { y2 })
}

/// A box of its centre and size; sizes below 0 count as 0.
pub fn centred([cx, cy, width, height]: [f32; 4]) -> Rect {
    let size = |side: f32| if side < 0.0 { 0.0 } else { side };
    Rect::from_centre(cx, cy, size(width), size(height))
}

#[cfg(test)]
mod tests;
