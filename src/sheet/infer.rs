//! A first draft of a `sheet.toml` from a scan of a blank sheet: rows and columns of circles and boxes.

use std::fmt::Write;

use image::RgbImage;

use crate::geometry::Rect;
use crate::ocr::components;
use crate::sheet::spec::Paper;

/// Millimetres: smaller ones are holes of letters, larger ones are places to write in.
const SMALLEST: f32 = 1.8;
const LARGEST: f32 = 10.0;
/// A circle fills π/4 of its box; a letter within takes some of it.
const FILLED: f32 = 0.5;
/// Of the way to the next bubble: a wider gap separates two blocks.
const APART: f32 = 1.7;
/// No sheet has more; finding the usual size takes the square of it.
const MOST: usize = 5_000;
/// Darker than this share of what is around is print.
const DARK: f32 = 0.85;
const AROUND: f32 = 8.0;

/// Bubbles in equal steps across and down, in millimetres.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub first: [f32; 2],
    pub pitch: [f32; 2],
    pub bubble: [f32; 2],
    pub across: usize,
    pub down: usize,
    /// Whether the outlines are boxes.
    pub boxes: bool,
}

/// One row of bubbles in equal steps.
struct Row {
    y: f32,
    first: f32,
    pitch: f32,
    count: usize,
}

/// Looks for blocks on a straight scan of paper that is `width` millimetres wide, in order of reading: columns
/// from the left, each from the top.
pub fn blocks(scan: &RgbImage, width: f32) -> Vec<Found> {
    let per_mm = scan.width() as f32 / width;
    let (bubbles, filled) = bubbles(scan, per_mm);
    let Some(size) = usual_size(&bubbles) else { return Vec::new() };
    let usual =
        |r: &Rect| (r.width() / size[0] - 1.0).abs() < 0.25 && (r.height() / size[1] - 1.0).abs() < 0.25;
    let centres: Vec<[f32; 2]> =
        bubbles.iter().filter(|r| usual(r)).map(|r| [(r.x1 + r.x2) / 2.0, (r.y1 + r.y2) / 2.0]).collect();
    let mut found: Vec<Found> = Vec::new();
    for row in rows(centres, size) {
        let fits = |block: &&mut Found| {
            let next = block.first[1] + block.pitch[1] * block.down as f32;
            let near = block.down == 1 && row.y - block.first[1] < 3.0 * size[1] && row.y > block.first[1];
            block.across == row.count
                && (block.first[0] - row.first).abs() < 0.3 * size[0]
                && (near || block.down > 1 && (next - row.y).abs() < 0.2 * block.pitch[1])
        };
        match found.iter_mut().rev().find(fits) {
            Some(block) => {
                block.pitch[1] = (row.y - block.first[1]) / block.down as f32;
                block.down += 1;
            }
            None => found.push(Found {
                first: [row.first, row.y],
                pitch: [row.pitch, size[1] * 1.5],
                bubble: size,
                across: row.count,
                down: 1,
                boxes: filled > 0.9,
            }),
        }
    }
    found.sort_by(|a, b| {
        let apart = (a.first[0] - b.first[0]).abs() > a.pitch[0];
        let [left, top] = [0, 1].map(|axis: usize| a.first[axis].total_cmp(&b.first[axis]));
        if apart { left } else { top }
    });
    found
}

/// Boxes around bright regions of a bubble's size, and how much of their boxes they fill in the middle.
fn bubbles(scan: &RgbImage, per_mm: f32) -> (Vec<Rect>, f32) {
    let bright: Vec<bool> = dark(scan, per_mm).into_iter().map(|dark| !dark).collect();
    let mut found = Vec::new();
    let mut filled = Vec::new();
    for region in components::regions(&bright, scan.width() as usize) {
        let edge =
            |axis: usize, pick: fn(i32, i32) -> i32| region.iter().map(|p| p[axis]).reduce(pick).unwrap_or(0);
        let [x1, y1, x2, y2] =
            [edge(0, i32::min), edge(1, i32::min), edge(0, i32::max) + 1, edge(1, i32::max) + 1];
        let (wide, high) = ((x2 - x1) as f32 / per_mm, (y2 - y1) as f32 / per_mm);
        let sized = [wide, high].iter().all(|v| (SMALLEST..LARGEST).contains(v))
            && (0.5..2.0).contains(&(wide / high));
        if !sized {
            continue;
        }
        let area: i32 = region.chunks_exact(2).map(|run| run[1][0] - run[0][0] + 1).sum();
        let share = area as f32 / ((x2 - x1) * (y2 - y1)) as f32;
        if share >= FILLED && found.len() < MOST {
            let [x1, y1, x2, y2] = [x1, y1, x2, y2].map(|v| v as f32 / per_mm);
            found.push(Rect::new(x1, y1, x2, y2));
            filled.push(share);
        }
    }
    filled.sort_by(f32::total_cmp);
    let middle = filled.get(filled.len() / 2).copied().unwrap_or(0.0);
    (found, middle)
}

