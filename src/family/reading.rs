//! What a family makes of a model that comes without a description: from metadata, names and shapes.

use crate::engine::ElementType;
use crate::onnx::{Dim, Element, Header, Value};
use crate::spec::{InputSpec, Layout};

/// What pictures are scaled to where the model leaves it open; most detectors' training size.
pub const USUAL_SIDE: u32 = 640;

/// The same for classifiers: ImageNet's.
pub const USUAL_CLASSIFIER_SIDE: u32 = 224;

/// How much a reading rests on, from least to most.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Certainty {
    /// Only shapes fit: others may fit as well.
    Shape,
    /// Names of inputs or outputs are those of the family's exporter.
    Names,
    /// The exporter's own metadata say so.
    Metadata,
}

/// A model as a family would run it.
#[derive(Debug, Clone)]
pub struct Reading {
    pub certainty: Certainty,
    /// What it was told by, for people: "output0 `[1,84,8400]` is 4 box numbers and 80 scores for …".
    pub why: String,
    /// The preparation that the family's exporters use, with the header's size, layout and type.
    pub input: InputSpec,
    /// Numbers of the family's own, as in a description.
    pub decode: toml::Table,
    pub classes: Option<usize>,
    /// Whether `classes` is the usual data set's number and the header shows none.
    pub assumed: bool,
    /// Names in order of class, where metadata give them.
    pub names: Vec<String>,
    /// Least score and IoU, where the family's differ from the usual ones.
    pub conf: Option<f32>,
    pub iou: Option<f32>,
    /// Points where something else fits too, each with what to write to say so.
    pub doubts: Vec<String>,
}

impl Reading {
    /// A reading with nothing special.
    pub fn new(certainty: Certainty, why: String, input: InputSpec) -> Self {
        let (decode, names, doubts) = (toml::Table::new(), Vec::new(), Vec::new());
        let (classes, assumed) = (None, false);
        Self { certainty, why, input, decode, classes, assumed, names, conf: None, iou: None, doubts }
    }
}

/// `usual` with what the header says of the picture input: name, size, layout, element type. `None`
/// where no input takes a picture of `channels` channels.
pub fn picture(header: &Header, channels: i64, usual: InputSpec) -> Option<InputSpec> {
    let input = header.picture_input(None).ok()?;
    let (layout, width, height) = geometry(input, channels)?;
    let element = input.element.and_then(Element::supported)?;
    let side = |dim: &Dim| dim.fixed().and_then(|side| u32::try_from(side).ok());
    let (fixed_width, fixed_height) = (side(width), side(height));
    let several = header.inputs.len() > 1;
    Some(InputSpec {
        name: several.then(|| input.name.clone()),
        size: [fixed_width.unwrap_or(usual.size[0]), fixed_height.unwrap_or(usual.size[1])],
        dynamic_size: fixed_width.is_none() && fixed_height.is_none(),
        element,
        layout,
        ..usual
    })
}

/// The layout, and the axes of width and height; `None` for what is no picture of that many channels.
fn geometry(input: &Value, channels: i64) -> Option<(Layout, &Dim, &Dim)> {
    let (first, second, third) = match input.shape.as_deref()? {
        [_, first, second, third] | [first, second, third] => (first, second, third),
        _ => return None,
    };
    let is = |dim: &Dim| dim.fixed() == Some(channels);
    match (is(first), is(third)) {
        (true, _) => Some((Layout::Nchw, third, second)),
        (false, true) => Some((Layout::Nhwc, second, first)),
        // An open channel axis: as PyTorch exports have it.
        (false, false) if first.fixed().is_none() => Some((Layout::Nchw, third, second)),
        (false, false) => None,
    }
}

/// The sizes of an output's axes without the batch's, where it is of floats; `None` for an open axis.
pub fn float_axes(output: &Value) -> Option<Vec<Option<usize>>> {
    let float = matches!(output.element?.supported()?, ElementType::F32 | ElementType::F16);
    let axes = output.shape.as_ref().filter(|_| float)?;
    Some(axes.iter().skip(1).map(|axis| axis.fixed().and_then(|n| usize::try_from(n).ok())).collect())
}
