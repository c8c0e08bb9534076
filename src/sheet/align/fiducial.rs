//! Black squares at the corners of a page.

use std::collections::BTreeMap;

use image::{GrayImage, Luma};
use imageproc::geometry::convex_hull;
use imageproc::point::Point;
use imageproc::region_labelling::{Connectivity, connected_components};

use super::grey::Paper;
use super::paper::{clockwise, is_page};
use super::plane::Plane;

/// Squares are darker than this share of the paper.
const DARK: f32 = 0.55;
/// How much of the box around a square is dark at least: a disc has 0.785.
const SQUARE: f64 = 0.84;
/// So many squares are tried as corners, those that are most square.
const MOST: usize = 28;

/// A dark square.
#[derive(Debug, Clone, Copy)]
pub struct Square {
    at: [f64; 2],
    side: f64,
    filled: f64,
}

/// Four squares that may be the page's.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// In pixels, clockwise, the first at the top left of the picture.
    pub corners: [[f64; 2]; 4],
    /// Whether all four are there; else the fourth is told from three.
    pub complete: bool,
    /// The sides of the squares over what they should be, from 1 up.
    pub odd: f64,
}

/// The outermost four of a page's fiducials, from the top left clockwise, in the layout's units.
pub fn outermost(centres: &[[f32; 2]]) -> Option<[[f64; 2]; 4]> {
    let of = |sign: [f32; 2]| {
        let most = |c: &&[f32; 2]| c[0] * sign[0] + c[1] * sign[1];
        centres.iter().max_by(|a, b| most(a).total_cmp(&most(b))).map(|c| c.map(f64::from))
    };
    let corners = [of([-1.0, -1.0])?, of([1.0, -1.0])?, of([1.0, 1.0])?, of([-1.0, 1.0])?];
    is_page(&corners).then_some(corners)
}

/// Groups of squares that have the size and distances of the page's fiducials, the likeliest first.
pub fn find(squares: &[Square], wanted: &[[f64; 2]; 4], side: f64) -> Vec<Found> {
    let mut groups: Vec<(f64, Found)> = Vec::new();
    let count = squares.len();
    for a in 0..count {
        for b in a + 1..count {
            for c in b + 1..count {
                for d in c + 1..count {
                    let own = [squares[a], squares[b], squares[c], squares[d]];
                    groups.extend(four(&own, wanted, side));
                }
            }
        }
    }
    if groups.is_empty() {
        groups.extend(threes(squares, wanted, side));
    }
    groups.sort_by(|a, b| b.0.total_cmp(&a.0));
    groups.into_iter().take(3).map(|(_, found)| found).collect()
}

/// The dark squares of a picture, the most square first.
pub fn squares(grey: &GrayImage, paper: &Paper) -> Vec<Square> {
    let mask = GrayImage::from_fn(grey.width(), grey.height(), |x, y| {
        let level = paper.at([x as f32 + 0.5, y as f32 + 0.5]);
        Luma([u8::from(f32::from(grey.get_pixel(x, y).0[0]) < DARK * level)])
    });
    let labels = connected_components(&mask, Connectivity::Four, Luma([0]));
    let mut parts: BTreeMap<u32, Vec<Point<i32>>> = BTreeMap::new();
    for (x, y, label) in labels.enumerate_pixels().filter(|(_, _, label)| label.0[0] != 0) {
        parts.entry(label.0[0]).or_default().push(Point::new(x as i32, y as i32));
    }
    let largest = f64::from(grey.width().min(grey.height())) / 8.0;
    let mut squares: Vec<Square> = parts.values().filter_map(|pixels| square(pixels, largest)).collect();
    squares.sort_by(|a, b| b.filled.total_cmp(&a.filled));
    squares.truncate(MOST);
    squares
}

fn square(pixels: &[Point<i32>], largest: f64) -> Option<Square> {
    let area = pixels.len() as f64;
    if area < 25.0 || area > largest * largest {
        return None;
    }
    let corners = pixels
        .iter()
        .flat_map(|p| [(0, 0), (1, 0), (0, 1), (1, 1)].map(|(dx, dy)| Point::new(p.x + dx, p.y + dy)));
    let hull = convex_hull(corners.collect::<Vec<_>>());
    if hull.len() < 4 {
        return None;
    }
    let [one, two] = around(&hull);
    // Seen at a slant, one side may be shorter.
    let filled = area / (one * two).max(1.0);
    let count = pixels.len() as f64;
    let at = [
        pixels.iter().map(|p| f64::from(p.x) + 0.5).sum::<f64>() / count,
        pixels.iter().map(|p| f64::from(p.y) + 0.5).sum::<f64>() / count,
    ];
    (filled > SQUARE && one.max(two) < 1.8 * one.min(two)).then(|| Square { at, side: area.sqrt(), filled })
}

