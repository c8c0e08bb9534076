//! The order in which people read lines: direction, columns, rows.

use std::f32::consts::{FRAC_PI_2, TAU};

use crate::geometry::Quad;

/// A gap between columns is at least this wide, in line heights.
const GAP: f32 = 1.0;

/// Columns are of text that runs on: their lines are this long at least, in line heights, and this many; what is
/// shorter is a table, which is read by rows.
const PROSE: f32 = 6.0;
const ROWS: usize = 3;

/// Lines this many times as long as high may run another way than most.
const OWN_WAY: f32 = 4.0;

/// Where that many bands share a gap and are no columns, the search goes on this much of them further down.
const STRIDE: usize = 64;

/// Lines stand in one row where they share this much of the lower one's height.
const SAME_ROW: f32 = 0.5;

/// Where a line stands: its number, and its place along and across the direction of reading.
#[derive(Debug, Clone, Copy)]
struct Place {
    line: usize,
    x1: f32,
    y1: f32,
    x2: f32,
    y2: f32,
}

impl Place {
    fn width(&self) -> f32 {
        self.x2 - self.x1
    }

    fn height(&self) -> f32 {
        self.y2 - self.y1
    }
}

/// Lines in order of reading, each with the number of its block (a column, or what stands between columns),
/// counted from 0. Corners begin where a line's text begins.
///
/// Lines that run the same way are read together, those of the most common direction first. Upright text is
/// read down, text that runs down to the left (as Chinese columns are), and so on round. Short lines run as most do:
/// a digit of a table may have been taken for one that stands, a word for one that is upside down.
pub fn order(lines: &[Quad]) -> Vec<(usize, usize)> {
    let main = main_direction(lines);
    let mut by_direction: [Vec<usize>; 4] = Default::default();
    for (line, corners) in lines.iter().enumerate() {
        let quarter = if ratio(corners) > OWN_WAY { quarters(direction(corners) - main) } else { 0 };
        by_direction[quarter].push(line);
    }
    let mut directions: Vec<usize> = (0..4).collect();
    directions.sort_by_key(|direction| std::cmp::Reverse(by_direction[*direction].len()));
    let mut ordered = Vec::with_capacity(lines.len());
    let mut block = 0;
    for direction in directions {
        let group = &by_direction[direction];
        let angle = angle(lines, group, main + direction as f32 * FRAC_PI_2);
        let places: Vec<Place> = group.iter().map(|line| place(*line, &lines[*line], angle)).collect();
        for block_of in blocks(places) {
            ordered.extend(rows(block_of).into_iter().map(|line| (line, block)));
            block += 1;
        }
    }
    ordered
}

/// How many quarter turns, clockwise and rounded, an angle is: 0 to 3.
fn quarters(angle: f32) -> usize {
    ((angle / FRAC_PI_2).round() as i32).rem_euclid(4) as usize
}

/// The direction that most long lines have, all lines where none is long: the fullest of 72 fans of 15 degrees,
/// the one nearest to upright among equals. Not fixed quarters of the circle, between which the lines of a page
/// at 45 degrees would be shared out.
fn main_direction(lines: &[Quad]) -> f32 {
    const FANS: usize = 72;
    let width = TAU / FANS as f32;
    let any_long = lines.iter().any(is_long);
    let mut counts = [0usize; FANS];
    for line in lines.iter().filter(|line| !any_long || is_long(line)) {
        counts[((direction(line) / width).round() as i32).rem_euclid(FANS as i32) as usize] += 1;
    }
    let count = |fan: usize| counts[(fan + FANS - 1) % FANS] + counts[fan] + counts[(fan + 1) % FANS];
    let away = |fan: usize| fan.min(FANS - fan);
    let fullest = (0..FANS).max_by_key(|fan| (count(*fan), counts[*fan], std::cmp::Reverse(away(*fan))));
    fullest.unwrap_or(0) as f32 * width
}

/// In radians, clockwise from the x axis.
fn direction(Quad([a, b, c, d]): &Quad) -> f32 {
    let (dx, dy) = (b[0] - a[0] + c[0] - d[0], b[1] - a[1] + c[1] - d[1]);
    dy.atan2(dx)
}

/// The middle one of the directions of a group, which lie around `base`; of lines that are long enough to tell.
fn angle(lines: &[Quad], group: &[usize], base: f32) -> f32 {
    let long = group.iter().filter(|line| is_long(&lines[**line]));
    let mut turned: Vec<f32> = long
        .map(|line| {
            let away = direction(&lines[*line]) - base;
            away - (away / TAU).round() * TAU
        })
        .collect();
    turned.sort_by(f32::total_cmp);
    base + turned.get(turned.len() / 2).copied().unwrap_or(0.0)
}

/// Twice as long as high: its direction is known to a degree or so.
fn is_long(corners: &Quad) -> bool {
    ratio(corners) > 2.0
}

fn ratio(Quad([a, b, _, d]): &Quad) -> f32 {
    let length = |p: &[f32; 2], q: &[f32; 2]| (p[0] - q[0]).hypot(p[1] - q[1]);
    length(a, b) / length(a, d).max(1.0)
}

/// Corners in coordinates that run along and across the direction of reading.
fn place(line: usize, corners: &Quad, angle: f32) -> Place {
    let (sin, cos) = angle.sin_cos();
    // Of a line that runs another way, the corner that is the top left one in this direction comes first.
    let first = 4 - quarters(direction(corners) - angle);
    let corners: [[f32; 2]; 4] = std::array::from_fn(|n| corners.0[(first + n) % 4]);
    let turned = corners.map(|[x, y]| [x * cos + y * sin, y * cos - x * sin]);
    // The middles of the sides: a tilted line is no higher for it.
    let middle = |a: usize, b: usize, axis: usize| f32::midpoint(turned[a][axis], turned[b][axis]);
    let (x1, x2) = (middle(0, 3, 0), middle(1, 2, 0));
    let (y1, y2) = (middle(0, 1, 1), middle(2, 3, 1));
    Place { line, x1: x1.min(x2), y1: y1.min(y2), x2: x1.max(x2), y2: y1.max(y2) }
}

