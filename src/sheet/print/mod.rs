//! Sheets as PDF: vectors and an embedded font, so that a printer draws them as sharp as it can.

mod canvas;
pub mod font;
mod page;
pub mod roster;

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;
use pdf_writer::{Filter, Pdf, Rect, Ref, TextStr};

use crate::error::Result;
use crate::sheet::spec::Sheet;
use canvas::{Canvas, FONT, POINTS};
use font::Signs;
use roster::Student;

/// One sheet to print.
#[derive(Debug, Clone, Copy, Default)]
pub struct Copy<'a> {
    pub version: Option<&'a str>,
    /// Whose it is, where that is known.
    pub student: Option<&'a Student>,
}

/// Objects before those of the pages: catalogue, tree of pages, information, then five of the font.
const CATALOGUE: i32 = 1;
const TREE: i32 = 2;
const INFORMATION: i32 = 3;
const FIRST_OF_FONT: i32 = 4;
const FIRST_PAGE: i32 = 9;

/// A PDF of the copies, in order, all pages of one after the other. The same sheet gives the same bytes.
///
/// # Errors
/// `Config` where an entry of the roster cannot be printed where it belongs.
pub fn pdf(sheet: &Sheet, copies: &[Copy]) -> Result<Vec<u8>> {
    let mut pdf = Pdf::new();
    let mut signs = Signs::default();
    let mut next = FIRST_PAGE;
    let mut kids = Vec::new();
    for copy in copies {
        for index in 0..sheet.layout.pages.len() {
            let size = sheet.layout.pages[index].size;
            let mut canvas = Canvas::new(size[1], &mut signs);
            page::draw(&mut canvas, sheet, index, copy)?;
            let (page, content) = (Ref::new(next), Ref::new(next + 1));
            next += 2;
            pdf.stream(content, &deflated(&canvas.finish())).filter(Filter::FlateDecode);
            let mut object = pdf.page(page);
            object.parent(Ref::new(TREE)).contents(content);
            object.media_box(Rect::new(0.0, 0.0, size[0] * POINTS, size[1] * POINTS));
            object.resources().fonts().pair(FONT, Ref::new(FIRST_OF_FONT));
            kids.push(page);
        }
    }
    pdf.catalog(Ref::new(CATALOGUE)).pages(Ref::new(TREE));
    pdf.pages(Ref::new(TREE)).count(kids.len() as i32).kids(kids);
    pdf.document_info(Ref::new(INFORMATION))
        .title(TextStr(&sheet.layout.title))
        .producer(TextStr(concat!("vision ", env!("CARGO_PKG_VERSION"))));
    signs.embed(&mut pdf, FIRST_OF_FONT)?;
    Ok(pdf.finish())
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::best());
    // Writing to memory cannot fail.
    let _ = encoder.write_all(bytes);
    encoder.finish().unwrap_or_default()
}
