//! Lines cut out of a frame and laid straight.

use image::imageops::{crop_imm, rotate180, rotate270};
use image::{Rgb, RgbImage};

use crate::geometry::Quad;

/// A box this many times as high as wide holds text that runs up or down: it is laid on its side, to the left
/// (PaddleOCR's `get_rotate_crop_image`).
const STANDING: f32 = 1.5;

/// Catmull and Rom's parameter as cv2.INTER_CUBIC has it.
const CUBIC: f32 = -0.75;

/// No line is longer than this many pixels of the frame; what is, is cut.
const MOST: f32 = 65_535.0;

/// Nor has it more pixels than this: corners far outside the frame are read smaller.
const LARGEST: u64 = 1 << 26;

/// Width and height of a box in whole pixels, at least 1, as it will be cut out.
pub fn size(Quad([a, b, c, d]): &Quad) -> [u32; 2] {
    let length = |p: &[f32; 2], q: &[f32; 2]| (p[0] - q[0]).hypot(p[1] - q[1]);
    // What is no number comes out as 0.
    let whole = |length: f32| (length.clamp(1.0, MOST) as u32).max(1);
    let [width, height] = [whole(length(a, b).max(length(c, d))), whole(length(a, d).max(length(b, c)))];
    let pixels = u64::from(width) * u64::from(height);
    if pixels <= LARGEST {
        return [width, height];
    }
    let scale = (LARGEST as f64 / pixels as f64).sqrt();
    [width, height].map(|side| ((f64::from(side) * scale) as u32).max(1))
}

/// Whether the text of a box of that size runs up or down.
pub fn is_standing([width, height]: [u32; 2]) -> bool {
    height as f32 / width as f32 >= STANDING
}

/// The corners in order of reading, the first where the text begins: of a standing box, which is laid to the
/// left, the top right one.
pub fn reading(Quad([a, b, c, d]): Quad, standing: bool, turned: bool) -> Quad {
    let Quad([a, b, c, d]) = if standing { Quad([b, c, d, a]) } else { Quad([a, b, c, d]) };
    if turned { Quad([c, d, a, b]) } else { Quad([a, b, c, d]) }
}

/// The pixels of a box whose corners are top left, top right, bottom right, bottom left, laid straight; what
/// lies outside the picture continues its edge.
pub fn straight(pixels: &RgbImage, corners: &Quad) -> RgbImage {
    let [width, height] = size(corners);
    let cut = match upright(pixels, corners) {
        Some([x, y, w, h]) => crop_imm(pixels, x, y, w, h).to_image(),
        None => warped(pixels, corners, [width, height]),
    };
    if is_standing([width, height]) { rotate270(&cut) } else { cut }
}

pub fn upside_down(cut: &RgbImage) -> RgbImage {
    rotate180(cut)
}

/// Left, top, width and height of a box of whole pixels inside the picture that is not turned.
fn upright(pixels: &RgbImage, Quad([a, b, c, d]): &Quad) -> Option<[u32; 4]> {
    let square = a[1] == b[1] && c[1] == d[1] && a[0] == d[0] && b[0] == c[0];
    let whole = [a[0], a[1], c[0], c[1]].iter().all(|v| v.fract() == 0.0 && *v >= 0.0);
    let inside = c[0] <= pixels.width() as f32 && c[1] <= pixels.height() as f32;
    (square && whole && inside && a[0] < c[0] && a[1] < c[1])
        .then(|| [a[0], a[1], c[0] - a[0], c[1] - a[1]].map(|v| v as u32))
}

/// The box through a perspective transform, with bicubic interpolation.
fn warped(pixels: &RgbImage, corners: &Quad, [width, height]: [u32; 2]) -> RgbImage {
    let Some(to_source) = perspective([width as f32, height as f32], corners) else {
        return RgbImage::new(width, height);
    };
    RgbImage::from_fn(width, height, |x, y| sampled(pixels, to_source.at([x as f32, y as f32])))
}

/// A projective map of the plane; the last of its nine numbers is 1.
struct Perspective([f64; 8]);

impl Perspective {
    fn at(&self, [x, y]: [f32; 2]) -> [f32; 2] {
        let [a, b, c, d, e, f, g, h] = self.0;
        let (x, y) = (f64::from(x), f64::from(y));
        let w = g * x + h * y + 1.0;
        [((a * x + b * y + c) / w) as f32, ((d * x + e * y + f) / w) as f32]
    }
}

/// The map that takes the corners of `[0, 0]` to `[width, height]` to those of a quadrilateral (Heckbert 1989,
/// "Fundamentals of Texture Mapping and Image Warping", square to quadrilateral). `None` where it has none.
fn perspective([width, height]: [f32; 2], Quad(corners): &Quad) -> Option<Perspective> {
    let [p0, p1, p2, p3] = corners.map(|corner| corner.map(f64::from));
    let sum = [0, 1].map(|axis| p0[axis] - p1[axis] + p2[axis] - p3[axis]);
    let one = [0, 1].map(|axis| p1[axis] - p2[axis]);
    let two = [0, 1].map(|axis| p3[axis] - p2[axis]);
    let determinant = one[0] * two[1] - two[0] * one[1];
    let g = (sum[0] * two[1] - two[0] * sum[1]) / determinant;
    let h = (one[0] * sum[1] - sum[0] * one[1]) / determinant;
    let (w, v) = (f64::from(width), f64::from(height));
    let row =
        |axis: usize| [p1[axis] - p0[axis] + g * p1[axis], p3[axis] - p0[axis] + h * p3[axis], p0[axis]];
    let ([a, b, c], [d, e, f]) = (row(0), row(1));
    let numbers = [a / w, b / v, c, d / w, e / v, f, g / w, h / v];
    numbers.iter().all(|v| v.is_finite()).then_some(Perspective(numbers))
}

