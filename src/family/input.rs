//! What a model is given: the picture as its description says, and the inputs beside it.

use half::f16;
use ndarray::{ArrayD, Axis, IxDyn};

use super::Recipe;
use crate::engine::{ElementType, NamedTensor, Tensor};
use crate::error::{Error, Kind, Result};
use crate::frame::Frame;
use crate::onnx::{Dim, Element, Header, Value};
use crate::preprocess::{Mapping, prepare};
use crate::spec::{Extra, InputSpec};

/// Inputs of exports that everybody knows by their names.
const KNOWN: [(&str, Extra); 6] = [
    // lyuwenyu/RT-DETR, Peterande/D-FINE, DEIM: tools/deployment/export_onnx.py
    ("orig_target_sizes", Extra::WidthHeight),
    // PaddleDetection: ppdet/engine/export_utils.py
    ("im_shape", Extra::HeightWidth),
    ("image_shape", Extra::HeightWidth),
    ("scale_factor", Extra::Ones),
    ("scale_factors", Extra::Ones),
    // transformers, DETR and its kin: 1 where the picture is, 0 where padding is.
    ("pixel_mask", Extra::Ones),
];

/// Axes that a mask may have at most, each; as pictures.
const MAX_MASK_SIDE: usize = 8192;

/// How frames become a model's tensors; each family has one.
#[derive(Debug, Clone)]
pub struct ModelInput {
    pub spec: InputSpec,
    /// Width and height in pixels in this run.
    pub size: [u32; 2],
    name: String,
    /// Whether the model takes [3, H, W] instead of [1, 3, H, W].
    batchless: bool,
    extras: Vec<Beside>,
}

/// An input beside the picture.
#[derive(Debug, Clone)]
struct Beside {
    name: String,
    extra: Extra,
    element: ElementType,
    /// Axes in order; `None` for one that is as long as the picture's.
    shape: Vec<Option<usize>>,
}

impl ModelInput {
    /// # Errors
    /// `ModelMismatch` for an input that nobody said how to fill.
    pub fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec.input.clone();
        let picture = recipe.header.picture_input(spec.name.as_deref())?;
        let batchless = picture.shape.as_ref().is_some_and(|shape| shape.len() == 3);
        let extras = extras(&spec, recipe.header, &picture.name)?;
        Ok(Self { size: recipe.size, name: picture.name.clone(), batchless, extras, spec })
    }

    /// The input `name` that takes the picture alone.
    pub fn of_one_picture(name: &str, spec: InputSpec) -> Self {
        Self { size: spec.size, name: name.to_owned(), batchless: false, extras: Vec::new(), spec }
    }

    /// What the model calls the input of the picture.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The tensors of a frame, and the way back.
    pub fn prepare(&self, frame: &Frame) -> Result<(Vec<NamedTensor>, Mapping)> {
        let prepared = prepare(&frame.pixels, frame.size, &self.spec, self.size)?;
        let picture = if self.batchless { without_batch(prepared.tensor) } else { prepared.tensor };
        let mut tensors = vec![NamedTensor::new(self.name.clone(), picture)];
        tensors.extend(self.extras.iter().map(|extra| extra.tensor(prepared.mapping.input)));
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

fn extras(spec: &InputSpec, header: &Header, picture: &str) -> Result<Vec<Beside>> {
    if let Some(name) = spec.extra.keys().find(|name| !header.inputs.iter().any(|i| i.name == **name)) {
        let message = format!("no input {name:?} as [input.extra] of its description says; leave it out");
        return Err(Error::new(Kind::ModelMismatch, message));
    }
    let others = header.inputs.iter().filter(|input| input.name != picture);
    others.map(|input| Beside::new(spec, input)).collect()
}

/// Whether an input beside the picture needs no word of the description.
pub(super) fn is_known(input: &Value) -> bool {
    KNOWN.iter().any(|(name, _)| *name == input.name)
}

impl Beside {
    fn new(spec: &InputSpec, input: &Value) -> Result<Self> {
        let known = || KNOWN.iter().find(|(name, _)| *name == input.name).map(|(_, extra)| *extra);
        let Some(extra) = spec.extra.get(&input.name).copied().or_else(known) else {
            let message = format!(
                "the model also takes {input}; say what it is given under [input.extra], for example {:?} = \
                 \"width-height\" (or \"height-width\", \"ones\")",
                input.name
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        };
        let element = match input.element.and_then(Element::supported) {
            Some(ElementType::U8) | None => {
                let message = format!("input {input}: numbers are given as f32, f16, i32 or i64 only");
                return Err(Error::new(Kind::ModelMismatch, message));
            }
            Some(element) => element,
        };
        Ok(Self { name: input.name.clone(), extra, element, shape: shape(extra, input)? })
    }

    /// For a picture of `size` = [width, height].
    fn tensor(&self, size: [u32; 2]) -> NamedTensor {
        let [width, height] = size.map(|side| side as usize);
        let last = self.shape.len().saturating_sub(1);
        let sides = self.shape.iter().enumerate();
        let sides: Vec<usize> =
            sides.map(|(axis, side)| side.unwrap_or(if axis == last { width } else { height })).collect();
        let array = ArrayD::from_shape_fn(IxDyn(&sides), |at| match (self.extra, at[last]) {
            (Extra::Ones, _) => 1.0,
            (Extra::WidthHeight, 0) | (Extra::HeightWidth, 1..) => width as f32,
            (Extra::WidthHeight, 1..) | (Extra::HeightWidth, 0) => height as f32,
        });
        let tensor = match self.element {
            ElementType::F32 => Tensor::F32(array),
            ElementType::F16 => Tensor::F16(array.mapv(f16::from_f32)),
            ElementType::U8 => Tensor::U8(array.mapv(|v| v as u8)),
            ElementType::I32 => Tensor::I32(array.mapv(|v| v as i32)),
            ElementType::I64 => Tensor::I64(array.mapv(|v| v as i64)),
        };
        NamedTensor::new(self.name.clone(), tensor)
    }
}

/// Two numbers, with or without a batch axis; where ones are asked for, also a mask of the header's
/// size, or the picture's where the header leaves it open.
fn shape(extra: Extra, input: &Value) -> Result<Vec<Option<usize>>> {
    let axes = input.shape.as_deref().unwrap_or_default();
    let side = |dim: &Dim| dim.fixed().and_then(|side| usize::try_from(side).ok());
    match (extra, axes) {
        (_, [_]) => Ok(vec![Some(2)]),
        (Extra::Ones, [_, height, width]) => {
            let sides = [side(height), side(width)];
            if sides.iter().flatten().any(|side| *side > MAX_MASK_SIDE) {
                let message = format!("input {input}: masks have sides of {MAX_MASK_SIDE} at most");
                return Err(Error::new(Kind::ModelMismatch, message));
            }
            Ok(vec![Some(1), sides[0], sides[1]])
        }
        _ => Ok(vec![Some(1), Some(2)]),
    }
}

#[cfg(test)]
mod tests;
