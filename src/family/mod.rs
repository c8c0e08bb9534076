//! Model families: how a frame becomes tensors and tensors become an observation.

#[cfg(test)]
mod by_hand;
mod cells;
mod centerface;
mod centernet;
mod classifier;
mod deim;
mod detr;
mod efficient_nms;
mod fastestdet;
mod grid;
mod input;
mod nanodet;
mod nanodet_plus;
mod outputs;
mod parts;
pub mod pp_ocr;
pub mod reading;
mod rfdetr;
mod rows;
mod scores;
#[cfg(test)]
mod testing;
mod tf_od;
mod torchvision;
mod triage;
mod ultraface;
#[cfg(test)]
mod written;
mod yolo;
mod yolo_end2end;
mod yolo_obb;
mod yolov5;
mod yolov8;
mod yolox;
mod yunet;

pub use input::ModelInput;
pub use outputs::Outputs;
pub use reading::Reading;
pub(crate) use yolo::foreign;

use crate::engine::{Infer, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result};
use crate::explain::Proposal;
use crate::frame::{Frame, ValueKind, Warning};
use crate::geometry::Rect;
use crate::observation::Observation;
use crate::onnx::Header;
use crate::preprocess::{Mapping, View};
use crate::spec::{Spec, Task};

/// One way of reading a model. Families know nothing of thresholds, drawing or formats.
pub trait Family: Send + Sync {
    /// What the model is given; `None` of what looks without a model.
    fn input(&self) -> Option<&ModelInput> {
        None
    }

    /// What the outputs mean, in pixels of the upright frame.
    ///
    /// # Errors
    /// `ModelOutput` when a shape or type is not the family's: found, expected.
    fn decode(&self, _outputs: &Outputs, _mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        Err(without_model())
    }

    /// What it sees of a frame when it looks at the whole of it once, so that a large JPEG need not be decoded
    /// in full; `None` when it needs every pixel, as families do that look more than once.
    fn view(&self) -> Option<View> {
        self.input().map(|input| input.spec.view(input.size))
    }

    /// Which numbers behind a grey DICOM picture it looks at instead of its 8-bit pixels.
    fn values(&self) -> Option<ValueKind> {
        None
    }

    /// Whether each output has a row for each frame of a call, so that frames can be joined; not so where the
    /// first axis counts what was found in all of them.
    fn a_row_a_frame(&self) -> bool {
        true
    }

    /// The score of every class of the whole picture, 0 to 1, none left out: what explanations measure. `None` of
    /// families that find things.
    ///
    /// # Errors
    /// As [`Family::decode`].
    fn class_scores(&self, _: &Outputs) -> Result<Option<Vec<f32>>> {
        Ok(None)
    }

    /// Everything that might be a thing and overlaps `near` (in pixels of the upright frame), before any threshold,
    /// with its scores of all classes where the family's outputs have them; else with its best class alone.
    ///
    /// # Errors
    /// As [`Family::decode`].
    fn proposals(&self, outputs: &Outputs, mapping: &Mapping, near: &Rect) -> Result<Vec<Proposal>> {
        let Observation::Detections { candidates, .. } = self.decode(outputs, mapping)?.0 else {
            return Ok(Vec::new());
        };
        let near = candidates.iter().filter(|candidate| candidate.rect.iou(near) > 0.0);
        Ok(near.map(Proposal::of).collect())
    }

    /// The tensors of a frame, and the way back.
    fn prepare(&self, frame: &Frame) -> Result<(Vec<NamedTensor>, Mapping)> {
        self.input().ok_or_else(without_model)?.prepare(frame)
    }

    /// Frame to observation. Families that look more than once (tiles, crops) override this.
    fn observe(&self, frame: &Frame, infer: &dyn Infer) -> Result<(Observation, Vec<Warning>)> {
        let (tensors, mapping) = self.prepare(frame)?;
        let outputs = infer.infer(ModelId::default(), &tensors)?;
        self.decode(&Outputs::new(outputs), &mapping)
    }
}

fn without_model() -> Error {
    Error::new(Kind::Internal, "what looks without a model has no tensors")
}

/// What a family is built from: the description, the file's header, the input size in use
/// ([width, height]) and the number of labels.
pub struct Recipe<'a> {
    pub spec: &'a Spec,
    pub header: &'a Header,
    pub size: [u32; 2],
    pub labels: usize,
}

/// A row of the table of families.
pub struct Entry {
    pub name: &'static str,
    pub task: Task,
    pub about: &'static str,
    /// What the family makes of a model that comes without a description; `None` when it is another's.
    pub recognise: fn(&Header) -> Option<Reading>,
    /// Checks the header against what the family needs, before any input is read.
    pub build: fn(&Recipe) -> Result<Box<dyn Family>>,
}

/// To add a family: one file, one row.
pub const FAMILIES: &[Entry] = &[
    nanodet::ENTRY,
    nanodet_plus::ENTRY,
    fastestdet::ENTRY,
    centernet::ENTRY,
    yolov5::ENTRY,
    yolov8::ENTRY,
    yolo_end2end::ENTRY,
    efficient_nms::ENTRY,
    yolox::ENTRY,
    yolo_obb::ENTRY,
    deim::ENTRY,
    detr::ENTRY,
    rfdetr::ENTRY,
    tf_od::ENTRY,
    torchvision::ENTRY,
    classifier::ENTRY,
    centerface::ENTRY,
    yunet::ENTRY,
    ultraface::ENTRY,
    pp_ocr::DETECTOR,
    pp_ocr::RECOGNISER,
    pp_ocr::ORIENTER,
    triage::ENTRY,
];

/// The family that a model's description names.
///
/// # Errors
/// `ModelInvalid` for a name that is not in the table; `ModelMismatch` when the model's header does
/// not fit the family.
pub fn build(recipe: &Recipe) -> Result<Box<dyn Family>> {
    let name = &recipe.spec.family;
    let entry = FAMILIES.iter().find(|entry| entry.name == name).ok_or_else(|| {
        let known: Vec<&str> = FAMILIES.iter().map(|entry| entry.name).collect();
        let message = format!("family = \"{name}\" is not known; known are: {}", known.join(", "));
        Error::new(Kind::ModelInvalid, message)
    })?;
    if entry.task != recipe.spec.task {
        let message = format!(
            "family {name} is for task {:?}, the description says {:?}",
            entry.task, recipe.spec.task
        );
        return Err(Error::new(Kind::ModelInvalid, message));
    }
    (entry.build)(recipe)
}

/// More classes than any data set of boxes has; V3Det's 13,204 are the most that is published.
const MOST_CLASSES: f32 = 20_000.0;

/// The class that a number of an output stands for, with the score; a score that is none where the number
/// is no class, so that the candidate is dropped and counted. Arithmetic in half precision leaves a class a
/// little off a whole number.
pub(crate) fn class_of(number: f32, score: f32) -> (u32, f32) {
    let class = number.round();
    let whole = (number - class).abs() < 0.01 && (0.0..MOST_CLASSES).contains(&class);
    if whole { (class as u32, score) } else { (0, f32::NAN) }
}

/// The warning for candidates whose box or score was not a number, or no score (faults row 29).
pub(crate) fn not_finite(dropped: usize) -> Option<Warning> {
    let message = || {
        format!(
            "{dropped} values in the model's output were not finite, or no scores from 0 to 1, and were dropped"
        )
    };
    (dropped > 0).then(|| Warning::new("not-finite", message()))
}
