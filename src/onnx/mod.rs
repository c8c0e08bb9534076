//! What an ONNX file says about itself, read without a runtime and without trusting it.

pub mod bytes;
mod elements;
pub mod exporter;
mod flow;
pub mod looks;
pub mod rewrite;
mod walk;
mod weights;
mod wire;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Serialize;

use crate::error::{Error, Kind, Result};

pub use elements::Element;
pub(crate) use weights::{Weight, weights};

/// The parts of a model's header that decide whether and how it can run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Header {
    pub ir_version: i64,
    /// Name and version of the exporter, as far as given.
    pub producer: String,
    /// (domain, version); the domain of the standard operators is empty.
    pub opsets: Vec<(String, i64)>,
    /// Inputs a caller must give: initialisers, which old files list too, are left out.
    pub inputs: Vec<Value>,
    pub outputs: Vec<Value>,
    /// Outputs with numbers that a sigmoid or softmax made and nothing but moving changed after: scores
    /// among them are probabilities. By the output's name, the operator. Others may be as well, where an
    /// exporter spells a sigmoid out.
    pub probabilities: BTreeMap<String, String>,
    /// Exporters' notes, for example Ultralytics' `names` and `stride`.
    pub metadata: BTreeMap<String, String>,
    /// Files beside the model that hold its weights; empty text where none is named.
    pub external_data: Vec<String>,
    /// Domains of operators, subgraphs and functions included; without those of operators that
    /// the model itself defines as functions.
    pub domains: BTreeSet<String>,
    /// Operators, subgraphs and functions included.
    pub node_count: u64,
    /// Whether a compiled blob for one vendor's device (`EPContext`) is inside.
    pub has_ep_context: bool,
    /// Weights in bytes as tensors, dense initialisers of the graph and its subgraphs.
    pub initializer_bytes: u64,
}

impl Header {
    /// Whether several frames can be given at once: the first axis of every input and output is open. Whether it
    /// is the frames' the family knows; exporters give it any name.
    pub fn takes_batches(&self) -> bool {
        let open = |value: &Value| {
            let first = value.shape.as_ref().and_then(|shape| shape.first());
            first.is_some_and(|dim| dim.fixed().is_none())
        };
        !self.inputs.is_empty() && self.inputs.iter().chain(&self.outputs).all(open)
    }

    /// Inputs with all axes, where the first is open (-1) and pictures are of `size` = [width, height].
    pub fn open_inputs(&self, [width, height]: [i64; 2]) -> Vec<(String, Vec<i64>)> {
        let one = |input: &Value| {
            let shape = input.shape.as_deref().unwrap_or_default();
            let last = shape.len().saturating_sub(1);
            // Channels are never open, so an axis that is, is the picture's height or, behind it, its width.
            let open = |n: usize| shape.get(n).is_some_and(|dim| dim.fixed().is_none());
            let axis = |(n, dim): (usize, &Dim)| match dim.fixed() {
                _ if n == 0 => -1,
                Some(side) => side,
                None if n < last && open(n + 1) => height,
                None => width,
            };
            (input.name.clone(), shape.iter().enumerate().map(axis).collect())
        };
        self.inputs.iter().map(one).collect()
    }

    /// The input that takes the picture: the one called `name`, else the only one, else the only one
    /// of three or more axes, else the only one of four or more.
    ///
    /// # Errors
    /// `ModelMismatch`: what there is, and how to say which it is. The message does not name the model.
    pub fn picture_input(&self, name: Option<&str>) -> Result<&Value> {
        let mismatch = |message: String| Err(Error::new(Kind::ModelMismatch, message));
        let names = || self.inputs.iter().map(|i| format!("{:?}", i.name)).collect::<Vec<_>>().join(", ");
        match (name, self.inputs.as_slice()) {
            (_, []) => mismatch("the model has no inputs; export it with one for the picture".to_owned()),
            (Some(name), inputs) => match inputs.iter().find(|input| input.name == name) {
                Some(input) => Ok(input),
                None => mismatch(format!(
                    "no input {name:?} as its description says; it has {}; correct name under [input]",
                    names()
                )),
            },
            (None, [input]) => Ok(input),
            (None, inputs) => {
                // Masks have three axes, as pictures without a batch do; pictures with one have four.
                match only(inputs, 3).or_else(|| only(inputs, 4)) {
                    Some(input) => Ok(input),
                    None => mismatch(format!(
                        "{} inputs ({}); say which takes the picture: name = … under [input]",
                        inputs.len(),
                        names()
                    )),
                }
            }
        }
    }
}

