//! TensorFlow's Object Detection API and its TFLite exports: final boxes, classes and scores.
//!
//! Reference: `object_detection/exporter_lib_v2.py` and `core/post_processing.py` in tensorflow/models, and
//! `tensorflow/lite/kernels/detection_postprocess.cc` (all Apache-2.0).

use serde::Deserialize;

use super::parts::{Part, decode_table, first_label, is_float, last, rank};
use super::reading::{Certainty, picture};
use super::rows::Rows;
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::engine::ElementType;
use crate::error::Result;
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::Observation;
use crate::onnx::{Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Interpolation, Layout, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "tf-od",
    task: Task::Detect,
    about: "final detection_boxes [1,n,4], _classes and _scores [1,n]: TensorFlow Object Detection, TFLite",
    recognise,
    build: |recipe| Ok(Box::new(TfOd::new(recipe)?)),
};

const BOXES: Part = Part {
    key: "boxes",
    usual: &["detection_boxes"],
    axes: &[None, Some(4)],
    floats: true,
    meaning: "[1,n,4]",
};
const CLASSES: Part =
    Part { key: "classes", usual: &["detection_classes"], axes: &[None], floats: false, meaning: "[1,n]" };
const SCORES: Part =
    Part { key: "scores", usual: &["detection_scores"], axes: &[None], floats: true, meaning: "[1,n]" };
const COUNT: Part =
    Part { key: "count", usual: &["num_detections"], axes: &[], floats: false, meaning: "[1]" };

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    boxes: Option<String>,
    classes: Option<String>,
    scores: Option<String>,
    count: Option<String>,
    /// The model's number of its first class: 1 in TensorFlow's own exports, 0 in TFLite's.
    #[serde(default = "one")]
    first_class: i32,
}

fn one() -> i32 {
    1
}

struct TfOd {
    input: ModelInput,
    boxes: String,
    classes: String,
    scores: String,
    count: Option<String>,
    /// From the model's number of a class to its label.
    shift: i64,
}

impl TfOd {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = decode_table(recipe.spec, "first-class, boxes, classes, scores and count")?;
        let count = match &decode.count {
            Some(name) => Some(COUNT.find(recipe, Some(name))?),
            None => COUNT.usual(recipe.header).map(|value| value.name.clone()),
        };
        Ok(Self {
            boxes: BOXES.find(recipe, decode.boxes.as_deref())?,
            classes: CLASSES.find(recipe, decode.classes.as_deref())?,
            scores: SCORES.find(recipe, decode.scores.as_deref())?,
            count,
            shift: first_label(&recipe.spec.labels) - i64::from(decode.first_class),
            input: ModelInput::new(recipe)?,
        })
    }

    /// How many rows are detections; those behind are padding.
    fn rows(&self, outputs: &Outputs, rows: usize) -> Result<usize> {
        let Some(count) = &self.count else { return Ok(rows) };
        let count = outputs.named(count)?.numbers::<ndarray::Ix0>("one number")?;
        // A count that is no number or below 0 becomes 0.
        Ok((count.first().copied().unwrap_or_default() as usize).min(rows))
    }
}

impl Family for TfOd {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let rows = Rows::read(outputs, &self.boxes, &self.classes, &self.scores)?;
        let [width, height] = mapping.input.map(|side| side as f32);
        let rect = |[y1, x1, y2, x2]: [f32; 4]| Rect::new(x1 * width, y1 * height, x2 * width, y2 * height);
        Ok(rows.found(self.rows(outputs, rows.len())?, self.shift, rect).observed(mapping))
    }
}

/// Where outputs without telling names stand: numbers of axes, then the places of boxes, classes, scores
/// and count, and the first class's number.
struct Order {
    ranks: &'static [usize],
    places: [usize; 4],
    first_class: i64,
}

const ORDERS: [Order; 4] = [
    // The names in order of the alphabet, as a SavedModel has them: detection_anchor_indices, _boxes,
    // _classes, _multiclass_scores, _scores, num_detections, raw_detection_boxes, raw_detection_scores.
    Order { ranks: &[2, 3, 2, 3, 2, 1, 3, 3], places: [1, 2, 4, 5], first_class: 1 },
    // The outputs of TFLite_Detection_PostProcess.
    Order { ranks: &[3, 2, 2, 1], places: [0, 1, 2, 3], first_class: 0 },
    // The same as converters of TensorFlow 2 number them (StatefulPartitionedCall:0 to 3), and reversed.
    Order { ranks: &[2, 3, 1, 2], places: [1, 3, 0, 2], first_class: 0 },
    Order { ranks: &[1, 2, 2, 3], places: [3, 2, 1, 0], first_class: 0 },
];

