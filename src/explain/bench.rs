//! Masked looks: many versions of one picture through the model, and what it still sees of the targets.

use std::cell::Cell;

use super::canvas::Canvas;
use super::target::Target;
use crate::engine::{Infer, ModelId, NamedTensor};
use crate::error::Result;
use crate::family::{Family, Outputs};
use crate::preprocess::Mapping;

/// Told a look's number, its mask, and the score of each target.
type Each<'a> = dyn FnMut(usize, &[f32], &[f32]) + 'a;

/// A picture, what is explained of it, and the model that is asked.
pub struct Bench<'a> {
    pub family: &'a dyn Family,
    pub infer: &'a dyn Infer,
    /// The model's inputs; the picture is the first.
    pub inputs: &'a [NamedTensor],
    pub canvas: &'a Canvas,
    pub mapping: &'a Mapping,
    pub targets: &'a [Target],
    /// Versions handed to the engine at once: what memory grows with.
    pub batch: usize,
    /// Looks so far.
    pub looks: Cell<u32>,
    /// Told how many.
    pub told: &'a dyn Fn(u32),
}

impl Bench<'_> {
    /// Looks at the picture `count` times, masked by `mask(n)` before `other`, and tells `each` the mask and the
    /// score of every target. Masks are made a batch at a time.
    ///
    /// # Errors
    /// As of looking once.
    pub fn look(
        &self,
        count: usize,
        other: &[f32],
        mask: &dyn Fn(usize) -> Vec<f32>,
        each: &mut Each,
    ) -> Result<()> {
        let batch = self.batch.max(1);
        for begin in (0..count).step_by(batch) {
            let masks: Vec<Vec<f32>> = (begin..count.min(begin + batch)).map(mask).collect();
            let frames = masks.iter().map(|mask| self.frame(mask, other)).collect::<Result<Vec<_>>>()?;
            let all = self.infer.infer_many(ModelId::default(), &frames)?;
            for ((n, mask), outputs) in (begin..).zip(&masks).zip(all) {
                let outputs = Outputs::new(outputs);
                let scores = self.targets.iter().map(|t| t.score(self.family, &outputs, self.mapping));
                each(n, mask, &scores.collect::<Result<Vec<_>>>()?);
            }
            self.looks.set(self.looks.get() + masks.len() as u32);
            (self.told)(self.looks.get());
        }
        Ok(())
    }

    fn frame(&self, mask: &[f32], other: &[f32]) -> Result<Vec<NamedTensor>> {
        let mut inputs = self.inputs.to_vec();
        if let Some(picture) = inputs.first_mut() {
            picture.value = self.canvas.blend(mask, other)?;
        }
        Ok(inputs)
    }
}
