//! From how dark bubbles are to answers: what is marked, how sure that is, and what a person should see.

use super::levels::Levels;
use super::page::{FieldRead, MarkRead, SheetPage};
use crate::geometry::{Quad, Rect};
use crate::policy::round;
use crate::sheet::align::Plane;
use crate::sheet::layout::{Field, FieldKind, Layout, Page};
use crate::sheet::response::{Bucket, Response};
use crate::sheet::seen::{Mark, Placed, SheetSeen};

/// A place of a grid without a mark, and one with several, as they stand in its value.
pub const EMPTY_PLACE: char = '_';
pub const DOUBLE_PLACE: char = '*';

/// Bubbles less likely to be marked are not told.
const TOLD: f32 = 0.02;

/// How sure an answer must be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rules {
    /// Answers less likely right go to a person, 0 to 1.
    pub sure: f32,
}

/// Decides a page.
pub fn decide(layout: &Layout, seen: &SheetSeen, rules: Rules, size: [u32; 2]) -> SheetPage {
    let at = seen.placed.as_ref().and_then(|placed| Some((placed, layout.pages.get(placed.page as usize)?)));
    if let Some(trouble) = seen.trouble.clone() {
        let is_one = at.is_some() || seen.code.is_some();
        let bucket = if is_one { Bucket::Rejected(trouble) } else { Bucket::NotASheet(trouble) };
        let corners = at.map(|(placed, page)| corners(page, placed));
        return SheetPage { corners, ..SheetPage::unread(bucket) };
    }
    let count = |page: &Page| page.fields.iter().map(|field| field.bubbles.len()).sum::<usize>();
    let Some((placed, page)) = at
        .filter(|(placed, page)| count(page) == seen.marks.len() && placed.shifts.len() == seen.marks.len())
    else {
        // Keys of observations hold the layout's digest, so this is not met.
        return SheetPage::unread(Bucket::Rejected("other-layout".to_owned()));
    };
    let levels = Levels::of(page, &seen.marks);
    let mut start = 0;
    let mut fields = Vec::with_capacity(page.fields.len());
    for field in &page.fields {
        let range = start..start + field.bubbles.len();
        start = range.end;
        let place = Place { plane: &placed.to_frame, shifts: &placed.shifts[range.clone()], size };
        fields.push(read(field, &seen.marks[range.clone()], &levels, range.start, rules, &place));
    }
    let quality = poor(seen, placed);
    let review = fields.iter().any(|field| field.response.review) || !quality.is_empty();
    SheetPage {
        bucket: if review { Bucket::Review } else { Bucket::Graded },
        page: Some(placed.page),
        version: seen.code.as_ref().and_then(|code| code.version.clone()),
        corners: Some(corners(page, placed)),
        quality,
        fields,
    }
}

/// What is wrong with the picture so that a person should see the page, whatever its answers are.
fn poor(seen: &SheetSeen, placed: &Placed) -> Vec<String> {
    let quality = &seen.quality;
    let codes = [
        ("corner-missing", !placed.complete),
        ("anchors-off", placed.residual > ANCHORS_OFF),
        ("bubbles-off", placed.spread > BUBBLES_OFF || placed.printed < LEAST_PRINTED),
        ("small", quality.bubble < SMALL),
        ("blurred", quality.blur > BLURRED * quality.bubble),
        ("dark", quality.paper < DARK),
    ];
    codes.into_iter().filter(|(_, is)| *is).map(|(code, _)| code.to_owned()).collect()
}

/// The edge of curled paper is off by about 0.01 of its side; twice that is another shape.
const ANCHORS_OFF: f32 = 0.02;
/// Bubbles that are off by half their width after all shifts are others.
const BUBBLES_OFF: f32 = 0.5;
const LEAST_PRINTED: f32 = 0.5;
/// Bubbles of fewer pixels hold no letter, and edges wider than this share of a bubble leave no ring.
const SMALL: f32 = 5.0;
const BLURRED: f32 = 0.5;
/// Paper darker than this, of 255, has been seen without light.
const DARK: f32 = 40.0;

/// Where things of the layout are in the frame.
struct Place<'a> {
    plane: &'a Plane,
    /// Of the field's bubbles.
    shifts: &'a [[f32; 2]],
    size: [u32; 2],
}

impl Place<'_> {
    /// The box around a box of the layout that is shifted.
    fn rect(&self, rect: &Rect, shift: [f32; 2]) -> Rect {
        let corners = [[rect.x1, rect.y1], [rect.x2, rect.y1], [rect.x2, rect.y2], [rect.x1, rect.y2]];
        let to = |[x, y]: [f32; 2]| self.plane.at_f32([x + shift[0], y + shift[1]]);
        let [width, height] = self.size.map(|side| side as f32);
        let Rect { x1, y1, x2, y2 } = Quad(corners.map(to)).hull().clamp(width, height);
        Rect::new(round(x1, 10.0), round(y1, 10.0), round(x2, 10.0), round(y2, 10.0))
    }

    /// Around all bubbles of a field, where there are any.
    fn area(&self, field: &Field) -> Rect {
        let bubbles = field.bubbles.iter().zip(self.shifts);
        let around =
            |a: Rect, b: Rect| Rect::new(a.x1.min(b.x1), a.y1.min(b.y1), a.x2.max(b.x2), a.y2.max(b.y2));
        let all = bubbles.map(|(bubble, shift)| self.rect(&bubble.rect, *shift)).reduce(around);
        all.unwrap_or_else(|| self.rect(&field.area, [0.0, 0.0]))
    }
}

