//! Where a thing is covered: box, ellipse or outline, grown by a margin.

use crate::geometry::{Quad, Rect};
use crate::options::Shape;
use crate::prediction::Instance;

use super::kinds::FACE;

/// A least margin in pixels: boxes are exact to a pixel or two at best.
const LEAST_MARGIN: f32 = 1.5;

/// A part of a picture, in its pixels; may reach outside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Region {
    Box(Rect),
    /// The ellipse within.
    Ellipse(Rect),
    Outline(Quad),
}

impl Region {
    /// What is to be covered of a thing; `margin` is a share of its sides, on each side.
    pub fn of(instance: &Instance, shape: Shape, margin: f32) -> Self {
        let face = instance.label == FACE;
        match (shape, instance.corners) {
            (Shape::Auto | Shape::Mask, Some(corners)) => Self::Outline(grown_outline(&corners, margin)),
            (Shape::Ellipse, _) | (Shape::Auto, None) if face => Self::Ellipse(grown(&instance.rect, margin)),
            // Faces are round and other things are not: an ellipse around all of the box.
            (Shape::Ellipse, _) => Self::Ellipse(around(&grown(&instance.rect, margin))),
            (Shape::Auto | Shape::Mask | Shape::Box, _) => Self::Box(grown(&instance.rect, margin)),
        }
    }

    pub fn contains(&self, [x, y]: [f32; 2]) -> bool {
        match self {
            Self::Box(r) => (r.x1..=r.x2).contains(&x) && (r.y1..=r.y2).contains(&y),
            Self::Ellipse(r) => {
                let across = (2.0 * x - r.x1 - r.x2) / r.width().max(f32::MIN_POSITIVE);
                let down = (2.0 * y - r.y1 - r.y2) / r.height().max(f32::MIN_POSITIVE);
                across * across + down * down <= 1.0
            }
            Self::Outline(Quad(corners)) => {
                let next = corners.iter().cycle().skip(1);
                let side =
                    |(a, b): (&[f32; 2], &[f32; 2])| (b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0]);
                let sides: Vec<f32> = corners.iter().zip(next).map(side).collect();
                sides.iter().all(|side| *side >= 0.0) || sides.iter().all(|side| *side <= 0.0)
            }
        }
    }

    /// The box around it.
    pub fn hull(&self) -> Rect {
        match self {
            Self::Box(rect) | Self::Ellipse(rect) => *rect,
            Self::Outline(corners) => corners.hull(),
        }
    }

    /// Columns and rows of a picture of that size that it may touch.
    pub fn pixels(&self, [width, height]: [u32; 2]) -> [std::ops::Range<u32>; 2] {
        let Rect { x1, y1, x2, y2 } = self.hull();
        // Saturating casts: it may be anything.
        let span = |from: f32, to: f32, most: u32| {
            (from.floor().max(0.0) as u32).min(most)..(to.ceil().max(0.0) as u32).min(most)
        };
        [span(x1, x2, width), span(y1, y2, height)]
    }
}

fn grown(rect: &Rect, margin: f32) -> Rect {
    let by = |side: f32| (side * margin).max(LEAST_MARGIN);
    let (x, y) = (by(rect.width()), by(rect.height()));
    Rect::new(rect.x1 - x, rect.y1 - y, rect.x2 + x, rect.y2 + y)
}

/// The box of the ellipse through the corners of a box.
fn around(rect: &Rect) -> Rect {
    let share = (std::f32::consts::SQRT_2 - 1.0) / 2.0;
    let (x, y) = (rect.width() * share, rect.height() * share);
    Rect::new(rect.x1 - x, rect.y1 - y, rect.x2 + x, rect.y2 + y)
}

