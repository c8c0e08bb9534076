//! Truth of texts: a JSON of pictures with their lines, as docs/eval.md describes it.

use serde::Deserialize;

use super::{Place, begins_with};
use crate::error::{Error, Result};
use crate::eval::data::{Found, TextPicture, TrueLine, Truth};
use crate::eval::read::Reading;
use crate::eval::text::upright;
use crate::geometry::Quad;

/// What such a document begins with.
const SCHEMA: &str = "vision.text-truth/1";

#[derive(Deserialize)]
struct Document {
    schema: String,
    pictures: Vec<Picture>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Picture {
    file: String,
    lines: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    text: String,
    #[serde(rename = "box")]
    rect: Option<[f32; 4]>,
    corners: Option<Quad>,
}

pub fn fits(place: &Place) -> bool {
    place.extension == "json" && begins_with(&place.path, b"\"vision.text-truth/")
}

pub fn truth(place: &Place, _: &Found, _: &Reading) -> Result<Truth> {
    let path = place.path.display();
    let wrong = |what: String| Error::usage(format!("{path}: {what}"));
    let document: Document = serde_json::from_slice(&super::bytes(&place.path)?).map_err(|e| {
        wrong("expected pictures with file and lines, lines with text and box or corners".to_owned())
            .because(e)
    })?;
    if document.schema != SCHEMA {
        return Err(wrong(format!("schema {:?}; expected {SCHEMA:?}", document.schema)));
    }
    let line = |line: Line| {
        let corners = line.corners.or(line.rect.map(upright));
        if corners.is_some_and(|corners| !corners.is_finite()) {
            return Err(wrong(format!("line {:?}: its place is not of numbers", line.text)));
        }
        Ok(TrueLine { text: line.text, corners })
    };
    let picture = |picture: Picture| {
        let lines = picture.lines.into_iter().map(line).collect::<Result<_>>()?;
        Ok(TextPicture { name: picture.file, lines })
    };
    Ok(Truth::Text(document.pictures.into_iter().map(picture).collect::<Result<_>>()?))
}
