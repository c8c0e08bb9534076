//! An ONNX file with another shape of one input: what the header says about sizes is changed, every other
//! byte is copied.
//!
//! Some exports fix a size or a batch that the network itself does not need (CenterFace's file says
//! 10x3x32x32). Field numbers are those of onnx/onnx.proto, as in `walk.rs`.

use std::borrow::Cow;

use super::wire::{Fields, Malformed, Parsed};
use super::{Dim, read};
use crate::error::{Error, Kind, Result};

/// Stretches of the graph between what changes; real files have one more than inputs and outputs.
const MAX_PIECES: usize = 1 << 16;

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
    let changed = change.model(bytes).map_err(|Malformed(why)| refused(format!("the file is {why}")))?;
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
    /// A `ModelProto`.
    fn model(&self, bytes: &[u8]) -> Parsed<Vec<u8>> {
        let mut out = Vec::new();
        let mut fields = Fields::new(bytes);
        while let Some(field) = fields.verbatim() {
            match field? {
                (7, graph, _) => {
                    let pieces = self.graph(graph.bytes()?)?;
                    out.reserve_exact(bytes.len().saturating_sub(out.len()));
                    tag(&mut out, 7, pieces.iter().map(|piece| piece.len()).sum());
                    pieces.iter().for_each(|piece| out.extend_from_slice(piece));
                }
                (25, ..) => return Err(Malformed("made with functions of its own".to_owned())),
                (_, _, verbatim) => out.extend_from_slice(verbatim),
            }
        }
        Ok(out)
    }

    /// A `GraphProto` in pieces, so that its weights are copied once.
    fn graph<'a>(&self, graph: &'a [u8]) -> Parsed<Vec<Cow<'a, [u8]>>> {
        let mut pieces = Vec::new();
        let (mut begun, mut at) = (0, 0);
        let mut fields = Fields::new(graph);
        while let Some(field) = fields.verbatim() {
            let (number, value, verbatim) = field?;
            let changed = match number {
                1 => no_subgraphs(value.bytes()?).map(|()| None)?,
                11 => self.input(value.bytes()?)?,
                12 => Some(embedded(12, &self.output(value.bytes()?)?)),
                13 => Some(Vec::new()),
                _ => None,
            };
            if let Some(changed) = changed {
                let same = graph.get(begun..at).unwrap_or_default();
                pieces
                    .extend([Cow::Borrowed(same), Cow::Owned(changed)].into_iter().filter(|p| !p.is_empty()));
                begun = at + verbatim.len();
            }
            at += verbatim.len();
            if pieces.len() > MAX_PIECES {
                return Err(Malformed(format!("beyond the limit of {MAX_PIECES} stretches of its graph")));
            }
        }
        pieces.push(Cow::Borrowed(graph.get(begun..).unwrap_or_default()));
        Ok(pieces)
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

/// `message` with its field `number` replaced, where it has that field. Fields that occur twice would
/// merge, which no exporter writes.
fn replaced(message: &[u8], number: u64, new: impl FnOnce(&[u8]) -> Parsed<Vec<u8>>) -> Parsed<Vec<u8>> {
    let mut new = Some(new);
    let mut out = Vec::with_capacity(message.len());
    let mut fields = Fields::new(message);
    while let Some(field) = fields.verbatim() {
        match field? {
            (found, value, _) if found == number => {
                let Some(new) = new.take() else {
                    return Err(Malformed("malformed: a type or shape stands in it twice".to_owned()));
                };
                out.extend(embedded(number, &new(value.bytes()?)?));
            }
            (_, _, verbatim) => out.extend_from_slice(verbatim),
        }
    }
    Ok(out)
}

/// Refuses a `NodeProto` with a graph among its attributes (If, Loop, Scan).
fn no_subgraphs(node: &[u8]) -> Parsed<()> {
    for field in Fields::new(node) {
        let (5, attribute) = field? else { continue };
        for field in Fields::new(attribute.bytes()?) {
            if let (6 | 11, _) = field? {
                return Err(Malformed("made with subgraphs (If, Loop or Scan)".to_owned()));
            }
        }
    }
    Ok(())
}

/// A message as a field of another.
fn embedded(number: u64, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 2);
    tag(&mut out, number, message.len());
    out.extend_from_slice(message);
    out
}

fn tag(out: &mut Vec<u8>, number: u64, length: usize) {
    // Wire type 2: a length and as many bytes.
    varint(out, number << 3 | 2);
    varint(out, length as u64);
}

fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests;
