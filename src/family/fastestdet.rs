//! FastestDet: one map, each cell an object score, a box and class scores.
//!
//! References: `example/ncnn/FastestDet.cpp` and `handle_preds()` in `utils/tool.py` of
//! dog-qiuqiu/FastestDet (BSD-3-Clause); the former weighs the two scores, as is done here.

use ndarray::{ArrayView2, ArrayView3, Ix3, s};
use serde::Deserialize;

use super::cells;
use super::grid::{self, Best};
use super::reading::{Certainty, float_axes, picture};
use super::scores::{Scale, Span, sigmoid};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Observation, SCORE_FLOOR};
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::{Colour, InputSpec, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "fastestdet",
    task: Task::Detect,
    about: "FastestDet: one [1,5+classes,rows,columns] map of object score, box and class scores",
    recognise,
    build: |recipe| Ok(Box::new(FastestDet::new(recipe)?)),
};

/// Channels before the class scores: object score, x, y, width, height.
const BEFORE_CLASSES: usize = 5;

/// Input pixels per cell; other heads of a single map (YOLOv2: 32) are told from it by this.
const STRIDE: u32 = 16;

/// The training size of the published weights (`configs/coco.yaml`).
const SIDE: u32 = 352;

/// Least score of both references. They suppress at an IoU of 0.45; the usual 0.6 finds more (AP .227
/// instead of .224 on 64 photos of COCO val2017).
const CONF: f32 = 0.65;

/// A score is object^0.6 * class^0.4 (`FastestDet.cpp`).
const OBJECT_POWER: f32 = 0.6;
const CLASS_POWER: f32 = 0.4;

/// The `[decode]` table, which has nothing in it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decode {}

struct FastestDet {
    input: ModelInput,
}

fn recognise(header: &Header) -> Option<Reading> {
    let [output] = header.outputs.as_slice() else { return None };
    let [Some(channels), rows, columns] = *float_axes(output)?.as_slice() else { return None };
    let classes = channels.checked_sub(BEFORE_CLASSES).filter(|classes| *classes > 0)?;
    let prepared = InputSpec {
        size: [SIDE, SIDE],
        colour: Colour::Bgr,
        resize: Resize::Stretch,
        std: [255.0; 3],
        ..InputSpec::default()
    };
    let mut input = picture(header, 3, prepared)?;
    let cells = |side: u32| Some((side / STRIDE) as usize);
    // Open sides of a map say nothing; a fixed picture's map is fixed in every export seen.
    if input.dynamic_size || [columns, rows] != input.size.map(cells) {
        return None;
    }
    input.multiple_of = 1;
    let why =
        format!("{output} is an object score, 4 box numbers and {classes} scores for each cell of stride 16");
    let mut reading = Reading::new(Certainty::Shape, why, input);
    reading.classes = Some(classes);
    reading.conf = Some(CONF);
    reading.doubts = vec![
        "only its shape says that it is a FastestDet; if boxes are nonsense, it is another network's map".to_owned(),
        "pictures are given as FastestDet's own code has them, BGR from 0 to 1; for weights trained otherwise, write colour, mean and std under [input]".to_owned(),
    ];
    Some(reading)
}

impl FastestDet {
    fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec;
        let _: Decode = toml::Value::Table(spec.decode.clone()).try_into().map_err(|e| {
            let wanted = "family fastestdet has nothing under [decode]; leave it out";
            Error::new(Kind::ModelInvalid, format!("{}: {wanted}", spec.name)).because(e)
        })?;
        let fits = match recipe.header.outputs.as_slice() {
            [output] => match (&output.shape, float_axes(output)) {
                (None, _) => true,
                // Batch 1 or open, or no batch axis, where the first axis is the channels'.
                (Some(shape), Some(_)) => {
                    let channels = match shape.as_slice() {
                        [_, channels, _, _] | [channels, _, _] => channels.fixed(),
                        _ => Some(0),
                    };
                    channels.is_none_or(|n| n > BEFORE_CLASSES as i64)
                }
                _ => false,
            },
            _ => false,
        };
        if !fits {
            let found: Vec<String> = recipe.header.outputs.iter().map(ToString::to_string).collect();
            let message = format!(
                "{}: family fastestdet needs one output f32 [1,5+classes,rows,columns]; found {}; correct the family",
                spec.name,
                found.join(", ")
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        Ok(Self { input: ModelInput::new(recipe)? })
    }
}

/// The box of a cell, in pixels of an input of `[width, height]`: its centre from the cell's corner and
/// its size, as parts of the whole input.
fn rect(regression: ArrayView3<f32>, cell: usize, input: [u32; 2]) -> Rect {
    let [width, height] = input.map(|side| side as f32);
    let (_, rows, columns) = regression.dim();
    let (row, column) = (cell / columns, cell % columns);
    let number = |channel: usize| regression[[channel, row, column]];
    let x = (column as f32 + number(0).tanh()) / columns as f32;
    let y = (row as f32 + number(1).tanh()) / rows as f32;
    Rect::from_centre(x * width, y * height, sigmoid(number(2)) * width, sigmoid(number(3)) * height)
}

/// The best class of each cell that has one, and the span of all scores.
fn scan(objects: ArrayView2<f32>, classes: ArrayView3<f32>) -> (Vec<Best>, Span) {
    let mut span = Span::EMPTY;
    let mut tops = vec![(f32::NEG_INFINITY, 0); objects.len()];
    // Plane by plane, as they lie in memory.
    for (class, plane) in classes.outer_iter().enumerate() {
        for (top, &score) in tops.iter_mut().zip(plane.iter()) {
            span.add(score);
            if score.is_finite() && score > top.0 {
                *top = (score, class);
            }
        }
    }
    let mut best = Vec::new();
    for (cell, (&object, &(top, class))) in objects.iter().zip(&tops).enumerate() {
        span.add(object);
        if object.is_finite() && top.is_finite() {
            let score = object.max(0.0).powf(OBJECT_POWER) * top.max(0.0).powf(CLASS_POWER);
            if score >= SCORE_FLOOR {
                best.push(Best { score, cell, class });
            }
        }
    }
    grid::strongest(&mut best);
    (best, span)
}

impl Family for FastestDet {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let map = outputs.at(0)?.numbers::<Ix3>("[5 + classes, rows, columns]")?;
        if map.dim().0 <= BEFORE_CLASSES {
            let message =
                format!("a map [1, 5 + classes, rows, columns] is expected; found {}", outputs.shapes());
            return Err(Error::new(Kind::ModelOutput, message));
        }
        let objects = map.slice(s![0, .., ..]);
        let regression = map.slice(s![1..BEFORE_CLASSES, .., ..]);
        let (best, span) = scan(objects, map.slice(s![BEFORE_CLASSES.., .., ..]));
        span.bears_out(Scale::Probability).map_err(no_logits)?;
        let boxed = |best: &Best| best.candidate(rect(regression, best.cell, mapping.input));
        Ok(cells::detections((best.iter().map(boxed).collect(), span.not_numbers), true, mapping))
    }
}

/// The family's scores are always probabilities; others are no scores of its.
fn no_logits(error: Error) -> Error {
    let message =
        "the map's object and class scores are not from 0 to 1; it is no FastestDet's, correct the family";
    Error::new(Kind::ModelOutput, message).because(error)
}

#[cfg(test)]
mod tests;
