//! Oriented boxes of YOLO (v8, 11, 26): centre, size, class scores and an angle.
//!
//! Reference: `OBB` in ultralytics `nn/modules/head.py` and `dist2rbox`: [1, 4 + classes + 1, n] with the
//! angle last, in radians; end-to-end [1, n, 7] of x, y, width, height, score, class, angle.

use ndarray::{ArrayView1, ArrayView2, Ix2, s};
use serde::Deserialize;

use super::cells::{self, Seen};
use super::reading::Certainty;
use super::yolo::{self, Found, Place};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe, class_of};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::geometry::Quad;
use crate::observation::{Candidate, Observation, SCORE_FLOOR};
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::Task;

pub const ENTRY: Entry = Entry {
    name: "yolo-obb",
    task: Task::Detect,
    about: "oriented boxes of YOLO: [1,4+classes+1,n] with the angle last, or final [1,n,7]",
    recognise,
    build: |recipe| Ok(Box::new(YoloObb::new(recipe)?)),
};

/// Centre, size and angle.
const OTHERS: usize = 5;
const WHAT: &str = "4 of the box, its angle";
/// x, y, width, height, score, class, angle.
const FINAL: usize = 7;

/// ProbIoU is higher than the IoU of the same boxes (0.65 for 0.54 where squares are shifted by 30 %), so
/// it is limited as Ultralytics limits it.
const IOU: f32 = 0.7;

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    /// Whether rows are final boxes (YOLO26, `nms=True`).
    end_to_end: bool,
    /// Every class over the floor instead of a box's best.
    multi_label: bool,
}

struct YoloObb {
    input: ModelInput,
    place: Place,
    decode: Decode,
    labels: usize,
}

fn recognise(header: &Header) -> Option<Reading> {
    let found = Found::of(header)?;
    let noted = found.noted("obb");
    let [first, second] = found.axes;
    let end_to_end = match &found.notes {
        Some(notes) if notes.end_to_end || notes.nms => true,
        Some(_) => second == Some(FINAL) && first != Some(notes_values(&found)),
        None => second == Some(FINAL),
    };
    let classes = if end_to_end {
        found.notes.as_ref().map(|notes| notes.names.len()).filter(|count| *count > 0)
    } else {
        match first {
            Some(values) => Some(values.checked_sub(OTHERS).filter(|classes| *classes > 0)?),
            None => None,
        }
    };
    let rows = first.zip(second).is_some_and(|(a, b)| a > b) && !end_to_end;
    if noted == Some(false) || rows || noted.is_none() && classes.is_none() && !end_to_end {
        return None;
    }
    let certainty = if noted.is_some() { Certainty::Metadata } else { Certainty::Shape };
    let what = if end_to_end {
        "final oriented boxes, a row each"
    } else {
        "4 numbers of an oriented box, scores and an angle"
    };
    let mut reading = Reading::new(certainty, format!("{} is {what}", found.output), found.input.clone());
    reading.classes = classes;
    reading.names = found.names();
    reading.iou = Some(IOU);
    if end_to_end {
        reading.decode.insert("end-to-end".into(), true.into());
    }
    Some(reading)
}

/// The number of values that the names in the notes ask for.
fn notes_values(found: &Found) -> usize {
    found.notes.as_ref().map_or(0, |notes| notes.names.len() + OTHERS)
}

impl YoloObb {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = yolo::decode(recipe)?;
        let place = Place::new(recipe, "expects [1, 4 + classes + 1, boxes] or final [1, boxes, 7]")?;
        let [values, second] = place.axes;
        if !decode.end_to_end {
            yolo::fits(recipe, values, OTHERS, WHAT)?;
        } else if let Some(count) = second.filter(|count| *count != FINAL) {
            let message = format!(
                "{}: rows of {count} values found; final oriented boxes have {FINAL}: leave end-to-end out of [decode]",
                recipe.spec.name
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        Ok(Self { input: ModelInput::new(recipe)?, place, decode, labels: recipe.labels })
    }

    fn columns(&self, values: ArrayView2<f32>) -> Result<(Vec<Candidate>, usize)> {
        let classes = yolo::classes(Kind::ModelOutput, values.nrows(), OTHERS, WHAT, self.labels)?;
        let scores = cells::by_class(values.slice(s![4..4 + classes, ..]), self.decode.multi_label);
        Ok(cells::candidates(scores, |Seen { cell, class, score }| {
            let value = |row: usize| values[[row, cell]];
            let corners = Quad::turned([value(0), value(1)], [value(2), value(3)], value(4 + classes));
            Candidate::oriented(corners, class, score)
        }))
    }

    fn rows(&self, rows: ArrayView2<f32>) -> Result<(Vec<Candidate>, usize)> {
        if rows.ncols() != FINAL {
            let message = format!("rows of {} values found; final oriented boxes have {FINAL}", rows.ncols());
            return Err(Error::new(Kind::ModelOutput, message));
        }
        Ok((rows.rows().into_iter().filter_map(thing).collect(), 0))
    }
}

/// The thing in a final row; `None` for rows that only fill up.
fn thing(row: ArrayView1<f32>) -> Option<Candidate> {
    let [x, y, width, height, score, class, angle] =
        std::array::from_fn(|at| row.get(at).copied().unwrap_or(f32::NAN));
    let corners = Quad::turned([x, y], [width, height], angle);
    let filler = score < SCORE_FLOOR || class < 0.0;
    let score = if class.is_finite() { score } else { f32::NAN };
    let (class, score) = class_of(class, score);
    (!filler).then(|| Candidate::oriented(corners, class, score))
}

impl Family for YoloObb {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let values = self.place.tensor(outputs)?.numbers::<Ix2>("[values, boxes]")?;
        let end_to_end = self.decode.end_to_end;
        let found = if end_to_end { self.rows(values.view())? } else { self.columns(values.view())? };
        Ok(cells::detections(found, !end_to_end, mapping))
    }
}

#[cfg(test)]
mod tests;
