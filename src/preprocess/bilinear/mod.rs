//! cv2.INTER_LINEAR for 8 bits, to the bit: other roundings move one pixel in ten by a level, which moves
//! boxes of small models and their average precision by half a point.
//!
//! Reference: `resize` of OpenCV's modules/imgproc/src/resize.cpp (Apache-2.0): `HResizeLinear`,
//! `VResizeLinear` with `FixedPtCast`. Its area average for exact halves comes out the same.

mod row;

use image::RgbImage;

use super::Planes;
use row::Row;

/// A weight of 1: 2 to `INTER_RESIZE_COEF_BITS`.
const ONE: f32 = 2048.0;

/// Where an output pixel comes from on one axis: two neighbours and their weights.
struct Tap {
    at: [usize; 2],
    weights: [i16; 2],
}

/// Taps of `count` pixels from `start` of an axis of `from` pixels scaled to `to`; pixel centres map to pixel
/// centres.
fn taps(from: u32, to: u32, start: u32, count: u32) -> Vec<Tap> {
    let scale = 1.0 / (f64::from(to.max(1)) / f64::from(from.max(1)));
    let last = i64::from(from.max(1)) - 1;
    let tap = |n: u32| {
        let place = ((f64::from(start) + f64::from(n) + 0.5) * scale - 0.5) as f32;
        let first = place.floor();
        let beyond = place - first;
        // Single precision and a rounding for each weight, as there.
        let weights = [1.0 - beyond, beyond].map(|weight| (weight * ONE).round_ties_even() as i16);
        let first = first as i64;
        Tap { at: [first, first + 1].map(|n| n.clamp(0, last) as usize), weights }
    };
    (0..count).map(tap).collect()
}

/// The upper half of a product: one instruction for many values at once.
fn upper_half(a: i16, b: i16) -> i16 {
    ((i32::from(a) * i32::from(b)) >> 16) as i16
}

/// A part of a picture scaled, row by row: a row of the source is scaled along x once for the one or two
/// output rows that lie between it and the next.
pub struct Scaler<'a> {
    pixels: &'a [u8],
    stride: usize,
    columns: Vec<Tap>,
    rows: Vec<Tap>,
    upper: Row,
    lower: Row,
}

impl<'a> Scaler<'a> {
    /// The part of `shown` = [width, height] that starts at `from` = [left, top] of the picture scaled to `to`
    /// = [width, height].
    pub fn new(pixels: &'a RgbImage, to: [u32; 2], from: [u32; 2], shown: [u32; 2]) -> Self {
        let columns = row::folded(taps(pixels.width(), to[0], from[0], shown[0]));
        let rows = taps(pixels.height(), to[1], from[1], shown[1]);
        let (upper, lower) = (Row::new(columns.len()), Row::new(columns.len()));
        Self { pixels: pixels.as_raw(), stride: pixels.width() as usize * 3, columns, rows, upper, lower }
    }

    /// Row `y` of the part.
    pub fn row(&mut self, y: usize, out: &mut Planes) {
        let Tap { at, weights: [first, second] } = self.rows[y];
        // Enlarging, the lower row of one line is the upper of the next.
        if self.lower.is(at[0]) {
            std::mem::swap(&mut self.upper, &mut self.lower);
        }
        self.upper.fill(self.pixels, self.stride, at[0], &self.columns);
        self.lower.fill(self.pixels, self.stride, at[1], &self.columns);
        let planes = self.upper.planes().iter().zip(self.lower.planes());
        for (out, (upper, lower)) in out.iter_mut().zip(planes) {
            for (value, (a, b)) in out.iter_mut().zip(upper.iter().zip(lower)) {
                *value = ((upper_half(*a, first) + upper_half(*b, second) + 2) >> 2) as u8;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, values: &[u8]) -> RgbImage {
        RgbImage::from_fn(width, values.len() as u32 / width, |x, y| {
            image::Rgb([values[(y * width + x) as usize]; 3])
        })
    }

    /// Interleaved.
    fn bilinear(pixels: &RgbImage, to: [u32; 2], from: [u32; 2], shown: [u32; 2]) -> Vec<u8> {
        let mut scaler = Scaler::new(pixels, to, from, shown);
        let mut row: Planes = std::array::from_fn(|_| vec![0; shown[0] as usize]);
        let mut all = Vec::new();
        for y in 0..shown[1] as usize {
            scaler.row(y, &mut row);
            all.extend((0..row[0].len()).flat_map(|x| [row[0][x], row[1][x], row[2][x]]));
        }
        all
    }

    fn whole(pixels: &RgbImage, to: [u32; 2]) -> Vec<u8> {
        bilinear(pixels, to, [0, 0], to)
    }

    fn first_channel(pixels: &[u8]) -> Vec<u8> {
        pixels.iter().step_by(3).copied().collect()
    }

    #[test]
    fn rounds_once() {
        // (0 + 1 + 0 + 0) / 4 is nearer to 0; rounded by rows it would be (1 + 0) / 2, which is 1.
        assert_eq!(whole(&grey(2, &[0, 1, 0, 0]), [1, 1]), [0, 0, 0]);
        assert_eq!(whole(&grey(2, &[255; 4]), [1, 1]), [255, 255, 255]);
    }

    /// `cv2.resize(numpy.uint8([[...]]), size)` of opencv-python 5.0.0.
    #[test]
    fn is_cv2_s_to_the_bit() {
        let source = grey(
            7,
            &[
                171, 206, 5, 206, 120, 131, 161, 73, 250, 13, 71, 98, 146, 104, 33, 11, 0, 12, 38, 255, 48,
                167, 192, 60, 72, 111, 67, 249, 45, 229, 204, 216, 29, 100, 160,
            ],
        );
        let smaller = [169, 27, 119, 140, 25, 2, 35, 126, 135, 157, 70, 152];
        let larger = [
            171, 194, 117, 50, 206, 139, 126, 141, 161, 128, 193, 129, 39, 147, 118, 125, 137, 136, 70, 180,
            136, 24, 67, 88, 127, 135, 101, 45, 72, 49, 10, 30, 51, 148, 169, 66, 75, 70, 46, 21, 31, 54,
            136, 168, 111, 159, 173, 125, 59, 68, 98, 91, 131, 236, 98, 175, 181, 143, 153, 84, 76, 123, 199,
            45, 167, 218, 206, 216, 70, 68, 120, 160,
        ];
        assert_eq!(first_channel(&whole(&source, [4, 3])), smaller);
        assert_eq!(first_channel(&whole(&source, [9, 8])), larger);
    }

    #[test]
    fn enlarges_between_centres_and_repeats_edges() {
        // Centres of four in units of two: -0.25, 0.25, 0.75, 1.25.
        let wide = whole(&grey(2, &[0, 100]), [4, 1]);
        assert_eq!(first_channel(&wide), [0, 25, 75, 100]);
        let high = whole(&grey(1, &[0, 100]), [1, 4]);
        assert_eq!(first_channel(&high), [0, 25, 75, 100]);
    }

    #[test]
    fn a_part_is_what_the_whole_has_there() {
        let source = grey(3, &[10, 200, 30, 90, 60, 250]);
        let all = first_channel(&whole(&source, [5, 4]));
        let part = first_channel(&bilinear(&source, [5, 4], [2, 1], [3, 2]));
        assert_eq!(part, [&all[7..10], &all[12..15]].concat());
    }
}