/// Sides of the smallest box around an outline: one of them lies along an edge of it (Freeman and Shapira 1975).
fn around(hull: &[Point<i32>]) -> [f64; 2] {
    let points: Vec<[f64; 2]> = hull.iter().map(|p| [f64::from(p.x), f64::from(p.y)]).collect();
    let along = |(a, b): (&[f64; 2], &[f64; 2])| {
        let length = (b[0] - a[0]).hypot(b[1] - a[1]);
        let way = [(b[0] - a[0]) / length, (b[1] - a[1]) / length];
        let span = |[x, y]: [f64; 2]| {
            let places = points.iter().map(|p| p[0] * x + p[1] * y);
            let (least, most) = places.fold((f64::MAX, f64::MIN), |(a, b), v| (a.min(v), b.max(v)));
            most - least
        };
        [span(way), span([-way[1], way[0]])]
    };
    let boxes = points.iter().zip(points.iter().cycle().skip(1)).map(along);
    boxes.min_by(|a, b| (a[0] * a[1]).total_cmp(&(b[0] * b[1]))).unwrap_or([1.0, 1.0])
}

/// Whether four squares are as far apart as the page's, for their size.
fn four(own: &[Square; 4], wanted: &[[f64; 2]; 4], side: f64) -> Option<(f64, Found)> {
    let (least, most) = extremes(own.iter().map(|square| square.side));
    let corners = clockwise(around_middle(own.map(|square| square.at)));
    if most > 1.9 * least || !is_page(&corners) {
        return None;
    }
    let odd = odd(&corners, own.iter().map(|square| square.side).sum::<f64>() / 4.0, wanted, side);
    let filled: f64 = own.iter().map(|square| square.filled).sum();
    (odd < 1.35).then_some((filled - 2.0 * odd, Found { corners, complete: true, odd }))
}

/// How far from 1 the size of the squares is, over the perimeter of what they are the corners of.
fn odd(corners: &[[f64; 2]; 4], size: f64, wanted: &[[f64; 2]; 4], side: f64) -> f64 {
    let ratio = (size / perimeter(corners)) / (side / perimeter(wanted));
    ratio.max(1.0 / ratio)
}

fn perimeter(corners: &[[f64; 2]; 4]) -> f64 {
    (0..4)
        .map(|n| (corners[(n + 1) % 4][0] - corners[n][0]).hypot(corners[(n + 1) % 4][1] - corners[n][1]))
        .sum()
}

fn extremes(values: impl Iterator<Item = f64>) -> (f64, f64) {
    values.fold((f64::MAX, 0.0), |(least, most), v| (least.min(v), most.max(v)))
}

fn around_middle(mut corners: [[f64; 2]; 4]) -> [[f64; 2]; 4] {
    let middle = [0, 1].map(|axis| corners.iter().map(|p| p[axis]).sum::<f64>() / 4.0);
    let angle = |p: &[f64; 2]| (p[1] - middle[1]).atan2(p[0] - middle[0]);
    corners.sort_by(|a, b| angle(a).total_cmp(&angle(b)));
    corners
}

/// A corner is cut off or covered: the fourth of a parallelogram, whose sides have the page's proportions.
fn threes(squares: &[Square], wanted: &[[f64; 2]; 4], side: f64) -> Vec<(f64, Found)> {
    let mut groups = Vec::new();
    let count = squares.len();
    for n in 0..count * count * count {
        let (a, b, c) = (n / (count * count), n / count % count, n % count);
        // `a` is the corner between `b` and `c`.
        if b >= c || a == b || a == c {
            continue;
        }
        let own = [squares[a], squares[b], squares[c]];
        let (least, most) = extremes(own.iter().map(|square| square.side));
        let fourth = [0, 1].map(|axis| own[1].at[axis] + own[2].at[axis] - own[0].at[axis]);
        let corners = clockwise(around_middle([own[0].at, own[1].at, fourth, own[2].at]));
        let size = own.iter().map(|square| square.side).sum::<f64>() / 3.0;
        let odd = odd(&corners, size, wanted, side);
        if most < 1.5 * least && odd < 1.2 && is_page(&corners) && is_alike(&corners, wanted) {
            let filled: f64 = own.iter().map(|square| square.filled).sum();
            groups.push((filled - 2.0 * odd, Found { corners, complete: false, odd }));
        }
    }
    groups
}

