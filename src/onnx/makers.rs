//! Which operator makes each output of the graph.

use std::collections::{BTreeMap, HashSet};

use super::Value;
use super::wire::{Fields, Parsed};

/// The operators of the nodes that make `outputs`, by the output's name. Reads the nodes of a `GraphProto`.
pub(super) fn makers(graph: &[u8], outputs: &[Value]) -> Parsed<BTreeMap<String, String>> {
    let wanted: HashSet<&[u8]> = outputs.iter().map(|output| output.name.as_bytes()).collect();
    let mut makers = BTreeMap::new();
    for field in Fields::new(graph) {
        let (1, node) = field? else { continue };
        let node = node.bytes()?;
        for field in Fields::new(node) {
            let (2, name) = field? else { continue };
            if wanted.contains(name.bytes()?) {
                makers.insert(name.text()?, operator(node)?);
            }
        }
    }
    Ok(makers)
}

fn operator(node: &[u8]) -> Parsed<String> {
    for field in Fields::new(node) {
        if let (4, value) = field? {
            return value.text();
        }
    }
    Ok(String::new())
}