/// The input of at least that many axes, where there is one alone.
fn only(inputs: &[Value], axes: usize) -> Option<&Value> {
    let mut large = inputs.iter().filter(|i| i.shape.as_ref().is_some_and(|shape| shape.len() >= axes));
    large.next().filter(|_| large.next().is_none())
}

/// An input or output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Value {
    pub name: String,
    /// `None` where it is not a tensor (sequence, map, optional) or says nothing.
    pub element: Option<Element>,
    /// `None` where even the rank is left open.
    pub shape: Option<Vec<Dim>>,
}

/// One axis of a shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Dim {
    /// As written; exporters also write 0 or -1 for "any".
    Fixed(i64),
    Named(String),
    Unknown,
}

impl Dim {
    /// The size, where the model fixes it.
    pub fn fixed(&self) -> Option<i64> {
        match self {
            Dim::Fixed(n) if *n > 0 => Some(*n),
            _ => None,
        }
    }
}

impl fmt::Display for Dim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Dim::Fixed(n) if *n > 0 => write!(f, "{n}"),
            Dim::Named(name) => f.write_str(&visible(name)),
            _ => f.write_str("?"),
        }
    }
}

/// `images f32 [1,3,640,640]`
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ", visible(&self.name))?;
        match &self.element {
            Some(element) => write!(f, "{element}")?,
            None => f.write_str("(not a tensor)")?,
        }
        match &self.shape {
            Some(shape) => {
                let axes: Vec<_> = shape.iter().map(Dim::to_string).collect();
                write!(f, " [{}]", axes.join(","))
            }
            None => f.write_str(" [of any rank]"),
        }
    }
}

/// Names come from the file: without characters that would move a terminal's cursor.
fn visible(name: &str) -> String {
    name.replace(char::is_control, "\u{fffd}")
}

/// Reads the header of the ONNX file `bytes`, of any size and content.
///
/// # Errors
/// `ModelInvalid` when it is not an ONNX model; the message does not name the file.
pub fn read(bytes: &[u8]) -> Result<Header> {
    walk::model(bytes).map_err(|malformed| {
        let message = match looks::looks_like(bytes) {
            Some(other) => format!("not an ONNX model but {other}; give a file exported to ONNX"),
            None => format!("not a usable ONNX model: the file is {}; export or copy it again", malformed.0),
        };
        Error::new(Kind::ModelInvalid, message)
    })
}

/// Domains whose operators ONNX Runtime itself brings; others need a custom-op library.
const KNOWN_DOMAINS: [&str; 9] = [
    "",
    "ai.onnx",
    "ai.onnx.ml",
    "ai.onnx.training",
    "ai.onnx.preview.training",
    "com.microsoft",
    "com.microsoft.experimental",
    "com.microsoft.nchwc",
    "com.ms.internal.nhwc",
];

/// Refuses what would load other files or native code: external data, compiled blobs, custom
/// operators.
///
/// # Errors
/// `ModelRefused`; the message does not name the file.
pub fn refuse_hostile(header: &Header) -> Result<()> {
    let refuse = |message: String| Err(Error::new(Kind::ModelRefused, message));
    if let Some(first) = header.external_data.first() {
        return refuse(format!(
            "its weights stand in other files ({first:?}{}), which are never opened; save it as one file: onnx.save(onnx.load(path), path, save_as_external_data=False)",
            more(header.external_data.len())
        ));
    }
    if header.has_ep_context {
        return refuse(
            "it holds code compiled for one device (EPContext), which cannot be checked; give the model it was compiled from".to_owned(),
        );
    }
    let mut custom = header.domains.iter().filter(|d| !KNOWN_DOMAINS.contains(&d.as_str()));
    if let Some(first) = custom.next() {
        return refuse(format!(
            "it uses operators of {first:?}{}, which need a native library of their own; export it with standard operators",
            more(1 + custom.count())
        ));
    }
    Ok(())
}

fn more(count: usize) -> String {
    if count > 1 { format!(" and {} more", count - 1) } else { String::new() }
}

#[cfg(test)]
mod tests;