fn recognise(header: &Header) -> Option<Reading> {
    let named = [BOXES, CLASSES, SCORES].map(|part| part.usual(header));
    if let [Some(boxes), Some(classes), Some(scores)] = named {
        let why = format!("{boxes}, {classes} and {scores} are boxes from 0 to 1, classes and scores");
        let reading = Reading::new(Certainty::Names, why, input(header, false)?);
        return Some(completed(reading, Vec::new()));
    }
    let (order, outputs) = ordered(header)?;
    let parts = [BOXES, CLASSES, SCORES, COUNT];
    let mut decode = toml::Table::new();
    for (part, value) in parts.iter().zip(&outputs) {
        decode.insert(part.key.to_owned(), value.name.clone().into());
    }
    decode.insert("first-class".to_owned(), order.first_class.into());
    let lite = header.outputs.iter().any(|output| output.name.contains("TFLite_Detection_PostProcess"));
    let certainty = if lite { Certainty::Names } else { Certainty::Shape };
    let [boxes, classes, scores, count] = outputs;
    let why =
        format!("{boxes}, {classes}, {scores} and {count} are boxes from 0 to 1, classes, scores and count");
    let doubts = vec![
        format!(
            "which output is which is told by their order; say otherwise under [decode]: boxes, classes, scores, count = \"{}\" …",
            count.name
        ),
        format!(
            "the first class is taken to be number {}; write first-class = {} under [decode] where it is that",
            order.first_class,
            1 - order.first_class
        ),
    ];
    let reading = Reading { decode, ..Reading::new(certainty, why, input(header, order.first_class == 0)?) };
    Some(completed(reading, doubts))
}

fn completed(reading: Reading, mut doubts: Vec<String>) -> Reading {
    doubts.push(
        "the header does not say which classes there are; give those of another data set with --labels FILE"
            .to_owned(),
    );
    // mscoco_label_map.pbtxt; the least score is `min_score_thresh` of the API's visualization_utils.py.
    Reading { classes: Some(91), assumed: true, conf: Some(0.5), doubts, ..reading }
}

/// The order that fits, and its boxes, classes, scores and count.
fn ordered(header: &Header) -> Option<(&'static Order, [&Value; 4])> {
    let outputs = &header.outputs;
    let fits = |order: &&Order| {
        outputs.len() == order.ranks.len()
            && outputs.iter().zip(order.ranks).all(|(o, wanted)| is_float(o) && rank(o) == Some(*wanted))
    };
    let order = ORDERS.iter().find(fits)?;
    let found = order.places.map(|place| &outputs[place]);
    (last(found[0]).is_none_or(|n| n == 4) && last(found[3]).is_none_or(|n| n == 1)).then_some((order, found))
}

/// The graph resizes by itself, so any size will do; pictures keep their aspect ratio, which those models
/// need that were trained with `keep_aspect_ratio_resizer`. TFLite exports fix the size and, where their
/// input is of floats, want -1 to 1.
fn input(header: &Header, lite: bool) -> Option<InputSpec> {
    let usual = InputSpec {
        size: [1333, 800],
        resize: Resize::ShortestEdge,
        // tf.image.resize: two taps, no antialiasing.
        interpolation: Interpolation::Cv2Linear,
        ..InputSpec::default()
    };
    let input = picture(header, 3, usual)?;
    let open_channels = header
        .picture_input(None)
        .ok()
        .and_then(|value| value.shape.as_ref())
        .is_some_and(|shape| shape.iter().rev().take(3).all(|dim| dim.fixed().is_none()));
    let signed = lite && matches!(input.element, ElementType::F32 | ElementType::F16);
    let (mean, std) = if signed { ([127.5; 3], [127.5; 3]) } else { (input.mean, input.std) };
    let resize = if input.dynamic_size { Resize::ShortestEdge } else { Resize::Stretch };
    let layout = if open_channels { Layout::Nhwc } else { input.layout };
    Some(InputSpec { resize, layout, mean, std, ..input })
}

#[cfg(test)]
mod tests;
