//! The motion of a box: Kalman filters of constant speed, one for each of its four numbers.
//!
//! Both trackers' filters have diagonal noise, a diagonal beginning and no motion that couples one number of a
//! box with another. Such a filter of 8 (or 7) dimensions is exactly four filters of two; the tests hold them
//! against the whole matrices.

use super::Area;

/// A number and how it changes a frame, with the covariance of both.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Axis {
    pub at: f64,
    pub speed: f64,
    /// Variance of `at`, covariance, variance of `speed`.
    covariance: [f64; 3],
}

impl Axis {
    /// At rest, known with these variances.
    pub fn new(at: f64, variance: f64, speed_variance: f64) -> Self {
        Self { at, speed: 0.0, covariance: [variance, 0.0, speed_variance] }
    }

    /// A frame later; `noise` is the variance that a frame adds to the number and to its speed.
    pub fn predict(&mut self, noise: [f64; 2]) {
        let [at, both, speed] = self.covariance;
        self.at += self.speed;
        self.covariance = [at + 2.0 * both + speed + noise[0], both + speed, speed + noise[1]];
    }

    /// Takes in what was seen; `noise` is its variance.
    pub fn update(&mut self, seen: f64, noise: f64) {
        let [at, both, speed] = self.covariance;
        let gain = [at, both].map(|v| v / (at + noise));
        let residual = seen - self.at;
        self.at += gain[0] * residual;
        self.speed += gain[1] * residual;
        self.covariance = [at * (1.0 - gain[0]), both * (1.0 - gain[0]), speed - gain[1] * both];
    }
}

/// ByteTrack's filter, which is DeepSORT's (Wojke et al. 2017, `deep_sort/kalman_filter.py`): centre, aspect
/// (width / height), height. What it does not know grows with the height.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ByHeight([Axis; 4]);

/// Standard deviations: of a place and of a speed, in heights.
const PLACE: f64 = 1.0 / 20.0;
const SPEED: f64 = 1.0 / 160.0;
/// Of the aspect and its speed a frame, and of an aspect that is seen.
const ASPECT: [f64; 2] = [1e-2, 1e-5];
const ASPECT_SEEN: f64 = 1e-1;

impl ByHeight {
    pub fn new(area: &Area) -> Self {
        let [x, y, aspect, height] = Self::measured(area);
        let (place, speed) = ((2.0 * PLACE * height).powi(2), (10.0 * SPEED * height).powi(2));
        let aspect = Axis::new(aspect, ASPECT[0].powi(2), ASPECT[1].powi(2));
        Self([
            Axis::new(x, place, speed),
            Axis::new(y, place, speed),
            aspect,
            Axis::new(height, place, speed),
        ])
    }

    fn measured(area: &Area) -> [f64; 4] {
        let ([x, y], [width, height]) = (area.centre(), area.size());
        [x, y, width / height, height]
    }

    /// A frame later; of a track that is lost the height is taken to stay.
    pub fn predict(&mut self, lost: bool) {
        let height = self.0[3].at;
        if lost {
            self.0[3].speed = 0.0;
        }
        let noise = [(PLACE * height).powi(2), (SPEED * height).powi(2)];
        for (number, axis) in self.0.iter_mut().enumerate() {
            axis.predict(if number == 2 { ASPECT.map(|v| v * v) } else { noise });
        }
    }

    pub fn update(&mut self, area: &Area) {
        let noise = (PLACE * self.0[3].at).powi(2);
        for (number, (axis, seen)) in self.0.iter_mut().zip(Self::measured(area)).enumerate() {
            axis.update(seen, if number == 2 { ASPECT_SEEN.powi(2) } else { noise });
        }
    }

    pub fn area(&self) -> Area {
        let [x, y, aspect, height] = self.0.map(|axis| axis.at);
        Area::around([x, y], [aspect * height, height])
    }
}

/// SORT's filter (Bewley et al. 2016, `sort.py`), which OC-SORT keeps: centre, area, aspect; the aspect has no
/// speed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BySurface([Axis; 4]);

/// Variances at the beginning: of what is seen, and of speeds, which are not.
const BEGIN: [f64; 2] = [10.0, 10_000.0];
/// That a frame adds to each number, and to its speed.
const ADDED: [[f64; 2]; 4] = [[1.0, 0.01], [1.0, 0.01], [1.0, 0.0001], [1.0, 0.0]];
/// Of what is seen.
const SEEN: [f64; 4] = [1.0, 1.0, 10.0, 10.0];

impl BySurface {
    pub fn new(area: &Area) -> Self {
        let [x, y, surface, aspect] = Self::measured(area);
        let moving = |at| Axis::new(at, BEGIN[0], BEGIN[1]);
        Self([moving(x), moving(y), moving(surface), Axis::new(aspect, BEGIN[0], 0.0)])
    }

