//! What stands on one page: marks in the corners, the code, fields, words, and the student's own entries.

use super::canvas::Canvas;
use super::{Copy, font};
use crate::error::{Error, Kind, Result};
use crate::geometry::Rect;
use crate::sheet::layout::{Anchors, Bubble, Field, FieldKind, Page, Shape};
use crate::sheet::spec::{self, Align, Art, Sheet};

/// Widths of lines in millimetres: thin enough that an empty bubble stays bright, thick enough for 100 dpi.
const OUTLINE: f32 = 0.25;
const RULE: f32 = 0.3;
/// Letters within bubbles are grey, so that they are no marks; the outline is darker, so that people see it.
const LETTER_GREY: f32 = 0.55;
const OUTLINE_GREY: f32 = 0.25;
const LETTER: f32 = 0.58;

pub fn draw(canvas: &mut Canvas, sheet: &Sheet, index: usize, copy: &Copy) -> Result<()> {
    let page = &sheet.layout.pages[index];
    if let Anchors::Fiducials { centres, side } = &page.anchors {
        for [x, y] in centres {
            canvas.fill(&Rect::from_centre(*x, *y, *side, *side), 0.0);
        }
    }
    for field in &page.fields {
        for bubble in &field.bubbles {
            self::bubble(canvas, bubble);
        }
    }
    for art in &sheet.art[index] {
        self::art(canvas, sheet, index, art, copy)?;
    }
    Ok(())
}

fn art(canvas: &mut Canvas, sheet: &Sheet, index: usize, art: &Art, copy: &Copy) -> Result<()> {
    match art {
        Art::Text { text, at, size, align, grey } => {
            canvas.text(text, *at, *size, *align, if *grey { LETTER_GREY } else { 0.0 });
        }
        Art::Line { from, to } => canvas.line(*from, *to, RULE),
        Art::Frame(rect) => canvas.frame(rect, RULE, 0.0),
        Art::PageCode(rect) => canvas.code(&sheet.page_code(index, copy.version), rect)?,
        Art::Version { at, size } => {
            if let Some(version) = copy.version {
                canvas.text(version, *at, *size, Align::Right, 0.0);
            }
        }
        Art::Roster { column, into } => {
            let Some(value) = copy.student.and_then(|student| student.get(column)) else { return Ok(()) };
            match into {
                spec::Target::Line { at, width } => {
                    canvas.text(&font::cut(value, 4.2, *width), *at, 4.2, Align::Left, 0.0);
                }
                spec::Target::Field(field) => {
                    entry(canvas, &sheet.layout.pages[index], *field, column, value)?
                }
            }
        }
    }
    Ok(())
}

fn bubble(canvas: &mut Canvas, bubble: &Bubble) {
    match bubble.shape {
        Shape::Ellipse => canvas.ellipse(&bubble.rect, Some(OUTLINE), OUTLINE_GREY),
        Shape::Box => canvas.frame(&bubble.rect, OUTLINE, OUTLINE_GREY),
    }
    if spec::fits_inside(&bubble.value) {
        let size = bubble.rect.height() * LETTER;
        letter(canvas, &bubble.rect, &bubble.value, size, LETTER_GREY);
    }
}

fn letter(canvas: &mut Canvas, rect: &Rect, text: &str, size: f32, grey: f32) {
    // Capitals of DejaVu Sans are 0.73 em high.
    let middle = [(rect.x1 + rect.x2) / 2.0, (rect.y1 + rect.y2) / 2.0 + size * 0.365];
    let size = size * (rect.width() * 0.8 / font::width(text, size).max(0.1)).min(1.0);
    canvas.text(text, middle, size, Align::Centre, grey);
}

/// An entry of the roster in its field: bubbles filled, digits in boxes, words on the line, or a code.
fn entry(canvas: &mut Canvas, page: &Page, index: usize, column: &str, value: &str) -> Result<()> {
    let Some(field) = page.fields.get(index) else { return Ok(()) };
    match field.kind {
        FieldKind::Grid | FieldKind::Digits => digits(canvas, field, column, value),
        FieldKind::Code => canvas.code(value, &field.area),
        FieldKind::Text | FieldKind::Free => {
            let at = [field.area.x1 + 1.0, field.area.y2 - 1.0];
            canvas.text(&font::cut(value, 4.2, field.area.width() - 2.0), at, 4.2, Align::Left, 0.0);
            Ok(())
        }
        FieldKind::Choice | FieldKind::Multiple => Ok(()),
    }
}

fn digits(canvas: &mut Canvas, field: &Field, column: &str, value: &str) -> Result<()> {
    let places = field.bubbles.iter().map(|b| b.place + 1).max().unwrap_or(0) as usize;
    if value.chars().count() > places || !value.chars().all(|c| c.is_ascii_digit()) {
        let message = format!(
            "roster, column {column}: {value:?} does not fit into the {places} digits of {}; print without --roster or change the sheet",
            field.name
        );
        return Err(Error::new(Kind::Config, message));
    }
    // Shorter numbers get leading zeros, so that every place is decided.
    let padded = format!("{value:0>places$}");
    for (place, digit) in padded.chars().enumerate() {
        let of_place = field.bubbles.iter().filter(|b| b.place as usize == place);
        for bubble in of_place {
            if bubble.value.is_empty() {
                letter(canvas, &bubble.rect, &digit.to_string(), bubble.rect.height() * 0.7, 0.0);
            } else if bubble.value.starts_with(digit) {
                canvas.ellipse(&bubble.rect, None, 0.0);
            }
        }
    }
    Ok(())
}
