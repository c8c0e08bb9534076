//! Exports that end in TensorRT's EfficientNMS or its ONNX Runtime stand-in: how many things, their
//! boxes, scores and classes.
//!
//! Reference: `TRT_NMS` and `ORT_NMS` in meituan/YOLOv6 `yolov6/models/end2end.py`, and the same in
//! WongKinYiu/yolov7 `models/experimental.py`: `num_dets` [1,1], `det_boxes` [1,n,4] in pixels of the
//! input, `det_scores` [1,n], `det_classes` [1,n].

use ndarray::{Ix1, Ix2};
use serde::Deserialize;

use super::cells;
use super::reading::{Certainty, picture};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe, class_of, yolo};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::observation::{Candidate, Observation, SCORE_FLOOR};
use crate::onnx::{Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Task};

pub const ENTRY: Entry = Entry {
    name: "efficient-nms",
    task: Task::Detect,
    about: "YOLOs exported with suppression: num_dets, det_boxes, det_scores, det_classes",
    recognise,
    build: |recipe| Ok(Box::new(EfficientNms::new(recipe)?)),
};

/// Count, boxes, scores, classes; the second set of names is the plugin's own.
const NAMES: [[&str; 2]; 4] = [
    ["num_dets", "num_detections"],
    ["det_boxes", "detection_boxes"],
    ["det_scores", "detection_scores"],
    ["det_classes", "detection_classes"],
];

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    /// Boxes as shares of the input's sides.
    normalised: bool,
}

struct EfficientNms {
    input: ModelInput,
    decode: Decode,
    /// Places of the four outputs.
    places: [usize; 4],
}

/// Places of the four outputs by their names.
fn places(header: &Header) -> Option<[usize; 4]> {
    let place = |names: &[&str; 2]| header.outputs.iter().position(|o| names.contains(&o.name.as_str()));
    let [count, boxes, scores, classes] = NAMES.each_ref().map(place);
    Some([count?, boxes?, scores?, classes?])
}

fn recognise(header: &Header) -> Option<Reading> {
    places(header)?;
    // The plugin's own names are also those of TensorFlow's detectors, whose pictures are no floats.
    let own = header.outputs.iter().any(|output| output.name == NAMES[0][0]);
    let input = picture(header, 3, InputSpec { std: [255.0; 3], ..InputSpec::default() }).filter(|_| own)?;
    let why = "its four outputs are the count, boxes, scores and classes of final boxes".to_owned();
    Some(Reading::new(Certainty::Names, why, input))
}

impl EfficientNms {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode = yolo::decode(recipe)?;
        let places = places(recipe.header).ok_or_else(|| {
            let found: Vec<String> = recipe.header.outputs.iter().map(Value::to_string).collect();
            let wanted = "num_dets, det_boxes, det_scores and det_classes";
            let message =
                format!("{}: outputs {wanted} expected; found {}", recipe.spec.name, found.join(", "));
            Error::new(Kind::ModelMismatch, message)
        })?;
        Ok(Self { input: ModelInput::new(recipe)?, decode, places })
    }
}

impl Family for EfficientNms {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let [count, boxes, scores, classes] = self.places;
        let count = outputs.at(count)?.numbers::<Ix1>("[1]")?;
        let boxes = outputs.at(boxes)?.numbers::<Ix2>("[boxes, 4]")?;
        let scores = outputs.at(scores)?.numbers::<Ix1>("[boxes]")?;
        let classes = outputs.at(classes)?.numbers::<Ix1>("[boxes]")?;
        if boxes.ncols() != 4 || boxes.nrows() != scores.len() || scores.len() != classes.len() {
            let message = format!(
                "boxes of 4 values, scores and classes in equal number expected; found {}",
                outputs.shapes()
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        // What follows the first `count` is left from other pictures.
        let count = count.first().map_or(0, |count| *count as usize);
        let [sx, sy] = yolo::scale(self.decode.normalised, self.input.size);
        let things = boxes.rows().into_iter().zip(&scores).zip(&classes).take(count);
        let things = things.filter(|((_, score), class)| !(**score < SCORE_FLOOR || **class < 0.0));
        let candidates = things.map(|((edges, &score), &class)| {
            let rect = cells::edges([edges[0] * sx, edges[1] * sy, edges[2] * sx, edges[3] * sy]);
            let score = if class.is_finite() { score } else { f32::NAN };
            let (class, score) = class_of(class, score);
            Candidate::new(rect, class, score)
        });
        Ok(cells::detections((candidates.collect(), 0), false, mapping))
    }
}

#[cfg(test)]
mod tests;
