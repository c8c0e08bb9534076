//! The edge of a sheet of paper in a photo.

use std::collections::BTreeMap;

use image::{GrayImage, Luma};
use imageproc::geometry::convex_hull;
use imageproc::point::Point;
use imageproc::region_labelling::{Connectivity, connected_components};

use super::grey::{factor, percentile, sample, shrunk};

/// The search is done on a picture of about this many pixels a side: paper is large.
const SIDE: u32 = 360;
/// Brightnesses at which paper is told from what it lies on.
const LEVELS: u8 = 14;
/// Paper takes at least this share of the picture.
const LEAST_AREA: f64 = 0.05;
/// How much of the quadrilateral is paper, at least: less are things that have no four corners.
const LEAST_FILLED: f64 = 0.88;

/// A sheet's edge.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// In pixels of the picture, clockwise, the first at the top left of the picture.
    pub corners: [[f64; 2]; 4],
    /// Root mean square distance of the edge from straight lines, as a share of the shorter side.
    pub residual: f64,
    /// How much of the quadrilateral is paper, 0 to 1.
    pub filled: f64,
    /// How much of the picture it takes, 0 to 1.
    pub area: f64,
    /// Other sheets seen that are as large as this one or nearly so.
    pub others: usize,
}

/// What a threshold cut out.
struct Candidate {
    corners: [[f64; 2]; 4],
    filled: f64,
    area: f64,
    score: f64,
}

/// The largest bright quadrilateral that stands out from its surroundings; `None` where there is none.
pub fn find(grey: &GrayImage) -> Option<Found> {
    let factor = factor([grey.width(), grey.height()], SIDE);
    let small = shrunk(grey, factor);
    let mut candidates = candidates(&small);
    candidates.sort_by(|a, b| b.score.total_cmp(&a.score));
    let best = candidates.first()?;
    let apart = |other: &&Candidate| {
        other.area > 0.6 * best.area && other.score > 0.5 * best.score && !meet(&other.corners, &best.corners)
    };
    let mut others: Vec<&Candidate> = Vec::new();
    for other in candidates.iter().filter(apart) {
        if !others.iter().any(|known| meet(&known.corners, &other.corners)) {
            others.push(other);
        }
    }
    let coarse = best.corners.map(|corner| corner.map(|v| v * f64::from(factor)));
    let (corners, residual) = refined(grey, coarse, f64::from(factor));
    Some(Found { corners, residual, filled: best.filled, area: best.area, others: others.len() })
}

fn candidates(small: &GrayImage) -> Vec<Candidate> {
    let (dark, bright) = (percentile(small, 0.02), percentile(small, 0.98));
    let pixels = f64::from(small.width()) * f64::from(small.height());
    let mut found = Vec::new();
    for n in 1..=LEVELS {
        let level =
            f64::from(dark) + f64::from(bright.saturating_sub(dark)) * f64::from(n) / f64::from(LEVELS + 1);
        let mask = GrayImage::from_fn(small.width(), small.height(), |x, y| {
            Luma([u8::from(f64::from(small.get_pixel(x, y).0[0]) > level)])
        });
        let labels = connected_components(&mask, Connectivity::Four, Luma([0]));
        let mut outlines: BTreeMap<u32, Outline> = BTreeMap::new();
        for (x, y, label) in labels.enumerate_pixels().filter(|(_, _, label)| label.0[0] != 0) {
            outlines.entry(label.0[0]).or_default().add(x as i32, y as i32);
        }
        let outlines = outlines.values().filter(|outline| outline.area > LEAST_AREA * 0.3 * pixels);
        found.extend(outlines.filter_map(|outline| candidate(small, outline, pixels)));
    }
    found
}

/// Pixels that hang together: how many, and the first and the last of each row and column.
#[derive(Default)]
struct Outline {
    area: f64,
    rows: BTreeMap<i32, (i32, i32)>,
    columns: BTreeMap<i32, (i32, i32)>,
}

