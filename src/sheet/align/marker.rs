//! Four prints of one mark, found by how well a picture of it fits at every place and size (normalised cross
//! correlation, Lewis 1995).

use image::GrayImage;
use image::imageops::{FilterType, resize, rotate90, rotate180, rotate270};

use super::paper::{clockwise, is_page};

/// The mark is looked for when it is this many pixels wide, and placed when it is `FINE`.
const COARSE: u32 = 11;
const FINE: u32 = 25;
/// Widths of the mark that are tried, as shares of the picture's shorter side.
const WIDTHS: std::ops::RangeInclusive<f32> = 0.024..=0.11;
/// From one width to the next; correlation holds for about a sixth more or less.
const STEP: f32 = 1.17;
/// Places that fit less well are no marks; one of four may be scribbled over, the others fit at least so well.
const LEAST: f32 = 0.35;
const FITS: f32 = 0.5;
/// So many places are looked at closer.
const PLACES: usize = 14;

/// A place of the mark.
#[derive(Debug, Clone, Copy)]
struct Place {
    at: [f64; 2],
    /// Width in pixels of the picture.
    width: f32,
    /// -1 to 1.
    fits: f32,
}

/// Centres of four marks in pixels of the picture, clockwise, the first at the top left of the picture, and how well the
/// worst of them fits, 0 to 1. The fourth is told from three where one is missing (`complete` is false).
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub centres: [[f64; 2]; 4],
    pub fits: f32,
    pub complete: bool,
}

/// `None` where fewer than three are found.
pub fn find(grey: &GrayImage, mark: &GrayImage) -> Option<Found> {
    let side = grey.width().min(grey.height()) as f32;
    let templates: Vec<Template> = turns(mark).iter().map(|mark| Template::of(mark, COARSE)).collect();
    let mut places = Vec::new();
    let mut width = side * WIDTHS.end();
    while width >= side * WIDTHS.start() && width >= 5.0 {
        let picture = Picture::of(grey, COARSE as f32 / width);
        places.extend(templates.iter().flat_map(|template| picture.peaks(template, width)));
        width /= STEP;
    }
    let fine: Vec<Template> = turns(mark).iter().map(|mark| Template::of(mark, FINE)).collect();
    let mut places: Vec<Place> =
        apart(places).into_iter().take(PLACES).map(|place| closer(grey, &fine, place)).collect();
    places.retain(|place| place.fits >= LEAST);
    let places = apart(places);
    four(&places).or_else(|| three(&places, grey))
}

/// The mark as it looks when the page is turned; once where it looks the same.
fn turns(mark: &GrayImage) -> Vec<GrayImage> {
    let same = |other: &GrayImage| {
        let (a, b) = (Template::of(mark, COARSE), Template::of(other, COARSE));
        a.values.iter().zip(&b.values).map(|(a, b)| a * b).sum::<f32>() > 0.8
    };
    let turned = [rotate90(mark), rotate180(mark), rotate270(mark)];
    std::iter::once(mark.clone()).chain(turned.into_iter().filter(|turned| !same(turned))).collect()
}

/// A small picture of the mark with mean 0 and length 1.
struct Template {
    side: usize,
    values: Vec<f32>,
}

impl Template {
    fn of(mark: &GrayImage, side: u32) -> Self {
        let small = resize(mark, side, side, FilterType::Triangle);
        let mean = small.as_raw().iter().map(|v| f32::from(*v)).sum::<f32>() / (side * side) as f32;
        let mut values: Vec<f32> = small.as_raw().iter().map(|v| f32::from(*v) - mean).collect();
        let length = values.iter().map(|v| v * v).sum::<f32>().sqrt().max(1e-6);
        values.iter_mut().for_each(|v| *v /= length);
        Self { side: side as usize, values }
    }
}

/// A picture scaled so that the mark has the template's size.
struct Picture {
    width: usize,
    height: usize,
    values: Vec<f32>,
    scale: f32,
}

impl Picture {
    fn of(grey: &GrayImage, scale: f32) -> Self {
        let side = |side: u32| ((side as f32 * scale).round() as u32).clamp(1, side.max(1));
        let (width, height) = (side(grey.width()), side(grey.height()));
        let small = resize(grey, width, height, FilterType::Triangle);
        let values = small.as_raw().iter().map(|v| f32::from(*v)).collect();
        Self {
            width: width as usize,
            height: height as usize,
            values,
            scale: width as f32 / grey.width() as f32,
        }
    }

    /// How well the template fits with its top left corner at a place.
    fn fits(&self, template: &Template, x: usize, y: usize) -> f32 {
        let side = template.side;
        let (mut dot, mut sum, mut squares) = (0.0f32, 0.0f32, 0.0f32);
        for row in 0..side {
            let start = (y + row) * self.width + x;
            let own = &self.values[start..start + side];
            let others = &template.values[row * side..(row + 1) * side];
            for (value, weight) in own.iter().zip(others) {
                dot += value * weight;
                sum += value;
                squares += value * value;
            }
        }
        let count = (side * side) as f32;
        let variance = squares - sum * sum / count;
        // Plain paper, whose noise looks like anything.
        if variance < count * 64.0 { 0.0 } else { dot / variance.sqrt() }
    }

