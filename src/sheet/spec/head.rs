//! The head and the foot of a page: title, page code, lines for a name, instructions, page number.

use super::file::File;
use super::flow::{CLEAR, FIDUCIAL};
use super::{Align, Art, Target, block};
use crate::geometry::Rect;
use crate::sheet::print::font;

/// The code of a page in millimetres: 29 modules and a quiet zone of 4 on each side (ISO/IEC 18004) give 2.3 pixels
/// a module at 100 dpi.
const CODE: f32 = 22.0;
const TITLE: f32 = 5.5;
const SMALL: f32 = 3.2;
const LINE: f32 = 9.0;

/// What is printed at the top of page `index`, and what remains below it.
pub fn page(file: &File, index: usize) -> (Rect, Vec<Art>) {
    let [width, height] = file.paper.size();
    if file.existing {
        return (Rect::new(0.0, 0.0, width, height), Vec::new());
    }
    let margin = file.margin;
    let left = margin + FIDUCIAL + CLEAR;
    let code_x = width - margin - FIDUCIAL - CLEAR - CODE;
    let mut art = vec![Art::PageCode(Rect::new(code_x, margin, code_x + CODE, margin + CODE))];
    let room = code_x - CLEAR - left;
    let mut y = margin + TITLE;
    for line in font::wrapped(&file.title, TITLE, room).into_iter().take(2) {
        art.push(block::text(&line, [left, y], TITLE, Align::Left));
        y += TITLE * 1.2;
    }
    art.push(Art::Version { at: [code_x - CLEAR, margin + TITLE], size: TITLE });
    y -= TITLE * 0.4;
    if index == 0 {
        for line in &file.name {
            y += LINE;
            art.push(block::text(&line.label, [left, y], SMALL, Align::Left));
            let from = left + font::width(&line.label, SMALL) + 2.0;
            art.push(Art::Line { from: [from, y + 0.8], to: [left + room, y + 0.8] });
            if let Some(column) = &line.roster {
                let into = Target::Line { at: [from + 1.0, y - 0.4], width: left + room - from - 2.0 };
                art.push(Art::Roster { column: column.clone(), into });
            }
        }
        y = (y + 2.0).max(margin + CODE + 1.0);
        for line in font::wrapped(&file.instructions, SMALL, width - 2.0 * (margin + CLEAR)) {
            y += SMALL * 1.35;
            art.push(block::text(&line, [margin + CLEAR, y], SMALL, Align::Left));
        }
    }
    let top = (y + 4.0).max(margin + CODE + 3.0);
    let body = Rect::new(margin + CLEAR, top, width - margin - CLEAR, height - margin - FIDUCIAL - CLEAR);
    (body, art)
}

/// `1 / 2` between the lower marks.
pub fn foot(file: &File, index: usize, pages: usize) -> Art {
    let [width, height] = file.paper.size();
    let at = [width / 2.0, height - file.margin - FIDUCIAL / 2.0 + SMALL * 0.36];
    block::text(&format!("{} / {pages}", index + 1), at, SMALL, Align::Centre)
}
