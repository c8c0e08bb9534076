//! Whether a line stands upside down: scores for 0 and 180 degrees.

use ndarray::Ix2;

use super::{Strip, only_output};
use crate::engine::{Infer, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result};
use crate::family::{Entry, Family, ModelInput, Outputs, Recipe, not_finite};
use crate::frame::Warning;
use crate::observation::{ClassScore, Observation, bound_classes};
use crate::preprocess::Mapping;
use crate::spec::Task;

pub const ORIENTER: Entry = Entry {
    name: "pp-ocr-cls",
    task: Task::Ocr,
    about: "PP-OCR's classifier of a line's direction: [n,2], upright and upside down",
    recognise: |_| None,
    build: |recipe| Ok(Box::new(Orienter::new(recipe)?)),
};

/// A line is turned from this score on where the description does not say: rapidocr's cls_thresh.
const CONF: f32 = 0.9;

pub struct Orienter {
    input: ModelInput,
    conf: f32,
}

impl Orienter {
    /// # Errors
    /// `ModelMismatch` for other outputs than two scores.
    pub fn new(recipe: &Recipe) -> Result<Self> {
        only_output(recipe, 2, "[n,2]")?;
        Ok(Self { input: ModelInput::new(recipe)?, conf: recipe.spec.conf.unwrap_or(CONF) })
    }

    /// The least score that turns a line.
    pub fn conf(&self) -> f32 {
        self.conf
    }

    /// Height and greatest width of its strips.
    pub fn strip(&self) -> [u32; 2] {
        [self.input.size[1], self.input.size[0]]
    }

    /// How sure it is that each of `strips` stands upside down.
    pub fn turned(&self, strips: &[Strip], model: ModelId, infer: &dyn Infer) -> Result<Vec<f32>> {
        let tensor = Strip::tensor(strips, &self.input.spec, self.input.size[0])?;
        let outputs = Outputs::new(infer.infer(model, &[NamedTensor::new(self.input.name(), tensor)])?);
        let output = outputs.at(0)?;
        let values = output.value.to_f32();
        let rows = values.into_dimensionality::<Ix2>().ok().filter(|rows| rows.dim() == (strips.len(), 2));
        let rows = rows.ok_or_else(|| {
            let message = format!("{} found; expected scores [{}, 2]", outputs.shapes(), strips.len());
            Error::new(Kind::ModelOutput, message)
        })?;
        // No score is no reason to turn.
        let score = |value: f32| if (0.0..=1.001).contains(&value) { value.min(1.0) } else { 0.0 };
        Ok(rows.column(1).iter().map(|value| score(*value)).collect())
    }
}

impl Family for Orienter {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    /// Of the whole picture as one line.
    fn decode(&self, outputs: &Outputs, _: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let values = outputs.at(0)?.value.to_f32();
        if values.len() != 2 {
            let message = format!("{} found; expected scores [1, 2]", outputs.shapes());
            return Err(Error::new(Kind::ModelOutput, message));
        }
        let numbered = values.iter().zip(0..);
        let mut scores: Vec<ClassScore> =
            numbered.map(|(score, class)| ClassScore { class, score: *score }).collect();
        let dropped = bound_classes(&mut scores);
        Ok((Observation::Classes { scores, multi_label: false }, not_finite(dropped).into_iter().collect()))
    }
}
