//! Maps between planes: from a sheet's layout to the pixels of its picture, with perspective.

use serde::{Deserialize, Serialize};

/// A projective map of the plane, in rows; the last number is 1 unless the map is a product.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Plane(pub [f64; 9]);

impl Plane {
    pub const IDENTITY: Self = Self([1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);

    pub fn scale([x, y]: [f64; 2]) -> Self {
        Self([x, 0.0, 0.0, 0.0, y, 0.0, 0.0, 0.0, 1.0])
    }

    /// Takes each of `from` to its place in `to`, as well as can be: by least squares where there are more than four
    /// (Hartley and Zisserman 2004, "Multiple View Geometry", section 4.1, inhomogeneous, with normalised points).
    /// `None` with fewer than four, or where they lie on a line.
    pub fn fit(from: &[[f64; 2]], to: &[[f64; 2]]) -> Option<Self> {
        if from.len() < 4 || from.len() != to.len() {
            return None;
        }
        let (own, others) = (normal(from)?, normal(to)?);
        let mut system = [[0.0; 9]; 8];
        for (p, q) in from.iter().zip(to) {
            let ([x, y], [u, v]) = (own.at(*p), others.at(*q));
            add(&mut system, [x, y, 1.0, 0.0, 0.0, 0.0, -u * x, -u * y, u]);
            add(&mut system, [0.0, 0.0, 0.0, x, y, 1.0, -v * x, -v * y, v]);
        }
        let h = solved(system)?;
        let middle = Self([h[0], h[1], h[2], h[3], h[4], h[5], h[6], h[7], 1.0]);
        let whole = others.inverse()?.after(&middle).after(&own);
        whole.0.iter().all(|v| v.is_finite()).then_some(whole)
    }

    /// Where a point goes; not finite for points of the horizon.
    pub fn at(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let w = g * x + h * y + i;
        [(a * x + b * y + c) / w, (d * x + e * y + f) / w]
    }

    pub fn at_f32(&self, point: [f32; 2]) -> [f32; 2] {
        self.at(point.map(f64::from)).map(|v| v as f32)
    }

    /// First `first`, then this.
    pub fn after(&self, first: &Self) -> Self {
        let (a, b) = (&self.0, &first.0);
        let of = |row: usize, column: usize| (0..3).map(|n| a[3 * row + n] * b[3 * n + column]).sum();
        Self(std::array::from_fn(|n| of(n / 3, n % 3)))
    }

    /// The way back; `None` where all becomes a line.
    pub fn inverse(&self) -> Option<Self> {
        let [a, b, c, d, e, f, g, h, i] = self.0;
        let adjoint = [
            e * i - f * h,
            c * h - b * i,
            b * f - c * e,
            f * g - d * i,
            a * i - c * g,
            c * d - a * f,
            d * h - e * g,
            b * g - a * h,
            a * e - b * d,
        ];
        let determinant = a * adjoint[0] + b * adjoint[3] + c * adjoint[6];
        let whole = adjoint.map(|v| v / determinant);
        whole.iter().all(|v| v.is_finite()).then_some(Self(whole))
    }

    /// How many units of the target one unit of the source comes to at a point.
    pub fn scale_at(&self, [x, y]: [f64; 2]) -> f64 {
        let ([x0, y0], [x1, y1], [x2, y2]) = (self.at([x, y]), self.at([x + 1.0, y]), self.at([x, y + 1.0]));
        ((x1 - x0) * (y2 - y0) - (y1 - y0) * (x2 - x0)).abs().sqrt()
    }
}

/// Moves points to their centre and scales them to a mean distance of about 1.
fn normal(points: &[[f64; 2]]) -> Option<Plane> {
    let count = points.len() as f64;
    let mean = [0, 1].map(|axis| points.iter().map(|p| p[axis]).sum::<f64>() / count);
    let spread = points.iter().map(|p| (p[0] - mean[0]).hypot(p[1] - mean[1])).sum::<f64>() / count;
    (spread.is_finite() && spread > 0.0).then(|| {
        Plane([1.0 / spread, 0.0, -mean[0] / spread, 0.0, 1.0 / spread, -mean[1] / spread, 0.0, 0.0, 1.0])
    })
}

/// Adds an equation, its right side last, to the normal equations.
fn add(system: &mut [[f64; 9]; 8], equation: [f64; 9]) {
    for (row, left) in system.iter_mut().zip(equation) {
        for (sum, value) in row.iter_mut().zip(equation) {
            *sum += left * value;
        }
    }
}

/// By elimination with pivots.
fn solved(mut system: [[f64; 9]; 8]) -> Option<[f64; 8]> {
    for n in 0..8 {
        let pivot = (n..8).max_by(|a, b| system[*a][n].abs().total_cmp(&system[*b][n].abs()))?;
        system.swap(n, pivot);
        let row = system[n];
        if row[n].abs() < 1e-12 {
            return None;
        }
        for other in (0..8).filter(|other| *other != n) {
            let factor = system[other][n] / row[n];
            system[other].iter_mut().zip(row).for_each(|(value, own)| *value -= factor * own);
        }
    }
    Some(std::array::from_fn(|n| system[n][8] / system[n][n]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_points_are_met_and_the_way_back_leads_back() {
        let from = [[0.0, 0.0], [210.0, 0.0], [210.0, 297.0], [0.0, 297.0]];
        let to = [[102.0, 80.0], [900.0, 130.0], [860.0, 1290.0], [60.0, 1200.0]];
        let plane = Plane::fit(&from, &to).unwrap();
        let back = plane.inverse().unwrap();
        for (p, q) in from.iter().zip(to) {
            let (there, again) = (plane.at(*p), back.at(q));
            assert!((there[0] - q[0]).hypot(there[1] - q[1]) < 1e-6, "{there:?} {q:?}");
            assert!((again[0] - p[0]).hypot(again[1] - p[1]) < 1e-6);
        }
        // The determinant of its derivative by hand: the sides' lengths over the page's, about 3.8 by 3.9.
        assert!((plane.scale_at([105.0, 148.0]) - 3.85).abs() < 0.2, "{}", plane.scale_at([105.0, 148.0]));
    }

    #[test]
    fn more_points_are_met_on_average() {
        let truth = Plane([2.0, 0.1, 5.0, -0.2, 1.8, 9.0, 1e-4, 2e-4, 1.0]);
        let from: Vec<[f64; 2]> =
            (0..30).map(|n| [f64::from(n % 6) * 40.0, f64::from(n / 6) * 50.0]).collect();
        let noise = |n: usize| if n.is_multiple_of(2) { 0.3 } else { -0.3 };
        let to: Vec<[f64; 2]> =
            from.iter().enumerate().map(|(n, p)| truth.at(*p).map(|v| v + noise(n))).collect();
        let plane = Plane::fit(&from, &to).unwrap();
        let worst = from.iter().map(|p| {
            let ([a, b], [c, d]) = (plane.at(*p), truth.at(*p));
            (a - c).hypot(b - d)
        });
        assert!(worst.fold(0.0, f64::max) < 0.3);
    }

    #[test]
    fn points_on_a_line_have_no_plane() {
        let line = [[0.0, 0.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0]];
        let square = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]];
        assert!(Plane::fit(&line, &square).is_none());
        assert!(Plane::fit(&square, &line[..3]).is_none());
        assert!(Plane::fit(&[[f64::NAN; 2]; 4], &square).is_none());
    }
}
