//! Headers, recipes and tensors written by hand, for the tests of families.

use ndarray::{ArrayD, IxDyn};

use super::Recipe;
use crate::engine::{NamedTensor, Tensor};
use crate::onnx::{Dim, Element, Header, Value};
use crate::spec::Spec;

/// onnx.proto: `TensorProto.FLOAT`.
const F32: Element = Element(1);

/// Names and shapes; -1 is an open axis.
pub(super) type Shapes<'a> = [(&'a str, &'a [i64])];

/// An f32 input or output; -1 is an open axis.
pub(super) fn value(name: &str, shape: &[i64]) -> Value {
    let shape = shape.iter().map(|size| Dim::Fixed(*size)).collect();
    Value { name: name.to_owned(), element: Some(F32), shape: Some(shape) }
}

/// A header with a picture input `x` of `[width, height]`, -1 for open sides.
pub(super) fn header([width, height]: [i64; 2], outputs: &Shapes) -> Header {
    Header {
        inputs: vec![value("x", &[1, 3, height, width])],
        outputs: outputs.iter().map(|(name, shape)| value(name, shape)).collect(),
        ..Header::default()
    }
}

/// `then` with the recipe of a description of `family` with these lines under `[decode]`.
pub(super) fn recipe_of<T>(
    family: &str,
    size: [u32; 2],
    decode: &str,
    header: &Header,
    labels: usize,
    then: impl FnOnce(&Recipe) -> T,
) -> T {
    let spec: Spec = toml::from_str(&format!(
        "name = \"m\"\ntask = \"detect\"\nfamily = \"{family}\"\n[input]\nsize = {size:?}\n[decode]\n{decode}"
    ))
    .expect("a description");
    then(&Recipe { spec: &spec, header, size, labels })
}

/// A tensor of `fill` with some other values.
pub(super) fn tensor(name: &str, shape: &[usize], fill: f32, set: &[(&[usize], f32)]) -> NamedTensor {
    let mut array = ArrayD::from_elem(IxDyn(shape), fill);
    for (at, value) in set {
        array[IxDyn(at)] = *value;
    }
    NamedTensor::new(name, Tensor::F32(array))
}
