//! What a picture of a sheet shows: where the page lies and how dark each bubble is. No threshold is in it.

use serde::{Deserialize, Serialize};

use super::align::Plane;

/// A picture that was looked at as a page of a sheet.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SheetSeen {
    /// Where the page was found, or with a trouble, where it was looked for.
    pub placed: Option<Placed>,
    /// Why it was not found, as a code of [`super::align::Trouble`].
    pub trouble: Option<String>,
    /// What the page's printed code says.
    pub code: Option<PageCode>,
    /// Of every bubble of the page, in the order of its fields; empty where it was not found.
    pub marks: Vec<Mark>,
    pub quality: Quality,
}

/// A page laid over the picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Placed {
    /// Which page of the layout, from 0.
    pub page: u32,
    /// From the layout to pixels of the upright frame at full resolution.
    pub to_frame: Plane,
    /// How far each bubble lies from where the plane takes it, in the layout's units: paper curls, and templates are
    /// drawn by hand.
    pub shifts: Vec<[f32; 2]>,
    /// How far the anchors are from where they belong, root mean square, as a share of the page's shorter side.
    pub residual: f32,
    /// Whether all marks by which it is laid were seen; else one is told from the others.
    pub complete: bool,
    /// The share of bubbles that are printed where they should be, 0 to 1.
    pub printed: f32,
    /// How far those are from their places after all shifts, root mean square, in bubbles' widths.
    pub spread: f32,
}

/// The text of a page's code: `vision-sheet:1:<sheet>:<page>[:<version>]`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageCode {
    pub sheet: String,
    /// From 0.
    pub page: u32,
    pub version: Option<String>,
}

/// A bubble as it looks. Darkness is 0 for the paper around it and 1 for black.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Mark {
    /// Mean darkness within the outline.
    pub fill: f32,
    /// The same of its middle, half as wide and high.
    pub core: f32,
    /// The share of its surface that is dark, over [`Mark::DARK`].
    pub ink: f32,
    /// How many of the 16 parts of its box (four by four, without those outside an ellipse) have ink, as a share.
    pub spread: f32,
    /// Mean darkness just outside the outline.
    pub around: f32,
}

impl Mark {
    /// From this darkness a place of the paper has ink.
    pub const DARK: f32 = 0.3;
}

/// What can be said of the picture as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Quality {
    /// Brightness of the paper, 0 to 255, and how much darker its darkest corner is, as a share.
    pub paper: f32,
    pub shade: f32,
    /// The share of the page that is dark.
    pub ink: f32,
    /// How many pixels wide edges are: 1 to 2 in focus.
    pub blur: f32,
    /// Pixels of the smallest bubble's shorter side.
    pub bubble: f32,
}
