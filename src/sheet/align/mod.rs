//! Laying a page of a layout over a picture of it: by the paper's edge, by marks, by codes, by features.

mod code;
mod fiducial;
pub mod grey;
mod marker;
pub mod paper;
mod plane;
mod print;

use image::GrayImage;

pub use plane::Plane;
pub use print::Surroundings;

use self::grey::Paper;
use self::print::Print;
use super::layout::{Anchors, Layout, Page};
use super::seen::PageCode;

/// At most this many bubbles tell which way up a page lies.
const ENOUGH: usize = 160;

/// A page found: which, and by what plane it lies in the picture's pixels.
pub struct Found {
    pub page: usize,
    pub code: Option<PageCode>,
    /// Whether all of its marks are there.
    pub complete: bool,
    pub plane: Plane,
    pub shifts: Vec<[f32; 2]>,
    pub residual: f32,
    pub printed: f32,
    pub spread: f32,
}

/// Why a picture is not laid under a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Nothing is printed or written on it.
    Blank,
    /// No sheet of paper stands out.
    NoPage,
    /// Fewer than three of the page's marks are there.
    NoMarks,
    /// Its code says that it is of another sheet.
    OtherSheet,
    /// Two pages or more are in the picture.
    Several,
    /// The page has no place for marks.
    NoLayout,
    /// Nothing is printed where the bubbles should be.
    NoBubbles,
}

impl Trouble {
    pub fn code(self) -> &'static str {
        match self {
            Trouble::Blank => "blank",
            Trouble::NoPage => "no-page",
            Trouble::NoMarks => "no-marks",
            Trouble::OtherSheet => "other-sheet",
            Trouble::Several => "several-pages",
            Trouble::NoLayout => "no-layout",
            Trouble::NoBubbles => "no-bubbles",
        }
    }
}

/// A picture that is not laid under a page.
pub struct Lost {
    pub trouble: Trouble,
    /// The share of bubbles that are printed where they should be, in the way that fits best.
    pub share: f32,
    /// Which page was tried, and by what plane.
    pub at: Option<(usize, Plane)>,
    pub code: Option<PageCode>,
}

impl From<Trouble> for Lost {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, share: 0.0, at: None, code: None }
    }
}

/// A way in which a page may lie: the corners of the page in the picture, from its top left clockwise.
struct Way {
    page: usize,
    plane: Plane,
    residual: f32,
    complete: bool,
}

/// Finds the page of a layout that fits the picture best; `id` is what codes call the sheet.
///
/// # Errors
/// Where none fits.
pub fn align(
    grey: &GrayImage,
    (layout, id): (&Layout, &str),
    around: &[Surroundings],
    paper: &Paper,
) -> Result<Found, Box<Lost>> {
    let coded = |page: &Page| matches!(page.anchors, Anchors::Fiducials { .. });
    let codes = if layout.pages.iter().any(coded) { code::find(grey) } else { Vec::new() };
    let first = codes.first();
    let code = first.map(|found| found.code.clone());
    let other = |code: &PageCode| code.sheet != id || code.page as usize >= layout.pages.len();
    if codes.len() > 1 {
        return Err(Box::new(Lost { code, ..Trouble::Several.into() }));
    }
    if code.as_ref().is_some_and(other) {
        return Err(Box::new(Lost { code, ..Trouble::OtherSheet.into() }));
    }
    let mut ways = Vec::new();
    for (number, page) in layout.pages.iter().enumerate() {
        if !around[number].is_empty() {
            ways.extend(ways_of(grey, paper, number, page));
        }
    }
    if let Some(found) = first {
        let fits = |way: &Way| is_upright(way, &layout.pages[way.page], found.right);
        ways.retain(|way| way.page == found.code.page as usize && fits(way));
    }
    if ways.is_empty() {
        let empty = around.iter().all(Surroundings::is_empty);
        let trouble = if empty { Trouble::NoLayout } else { missing(layout) };
        return Err(Box::new(Lost { code, ..trouble.into() }));
    }
    let step = |way: &Way| (around[way.page].len() / ENOUGH).max(1);
    let printed = |way: &Way| {
        let (around, step) = (&around[way.page], step(way));
        Print::look(grey, paper, around, &way.plane, step, None).share(around, step)
    };
    // Where print is not where it should be, it may be a little beside.
    let moved = |way: &Way| print::moved(grey, paper, &around[way.page], &way.plane, step(way));
    let mut shares: Vec<f32> = ways.iter().map(printed).collect();
    if shares.iter().all(|share| *share < SURE) {
        for (way, share) in ways.iter_mut().zip(&mut shares) {
            (way.plane, *share) = moved(way);
        }
    }
    // The first where several fit as well: pictures are upright more often than not.
    let (mut best, mut share) = (None, -1.0);
    for (way, own) in ways.into_iter().zip(shares) {
        if own > share + 0.02 {
            (best, share) = (Some(way), own);
        }
    }
    let Some(way) = best else { return Err(Box::new(Lost { code, ..Trouble::NoPage.into() })) };
    if share < LEAST_PRINTED {
        return Err(Box::new(Lost {
            share: share.max(0.0),
            at: Some((way.page, way.plane)),
            trouble: Trouble::NoBubbles,
            code,
        }));
    }
    let around = &around[way.page];
    let Way { page, plane, residual, complete } = way;
    let (shifts, print) = print::shifted(grey, paper, around, &plane);
    let (printed, spread) = (print.share(around, 1), print.spread(around));
    Ok(Found { page, code, complete, plane, shifts, residual, printed, spread })
}

