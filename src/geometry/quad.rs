//! Oriented boxes by their corners, and how much two of them are one thing.

use serde::{Deserialize, Serialize};

use super::Rect;

/// The corners of an oriented box, clockwise as seen on the picture; the first is the top left one of the
/// box before it is turned. May reach outside the frame. Serialised as `[[x, y], …]`.
///
/// Corners rather than a centre and an angle: where a picture is scaled by another factor per axis they
/// stay what they are, and an angle does not.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Quad(pub [[f32; 2]; 4]);

/// Mean and covariance of a Gaussian: (x, y) and (xx, yy, xy).
type Gaussian = ([f64; 2], [f64; 3]);

impl Quad {
    /// From a centre, a size and an angle in radians, clockwise on the picture from the x axis to the
    /// side of length `width`. A size below 0 turns the box inside out, which leaves its corners where they are.
    pub fn turned([cx, cy]: [f32; 2], [width, height]: [f32; 2], angle: f32) -> Self {
        let (sin, cos) = angle.sin_cos();
        let (along, across) = (width.abs() / 2.0, height.abs() / 2.0);
        let corner = |a: f32, b: f32| [cx + a * cos - b * sin, cy + a * sin + b * cos];
        Self([corner(-along, -across), corner(along, -across), corner(along, across), corner(-along, across)])
    }

    pub fn map(&self, to: impl Fn([f32; 2]) -> [f32; 2]) -> Self {
        Self(self.0.map(to))
    }

    pub fn is_finite(&self) -> bool {
        self.0.iter().flatten().all(|v| v.is_finite())
    }

    /// The smallest axis-aligned box around it.
    pub fn hull(&self) -> Rect {
        let of = |axis: usize, pick: fn(f32, f32) -> f32| {
            self.0.iter().map(|corner| corner[axis]).reduce(pick).unwrap_or_default()
        };
        Rect::new(of(0, f32::min), of(1, f32::min), of(0, f32::max), of(1, f32::max))
    }

    /// In square pixels, by the shoelace formula.
    pub fn area(&self) -> f64 {
        signed_area(&self.0.map(|corner| corner.map(f64::from))).abs()
    }

    /// The area that two convex quadrilaterals share, in square pixels (Sutherland and Hodgman 1974).
    pub fn common(&self, other: &Self) -> f64 {
        let (own, others) = (self.hull(), other.hull());
        let apart = own.x2 < others.x1 || others.x2 < own.x1 || own.y2 < others.y1 || others.y2 < own.y1;
        if apart || !self.is_finite() || !other.is_finite() {
            return 0.0;
        }
        let mut shape: Vec<[f64; 2]> = self.0.map(|corner| corner.map(f64::from)).to_vec();
        let window = other.0.map(|corner| corner.map(f64::from));
        let area = signed_area(&window);
        if area == 0.0 {
            return 0.0;
        }
        let direction = area.signum();
        for (a, b) in window.iter().zip(window.iter().cycle().skip(1)) {
            let side =
                |p: &[f64; 2]| direction * ((b[0] - a[0]) * (p[1] - a[1]) - (b[1] - a[1]) * (p[0] - a[0]));
            let mut cut = Vec::with_capacity(shape.len() + 1);
            for (p, q) in shape.iter().zip(shape.iter().cycle().skip(1)) {
                let (at_p, at_q) = (side(p), side(q));
                if at_p >= 0.0 {
                    cut.push(*p);
                }
                if at_p * at_q < 0.0 {
                    let share = at_p / (at_p - at_q);
                    cut.push([p[0] + share * (q[0] - p[0]), p[1] + share * (q[1] - p[1])]);
                }
            }
            shape = cut;
        }
        signed_area(&shape).abs()
    }

    /// Intersection over union of convex quadrilaterals, 0 to 1; 0 where both are empty.
    pub fn iou(&self, other: &Self) -> f64 {
        let common = self.common(other);
        let all = self.area() + other.area() - common;
        if all > 0.0 { common / all } else { 0.0 }
    }

    /// ProbIoU (Llerena et al. 2021, "Gaussian Bounding Boxes and Probabilistic Intersection-over-Union"):
    /// one less the Hellinger distance of the boxes as Gaussians. 1 for equal boxes, 0 for boxes far
    /// apart; symmetric.
    pub fn prob_iou(&self, other: &Self) -> f32 {
        // Keeps boxes without area, whose Gaussians have none either, away from 0 / 0.
        const EPSILON: f64 = 1e-7;
        let ((a, [a_xx, a_yy, a_xy]), (b, [b_xx, b_yy, b_xy])) = (self.gaussian(), other.gaussian());
        let (xx, yy, xy) = (a_xx + b_xx, a_yy + b_yy, a_xy + b_xy);
        let (dx, dy) = (a[0] - b[0], a[1] - b[1]);
        let determinant = xx * yy - xy * xy;
        // The Bhattacharyya distance: of the means, and of the shapes.
        let apart = (yy * dx * dx + xx * dy * dy - 2.0 * xy * dx * dy) / (4.0 * (determinant + EPSILON));
        let own = |xx: f64, yy: f64, xy: f64| (xx * yy - xy * xy).max(0.0);
        let common = (own(a_xx, a_yy, a_xy) * own(b_xx, b_yy, b_xy)).sqrt();
        let unlike = (determinant / (4.0 * common + EPSILON) + EPSILON).ln() / 2.0;
        let distance = (apart + unlike).clamp(0.0, 100.0);
        (1.0 - (1.0 - (-distance).exp()).sqrt()) as f32
    }

    /// Of an even spread over the box: a side of length s adds s² / 12 along its direction.
    fn gaussian(&self) -> Gaussian {
        let [first, second, third, fourth] = self.0.map(|corner| corner.map(f64::from));
        let mean = [0, 1].map(|axis| (first[axis] + second[axis] + third[axis] + fourth[axis]) / 4.0);
        let along = [second[0] - first[0], second[1] - first[1]];
        let across = [fourth[0] - first[0], fourth[1] - first[1]];
        let of = |i: usize, j: usize| (along[i] * along[j] + across[i] * across[j]) / 12.0;
        (mean, [of(0, 0), of(1, 1), of(0, 1)])
    }
}

/// By the shoelace formula; its sign is the direction in which the corners run.
fn signed_area(corners: &[[f64; 2]]) -> f64 {
    let next = corners.iter().cycle().skip(1);
    let twice: f64 = corners.iter().zip(next).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum();
    twice / 2.0
}

#[cfg(test)]
mod tests;
