//! Things cut out of a picture: boxes as they are, and faces turned upright.

use image::imageops::crop_imm;
use image::{Rgb, RgbImage};

use crate::geometry::{Landmarks, Rect, Similarity};
use crate::prediction::{Instance, Prediction};

/// What is left around a face without points, as a share of its box on each side: a chin and hair, as the
/// aligned square has them.
const MARGIN: f32 = 0.25;

/// Samples a side of a pixel that are averaged at most, where a large face becomes a small square.
const MOST_SAMPLES: f64 = 16.0;

/// The picture of an instance of `prediction`.
pub fn crop(pixels: &RgbImage, prediction: &Prediction, instance: &Instance) -> RgbImage {
    match prediction {
        Prediction::Faces { .. } => face(pixels, instance),
        Prediction::Detect { .. }
        | Prediction::Classify { .. }
        | Prediction::Ocr { .. }
        | Prediction::Triage { .. }
        | Prediction::Sheet(_) => cut(pixels, &instance.rect),
    }
}

/// Upright in a square where its points say how; else its box with a margin.
fn face(pixels: &RgbImage, instance: &Instance) -> RgbImage {
    if let Some(way) = instance.landmarks().and_then(|points| points.upright()) {
        return warped(pixels, &way, Landmarks::ALIGNED);
    }
    let Rect { x1, y1, x2, y2 } = instance.rect;
    let (x, y) = ((x2 - x1) * MARGIN, (y2 - y1) * MARGIN);
    cut(pixels, &Rect::new(x1 - x, y1 - y, x2 + x, y2 + y))
}

/// A box of the picture, at least one pixel.
fn cut(pixels: &RgbImage, rect: &Rect) -> RgbImage {
    let (width, height) = pixels.dimensions();
    // Saturating casts: the box may be anything.
    let x = (rect.x1.floor() as u32).min(width.saturating_sub(1));
    let y = (rect.y1.floor() as u32).min(height.saturating_sub(1));
    let right = (rect.x2.ceil() as u32).clamp(x + 1, width.max(x + 1));
    let bottom = (rect.y2.ceil() as u32).clamp(y + 1, height.max(y + 1));
    crop_imm(pixels, x, y, right - x, bottom - y).to_image()
}

/// A square of `side` pixels whose points come from where `way` leads: bilinear, black outside the picture,
/// pixels numbered as cv2.warpAffine numbers them. Where the picture shrinks, several samples a pixel are
/// averaged, so that nothing is skipped.
fn warped(pixels: &RgbImage, way: &Similarity, side: u32) -> RgbImage {
    let samples = way.scale().round().clamp(1.0, MOST_SAMPLES);
    let offsets: Vec<f64> = (0..samples as u32).map(|n| (f64::from(n) + 0.5) / samples - 0.5).collect();
    RgbImage::from_fn(side, side, |x, y| {
        let mut sum = [0.0; 3];
        for (dy, dx) in offsets.iter().flat_map(|dy| offsets.iter().map(move |dx| (dy, dx))) {
            let from = way.apply([f64::from(x) + dx, f64::from(y) + dy]);
            sum.iter_mut().zip(sample(pixels, from)).for_each(|(sum, value)| *sum += value);
        }
        Rgb(sum.map(|sum| (sum / (samples * samples)).round() as u8))
    })
}