    /// Places that fit better than those around them.
    fn peaks(&self, template: &Template, width: f32) -> Vec<Place> {
        let side = template.side;
        let (Some(columns), Some(rows)) = (self.width.checked_sub(side), self.height.checked_sub(side))
        else {
            return Vec::new();
        };
        let (columns, rows) = (columns + 1, rows + 1);
        let map: Vec<f32> =
            (0..columns * rows).map(|n| self.fits(template, n % columns, n / columns)).collect();
        let mut peaks = Vec::new();
        for (n, fits) in map.iter().enumerate().filter(|(_, fits)| **fits > LEAST) {
            let (x, y) = (n % columns, n / columns);
            let near = (y.saturating_sub(2)..(y + 3).min(rows))
                .flat_map(|y| (x.saturating_sub(2)..(x + 3).min(columns)).map(move |x| y * columns + x));
            if near.into_iter().all(|other| map[other] <= *fits) {
                let middle = |v: usize| f64::from((v as f32 + side as f32 / 2.0) / self.scale);
                peaks.push(Place { at: [middle(x), middle(y)], width, fits: *fits });
            }
        }
        peaks
    }
}

/// The same place seen with more pixels and at sizes between.
fn closer(grey: &GrayImage, templates: &[Template], place: Place) -> Place {
    let mut best = Place { fits: -1.0, ..place };
    for factor in [0.88, 0.94, 1.0, 1.06, 1.13] {
        let width = place.width * factor;
        let reach = width * 1.1;
        let [left, top] = place.at.map(|v| (v as f32 - reach).max(0.0) as u32);
        let size = (2.0 * reach) as u32 + 2;
        let (w, h) = (
            size.min(grey.width() - left.min(grey.width() - 1)),
            size.min(grey.height() - top.min(grey.height() - 1)),
        );
        let part = image::imageops::crop_imm(grey, left, top, w, h).to_image();
        let scale = FINE as f32 / width;
        let picture = Picture::stretched(&part, scale);
        for template in templates {
            if let Some((x, y, fits)) = picture.best(template)
                && fits > best.fits
            {
                let middle = |v: f32, from: u32, scale: f32| {
                    f64::from(from) + f64::from((v + FINE as f32 / 2.0) / scale)
                };
                let scales = [picture.width as f32 / w as f32, picture.height as f32 / h as f32];
                best = Place { at: [middle(x, left, scales[0]), middle(y, top, scales[1])], width, fits };
            }
        }
    }
    best
}

impl Picture {
    /// Also larger than the picture.
    fn stretched(grey: &GrayImage, scale: f32) -> Self {
        let side = |side: u32| ((side as f32 * scale).round() as u32).max(1);
        let (width, height) = (side(grey.width()), side(grey.height()));
        let other = resize(grey, width, height, FilterType::Triangle);
        let values = other.as_raw().iter().map(|v| f32::from(*v)).collect();
        Self { width: width as usize, height: height as usize, values, scale }
    }

    /// The place that fits best, between pixels by a parabola.
    fn best(&self, template: &Template) -> Option<(f32, f32, f32)> {
        let (columns, rows) =
            (self.width.checked_sub(template.side)? + 1, self.height.checked_sub(template.side)? + 1);
        let at = |x: usize, y: usize| self.fits(template, x, y);
        let places = (0..columns * rows).map(|n| (n, at(n % columns, n / columns)));
        let (n, fits) = places.max_by(|a, b| a.1.total_cmp(&b.1))?;
        let (x, y) = (n % columns, n / columns);
        let between = |before: Option<f32>, after: Option<f32>| match (before, after) {
            (Some(before), Some(after)) => {
                let bend = before - 2.0 * fits + after;
                if bend < -1e-6 { (0.5 * (before - after) / bend).clamp(-0.5, 0.5) } else { 0.0 }
            }
            _ => 0.0,
        };
        let dx = between(x.checked_sub(1).map(|x| at(x, y)), (x + 1 < columns).then(|| at(x + 1, y)));
        let dy = between(y.checked_sub(1).map(|y| at(x, y)), (y + 1 < rows).then(|| at(x, y + 1)));
        Some((x as f32 + dx, y as f32 + dy, fits))
    }
}

/// The best first, without those that are nearer to a better one than half their width.
fn apart(mut places: Vec<Place>) -> Vec<Place> {
    places.sort_by(|a, b| b.fits.total_cmp(&a.fits));
    let mut kept: Vec<Place> = Vec::new();
    for place in places {
        let near = |other: &Place| {
            let far = (other.at[0] - place.at[0]).hypot(other.at[1] - place.at[1]);
            far < f64::from(other.width.max(place.width)) * 0.6
        };
        if !kept.iter().any(near) {
            kept.push(place);
        }
    }
    kept
}

