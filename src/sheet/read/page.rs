//! A page as it was decided: fields with their answers, and where on the picture they stand.

use serde::{Deserialize, Serialize};

use crate::geometry::{Quad, Rect};
use crate::sheet::response::{Bucket, PageRead, Response};

/// The answer of `vision grade` for one picture.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SheetPage {
    #[serde(flatten)]
    pub bucket: Bucket,
    /// Which page of the sheet, from 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// Corners of the page in pixels of the upright frame, its own top left first; tells how it lay.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub corners: Option<Quad>,
    /// What is wrong with the picture, as codes: `blurred`, `small`, `shaded`, …
    pub quality: Vec<String>,
    /// In the order of the sheet.
    pub fields: Vec<FieldRead>,
}

/// A field and its answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FieldRead {
    #[serde(flatten)]
    pub response: Response,
    /// Around the field, in pixels of the upright frame.
    #[serde(rename = "box")]
    pub rect: Rect,
    /// The bubbles that are marked, or might be.
    pub marks: Vec<MarkRead>,
}

/// A bubble that is marked, or might be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MarkRead {
    pub value: String,
    pub place: u32,
    /// Whether it counts.
    pub marked: bool,
    /// How likely it is marked, 0 to 1.
    pub score: f32,
    #[serde(rename = "box")]
    pub rect: Rect,
}

impl SheetPage {
    /// A page that was not read.
    pub fn unread(bucket: Bucket) -> Self {
        let (page, version, corners) = (None, None, None);
        Self { bucket, page, version, corners, quality: Vec::new(), fields: Vec::new() }
    }

    /// What scoring is given; `item` is the item's id, as in `results.jsonl`.
    pub fn page_read(&self, item: String) -> PageRead {
        PageRead {
            item,
            bucket: self.bucket.clone(),
            page: self.page,
            version: self.version.clone(),
            responses: self.fields.iter().map(|field| field.response.clone()).collect(),
        }
    }
}
