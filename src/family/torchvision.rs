//! torchvision's detectors (Faster R-CNN, RetinaNet, FCOS, SSD): final boxes, labels and scores without
//! a batch axis, of a picture that the graph itself normalises and resizes.
//!
//! Reference: `torchvision/models/detection` (BSD-3-Clause).

use serde::Deserialize;

use super::parts::{Part, decode_table, first_label, is_float, is_whole, last, rank};
use super::reading::{Certainty, picture};
use super::rows::Rows;
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::Result;
use crate::frame::Warning;
use crate::observation::Observation;
use crate::onnx::{Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Interpolation, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "torchvision",
    task: Task::Detect,
    about: "final boxes [n,4], labels [n] and scores [n] without a batch: Faster R-CNN, RetinaNet, FCOS, SSD",
    recognise,
    build: |recipe| Ok(Box::new(TorchVision::new(recipe)?)),
};

const BOXES: Part =
    Part { key: "boxes", usual: &["boxes"], axes: &[None, Some(4)], floats: true, meaning: "[n,4]" };
const LABELS: Part = Part { key: "labels", usual: &["labels"], axes: &[None], floats: false, meaning: "[n]" };
const SCORES: Part = Part { key: "scores", usual: &["scores"], axes: &[None], floats: true, meaning: "[n]" };

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    boxes: Option<String>,
    labels: Option<String>,
    scores: Option<String>,
    /// The model's number of its first class; 0 is the background's.
    #[serde(default = "one")]
    first_class: i32,
}

fn one() -> i32 {
    1
}

struct TorchVision {
    input: ModelInput,
    boxes: String,
    labels: String,
    scores: String,
    /// From the model's number of a class to its label.
    shift: i64,
}

impl TorchVision {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = decode_table(recipe.spec, "first-class, boxes, labels and scores")?;
        Ok(Self {
            boxes: BOXES.find(recipe, decode.boxes.as_deref())?,
            labels: LABELS.find(recipe, decode.labels.as_deref())?,
            scores: SCORES.find(recipe, decode.scores.as_deref())?,
            shift: first_label(&recipe.spec.labels) - i64::from(decode.first_class),
            input: ModelInput::new(recipe)?,
        })
    }
}

impl Family for TorchVision {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn a_row_a_frame(&self) -> bool {
        false
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let rows = Rows::read(outputs, &self.boxes, &self.labels, &self.scores)?;
        Ok(rows.found(rows.len(), self.shift, Into::into).observed(mapping))
    }
}

/// The outputs for boxes, labels and scores, without a batch axis.
fn roles(header: &Header) -> Option<[&Value; 3]> {
    let one = |is: &dyn Fn(&Value) -> bool| {
        let mut found = header.outputs.iter().filter(|value| is(value));
        found.next().filter(|_| found.next().is_none())
    };
    let boxes =
        one(&|value| is_float(value) && rank(value) == Some(2) && last(value).is_none_or(|n| n == 4))?;
    let labels = one(&|value| is_whole(value) && rank(value) == Some(1))?;
    let scores = one(&|value| is_float(value) && rank(value) == Some(1))?;
    Some([boxes, labels, scores])
}

fn recognise(header: &Header) -> Option<Reading> {
    let roles = roles(header).filter(|_| header.inputs.len() == 1)?;
    let parts = [BOXES, LABELS, SCORES];
    let named = parts.iter().zip(roles).all(|(part, value)| part.usual(header) == Some(value));
    let certainty = if named { Certainty::Names } else { Certainty::Shape };
    let [boxes, labels, scores] = roles;
    let why =
        format!("{boxes}, {labels} and {scores} are boxes in pixels, labels and scores without a batch");
    let mut reading = Reading::new(certainty, why, input(header)?);
    if !named {
        for (part, value) in parts.iter().zip(roles) {
            reading.decode.insert(part.key.to_owned(), value.name.clone().into());
        }
    }
    // COCO's category ids, as all of torchvision's own weights have them.
    (reading.classes, reading.assumed) = (Some(91), true);
    reading.conf = Some(0.5);
    reading.doubts = doubts(header, named);
    Some(reading)
}

/// `GeneralizedRCNNTransform` takes 0 to 1 and scales to 800 and 1333 itself: a picture of that size
/// already goes through it as it is.
fn input(header: &Header) -> Option<InputSpec> {
    let usual = InputSpec {
        size: [1333, 800],
        resize: Resize::ShortestEdge,
        interpolation: Interpolation::Cv2Linear,
        std: [255.0; 3],
        ..InputSpec::default()
    };
    let input = picture(header, 3, usual)?;
    let resize = if input.dynamic_size { Resize::ShortestEdge } else { Resize::Stretch };
    Some(InputSpec { resize, ..input })
}

fn doubts(header: &Header, named: bool) -> Vec<String> {
    let mut doubts = vec![
        "the header does not say which classes there are; give those of another data set, without the \
         background, with --labels FILE"
            .to_owned(),
    ];
    if !named {
        doubts.push(
            "Faster R-CNN and Mask R-CNN of the ONNX model zoo (maskrcnn-benchmark) have these outputs too, but \
             want colour = \"bgr\", mean = [102.9801, 115.9465, 122.7717] and std = [1, 1, 1] under [input], and \
             labels = \"coco-80\""
                .to_owned(),
        );
    }
    let more = header.outputs.iter().filter(|o| is_float(o) && rank(o).is_some_and(|rank| rank > 2));
    doubts.extend(more.map(|output| format!("{output} (masks or keypoints) is not read, only boxes")));
    doubts
}

#[cfg(test)]
mod tests;