/// Whether the sides are about as long, one over the other, as the page's, in either way to lie.
fn is_alike(corners: &[[f64; 2]; 4], wanted: &[[f64; 2]; 4]) -> bool {
    let ratio = |q: &[[f64; 2]; 4]| {
        let length = |n: usize| (q[n + 1][0] - q[n][0]).hypot(q[n + 1][1] - q[n][1]);
        length(0) / length(1)
    };
    let (own, page) = (ratio(corners), ratio(wanted));
    [page, 1.0 / page].iter().any(|page| (own / page).ln().abs() < 0.12)
}

/// How far the page's fiducials are from where the plane takes them, root mean square, in their sides; at most 1, also for
/// one that is missing.
pub fn residual(squares: &[Square], plane: &Plane, centres: &[[f32; 2]]) -> f64 {
    let off = |centre: &[f32; 2]| {
        let there = plane.at(centre.map(f64::from));
        let off = squares.iter().map(|s| (s.at[0] - there[0]).hypot(s.at[1] - there[1]) / s.side);
        off.fold(1.0, f64::min).powi(2)
    };
    (centres.iter().map(off).sum::<f64>() / centres.len().max(1) as f64).sqrt()
}

#[cfg(test)]
mod tests {
    use imageproc::geometric_transformations::{Interpolation, Projection, warp_into};

    use super::*;

    const WANTED: [[f64; 2]; 4] = [[10.0, 10.0], [200.0, 10.0], [200.0, 287.0], [10.0, 287.0]];

    /// An A4 page at 4 pixels a millimetre with squares of 6 mm, turned by `angle` on a grey desk.
    fn page(angle: f32, squares: &[[f64; 2]]) -> (GrayImage, Projection) {
        let mut page = GrayImage::from_pixel(840, 1188, Luma([250]));
        for [x, y] in squares {
            let start = [(x - 3.0) * 4.0, (y - 3.0) * 4.0].map(|v| v as i64);
            image::imageops::replace(
                &mut page,
                &GrayImage::from_pixel(24, 24, Luma([15])),
                start[0],
                start[1],
            );
            // And what is no square: a filled circle.
            imageproc::drawing::draw_filled_circle_mut(&mut page, (420, 600), 14, Luma([15]));
        }
        let mut out = GrayImage::from_pixel(1400, 1500, Luma([150]));
        let way = Projection::translate(-420.0, -594.0)
            .and_then(Projection::rotate(angle))
            .and_then(Projection::translate(700.0, 750.0));
        warp_into(
            &page,
            way,
            Interpolation::Bilinear,
            imageproc::geometric_transformations::Border::Constant(Luma([150])),
            &mut out,
        );
        (out, way)
    }

    #[test]
    fn squares_are_found_at_any_turn() {
        for angle in [0.0, 0.4, 1.6, 3.0] {
            let (grey, way) = page(angle, &WANTED);
            let paper = Paper::of(&grey, 40.0);
            let found = find(&squares(&grey, &paper), &WANTED, 6.0);
            let corners = found.first().expect("found").corners;
            for [x, y] in WANTED {
                let (u, v) = way * (x as f32 * 4.0, y as f32 * 4.0);
                let near = corners.iter().map(|p| (p[0] - f64::from(u)).hypot(p[1] - f64::from(v)));
                let near = near.fold(f64::MAX, f64::min);
                // A square's middle lies half a pixel before the corner that is turned here, each way.
                assert!(near < 1.5, "{angle}: {near} pixels");
            }
        }
    }

    #[test]
    fn three_squares_tell_the_fourth() {
        let (grey, way) = page(0.3, &WANTED[..3]);
        let paper = Paper::of(&grey, 40.0);
        let found = find(&squares(&grey, &paper), &WANTED, 6.0);
        let first = found.first().expect("found");
        assert!(!first.complete);
        let (u, v) = way * (40.0, 1148.0);
        let near = first.corners.iter().map(|p| (p[0] - f64::from(u)).hypot(p[1] - f64::from(v)));
        assert!(near.fold(f64::MAX, f64::min) < 3.0);
        assert_eq!(find(&squares(&page(0.3, &WANTED[..2]).0, &paper), &WANTED, 6.0), []);
    }
}
