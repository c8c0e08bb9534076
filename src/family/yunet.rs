//! YuNet: per stride a class and an objectness score, a box and five points, relative to cells of a grid.
//!
//! References: Wu, Peng, Yu 2023, "YuNet: A Tiny Millisecond-level Face Detector";
//! ShiqiYu/libfacedetection.train, and `FaceDetectorYN` in OpenCV's `modules/objdetect/src/face_detect.cpp`
//! (Apache-2.0), which reads the same twelve outputs.

use ndarray::{CowArray, Ix2};
use serde::Deserialize;

use super::cells::{self, Scores, Seen};
use super::centerface::LIMIT;
use super::parts::{Part, decode_table};
use super::reading::{Certainty, picture};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::geometry::{Landmarks, Rect};
use crate::observation::{Candidate, Observation, SCORE_FLOOR};
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::{Colour, InputSpec, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "yunet",
    task: Task::Faces,
    about: "YuNet: cls_, obj_, bbox_ and kps_8, 16 and 32, a row a cell",
    recognise,
    build: |recipe| Ok(Box::new(YuNet::new(recipe)?)),
};

/// Input pixels per cell.
const STRIDES: [u32; 3] = [8, 16, 32];

/// OpenCV pads pictures to multiples of the largest stride.
const MULTIPLE: u32 = 32;

/// OpenCV's default of 0.9 leaves out most faces that do not look into the camera: of the nine in
/// samples/photos/opera.jpg, all of them over 0.75, it keeps three.
const CONF: f32 = 0.5;

/// OpenCV's default (`nms_threshold`).
const IOU: f32 = 0.3;

/// The family has no numbers of its own.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decode {}

struct YuNet {
    input: ModelInput,
}

/// The four outputs of a stride: what each is called, and its columns.
const KINDS: [(&str, usize); 4] = [("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)];

fn name(kind: &str, stride: u32) -> String {
    format!("{kind}_{stride}")
}

/// Whether all twelve outputs are there, with as many columns as they need.
fn fits(header: &Header) -> bool {
    let fits = |kind: &str, columns: usize, stride: u32| {
        let axes = [None, Some(columns)];
        let name = name(kind, stride);
        let part = |value: &&crate::onnx::Value| value.name == name;
        header.outputs.iter().find(part).is_some_and(|value| Part::may_be(value, &axes, true))
    };
    STRIDES.iter().all(|stride| KINDS.iter().all(|(kind, columns)| fits(kind, *columns, *stride)))
}

fn recognise(header: &Header) -> Option<Reading> {
    let usual = InputSpec {
        size: [LIMIT, LIMIT],
        colour: Colour::Bgr,
        resize: Resize::LetterboxTopLeft,
        pad: 0,
        ..InputSpec::default()
    };
    let mut input = picture(header, 3, usual)?;
    if !fits(header) {
        return None;
    }
    if input.dynamic_size {
        input.resize = Resize::WithinPadded;
        input.multiple_of = MULTIPLE;
    }
    let why =
        "cls, obj, bbox and kps are the scores, boxes and five points of faces for the strides 8, 16 and 32";
    let mut reading = Reading::new(Certainty::Names, why.to_owned(), input);
    reading.classes = Some(1);
    reading.names = vec!["face".to_owned()];
    (reading.conf, reading.iou) = (Some(CONF), Some(IOU));
    Some(reading)
}

impl YuNet {
    fn new(recipe: &Recipe) -> Result<Self> {
        let Decode {} = decode_table(recipe.spec, "no keys")?;
        if !fits(recipe.header) {
            let found: Vec<String> = recipe.header.outputs.iter().map(ToString::to_string).collect();
            let message = format!(
                "{}: family yunet needs outputs cls_S [1,cells,1], obj_S [1,cells,1], bbox_S [1,cells,4] and kps_S \
                 [1,cells,10] for S = 8, 16, 32; found {}; correct the family",
                recipe.spec.name,
                found.join(", ")
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        Ok(Self { input: ModelInput::new(recipe)? })
    }
}

/// The outputs of a stride, a row a cell from the top left.
struct Level<'a> {
    cls: CowArray<'a, f32, Ix2>,
    obj: CowArray<'a, f32, Ix2>,
    bbox: CowArray<'a, f32, Ix2>,
    kps: CowArray<'a, f32, Ix2>,
    columns: usize,
    stride: f32,
}

impl<'a> Level<'a> {
    fn new(outputs: &'a Outputs, [width, height]: [u32; 2], stride: u32) -> Result<Self> {
        let columns = (width / stride) as usize;
        let cells = columns * (height / stride) as usize;
        let rows = |kind: usize| {
            let (kind, columns) = KINDS[kind];
            let output = outputs.named(&name(kind, stride))?;
            let rows = output.numbers::<Ix2>("[cells, numbers]")?;
            if rows.dim() == (cells, columns) {
                return Ok(rows);
            }
            let message = format!(
                "output {} is {:?}; expected [{cells}, {columns}] for an input of {width}x{height}",
                output.name,
                rows.shape()
            );
            Err(Error::new(Kind::ModelOutput, message))
        };
        Ok(Self {
            cls: rows(0)?,
            obj: rows(1)?,
            bbox: rows(2)?,
            kps: rows(3)?,
            columns,
            stride: stride as f32,
        })
    }

    /// The geometric mean of both scores, each cut to 0 to 1 first.
    fn scores(&self) -> Scores {
        let mut found = Scores::default();
        for (cell, (&cls, &obj)) in self.cls.iter().zip(self.obj.iter()).enumerate() {
            let score = (cls.clamp(0.0, 1.0) * obj.clamp(0.0, 1.0)).sqrt();
            if !cls.is_finite() || !obj.is_finite() {
                found.not_numbers += 1;
            } else if score >= SCORE_FLOOR {
                found.seen.push(Seen { cell, class: 0, score });
            }
        }
        found
    }

    /// In input pixels. Everything is in strides from the cell's left top corner, sizes are logarithms.
    fn face(&self, Seen { cell, score, .. }: Seen) -> Candidate {
        let columns = self.columns.max(1);
        let (column, row) = ((cell % columns) as f32, (cell / columns) as f32);
        let (s, b) = (self.stride, self.bbox.row(cell));
        let rect = Rect::from_centre((column + b[0]) * s, (row + b[1]) * s, b[2].exp() * s, b[3].exp() * s);
        let k = self.kps.row(cell);
        let point = |n: usize| [(column + k[2 * n]) * s, (row + k[2 * n + 1]) * s];
        Candidate::face(rect, score, Some(Landmarks(std::array::from_fn(point))))
    }
}

impl Family for YuNet {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let (mut candidates, mut dropped) = (Vec::new(), 0);
        for stride in STRIDES {
            let level = Level::new(outputs, mapping.input, stride)?;
            let (found, not_numbers) = cells::candidates(level.scores(), |seen| level.face(seen));
            candidates.extend(found);
            dropped += not_numbers;
        }
        Ok(cells::detections((candidates, dropped), true, mapping))
    }
}

#[cfg(test)]
mod tests;