impl Outline {
    fn add(&mut self, x: i32, y: i32) {
        self.area += 1.0;
        let grow = |span: &mut (i32, i32), v: i32| *span = (span.0.min(v), span.1.max(v));
        grow(self.rows.entry(y).or_insert((x, x)), x);
        grow(self.columns.entry(x).or_insert((y, y)), y);
    }

    /// With what is printed on it: all between the first and the last pixel, by rows or by columns, whichever is less.
    fn filled(&self) -> f64 {
        let sum = |spans: &BTreeMap<i32, (i32, i32)>| {
            spans.values().map(|(a, b)| f64::from(b - a + 1)).sum::<f64>()
        };
        sum(&self.rows).min(sum(&self.columns))
    }

    fn hull(&self) -> Vec<[f64; 2]> {
        let corners = self.rows.iter().flat_map(|(y, (first, last))| {
            [(*first, *y), (*first, y + 1), (last + 1, *y), (last + 1, y + 1)].map(|(x, y)| Point::new(x, y))
        });
        let corners: Vec<Point<i32>> = corners.collect();
        convex_hull(corners).iter().map(|p| [f64::from(p.x), f64::from(p.y)]).collect()
    }
}

fn candidate(small: &GrayImage, outline: &Outline, pixels: f64) -> Option<Candidate> {
    let hull = outline.hull();
    let hull_area = shoelace(&hull).abs();
    let corners = quadrilateral(hull)?;
    let whole = shoelace(&corners).abs();
    let (filled, area) = (outline.filled().min(hull_area) / whole, whole / pixels);
    if filled < LEAST_FILLED || area < LEAST_AREA || !is_page(&corners) {
        return None;
    }
    let score = filled * contrast(small, &corners) * area.sqrt();
    Some(Candidate { corners, filled, area, score })
}

/// Four sides of a convex outline: sides are left out one by one, each time the one whose neighbours meet at the
/// least cost in area, so that a cut or bent corner is made whole.
fn quadrilateral(mut hull: Vec<[f64; 2]>) -> Option<[[f64; 2]; 4]> {
    while hull.len() > 4 {
        let count = hull.len();
        let cost = |n: usize| {
            let (a, b, c, d) =
                (hull[(n + count - 1) % count], hull[n], hull[(n + 1) % count], hull[(n + 2) % count]);
            let meeting = intersection(a, b, c, d)?;
            // Beyond b seen from a, and beyond c seen from d.
            let ahead = |from: [f64; 2], to: [f64; 2]| {
                (meeting[0] - to[0]) * (to[0] - from[0]) + (meeting[1] - to[1]) * (to[1] - from[1]) >= 0.0
            };
            (ahead(a, b) && ahead(d, c)).then(|| (shoelace(&[b, meeting, c]).abs(), n, meeting))
        };
        let (_, n, meeting) = (0..count).filter_map(cost).min_by(|a, b| a.0.total_cmp(&b.0))?;
        hull[n] = meeting;
        hull.remove((n + 1) % count);
    }
    let corners: [[f64; 2]; 4] = hull.try_into().ok()?;
    Some(clockwise(corners))
}

/// Clockwise as seen, the corner nearest the top left first.
pub fn clockwise(mut corners: [[f64; 2]; 4]) -> [[f64; 2]; 4] {
    if shoelace(&corners) < 0.0 {
        corners.reverse();
    }
    let first = (0..4).min_by(|a, b| {
        let sum = |n: &usize| corners[*n][0] + corners[*n][1];
        sum(a).total_cmp(&sum(b))
    });
    corners.rotate_left(first.unwrap_or(0));
    corners
}

/// Whether all angles are those of a page seen at a slant, and no side is a sliver of another.
pub fn is_page(corners: &[[f64; 2]; 4]) -> bool {
    let side = |n: usize| {
        let ([a, b], [c, d]) = (corners[n], corners[(n + 1) % 4]);
        [c - a, d - b]
    };
    let length = |n: usize| side(n)[0].hypot(side(n)[1]);
    let longest = (0..4).map(length).fold(0.0, f64::max);
    (0..4).all(|n| {
        let (one, two) = (side(n), side((n + 1) % 4));
        let sine = (one[0] * two[1] - one[1] * two[0]) / (length(n) * length((n + 1) % 4));
        // Within 40 degrees of a right angle, and turning the same way everywhere.
        sine > 0.77 && length(n) > 0.2 * longest
    })
}

