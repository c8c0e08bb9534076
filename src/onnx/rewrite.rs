//! An ONNX file with another shape of one input: what the header says about sizes is changed, every other
//! byte is copied.
//!
//! Some exports fix a size or a batch that the network itself does not need (CenterFace's file says
//! 10x3x32x32). Field numbers are those of onnx/onnx.proto, as in `walk.rs`.

use super::wire::{Fields, Malformed, Parsed, Value};
use super::write::{embedded, no_subgraphs, replaced, varint, with_graph};
use super::{Dim, read};
use crate::error::{Error, Kind, Result};

/// `bytes` with `shape` as the shape of its input `name`. Outputs of as many axes keep the axes whose size
/// does not change in the input, which are the channels of a map; all their other axes are left open. Notes
/// about the shapes in between are left out, the runtime finds them itself. Never longer than `bytes` where
/// `shape` names no axis and sets none larger.
///
/// # Errors
/// `ModelInvalid` for what is no ONNX file, has no such input of that many axes, or has subgraphs or
/// functions, whose shapes are not followed. The message does not name the file.
pub fn with_input_shape(bytes: &[u8], name: &str, shape: &[Dim]) -> Result<Vec<u8>> {
    let refused = |why: String| {
        let message = format!(
            "the sizes of its input {name:?} cannot be changed: {why}; leave out open-header, or export it with open sizes"
        );
        Error::new(Kind::ModelInvalid, message)
    };
    let before = read(bytes)?;
    let old = before.inputs.iter().find(|input| input.name == name).and_then(|input| input.shape.as_ref());
    let Some(old) = old.filter(|old| old.len() == shape.len()) else {
        return Err(refused(format!("it has no such input of {} axes", shape.len())));
    };
    let kept = old.iter().zip(shape).map(|(old, new)| old.fixed().is_some() && old == new).collect();
    let change = Change { name, shape, kept };
    let changed = with_graph(bytes, Vec::new(), |number, value| change.field(number, value));
    let changed = changed.map_err(|Malformed(why)| refused(format!("the file is {why}")))?;
    // What is written is read again: no oddity of the file may give the two readers different shapes.
    let after = read(&changed)?;
    let new = after.inputs.iter().find(|input| input.name == name).and_then(|input| input.shape.as_deref());
    if new != Some(shape) || after.inputs.len() != before.inputs.len() {
        return Err(refused("its header is of an unusual form".to_owned()));
    }
    Ok(changed)
}

struct Change<'c> {
    name: &'c str,
    shape: &'c [Dim],
    /// Axes whose size stays.
    kept: Vec<bool>,
}

impl Change<'_> {
    /// What takes the place of a field of the graph.
    fn field(&self, number: u64, value: Value<'_>) -> Parsed<Option<Vec<u8>>> {
        match number {
            1 => no_subgraphs(value.bytes()?).map(|()| None),
            11 => self.input(value.bytes()?),
            12 => Ok(Some(embedded(12, &self.output(value.bytes()?)?))),
            13 => Ok(Some(Vec::new())),
            _ => Ok(None),
        }
    }

    /// A `ValueInfoProto` as a field of the graph, where it is the input to change.
    fn input(&self, value: &[u8]) -> Parsed<Option<Vec<u8>>> {
        let mut name = None;
        for field in Fields::new(value) {
            if let (1, text) = field? {
                name = Some(text.text()?);
            }
        }
        if name.as_deref() != Some(self.name) {
            return Ok(None);
        }
        let changed = with_shape(value, |_| Ok(written(self.shape)))?;
        Ok(Some(embedded(11, &changed)))
    }

    fn output(&self, value: &[u8]) -> Parsed<Vec<u8>> {
        with_shape(value, |shape| {
            let axes = Fields::new(shape).filter(|field| matches!(field, Ok((1, _)) | Err(_)));
            let axes = axes.map(|axis| axis?.1.bytes()).collect::<Parsed<Vec<_>>>()?;
            let keeps = axes.len() == self.kept.len();
            let kept = |index: usize| keeps && self.kept.get(index).is_some_and(|kept| *kept);
            let axes = axes.into_iter().enumerate();
            Ok(axes.flat_map(|(index, axis)| embedded(1, if kept(index) { axis } else { &[] })).collect())
        })
    }
}

/// A `TensorShapeProto`.
fn written(shape: &[Dim]) -> Vec<u8> {
    let axis = |dim: &Dim| match dim {
        Dim::Fixed(size) => {
            let mut axis = vec![1 << 3];
            varint(&mut axis, size.cast_unsigned());
            axis
        }
        Dim::Named(name) => embedded(2, name.as_bytes()),
        Dim::Unknown => Vec::new(),
    };
    shape.iter().flat_map(|dim| embedded(1, &axis(dim))).collect()
}

/// A `ValueInfoProto` with another `TensorShapeProto`: type (2), tensor type (1), shape (2).
fn with_shape(value: &[u8], new: impl FnOnce(&[u8]) -> Parsed<Vec<u8>>) -> Parsed<Vec<u8>> {
    replaced(value, 2, |kind| replaced(kind, 1, |tensor| replaced(tensor, 2, new)))
}

#[cfg(test)]
mod tests;