/// Bilinear between the centres of pixels, which lie at whole numbers.
fn sample(pixels: &RgbImage, [x, y]: [f64; 2]) -> [f64; 3] {
    let (left, top) = (x.floor(), y.floor());
    let (across, down) = (x - left, y - top);
    let mut value = [0.0; 3];
    for (column, row, weight) in [
        (left, top, (1.0 - across) * (1.0 - down)),
        (left + 1.0, top, across * (1.0 - down)),
        (left, top + 1.0, (1.0 - across) * down),
        (left + 1.0, top + 1.0, across * down),
    ] {
        let within = column >= 0.0
            && row >= 0.0
            && column < f64::from(pixels.width())
            && row < f64::from(pixels.height());
        if within {
            let pixel = pixels.get_pixel(column as u32, row as u32).0;
            value.iter_mut().zip(pixel).for_each(|(value, level)| *value += weight * f64::from(level));
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::Keypoint;

    fn picture() -> RgbImage {
        RgbImage::from_fn(300, 200, |x, y| Rgb([(x % 256) as u8, y as u8, 77]))
    }

    fn instance(rect: [f32; 4], points: &[[f32; 2]]) -> Instance {
        let named = Landmarks::NAMES.iter().zip(points);
        Instance {
            class: 0,
            label: "face".to_owned(),
            score: 0.9,
            rect: rect.into(),
            corners: None,
            keypoints: named
                .map(|(name, [x, y])| Keypoint { name: (*name).to_owned(), x: *x, y: *y })
                .collect(),
            track: None,
            filled: false,
            children: Vec::new(),
        }
    }

    /// Points as the template of 112 pixels has them, moved by (30, 20) and turned by `to`.
    fn points(to: impl Fn([f32; 2]) -> [f32; 2]) -> Vec<[f32; 2]> {
        let template = [
            [38.2946, 51.6963],
            [73.5318, 51.5014],
            [56.0252, 71.7366],
            [41.5493, 92.3655],
            [70.7299, 92.2041],
        ];
        template.map(to).to_vec()
    }

    fn cropped(instance: Instance) -> RgbImage {
        let prediction = Prediction::Faces { instances: vec![instance] };
        crop(&picture(), &prediction, &prediction.instances()[0])
    }

    #[test]
    fn a_face_that_stands_upright_is_cut_out_as_it_is() {
        let face = cropped(instance([40.0, 30.0, 120.0, 130.0], &points(|[x, y]| [x + 30.0, y + 20.0])));
        assert_eq!(face.dimensions(), (112, 112));
        for (x, y) in [(0, 0), (50, 60), (111, 111)] {
            assert_eq!(face.get_pixel(x, y).0, [x as u8 + 30, y as u8 + 20, 77]);
        }
    }

    #[test]
    fn a_face_that_lies_is_turned() {
        // A quarter clockwise about (150, 100): what was above is now at the right.
        let face = cropped(instance([0.0; 4], &points(|[x, y]| [150.0 - (y - 56.0), 100.0 + (x - 56.0)])));
        assert_eq!(face.get_pixel(56, 0).0, [206, 100, 77]);
        assert_eq!(face.get_pixel(0, 56).0, [150, 44, 77]);
    }

    #[test]
    fn beyond_the_picture_it_is_black() {
        let face = cropped(instance([0.0; 4], &points(|[x, y]| [x - 20.0, y])));
        assert_eq!((face.get_pixel(19, 5).0, face.get_pixel(20, 5).0), ([0; 3], [0, 5, 77]));
    }

    #[test]
    fn a_large_face_is_averaged() {
        let stripes = RgbImage::from_fn(500, 500, |x, _| Rgb([if x % 2 == 0 { 200 } else { 100 }; 3]));
        let large = instance([0.0; 4], &points(|[x, y]| [x * 4.0, y * 4.0]));
        let prediction = Prediction::Faces { instances: vec![large] };
        let face = crop(&stripes, &prediction, &prediction.instances()[0]);
        assert!(face.enumerate_pixels().all(|(x, y, p)| x == 0 || y == 0 || p.0 == [150; 3]));
    }

    #[test]
    fn without_points_a_quarter_is_left_around_it() {
        let face = cropped(instance([100.0, 80.0, 140.0, 120.0], &[]));
        assert_eq!((face.dimensions(), face.get_pixel(0, 0).0), ((60, 60), [90, 70, 77]));
        // At the edge of the picture there is less; all points in one place are none.
        let face = cropped(instance([0.0, 0.0, 40.0, 40.0], &[[20.0, 20.0]; 5]));
        assert_eq!((face.dimensions(), face.get_pixel(0, 0).0), ((50, 50), [0, 0, 77]));
    }

    #[test]
    fn boxes_of_detectors_are_cut_out_as_they_are() {
        let instances = vec![instance([10.2, 20.0, 29.5, 40.0], &points(|p| p))];
        let prediction = Prediction::Detect { instances };
        let thing = crop(&picture(), &prediction, &prediction.instances()[0]);
        assert_eq!((thing.dimensions(), thing.get_pixel(0, 0).0), ((20, 20), [10, 20, 77]));
        let odd = instance([f32::NAN, -1e30, f32::INFINITY, 1e30], &[]);
        assert_eq!(cut(&picture(), &odd.rect).dimensions(), (300, 200));
    }
}
