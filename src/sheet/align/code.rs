//! The code that is printed on each page of a sheet: which sheet, which page, and which way up.

use image::GrayImage;

use super::grey::{factor, shrunk};
use crate::sheet::seen::PageCode;

/// Codes are looked for in a picture of at least so many pixels on its longer side, then in all of them.
const SIDE: u32 = 1200;

/// A code of a sheet and where it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub code: PageCode,
    /// From its top left to its top right corner, in pixels: the way to the right on the page.
    pub right: [f64; 2],
}

/// All codes of sheets in a picture; others are left alone.
pub fn find(grey: &GrayImage) -> Vec<Found> {
    let factor = factor([grey.width(), grey.height()], SIDE);
    let found = if factor > 1 { within(&shrunk(grey, factor)) } else { Vec::new() };
    if found.is_empty() { within(grey) } else { found }
}

fn within(grey: &GrayImage) -> Vec<Found> {
    let (width, height) = (grey.width() as usize, grey.height() as usize);
    let raw = grey.as_raw();
    let mut picture = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| raw[y * width + x]);
    let grids = picture.detect_grids();
    let read = grids.iter().filter_map(|grid| {
        let (_, text) = grid.decode().ok()?;
        let [a, b, ..] = grid.bounds;
        Some(Found { code: parsed(&text)?, right: [f64::from(b.x - a.x), f64::from(b.y - a.y)] })
    });
    read.collect()
}

/// `vision-sheet:1:<sheet>:<page>[:<version>]`, pages from 1.
fn parsed(text: &str) -> Option<PageCode> {
    let rest = text.strip_prefix("vision-sheet:1:")?;
    let mut parts = rest.splitn(3, ':');
    let sheet = parts.next().filter(|sheet| !sheet.is_empty() && sheet.len() <= 64)?;
    let page = parts.next()?.parse::<u32>().ok()?.checked_sub(1)?;
    Some(PageCode { sheet: sheet.to_owned(), page, version: parts.next().map(str::to_owned) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_say_sheet_page_and_version() {
        let code = |sheet: &str, page, version: Option<&str>| PageCode {
            sheet: sheet.to_owned(),
            page,
            version: version.map(str::to_owned),
        };
        assert_eq!(parsed("vision-sheet:1:00ff:1"), Some(code("00ff", 0, None)));
        assert_eq!(parsed("vision-sheet:1:00ff:12:B:2"), Some(code("00ff", 11, Some("B:2"))));
        for other in [
            "vision-sheet:2:00ff:1",
            "vision-sheet:1:00ff",
            "vision-sheet:1:00ff:0",
            "https://x",
            "vision-sheet:1::1",
        ] {
            assert_eq!(parsed(other), None, "{other}");
        }
    }
}
