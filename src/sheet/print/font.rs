//! The built-in font on paper: widths, lines, and its part that a document embeds.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use ab_glyph::{Font as _, FontRef, GlyphId};
use pdf_writer::types::{CidFontType, FontFlags, SystemInfo, UnicodeCmap};
use pdf_writer::{Filter, Name, Pdf, Rect, Ref, Str};
use subsetter::GlyphRemapper;

use super::deflated;
use crate::error::{Error, Kind, Result};

/// DejaVu Sans, the face of annotated pictures too.
static FONT: &[u8] = include_bytes!("../../../assets/DejaVuSans.ttf");
/// A subset's name begins with six letters and a plus sign (ISO 32000-1, 9.6.4).
const NAME: &[u8] = b"VSHEET+DejaVuSans";
const IDENTITY: SystemInfo =
    SystemInfo { registry: Str(b"Adobe"), ordering: Str(b"Identity"), supplement: 0 };

fn face() -> Option<&'static FontRef<'static>> {
    static PARSED: OnceLock<Option<FontRef<'static>>> = OnceLock::new();
    PARSED.get_or_init(|| FontRef::try_from_slice(FONT).ok()).as_ref()
}

fn per_em(face: &FontRef) -> f32 {
    face.units_per_em().unwrap_or(2048.0)
}

/// How wide `text` is, in the unit of `size`, the size of the em.
pub fn width(text: &str, size: f32) -> f32 {
    let Some(face) = face() else { return 0.0 };
    let units: f32 = text.chars().map(|c| face.h_advance_unscaled(face.glyph_id(c))).sum();
    units / per_em(face) * size
}

/// `text` in lines no wider than `room`; a word that is wider stands alone.
pub fn wrapped(text: &str, size: f32, room: f32) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if width(&format!("{line} {word}"), size) <= room => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// `text` cut so that it is no wider than `room`.
pub fn cut(text: &str, size: f32, room: f32) -> String {
    if width(text, size) <= room {
        return text.to_owned();
    }
    let mut letters: Vec<char> = text.chars().collect();
    while letters.pop().is_some() {
        let shorter: String = letters.iter().collect::<String>().trim_end().to_owned() + "…";
        if width(&shorter, size) <= room {
            return shorter;
        }
    }
    String::new()
}

/// The signs that a document uses.
#[derive(Default)]
pub struct Signs {
    remapper: GlyphRemapper,
    used: BTreeMap<u16, (char, f32)>,
}

impl Signs {
    /// `text` as the document's font writes it: two bytes a sign.
    pub fn encode(&mut self, text: &str) -> Vec<u8> {
        let Some(face) = face() else { return Vec::new() };
        let mut bytes = Vec::with_capacity(text.len() * 2);
        for c in text.chars() {
            let GlyphId(old) = face.glyph_id(c);
            let new = self.remapper.remap(old);
            let advance = face.h_advance_unscaled(GlyphId(old)) / per_em(face) * 1000.0;
            self.used.entry(new).or_insert((c, advance));
            bytes.extend_from_slice(&new.to_be_bytes());
        }
        bytes
    }

    /// Writes the font as objects `first` to `first + 4`, of which `first` is what pages refer to.
    pub fn embed(&self, pdf: &mut Pdf, first: i32) -> Result<()> {
        let broken = || Error::new(Kind::Internal, "the built-in font cannot be read");
        let face = face().ok_or_else(broken)?;
        let [font, cid, descriptor, file, unicode] = [0, 1, 2, 3, 4].map(|i| Ref::new(first + i));
        let subset =
            subsetter::subset(FONT, 0, &self.remapper).map_err(|e| broken().because(e.to_string()))?;
        let mut type0 = pdf.type0_font(font);
        type0.base_font(Name(NAME)).encoding_predefined(Name(b"Identity-H"));
        type0.descendant_font(cid).to_unicode(unicode);
        drop(type0);
        let mut cid_font = pdf.cid_font(cid);
        cid_font.subtype(CidFontType::Type2).base_font(Name(NAME)).system_info(IDENTITY);
        cid_font.font_descriptor(descriptor).cid_to_gid_map_predefined(Name(b"Identity"));
        let mut widths = cid_font.widths();
        for (glyph, (_, advance)) in &self.used {
            widths.consecutive(*glyph, [*advance]);
        }
        drop(widths);
        drop(cid_font);
        let scale = 1000.0 / per_em(face);
        let (ascent, descent) = (face.ascent_unscaled() * scale, face.descent_unscaled() * scale);
        let mut about = pdf.font_descriptor(descriptor);
        about
            .name(Name(NAME))
            .flags(FontFlags::NON_SYMBOLIC)
            .bbox(Rect::new(-1000.0, descent, 2000.0, ascent));
        about
            .italic_angle(0.0)
            .ascent(ascent)
            .descent(descent)
            .cap_height(729.0)
            .stem_v(80.0)
            .font_file2(file);
        drop(about);
        pdf.stream(file, &deflated(&subset))
            .filter(Filter::FlateDecode)
            .pair(Name(b"Length1"), subset.len() as i32);
        let mut cmap = UnicodeCmap::new(Name(b"Custom"), IDENTITY);
        for (glyph, (c, _)) in &self.used {
            cmap.pair(*glyph, *c);
        }
        pdf.cmap(unicode, &cmap.finish());
        Ok(())
    }
}
