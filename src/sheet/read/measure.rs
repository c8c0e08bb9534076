//! How dark each bubble is, against the paper around it.

use image::GrayImage;

use crate::sheet::align::Plane;
use crate::sheet::align::grey::{Paper, sample};
use crate::sheet::layout::{Bubble, Page, Shape};
use crate::sheet::seen::{Mark, Quality};

/// Samples a side of a bubble's box, and of its surroundings, which are half as much again.
const INNER: usize = 16;
const OUTER: usize = 24;
/// The share of its width and height within which a bubble is measured: the outline is half out of it.
const WITHIN: f32 = 0.92;
/// Parts a side that are asked whether they have ink.
const PARTS: usize = 4;

/// Every bubble of a page, in the order of its fields.
pub fn marks(grey: &GrayImage, paper: &Paper, page: &Page, plane: &Plane, shifts: &[[f32; 2]]) -> Vec<Mark> {
    let mut marks = Vec::new();
    let bubbles = page.fields.iter().flat_map(|field| &field.bubbles);
    marks.extend(bubbles.zip(shifts).map(|(bubble, shift)| mark(grey, paper, plane, bubble, *shift)));
    marks
}

fn mark(grey: &GrayImage, paper: &Paper, plane: &Plane, bubble: &Bubble, shift: [f32; 2]) -> Mark {
    let rect = &bubble.rect;
    let centre = [(rect.x1 + rect.x2) / 2.0 + shift[0], (rect.y1 + rect.y2) / 2.0 + shift[1]];
    let half = [rect.width() / 2.0, rect.height() / 2.0];
    let level = paper.at(plane.at_f32(centre));
    let dark = |share: [f32; 2]| {
        let place = plane.at_f32([centre[0] + share[0] * half[0], centre[1] + share[1] * half[1]]);
        (1.0 - sample(grey, place) / level).clamp(0.0, 1.0)
    };
    let inside = |[x, y]: [f32; 2], share: f32| match bubble.shape {
        Shape::Ellipse => x * x + y * y <= share * share,
        Shape::Box => x.abs().max(y.abs()) <= share,
    };
    let (mut all, mut core, mut around) = (Mean::default(), Mean::default(), Mean::default());
    let mut ink = 0;
    let mut parts = [(0, 0); PARTS * PARTS];
    for n in 0..INNER * INNER {
        let (row, column) = (n / INNER, n % INNER);
        let share = [column, row].map(|n| (n as f32 + 0.5) / INNER as f32 * 2.0 - 1.0);
        if !inside(share, WITHIN) {
            continue;
        }
        let value = dark(share);
        all.add(value);
        if inside(share, 0.5) {
            core.add(value);
        }
        let part = &mut parts[row * PARTS / INNER * PARTS + column * PARTS / INNER];
        part.0 += 1;
        if value > Mark::DARK {
            ink += 1;
            part.1 += 1;
        }
    }
    for n in 0..OUTER * OUTER {
        let share = [n % OUTER, n / OUTER].map(|n| ((n as f32 + 0.5) / OUTER as f32 * 2.0 - 1.0) * 1.5);
        if inside(share, 1.5) && !inside(share, 1.15) {
            around.add(dark(share));
        }
    }
    let real = parts.iter().filter(|(count, _)| *count > 1);
    let inked = real.clone().filter(|(count, ink)| 4 * ink > *count).count();
    Mark {
        fill: rounded(all.mean()),
        core: rounded(core.mean()),
        ink: rounded(ink as f32 / all.count.max(1.0)),
        spread: rounded(inked as f32 / real.count().max(1) as f32),
        around: rounded(around.mean()),
    }
}

#[derive(Default)]
struct Mean {
    sum: f32,
    count: f32,
}

impl Mean {
    fn add(&mut self, value: f32) {
        self.sum += value;
        self.count += 1.0;
    }

    fn mean(&self) -> f32 {
        self.sum / self.count.max(1.0)
    }
}

/// To a ten-thousandth: what is stored is the same on machines that round differently in the last place.
fn rounded(value: f32) -> f32 {
    (value * 1e4).round() / 1e4
}

/// The picture as a whole, within the page where that is known.
pub fn quality(grey: &GrayImage, paper: &Paper, around: Option<(&Plane, [f32; 2])>, bubble: f32) -> Quality {
    const SIDE: usize = 96;
    let (width, height) = (grey.width() as f32, grey.height() as f32);
    let place = |share: [f32; 2]| match around {
        Some((plane, size)) => plane.at_f32([share[0] * size[0], share[1] * size[1]]),
        None => [share[0] * width, share[1] * height],
    };
    let (mut levels, mut dark) = (Vec::new(), 0);
    let mut steep = Vec::new();
    for n in 0..SIDE * SIDE {
        let share = [n % SIDE, n / SIDE].map(|n| (n as f32 + 0.5) / SIDE as f32);
        let at = place(share);
        let (value, level) = (sample(grey, at), paper.at(at));
        levels.push(level);
        dark += usize::from(1.0 - value / level > Mark::DARK);
        steep.extend(edge_width(grey, at, level));
    }
    levels.sort_by(f32::total_cmp);
    steep.sort_by(f32::total_cmp);
    let (low, middle) = (levels[levels.len() / 20], levels[levels.len() / 2]);
    Quality {
        paper: middle.round(),
        shade: rounded(1.0 - low / middle.max(1.0)),
        ink: rounded(dark as f32 / (SIDE * SIDE) as f32),
        // Most samples miss the edges; of those that do not, the sharper ones tell the focus.
        blur: rounded(steep.get(steep.len() / 5).copied().unwrap_or(0.0)),
        bubble: (bubble * 10.0).round() / 10.0,
    }
}

/// The width in pixels of the edge near a place: the range of grey over the steepest step (Marziliano and others 2002
/// measure edges so). `None` where there is no edge worth the name.
fn edge_width(grey: &GrayImage, [x, y]: [f32; 2], level: f32) -> Option<f32> {
    const REACH: i32 = 6;
    let row: Vec<f32> = (-REACH..=REACH).map(|n| sample(grey, [x + n as f32, y])).collect();
    let (least, most) = row.iter().fold((f32::INFINITY, 0f32), |(a, b), v| (a.min(*v), b.max(*v)));
    let step = row.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
    (most - least > 0.3 * level && step > 0.0).then(|| (most - least) / step)
}
