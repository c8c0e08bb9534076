//! Whether bubbles are printed where a layout has them, and how far off they are.

use image::GrayImage;

use super::grey::{Paper, sample};
use super::plane::Plane;
use crate::sheet::layout::Page;

/// Samples a side of a bubble's surroundings.
const GRID: usize = 14;
/// Darkness that is noise.
const NOISE: f32 = 0.1;
/// Mean darkness of a bubble's surroundings that is print: a thin circle has more.
const PRINT: f32 = 0.012;
/// Print this far from the middle, as a share of the way to the neighbours, is not the bubble's.
const NEAR: f32 = 0.33;

/// What to look at around each bubble of a page: known once for all pictures.
#[derive(Debug, Clone)]
pub struct Surroundings {
    /// Centre and half width and height, in the layout's units.
    bubbles: Vec<([f32; 2], [f32; 2])>,
    /// Which bubbles belong to each field.
    fields: Vec<std::ops::Range<usize>>,
    /// The size of a bubble in the middle of all.
    pub usual: [f32; 2],
    /// The shorter side of the smallest.
    pub smallest: f32,
}

impl Surroundings {
    pub fn of(page: &Page) -> Self {
        let rects: Vec<_> = page.fields.iter().flat_map(|field| &field.bubbles).map(|b| b.rect).collect();
        let centre = |n: usize| [(rects[n].x1 + rects[n].x2) / 2.0, (rects[n].y1 + rects[n].y2) / 2.0];
        let mut bubbles = Vec::with_capacity(rects.len());
        for (n, rect) in rects.iter().enumerate() {
            let size = [rect.width(), rect.height()];
            let own = centre(n);
            // Half-way to the nearest on each axis, and no further than a bubble's size.
            let mut half = [size[0] * 0.9, size[1] * 0.9];
            for other in (0..rects.len()).filter(|other| *other != n) {
                let apart = [0, 1].map(|axis| (centre(other)[axis] - own[axis]).abs());
                for axis in 0..2 {
                    let beside = apart[1 - axis] < size[1 - axis] * 0.6;
                    if beside && apart[axis] > size[axis] * 0.3 {
                        half[axis] = half[axis].min(apart[axis] / 2.0);
                    }
                }
            }
            bubbles.push((own, half));
        }
        let mut start = 0;
        let fields = page.fields.iter().map(|field| {
            let range = start..start + field.bubbles.len();
            start = range.end;
            range
        });
        let fields = fields.collect();
        let middle = |axis: fn(&crate::geometry::Rect) -> f32| {
            let mut all: Vec<f32> = rects.iter().map(axis).collect();
            all.sort_by(f32::total_cmp);
            all.get(all.len() / 2).copied().unwrap_or(1.0)
        };
        let smallest = rects.iter().map(|r| r.width().min(r.height())).fold(f32::INFINITY, f32::min);
        let usual = [middle(|r| r.width()), middle(|r| r.height())];
        Self { bubbles, fields, usual, smallest: if smallest.is_finite() { smallest } else { 1.0 } }
    }

    pub fn len(&self) -> usize {
        self.bubbles.len()
    }

    pub fn is_empty(&self) -> bool {
        self.bubbles.is_empty()
    }
}

/// The print of each bubble.
pub struct Print {
    /// Where the middle of the ink is from the bubble's, in the layout's units; none where there is no ink.
    off: Vec<Option<[f32; 2]>>,
}

impl Print {
    /// Looks at every `step`th bubble.
    pub fn look(grey: &GrayImage, paper: &Paper, around: &Surroundings, plane: &Plane, step: usize) -> Self {
        let seen = around.bubbles.iter().enumerate().map(|(n, (centre, half))| {
            (n % step == 0).then(|| middle_of_ink(grey, paper, plane, *centre, *half)).flatten()
        });
        Self { off: seen.collect() }
    }

    /// The share of the bubbles looked at that have print near their middle, 0 to 1.
    pub fn share(&self, around: &Surroundings, step: usize) -> f32 {
        let near = |(off, (_, half)): (&Option<[f32; 2]>, &([f32; 2], [f32; 2]))| {
            off.is_some_and(|off| (0..2).all(|axis| off[axis].abs() < NEAR * half[axis]))
        };
        let count = self.off.iter().zip(&around.bubbles).filter(|pair| near(*pair)).count();
        count as f32 / self.off.len().div_ceil(step).max(1) as f32
    }

