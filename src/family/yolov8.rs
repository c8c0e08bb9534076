//! YOLOv8 and what has its head (v9, 11, 12, YOLOv5u): a column a box of centre, size and class scores.
//!
//! Reference: `Detect._inference` in ultralytics `nn/modules/head.py`: no objectness, scores after the
//! sigmoid, boxes in pixels of the input. The same package's RT-DETR gives rows, and shares of the input.

use ndarray::{ArrayView2, Ix2};
use serde::Deserialize;

use super::cells::{self, Seen};
use super::reading::Certainty;
use super::yolo::{self, Found, Place};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::{Kind, Result};
use crate::explain::Proposal;
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, Observation};
use crate::onnx::Header;
use crate::onnx::exporter::Ultralytics;
use crate::preprocess::Mapping;
use crate::spec::{Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "yolov8",
    task: Task::Detect,
    about: "YOLOv8, v9, 11, 12, YOLOv5u: [1,4+classes,n] columns of centre, size, scores",
    recognise,
    build: |recipe| Ok(Box::new(YoloV8::new(recipe)?)),
};

/// Centre and size.
const OTHERS: usize = 4;
const WHAT: &str = "4 of the box";

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    /// Whether boxes are rows, [1, n, 4 + classes]; where absent, the longer axis is that of the boxes.
    transposed: Option<bool>,
    /// Every class over the floor instead of a box's best, as validation counts.
    multi_label: bool,
    /// Boxes as shares of the input's sides.
    normalised: bool,
    /// Whether boxes overlap; RT-DETR's do not.
    nms: bool,
}

impl Default for Decode {
    fn default() -> Self {
        Self { transposed: None, multi_label: false, normalised: false, nms: true }
    }
}

struct YoloV8 {
    input: ModelInput,
    place: Place,
    decode: Decode,
    labels: usize,
}

fn recognise(header: &Header) -> Option<Reading> {
    let found = Found::of(header)?;
    match &found.notes {
        Some(notes) => noted(&found, notes),
        None => unnoted(&found),
    }
}

fn noted(found: &Found, notes: &Ultralytics) -> Option<Reading> {
    if notes.task != "detect" || notes.end_to_end || notes.nms {
        return None;
    }
    if notes.names.is_empty() {
        return unnoted(found);
    }
    let classes = notes.names.len();
    let values = classes + OTHERS;
    let detr = found.detr();
    // YOLOv10's own exporter does not note that its few rows are final boxes.
    let many =
        |boxes: Option<usize>| boxes.is_none_or(|boxes| boxes > 1000 || found.per_cell(boxes).is_some());
    let transposed = match found.axes {
        [_, Some(b)] if b == values && (detr || b > 7 || many(found.axes[0])) => true,
        [Some(a), _] if a == values => false,
        [None, None] => detr,
        // Columns of one a cell are boxes; their number of values is the file's word against the notes'.
        [Some(values), Some(boxes)] if found.per_cell(boxes) == Some(1) && values > OTHERS => {
            let mut reading = unnoted(found)?;
            reading.doubts.push(format!(
                "its metadata name {classes} classes and its output has {}; the names are not used",
                values - OTHERS
            ));
            return Some(reading);
        }
        _ => return None,
    };
    let why =
        format!("{} is 4 numbers of a box and {classes} scores, of an Ultralytics export", found.output);
    let mut reading = Reading::new(Certainty::Metadata, why, found.input.clone());
    reading.classes = Some(classes);
    reading.names = notes.names.clone();
    // Open axes aside: a small picture has fewer boxes than a large data set has classes.
    if transposed || found.axes != [None, None] {
        reading.decode.insert("transposed".into(), transposed.into());
    }
    if detr {
        // RTDETRPredictor: stretched, boxes as shares, one a thing.
        reading.input.resize = Resize::Stretch;
        reading.decode.insert("normalised".into(), true.into());
        reading.decode.insert("nms".into(), false.into());
    }
    tensorflow(found, &mut reading);
    Some(reading)
}

