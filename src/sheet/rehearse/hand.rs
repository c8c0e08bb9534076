//! How people mark and write: strokes for a bubble, for digits, for scribbles.

use super::ink::Stroke;
use super::random::Random;
use crate::geometry::Rect;

/// What is done to a bubble.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Fill,
    Tick,
    Cross,
    /// About half of the bubble.
    Partial,
    /// A fill that was rubbed out.
    Erased,
    /// A fill that was crossed out.
    Cancelled,
}

impl Mark {
    pub fn name(self) -> &'static str {
        match self {
            Self::Fill => "fill",
            Self::Tick => "tick",
            Self::Cross => "cross",
            Self::Partial => "partial",
            Self::Erased => "erased",
            Self::Cancelled => "cancelled",
        }
    }
}

/// Strokes of a mark in `rect`, in the same unit.
pub fn mark(mark: Mark, rect: &Rect, random: &mut Random) -> Vec<Stroke> {
    let (radius, centre) = (rect.width() / 2.0, [(rect.x1 + rect.x2) / 2.0, (rect.y1 + rect.y2) / 2.0]);
    let off = [0, 1].map(|_| random.between(-0.12, 0.12) * radius);
    let at = |x: f32, y: f32| [centre[0] + off[0] + x * radius, centre[1] + off[1] + y * radius];
    match mark {
        Mark::Fill | Mark::Erased => hatch(rect, 1.0, random),
        Mark::Partial => hatch(rect, random.between(0.62, 0.78), random),
        Mark::Tick => {
            let lift = random.between(1.0, 1.5);
            vec![vec![
                at(-0.7, random.between(-0.2, 0.2)),
                at(-0.15, 0.75),
                at(random.between(0.8, 1.2), -lift),
            ]]
        }
        Mark::Cross => {
            let arm = random.between(0.75, 1.05);
            vec![vec![at(-arm, -arm), at(arm, arm * 0.95)], vec![at(arm * 0.95, -arm), at(-arm, arm)]]
        }
        Mark::Cancelled => {
            let mut strokes = hatch(rect, 1.0, random);
            let arm = random.between(1.5, 1.9);
            strokes.extend([vec![at(-arm, -arm), at(arm, arm)], vec![at(arm, -arm), at(-arm, arm)]]);
            strokes
        }
    }
}

/// A zigzag within the circle, as dense as a pen's stroke is wide; `share` of the radius is reached.
fn hatch(rect: &Rect, share: f32, random: &mut Random) -> Vec<Stroke> {
    let radius = rect.width() / 2.0 * share * random.between(0.9, 1.04);
    let shift = (rect.width() / 2.0 - radius) * 0.8;
    let centre = [0, 1].map(|_| random.between(-1.0, 1.0) * shift.max(0.12));
    let centre = [(rect.x1 + rect.x2) / 2.0 + centre[0], (rect.y1 + rect.y2) / 2.0 + centre[1]];
    let (sin, cos) = random.between(0.0, std::f32::consts::PI).sin_cos();
    let step = random.between(0.34, 0.46);
    let count = (2.0 * radius / step).ceil().max(2.0) as usize;
    let mut line = Vec::with_capacity(count * 2);
    for i in 0..=count {
        let across = -radius + 2.0 * radius * i as f32 / count as f32;
        let reach = (radius * radius - across * across).max(0.0).sqrt() * random.between(0.86, 1.03);
        let along = if i % 2 == 0 { -reach } else { reach };
        line.push([centre[0] + across * cos - along * sin, centre[1] + across * sin + along * cos]);
    }
    vec![line]
}