/// Four that are of one size and the corners of a page, the best and largest such.
fn four(places: &[Place]) -> Option<Found> {
    let mut best: Option<(f32, Found)> = None;
    let count = places.len();
    for a in 0..count {
        for b in a + 1..count {
            for c in b + 1..count {
                for d in c + 1..count {
                    let own = [places[a], places[b], places[c], places[d]];
                    let Some(worth) = worth(&own) else { continue };
                    if best.as_ref().is_none_or(|(most, _)| worth > *most) {
                        let centres = clockwise(hull_order(own.map(|place| place.at)));
                        let fits = own.iter().map(|place| place.fits).fold(1.0, f32::min);
                        best = Some((worth, Found { centres, fits, complete: true }));
                    }
                }
            }
        }
    }
    best.map(|(_, found)| found)
}

fn worth(own: &[Place; 4]) -> Option<f32> {
    let widths = own.map(|place| place.width);
    let (least, most) =
        (widths.iter().copied().fold(f32::MAX, f32::min), widths.iter().copied().fold(0.0, f32::max));
    let corners = clockwise(hull_order(own.map(|place| place.at)));
    let weak = own.iter().filter(|place| place.fits < FITS).count();
    if weak > 1 || most > 1.6 * least || !is_page(&corners) {
        return None;
    }
    let sides = (0..4).map(|n| {
        let ([a, b], [c, d]) = (corners[n], corners[(n + 1) % 4]);
        (c - a).hypot(d - b)
    });
    // Marks of one page are many widths apart.
    let shortest = sides.fold(f64::MAX, f64::min) as f32 / most;
    let fits: f32 = own.iter().map(|place| place.fits).sum();
    (shortest > 4.0).then(|| fits + 0.02 * shortest.min(15.0))
}

/// Around their middle.
fn hull_order(mut corners: [[f64; 2]; 4]) -> [[f64; 2]; 4] {
    let middle = [0, 1].map(|axis| corners.iter().map(|p| p[axis]).sum::<f64>() / 4.0);
    let angle = |p: &[f64; 2]| (p[1] - middle[1]).atan2(p[0] - middle[0]);
    corners.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
    corners
}

/// The fourth corner of a parallelogram, where three marks fit well and make a right angle.
fn three(places: &[Place], grey: &GrayImage) -> Option<Found> {
    const WELL: f32 = 0.65;
    let good: Vec<&Place> = places.iter().filter(|place| place.fits > WELL).collect();
    let [a, b, c] = good.as_slice() else { return None };
    let corners = [a.at, b.at, c.at];
    (0..3).find_map(|n| {
        let (corner, p, q) = (corners[n], corners[(n + 1) % 3], corners[(n + 2) % 3]);
        let fourth = [0, 1].map(|axis| p[axis] + q[axis] - corner[axis]);
        let whole = clockwise(hull_order([corner, p, fourth, q]));
        let (u, v) = ([p[0] - corner[0], p[1] - corner[1]], [q[0] - corner[0], q[1] - corner[1]]);
        let cosine = (u[0] * v[0] + u[1] * v[1]) / (u[0].hypot(u[1]) * v[0].hypot(v[1]));
        let reach = f64::from(grey.width().max(grey.height()));
        let within = fourth.iter().all(|v| (-0.3 * reach..1.3 * reach).contains(v));
        let fits = a.fits.min(b.fits).min(c.fits);
        (cosine.abs() < 0.25 && within && is_page(&whole)).then_some(Found {
            centres: whole,
            fits,
            complete: false,
        })
    })
}

#[cfg(test)]
mod tests {
    use image::Luma;

    use super::*;

    /// Rings, as OMRChecker's own mark.
    fn mark(side: u32) -> GrayImage {
        let middle = side as f32 / 2.0;
        GrayImage::from_fn(side, side, |x, y| {
            let far = (x as f32 + 0.5 - middle).hypot(y as f32 + 0.5 - middle) / middle;
            Luma([if far < 0.2 || (0.4..0.6).contains(&far) || (0.8..1.0).contains(&far) { 0 } else { 255 }])
        })
    }

    fn page(centres: &[[i64; 2]]) -> GrayImage {
        let mut page = GrayImage::from_pixel(600, 800, Luma([240]));
        for [x, y] in centres {
            image::imageops::replace(&mut page, &mark(30), x - 15, y - 15);
        }
        page
    }

    #[test]
    fn marks_are_found_where_they_are() {
        let centres = [[60, 70], [540, 90], [530, 720], [50, 700]];
        let found = find(&page(&centres), &mark(160)).unwrap();
        assert!(found.complete && found.fits > 0.8, "{found:?}");
        for (found, wanted) in found.centres.iter().zip(centres) {
            let far = (found[0] - wanted[0] as f64).hypot(found[1] - wanted[1] as f64);
            assert!(far < 1.0, "{found:?} {wanted:?}");
        }
    }

    #[test]
    fn three_marks_tell_the_fourth_and_two_do_not() {
        let centres = [[60, 70], [540, 70], [540, 720], [60, 720]];
        let found = find(&page(&centres[..3]), &mark(160)).unwrap();
        assert!(!found.complete);
        let last = found.centres[3];
        assert!((last[0] - 60.0).hypot(last[1] - 720.0) < 3.0, "{last:?}");
        assert_eq!(find(&page(&centres[..2]), &mark(160)), None);
        assert_eq!(find(&page(&[]), &mark(160)), None);
    }
}
