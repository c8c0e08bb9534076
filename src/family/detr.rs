//! DETR and its kin without post-processing: a row of class logits and a box per query.
//!
//! Reference: `post_process_object_detection` of the image processors of DETR, YOLOS, Conditional and
//! Deformable DETR, RT-DETR in transformers (Apache-2.0).

use serde::Deserialize;

use super::input::is_known;
use super::parts::{Part, decode_table, is_float, labels_fit, last, rank};
use super::reading::{Certainty, USUAL_SIDE, picture};
use super::rows::Queries;
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::Result;
use crate::frame::Warning;
use crate::observation::Observation;
use crate::onnx::{Dim, Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Interpolation, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "detr",
    task: Task::Detect,
    about: "logits [1,queries,classes] and pred_boxes [1,queries,4]: DETR, Deformable, RT-DETR, D-FINE, YOLOS",
    recognise,
    build: |recipe| Ok(Box::new(Detr::new(recipe)?)),
};

const LOGITS: Part = Part {
    key: "logits",
    usual: &["logits", "pred_logits"],
    axes: &[None, None],
    floats: true,
    meaning: "[1,queries,classes]",
};
const BOXES: Part = Part {
    key: "boxes",
    usual: &["pred_boxes"],
    axes: &[None, Some(4)],
    floats: true,
    meaning: "[1,queries,4]",
};

/// ImageNet's mean and deviation per channel (transformers' IMAGENET_DEFAULT_MEAN) for pixels 0 to 255.
pub(super) const IMAGENET_MEAN: [f32; 3] = [123.675, 116.28, 103.53];
pub(super) const IMAGENET_STD: [f32; 3] = [58.395, 57.12, 57.375];

/// How a row of logits is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scores {
    /// One distribution a query; the last column is "no object" (DETR, YOLOS).
    SoftmaxNoObject,
    /// Each class by itself (Conditional and Deformable DETR, RT-DETR, D-FINE).
    Sigmoid,
}

impl Scores {
    fn key(self) -> &'static str {
        match self {
            Scores::SoftmaxNoObject => "softmax-no-object",
            Scores::Sigmoid => "sigmoid",
        }
    }

    fn classes(self, columns: usize) -> usize {
        match self {
            Scores::SoftmaxNoObject => columns.saturating_sub(1),
            Scores::Sigmoid => columns,
        }
    }
}

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    scores: Option<Scores>,
    logits: Option<String>,
    boxes: Option<String>,
}

struct Detr {
    input: ModelInput,
    scores: Scores,
    logits: String,
    boxes: String,
}

impl Detr {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode =
            decode_table(recipe.spec, "scores (\"softmax-no-object\" or \"sigmoid\"), logits and boxes")?;
        let logits = LOGITS.find(recipe, decode.logits.as_deref())?;
        let boxes = BOXES.find(recipe, decode.boxes.as_deref())?;
        let columns = recipe.header.outputs.iter().find(|value| value.name == logits);
        let scores = decode.scores.unwrap_or_else(|| Guess::of(recipe.header, columns).scores);
        labels_fit(recipe, columns.and_then(last).map(|columns| scores.classes(columns)))?;
        Ok(Self { input: ModelInput::new(recipe)?, scores, logits, boxes })
    }
}

impl Family for Detr {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let queries = Queries::read(outputs, &self.logits, &self.boxes, mapping)?;
        let found = match self.scores {
            Scores::SoftmaxNoObject => queries.by_softmax(),
            Scores::Sigmoid => queries.by_sigmoid(queries.columns()),
        };
        Ok(found.observed(mapping))
    }
}

/// What a number of columns, of queries, and a mask among the inputs speak for.
struct Guess {
    scores: Scores,
    /// Whether pixels are scaled by ImageNet's mean and deviation, as all but RT-DETR and D-FINE have it.
    imagenet: bool,
    /// Whether something else may well fit.
    doubtful: bool,
}

