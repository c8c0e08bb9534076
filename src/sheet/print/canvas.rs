//! One page's drawing: millimetres from the left top corner to PDF's points from the left bottom one.

use pdf_writer::{Content, Name, Str};
use qrcode::{Color, EcLevel, QrCode};

use super::font::{self, Signs};
use crate::error::{Error, Kind, Result};
use crate::geometry::Rect;
use crate::sheet::spec::Align;

pub const POINTS: f32 = 72.0 / 25.4;
/// The name by which pages know the font.
pub const FONT: Name = Name(b"F");
/// Bézier handles of a quarter of a circle.
const QUARTER: f32 = 0.552_285;
/// ISO/IEC 18004: four modules around a code are blank.
const QUIET: usize = 4;

pub struct Canvas<'a> {
    content: Content,
    height: f32,
    signs: &'a mut Signs,
}

impl<'a> Canvas<'a> {
    pub fn new(height: f32, signs: &'a mut Signs) -> Self {
        Self { content: Content::new(), height, signs }
    }

    pub fn finish(self) -> Vec<u8> {
        self.content.finish().into_vec()
    }

    fn x(&self, x: f32) -> f32 {
        x * POINTS
    }

    fn y(&self, y: f32) -> f32 {
        (self.height - y) * POINTS
    }

    /// `grey` 0 is black.
    pub fn fill(&mut self, rect: &Rect, grey: f32) {
        self.content.set_fill_gray(grey);
        self.path(rect);
        self.content.fill_nonzero();
    }

    /// `line` is its width in millimetres, the outline's middle lies on the edge of `rect`.
    pub fn frame(&mut self, rect: &Rect, line: f32, grey: f32) {
        self.content.set_stroke_gray(grey).set_line_width(line * POINTS);
        self.path(rect);
        self.content.stroke();
    }

    fn path(&mut self, rect: &Rect) {
        let (x, y) = (self.x(rect.x1), self.y(rect.y2));
        self.content.rect(x, y, rect.width() * POINTS, rect.height() * POINTS);
    }

    pub fn line(&mut self, from: [f32; 2], to: [f32; 2], line: f32) {
        let ([x1, y1], [x2, y2]) = ([self.x(from[0]), self.y(from[1])], [self.x(to[0]), self.y(to[1])]);
        self.content.set_stroke_gray(0.0).set_line_width(line * POINTS);
        self.content.move_to(x1, y1).line_to(x2, y2).stroke();
    }

    /// An ellipse that touches the edges of `rect`, as outline or filled.
    pub fn ellipse(&mut self, rect: &Rect, line: Option<f32>, grey: f32) {
        let [x, y] = [self.x((rect.x1 + rect.x2) / 2.0), self.y((rect.y1 + rect.y2) / 2.0)];
        let [a, b] = [rect.width() / 2.0 * POINTS, rect.height() / 2.0 * POINTS];
        let (ha, hb) = (a * QUARTER, b * QUARTER);
        let content = &mut self.content;
        content.move_to(x + a, y);
        content.cubic_to(x + a, y + hb, x + ha, y + b, x, y + b);
        content.cubic_to(x - ha, y + b, x - a, y + hb, x - a, y);
        content.cubic_to(x - a, y - hb, x - ha, y - b, x, y - b);
        content.cubic_to(x + ha, y - b, x + a, y - hb, x + a, y);
        content.close_path();
        match line {
            Some(width) => content.set_stroke_gray(grey).set_line_width(width * POINTS).stroke(),
            None => content.set_fill_gray(grey).fill_nonzero(),
        };
    }

    /// `size` is that of the em; `at` is on the baseline.
    pub fn text(&mut self, text: &str, at: [f32; 2], size: f32, align: Align, grey: f32) {
        let back = match align {
            Align::Left => 0.0,
            Align::Centre => 0.5,
            Align::Right => 1.0,
        };
        let x = at[0] - back * font::width(text, size);
        let bytes = self.signs.encode(text);
        let (x, y) = (self.x(x), self.y(at[1]));
        let content = &mut self.content;
        content.set_fill_gray(grey).begin_text().set_font(FONT, size * POINTS);
        content.next_line(x, y).show(Str(&bytes)).end_text();
    }

    /// A QR code with its quiet zone, as large as `rect` allows.
    ///
    /// # Errors
    /// `Config` where the text is too long for any code.
    pub fn code(&mut self, text: &str, rect: &Rect) -> Result<()> {
        let code = QrCode::with_error_correction_level(text, EcLevel::M)
            .map_err(|e| Error::new(Kind::Config, format!("{text:?}: too long for a code ({e})")))?;
        let modules = code.width();
        let side = rect.width().min(rect.height()) / (modules + 2 * QUIET) as f32;
        let (left, top) = (rect.x1 + side * QUIET as f32, rect.y1 + side * QUIET as f32);
        let dark = |x: usize, y: usize| code[(x, y)] == Color::Dark;
        self.content.set_fill_gray(0.0);
        for y in 0..modules {
            let mut x = 0;
            while x < modules {
                // Runs in one rectangle, so that no renderer leaves hairlines between modules.
                let run = (x..modules).take_while(|x| dark(*x, y)).count();
                if run > 0 {
                    let at = [left + side * x as f32, top + side * y as f32];
                    self.path(&Rect::new(at[0], at[1], at[0] + side * run as f32, at[1] + side));
                }
                x += run.max(1);
            }
        }
        self.content.fill_nonzero();
        Ok(())
    }
}