/// With so much print at the bubbles' places nothing else is tried.
const SURE: f32 = 0.8;
/// With less print at the bubbles' places it is another sheet, or none.
const LEAST_PRINTED: f32 = 0.4;

/// Whether the page's way to the right is the code's.
fn is_upright(way: &Way, page: &Page, right: [f64; 2]) -> bool {
    let [width, height] = page.size.map(f64::from);
    let (a, b) = (way.plane.at([0.0, height / 2.0]), way.plane.at([width, height / 2.0]));
    let own = [b[0] - a[0], b[1] - a[1]];
    let along = own[0] * right[0] + own[1] * right[1];
    along > 0.7 * own[0].hypot(own[1]) * right[0].hypot(right[1])
}

/// What is not there where no page can lie.
fn missing(layout: &Layout) -> Trouble {
    let marks = |page: &Page| matches!(page.anchors, Anchors::Marker { .. } | Anchors::Fiducials { .. });
    if layout.pages.iter().any(marks) { Trouble::NoMarks } else { Trouble::NoPage }
}

/// The ways in which a page may lie, the upright one first.
fn ways_of(grey: &GrayImage, paper: &Paper, number: usize, page: &Page) -> Vec<Way> {
    let size = page.size.map(f64::from);
    let corners = [[0.0, 0.0], [size[0], 0.0], size, [0.0, size[1]]];
    let lying = |from: [[f64; 2]; 4], found: [[f64; 2]; 4], residual: f64, complete: bool| -> Vec<Way> {
        let way = |turn| {
            let mut to = found;
            to.rotate_left(turn);
            let plane = Plane::fit(&from, &to)?;
            Some(Way { page: number, plane, residual: residual as f32, complete })
        };
        (0..4).filter_map(way).collect()
    };
    let whole = [grey.width(), grey.height()].map(f64::from);
    let frame = [[0.0, 0.0], [whole[0], 0.0], whole, [0.0, whole[1]]];
    match &page.anchors {
        Anchors::Paper => match paper::find(grey) {
            Some(found) => lying(corners, found.corners, found.residual, true),
            None => Vec::new(),
        },
        Anchors::Marker { width, height, grey: mark, centres } => {
            let mark = GrayImage::from_raw(*width, *height, mark.clone());
            let from = centres.map_or(corners, |centres| centres.map(|centre| centre.map(f64::from)));
            match mark.and_then(|mark| marker::find(grey, &mark)) {
                Some(found) => lying(from, found.centres, 0.0, found.complete),
                None => Vec::new(),
            }
        }
        Anchors::Fiducials { centres, side } => {
            let Some(wanted) = fiducial::outermost(centres) else { return Vec::new() };
            let squares = fiducial::squares(grey, paper);
            let found = fiducial::find(&squares, &wanted, f64::from(*side));
            let ways = found.iter().flat_map(|found| lying(wanted, found.corners, 0.0, found.complete));
            let mut ways: Vec<Way> = ways.collect();
            for way in &mut ways {
                let off = fiducial::residual(&squares, &way.plane, centres) as f32;
                way.residual = off * side / page.size[0].min(page.size[1]);
            }
            ways
        }
        // What goes by features is refused when the sheet is opened.
        Anchors::Reference { .. } => Vec::new(),
        Anchors::None => lying(corners, frame, 0.0, true),
    }
}
