//! RF-DETR: a row of class logits and a box per query, one column more than classes.
//!
//! Reference: `rfdetr/models/postprocess.py` and `rfdetr/export/_runtime` in roboflow/rf-detr (Apache-2.0).

use serde::Deserialize;

use super::detr::{IMAGENET_MEAN, IMAGENET_STD};
use super::parts::{Part, decode_table, is_float, labels_fit, last, rank};
use super::reading::{Certainty, picture};
use super::rows::Queries;
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::Result;
use crate::frame::Warning;
use crate::observation::Observation;
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Interpolation, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "rfdetr",
    task: Task::Detect,
    about: "dets [1,queries,4] and labels [1,queries,classes+1] of logits: RF-DETR",
    recognise,
    build: |recipe| Ok(Box::new(RfDetr::new(recipe)?)),
};

const BOXES: Part =
    Part { key: "boxes", usual: &["dets"], axes: &[None, Some(4)], floats: true, meaning: "[1,queries,4]" };
const LOGITS: Part = Part {
    key: "logits",
    usual: &["labels"],
    axes: &[None, None],
    floats: true,
    meaning: "[1,queries,classes+1]",
};

/// Columns of the models trained on COCO: its category ids, 0 to 90, the last of which is a class.
const COCO_COLUMNS: usize = 91;
/// `resolution` of the smallest model in rfdetr/config.py, for exports that leave the size open.
const USUAL_SIDE: u32 = 384;

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    /// Whether the last column is background: where not said, in all but COCO's 91.
    background_last: Option<bool>,
    logits: Option<String>,
    boxes: Option<String>,
}

struct RfDetr {
    input: ModelInput,
    background_last: Option<bool>,
    logits: String,
    boxes: String,
}

/// Columns that are classes.
fn classes(background_last: Option<bool>, columns: usize) -> usize {
    columns.saturating_sub(usize::from(background_last.unwrap_or(columns != COCO_COLUMNS)))
}

impl RfDetr {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = decode_table(recipe.spec, "background-last, logits and boxes")?;
        let logits = LOGITS.find(recipe, decode.logits.as_deref())?;
        let boxes = BOXES.find(recipe, decode.boxes.as_deref())?;
        let columns = recipe.header.outputs.iter().find(|value| value.name == logits).and_then(last);
        labels_fit(recipe, columns.map(|columns| classes(decode.background_last, columns)))?;
        let background_last = decode.background_last;
        Ok(Self { input: ModelInput::new(recipe)?, background_last, logits, boxes })
    }
}

impl Family for RfDetr {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let queries = Queries::read(outputs, &self.logits, &self.boxes, mapping)?;
        let classes = classes(self.background_last, queries.columns());
        Ok(queries.by_sigmoid(classes).observed(mapping))
    }
}

fn recognise(header: &Header) -> Option<Reading> {
    let boxes = BOXES.usual(header).filter(|value| is_float(value) && BOXES.fits(value))?;
    let logits = LOGITS.usual(header).filter(|value| is_float(value) && rank(value) == Some(3))?;
    let usual = InputSpec {
        size: [USUAL_SIDE; 2],
        resize: Resize::Stretch,
        // rfdetr/export/_runtime/preprocess.py: bilinear with antialias=False.
        interpolation: Interpolation::Cv2Linear,
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
        ..InputSpec::default()
    };
    let why = format!("{boxes} and {logits} are boxes and class logits of queries");
    let mut reading = Reading::new(Certainty::Names, why, picture(header, 3, usual)?);
    reading.classes = last(logits).map(|columns| classes(None, columns));
    // `predict(threshold=0.5)`.
    reading.conf = Some(0.5);
    reading.doubts = match last(logits) {
        Some(COCO_COLUMNS) => vec![
            "91 columns are taken for COCO's category ids; where they are 90 classes of another data set and \
             background write background-last = true under [decode]"
                .to_owned(),
        ],
        _ => vec![
            "the last column is taken for background, as RF-DETR trains it; where it is a class write \
             background-last = false under [decode]"
                .to_owned(),
        ],
    };
    let more = header.outputs.iter().filter(|o| o.name == "masks" || o.name == "keypoints");
    reading.doubts.extend(more.map(|output| format!("{} are not read, only boxes", output.name)));
    Some(reading)
}

#[cfg(test)]
mod tests;
