//! The weights of a graph where they stand in the file.

use super::elements::Element;
use super::wire::{Fields, Parsed, Value, ints};
use crate::engine::ElementType;

/// An initialiser of the main graph whose numbers lie in the file as they are in memory.
#[derive(Debug, PartialEq)]
pub struct Weight<'a> {
    pub name: String,
    pub shape: Vec<i64>,
    pub element: ElementType,
    /// Little-endian, as many as the shape says.
    pub data: &'a [u8],
}

/// Those of at least `least` bytes; external data, other element types and numbers stored one by one are left
/// out.
pub fn weights(model: &[u8], least: usize) -> Parsed<Vec<Weight<'_>>> {
    let mut all = Vec::new();
    for field in Fields::new(model) {
        // GraphProto in ModelProto, TensorProto in GraphProto.
        let (7, graph) = field? else { continue };
        for field in Fields::new(graph.bytes()?) {
            let (5, tensor) = field? else { continue };
            all.extend(weight(tensor.bytes()?)?.filter(|weight| weight.data.len() >= least));
        }
    }
    Ok(all)
}

fn weight(tensor: &[u8]) -> Parsed<Option<Weight<'_>>> {
    let (mut name, mut shape, mut element, mut data) = (String::new(), Vec::new(), None, None);
    for field in Fields::new(tensor) {
        match field? {
            (1, value) => shape.extend(ints(value).collect::<Parsed<Vec<_>>>()?),
            (2, Value::Varint(code)) => element = Element(code.cast_signed()).supported(),
            (8, value) => name = value.text()?,
            (9, value) => data = Some(value.bytes()?),
            _ => {}
        }
    }
    let (Some(element), Some(data)) = (element, data) else { return Ok(None) };
    let elements =
        shape.iter().try_fold(1_usize, |product, side| product.checked_mul(usize::try_from(*side).ok()?));
    let whole = elements.and_then(|n| n.checked_mul(element.bytes())) == Some(data.len());
    Ok((whole && !name.is_empty()).then_some(Weight { name, shape, element, data }))
}