/// How much brighter it is just within than just without, in grey values over 255; 0 where there is no outside.
fn contrast(small: &GrayImage, corners: &[[f64; 2]; 4]) -> f64 {
    const STEPS: usize = 24;
    let (width, height) = (f64::from(small.width()), f64::from(small.height()));
    let (mut sum, mut seen) = (0.0, 0);
    for side in 0..4 {
        let (a, b) = (corners[side], corners[(side + 1) % 4]);
        let length = (b[0] - a[0]).hypot(b[1] - a[1]);
        let out = [(b[1] - a[1]) / length, (a[0] - b[0]) / length];
        for step in 1..STEPS {
            let share = step as f64 / STEPS as f64;
            let on = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
            let at = |distance: f64| [on[0] + distance * out[0], on[1] + distance * out[1]];
            let beyond = at(5.0);
            let inside = beyond[0] >= 0.0 && beyond[1] >= 0.0 && beyond[0] < width && beyond[1] < height;
            if inside {
                let value = |point: [f64; 2]| f64::from(sample(small, point.map(|v| v as f32)));
                sum += (value(at(-4.0)) - value(beyond)) / 255.0;
                seen += 1;
            }
        }
    }
    // Sides that lie on the picture's edge say nothing.
    (sum / (4 * (STEPS - 1)) as f64).max(0.0) + if seen == 0 { 0.01 } else { 0.0 }
}

/// Lines through the steepest places across each side, and where they meet.
fn refined(grey: &GrayImage, coarse: [[f64; 2]; 4], reach: f64) -> ([[f64; 2]; 4], f64) {
    let mut lines = Vec::new();
    let (mut squares, mut count) = (0.0, 0.0);
    for side in 0..4 {
        let (a, b) = (coarse[side], coarse[(side + 1) % 4]);
        let points = edge(grey, a, b, 3.0 * reach);
        match line(&points) {
            Some((through, direction, rms)) if points.len() >= 12 => {
                squares += rms * rms;
                count += 1.0;
                lines.push((through, [through[0] + direction[0], through[1] + direction[1]]));
            }
            _ => lines.push((a, b)),
        }
    }
    let mut corners = coarse;
    for n in 0..4 {
        let ((a, b), (c, d)) = (lines[(n + 3) % 4], lines[n]);
        let meeting = intersection(a, b, c, d);
        // A side that was led astray does not take a corner far away.
        let near = |p: &[f64; 2]| (p[0] - coarse[n][0]).hypot(p[1] - coarse[n][1]) < 8.0 * reach;
        corners[n] = meeting.filter(near).unwrap_or(coarse[n]);
    }
    let sides = (0..4).map(|n| {
        let ([a, b], [c, d]) = (corners[n], corners[(n + 1) % 4]);
        (c - a).hypot(d - b)
    });
    let shorter = sides.fold(f64::INFINITY, f64::min);
    let rms: f64 = if count > 0.0 { f64::sqrt(squares / count) } else { reach };
    (corners, rms / shorter.max(1.0))
}

/// Where the brightness falls most from inside to outside along the side from `a` to `b`.
fn edge(grey: &GrayImage, a: [f64; 2], b: [f64; 2], reach: f64) -> Vec<[f64; 2]> {
    const STEPS: usize = 64;
    let length = (b[0] - a[0]).hypot(b[1] - a[1]);
    let out = [(b[1] - a[1]) / length, (a[0] - b[0]) / length];
    let span = reach.ceil() as i32;
    let mut points = Vec::new();
    for step in 3..STEPS - 2 {
        let share = step as f64 / STEPS as f64;
        let on = [a[0] + share * (b[0] - a[0]), a[1] + share * (b[1] - a[1])];
        let value = |n: i32| {
            let distance = f64::from(n);
            sample(grey, [(on[0] + distance * out[0]) as f32, (on[1] + distance * out[1]) as f32])
        };
        let fall = |n: &i32| value(n - 1) + value(n - 2) - value(n + 1) - value(n + 2);
        let steepest = (-span..=span).max_by(|p, q| fall(p).total_cmp(&fall(q)));
        if let Some(n) = steepest.filter(|n| fall(n) > 30.0) {
            points.push([on[0] + f64::from(n) * out[0], on[1] + f64::from(n) * out[1]]);
        }
    }
    points
}