impl Guess {
    fn of(header: &Header, logits: Option<&Value>) -> Self {
        let masked = header.inputs.iter().any(|input| input.name == "pixel_mask");
        let queries = || {
            let shape = logits.and_then(|value| value.shape.as_ref());
            shape.and_then(|shape| shape.iter().rev().nth(1)).and_then(Dim::fixed)
        };
        let guess = |scores, imagenet, doubtful| Self { scores, imagenet, doubtful };
        match logits.and_then(last) {
            // COCO by category id: 0 to 90, with and without "no object".
            Some(92) => guess(Scores::SoftmaxNoObject, true, false),
            Some(91) => guess(Scores::Sigmoid, true, false),
            // COCO's 80 classes and Objects365's 365 or 366: RT-DETR and D-FINE.
            Some(80 | 365 | 366) => guess(Scores::Sigmoid, masked, masked),
            Some(81) => guess(Scores::SoftmaxNoObject, true, true),
            // Fine-tuned: DETR and YOLOS alone have 100 queries.
            Some(2..) | None if queries() == Some(100) => guess(Scores::SoftmaxNoObject, true, true),
            _ => guess(Scores::Sigmoid, masked, true),
        }
    }

    fn input(&self, header: &Header) -> Option<InputSpec> {
        let usual = InputSpec {
            size: [USUAL_SIDE; 2],
            resize: Resize::Stretch,
            interpolation: Interpolation::PilBilinear,
            std: [255.0; 3],
            ..InputSpec::default()
        };
        if !self.imagenet {
            return picture(header, 3, usual);
        }
        let scaled = InputSpec { mean: IMAGENET_MEAN, std: IMAGENET_STD, ..usual };
        // shortest_edge 800, longest_edge 1333 in the image processors' defaults.
        let followed = InputSpec { size: [1333, 800], resize: Resize::ShortestEdge, ..scaled.clone() };
        picture(header, 3, followed).filter(|input| input.dynamic_size).or_else(|| picture(header, 3, scaled))
    }

    fn doubts(&self, input: &InputSpec) -> Vec<String> {
        let mut doubts = Vec::new();
        if self.doubtful {
            doubts.push(format!(
                "scores are read as \"{}\" under [decode], which the header leaves open; the other way is \"{}\"",
                self.scores.key(),
                match self.scores {
                    Scores::Sigmoid => Scores::SoftmaxNoObject.key(),
                    Scores::SoftmaxNoObject => Scores::Sigmoid.key(),
                }
            ));
            let (here, other) = if self.imagenet {
                ("ImageNet's mean and deviation", "mean = [0, 0, 0] and std = [255, 255, 255]")
            } else {
                ("0 to 1", "mean = [123.675, 116.28, 103.53] and std = [58.395, 57.12, 57.375]")
            };
            doubts.push(format!("pixels are scaled to {here}; the other way is {other} under [input]"));
        }
        if self.imagenet && input.dynamic_size && self.scores == Scores::Sigmoid {
            doubts.push(
                "pictures keep their aspect ratio, as DETR's do; RF-DETR wants a square: resize = \"stretch\" and \
                 size = [560, 560], or what its config.json says, under [input]"
                    .to_owned(),
            );
        } else if self.imagenet && !input.dynamic_size {
            let [width, height] = input.size;
            doubts.push(format!(
                "the export fixes {width}x{height}, so pictures are stretched; DETR was trained on their own aspect ratio"
            ));
        }
        doubts
    }
}

/// By the outputs' names, with no input but the picture and its mask: models that take text as well have
/// outputs of these names too.
fn recognise(header: &Header) -> Option<Reading> {
    let logits = LOGITS.usual(header).filter(|value| is_float(value) && rank(value) == Some(3))?;
    let boxes = BOXES.usual(header).filter(|value| is_float(value) && BOXES.fits(value))?;
    let guess = Guess::of(header, Some(logits));
    let input = guess.input(header)?;
    let picture = header.picture_input(None).ok()?;
    if header.inputs.iter().any(|other| other.name != picture.name && !is_known(other)) {
        return None;
    }
    let why = format!("{logits} and {boxes} are class logits and boxes of queries");
    let doubts = guess.doubts(&input);
    let mut reading = Reading::new(Certainty::Names, why, input);
    reading.decode.insert("scores".to_owned(), guess.scores.key().into());
    reading.classes = last(logits).map(|columns| guess.scores.classes(columns));
    // The processors' own default threshold.
    reading.conf = Some(0.5);
    reading.doubts = doubts;
    if header.outputs.iter().any(|output| output.name == "pred_masks") {
        reading.doubts.push("pred_masks are not read, only boxes".to_owned());
    }
    Some(reading)
}

#[cfg(test)]
mod tests;
