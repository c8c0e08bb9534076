//! What is printed where on a sheet of answers.

use serde::{Deserialize, Serialize};

use crate::digest::{hex, sha256};
use crate::geometry::Rect;

/// A sheet of one or more pages. Lengths are in the layout's own unit, with the origin at the top left of the paper
/// as one reads it: millimetres from a `sheet.toml`, pixels of the template from OMRChecker.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    pub title: String,
    pub pages: Vec<Page>,
}

impl Layout {
    /// SHA-256 over all that is printed, 64 hex digits.
    pub fn digest(&self) -> String {
        // A struct of texts and numbers always serialises.
        hex(&sha256(&serde_json::to_vec(self).unwrap_or_default()))
    }

    /// What page codes call the sheet: the first 16 digits of its digest.
    pub fn id(&self) -> String {
        self.digest().chars().take(16).collect()
    }
}

/// One side of paper.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Page {
    /// Width and height.
    pub size: [f32; 2],
    pub anchors: Anchors,
    /// In the order in which they are listed in results; names are unique within the sheet.
    pub fields: Vec<Field>,
}

/// By what a picture of the page is laid over it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Anchors {
    /// Square black marks with these centres and this side; the page's code tells which page it is and which way up.
    Fiducials { centres: Vec<[f32; 2]>, side: f32 },
    /// One picture of a mark that is printed at four places, as OMRChecker's `CropOnMarkers`: the grey picture, and
    /// where its centres are where that is known, else the page is what lies between them.
    Marker { width: u32, height: u32, grey: Vec<u8>, centres: Option<[[f32; 2]; 4]> },
    /// The edge of the paper.
    Paper,
    /// Features of a picture of the blank page, as OMRChecker's `FeatureBasedAlignment`.
    Reference { width: u32, height: u32, grey: Vec<u8> },
    /// Pictures are taken as they are, scaled to the page.
    None,
}

/// A question, a part of an identity, or a place to write in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// As results name it: `q12`, `roll`.
    pub name: String,
    pub kind: FieldKind,
    /// All that belongs to it.
    pub area: Rect,
    /// Empty for what is written or printed as a code.
    pub bubbles: Vec<Bubble>,
}

/// What a field means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FieldKind {
    /// At most one bubble is to be marked.
    Choice,
    /// Any number of bubbles.
    Multiple,
    /// One bubble in each place (column of a number or of an identity); the answer is their values in order.
    Grid,
    /// Written digits, one in each box.
    Digits,
    /// Written by hand or machine, read as text.
    Text,
    /// For people only: never read, shown in the review.
    Free,
    /// A QR code or barcode.
    Code,
}

/// A place to be marked, or in a field of kind [`FieldKind::Digits`] a box for one digit.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bubble {
    /// What it stands for: `A`, `7`; empty for a box to write in.
    pub value: String,
    /// Which place of the answer it decides, from 0; 0 but for grids and digits.
    pub place: u32,
    pub rect: Rect,
    pub shape: Shape,
}

/// The outline that is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    Ellipse,
    Box,
}