/// A point between pixels, by four neighbours on each axis.
fn sampled(pixels: &RgbImage, [x, y]: [f32; 2]) -> Rgb<u8> {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (weights(x - left), weights(y - top));
    let place = |start: f32, offset: usize, length: u32| {
        (start as i64 + offset as i64 - 1).clamp(0, i64::from(length) - 1) as u32
    };
    let columns: [u32; 4] = std::array::from_fn(|n| place(left, n, pixels.width()));
    let mut sum = [0f32; 3];
    for (n, weight) in down.iter().enumerate() {
        let row = place(top, n, pixels.height());
        for (column, share) in columns.iter().zip(across) {
            let Rgb(pixel) = pixels.get_pixel(*column, row);
            for (sum, value) in sum.iter_mut().zip(pixel) {
                *sum += weight * share * f32::from(*value);
            }
        }
    }
    Rgb(sum.map(|v| v.round().clamp(0.0, 255.0) as u8))
}

/// Of the pixels at -1, 0, 1 and 2 for a point at 0 to 1 (Keys 1981).
fn weights(t: f32) -> [f32; 4] {
    let near = |t: f32| ((CUBIC + 2.0) * t - (CUBIC + 3.0)) * t * t + 1.0;
    let far = |t: f32| ((CUBIC * t - 5.0 * CUBIC) * t + 8.0 * CUBIC) * t - 4.0 * CUBIC;
    [far(t + 1.0), near(t), near(1.0 - t), far(2.0 - t)]
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Red grows to the right, green downwards.
    fn picture() -> RgbImage {
        RgbImage::from_fn(100, 60, |x, y| Rgb([(x * 2) as u8, (y * 4) as u8, 7]))
    }

    #[test]
    fn upright_boxes_are_cut_out_as_they_are() {
        let cut = straight(&picture(), &Quad([[10.0, 20.0], [60.0, 20.0], [60.0, 40.0], [10.0, 40.0]]));
        assert_eq!(cut, crop_imm(&picture(), 10, 20, 50, 20).to_image());
    }

    #[test]
    fn turned_boxes_are_laid_straight() {
        let quad = Quad::turned([50.0, 30.0], [40.0, 10.0], 0.3);
        let cut = straight(&picture(), &quad);
        assert_eq!(cut.dimensions(), (40, 10));
        // The corner's own colours, and those of the middle of the right side.
        let near = |pixel: &Rgb<u8>, [x, y]: [f32; 2]| {
            (f32::from(pixel.0[0]) - 2.0 * x).abs() < 2.5 && (f32::from(pixel.0[1]) - 4.0 * y).abs() < 4.5
        };
        assert!(near(cut.get_pixel(0, 0), quad.0[0]), "{:?} {:?}", cut.get_pixel(0, 0), quad.0[0]);
        let middle = [0, 1].map(|n| f32::midpoint(quad.0[1][n], quad.0[2][n]));
        assert!(near(cut.get_pixel(39, 5), middle), "{:?} {middle:?}", cut.get_pixel(39, 5));
    }

    #[test]
    fn standing_boxes_are_laid_to_the_left() {
        let quad = Quad([[10.0, 10.0], [20.0, 10.0], [20.0, 50.0], [10.0, 50.0]]);
        let cut = straight(&picture(), &quad);
        assert_eq!(cut.dimensions(), (40, 10));
        // Begins with the top right corner and runs down.
        assert_eq!(cut.get_pixel(0, 0), picture().get_pixel(19, 10));
        assert_eq!(cut.get_pixel(39, 9), picture().get_pixel(10, 49));
        assert_eq!(reading(quad, true, false).0[..2], [[20.0, 10.0], [20.0, 50.0]]);
        assert_eq!(reading(quad, true, true).0[..2], [[10.0, 50.0], [10.0, 10.0]]);
        assert_eq!(reading(quad, false, true).0[0], [20.0, 50.0]);
    }

    #[test]
    fn odd_corners_do_no_harm() {
        for quad in [
            Quad([[0.0, 0.0]; 4]),
            Quad([[-50.0, -9.0], [500.0, -9.0], [500.0, 90.0], [-50.0, 90.0]]),
            Quad([[f32::NAN; 2]; 4]),
        ] {
            let cut = straight(&picture(), &quad);
            assert!(cut.width() > 0 && cut.height() > 0);
        }
        let vast = size(&Quad([[-1e9, -1e9], [1e9, -1e9], [1e9, 1e9], [-1e9, 1e9]]));
        assert_eq!(vast, [1 << 13, 1 << 13]);
        // The edge continues outside.
        let beyond = Quad([[90.0, 0.0], [120.0, 0.0], [120.0, 10.0], [90.0, 10.0]]);
        assert_eq!(straight(&picture(), &beyond).get_pixel(29, 5).0[0], 198);
    }

    #[test]
    fn a_point_is_where_the_perspective_takes_it() {
        let quad = Quad([[3.0, 4.0], [90.0, 10.0], [80.0, 55.0], [8.0, 40.0]]);
        let map = perspective([30.0, 20.0], &quad).unwrap();
        for (corner, wanted) in [[0.0, 0.0], [30.0, 0.0], [30.0, 20.0], [0.0, 20.0]].into_iter().zip(quad.0) {
            let found = map.at(corner);
            assert!((found[0] - wanted[0]).abs() < 1e-3 && (found[1] - wanted[1]).abs() < 1e-3);
        }
    }
}