type Line = ([f64; 2], [f64; 2], f64);

/// A line through most of the points: a point of it, its direction, and how far those points are from it. Weights
/// fall with the distance (Tukey), so that fingers and folds do not count.
fn line(points: &[[f64; 2]]) -> Option<Line> {
    let mut weights = vec![1.0; points.len()];
    let mut best = None;
    for _ in 0..12 {
        let total: f64 = weights.iter().sum();
        if total < 4.0 {
            return best;
        }
        let weighed = |of: &dyn Fn(&[f64; 2]) -> f64| -> f64 {
            points.iter().zip(&weights).map(|(p, w)| w * of(p)).sum::<f64>() / total
        };
        let mean = [weighed(&|p| p[0]), weighed(&|p| p[1])];
        let (xx, yy, xy) = (
            weighed(&|p| (p[0] - mean[0]).powi(2)),
            weighed(&|p| (p[1] - mean[1]).powi(2)),
            weighed(&|p| (p[0] - mean[0]) * (p[1] - mean[1])),
        );
        let angle = 0.5 * (2.0 * xy).atan2(xx - yy);
        let direction = [angle.cos(), angle.sin()];
        let distance =
            |p: &[f64; 2]| ((p[0] - mean[0]) * direction[1] - (p[1] - mean[1]) * direction[0]).abs();
        let mut all: Vec<f64> = points.iter().map(distance).collect();
        let rms = weighed(&|p| distance(p).powi(2)).sqrt();
        best = Some((mean, direction, rms));
        all.sort_by(f64::total_cmp);
        let limit = (4.7 * all[all.len() / 2]).max(1.5);
        for (weight, point) in weights.iter_mut().zip(points) {
            *weight = (1.0 - (distance(point) / limit).powi(2)).max(0.0).powi(2);
        }
    }
    best
}

/// Where the lines through `a` and `b` and through `c` and `d` meet.
fn intersection(a: [f64; 2], b: [f64; 2], c: [f64; 2], d: [f64; 2]) -> Option<[f64; 2]> {
    let (one, two) = ([b[0] - a[0], b[1] - a[1]], [d[0] - c[0], d[1] - c[1]]);
    let cross = one[0] * two[1] - one[1] * two[0];
    let share = ((c[0] - a[0]) * two[1] - (c[1] - a[1]) * two[0]) / cross;
    let meeting = [a[0] + share * one[0], a[1] + share * one[1]];
    meeting.iter().all(|v| v.is_finite() && v.abs() < 1e7).then_some(meeting)
}

/// Positive for points that run clockwise on the picture.
fn shoelace(points: &[[f64; 2]]) -> f64 {
    let next = points.iter().cycle().skip(1);
    points.iter().zip(next).map(|(a, b)| a[0] * b[1] - a[1] * b[0]).sum::<f64>() / 2.0
}

/// Whether the centre of one lies in the other.
fn meet(a: &[[f64; 2]; 4], b: &[[f64; 2]; 4]) -> bool {
    let holds = |quad: &[[f64; 2]; 4], other: &[[f64; 2]; 4]| {
        let centre = [0, 1].map(|axis| other.iter().map(|p| p[axis]).sum::<f64>() / 4.0);
        (0..4).all(|n| shoelace(&[quad[n], quad[(n + 1) % 4], centre]) >= 0.0)
    };
    holds(a, b) || holds(b, a)
}
