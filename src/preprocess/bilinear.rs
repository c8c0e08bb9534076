//! Bilinear with two taps an axis, as cv2.INTER_LINEAR: rounded once, after both axes. Rounding between
//! them moves one pixel in four by a level, which is enough to move boxes of small models.

use image::RgbImage;

/// A weight of 1: `INTER_RESIZE_COEF_BITS` of OpenCV's resize.cpp.
const BITS: u32 = 11;
const ONE: i32 = 1 << BITS;

/// Where an output pixel comes from on one axis: the index of the first of two neighbours, that of the
/// second, and the weight of the second.
struct Tap {
    first: usize,
    second: usize,
    weight: i32,
}

/// Taps of an axis of `from` pixels scaled to `to`: pixel centres map to pixel centres, and edges repeat.
fn taps(from: u32, to: u32) -> Vec<Tap> {
    let scale = f64::from(from) / f64::from(to.max(1));
    let last = from.saturating_sub(1);
    let tap = |n: u32| {
        let at = ((f64::from(n) + 0.5) * scale - 0.5).clamp(0.0, f64::from(last));
        let first = at.floor();
        let weight = ((at - first) * f64::from(ONE)).round() as i32;
        let first = first as u32;
        Tap { first: first as usize, second: first.saturating_add(1).min(last) as usize, weight }
    };
    (0..to).map(tap).collect()
}

/// A row of the source scaled along x, in units of 1 / `ONE`.
struct Row {
    index: usize,
    values: Vec<i32>,
}

impl Row {
    fn empty() -> Self {
        Self { index: usize::MAX, values: Vec::new() }
    }

    fn fill(&mut self, pixels: &[u8], stride: usize, index: usize, taps: &[Tap]) {
        if self.index == index {
            return;
        }
        let source = &pixels[index * stride..(index + 1) * stride];
        self.values.clear();
        for tap in taps {
            let (a, b) =
                (&source[tap.first * 3..tap.first * 3 + 3], &source[tap.second * 3..tap.second * 3 + 3]);
            let mixed = |c: usize| i32::from(a[c]) * (ONE - tap.weight) + i32::from(b[c]) * tap.weight;
            self.values.extend([mixed(0), mixed(1), mixed(2)]);
        }
        self.index = index;
    }
}

/// Interleaved RGB of `to` = [width, height].
pub fn bilinear(pixels: &RgbImage, to: [u32; 2]) -> Vec<u8> {
    let (columns, rows) = (taps(pixels.width(), to[0]), taps(pixels.height(), to[1]));
    let stride = pixels.width() as usize * 3;
    let mut out = Vec::with_capacity(columns.len() * rows.len() * 3);
    let (mut upper, mut lower) = (Row::empty(), Row::empty());
    for tap in &rows {
        // Enlarging, the lower row of one line is the upper of the next.
        if lower.index == tap.first {
            std::mem::swap(&mut upper, &mut lower);
        }
        upper.fill(pixels.as_raw(), stride, tap.first, &columns);
        lower.fill(pixels.as_raw(), stride, tap.second, &columns);
        let half = 1 << (2 * BITS - 1);
        let mixed = |(a, b): (&i32, &i32)| (a * (ONE - tap.weight) + b * tap.weight + half) >> (2 * BITS);
        out.extend(upper.values.iter().zip(&lower.values).map(mixed).map(|v| v as u8));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn grey(width: u32, values: &[u8]) -> RgbImage {
        RgbImage::from_fn(width, values.len() as u32 / width, |x, y| {
            image::Rgb([values[(y * width + x) as usize]; 3])
        })
    }

    fn first_channel(pixels: &[u8]) -> Vec<u8> {
        pixels.iter().step_by(3).copied().collect()
    }

    #[test]
    fn rounds_once() {
        // (0 + 1 + 0 + 0) / 4 is nearer to 0; rounded by rows it would be (1 + 0) / 2, which is 1.
        assert_eq!(bilinear(&grey(2, &[0, 1, 0, 0]), [1, 1]), [0, 0, 0]);
        assert_eq!(bilinear(&grey(2, &[255; 4]), [1, 1]), [255, 255, 255]);
    }

    #[test]
    fn enlarges_between_centres_and_repeats_edges() {
        // Centres of four in units of two: -0.25, 0.25, 0.75, 1.25.
        let wide = bilinear(&grey(2, &[0, 100]), [4, 1]);
        assert_eq!(first_channel(&wide), [0, 25, 75, 100]);
        let high = bilinear(&grey(1, &[0, 100]), [1, 4]);
        assert_eq!(first_channel(&high), [0, 25, 75, 100]);
    }
}