/// Each side moves out by the same length: of a long line of text a share of its height.
fn grown_outline(Quad([a, b, c, d]): &Quad, margin: f32) -> Quad {
    let along = |from: &[f32; 2], to: &[f32; 2]| [to[0] - from[0], to[1] - from[1]];
    let (right, down) = (along(a, b), along(a, d));
    let length = |v: [f32; 2]| v[0].hypot(v[1]).max(f32::MIN_POSITIVE);
    let by = (length(right).min(length(down)) * margin).max(LEAST_MARGIN);
    let unit = |v: [f32; 2]| v.map(|part| part / length(v) * by);
    let (r, d1) = (unit(right), unit(down));
    let moved = |p: &[f32; 2], x: f32, y: f32| [p[0] + x * r[0] + y * d1[0], p[1] + x * r[1] + y * d1[1]];
    Quad([moved(a, -1.0, -1.0), moved(b, 1.0, -1.0), moved(c, 1.0, 1.0), moved(d, -1.0, 1.0)])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn thing(label: &str, rect: [f32; 4], corners: Option<Quad>) -> Instance {
        Instance {
            class: 0,
            label: label.to_owned(),
            score: 0.9,
            rect: rect.into(),
            corners,
            keypoints: Vec::new(),
            track: None,
            filled: false,
            children: Vec::new(),
        }
    }

    #[test]
    fn faces_are_covered_by_ellipses_and_other_things_by_boxes() {
        let rect = [10.0, 20.0, 30.0, 60.0];
        let face = Region::of(&thing("face", rect, None), Shape::Auto, 0.5);
        // Half of 20 by 40 more on each side: from 0 to 40 and from 0 to 80, centre (20, 40).
        assert_eq!(face, Region::Ellipse([0.0, 0.0, 40.0, 80.0].into()));
        assert!(face.contains([20.0, 0.5]) && face.contains([0.5, 40.0]) && !face.contains([1.0, 1.0]));
        // (20, 30) from the centre in an ellipse of half axes 20, 40: 0.25 + 0.5625 at (10, 30).
        assert!(face.contains([30.0, 70.0]) && !face.contains([38.0, 70.0]));
        let dog = thing("dog", rect, None);
        assert_eq!(Region::of(&dog, Shape::Auto, 0.5), Region::Box([0.0, 0.0, 40.0, 80.0].into()));
        // An ellipse that is asked for hides the corners of the box, too.
        let round = Region::of(&dog, Shape::Ellipse, 0.5);
        assert!([[0.1, 0.1], [39.9, 0.1], [39.9, 79.9]].iter().all(|corner| round.contains(*corner)));
    }

    #[test]
    fn a_line_of_text_grows_by_its_height_on_every_side() {
        let line = Quad([[100.0, 50.0], [200.0, 50.0], [200.0, 60.0], [100.0, 60.0]]);
        let text = thing("text", [100.0, 50.0, 200.0, 60.0], Some(line));
        let Region::Outline(Quad(grown)) = Region::of(&text, Shape::Auto, 0.2) else { panic!("no outline") };
        assert_eq!(grown, [[98.0, 48.0], [202.0, 48.0], [202.0, 62.0], [98.0, 62.0]]);
        // Turned by 45 degrees its corner is covered and that of the box around it is not.
        let turned = Quad::turned([50.0, 50.0], [40.0, 10.0], std::f32::consts::FRAC_PI_4);
        let text = thing("text", turned.hull().into(), Some(turned));
        let region = Region::of(&text, Shape::Mask, 0.0);
        assert!(turned.0.iter().all(|corner| region.contains(*corner)));
        assert!(!region.contains([33.0, 66.0]) && region.contains([50.0, 50.0]));
    }

    #[test]
    fn pixels_stay_in_the_picture() {
        let odd = Region::Box([f32::NAN, -1e30, f32::INFINITY, 7.2].into());
        assert_eq!(odd.pixels([10, 20]), [0..10, 0..8]);
        assert_eq!(Region::Box([50.0, 5.0, 60.0, 6.0].into()).pixels([10, 20]), [10..10, 5..6]);
    }
}
