//! From fields to a [`Header`]: the messages of onnx.proto that are read, with a limit on each count.
//!
//! Field numbers are those of onnx/onnx.proto (ONNX 1.19, IR version 11), stable by protobuf's rules.

use std::collections::{BTreeSet, HashSet};

use super::elements::Element;
use super::flow;
use super::wire::{Fields, Malformed, Parsed, Value as Raw, ints};
use super::{Dim, Header, Value};

/// Nesting of subgraphs (If, Loop, Scan); exporters rarely pass three.
const MAX_DEPTH: u32 = 32;
/// Inputs or outputs of the graph, operator sets and metadata entries.
const MAX_VALUES: usize = 1 << 14;
/// Distinct domains, functions and external files.
const MAX_NAMES: usize = 1 << 14;
/// Axes of a tensor.
const MAX_RANK: usize = 64;
/// Elements of one axis. A picture's or a list's never come near; runtimes calculate with fewer bits.
const MAX_AXIS: i64 = 1 << 31;
/// Elements of all sparse tensors together once they are dense, which runtimes make them at load: as
/// many as a file in one piece can hold of f32.
const MAX_SPARSE: u64 = (2 << 30) / 4;

/// Reads a `ModelProto`.
pub(super) fn model(bytes: &[u8]) -> Parsed<Header> {
    let mut walk = Walk {
        functions: functions(bytes)?,
        external: BTreeSet::new(),
        sparse: 0,
        header: Header::default(),
    };
    let (mut graphs, mut exporter, mut exporter_version) = (0, String::new(), String::new());
    for field in Fields::new(bytes) {
        let (number, value) = field?;
        match number {
            1 => walk.header.ir_version = value.int()?,
            2 => exporter = value.text()?,
            3 => exporter_version = value.text()?,
            7 => {
                graphs += 1;
                walk.main_graph(value.bytes()?)?;
            }
            8 => walk.opset(value.bytes()?)?,
            14 => walk.metadata(value.bytes()?)?,
            20 => walk.training(value.bytes()?)?,
            25 => walk.function(value.bytes()?)?,
            _ => {}
        }
    }
    if graphs == 0 || walk.header.ir_version == 0 {
        return Err(Malformed("without a graph or a format version".to_owned()));
    }
    // Repeated graphs would merge, which no exporter writes and readers disagree about.
    if graphs > 1 {
        return Err(Malformed("made of several graphs".to_owned()));
    }
    let mut header = walk.header;
    header.producer = format!("{exporter} {exporter_version}").trim().to_owned();
    header.external_data = walk.external.into_iter().collect();
    Ok(header)
}

/// (domain, name) of the model's own functions, whose calls are no custom operators.
fn functions(bytes: &[u8]) -> Parsed<HashSet<(String, String)>> {
    let mut all = HashSet::new();
    for field in Fields::new(bytes) {
        let (25, value) = field? else { continue };
        let (mut domain, mut name) = (String::new(), String::new());
        for field in Fields::new(value.bytes()?) {
            match field? {
                (1, value) => name = value.text()?,
                (10, value) => domain = value.text()?,
                _ => {}
            }
        }
        all.insert((domain, name));
        within(all.len(), MAX_NAMES, "functions")?;
    }
    Ok(all)
}

struct Walk {
    functions: HashSet<(String, String)>,
    external: BTreeSet<String>,
    /// Elements of sparse tensors so far, counted as if they were dense.
    sparse: u64,
    header: Header,
}

impl Walk {
    /// Inputs and outputs of the `GraphProto`, then everything that subgraphs have too.
    fn main_graph(&mut self, bytes: &[u8]) -> Parsed<()> {
        for field in Fields::new(bytes) {
            match field? {
                (11, value) => self.header.inputs.push(value_info(value.bytes()?)?),
                (12, value) => self.header.outputs.push(value_info(value.bytes()?)?),
                _ => {}
            }
            within(self.header.inputs.len(), MAX_VALUES, "inputs")?;
            within(self.header.outputs.len(), MAX_VALUES, "outputs")?;
        }
        let weights = initializer_names(bytes, &self.header.inputs)?;
        self.header.inputs.retain(|input| !weights.contains(&input.name));
        self.header.probabilities = flow::probabilities(bytes, &self.header.outputs)?;
        self.graph(bytes, 0)
    }

