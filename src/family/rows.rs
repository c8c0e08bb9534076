//! Candidates from models that give few rows and need no suppression: final boxes, and a transformer's
//! queries.

use ndarray::{CowArray, Ix1, Ix2};

use super::{Outputs, not_finite};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, Observation, SCORE_FLOOR, bound_candidates};
use crate::preprocess::Mapping;

/// Candidates in input pixels, and how many rows were dropped because a number in them was none.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub candidates: Vec<Candidate>,
    pub dropped: usize,
}

impl Found {
    /// What was found as the frame has it. Corners in the wrong order are exchanged.
    pub fn observed(mut self, mapping: &Mapping) -> (Observation, Vec<Warning>) {
        self.dropped += bound_candidates(&mut self.candidates);
        for candidate in &mut self.candidates {
            let Rect { x1, y1, x2, y2 } = candidate.rect;
            let ordered = Rect::new(x1.min(x2), y1.min(y2), x1.max(x2), y1.max(y2));
            candidate.rect = mapping.to_frame(&ordered);
        }
        let observation = Observation::Detections { candidates: self.candidates, needs_nms: false };
        (observation, not_finite(self.dropped).into_iter().collect())
    }
}

/// Final detections: a box, a class and a score a row.
pub(super) struct Rows<'a> {
    boxes: CowArray<'a, f32, Ix2>,
    classes: CowArray<'a, f32, Ix1>,
    scores: CowArray<'a, f32, Ix1>,
}

/// Greatest class that is taken for one; f32 holds whole numbers up to here.
const MAX_CLASS: f32 = 16_777_216.0;

impl<'a> Rows<'a> {
    /// # Errors
    /// `ModelOutput` for other axes than [rows, 4], [rows] and [rows], with or without a batch of 1.
    pub fn read(outputs: &'a Outputs, boxes: &str, classes: &str, scores: &str) -> Result<Self> {
        let rows = Self {
            boxes: outputs.named(boxes)?.numbers("[rows, 4]")?,
            classes: outputs.named(classes)?.numbers("[rows]")?,
            scores: outputs.named(scores)?.numbers("[rows]")?,
        };
        let (count, columns) = rows.boxes.dim();
        if columns != 4 || rows.classes.len() != count || rows.scores.len() != count {
            let message = format!(
                "boxes [rows, 4], classes [rows] and scores [rows] are expected; found {}",
                outputs.shapes()
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        Ok(rows)
    }

    pub fn len(&self) -> usize {
        self.scores.len()
    }

    /// The first `count` rows; `shift` leads from the model's numbers of classes to the labels', and
    /// what comes out below 0 is background. `rect` makes input pixels of a row's four numbers.
    pub fn found(&self, count: usize, shift: i64, rect: impl Fn([f32; 4]) -> Rect) -> Found {
        let mut found = Found::default();
        let rows = self.boxes.rows().into_iter().zip(&self.classes).zip(&self.scores).take(count);
        for ((row, &class), &score) in rows {
            if score < SCORE_FLOOR {
                continue;
            }
            if !class.is_finite() || class.fract() != 0.0 || class.abs() > MAX_CLASS {
                found.dropped += 1;
                continue;
            }
            let Ok(class) = u32::try_from(class as i64 + shift) else { continue };
            let rect = rect([row[0], row[1], row[2], row[3]]);
            found.candidates.push(Candidate::new(rect, class, score));
        }
        found
    }
}

/// What a detection transformer's queries say: logits a class, and a box from 0 to 1.
pub(super) struct Queries<'a> {
    logits: CowArray<'a, f32, Ix2>,
    boxes: CowArray<'a, f32, Ix2>,
    /// Width and height of the model's input, pixels.
    input: [f32; 2],
}

impl<'a> Queries<'a> {
    /// # Errors
    /// `ModelOutput` for other axes than [queries, columns] and [queries, 4].
    pub fn read(outputs: &'a Outputs, logits: &str, boxes: &str, mapping: &Mapping) -> Result<Self> {
        let queries = Self {
            logits: outputs.named(logits)?.numbers("[queries, classes]")?,
            boxes: outputs.named(boxes)?.numbers("[queries, 4]")?,
            input: mapping.input.map(|side| side as f32),
        };
        if queries.boxes.ncols() != 4 || queries.boxes.nrows() != queries.logits.nrows() {
            let message = format!(
                "logits [queries, classes] and boxes [queries, 4] are expected; found {}",
                outputs.shapes()
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        Ok(queries)
    }

    pub fn columns(&self) -> usize {
        self.logits.ncols()
    }

    /// Each class of the first `columns` by itself: the best pairs of query and class, as many as there
    /// are queries. Equal scores go in order of query, then of class.
    pub fn by_sigmoid(&self, columns: usize) -> Found {
        let mut found = Found::default();
        let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
        for (query, row) in self.logits.rows().into_iter().enumerate() {
            for (class, &logit) in row.iter().take(columns).enumerate() {
                let score = 1.0 / (1.0 + (-logit).exp());
                if score >= SCORE_FLOOR {
                    pairs.push((score, query, class));
                }
                found.dropped += usize::from(score.is_nan());
            }
        }
        let order = |a: &(f32, usize, usize), b: &(f32, usize, usize)| {
            b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2)))
        };
        pairs.sort_unstable_by(order);
        pairs.truncate(self.logits.nrows());
        found.candidates =
            pairs.into_iter().map(|(score, query, class)| self.candidate(query, class, score)).collect();
        found
    }

    /// The best class of each query by softmax over all columns, of which the last is "no object".
    pub fn by_softmax(&self) -> Found {
        let mut found = Found::default();
        let classes = self.columns().saturating_sub(1);
        for (query, row) in self.logits.rows().into_iter().enumerate() {
            let most = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let sum: f32 = row.iter().map(|logit| (logit - most).exp()).sum();
            if !sum.is_finite() {
                found.dropped += 1;
                continue;
            }
            let (mut class, mut top) = (0, f32::NEG_INFINITY);
            for (index, &logit) in row.iter().take(classes).enumerate() {
                if logit > top {
                    (class, top) = (index, logit);
                }
            }
            found.candidates.push(self.candidate(query, class, (top - most).exp() / sum));
        }
        found
    }

    fn candidate(&self, query: usize, class: usize, score: f32) -> Candidate {
        let row = self.boxes.row(query);
        let [width, height] = self.input;
        let rect = Rect::from_centre(row[0] * width, row[1] * height, row[2] * width, row[3] * height);
        Candidate::new(rect, u32::try_from(class).unwrap_or(u32::MAX), score)
    }
}

#[cfg(test)]
mod tests;
