//! An ONNX file whose picture arrives as bytes: the arithmetic that preparing did on each pixel stands before the
//! graph's own nodes, so that a quarter goes to the device and the device calculates.
//!
//! Field numbers are those of onnx/onnx.proto, as in `walk.rs`.

use std::cell::Cell;

use super::elements::Element;
use super::wire::{Fields, Malformed, Parsed, Value};
use super::write::{embedded, no_subgraphs, replaced, varint, with_graph};
use super::{Header, read};
use crate::error::{Error, Kind, Result};

/// `TensorProto.DataType` of f32 and of u8.
const F32: u64 = 1;
const U8: u64 = 2;
/// The first version of the standard operators whose arithmetic stretches one operand over the other as numpy
/// does, and whose `Cast` names its type by number.
const LEAST_OPSET: i64 = 7;
/// What the names of the new values begin with; a file that has it somewhere is left alone.
const PREFIX: &str = "vision.bytes/";
/// The picture as the graph's own nodes take it.
const PICTURE: &str = "vision.bytes/picture";

/// tensor = (pixel - mean) / std, calculated in f32 in this order.
#[derive(Debug, Clone, PartialEq)]
pub struct Normal {
    /// One number a channel.
    pub mean: Vec<f32>,
    pub std: Vec<f32>,
    /// Whether channels are the last axis rather than the third last.
    pub channels_last: bool,
}

/// `bytes` with u8 instead of f32 as the type of its input `name`, of the same axes, and `normal` on the way from
/// there to the nodes that read it.
///
/// # Errors
/// `ModelInvalid` for what is no ONNX file or has an input, operators or a form that this does not know; the
/// message does not name the file.
pub fn with_byte_input(bytes: &[u8], name: &str, normal: &Normal) -> Result<Vec<u8>> {
    let refused = |why: String| {
        let message = format!("its input {name:?} cannot be given as bytes: {why}");
        Error::new(Kind::ModelInvalid, message)
    };
    let before = read(bytes)?;
    suits(&before, bytes, name, normal).map_err(|why| refused(why.to_owned()))?;
    let (first, added) = nodes(name, normal);
    let change = Change { name, used: Cell::new(false) };
    let changed = with_graph(bytes, first, |number, value| change.field(number, value));
    let changed = changed.map_err(|Malformed(why)| refused(format!("the file is {why}")))?;
    if !change.used.get() {
        return Err(refused("no node reads it".to_owned()));
    }
    // What is written is read again: no oddity of the file may give the two readers different graphs.
    let mut expected = before;
    expected.node_count += added;
    expected.domains.insert(String::new());
    let input = expected.inputs.iter_mut().find(|input| input.name == name);
    input.into_iter().for_each(|input| input.element = Some(Element(U8.cast_signed())));
    if read(&changed)? != expected {
        return Err(refused("its header is of an unusual form".to_owned()));
    }
    Ok(changed)
}

fn suits(
    header: &Header,
    bytes: &[u8],
    name: &str,
    normal: &Normal,
) -> std::result::Result<(), &'static str> {
    let mut named = header.inputs.iter().filter(|input| input.name == name);
    let (Some(input), None) = (named.next(), named.next()) else { return Err("there is no one such input") };
    if input.element != Some(Element(F32.cast_signed())) {
        return Err("it takes no f32");
    }
    let shape = input.shape.as_deref().filter(|shape| matches!(shape.len(), 3 | 4));
    let shape = shape.ok_or("it has other axes than a picture's")?;
    let channels = shape.get(shape.len() - if normal.channels_last { 1 } else { 3 });
    let channels = channels.and_then(|dim| dim.fixed()).unwrap_or(normal.mean.len() as i64);
    if normal.mean.len() != normal.std.len() || usize::try_from(channels) != Ok(normal.mean.len()) {
        return Err("it has other channels than its description");
    }
    if header.outputs.iter().any(|output| output.name == name) {
        return Err("it is an output as well");
    }
    let mut standard = header.opsets.iter().filter(|(domain, _)| matches!(domain.as_str(), "" | "ai.onnx"));
    let (Some((_, version)), None) = (standard.next(), standard.next()) else {
        return Err("the file does not say which version of the standard operators it means");
    };
    if *version < LEAST_OPSET {
        return Err("the file's operators are older than version 7");
    }
    if bytes.windows(PREFIX.len()).any(|part| part == PREFIX.as_bytes()) {
        return Err("the file has names that the new ones would be mistaken for");
    }
    Ok(())
}