    /// How far each field is off: the middle of its bubbles, then made smooth over its neighbours, which know of a
    /// curl in the paper and not of a pencil that slipped.
    pub fn shifts(&self, around: &Surroundings) -> Vec<[f32; 2]> {
        let own: Vec<Option<([f32; 2], [f32; 2], f32)>> =
            around.fields.iter().map(|range| self.of_field(around, range)).collect();
        let reach = 6.0 * around.usual[0].max(around.usual[1]);
        let smooth = |range: &std::ops::Range<usize>| {
            let Some(centre) = centre(around, range) else { return [0.0, 0.0] };
            let (mut sum, mut total) = ([0.0, 0.0], 0.0);
            for (at, shift, weight) in own.iter().flatten() {
                let distance = (at[0] - centre[0]).hypot(at[1] - centre[1]) / reach;
                let weight = weight * (-distance * distance).exp();
                total += weight;
                (0..2).for_each(|axis| sum[axis] += weight * shift[axis]);
            }
            if total > 0.5 { sum.map(|v| v / total) } else { [0.0, 0.0] }
        };
        around.fields.iter().map(smooth).collect()
    }

    /// Where the field is, how far off, and how much that is worth.
    fn of_field(&self, around: &Surroundings, range: &std::ops::Range<usize>) -> Option<([f32; 2], [f32; 2], f32)> {
        let near = range.clone().filter_map(|n| {
            let (off, half) = (self.off[n]?, around.bubbles[n].1);
            // What is further away may be a neighbour's, or a word.
            (0..2).all(|axis| off[axis].abs() < 0.7 * half[axis]).then_some(off)
        });
        let near: Vec<[f32; 2]> = near.collect();
        if near.is_empty() {
            return None;
        }
        let middle = |axis: usize| {
            let mut all: Vec<f32> = near.iter().map(|off| off[axis]).collect();
            all.sort_by(f32::total_cmp);
            all[all.len() / 2]
        };
        Some((centre(around, range)?, [middle(0), middle(1)], near.len() as f32))
    }

    /// How far print is from where the shifts put it, root mean square, in bubbles' widths.
    pub fn spread(&self, around: &Surroundings, shifts: &[[f32; 2]]) -> f32 {
        let (mut sum, mut count) = (0.0, 0);
        for (range, shift) in around.fields.iter().zip(shifts) {
            for off in range.clone().filter_map(|n| self.off[n]) {
                let left = [off[0] - shift[0], off[1] - shift[1]];
                sum += (left[0] * left[0] + left[1] * left[1]) / around.usual[0].powi(2);
                count += 1;
            }
        }
        if count == 0 { 0.0 } else { (sum / count as f32).sqrt() }
    }
}

fn centre(around: &Surroundings, range: &std::ops::Range<usize>) -> Option<[f32; 2]> {
    let count = range.len() as f32;
    let sum = around.bubbles.get(range.clone())?.iter().fold([0.0, 0.0], |sum, (at, _)| [sum[0] + at[0], sum[1] + at[1]]);
    (count > 0.0).then(|| sum.map(|v| v / count))
}

fn middle_of_ink(
    grey: &GrayImage,
    paper: &Paper,
    plane: &Plane,
    centre: [f32; 2],
    half: [f32; 2],
) -> Option<[f32; 2]> {
    let level = paper.at(plane.at_f32(centre));
    let (mut sum, mut mass) = ([0.0; 2], 0.0);
    for row in 0..GRID {
        for column in 0..GRID {
            let share = [column, row].map(|n| (n as f32 + 0.5) / GRID as f32 * 2.0 - 1.0);
            let off = [share[0] * half[0], share[1] * half[1]];
            let place = plane.at_f32([centre[0] + off[0], centre[1] + off[1]]);
            let dark = (1.0 - sample(grey, place) / level - NOISE).max(0.0);
            mass += dark;
            (0..2).for_each(|axis| sum[axis] += dark * off[axis]);
        }
    }
    (mass / (GRID * GRID) as f32 > PRINT).then(|| sum.map(|v| v / mass))
}
