//! Grids of cells, one per stride, whose boxes are distances from the cell's centre: NanoDet and its kin.

use std::borrow::Cow;

use ndarray::{ArrayView1, ArrayView2};

use super::scores::{Scale, Span};
use crate::explain::Proposal;
use crate::geometry::Rect;
use crate::observation::{Candidate, MAX_CANDIDATES};
use crate::preprocess::Mapping;

/// Bins of a distance's distribution: more than any head has, so that no description asks for absurd rows.
pub(super) const BINS: std::ops::RangeInclusive<usize> = 2..=64;

/// One stride's grid: columns, rows, input pixels per cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Grid {
    pub columns: usize,
    pub rows: usize,
    pub stride: f32,
}

impl Grid {
    /// The grid of an input of `[width, height]` pixels; `stride` is 1 or more.
    pub fn new([width, height]: [u32; 2], stride: u32) -> Self {
        let stride = stride.max(1);
        let (columns, rows) = (width.div_ceil(stride) as usize, height.div_ceil(stride) as usize);
        Self { columns, rows, stride: stride as f32 }
    }

    pub fn cells(&self) -> usize {
        self.columns.saturating_mul(self.rows)
    }

    /// The box of a cell, in input pixels: its centre, (index + `offset`) * stride, and the expected
    /// distance in strides to the left, top, right and bottom, each a distribution over some bins.
    pub fn rect(&self, distances: ArrayView1<f32>, cell: usize, offset: f32) -> Rect {
        let x = ((cell % self.columns) as f32 + offset) * self.stride;
        let y = ((cell / self.columns) as f32 + offset) * self.stride;
        let bins = (distances.len() / 4).max(1);
        let logits = distances.to_vec();
        let mut edges = logits.chunks_exact(bins).map(|bins| expected_bin(bins) * self.stride);
        let mut edge = || edges.next().unwrap_or(f32::NAN);
        let (left, top, right, bottom) = (edge(), edge(), edge(), edge());
        Rect::new(x - left, y - top, x + right, y + bottom)
    }
}

/// The mean of a softmax distribution over 0, 1, 2, … (Generalized Focal Loss, Li et al. 2020).
fn expected_bin(logits: &[f32]) -> f32 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut mean) = (0.0, 0.0);
    for (bin, &logit) in logits.iter().enumerate() {
        let weight = (logit - max).exp();
        sum += weight;
        mean += weight * bin as f32;
    }
    mean / sum
}

/// A cell's best class, as the package's own demos read one.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Best {
    /// 0 to 1.
    pub score: f32,
    pub cell: usize,
    pub class: usize,
}

impl Best {
    pub fn candidate(&self, rect: Rect) -> Candidate {
        Candidate::new(rect, u32::try_from(self.class).unwrap_or(u32::MAX), self.score)
    }
}

/// What one pass over scores finds.
#[derive(Debug)]
pub(super) struct Scan {
    /// Cells over the floor, in order of cell, at most [`MAX_CANDIDATES`].
    pub best: Vec<Best>,
    pub span: Span,
}

/// The best class of each row of `[cells, classes]`.
pub(super) fn scan(scores: ArrayView2<f32>, scale: Scale) -> Scan {
    let (mut best, mut span) = (Vec::new(), Span::EMPTY);
    let floor = scale.floor();
    for (cell, row) in scores.rows().into_iter().enumerate() {
        let row = contiguous(row);
        let of_row = Span::of(&row);
        span.join(of_row);
        if of_row.most >= floor {
            let class = row.iter().position(|score| *score == of_row.most).unwrap_or(0);
            best.push(Best { score: scale.probability(of_row.most), cell, class });
        }
    }
    strongest(&mut best);
    Scan { best, span }
}

/// The cells of a grid over the floor whose boxes overlap `near` (in pixels of the upright frame), with the scores
/// of all classes.
pub(super) fn proposals(
    (scores, distances): (ArrayView2<f32>, ArrayView2<f32>),
    scale: Scale,
    (grid, offset): (&Grid, f32),
    (mapping, near): (&Mapping, &Rect),
) -> Vec<Proposal> {
    let overlapping = scores.rows().into_iter().enumerate().filter_map(|(cell, row)| {
        let most = row.iter().copied().filter(|score| score.is_finite()).fold(f32::NEG_INFINITY, f32::max);
        if most < scale.floor() {
            return None;
        }
        let rect = mapping.to_frame(&grid.rect(distances.row(cell), cell, offset));
        let classes = || row.iter().map(|score| scale.probability(*score)).collect();
        let overlaps = rect.is_finite() && rect.iou(near) > 0.0;
        overlaps.then(|| Proposal { rect, objectness: scale.probability(most), classes: classes() })
    });
    overlapping.collect()
}

