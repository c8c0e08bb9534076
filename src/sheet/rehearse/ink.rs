//! Pens: what a stroke leaves on the paper.

use image::RgbImage;

use super::random::Random;

/// What people write with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Pen {
    Pencil,
    SoftPencil,
    Blue,
    Black,
    Red,
    Gel,
}

impl Pen {
    pub fn name(self) -> &'static str {
        match self {
            Self::Pencil => "pencil",
            Self::SoftPencil => "soft-pencil",
            Self::Blue => "blue",
            Self::Black => "black",
            Self::Red => "red",
            Self::Gel => "gel",
        }
    }

    /// Colour, width in millimetres, how much of the paper it covers, and how uneven that is.
    fn looks(self) -> ([f32; 3], f32, f32, f32) {
        match self {
            Self::Pencil => ([88.0, 88.0, 92.0], 0.55, 0.78, 0.35),
            Self::SoftPencil => ([58.0, 58.0, 60.0], 0.85, 0.88, 0.25),
            Self::Blue => ([38.0, 52.0, 150.0], 0.45, 0.92, 0.12),
            Self::Black => ([28.0, 28.0, 32.0], 0.45, 0.95, 0.08),
            Self::Red => ([198.0, 34.0, 44.0], 0.5, 0.92, 0.12),
            Self::Gel => ([24.0, 30.0, 92.0], 0.7, 0.97, 0.04),
        }
    }
}

/// A line through points, in millimetres on the page.
pub type Stroke = Vec<[f32; 2]>;

/// Draws strokes as one mark: where they cross, no more ink lies than elsewhere. `strength` 1 is what the pen
/// leaves, less what an eraser has left of it.
pub fn draw(
    paper: &mut RgbImage,
    per_mm: f32,
    strokes: &[Stroke],
    pen: Pen,
    strength: f32,
    random: &mut Random,
) {
    let (colour, width, cover, uneven) = pen.looks();
    let half = width * random.between(0.85, 1.2) * per_mm / 2.0;
    let Some([x0, y0, x1, y1]) = bounds(strokes, per_mm, half + 1.5, paper.dimensions()) else { return };
    let (wide, high) = ((x1 - x0) as usize, (y1 - y0) as usize);
    let mut covered = vec![0.0f32; wide * high];
    for pair in strokes.iter().flat_map(|stroke| stroke.windows(2)) {
        let [a, b] = [pair[0], pair[1]].map(|p| [p[0] * per_mm - x0 as f32, p[1] * per_mm - y0 as f32]);
        segment(&mut covered, wide, high, a, b, half);
    }
    for (i, cover_here) in covered.iter().enumerate().filter(|(_, c)| **c > 0.0) {
        let grain = 1.0 - uneven * random.unit();
        let alpha = cover_here * cover * strength * grain;
        let pixel = paper.get_pixel_mut(x0 + (i % wide) as u32, y0 + (i / wide) as u32);
        for (channel, ink) in pixel.0.iter_mut().zip(colour) {
            let paper = f32::from(*channel);
            *channel = (paper + (ink.min(paper) - paper) * alpha).round() as u8;
        }
    }
}

/// Left, top, right and bottom in pixels, within the paper.
fn bounds(strokes: &[Stroke], per_mm: f32, more: f32, size: (u32, u32)) -> Option<[u32; 4]> {
    let points = || strokes.iter().flatten();
    let edge = |axis: usize, pick: fn(f32, f32) -> f32| points().map(|p| p[axis] * per_mm).reduce(pick);
    let low = |v: f32, most: u32| ((v - more).floor().max(0.0) as u32).min(most);
    let high = |v: f32, most: u32| ((v + more).ceil().max(0.0) as u32).min(most);
    let area = [
        low(edge(0, f32::min)?, size.0),
        low(edge(1, f32::min)?, size.1),
        high(edge(0, f32::max)?, size.0),
        high(edge(1, f32::max)?, size.1),
    ];
    (area[2] > area[0] && area[3] > area[1]).then_some(area)
}

/// Covers what lies within `half` of the line from `a` to `b`, softly at its edge.
fn segment(covered: &mut [f32], wide: usize, high: usize, a: [f32; 2], b: [f32; 2], half: f32) {
    let reach = half + 1.0;
    let range = |i: usize, most: usize| {
        let (low, top) = (a[i].min(b[i]) - reach, a[i].max(b[i]) + reach);
        (low.max(0.0) as usize).min(most)..(top.ceil().max(0.0) as usize + 1).min(most)
    };
    let along = [b[0] - a[0], b[1] - a[1]];
    let length = (along[0] * along[0] + along[1] * along[1]).max(1e-6);
    for y in range(1, high) {
        for x in range(0, wide) {
            let from = [x as f32 + 0.5 - a[0], y as f32 + 0.5 - a[1]];
            let share = ((from[0] * along[0] + from[1] * along[1]) / length).clamp(0.0, 1.0);
            let off = [from[0] - share * along[0], from[1] - share * along[1]];
            let distance = (off[0] * off[0] + off[1] * off[1]).sqrt();
            let here = (half + 0.5 - distance).clamp(0.0, 1.0);
            let cell = &mut covered[y * wide + x];
            *cell = cell.max(here);
        }
    }
}