fn unnoted(found: &Found) -> Option<Reading> {
    let (transposed, values) = match found.axes {
        [Some(a), Some(b)] if a > b => (true, Some(b)),
        [None, Some(b)] => (true, Some(b)),
        [a, _] => (false, a),
    };
    let classes = match values {
        Some(values) => Some(values.checked_sub(OTHERS).filter(|classes| *classes > 0)?),
        None => None,
    };
    let boxes = if transposed { found.axes[0] } else { found.axes[1] };
    let per_cell = boxes.and_then(|boxes| found.per_cell(boxes));
    // Rows of 6 or 7 numbers, a few hundred: final boxes. Three a cell: anchors, hence objectness.
    if per_cell == Some(3) || transposed && matches!((boxes, values), (Some(0..=1000) | None, Some(6 | 7))) {
        return None;
    }
    // Rows of 85 values are 80 classes and objectness; of 84 they are not.
    let sure = if transposed { values == Some(84) } else { values.is_some() };
    let named = sure && found.named("images", &["output0", "output"]);
    let scores = classes.map_or_else(String::new, |n| format!("{n} "));
    let why = format!("{} is 4 numbers of a box and {scores}scores", found.output);
    let mut reading = Reading::new(found.certainty(named), why, found.input.clone());
    reading.classes = classes;
    if transposed {
        reading.decode.insert("transposed".into(), true.into());
    }
    reading.doubts.extend(values.and_then(other_tasks));
    tensorflow(found, &mut reading);
    Some(reading)
}

/// Numbers of values that exports for other tasks have, with the classes of their usual data sets.
fn other_tasks(values: usize) -> Option<String> {
    match values {
        // COCO keypoints: 17 of x, y and visibility for one class.
        56 => Some(
            "56 values are also those of a pose export (1 class and 17 keypoints), which is not read here"
                .into(),
        ),
        // DOTA: 15 classes and an angle.
        20 => Some(
            "20 values are also those of oriented boxes (15 classes and an angle): --spec yolo-obb".into(),
        ),
        _ => None,
    }
}

fn tensorflow(found: &Found, reading: &mut Reading) {
    if found.of_tensorflow() {
        reading.decode.insert("normalised".into(), true.into());
        reading.doubts.push(yolo::SHARES.to_owned());
    }
}

impl YoloV8 {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = yolo::decode(recipe)?;
        let place = Place::new(recipe, "expects [1, 4 + classes, boxes]")?;
        let values = match (decode.transposed, place.axes) {
            (Some(true), [_, b]) => b,
            (Some(false), [a, _]) => a,
            (None, [Some(a), Some(b)]) => Some(a.min(b)),
            (None, _) => None,
        };
        yolo::fits(recipe, values, OTHERS, WHAT)?;
        Ok(Self { input: ModelInput::new(recipe)?, place, decode, labels: recipe.labels })
    }

    /// Whether rows are boxes.
    fn is_transposed(&self, values: ArrayView2<f32>) -> bool {
        let expected = |count: usize| self.labels > 0 && count == self.labels + OTHERS;
        let longer = || match (expected(values.nrows()), expected(values.ncols())) {
            (true, false) => false,
            (false, true) => true,
            _ => values.nrows() > values.ncols(),
        };
        self.decode.transposed.unwrap_or_else(longer)
    }

    /// The box of a row, in input pixels.
    fn rect(&self, boxes: ArrayView2<f32>, cell: usize) -> Rect {
        let [sx, sy] = yolo::scale(self.decode.normalised, self.input.size);
        let value = |column: usize| boxes[[cell, column]];
        cells::centred([value(0) * sx, value(1) * sy, value(2) * sx, value(3) * sy])
    }
}

impl Family for YoloV8 {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let values = self.place.tensor(outputs)?.numbers::<Ix2>("[4 + classes, boxes]")?;
        let transposed = self.is_transposed(values.view());
        let count = if transposed { values.ncols() } else { values.nrows() };
        yolo::classes(Kind::ModelOutput, count, OTHERS, WHAT, self.labels)?;
        let scores = if transposed {
            cells::by_cell(values.view(), OTHERS, None, self.decode.multi_label)
        } else {
            cells::by_class(values.slice(ndarray::s![OTHERS.., ..]), self.decode.multi_label)
        };
        let boxes: ArrayView2<f32> = if transposed { values.view() } else { values.t() };
        let found = cells::candidates(scores, |Seen { cell, class, score }| {
            Candidate::new(self.rect(boxes, cell), class, score)
        });
        Ok(cells::detections(found, self.decode.nms, mapping))
    }

    fn proposals(&self, outputs: &Outputs, mapping: &Mapping, near: &Rect) -> Result<Vec<Proposal>> {
        let values = self.place.tensor(outputs)?.numbers::<Ix2>("[4 + classes, boxes]")?;
        let boxes = if self.is_transposed(values.view()) { values.view() } else { values.t() };
        yolo::classes(Kind::ModelOutput, boxes.ncols(), OTHERS, WHAT, self.labels)?;
        Ok(cells::proposals(boxes, (OTHERS, None), (mapping, near), |cell| self.rect(boxes, cell)))
    }
}

#[cfg(test)]
mod tests;
