//! YOLOv5 and its kin (v7, YOLOR, v6): a row a box of centre, size, objectness and class scores.
//!
//! Reference: `Detect.forward` in ultralytics/yolov5 `models/yolo.py`, `Detect` in meituan/YOLOv6
//! `yolov6/models/effidehead.py` (objectness always 1). A score is objectness times class score.

use ndarray::{ArrayView2, Ix2};
use serde::Deserialize;

use super::cells::{self, Seen};
use super::reading::Certainty;
use super::yolo::{self, Found, Place};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::{Error, Kind, Result};
use crate::explain::Proposal;
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, Observation};
use crate::preprocess::Mapping;
use crate::spec::Task;

pub const ENTRY: Entry = Entry {
    name: "yolov5",
    task: Task::Detect,
    about: "YOLOv5, v7, v6, YOLOR: [1,n,5+classes] rows of centre, size, objectness, scores",
    recognise,
    build: |recipe| Ok(Box::new(YoloV5::new(recipe)?)),
};

/// Centre, size and objectness.
const OTHERS: usize = 5;
const WHAT: &str = "4 of the box, its objectness";

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    /// Every class over the floor instead of a box's best, as `val.py` counts.
    multi_label: bool,
    /// Boxes as shares of the input's sides, as TensorFlow exports have them.
    normalised: bool,
}

/// Values of a box beyond which they are boxes themselves: columns instead of rows. The largest data sets of
/// boxes that YOLOs are published for have 1203 classes (LVIS); 2100 boxes are those of 320 pixels.
const MOST_VALUES: usize = 1500;

struct YoloV5 {
    input: ModelInput,
    place: Place,
    decode: Decode,
    labels: usize,
}

fn recognise(header: &crate::onnx::Header) -> Option<Reading> {
    let found = Found::of(header)?;
    // Everything that Ultralytics' newer package exports is of another form.
    if found.notes.is_some() {
        return None;
    }
    let [boxes, values] = found.axes;
    let classes = match values {
        Some(values) => Some(values.checked_sub(OTHERS).filter(|classes| *classes > 0)?),
        None => None,
    };
    let per_cell = boxes.and_then(|boxes| found.per_cell(boxes));
    // Rows of 6 or 7 values, a few hundred or without a batch axis: final boxes.
    let batchless = found.output.shape.as_ref().is_some_and(|shape| shape.len() == 2);
    let few = matches!(boxes, Some(0..=1000)) && per_cell != Some(3) || batchless;
    let few = few && matches!(values, Some(6 | 7));
    let wide = boxes.zip(values).is_some_and(|(boxes, values)| boxes < values);
    // Fixed first, open second: columns of one box each, Ultralytics' `dynamic=True`.
    let columns = boxes.is_some() && values.is_none();
    if few || wide || columns {
        return None;
    }
    // The export of YOLOv6 has one box a cell and names of its own.
    let v6 = per_cell == Some(1) && found.named("images", &["outputs"]);
    let v5 = per_cell != Some(1) && found.named("images", &["output", "output0"]);
    let noted = header.metadata.contains_key("stride") && header.metadata.contains_key("names");
    let certainty = match per_cell {
        Some(3) if noted => Certainty::Metadata,
        _ => found.certainty(v5 || v6),
    };
    let shape = match (per_cell, classes) {
        (Some(each), Some(n)) => format!("boxes of 4 numbers, objectness and {n} scores, {each} a grid cell"),
        (_, Some(n)) => format!("boxes of 4 numbers, objectness and {n} scores"),
        (_, None) => "boxes of 4 numbers, objectness and scores".to_owned(),
    };
    let mut reading = Reading::new(certainty, format!("{} is {shape}", found.output), found.input.clone());
    reading.classes = classes;
    reading.names = found.names();
    if found.of_tensorflow() {
        reading.decode.insert("normalised".into(), true.into());
        reading.doubts.push(yolo::SHARES.to_owned());
    }
    if values.is_none() {
        reading.doubts.push(
            "its header leaves the sizes of its output open: whether it has objectness is seen when it runs; columns \
             instead of rows, as YOLOv8 and later have them, are refused then (--spec yolov8)"
                .into(),
        );
    }
    Some(reading)
}

impl YoloV5 {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode = yolo::decode(recipe)?;
        let place = Place::new(recipe, "expects [1, boxes, 5 + classes]")?;
        let [boxes, values] = place.axes;
        if let Some((boxes, values)) = boxes.zip(values).filter(|(boxes, values)| boxes < values) {
            let name = &recipe.spec.name;
            let message = format!(
                "{name}: {boxes} rows of {values} values found; family yolov5 expects [1, boxes, 5 + classes]: columns \
                 instead of rows are family yolov8"
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        yolo::fits(recipe, values, OTHERS, WHAT)?;
        Ok(Self { input: ModelInput::new(recipe)?, place, decode, labels: recipe.labels })
    }

    /// The box of a row, in input pixels.
    fn rect(&self, rows: ArrayView2<f32>, cell: usize) -> Rect {
        let [sx, sy] = yolo::scale(self.decode.normalised, self.input.size);
        let value = |column: usize| rows[[cell, column]];
        cells::centred([value(0) * sx, value(1) * sy, value(2) * sx, value(3) * sy])
    }
}

impl Family for YoloV5 {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let rows = self.place.tensor(outputs)?.numbers::<Ix2>("[boxes, 5 + classes]")?;
        // No data set of boxes has so many classes, and no picture so few boxes.
        if rows.nrows() < rows.ncols() && rows.ncols() > MOST_VALUES {
            let message = format!(
                "{} rows of {} values found; family yolov5 expects [1, boxes, 5 + classes]: columns instead of rows are \
                 family yolov8 (--spec yolov8)",
                rows.nrows(),
                rows.ncols()
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        yolo::classes(Kind::ModelOutput, rows.ncols(), OTHERS, WHAT, self.labels)?;
        let scores = cells::by_cell(rows.view(), OTHERS, Some(4), self.decode.multi_label);
        let found = cells::candidates(scores, |Seen { cell, class, score }| {
            Candidate::new(self.rect(rows.view(), cell), class, score)
        });
        Ok(cells::detections(found, true, mapping))
    }

    fn proposals(&self, outputs: &Outputs, mapping: &Mapping, near: &Rect) -> Result<Vec<Proposal>> {
        let rows = self.place.tensor(outputs)?.numbers::<Ix2>("[boxes, 5 + classes]")?;
        yolo::classes(Kind::ModelOutput, rows.ncols(), OTHERS, WHAT, self.labels)?;
        let rect = |cell| self.rect(rows.view(), cell);
        Ok(cells::proposals(rows.view(), (OTHERS, Some(4)), (mapping, near), rect))
    }
}

#[cfg(test)]
mod tests;