/// How digits are written, in a square of side 1.
const DIGITS: [&[&[[f32; 2]]]; 10] = [
    &[&[
        [0.5, 0.0],
        [0.2, 0.2],
        [0.15, 0.6],
        [0.35, 0.95],
        [0.65, 0.95],
        [0.85, 0.6],
        [0.75, 0.15],
        [0.5, 0.0],
    ]],
    &[&[[0.3, 0.25], [0.55, 0.0], [0.55, 1.0]]],
    &[&[[0.2, 0.2], [0.45, 0.0], [0.78, 0.15], [0.7, 0.45], [0.2, 0.97], [0.85, 0.97]]],
    &[&[[0.2, 0.1], [0.55, 0.0], [0.78, 0.2], [0.45, 0.45], [0.8, 0.7], [0.55, 0.98], [0.18, 0.88]]],
    &[&[[0.6, 0.0], [0.15, 0.65], [0.88, 0.65]], &[[0.65, 0.4], [0.62, 1.0]]],
    &[&[[0.8, 0.02], [0.3, 0.02], [0.25, 0.42], [0.6, 0.38], [0.82, 0.65], [0.6, 0.97], [0.18, 0.9]]],
    &[&[[0.7, 0.02], [0.3, 0.35], [0.2, 0.75], [0.45, 0.98], [0.78, 0.78], [0.6, 0.52], [0.22, 0.7]]],
    &[&[[0.15, 0.03], [0.82, 0.03], [0.4, 1.0]]],
    &[&[
        [0.55, 0.45],
        [0.25, 0.2],
        [0.52, 0.0],
        [0.75, 0.2],
        [0.3, 0.7],
        [0.5, 0.98],
        [0.78, 0.75],
        [0.55, 0.45],
    ]],
    &[&[[0.78, 0.3], [0.5, 0.48], [0.25, 0.25], [0.5, 0.02], [0.78, 0.25], [0.7, 0.97]]],
];

/// `text`'s digits, one in each of `boxes`.
pub fn digits(text: &str, boxes: &[Rect], random: &mut Random) -> Vec<Stroke> {
    let mut strokes = Vec::new();
    for (digit, rect) in text.chars().filter_map(|c| c.to_digit(10)).zip(boxes) {
        let size = [rect.width() * random.between(0.45, 0.6), rect.height() * random.between(0.55, 0.7)];
        let left = (rect.x1 + rect.x2 - size[0]) / 2.0 + random.between(-0.06, 0.06) * rect.width();
        let top = (rect.y1 + rect.y2 - size[1]) / 2.0 + random.between(-0.06, 0.06) * rect.height();
        let slant = random.between(-0.05, 0.18);
        for line in DIGITS[digit as usize] {
            let points = line.iter().map(|[x, y]| {
                let shake = [0, 1].map(|_| random.between(-0.04, 0.04));
                let x = x + slant * (0.5 - y) + shake[0];
                [left + x * size[0], top + (y + shake[1]) * size[1]]
            });
            strokes.push(smooth(&points.collect::<Vec<_>>()));
        }
    }
    strokes
}

/// Catmull and Rom's curve through the points, six pieces between two.
fn smooth(points: &[[f32; 2]]) -> Stroke {
    let at = |i: isize| points[i.clamp(0, points.len() as isize - 1) as usize];
    let mut line = Vec::with_capacity(points.len() * 6);
    for i in 0..points.len().saturating_sub(1) as isize {
        let [p0, p1, p2, p3] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
        for k in 0..6 {
            let t = k as f32 / 6.0;
            line.push([0, 1].map(|a| {
                let (c1, c2) = (p2[a] - p0[a], 2.0 * p0[a] - 5.0 * p1[a] + 4.0 * p2[a] - p3[a]);
                let c3 = 3.0 * p1[a] - p0[a] - 3.0 * p2[a] + p3[a];
                p1[a] + 0.5 * t * (c1 + t * (c2 + t * c3))
            }));
        }
    }
    line.extend(points.last());
    line
}

/// Lines that look like writing and say nothing.
pub fn scribble(rect: &Rect, random: &mut Random) -> Vec<Stroke> {
    let mut lines = Vec::new();
    let mut y = rect.y1 + 6.0;
    while y < rect.y2 - 3.0 && lines.len() < 4 {
        let end = rect.x1 + rect.width() * random.between(0.3, 0.9);
        let mut line = Vec::new();
        let mut x = rect.x1 + 3.0;
        while x < end {
            line.push([x, y + random.between(-1.3, 1.3)]);
            x += random.between(0.8, 1.6);
        }
        lines.push(smooth(&line));
        y += 8.0;
    }
    lines.retain(|line| line.len() > 1);
    lines
}