/// The new nodes as fields of the graph, and how many there are.
fn nodes(input: &str, normal: &Normal) -> (Vec<u8>, u64) {
    // A pixel minus 0 and a number by 1 are themselves, to the bit.
    let mut steps = vec![("Cast", None)];
    steps.extend(normal.mean.iter().any(|v| *v != 0.0).then_some(("Sub", Some(&normal.mean))));
    steps.extend(normal.std.iter().any(|v| *v != 1.0).then_some(("Div", Some(&normal.std))));
    let (mut out, mut count) = (Vec::new(), 0);
    let mut value = input.to_owned();
    for (at, (operator, numbers)) in steps.iter().enumerate() {
        let last = at + 1 == steps.len();
        let result = if last { PICTURE.to_owned() } else { format!("{PREFIX}{operator}") };
        let mut inputs = vec![value.as_str()];
        let constant = format!("{PREFIX}{operator}/by");
        let attribute = match numbers {
            Some(numbers) => {
                out.extend(node("Constant", &[], &constant, &value_attribute(numbers, normal.channels_last)));
                count += 1;
                inputs.push(&constant);
                Vec::new()
            }
            None => to_attribute(),
        };
        out.extend(node(operator, &inputs, &result, &attribute));
        count += 1;
        value = result;
    }
    (out, count)
}

/// A `NodeProto` as a field of the graph.
fn node(operator: &str, inputs: &[&str], output: &str, attribute: &[u8]) -> Vec<u8> {
    let mut node: Vec<u8> = inputs.iter().flat_map(|input| embedded(1, input.as_bytes())).collect();
    node.extend(embedded(2, output.as_bytes()));
    node.extend(embedded(4, operator.as_bytes()));
    if !attribute.is_empty() {
        node.extend(embedded(5, attribute));
    }
    embedded(1, &node)
}

/// The `AttributeProto` of `Cast`: to f32. Fields name (1), i (3) and type (20), whose 2 says that it is i.
fn to_attribute() -> Vec<u8> {
    let mut attribute = embedded(1, b"to");
    attribute.extend(number(3, F32));
    attribute.extend(number(20, 2));
    attribute
}

/// The `AttributeProto` of `Constant`: a `TensorProto` (dims 1, data_type 2, raw_data 9) in t (5); type 4 says so.
fn value_attribute(numbers: &[f32], channels_last: bool) -> Vec<u8> {
    let mut tensor = number(1, numbers.len() as u64);
    if !channels_last {
        // One number for all of a channel's rows and columns.
        tensor.extend([number(1, 1), number(1, 1)].concat());
    }
    tensor.extend(number(2, F32));
    let raw: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    tensor.extend(embedded(9, &raw));
    let mut attribute = embedded(1, b"value");
    attribute.extend(embedded(5, &tensor));
    attribute.extend(number(20, 4));
    attribute
}

/// A field with a number, wire type 0.
fn number(field: u64, value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    varint(&mut out, field << 3);
    varint(&mut out, value);
    out
}

struct Change<'c> {
    name: &'c str,
    /// Whether a node reads the input.
    used: Cell<bool>,
}

impl Change<'_> {
    /// What takes the place of a field of the graph.
    fn field(&self, number: u64, value: Value<'_>) -> Parsed<Option<Vec<u8>>> {
        match number {
            1 => self.node(value.bytes()?),
            11 => self.input(value.bytes()?),
            _ => Ok(None),
        }
    }

    /// A `NodeProto` that reads the input, reading the picture instead.
    fn node(&self, node: &[u8]) -> Parsed<Option<Vec<u8>>> {
        no_subgraphs(node)?;
        let is_input = |field: &Parsed<(u64, Value)>| matches!(field, Ok((1, Value::Bytes(name))) if *name == self.name.as_bytes());
        if !Fields::new(node).any(|field| is_input(&field)) {
            return Ok(None);
        }
        self.used.set(true);
        let mut out = Vec::with_capacity(node.len() + PICTURE.len());
        let mut fields = Fields::new(node);
        while let Some(field) = fields.verbatim() {
            let (number, value, verbatim) = field?;
            if is_input(&Ok((number, value))) {
                out.extend(embedded(1, PICTURE.as_bytes()));
            } else {
                out.extend_from_slice(verbatim);
            }
        }
        Ok(Some(embedded(1, &out)))
    }

    /// The `ValueInfoProto` of the input: type (2), tensor type (1), element type (1).
    fn input(&self, value: &[u8]) -> Parsed<Option<Vec<u8>>> {
        let is_name = |field: Parsed<(u64, Value)>| matches!(field, Ok((1, Value::Bytes(name))) if name == self.name.as_bytes());
        if !Fields::new(value).any(is_name) {
            return Ok(None);
        }
        let changed = replaced(value, 2, |kind| replaced(kind, 1, bytes_of))?;
        Ok(Some(embedded(11, &changed)))
    }
}

/// A tensor's type with u8 as its elements.
fn bytes_of(tensor: &[u8]) -> Parsed<Vec<u8>> {
    let mut out = Vec::with_capacity(tensor.len());
    let mut fields = Fields::new(tensor);
    while let Some(field) = fields.verbatim() {
        match field? {
            (1, ..) => out.extend(number(1, U8)),
            (_, _, verbatim) => out.extend_from_slice(verbatim),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests;