/// A row as a slice, copied only where its numbers lie apart.
pub(super) fn contiguous(row: ArrayView1<'_, f32>) -> Cow<'_, [f32]> {
    match row.to_slice() {
        Some(row) => Cow::Borrowed(row),
        None => Cow::Owned(row.to_vec()),
    }
}

/// Only the best are kept in the end; their boxes alone are worth computing.
pub(super) fn strongest(best: &mut Vec<Best>) {
    if best.len() > MAX_CANDIDATES {
        best.select_nth_unstable_by(MAX_CANDIDATES, |a, b| {
            b.score.total_cmp(&a.score).then((a.cell, a.class).cmp(&(b.cell, b.class)))
        });
        best.truncate(MAX_CANDIDATES);
        best.sort_unstable_by_key(|best| (best.cell, best.class));
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array2, array};

    use super::*;

    #[test]
    fn a_distance_is_the_mean_of_its_distribution() {
        // Softmax of (0, ln 3) is (1/4, 3/4).
        assert!((expected_bin(&[0.0, 3f32.ln()]) - 0.75).abs() < 1e-6);
        assert!((expected_bin(&[700.0, 700.0, 700.0]) - 1.0).abs() < 1e-6);
        assert!(expected_bin(&[f32::NAN, 0.0]).is_nan());
    }

    #[test]
    fn grids_cover_sides_that_are_no_multiple() {
        // 416 / 64 = 6.5: PicoDet's last level has 7 cells a side.
        assert_eq!(Grid::new([416, 320], 64), Grid { columns: 7, rows: 5, stride: 64.0 });
        assert_eq!(Grid::new([u32::MAX, u32::MAX], 0).stride, 1.0);
    }

    #[test]
    fn a_row_gives_its_best_class_and_what_is_no_number_is_counted() {
        let scores = array![[0.2, 0.4, 0.3], [f32::NAN, 0.1, f32::INFINITY], [0.0, 0.0, 0.0]];
        let found = scan(scores.view(), Scale::Probability);
        let expected = [Best { score: 0.4, cell: 0, class: 1 }, Best { score: 0.1, cell: 1, class: 1 }];
        assert_eq!((found.best.as_slice(), found.span.not_numbers), (&expected[..], 2));
        // A logit of 0 is one half, of ln 3 three quarters.
        let logits = array![[-9.0, 0.0], [3f32.ln(), -9.0], [-8.0, -7.0]];
        let found = scan(logits.view(), Scale::Logit);
        let classes: Vec<_> = found.best.iter().map(|best| (best.cell, best.class)).collect();
        assert_eq!(classes, [(0, 1), (1, 0)]);
        assert!((found.best[0].score - 0.5).abs() < 1e-6 && (found.best[1].score - 0.75).abs() < 1e-6);
    }

    #[test]
    fn rows_that_lie_apart_are_read_alike() {
        let scores = array![[0.2, 0.1], [0.4, 0.3], [0.3, f32::NAN]];
        let turned = scan(scores.t(), Scale::Probability);
        let whole = scan(scores.t().as_standard_layout().view(), Scale::Probability);
        assert_eq!((&turned.best, turned.span), (&whole.best, whole.span));
        assert_eq!(turned.best[1], Best { score: 0.3, cell: 1, class: 1 });
    }

    #[test]
    fn the_strongest_are_kept_in_order_of_cell() {
        let scores = Array2::from_shape_fn((3000, 1), |(cell, _)| 0.1 + (cell % 3) as f32 * 0.1);
        let found = scan(scores.view(), Scale::Probability);
        assert_eq!(found.best.len(), MAX_CANDIDATES);
        assert!(found.best.iter().all(|best| best.cell % 3 == 2));
        assert!(found.best.windows(2).all(|pair| pair[0].cell < pair[1].cell));
    }
}