    fn graph(&mut self, bytes: &[u8], depth: u32) -> Parsed<()> {
        if depth > MAX_DEPTH {
            return Err(Malformed(format!("nested deeper than {MAX_DEPTH} graphs")));
        }
        for field in Fields::new(bytes) {
            match field? {
                (1, value) => self.node(value.bytes()?, depth)?,
                (5, value) => {
                    let size = self.tensor(value.bytes()?)?;
                    let total = &mut self.header.initializer_bytes;
                    *total = total.saturating_add(size);
                }
                (15, value) => self.sparse(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn node(&mut self, bytes: &[u8], depth: u32) -> Parsed<()> {
        let (mut domain, mut operator) = (String::new(), String::new());
        for field in Fields::new(bytes) {
            match field? {
                (4, value) => operator = value.text()?,
                (5, value) => self.attribute(value.bytes()?, depth)?,
                (7, value) => domain = value.text()?,
                _ => {}
            }
        }
        self.header.node_count += 1;
        self.header.has_ep_context |= operator == "EPContext";
        let operator = (domain, operator);
        if !self.functions.contains(&operator) {
            self.header.domains.insert(operator.0);
            within(self.header.domains.len(), MAX_NAMES, "operator domains")?;
        }
        Ok(())
    }

    /// An `AttributeProto`: tensors and graphs may hide in it.
    fn attribute(&mut self, bytes: &[u8], depth: u32) -> Parsed<()> {
        for field in Fields::new(bytes) {
            match field? {
                (5 | 10, value) => self.tensor(value.bytes()?).map(|_| ())?,
                (6 | 11, value) => self.graph(value.bytes()?, depth + 1)?,
                (22 | 23, value) => self.sparse(value.bytes()?)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// Size in bytes of a `TensorProto`'s values from its shape, which its data must bear out: runtimes
    /// take memory by the shape. Notes data that stands elsewhere.
    fn tensor(&mut self, bytes: &[u8]) -> Parsed<u64> {
        let (mut elements, mut bits) = (1u64, 0);
        let (mut external, mut location) = (false, None);
        let (mut raw, mut typed) = (None, 0u64);
        for field in Fields::new(bytes) {
            match field? {
                (1, dims) => elements = product(elements, dims)?,
                (2, value) => bits = Element(value.int()?).bits(),
                (4..=7 | 10 | 11, Raw::Bytes(values)) => {
                    // Strings are one field each, maybe empty.
                    typed = typed.saturating_add(values.len() as u64).saturating_add(1);
                }
                (4..=7 | 10 | 11, _) => typed = typed.saturating_add(1),
                (9, value) => raw = Some(value.bytes()?.len() as u64),
                (13, value) => {
                    external = true;
                    let (key, text) = key_value(value.bytes()?)?;
                    location = if key == "location" { Some(text) } else { location };
                }
                // DataLocation: 0 is DEFAULT, 1 EXTERNAL; no other is defined.
                (14, value) => external |= value.int()? != 0,
                _ => {}
            }
        }
        let size = elements.saturating_mul(bits).div_ceil(8);
        if external {
            self.external.insert(location.unwrap_or_default());
            within(self.external.len(), MAX_NAMES, "external files")?;
            return Ok(size);
        }
        let stored = match raw {
            Some(length) => size <= length,
            // A value has at least one byte, in which four of two bits fit.
            None => elements <= typed.saturating_mul(4),
        };
        if stored {
            Ok(size)
        } else {
            Err(Malformed(format!(
                "malformed: a tensor of {elements} elements is announced, its data are fewer"
            )))
        }
    }

    /// A `SparseTensorProto`: its values and indices are tensors.
    fn sparse(&mut self, bytes: &[u8]) -> Parsed<()> {
        let mut dense = 1u64;
        for field in Fields::new(bytes) {
            match field? {
                (1 | 2, value) => self.tensor(value.bytes()?).map(|_| ())?,
                (3, dims) => dense = product(dense, dims)?,
                _ => {}
            }
        }
        self.sparse = self.sparse.saturating_add(dense);
        if self.sparse > MAX_SPARSE {
            return Err(Malformed(format!("beyond the limit of {MAX_SPARSE} elements of sparse tensors")));
        }
        Ok(())
    }

    /// A `FunctionProto`: a body of nodes.
    fn function(&mut self, bytes: &[u8]) -> Parsed<()> {
        for field in Fields::new(bytes) {
            match field? {
                (7, value) => self.node(value.bytes()?, 0)?,
                (11, value) => self.attribute(value.bytes()?, 0)?,
                _ => {}
            }
        }
        Ok(())
    }

    /// A `TrainingInfoProto`: two graphs, which may hold anything a graph may.
    fn training(&mut self, bytes: &[u8]) -> Parsed<()> {
        for field in Fields::new(bytes) {
            if let (1 | 2, value) = field? {
                self.graph(value.bytes()?, 1)?;
            }
        }
        Ok(())
    }

    fn opset(&mut self, bytes: &[u8]) -> Parsed<()> {
        let (mut domain, mut version) = (String::new(), 0);
        for field in Fields::new(bytes) {
            match field? {
                (1, value) => domain = value.text()?,
                (2, value) => version = value.int()?,
                _ => {}
            }
        }
        self.header.opsets.push((domain, version));
        within(self.header.opsets.len(), MAX_VALUES, "operator sets")
    }

    fn metadata(&mut self, bytes: &[u8]) -> Parsed<()> {
        let (key, value) = key_value(bytes)?;
        self.header.metadata.insert(key, value);
        within(self.header.metadata.len(), MAX_VALUES, "metadata entries")
    }
}

/// `elements` times the sizes of some axes.
fn product(mut elements: u64, dims: Raw<'_>) -> Parsed<u64> {
    for dim in ints(dims) {
        let dim = dim?;
        let size = u64::try_from(axis_size(dim)?);
        let size = size.map_err(|_| Malformed(format!("malformed: a tensor has an axis of {dim}")))?;
        elements = elements.saturating_mul(size);
    }
    Ok(elements)
}

/// The size of an axis; negative ones are for the caller.
fn axis_size(size: i64) -> Parsed<i64> {
    if size <= MAX_AXIS {
        return Ok(size);
    }
    Err(Malformed(format!("malformed: a tensor has an axis of {size}; the limit is {MAX_AXIS}")))
}

fn within(count: usize, limit: usize, what: &str) -> Parsed<()> {
    if count <= limit { Ok(()) } else { Err(Malformed(format!("beyond the limit of {limit} {what}"))) }
}

/// Which of `inputs` are initialisers with a default value rather than inputs to give.
fn initializer_names(graph: &[u8], inputs: &[Value]) -> Parsed<HashSet<String>> {
    let asked: HashSet<&str> = inputs.iter().map(|i| i.name.as_str()).collect();
    let mut found = HashSet::new();
    for field in Fields::new(graph) {
        // A sparse initialiser carries its name in its values, field 1.
        let tensor = match field? {
            (5, value) => Some(value.bytes()?),
            (15, value) => first_bytes(value.bytes()?, 1)?,
            _ => None,
        };
        let Some(name) = tensor.map(|t| first_bytes(t, 8)).transpose()?.flatten() else { continue };
        let name = String::from_utf8_lossy(name);
        if asked.contains(name.as_ref()) {
            found.insert(name.into_owned());
        }
    }
    Ok(found)
}

fn first_bytes(message: &[u8], wanted: u64) -> Parsed<Option<&[u8]>> {
    for field in Fields::new(message) {
        match field? {
            (number, value) if number == wanted => return value.bytes().map(Some),
            _ => {}
        }
    }
    Ok(None)
}

/// A `StringStringEntryProto`.
fn key_value(bytes: &[u8]) -> Parsed<(String, String)> {
    let (mut key, mut text) = (String::new(), String::new());
    for field in Fields::new(bytes) {
        match field? {
            (1, value) => key = value.text()?,
            (2, value) => text = value.text()?,
            _ => {}
        }
    }
    Ok((key, text))
}

/// A `ValueInfoProto` with its `TypeProto`.
fn value_info(bytes: &[u8]) -> Parsed<Value> {
    let mut value = Value { name: String::new(), element: None, shape: None };
    for field in Fields::new(bytes) {
        match field? {
            (1, name) => value.name = name.text()?,
            (2, kind) => tensor_type(kind.bytes()?, &mut value)?,
            _ => {}
        }
    }
    Ok(value)
}

/// A `TypeProto`; only its `tensor_type` says something here.
fn tensor_type(bytes: &[u8], into: &mut Value) -> Parsed<()> {
    let Some(tensor) = first_bytes(bytes, 1)? else { return Ok(()) };
    for field in Fields::new(tensor) {
        match field? {
            (1, element) => into.element = Some(Element(element.int()?)),
            (2, axes) => into.shape = Some(shape(axes.bytes()?)?),
            _ => {}
        }
    }
    Ok(())
}

/// A `TensorShapeProto`.
fn shape(bytes: &[u8]) -> Parsed<Vec<Dim>> {
    let mut axes = Vec::new();
    for field in Fields::new(bytes) {
        if let (1, axis) = field? {
            axes.push(dimension(axis)?);
            within(axes.len(), MAX_RANK, "axes")?;
        }
    }
    Ok(axes)
}

fn dimension(axis: Raw<'_>) -> Parsed<Dim> {
    let mut dim = Dim::Unknown;
    for field in Fields::new(axis.bytes()?) {
        match field? {
            (1, size) => dim = Dim::Fixed(axis_size(size.int()?)?),
            (2, name) => dim = Dim::Named(name.text()?),
            _ => {}
        }
    }
    // An empty name says as little as none.
    Ok(if dim == Dim::Named(String::new()) { Dim::Unknown } else { dim })
}
