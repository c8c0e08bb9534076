//! From a map of "here is text" to boxes of lines: Differentiable Binarization's post-processing.
//!
//! Liao et al. 2020, "Real-time Scene Text Detection with Differentiable Binarization"; order of the steps and
//! least sizes as in PaddleOCR's `db_postprocess.py` (Apache-2.0). Holes of regions are no lines and are not
//! looked at; a rectangle grown by its offset takes the place of the offset polygon, whose smallest rectangle
//! it is.

use ndarray::ArrayView2;

use super::components::regions;
use super::rectangle::Rectangle;
use crate::geometry::Quad;

/// A region narrower than this many pixels of the map is no line …
const LEAST_SIDE: f32 = 3.0;

/// … nor is one that is narrower than this once grown.
const LEAST_GROWN: f32 = LEAST_SIDE + 2.0;

/// Numbers of the post-processing.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// Pixels over this are text.
    pub threshold: f32,
    /// A region grows by this times area / circumference.
    pub unclip_ratio: f32,
    /// Whether pixels take their right and lower neighbours with them.
    pub dilate: bool,
}

/// A line's place in pixels of the map, and the mean of the map in it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Found {
    pub corners: Quad,
    pub score: f32,
}

/// Every line of `map`, rows of values from 0 to 1.
pub fn lines(map: ArrayView2<f32>, settings: &Settings) -> Vec<Found> {
    let width = map.ncols();
    let mask = mask(map, settings);
    regions(&mask, width).iter().filter_map(|region| line(map, region, settings)).collect()
}

fn mask(map: ArrayView2<f32>, settings: &Settings) -> Vec<bool> {
    let (height, width) = map.dim();
    let over: Vec<bool> = map.iter().map(|value| *value > settings.threshold).collect();
    if !settings.dilate {
        return over;
    }
    // A square of 2 x 2 whose anchor is its lower right pixel, as cv2.dilate takes it.
    let mut mask = vec![false; over.len()];
    for y in 0..height {
        for x in 0..width {
            let at = y * width + x;
            mask[at] = over[at]
                || (x > 0 && over[at - 1])
                || (y > 0 && over[at - width])
                || (x > 0 && y > 0 && over[at - width - 1]);
        }
    }
    mask
}

fn line(map: ArrayView2<f32>, region: &[[i32; 2]], settings: &Settings) -> Option<Found> {
    // Most regions of a textured picture are specks: told without a hull.
    let span = |axis: usize| {
        let places = region.iter().map(|point| point[axis]);
        places.clone().max().zip(places.min()).map_or(0, |(most, least)| most - least)
    };
    if (span(0).min(span(1)) as f32) < LEAST_SIDE - 1.0 {
        return None;
    }
    let points: Vec<[f32; 2]> = region.iter().map(|point| point.map(|v| v as f32)).collect();
    let rectangle = Rectangle::around(&points)?;
    if rectangle.shorter() < LEAST_SIDE {
        return None;
    }
    let score = mean_within(map, &rectangle.corners())?;
    let offset = rectangle.area() * settings.unclip_ratio / (2.0 * (rectangle.size[0] + rectangle.size[1]));
    let grown = rectangle.grown(offset);
    (grown.shorter() >= LEAST_GROWN).then(|| Found { corners: grown.corners(), score })
}

/// The mean of the map over the pixels of a convex quadrilateral, its edge included; `None` where a value is
/// not a number, or no pixel lies inside.
fn mean_within(map: ArrayView2<f32>, Quad(corners): &Quad) -> Option<f32> {
    let (height, width) = map.dim();
    // Whole pixels, cut as cv2.fillPoly is given them.
    let corners = corners.map(|corner| corner.map(f32::floor));
    let ys = corners.map(|corner| corner[1]);
    let (top, bottom) =
        (ys.iter().copied().fold(f32::INFINITY, f32::min), ys.iter().copied().fold(0.0, f32::max));
    let (mut sum, mut count) = (0f64, 0usize);
    for y in top.max(0.0) as usize..=(bottom as usize).min(height.checked_sub(1)?) {
        let Some((left, right)) = span_at(&corners, y as f32) else { continue };
        let first = left.round().max(0.0) as usize;
        let last = (right.round().max(0.0) as usize).min(width - 1);
        for value in (first..=last).filter_map(|x| map.get([y, x])) {
            sum += f64::from(*value);
            count += 1;
        }
    }
    let mean = sum / count as f64;
    mean.is_finite().then_some(mean as f32)
}

/// Where a convex quadrilateral begins and ends in row `y`.
fn span_at(corners: &[[f32; 2]; 4], y: f32) -> Option<(f32, f32)> {
    let sides = corners.iter().zip(corners.iter().cycle().skip(1));
    let mut span: Option<(f32, f32)> = None;
    let mut take = |x: f32| span = Some(span.map_or((x, x), |(a, b)| (a.min(x), b.max(x))));
    for (a, b) in sides {
        if (a[1] - y) * (b[1] - y) > 0.0 {
            continue;
        }
        let rise = b[1] - a[1];
        if rise == 0.0 {
            take(a[0]);
            take(b[0]);
        } else {
            take(a[0] + (y - a[1]) / rise * (b[0] - a[0]));
        }
    }
    span
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    const SETTINGS: Settings = Settings { threshold: 0.3, unclip_ratio: 1.6, dilate: false };

    /// A block of `value` from column 10 to 49 and row 20 to 29 of 60 x 80.
    fn block(value: f32) -> Array2<f32> {
        Array2::from_shape_fn((60, 80), |(y, x)| {
            if (10..50).contains(&x) && (20..30).contains(&y) { value } else { 0.0 }
        })
    }

    #[test]
    fn a_block_grows_by_its_offset() {
        let found = lines(block(0.8).view(), &SETTINGS);
        assert_eq!(found.len(), 1);
        assert!((found[0].score - 0.8).abs() < 1e-6);
        // Pixel centres: 39 x 9; 351 * 1.6 / 96 = 5.85.
        let expected = [[4.15, 14.15], [54.85, 14.15], [54.85, 34.85], [4.15, 34.85]];
        for (corner, wanted) in found[0].corners.0.iter().zip(expected) {
            assert!(
                (corner[0] - wanted[0]).abs() < 1e-3 && (corner[1] - wanted[1]).abs() < 1e-3,
                "{corner:?}"
            );
        }
    }

    #[test]
    fn what_is_faint_or_thin_is_no_line() {
        assert!(lines(block(0.3).view(), &SETTINGS).is_empty());
        let thin = Array2::from_shape_fn((60, 80), |(y, _)| if (20..22).contains(&y) { 0.9 } else { 0.0 });
        assert!(lines(thin.view(), &SETTINGS).is_empty());
        assert!(lines(Array2::zeros((0, 0)).view(), &SETTINGS).is_empty());
        let broken = block(0.8).mapv(|v| if v > 0.5 { v } else { f32::NAN });
        assert!(lines(broken.view(), &SETTINGS).iter().all(|line| line.score.is_finite()));
    }

    #[test]
    fn dilation_closes_a_gap_of_one_pixel() {
        let mut map = block(0.8);
        map.column_mut(30).fill(0.0);
        assert_eq!(lines(map.view(), &SETTINGS).len(), 2);
        assert_eq!(lines(map.view(), &Settings { dilate: true, ..SETTINGS }).len(), 1);
    }
}
