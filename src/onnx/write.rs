//! Writing protobuf's wire format: messages with some fields changed and every other byte copied.

use std::borrow::Cow;

use super::wire::{Fields, Malformed, Parsed, Value};

/// Stretches of the graph between what changes; real files have one more than inputs and outputs.
pub const MAX_PIECES: usize = 1 << 16;

/// A `ModelProto` with `first` at the beginning of its graph, and with fields of the graph changed: `change` is
/// given each field's number and value and returns what takes its place, tag included. Functions are refused, as
/// names in them are their own.
pub fn with_graph(
    model: &[u8],
    first: Vec<u8>,
    change: impl Fn(u64, Value<'_>) -> Parsed<Option<Vec<u8>>>,
) -> Parsed<Vec<u8>> {
    let mut out = Vec::new();
    let mut fields = Fields::new(model);
    while let Some(field) = fields.verbatim() {
        match field? {
            (7, graph, _) => {
                let pieces = pieces(graph.bytes()?, &change)?;
                let length = first.len() + pieces.iter().map(|piece| piece.len()).sum::<usize>();
                out.reserve_exact((model.len() + first.len()).saturating_sub(out.len()));
                tag(&mut out, 7, length);
                out.extend_from_slice(&first);
                pieces.iter().for_each(|piece| out.extend_from_slice(piece));
            }
            (25, ..) => return Err(Malformed("made with functions of its own".to_owned())),
            (_, _, verbatim) => out.extend_from_slice(verbatim),
        }
    }
    Ok(out)
}

/// A `GraphProto` in pieces, so that its weights are copied once.
fn pieces<'a>(
    graph: &'a [u8],
    change: &impl Fn(u64, Value<'_>) -> Parsed<Option<Vec<u8>>>,
) -> Parsed<Vec<Cow<'a, [u8]>>> {
    let mut pieces = Vec::new();
    let (mut begun, mut at) = (0, 0);
    let mut fields = Fields::new(graph);
    while let Some(field) = fields.verbatim() {
        let (number, value, verbatim) = field?;
        if let Some(changed) = change(number, value)? {
            let same = graph.get(begun..at).unwrap_or_default();
            pieces.extend([Cow::Borrowed(same), Cow::Owned(changed)].into_iter().filter(|p| !p.is_empty()));
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

/// `message` with its field `number` replaced, where it has that field. Fields that occur twice would
/// merge, which no exporter writes.
pub fn replaced(message: &[u8], number: u64, new: impl FnOnce(&[u8]) -> Parsed<Vec<u8>>) -> Parsed<Vec<u8>> {
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
pub fn no_subgraphs(node: &[u8]) -> Parsed<()> {
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
pub fn embedded(number: u64, message: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(message.len() + 2);
    tag(&mut out, number, message.len());
    out.extend_from_slice(message);
    out
}

pub fn tag(out: &mut Vec<u8>, number: u64, length: usize) {
    // Wire type 2: a length and as many bytes.
    varint(out, number << 3 | 2);
    varint(out, length as u64);
}

pub fn varint(out: &mut Vec<u8>, mut value: u64) {
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}