/// Splits places into blocks, in order: bands one below the other, those that share a gap between columns cut
/// along it (a recursive XY cut; Nagy and Seth 1984).
fn blocks(places: Vec<Place>) -> Vec<Vec<Place>> {
    let height = median(places.iter().map(Place::height).collect());
    let bands = bands(places);
    let mut blocks: Vec<Vec<Place>> = Vec::new();
    let mut plain: Vec<Place> = Vec::new();
    let mut at = 0;
    while at < bands.len() {
        let (end, cut) = columns(&bands, at, GAP * height);
        let Some(cut) = cut else {
            // A row of a table; of a long one several, so that thousands of rows do not cost their square.
            let next = at + 1 + (end - at) / STRIDE;
            plain.extend(bands[at..next].iter().flatten());
            at = next;
            continue;
        };
        if !plain.is_empty() {
            blocks.push(std::mem::take(&mut plain));
        }
        let (left, right): (Vec<Place>, Vec<Place>) =
            bands[at..end].iter().flatten().partition(|place| place.x2 <= cut);
        blocks.extend(self::blocks(left));
        blocks.extend(self::blocks(right));
        at = end;
    }
    if !plain.is_empty() {
        blocks.push(plain);
    }
    blocks
}

fn median(mut values: Vec<f32>) -> f32 {
    values.sort_by(f32::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(0.0)
}

/// Places in bands without anything between: each begins below all that came before.
fn bands(mut places: Vec<Place>) -> Vec<Vec<Place>> {
    places.sort_by(|a, b| a.y1.total_cmp(&b.y1).then(a.x1.total_cmp(&b.x1)));
    let mut bands: Vec<Vec<Place>> = Vec::new();
    let mut end = f32::NEG_INFINITY;
    for place in places {
        match bands.last_mut().filter(|_| place.y1 < end) {
            Some(band) => band.push(place),
            None => bands.push(vec![place]),
        }
        // Boxes of lines reach into each other a little: what counts is where their middle ends.
        end = end.max(place.y2 - 0.25 * place.height());
    }
    bands
}

/// The bands from `from` that share a gap: where they end, and where the cut between columns runs, `None` where
/// they are no columns.
fn columns(bands: &[Vec<Place>], from: usize, least: f32) -> (usize, Option<f32>) {
    let mut gaps = vec![(f32::NEG_INFINITY, f32::INFINITY)];
    let mut end = from;
    for band in &bands[from..] {
        let left = without(&gaps, band);
        // The space left and right of everything is no gap yet, but may become one with the next band.
        let left: Vec<(f32, f32)> = left.into_iter().filter(|(a, b)| b - a >= least).collect();
        if left.iter().all(|(a, b)| a.is_infinite() || b.is_infinite()) && end > from && inner(&gaps) {
            break;
        }
        gaps = left;
        end += 1;
    }
    let all: Vec<&Place> = bands[from..end].iter().flatten().collect();
    let inner = gaps.into_iter().filter(|(a, b)| a.is_finite() && b.is_finite());
    let cut = inner.map(|(a, b)| f32::midpoint(a, b)).find(|cut| {
        let (left, right): (Vec<&Place>, Vec<&Place>) = all.iter().partition(|place| place.x2 <= *cut);
        is_prose(&left) && is_prose(&right)
    });
    (end, cut)
}

fn inner(gaps: &[(f32, f32)]) -> bool {
    gaps.iter().any(|(a, b)| a.is_finite() && b.is_finite())
}

/// What is left of `gaps` where the places of a band stand.
fn without(gaps: &[(f32, f32)], band: &[Place]) -> Vec<(f32, f32)> {
    let mut left = gaps.to_vec();
    for place in band {
        let parts = left.into_iter().flat_map(|(a, b)| {
            if place.x2 <= a || place.x1 >= b { [(a, b), (0.0, 0.0)] } else { [(a, place.x1), (place.x2, b)] }
        });
        left = parts.filter(|(a, b)| a < b).collect();
    }
    left
}

fn is_prose(places: &[&Place]) -> bool {
    let height = median(places.iter().map(|place| place.height()).collect());
    let width = median(places.iter().map(|place| place.width()).collect());
    places.len() >= ROWS && width >= PROSE * height
}

/// The lines of a block by rows, each from its beginning.
fn rows(places: Vec<Place>) -> Vec<usize> {
    let mut sorted = places;
    sorted.sort_by(|a, b| (a.y1 + a.y2).total_cmp(&(b.y1 + b.y2)));
    let mut rows: Vec<Vec<Place>> = Vec::new();
    for place in sorted {
        let shares = |other: &Place| {
            let common = place.y2.min(other.y2) - place.y1.max(other.y1);
            common >= SAME_ROW * place.height().min(other.height())
        };
        match rows.last_mut().filter(|row| row.iter().all(shares)) {
            Some(row) => row.push(place),
            None => rows.push(vec![place]),
        }
    }
    rows.iter_mut().for_each(|row| row.sort_by(|a, b| a.x1.total_cmp(&b.x1)));
    rows.into_iter().flatten().map(|place| place.line).collect()
}

#[cfg(test)]
mod tests;
