//! Five points of a face, and the turn and scale that put them where recognisers expect them.

use serde::{Deserialize, Serialize};

/// Eyes, tip of the nose and corners of the mouth, in the order of [`Landmarks::NAMES`]. May lie outside the
/// frame. Serialised as `[[x, y], …]`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Landmarks(pub [[f32; 2]; 5]);

/// Where the points lie in a square of 112 pixels: `arcface_dst` of `insightface/utils/face_align.py`
/// (deepinsight/insightface, MIT), what ArcFace and nearly all face recognisers since are trained with.
const TEMPLATE: [[f64; 2]; 5] =
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]];

impl Landmarks {
    /// Sides are the person's, as in COCO's keypoints: the right eye is the left one on the picture.
    pub const NAMES: [&'static str; 5] =
        ["right_eye", "left_eye", "nose", "right_mouth_corner", "left_mouth_corner"];

    /// Side of [`Landmarks::upright`]'s square, pixels.
    pub const ALIGNED: u32 = 112;

    pub fn map(&self, to: impl Fn([f32; 2]) -> [f32; 2]) -> Self {
        Self(self.0.map(to))
    }

    pub fn is_finite(&self) -> bool {
        self.0.iter().flatten().all(|v| v.is_finite())
    }

    /// As seen in a mirror of `width` pixels: right and left change places.
    pub fn mirrored(&self, width: f32) -> Self {
        let Self([right_eye, left_eye, nose, right_corner, left_corner]) = self.map(|[x, y]| [width - x, y]);
        Self([left_eye, right_eye, nose, left_corner, right_corner])
    }

    /// The way from the square in which the face stands upright to the frame; `None` where all points are
    /// one, or no numbers.
    pub fn upright(&self) -> Option<Similarity> {
        let own = self.0.map(|point| point.map(f64::from));
        // From the frame to the square, as recognisers' own code fits it, and then back.
        Similarity::fit(&own, &TEMPLATE)?.inverse()
    }
}

/// A turn, a scale and a shift: (x, y) becomes (a·x - b·y + c, b·x + a·y + d).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Similarity {
    pub a: f64,
    pub b: f64,
    pub c: f64,
    pub d: f64,
}

impl Similarity {
    /// The one that brings `from` nearest to `to`: least squares of complex numbers, which in two dimensions
    /// is the solution of Umeyama (1991) without mirroring.
    pub fn fit(from: &[[f64; 2]; 5], to: &[[f64; 2]; 5]) -> Option<Self> {
        let mean = |points: &[[f64; 2]; 5], axis: usize| points.iter().map(|p| p[axis]).sum::<f64>() / 5.0;
        let (fx, fy, tx, ty) = (mean(from, 0), mean(from, 1), mean(to, 0), mean(to, 1));
        let (mut along, mut across, mut square) = (0.0, 0.0, 0.0);
        for (p, q) in from.iter().zip(to) {
            let (px, py, qx, qy) = (p[0] - fx, p[1] - fy, q[0] - tx, q[1] - ty);
            along += px * qx + py * qy;
            across += px * qy - py * qx;
            square += px * px + py * py;
        }
        let (a, b) = (along / square, across / square);
        let fitted = Self { a, b, c: tx - a * fx + b * fy, d: ty - b * fx - a * fy };
        [a, b, fitted.c, fitted.d].iter().all(|v| v.is_finite()).then_some(fitted)
    }

    /// How many times longer lines become.
    pub fn scale(&self) -> f64 {
        self.a.hypot(self.b)
    }

    pub fn apply(&self, [x, y]: [f64; 2]) -> [f64; 2] {
        [self.a * x - self.b * y + self.c, self.b * x + self.a * y + self.d]
    }

    /// `None` where everything becomes one point.
    pub fn inverse(&self) -> Option<Self> {
        let square = self.a * self.a + self.b * self.b;
        let (a, b) = (self.a / square, -self.b / square);
        let back = Self { a, b, c: -a * self.c + b * self.d, d: -b * self.c - a * self.d };
        [a, b, back.c, back.d].iter().all(|v| v.is_finite()).then_some(back)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_face_that_lies_as_the_template_stays_where_it_is() {
        let face = Landmarks(TEMPLATE.map(|point| point.map(|v| v as f32)));
        let way = face.upright().expect("five points");
        assert!((way.a - 1.0).abs() < 1e-6 && way.b.abs() < 1e-6 && way.c.hypot(way.d) < 1e-4, "{way:?}");
        // Twice as large and turned a quarter clockwise: (x, y) -> (-2y + 300, 2x + 10).
        let turned = face.map(|[x, y]| [-2.0 * y + 300.0, 2.0 * x + 10.0]).upright().expect("five points");
        assert!((turned.scale() - 2.0).abs() < 1e-5, "{turned:?}");
        let [x, y] = turned.apply([56.0, 0.0]);
        assert!((x - 300.0).abs() < 1e-3 && (y - 122.0).abs() < 1e-3, "{x} {y}");
    }

    /// What scikit-image 0.26.0 gives for the same points (SimilarityTransform.from_estimate, which is Umeyama's),
    /// from the frame to the square: `scripts/parity/face_crops.py` has it.
    #[test]
    fn the_fit_is_umeyamas() {
        let eyes = [[203.44, 103.82], [247.82, 104.36], [224.70, 127.86], [204.40, 143.33], [243.49, 143.65]];
        let fitted = Similarity::fit(&eyes, &TEMPLATE).expect("five points");
        let expected = [0.8904843471656447, -0.02987828979499039, -147.8509611340369, -32.341388397008004];
        let found = [fitted.a, fitted.b, fitted.c, fitted.d];
        assert!(found.iter().zip(expected).all(|(f, e)| (f - e).abs() < 1e-9), "{found:?} {expected:?}");
    }

    #[test]
    fn points_that_say_nothing_give_no_way() {
        assert_eq!(Landmarks([[7.0, 7.0]; 5]).upright(), None);
        assert_eq!(Landmarks([[f32::NAN, 1.0], [2.0; 2], [3.0; 2], [4.0; 2], [5.0; 2]]).upright(), None);
    }

    #[test]
    fn a_mirror_changes_right_and_left() {
        let face = Landmarks([[10.0, 1.0], [30.0, 2.0], [20.0, 3.0], [12.0, 4.0], [28.0, 5.0]]);
        let seen = face.mirrored(100.0);
        assert_eq!(seen.0, [[70.0, 2.0], [90.0, 1.0], [80.0, 3.0], [72.0, 5.0], [88.0, 4.0]]);
        assert_eq!(seen.mirrored(100.0), face);
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same_point(
            points in prop::array::uniform5(prop::array::uniform2(-1000f64..1000.0)), x in -500f64..500.0, y in -500f64..500.0,
        ) {
            let way = Similarity::fit(&points, &TEMPLATE).expect("different points");
            prop_assume!(way.scale() > 1e-4);
            let [u, v] = way.inverse().expect("a way back").apply(way.apply([x, y]));
            prop_assert!((u - x).abs() < 1e-4 && (v - y).abs() < 1e-4, "{x} {y} became {u} {v}");
        }
    }
}
