//! What one block of questions looks like: a unit for each question, all of one size.

use super::file::{Block, Kind};
use super::{Align, Art, Target, questions};
use crate::geometry::Rect;
use crate::sheet::layout::{Bubble, Field, FieldKind, Shape};
use crate::sheet::print::font;

/// Millimetres. Bubbles are as wide as a pencil's stroke is easily kept within, and far enough apart that a
/// mark that misses by a third of one does not touch the next.
const BUBBLE: f32 = 4.6;
const PITCH: f32 = 7.0;
const LABEL: f32 = 9.0;
/// Space around what a unit prints.
const EDGE: f32 = 0.8;
const BOX: [f32; 2] = [7.0, 9.0];
const TEXT_SIZE: f32 = 3.6;
pub const CODE: f32 = 18.0;

/// A block before it has a place.
pub struct Plan<'a> {
    pub block: &'a Block,
    pub units: Vec<Unit>,
    /// Width and height of one.
    pub size: [f32; 2],
    pub(super) values: Vec<String>,
    /// From one option to the next.
    pitch: f32,
}

/// One question or one named field.
pub struct Unit {
    /// As results name it.
    pub name: String,
    /// As the paper names it.
    pub label: String,
}

impl<'a> Plan<'a> {
    /// `width` is what there is of the page.
    pub fn new(block: &'a Block, width: f32) -> Result<Self, String> {
        let values = block.options.as_ref().map(super::file::Options::values).unwrap_or_default();
        let pitch = pitch(&values);
        let places = block.digits.unwrap_or(1) as f32;
        let labelled = if block.name.is_some() { 0.0 } else { LABEL };
        let size = match block.kind {
            Kind::Choice | Kind::Multiple => [LABEL + pitch * values.len() as f32, PITCH],
            Kind::Grid => {
                [PITCH * places + 2.0 * EDGE, BOX[1] + 10.0 * (PITCH - 0.6) + 2.0 * EDGE + title(block)]
            }
            Kind::Digits => [labelled + BOX[0] * places + 2.0 * EDGE, BOX[1] + 2.0],
            Kind::Text => [block.width.unwrap_or(width - labelled) + labelled, block.height.unwrap_or(11.0)],
            Kind::Free => [block.width.unwrap_or(width), block.height.unwrap_or(50.0)],
            Kind::Code => [block.width.unwrap_or(CODE); 2],
        };
        Ok(Self { block, units: units(block)?, size, values, pitch })
    }

    /// How many columns are sensible where `width` is free: short lists are not spread over the whole page.
    pub fn columns(&self, width: f32, gap: f32) -> usize {
        let fit = (((width + gap) / (self.size[0] + gap) + 1e-3) as usize).max(1);
        let wanted = match self.block.kind {
            Kind::Choice | Kind::Multiple => self.units.len().div_ceil(5),
            _ => self.units.len(),
        };
        self.block
            .columns
            .map_or(fit.min(wanted), |columns| columns as usize)
            .clamp(1, self.units.len().max(1))
    }

    /// Unit `index` with its left top corner at `at`. `position` is the index of the field within its page.
    pub fn draw(&self, index: usize, at: [f32; 2], position: usize) -> (Field, Vec<Art>) {
        let unit = &self.units[index];
        let [x, y] = at;
        let mut art = Vec::new();
        let (bubbles, area) = match self.block.kind {
            Kind::Choice | Kind::Multiple => self.row(unit, at, &mut art),
            Kind::Grid => self.grid(unit, at, &mut art),
            Kind::Digits => self.boxes(unit, at, &mut art),
            Kind::Text | Kind::Free | Kind::Code => (Vec::new(), self.place(unit, at, &mut art)),
        };
        if let Some(column) = &self.block.roster {
            art.push(Art::Roster { column: column.clone(), into: Target::Field(position) });
        }
        let whole = Rect::new(x, y, x + self.size[0], y + self.size[1]);
        let field = Field {
            name: unit.name.clone(),
            kind: kind(self.block.kind),
            area: area.unwrap_or(whole),
            bubbles,
        };
        (field, art)
    }

    fn row(&self, unit: &Unit, [x, y]: [f32; 2], art: &mut Vec<Art>) -> (Vec<Bubble>, Option<Rect>) {
        let middle = y + PITCH / 2.0;
        art.push(text(&unit.label, [x + LABEL - 2.0, middle + TEXT_SIZE * 0.36], TEXT_SIZE, Align::Right));
        let bubbles = self.values.iter().enumerate().map(|(i, value)| {
            let centre = x + LABEL + self.pitch * i as f32 + BUBBLE / 2.0 + EDGE;
            if !inside(value) {
                let left = centre + BUBBLE / 2.0 + 1.0;
                art.push(text(value, [left, middle + TEXT_SIZE * 0.36], TEXT_SIZE, Align::Left));
            }
            bubble(value, 0, [centre, middle])
        });
        (bubbles.collect(), None)
    }

