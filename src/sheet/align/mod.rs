//! Laying a page of a layout over a picture of it: by the paper's edge, by marks, by codes, by features.

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

/// At most this many bubbles tell which way up a page lies.
const ENOUGH: usize = 160;

/// A page found: which, and by what plane it lies in the picture's pixels.
pub struct Found {
    pub page: usize,
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
}

impl From<Trouble> for Lost {
    fn from(trouble: Trouble) -> Self {
        Self { trouble, share: 0.0, at: None }
    }
}

/// A way in which a page may lie: the corners of the page in the picture, from its top left clockwise.
struct Way {
    page: usize,
    plane: Plane,
    residual: f32,
}

/// Finds the page of a layout that fits the picture best.
///
/// # Errors
/// Where none fits.
pub fn align(
    grey: &GrayImage,
    layout: &Layout,
    around: &[Surroundings],
    paper: &Paper,
) -> Result<Found, Lost> {
    let mut ways = Vec::new();
    for (number, page) in layout.pages.iter().enumerate() {
        if !around[number].is_empty() {
            ways.extend(ways_of(grey, number, page));
        }
    }
    if ways.is_empty() {
        let empty = around.iter().all(Surroundings::is_empty);
        return Err(if empty { Trouble::NoLayout } else { missing(layout) }.into());
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
    let Some(way) = best else { return Err(Trouble::NoPage.into()) };
    if share < LEAST_PRINTED {
        return Err(Lost {
            share: share.max(0.0),
            at: Some((way.page, way.plane)),
            trouble: Trouble::NoBubbles,
        });
    }
    let around = &around[way.page];
    let Way { page, plane, residual } = way;
    let (shifts, print) = print::shifted(grey, paper, around, &plane);
    let (printed, spread) = (print.share(around, 1), print.spread(around));
    Ok(Found { page, plane, shifts, residual, printed, spread })
}

/// With so much print at the bubbles' places nothing else is tried.
const SURE: f32 = 0.8;
/// With less print at the bubbles' places it is another sheet, or none.
const LEAST_PRINTED: f32 = 0.4;

/// What is not there where no page can lie.
fn missing(layout: &Layout) -> Trouble {
    let marks = |page: &Page| matches!(page.anchors, Anchors::Marker { .. } | Anchors::Fiducials { .. });
    if layout.pages.iter().any(marks) { Trouble::NoMarks } else { Trouble::NoPage }
}

/// The ways in which a page may lie, the upright one first.
fn ways_of(grey: &GrayImage, number: usize, page: &Page) -> Vec<Way> {
    let size = page.size.map(f64::from);
    let corners = [[0.0, 0.0], [size[0], 0.0], size, [0.0, size[1]]];
    let lying = |from: [[f64; 2]; 4], found: [[f64; 2]; 4], residual: f64| {
        let way = |turn| {
            let mut to = found;
            to.rotate_left(turn);
            let plane = Plane::fit(&from, &to)?;
            Some(Way { page: number, plane, residual: residual as f32 })
        };
        (0..4).filter_map(way).collect()
    };
    let whole = [grey.width(), grey.height()].map(f64::from);
    let frame = [[0.0, 0.0], [whole[0], 0.0], whole, [0.0, whole[1]]];
    match &page.anchors {
        Anchors::Paper => match paper::find(grey) {
            Some(found) => lying(corners, found.corners, found.residual),
            None => Vec::new(),
        },
        Anchors::Marker { width, height, grey: mark, centres } => {
            let mark = GrayImage::from_raw(*width, *height, mark.clone());
            let from = centres.map_or(corners, |centres| centres.map(|centre| centre.map(f64::from)));
            match mark.and_then(|mark| marker::find(grey, &mark)) {
                Some(found) => lying(from, found.centres, 0.0),
                None => Vec::new(),
            }
        }
        _ => lying(corners, frame, 0.0),
    }
}
