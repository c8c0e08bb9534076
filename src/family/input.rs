//! What a model is given: the picture as its description says, and the inputs beside it.

use half::f16;
use ndarray::{ArrayD, Axis, IxDyn};

use super::Recipe;
use crate::engine::{ElementType, NamedTensor, Tensor};
use crate::error::{Error, Kind, Result};
use crate::frame::Frame;
use crate::onnx::{Element, Header, Value};
use crate::preprocess::{Mapping, prepare};
use crate::spec::{Extra, InputSpec};

/// Inputs of exports that everybody knows by their names.
const KNOWN: [(&str, Extra); 5] = [
    // lyuwenyu/RT-DETR, Peterande/D-FINE, DEIM: tools/deployment/export_onnx.py
    ("orig_target_sizes", Extra::WidthHeight),
    // PaddleDetection: ppdet/engine/export_utils.py
    ("im_shape", Extra::HeightWidth),
    ("image_shape", Extra::HeightWidth),
    ("scale_factor", Extra::Ones),
    ("scale_factors", Extra::Ones),
];

/// How frames become a model's tensors; each family has one.
#[derive(Debug, Clone)]
pub struct ModelInput {
    pub spec: InputSpec,
    /// Width and height in pixels in this run.
    pub size: [u32; 2],
    name: String,
    /// Whether the model takes [3, H, W] instead of [1, 3, H, W].
    batchless: bool,
    /// The same for every frame.
    extras: Vec<NamedTensor>,
}

impl ModelInput {
    /// # Errors
    /// `ModelMismatch` for an input that nobody said how to fill.
    pub fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec.input.clone();
        let picture = recipe.header.picture_input(spec.name.as_deref())?;
        let batchless = picture.shape.as_ref().is_some_and(|shape| shape.len() == 3);
        let extras = extras(&spec, recipe.header, &picture.name, recipe.size)?;
        Ok(Self { size: recipe.size, name: picture.name.clone(), batchless, extras, spec })
    }

    /// The input `name` that takes the picture alone.
    pub fn of_one_picture(name: &str, spec: InputSpec) -> Self {
        Self { size: spec.size, name: name.to_owned(), batchless: false, extras: Vec::new(), spec }
    }

    /// The tensors of a frame, and the way back.
    pub fn prepare(&self, frame: &Frame) -> Result<(Vec<NamedTensor>, Mapping)> {
        let prepared = prepare(&frame.pixels, frame.size, &self.spec, self.size)?;
        let picture = if self.batchless { without_batch(prepared.tensor) } else { prepared.tensor };
        let mut tensors = vec![NamedTensor::new(self.name.clone(), picture)];
        tensors.extend(self.extras.iter().cloned());
        Ok((tensors, prepared.mapping))
    }
}

fn without_batch(tensor: Tensor) -> Tensor {
    fn first<T: Clone>(values: ArrayD<T>) -> ArrayD<T> {
        values.index_axis_move(Axis(0), 0)
    }
    match tensor {
        Tensor::F32(a) => Tensor::F32(first(a)),
        Tensor::F16(a) => Tensor::F16(first(a)),
        Tensor::U8(a) => Tensor::U8(first(a)),
        Tensor::I32(a) => Tensor::I32(first(a)),
        Tensor::I64(a) => Tensor::I64(first(a)),
    }
}

fn extras(spec: &InputSpec, header: &Header, picture: &str, size: [u32; 2]) -> Result<Vec<NamedTensor>> {
    if let Some(name) = spec.extra.keys().find(|name| !header.inputs.iter().any(|i| i.name == **name)) {
        let message = format!("no input {name:?} as [input.extra] of its description says; leave it out");
        return Err(Error::new(Kind::ModelMismatch, message));
    }
    let others = header.inputs.iter().filter(|input| input.name != picture);
    others.map(|input| extra(spec, input, size)).collect()
}

/// The tensor of one input beside the picture.
fn extra(spec: &InputSpec, input: &Value, [width, height]: [u32; 2]) -> Result<NamedTensor> {
    let known = || KNOWN.iter().find(|(name, _)| *name == input.name).map(|(_, extra)| *extra);
    let Some(extra) = spec.extra.get(&input.name).copied().or_else(known) else {
        let message = format!(
            "the model also takes {input}; say what it is given under [input.extra], for example {:?} = \
             \"width-height\" (or \"height-width\", \"ones\")",
            input.name
        );
        return Err(Error::new(Kind::ModelMismatch, message));
    };
    let values = match extra {
        Extra::WidthHeight => [width as f32, height as f32],
        Extra::HeightWidth => [height as f32, width as f32],
        Extra::Ones => [1.0, 1.0],
    };
    let batchless = input.shape.as_ref().is_some_and(|shape| shape.len() == 1);
    let shape = if batchless { IxDyn(&[2]) } else { IxDyn(&[1, 2]) };
    let array = ArrayD::from_shape_fn(shape, |at| values[at[if batchless { 0 } else { 1 }]]);
    let tensor = match input.element.and_then(Element::supported) {
        Some(ElementType::F32) => Tensor::F32(array),
        Some(ElementType::F16) => Tensor::F16(array.mapv(f16::from_f32)),
        Some(ElementType::I32) => Tensor::I32(array.mapv(|v| v as i32)),
        Some(ElementType::I64) => Tensor::I64(array.mapv(|v| v as i64)),
        Some(ElementType::U8) | None => {
            let message = format!("input {input}: two numbers are given as f32, f16, i32 or i64 only");
            return Err(Error::new(Kind::ModelMismatch, message));
        }
    };
    Ok(NamedTensor::new(input.name.clone(), tensor))
}