    fn grid(&self, unit: &Unit, [x, y]: [f32; 2], art: &mut Vec<Art>) -> (Vec<Bubble>, Option<Rect>) {
        let top = y + title(self.block);
        if title(self.block) > 0.0 {
            art.push(text(&unit.label, [x + EDGE, y + TEXT_SIZE], TEXT_SIZE, Align::Left));
        }
        let mut bubbles = Vec::new();
        for place in 0..self.block.digits.unwrap_or(1) {
            let left = x + EDGE + PITCH * place as f32;
            art.push(Art::Frame(Rect::new(left, top + EDGE, left + PITCH, top + EDGE + BOX[1] - 1.0)));
            for digit in 0..10 {
                let down = top + EDGE + BOX[1] + (PITCH - 0.6) * (digit as f32 + 0.5);
                bubbles.push(bubble(&digit.to_string(), place, [left + PITCH / 2.0, down]));
            }
        }
        (bubbles, None)
    }

    fn boxes(&self, unit: &Unit, [x, y]: [f32; 2], art: &mut Vec<Art>) -> (Vec<Bubble>, Option<Rect>) {
        let left = self.labelled(unit, [x, y + BOX[1] / 2.0], art) + EDGE;
        let bubbles = (0..self.block.digits.unwrap_or(1)).map(|place| {
            let at = left + BOX[0] * place as f32;
            let rect = Rect::new(at, y + 0.5, at + BOX[0], y + 0.5 + BOX[1]);
            Bubble { value: String::new(), place, rect, shape: Shape::Box }
        });
        (bubbles.collect(), None)
    }

    /// A place to write in, without what is printed beside it.
    fn place(&self, unit: &Unit, [x, y]: [f32; 2], art: &mut Vec<Art>) -> Option<Rect> {
        let (right, bottom) = (x + self.size[0], y + self.size[1]);
        if self.block.kind != Kind::Text {
            let rect = Rect::new(x, y, right, bottom - 1.0);
            art.push(Art::Frame(rect));
            return Some(rect);
        }
        let left = self.labelled(unit, [x, bottom - 3.5], art);
        art.push(Art::Line { from: [left, bottom - 2.0], to: [right, bottom - 2.0] });
        Some(Rect::new(left, y, right, bottom - 2.4))
    }

    /// The number before a question; returns where there is room after it.
    fn labelled(&self, unit: &Unit, [x, middle]: [f32; 2], art: &mut Vec<Art>) -> f32 {
        if self.block.name.is_some() {
            return x;
        }
        art.push(text(&unit.label, [x + LABEL - 2.0, middle + TEXT_SIZE * 0.36], TEXT_SIZE, Align::Right));
        x + LABEL
    }
}

/// Of grids of questions, the question's number stands above the boxes.
fn title(block: &Block) -> f32 {
    if block.name.is_some() { 0.0 } else { TEXT_SIZE + 1.5 }
}

fn units(block: &Block) -> Result<Vec<Unit>, String> {
    if let Some(name) = &block.name {
        let label = block.label.clone().unwrap_or_else(|| name.clone());
        return Ok(vec![Unit { name: name.clone(), label }]);
    }
    let numbers = questions::numbers(block.questions.as_deref().unwrap_or_default())?;
    Ok(numbers.into_iter().map(|n| Unit { name: format!("q{n}"), label: n.to_string() }).collect())
}

/// One letter or two fit into a bubble, longer words stand beside it.
pub fn inside(value: &str) -> bool {
    value.chars().count() <= 2
}

fn pitch(values: &[String]) -> f32 {
    let beside = values
        .iter()
        .filter(|value| !inside(value))
        .map(|value| font::width(value, TEXT_SIZE) + BUBBLE + 4.0);
    beside.fold(PITCH, f32::max)
}

fn bubble(value: &str, place: u32, [x, y]: [f32; 2]) -> Bubble {
    Bubble {
        value: value.to_owned(),
        place,
        rect: Rect::from_centre(x, y, BUBBLE, BUBBLE),
        shape: Shape::Ellipse,
    }
}

pub fn text(text: &str, at: [f32; 2], size: f32, align: Align) -> Art {
    Art::Text { text: text.to_owned(), at, size, align, grey: false }
}

pub fn kind(kind: Kind) -> FieldKind {
    match kind {
        Kind::Choice => FieldKind::Choice,
        Kind::Multiple => FieldKind::Multiple,
        Kind::Grid => FieldKind::Grid,
        Kind::Digits => FieldKind::Digits,
        Kind::Text => FieldKind::Text,
        Kind::Free => FieldKind::Free,
        Kind::Code => FieldKind::Code,
    }
}