    fn measured(area: &Area) -> [f64; 4] {
        let ([x, y], [width, height]) = (area.centre(), area.size());
        [x, y, width * height, width / height]
    }

    pub fn predict(&mut self) {
        // A surface of nothing is none.
        if self.0[2].at + self.0[2].speed <= 0.0 {
            self.0[2].speed = 0.0;
        }
        self.0.iter_mut().zip(ADDED).for_each(|(axis, noise)| axis.predict(noise));
    }

    pub fn update(&mut self, area: &Area) {
        let seen = Self::measured(area).into_iter().zip(SEEN);
        self.0.iter_mut().zip(seen).for_each(|(axis, (seen, noise))| axis.update(seen, noise));
    }

    /// Its numbers are not finite where the surface came to nothing; it then overlaps nothing.
    pub fn area(&self) -> Area {
        let [x, y, surface, aspect] = self.0.map(|axis| axis.at);
        let width = (surface * aspect).sqrt();
        Area::around([x, y], [width, surface / width])
    }
}

#[cfg(test)]
mod tests {
    use ndarray::{Array1, Array2, array};

    use super::*;

    /// Predict and update with whole matrices, as the textbook writes them.
    struct Whole {
        x: Array1<f64>,
        p: Array2<f64>,
    }

    impl Whole {
        fn predict(&mut self, f: &Array2<f64>, q: &Array2<f64>) {
            self.x = f.dot(&self.x);
            self.p = f.dot(&self.p).dot(&f.t()) + q;
        }

        /// One measured number after the other, which for diagonal noise is the same as all at once.
        fn update(&mut self, seen: &[f64], r: &[f64]) {
            for (n, (seen, r)) in seen.iter().zip(r).enumerate() {
                let s = self.p[[n, n]] + r;
                let gain = self.p.column(n).to_owned() / s;
                self.x = &self.x + &(&gain * (seen - self.x[n]));
                let row = self.p.row(n).to_owned();
                self.p =
                    &self.p - &gain.insert_axis(ndarray::Axis(1)).dot(&row.insert_axis(ndarray::Axis(0)));
            }
        }
    }

    #[test]
    fn four_small_filters_are_the_large_one() {
        // SORT's, of seven dimensions.
        let mut f = Array2::<f64>::eye(7);
        [0, 1, 2].iter().for_each(|n| f[[*n, n + 4]] = 1.0);
        let q = Array2::from_diag(&array![1.0, 1.0, 1.0, 1.0, 0.01, 0.01, 0.0001]);
        let begin = array![10.0, 10.0, 10.0, 10.0, 1e4, 1e4, 1e4];
        let boxes = [[10.0, 20.0, 40.0, 90.0], [13.0, 21.0, 44.0, 92.0], [17.0, 21.0, 47.0, 96.0]];
        let areas = boxes.map(Area);
        let z = areas.map(|area| BySurface::measured(&area));
        let mut small = BySurface::new(&areas[0]);
        let mut whole = Whole {
            x: array![z[0][0], z[0][1], z[0][2], z[0][3], 0.0, 0.0, 0.0],
            p: Array2::from_diag(&begin),
        };
        for n in [1, 2, 1] {
            small.predict();
            whole.predict(&f, &q);
            small.update(&areas[n]);
            whole.update(&z[n], &SEEN);
        }
        for n in 0..4 {
            assert!((small.0[n].at - whole.x[n]).abs() < 1e-9);
        }
        for n in 0..3 {
            assert!((small.0[n].speed - whole.x[n + 4]).abs() < 1e-9);
            assert!((small.0[n].covariance[1] - whole.p[[n, n + 4]]).abs() < 1e-9);
        }
    }

    /// By hand: variance 4, seen with variance 4, so half way; then the speed is learned from the covariance.
    #[test]
    fn a_number_moves_as_computed_by_hand() {
        let mut axis = Axis::new(0.0, 4.0, 1.0);
        axis.update(2.0, 4.0);
        assert_eq!((axis.at, axis.speed, axis.covariance), (1.0, 0.0, [2.0, 0.0, 1.0]));
        axis.predict([1.0, 0.5]);
        assert_eq!((axis.at, axis.covariance), (1.0, [4.0, 1.0, 1.5]));
        axis.update(5.0, 4.0);
        assert_eq!((axis.at, axis.speed, axis.covariance), (3.0, 0.5, [2.0, 0.5, 1.375]));
    }

    #[test]
    fn a_box_that_stands_still_stays() {
        let area = Area([100.0, 50.0, 140.0, 150.0]);
        let (mut high, mut wide) = (ByHeight::new(&area), BySurface::new(&area));
        for _ in 0..50 {
            high.predict(false);
            wide.predict();
            high.update(&area);
            wide.update(&area);
        }
        for (a, b) in high.area().0.iter().chain(&wide.area().0).zip(area.0.iter().cycle()) {
            assert!((a - b).abs() < 1e-6, "{a} {b}");
        }
    }
}
