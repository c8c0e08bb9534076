//! The words on tags: the built-in font, what it cannot show, shortening to a width, drawing.

use std::sync::OnceLock;

use ab_glyph::{Font, FontRef, Glyph, PxScale, ScaleFont, point};
use image::{GrayImage, RgbImage};

use crate::draw::palette::{Colour, mix};

/// DejaVu Sans: Latin, Greek and Cyrillic in a face made for small sizes.
static FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

/// Labels are cut here before anything is measured; longer ones would cover the picture.
const MAX_CHARACTERS: usize = 40;

/// Parsed once; every picture of a run uses it.
fn font() -> Option<&'static FontRef<'static>> {
    static PARSED: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    PARSED.get_or_init(|| FontRef::try_from_slice(FONT).ok()).as_ref()
}

/// `label` as it can be drawn.
///
/// Signs that are neither letter nor digit and that the font lacks (emoji) are left out. A label
/// with a letter or digit that cannot be drawn (Chinese, Arabic, …) becomes `class_17`, the name
/// that `--classes` also takes: half a word would mislead, and empty squares say nothing. Results
/// files always hold the label itself.
pub fn drawable(label: &str, class: u32) -> String {
    let mut text = String::new();
    for c in label.chars().map(|c| if c.is_whitespace() || c.is_control() { ' ' } else { c }) {
        if can_draw(c) {
            text.push(c);
        } else if c.is_alphanumeric() {
            return format!("class_{class}");
        }
    }
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() { format!("class_{class}") } else { text }
}

/// Whether the font can show all of `text`.
pub fn is_drawable(text: &str) -> bool {
    text.chars().all(|c| c == ' ' || can_draw(c))
}

/// `text` from the left of a picture of `size` = [width, height], in the middle of its height: 255 where ink is.
pub fn mask(text: &str, line: f32, size: [u32; 2]) -> GrayImage {
    let mut mask = GrayImage::new(size[0], size[1]);
    let top = (size[1] as f32 - line).max(0.0) / 2.0;
    ink(text, line, |x, y, coverage| {
        let at = (u32::try_from(x), u32::try_from(y + top as i64));
        if let (Ok(x), Ok(y)) = at
            && let Some(pixel) = mask.get_pixel_mut_checked(x, y)
        {
            pixel.0[0] = pixel.0[0].max((coverage * 255.0).round() as u8);
        }
    });
    mask
}

/// Whether the font has `c` and shows it rightly when glyphs are set one after the other, left
/// to right. Hebrew, Arabic and their neighbours are in the font but need reordering and joining.
fn can_draw(c: char) -> bool {
    let needs_shaping = matches!(u32::from(c), 0x0590..=0x08FF | 0xFB1D..=0xFDFF | 0xFE70..=0xFEFF);
    // Joiners, direction marks and variation selectors, which the font has as empty glyphs.
    let invisible =
        matches!(u32::from(c), 0x200B..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFE00..=0xFE0F);
    !needs_shaping && !invisible && font().is_some_and(|f| f.glyph_id(c).0 != 0)
}

/// The glyphs of `text` set from x = 0 with kerning, their baseline at the ascent, and the
/// width of the line in pixels.
fn layout(font: &FontRef, text: &str, size: f32) -> (Vec<Glyph>, f32) {
    let scaled = font.as_scaled(PxScale::from(size));
    let mut glyphs: Vec<Glyph> = Vec::with_capacity(text.len());
    let mut x = 0.0;
    for c in text.chars() {
        let id = scaled.glyph_id(c);
        if let Some(last) = glyphs.last() {
            x += scaled.kern(last.id, id);
        }
        glyphs.push(id.with_scale_and_position(size, point(x, scaled.ascent())));
        x += scaled.h_advance(id);
    }
    (glyphs, x)
}

/// Width in pixels of `text` set in a font of line height `size`.
pub fn width(text: &str, size: f32) -> i64 {
    font().map_or(0, |font| layout(font, text, size).1.ceil() as i64)
}

/// `label` and `score` joined, the label shortened with `…` until both fit into `width` pixels.
/// `None` where not even one letter does.
pub fn fitted(label: &str, score: &str, size: f32, width: i64) -> Option<String> {
    let gap = if label.is_empty() || score.is_empty() { "" } else { " " };
    let letters: Vec<char> = label.chars().take(MAX_CHARACTERS + 1).collect();
    let fits = |text: &str| self::width(text, size) <= width;
    let whole = format!("{label}{gap}{score}");
    if letters.len() <= MAX_CHARACTERS && fits(&whole) {
        return (!whole.is_empty()).then_some(whole);
    }
    let kept = letters.len().saturating_sub(1).min(MAX_CHARACTERS - 1);
    let shortened = (1..=kept).rev().map(|n| {
        let start: String = letters.iter().take(n).collect();
        format!("{}…{gap}{score}", start.trim_end())
    });
    shortened.into_iter().find(|text| fits(text))
}

/// Draws `text` with the top left corner of its line at `x`, `y`, cut to the picture.
pub fn draw(image: &mut RgbImage, text: &str, x: i64, y: i64, size: f32, colour: Colour) {
    ink(text, size, |column, row, coverage| {
        let at = (u32::try_from(x + column), u32::try_from(y + row));
        if let (Ok(px), Ok(py)) = at
            && let Some(pixel) = image.get_pixel_mut_checked(px, py)
        {
            pixel.0 = mix(pixel.0, colour, coverage);
        }
    });
}

/// Calls `pixel` with the place, from the top left corner of the line, and the coverage of each pixel of `text`.
fn ink(text: &str, size: f32, mut pixel: impl FnMut(i64, i64, f32)) {
    let Some(font) = font() else { return };
    for glyph in layout(font, text, size).0 {
        let Some(outline) = font.outline_glyph(glyph) else { continue };
        let corner = outline.px_bounds().min;
        let (left, top) = (corner.x as i64, corner.y as i64);
        outline.draw(|column, row, coverage| {
            pixel(left + i64::from(column), top + i64::from(row), coverage.clamp(0.0, 1.0));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn european_labels_are_drawn_as_they_are() {
        for label in ["person", "Straßenschild", "Fußgänger – links", "автобус", "λεωφορείο", "50 %"]
        {
            assert_eq!(drawable(label, 1), label);
        }
    }

    #[test]
    fn what_the_font_lacks_becomes_the_class_number() {
        for label in ["人", "قطة", "शेर", "第1类", "", " \n\t", "🐶"] {
            assert_eq!(drawable(label, 17), "class_17", "{label}");
        }
        assert_eq!(drawable("traffic\nlight\u{7}", 1), "traffic light");
    }

    #[test]
    fn signs_the_font_lacks_are_left_out() {
        assert_eq!(drawable("dog \u{1F9AE}\u{200D}", 1), "dog");
    }

    #[test]
    fn labels_are_shortened_and_keep_their_score() {
        assert_eq!(fitted("person", "0.87", 16.0, 500).as_deref(), Some("person 0.87"));
        let short = fitted("refrigerator", "0.87", 16.0, 80).expect("fits");
        assert!(short.starts_with("re") && short.ends_with("… 0.87"), "{short}");
        assert!(width(&short, 16.0) <= 80);
        assert_eq!(fitted("person", "0.87", 16.0, 9), None);
        assert_eq!(fitted("", "", 16.0, 500), None);
        assert_eq!(fitted("", "0.87", 16.0, 500).as_deref(), Some("0.87"));
        let long = fitted(&"x".repeat(3000), "", 16.0, 100_000).expect("fits");
        assert_eq!(long.chars().count(), 40);
    }
}
