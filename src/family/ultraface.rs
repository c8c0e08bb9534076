//! UltraFace: rows of two scores, background and face, and rows of final boxes as shares of the input.
//!
//! Reference: Linzaer/Ultra-Light-Fast-Generic-Face-Detector-1MB (MIT): `detect_imgs_onnx.py`,
//! `vision/ssd/config/fd_config.py` and `vision/utils/box_utils_numpy.py`. It gives no points of faces.

use ndarray::{ArrayView2, Ix2};
use serde::Deserialize;

use super::cells::{self, Seen};
use super::parts::{Part, decode_table};
use super::reading::{Certainty, picture};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::observation::{Candidate, Observation};
use crate::onnx::{Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "ultraface",
    task: Task::Faces,
    about: "UltraFace: [1,n,2] scores of background and face, [1,n,4] corners 0 to 1",
    recognise,
    build: |recipe| Ok(Box::new(UltraFace::new(recipe)?)),
};

/// `shrinkage_list` and the number of `min_boxes` of each of `fd_config.py`: input pixels per cell, and boxes
/// per cell.
const LEVELS: [(u32, usize); 4] = [(8, 3), (16, 2), (32, 2), (64, 3)];

/// `image_mean_test` and `image_std` of the same.
const MEAN: f32 = 127.0;
const STD: f32 = 128.0;

/// The threshold of `detect_imgs_onnx.py`, and the suppression of its `predict`.
const CONF: f32 = 0.7;
const IOU: f32 = 0.3;

const SCORES: Part = Part {
    key: "scores",
    usual: &["scores"],
    axes: &[None, Some(2)],
    floats: true,
    meaning: "[n,2]: background and face",
};

const BOXES: Part =
    Part { key: "boxes", usual: &["boxes"], axes: &[None, Some(4)], floats: true, meaning: "[n,4]: corners" };

/// The `[decode]` table of the description.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Decode {
    /// Outputs by name.
    scores: Option<String>,
    boxes: Option<String>,
}

struct UltraFace {
    input: ModelInput,
    scores: String,
    boxes: String,
}

fn boxes_of([width, height]: [u32; 2]) -> usize {
    let level = |(stride, each): &(u32, usize)| {
        width.div_ceil(*stride) as usize * height.div_ceil(*stride) as usize * each
    };
    LEVELS.iter().map(level).sum()
}

fn recognise(header: &Header) -> Option<Reading> {
    let usual = InputSpec { resize: Resize::Stretch, mean: [MEAN; 3], std: [STD; 3], ..InputSpec::default() };
    let input = picture(header, 3, usual).filter(|input| !input.dynamic_size)?;
    if header.outputs.len() != 2 {
        return None;
    }
    let (scores, boxes) = (SCORES.usual(header)?, BOXES.usual(header)?);
    let count = |value: &Value| value.shape.as_ref()?.iter().rev().nth(1)?.fixed()?.try_into().ok();
    let expected = Some(boxes_of(input.size));
    let fits = SCORES.fits(scores) && BOXES.fits(boxes) && [count(scores), count(boxes)] == [expected; 2];
    if !fits {
        return None;
    }
    let [width, height] = input.size;
    let why = format!("{scores} and {boxes} are as many as UltraFace has for {width}x{height} pixels");
    let mut reading = Reading::new(Certainty::Names, why, input);
    reading.classes = Some(1);
    reading.names = vec!["face".to_owned()];
    (reading.conf, reading.iou) = (Some(CONF), Some(IOU));
    Some(reading)
}

impl UltraFace {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = decode_table(recipe.spec, "scores and boxes: names of outputs")?;
        let scores = SCORES.find(recipe, decode.scores.as_deref())?;
        let boxes = BOXES.find(recipe, decode.boxes.as_deref())?;
        Ok(Self { input: ModelInput::new(recipe)?, scores, boxes })
    }
}

/// A row of corners, in input pixels.
fn face(boxes: ArrayView2<f32>, [width, height]: [u32; 2], Seen { cell, score, .. }: Seen) -> Candidate {
    let row = boxes.row(cell);
    let (width, height) = (width as f32, height as f32);
    let rect = cells::edges([row[0] * width, row[1] * height, row[2] * width, row[3] * height]);
    Candidate::face(rect, score, None)
}

impl Family for UltraFace {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let scores = outputs.named(&self.scores)?.numbers::<Ix2>(SCORES.meaning)?;
        let boxes = outputs.named(&self.boxes)?.numbers::<Ix2>(BOXES.meaning)?;
        if scores.ncols() != 2 || boxes.dim() != (scores.nrows(), 4) {
            let message =
                format!("as many rows of 2 scores and 4 corners are expected; found {}", outputs.shapes());
            return Err(Error::new(Kind::ModelOutput, message));
        }
        // The first column is the background's.
        let seen = cells::by_cell(scores.view(), 1, None, false);
        let found = cells::candidates(seen, |seen| face(boxes.view(), mapping.input, seen));
        Ok(cells::detections(found, true, mapping))
    }
}

#[cfg(test)]
mod tests;
