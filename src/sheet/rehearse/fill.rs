//! Answers that are known, and the strokes that give them.

use super::hand::{self, Mark};
use super::ink::{Pen, Stroke};
use super::random::Random;
use crate::geometry::Rect;
use crate::sheet::layout::{Bubble, Field, FieldKind};

/// What was meant in one field, and how it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    pub field: String,
    /// As [`crate::sheet::response::Response::values`].
    pub values: Vec<String>,
    pub pen: Pen,
    /// The marks that were made, in order: `fill`, `erased`, …; `written` for text and digits.
    pub marks: Vec<&'static str>,
}

/// Strokes of one strength.
pub struct Inked {
    pub strokes: Vec<Stroke>,
    pub strength: f32,
}

/// Someone with a pen and habits.
#[derive(Debug, Clone)]
pub struct Writer {
    pub pen: Pen,
    /// How they mark; most people fill.
    mark: Mark,
}

/// Pens and marks for trying and for calibrating are different ones, so that a figure says something about pens
/// that were not seen before.
pub const CALIBRATION_PENS: &[Pen] = &[Pen::SoftPencil, Pen::Black, Pen::Red];
pub const TRIAL_PENS: &[Pen] = &[Pen::Pencil, Pen::Blue, Pen::Gel];
pub const ALL_PENS: &[Pen] = &[Pen::Pencil, Pen::SoftPencil, Pen::Blue, Pen::Black, Pen::Red, Pen::Gel];

impl Writer {
    pub fn new(pens: &[Pen], random: &mut Random) -> Self {
        let pen = random.pick(pens).copied().unwrap_or(Pen::Pencil);
        let mark = match random.unit() {
            u if u < 0.7 => Mark::Fill,
            u if u < 0.8 => Mark::Tick,
            u if u < 0.9 => Mark::Cross,
            _ => Mark::Partial,
        };
        Self { pen, mark }
    }

    /// Answers a field at random, or as `answer` says.
    pub fn answer(
        &self,
        field: &Field,
        answer: Option<&[String]>,
        random: &mut Random,
    ) -> (Truth, Vec<Inked>) {
        let mut hand = Hand { writer: self, random, marks: Vec::new(), inked: Vec::new() };
        let values = match field.kind {
            FieldKind::Choice => hand.choice(field, answer),
            FieldKind::Multiple => hand.multiple(field, answer),
            FieldKind::Grid => hand.grid(field, answer),
            FieldKind::Digits | FieldKind::Text => hand.written(field, answer),
            FieldKind::Free => hand.free(field),
            FieldKind::Code => Vec::new(),
        };
        let (marks, inked) = (hand.marks, hand.inked);
        (Truth { field: field.name.clone(), values, pen: self.pen, marks }, inked)
    }
}

/// One field being answered.
struct Hand<'a> {
    writer: &'a Writer,
    random: &'a mut Random,
    marks: Vec<&'static str>,
    inked: Vec<Inked>,
}

impl Hand<'_> {
    fn make(&mut self, mark: Mark, rect: &Rect) {
        let strokes = hand::mark(mark, rect, self.random);
        let strength = match mark {
            // What an eraser leaves of pencil.
            Mark::Erased => self.random.between(0.06, 0.16),
            _ => self.random.between(0.85, 1.0),
        };
        self.marks.push(mark.name());
        self.inked.push(Inked { strokes, strength });
    }

    fn choice(&mut self, field: &Field, answer: Option<&[String]>) -> Vec<String> {
        let wanted = match answer {
            Some(values) => field.bubbles.iter().find(|b| values.contains(&b.value)),
            None if self.random.chance(0.04) => None,
            None => self.random.pick(&field.bubbles),
        };
        let Some(bubble) = wanted else { return Vec::new() };
        if self.random.chance(0.05) {
            self.changed_mind(field, bubble);
        } else {
            self.make(self.writer.mark, &bubble.rect);
        }
        vec![bubble.value.clone()]
    }

    /// Another answer first, taken back: pencil is rubbed out, ink is crossed out.
    fn changed_mind(&mut self, field: &Field, bubble: &Bubble) {
        let others: Vec<&Bubble> = field.bubbles.iter().filter(|b| b.value != bubble.value).collect();
        if let Some(other) = self.random.pick(&others) {
            let pencil = matches!(self.writer.pen, Pen::Pencil | Pen::SoftPencil);
            self.make(if pencil { Mark::Erased } else { Mark::Cancelled }, &other.rect);
        }
        self.make(Mark::Fill, &bubble.rect);
    }

    fn multiple(&mut self, field: &Field, answer: Option<&[String]>) -> Vec<String> {
        let mut values = Vec::new();
        for bubble in &field.bubbles {
            let wanted =
                answer.map_or_else(|| self.random.chance(0.4), |values| values.contains(&bubble.value));
            if wanted {
                self.make(self.writer.mark, &bubble.rect);
                values.push(bubble.value.clone());
            }
        }
        values
    }

    fn grid(&mut self, field: &Field, answer: Option<&[String]>) -> Vec<String> {
        let places = field.bubbles.iter().map(|b| b.place + 1).max().unwrap_or(0);
        let number = self.number(places, answer);
        for (place, digit) in number.chars().enumerate() {
            let bubble =
                field.bubbles.iter().find(|b| b.place as usize == place && b.value.starts_with(digit));
            if let Some(bubble) = bubble {
                let mark = if self.random.chance(0.9) { Mark::Fill } else { self.writer.mark };
                self.make(mark, &bubble.rect);
            }
        }
        vec![number]
    }

    fn written(&mut self, field: &Field, answer: Option<&[String]>) -> Vec<String> {
        let boxes: Vec<Rect> = if field.bubbles.is_empty() {
            // On a line, digits of 5 by 8 mm from its beginning.
            let bottom = field.area.y2;
            (0..8)
                .map(|i| {
                    Rect::new(
                        field.area.x1 + 2.0 + 5.5 * i as f32,
                        bottom - 8.0,
                        field.area.x1 + 7.5 + 5.5 * i as f32,
                        bottom,
                    )
                })
                .collect()
        } else {
            field.bubbles.iter().map(|b| b.rect).collect()
        };
        let most = if field.bubbles.is_empty() { 1 + self.random.below(3) } else { boxes.len() };
        let number = self.number(most as u32, answer);
        let strokes = hand::digits(&number, &boxes, self.random);
        self.marks.push("written");
        self.inked.push(Inked { strokes, strength: 0.95 });
        vec![number]
    }

    fn free(&mut self, field: &Field) -> Vec<String> {
        let strokes = hand::scribble(&field.area, self.random);
        self.inked.push(Inked { strokes, strength: 0.9 });
        Vec::new()
    }

    fn number(&mut self, places: u32, answer: Option<&[String]>) -> String {
        match answer.and_then(|values| values.first()) {
            Some(value) => value.clone(),
            None => (0..places).map(|_| char::from(b'0' + self.random.below(10) as u8)).collect(),
        }
    }
}
