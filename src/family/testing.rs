//! What the families' unit tests share: hand-written tensors, headers and recipes.

use ndarray::{ArrayD, IxDyn};

use super::{Family, Outputs, Reading, Recipe};
use crate::engine::{NamedTensor, Tensor};
use crate::error::Result;
use crate::observation::{Candidate, Observation};
use crate::onnx::{Dim, Element, Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Labels, Resize, Spec};

/// A tensor filled row by row.
pub fn tensor(name: &str, shape: &[usize], values: &[f32]) -> NamedTensor {
    let values =
        ArrayD::from_shape_vec(IxDyn(shape), values.to_vec()).expect("as many values as the shape has");
    NamedTensor::new(name, Tensor::F32(values))
}

/// A tensor of zeros but for some values.
pub fn sparse(name: &str, shape: &[usize], set: &[(&[usize], f32)]) -> NamedTensor {
    let mut values = ArrayD::zeros(IxDyn(shape));
    for (at, value) in set {
        values[IxDyn(at)] = *value;
    }
    NamedTensor::new(name, Tensor::F32(values))
}

/// `("images", "f32", "1,3,640,640")`; a word instead of a number is an open axis.
pub type Line = (&'static str, &'static str, &'static str);

fn value(&(name, element, shape): &Line) -> Value {
    let code =
        [("f32", 1), ("u8", 2), ("i32", 6), ("i64", 7), ("f16", 10)].iter().find(|(e, _)| *e == element);
    let axis = |text: &str| text.parse().map_or_else(|_| Dim::Named(text.to_owned()), Dim::Fixed);
    Value {
        name: name.to_owned(),
        element: Some(Element(code.expect("an element type").1)),
        shape: Some(shape.split(',').map(axis).collect()),
    }
}

pub fn header(inputs: &[Line], outputs: &[Line], notes: &[(&str, &str)]) -> Header {
    Header {
        inputs: inputs.iter().map(value).collect(),
        outputs: outputs.iter().map(value).collect(),
        metadata: notes.iter().map(|(key, text)| ((*key).to_owned(), (*text).to_owned())).collect(),
        ..Header::default()
    }
}

/// A description of that family for an input of `size` that is stretched to.
pub fn spec(family: &str, size: [u32; 2], decode: &str) -> Spec {
    let entry = super::FAMILIES.iter().find(|entry| entry.name == family).expect("a family of that name");
    Spec {
        name: "m".to_owned(),
        about: String::new(),
        task: entry.task,
        family: family.to_owned(),
        labels: Labels::default(),
        licence: String::new(),
        origin: String::new(),
        conf: None,
        iou: 0.6,
        input: InputSpec { size, resize: Resize::Stretch, ..InputSpec::default() },
        triage: None,
        explain: None,
        decode: toml::from_str(decode).expect("a table"),
    }
}

pub fn build(header: &Header, family: &str, decode: &str, labels: usize) -> Result<Box<dyn Family>> {
    let size = [64, 64];
    super::build(&Recipe { spec: &spec(family, size, decode), header, size, labels })
}

/// What the family finds for a frame of 128 x 64 stretched to its 64 x 64: x in the frame is twice that
/// in the input. Also whether suppression is needed and the codes of warnings.
pub fn found(family: &dyn Family, outputs: Vec<NamedTensor>) -> Result<(Vec<Candidate>, bool, Vec<String>)> {
    let mapping = Mapping::fit([128, 64], [64, 64], Resize::Stretch);
    let (observation, warnings) = family.decode(&Outputs::new(outputs), &mapping)?;
    let Observation::Detections { candidates, needs_nms } = observation else { panic!("no boxes") };
    Ok((candidates, needs_nms, warnings.into_iter().map(|warning| warning.code).collect()))
}

/// Class, score and box in whole numbers.
pub fn whole(candidates: &[Candidate]) -> Vec<(u32, f32, [i32; 4])> {
    let round = |c: &Candidate| <[f32; 4]>::from(c.rect).map(|v| v.round() as i32);
    candidates.iter().map(|c| (c.class, c.score, round(c))).collect()
}

pub fn recognised(family: &str, header: &Header) -> Option<Reading> {
    let entry = super::FAMILIES.iter().find(|entry| entry.name == family).expect("a family of that name");
    (entry.recognise)(header)
}

/// Names of the families that read the header, those of highest certainty only.
pub fn best(header: &Header) -> Vec<&'static str> {
    let readings: Vec<_> =
        super::FAMILIES.iter().filter_map(|e| Some((e.name, (e.recognise)(header)?.certainty))).collect();
    let most = readings.iter().map(|(_, certainty)| *certainty).max();
    readings.iter().filter(|(_, certainty)| Some(*certainty) == most).map(|(name, _)| *name).collect()
}
