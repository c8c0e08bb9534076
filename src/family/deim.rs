//! RT-DETR, D-FINE and DEIM with their post-processing inside the graph: final labels, boxes and scores.
//!
//! Reference: `tools/deployment/export_onnx.py` and `zoo/*/postprocessor.py` (deploy mode) in
//! lyuwenyu/RT-DETR, Peterande/D-FINE and Intellindust-AI-Lab/DEIM (all Apache-2.0).

use serde::Deserialize;

use super::parts::{Part, decode_table, is_float, is_whole, last, rank};
use super::reading::{Certainty, USUAL_SIDE, picture};
use super::rows::Rows;
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::Result;
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::Observation;
use crate::onnx::{Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Interpolation, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "deim",
    task: Task::Detect,
    about: "final labels [1,n], boxes [1,n,4] and scores [1,n]: DEIM, D-FINE, RT-DETR",
    recognise,
    build: |recipe| Ok(Box::new(Deim::new(recipe)?)),
};

const LABELS: Part =
    Part { key: "labels", usual: &["labels"], axes: &[None], floats: false, meaning: "[1,n]" };
const BOXES: Part =
    Part { key: "boxes", usual: &["boxes"], axes: &[None, Some(4)], floats: true, meaning: "[1,n,4]" };
const SCORES: Part =
    Part { key: "scores", usual: &["scores"], axes: &[None], floats: true, meaning: "[1,n]" };

/// The input that says in which size boxes are wanted.
const TARGET: &str = "orig_target_sizes";

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    labels: Option<String>,
    boxes: Option<String>,
    scores: Option<String>,
    /// Boxes are 0 to 1 of the input instead of its pixels.
    normalised: bool,
    /// The model's number of the first label.
    first_class: i32,
}

struct Deim {
    input: ModelInput,
    labels: String,
    boxes: String,
    scores: String,
    normalised: bool,
    first_class: i64,
}

impl Deim {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = decode_table(recipe.spec, "labels, boxes, scores, normalised and first-class")?;
        Ok(Self {
            labels: LABELS.find(recipe, decode.labels.as_deref())?,
            boxes: BOXES.find(recipe, decode.boxes.as_deref())?,
            scores: SCORES.find(recipe, decode.scores.as_deref())?,
            normalised: decode.normalised,
            first_class: i64::from(decode.first_class),
            input: ModelInput::new(recipe)?,
        })
    }
}

impl Family for Deim {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let rows = Rows::read(outputs, &self.boxes, &self.labels, &self.scores)?;
        let [width, height] = if self.normalised { mapping.input.map(|v| v as f32) } else { [1.0; 2] };
        let rect = |[x1, y1, x2, y2]: [f32; 4]| Rect::new(x1 * width, y1 * height, x2 * width, y2 * height);
        Ok(rows.found(rows.len(), -self.first_class, rect).observed(mapping))
    }
}

/// By the names of outputs or of the input for the size; else by three outputs of these axes with whole
/// numbers for labels. Without a batch axis they are torchvision's.
fn recognise(header: &Header) -> Option<Reading> {
    let target = header.inputs.iter().any(|input| input.name == TARGET);
    let named = [LABELS, BOXES, SCORES].iter().all(|part| part.usual(header).is_some());
    let [labels, boxes, scores] = roles(header)?;
    let certainty = if target || named { Certainty::Names } else { Certainty::Shape };
    let why = format!("{labels}, {boxes} and {scores} are labels, boxes in pixels and scores");
    let usual = InputSpec {
        size: [USUAL_SIDE; 2],
        resize: Resize::Stretch,
        // Antialiased, DEIMv2-femto's AP on 64 photos of COCO is 0.393 instead of 0.403.
        interpolation: Interpolation::Cv2Linear,
        std: [255.0; 3],
        ..InputSpec::default()
    };
    let mut reading = Reading::new(certainty, why, picture(header, 3, usual)?);
    if !named {
        for (part, value) in [(LABELS, labels), (BOXES, boxes), (SCORES, scores)] {
            reading.decode.insert(part.key.to_owned(), value.name.clone().into());
        }
    }
    (reading.classes, reading.assumed) = (Some(80), true);
    // The least score of D-FINE's tools/inference.
    reading.conf = Some(0.4);
    reading.doubts = doubts(target);
    Some(reading)
}

/// The outputs for labels, boxes and scores, all with a batch axis, and no others.
fn roles(header: &Header) -> Option<[&Value; 3]> {
    let one = |is: &dyn Fn(&Value) -> bool| {
        let mut found = header.outputs.iter().filter(|value| is(value));
        found.next().filter(|_| found.next().is_none())
    };
    let labels = one(&|value| is_whole(value) && rank(value) == Some(2))?;
    let boxes =
        one(&|value| is_float(value) && rank(value) == Some(3) && last(value).is_none_or(|n| n == 4))?;
    let scores = one(&|value| is_float(value) && rank(value) == Some(2))?;
    (header.outputs.len() == 3).then_some([labels, boxes, scores])
}

fn doubts(target: bool) -> Vec<String> {
    let mut doubts = vec![
        "the header does not say how pixels are scaled; 0 to 1 is usual, DEIMv2 with a DINOv3 backbone wants \
         mean = [123.675, 116.28, 103.53] and std = [58.395, 57.12, 57.375] under [input]"
            .to_owned(),
        "the header does not say which classes there are; for labels that are COCO's category ids (1 to 90) \
         say --labels coco-91"
            .to_owned(),
    ];
    if !target {
        doubts.push(
            "boxes are taken for pixels of the input and labels for counted from 0; otherwise write normalised = true \
                 or first-class = 1 under [decode]"
                .to_owned(),
        );
    }
    doubts
}

#[cfg(test)]
mod tests;