/// Pixels that are darker than the mean of what is around them.
fn dark(scan: &RgbImage, per_mm: f32) -> Vec<bool> {
    let grey = image::imageops::grayscale(scan);
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    // Sums of all that is left of and above a place, with a row and a column of zeros before them.
    let mut sums = vec![0u64; (width + 1) * (height + 1)];
    for (y, row) in grey.as_raw().chunks_exact(width.max(1)).enumerate() {
        let mut sum = 0;
        for (x, value) in row.iter().enumerate() {
            sum += u64::from(*value);
            sums[(y + 1) * (width + 1) + x + 1] = sums[y * (width + 1) + x + 1] + sum;
        }
    }
    let reach = (AROUND / 2.0 * per_mm).max(1.0) as usize;
    let is_dark = |(i, value): (usize, &u8)| {
        let (x, y) = (i % width, i / width);
        let (x1, y1, x2, y2) = (
            x.saturating_sub(reach),
            y.saturating_sub(reach),
            (x + reach).min(width),
            (y + reach).min(height),
        );
        let at = |x: usize, y: usize| sums[y * (width + 1) + x];
        let sum = at(x2, y2) + at(x1, y1) - at(x1, y2) - at(x2, y1);
        f32::from(*value) * (((x2 - x1) * (y2 - y1)) as f32) < DARK * sum as f32
    };
    grey.as_raw().iter().enumerate().map(is_dark).collect()
}

/// The size that most have, to half a millimetre: the middle of those.
fn usual_size(bubbles: &[Rect]) -> Option<[f32; 2]> {
    let near =
        |a: &Rect, b: &Rect| (a.width() - b.width()).abs() < 0.5 && (a.height() - b.height()).abs() < 0.5;
    let count = |a: &Rect| bubbles.iter().filter(|b| near(a, b)).count();
    let best = bubbles.iter().max_by_key(|a| count(a)).filter(|a| count(a) >= 4)?;
    let mut like: Vec<[f32; 2]> =
        bubbles.iter().filter(|b| near(best, b)).map(|b| [b.width(), b.height()]).collect();
    let mut middle = |axis: usize| {
        like.sort_by(|a, b| a[axis].total_cmp(&b[axis]));
        like[like.len() / 2][axis]
    };
    Some([middle(0), middle(1)])
}

/// Rows from top to bottom, each cut where its bubbles stand further apart.
fn rows(mut centres: Vec<[f32; 2]>, size: [f32; 2]) -> Vec<Row> {
    centres.sort_by(|a, b| a[1].total_cmp(&b[1]));
    let mut lines: Vec<Vec<[f32; 2]>> = Vec::new();
    for centre in centres {
        match lines.last_mut() {
            Some(line) if centre[1] - line[line.len() - 1][1] < 0.3 * size[1] => line.push(centre),
            _ => lines.push(vec![centre]),
        }
    }
    let mut rows = Vec::new();
    for mut line in lines {
        line.sort_by(|a, b| a[0].total_cmp(&b[0]));
        let step = line.windows(2).map(|w| w[1][0] - w[0][0]).fold(f32::INFINITY, f32::min);
        for run in line.chunk_by(|a, b| b[0] - a[0] < APART * step) {
            if run.len() < 2 {
                continue;
            }
            let count = run.len();
            let y = run.iter().map(|c| c[1]).sum::<f32>() / count as f32;
            let pitch = (run[count - 1][0] - run[0][0]) / (count - 1) as f32;
            rows.push(Row { y, first: run[0][0], pitch, count });
        }
    }
    rows
}

/// The description of what was found on each page, for people to go on with.
pub fn draft(pages: &[Vec<Found>], title: &str, paper: Paper) -> String {
    let mut text = format!(
        "# A draft from a blank scan: check kinds, numbers and options.\n\
         title = {}\npaper = \"{paper:?}\"\nexisting = true\n",
        toml::Value::String(title.to_owned())
    );
    let mut question = 1;
    for (index, found) in pages.iter().enumerate() {
        for block in found {
            let last = question + block.down - 1;
            text.push_str(&described(block, index + 1, question, last));
            question = last + 1;
        }
    }
    text
}

fn described(block: &Found, page: usize, first: usize, last: usize) -> String {
    let letters = ('A'..='Z').take(26).map(String::from);
    let options: Vec<String> = match block.across {
        0..=26 => letters.take(block.across).collect(),
        more => (1..=more).map(|n| n.to_string()).collect(),
    };
    let shape = if block.boxes { "box" } else { "ellipse" };
    let mut text = String::from("\n");
    if block.down == 10 {
        let digits = block.across;
        // Writing to a String cannot fail.
        let _ = writeln!(
            text,
            "# Ten rows: if this is a number, write kind = \"grid\", name = \"id\" and digits = {digits} instead of questions and options."
        );
    }
    let [[x, y], [dx, dy], [width, height]] = [block.first, block.pitch, block.bubble];
    let _ = write!(
        text,
        "[[block]]\nkind = \"choice\"\nquestions = \"{first}-{last}\"\noptions = {options:?}\npage = {page}\n\
         first = [{x:.2}, {y:.2}]\npitch = [{dx:.2}, {dy:.2}]\nbubble = [{width:.2}, {height:.2}]\nshape = \"{shape}\"\n"
    );
    text
}