fn corners(page: &Page, placed: &Placed) -> Quad {
    let [width, height] = page.size;
    let corners = [[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]];
    Quad(corners.map(|corner| placed.to_frame.at_f32(corner).map(|v| round(v, 10.0))))
}

fn read(
    field: &Field,
    marks: &[Mark],
    levels: &Levels,
    first: usize,
    rules: Rules,
    place: &Place,
) -> FieldRead {
    if field.bubbles.is_empty() && field.kind != FieldKind::Free || is_written(field.kind) {
        return unread(field, place);
    }
    let over: Vec<f32> = marks.iter().enumerate().map(|(n, m)| m.fill - levels.empty[first + n]).collect();
    let scores: Vec<f32> = over.iter().map(|over| likely(*over, levels)).collect();
    let marked: Vec<bool> = scores.iter().map(|score| *score > 0.5).collect();
    let mut flags = Vec::new();
    let marked = alone(field, &over, marked, &mut flags);
    let values = match field.kind {
        FieldKind::Grid => grid(field, &marked, &mut flags),
        _ => field.bubbles.iter().zip(&marked).filter(|(_, m)| **m).map(|(b, _)| b.value.clone()).collect(),
    };
    if field.kind == FieldKind::Choice && values.len() > 1 {
        flags.push("two-marks".to_owned());
    }
    let confidence: f32 = scores.iter().map(|score| score.max(1.0 - score)).product();
    let confidence = round(confidence, 1e4);
    let told = field.bubbles.iter().enumerate().filter(|(n, _)| scores[*n] >= TOLD);
    let told = told.map(|(n, bubble)| MarkRead {
        value: bubble.value.clone(),
        place: bubble.place,
        marked: marked[n],
        score: round(scores[n], 1e4),
        rect: place.rect(&bubble.rect, place.shifts[n]),
    });
    FieldRead {
        rect: place.area(field),
        marks: told.collect(),
        response: Response {
            field: field.name.clone(),
            values,
            confidence,
            review: confidence < rules.sure || !flags.is_empty(),
            flags,
        },
    }
}

/// What is written or printed instead of marked. The boxes for digits are no bubbles: what stands in them is no mark.
fn is_written(kind: FieldKind) -> bool {
    matches!(kind, FieldKind::Digits | FieldKind::Text | FieldKind::Code)
}

/// A field that only a person reads: never an empty answer that counts.
fn unread(field: &Field, place: &Place) -> FieldRead {
    let response = Response {
        field: field.name.clone(),
        values: Vec::new(),
        confidence: 0.0,
        review: true,
        flags: vec!["unread".to_owned()],
    };
    FieldRead { rect: place.rect(&field.area, [0.0, 0.0]), marks: Vec::new(), response }
}

/// Of a choice, marks much weaker than the strongest are taken back: rubbed out, or corrected. A person sees them.
fn alone(field: &Field, over: &[f32], mut marked: Vec<bool>, flags: &mut Vec<String>) -> Vec<bool> {
    /// Rubber leaves less than this share of a mark's darkness.
    const LEFT: f32 = 0.5;
    if field.kind != FieldKind::Choice {
        return marked;
    }
    let most = over.iter().copied().fold(0.0, f32::max);
    let mut weak = 0;
    for (marked, over) in marked.iter_mut().zip(over) {
        if *marked && *over < LEFT * most {
            *marked = false;
            weak += 1;
        }
    }
    if weak > 0 {
        flags.push("erased".to_owned());
    }
    marked
}

/// How likely a bubble so much darker than an empty one is marked.
fn likely(over: f32, levels: &Levels) -> f32 {
    let middle = (5.0 * levels.noise).max(0.35 * levels.mark).max(0.05);
    let slope = 0.12 * middle + 0.4 * levels.noise;
    1.0 / (1.0 + (-(over - middle) / slope).exp())
}

/// The places' values in order, as one; none where nothing is marked.
fn grid(field: &Field, marked: &[bool], flags: &mut Vec<String>) -> Vec<String> {
    let places = field.bubbles.iter().map(|bubble| bubble.place).max().map_or(0, |last| last + 1);
    let mut text = String::new();
    let (mut empty, mut double) = (0, 0);
    for place in 0..places {
        let mut own =
            field.bubbles.iter().zip(marked).filter(|(bubble, marked)| bubble.place == place && **marked);
        match (own.next(), own.next()) {
            (None, _) => {
                empty += 1;
                text.push(EMPTY_PLACE);
            }
            (Some((bubble, _)), None) => text.push_str(&bubble.value),
            (Some(_), Some(_)) => {
                double += 1;
                text.push(DOUBLE_PLACE);
            }
        }
    }
    if empty == places {
        return Vec::new();
    }
    if empty > 0 {
        flags.push("empty-place".to_owned());
    }
    if double > 0 {
        flags.push("two-marks".to_owned());
    }
    vec![text]
}
