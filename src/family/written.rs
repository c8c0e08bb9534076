//! Headers and tensors written by hand, for the tests of families.

use ndarray::{ArrayD, IxDyn};

use super::{Entry, Family, Outputs, Reading, Recipe};
use crate::engine::{NamedTensor, Tensor};
use crate::error::Result;
use crate::observation::{Candidate, Observation};
use crate::onnx::{Dim, Element, Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{LabelSet, Labels, Spec};

/// Numbers of onnx.proto's TensorProto.DataType.
pub const F32: i64 = 1;
pub const U8: i64 = 2;
pub const I64: i64 = 7;

/// A value of a header; -1 is an open axis.
pub fn value(name: &str, element: i64, shape: &[i64]) -> Value {
    let shape = Some(shape.iter().map(|side| Dim::Fixed(*side)).collect());
    Value { name: name.to_owned(), element: Some(Element(element)), shape }
}

pub fn header(inputs: &[Value], outputs: &[Value]) -> Header {
    Header { inputs: inputs.to_vec(), outputs: outputs.to_vec(), ..Header::default() }
}

/// The reading of a header that the family must recognise.
pub fn read(entry: &Entry, header: &Header) -> Reading {
    (entry.recognise)(header).unwrap_or_else(|| panic!("{} does not recognise {header:?}", entry.name))
}

/// A description as `models::understand` makes one of a reading.
pub fn described(entry: &Entry, reading: &Reading, labels: Labels) -> Spec {
    let text =
        format!("name = \"m\"\ntask = \"detect\"\nfamily = \"{}\"\n[input]\nsize = [1, 1]", entry.name);
    let spec: Spec = toml::from_str(&text).expect("a description");
    Spec { input: reading.input.clone(), decode: reading.decode.clone(), labels, ..spec }
}

pub fn build(spec: &Spec, header: &Header) -> Result<Box<dyn Family>> {
    let labels = LabelSet::new(&spec.labels).expect("labels").len();
    super::build(&Recipe { spec, header, size: spec.input.size, labels })
}

/// The family as it runs without a description, with the built-in `labels`.
pub fn understood(entry: &Entry, header: &Header, labels: &str) -> Box<dyn Family> {
    let spec = described(entry, &read(entry, header), Labels::BuiltIn(labels.to_owned()));
    build(&spec, header).expect("the reading fits its header")
}

pub fn floats(name: &str, shape: &[usize], values: &[f32]) -> NamedTensor {
    let array = ArrayD::from_shape_vec(IxDyn(shape), values.to_vec()).expect("as many values");
    NamedTensor::new(name, Tensor::F32(array))
}

pub fn wholes(name: &str, shape: &[usize], values: &[i64]) -> NamedTensor {
    let array = ArrayD::from_shape_vec(IxDyn(shape), values.to_vec()).expect("as many values");
    NamedTensor::new(name, Tensor::I64(array))
}

/// Candidates, which must be final, and the codes of warnings.
pub fn decode(
    family: &dyn Family,
    tensors: Vec<NamedTensor>,
    mapping: &Mapping,
) -> (Vec<Candidate>, Vec<String>) {
    let (observation, warnings) = family.decode(&Outputs::new(tensors), mapping).expect("decodes");
    let Observation::Detections { candidates, needs_nms } = observation else { panic!("no boxes") };
    assert!(!needs_nms, "its boxes are final");
    (candidates, warnings.into_iter().map(|warning| warning.code.to_string()).collect())
}

/// Class, score and box are these to a thousandth.
#[track_caller]
pub fn assert_near(found: &Candidate, class: u32, score: f32, rect: [f32; 4]) {
    let corners: [f32; 4] = found.rect.into();
    let near = |(a, b): (&f32, &f32)| (a - b).abs() < 1e-3;
    let same = found.class == class && near((&found.score, &score)) && corners.iter().zip(&rect).all(near);
    assert!(same, "{found:?} instead of class {class}, {score}, {rect:?}");
}
