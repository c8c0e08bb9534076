//! Where outputs come from: whether a sigmoid or softmax made them, which tells scores from logits.

use std::collections::{BTreeMap, HashMap};

use super::Value;
use super::wire::{Fields, Parsed};

/// Operators whose results lie between 0 and 1.
const SQUASHING: [&str; 3] = ["Sigmoid", "Softmax", "HardSigmoid"];

/// Operators that move, choose or join numbers without changing them.
const MOVING: [&[u8]; 20] = [
    b"Cast",
    b"Concat",
    b"DequantizeLinear",
    b"Expand",
    b"Flatten",
    b"Gather",
    b"GatherElements",
    b"GatherND",
    b"Identity",
    b"Max",
    b"MaxPool",
    b"QuantizeLinear",
    b"ReduceMax",
    b"Reshape",
    b"Slice",
    b"Split",
    b"Squeeze",
    b"TopK",
    b"Transpose",
    b"Unsqueeze",
];

/// Those of them whose inputs all go into the result; others take the first, and sizes or places in it.
const JOINING: [&[u8]; 2] = [b"Concat", b"Max"];

/// Which of `outputs` of a `GraphProto` hold numbers, maybe among others, that a sigmoid or softmax
/// made and nothing changed after, and which of the two. Subgraphs and functions are not followed.
pub(super) fn probabilities(graph: &[u8], outputs: &[Value]) -> Parsed<BTreeMap<String, String>> {
    let mut made: HashMap<&[u8], &'static str> = HashMap::new();
    // Nodes stand in order of execution (onnx.proto, "topological order").
    for field in Fields::new(graph) {
        let (1, node) = field? else { continue };
        let (mut operator, mut inputs, mut writes): (&[u8], _, _) = (&[], Vec::new(), Vec::new());
        for field in Fields::new(node.bytes()?) {
            match field? {
                (1, name) => inputs.push(made.get(name.bytes()?).copied()),
                (2, name) => writes.push(name.bytes()?),
                (4, name) => operator = name.bytes()?,
                _ => {}
            }
        }
        let joins = JOINING.contains(&operator);
        let read = inputs.iter().take(if joins { usize::MAX } else { 1 }).find_map(|made| *made);
        if operator == b"TopK" {
            // The second output is of places.
            writes.truncate(1);
        }
        let squashing = SQUASHING.into_iter().find(|name| name.as_bytes() == operator);
        let by = squashing.or(read.filter(|_| MOVING.contains(&operator)));
        if let Some(by) = by {
            made.extend(writes.into_iter().map(|name| (name, by)));
        }
    }
    let found = outputs.iter().filter_map(|output| Some((output, made.get(output.name.as_bytes())?)));
    Ok(found.map(|(output, by)| (output.name.clone(), (*by).to_owned())).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(number: u8, content: &[u8]) -> Vec<u8> {
        [&[number << 3 | 2, content.len() as u8], content].concat()
    }

    /// A `NodeProto` in field 1 of a graph.
    fn node(operator: &str, inputs: &[&str], outputs: &[&str]) -> Vec<u8> {
        let inputs = inputs.iter().flat_map(|name| message(1, name.as_bytes()));
        let outputs = outputs.iter().flat_map(|name| message(2, name.as_bytes()));
        let all: Vec<u8> = inputs.chain(outputs).chain(message(4, operator.as_bytes())).collect();
        message(1, &all)
    }

    #[test]
    fn a_sigmoid_is_followed_through_what_only_moves() {
        let graph = [
            node("Conv", &["x", "w"], &["logits"]),
            node("Sigmoid", &["logits"], &["s"]),
            node("Split", &["logits"], &["a", "b"]),
            node("Concat", &["a", "s"], &["joined"]),
            node("Transpose", &["joined"], &["rows"]),
            node("TopK", &["s", "k"], &["best", "places"]),
            // Places that scores chose do not make boxes scores.
            node("GatherElements", &["boxes", "best"], &["chosen"]),
            node("Mul", &["s", "s"], &["product"]),
        ]
        .concat();
        let outputs = ["logits", "b", "rows", "best", "places", "chosen", "product", "s"].map(|name| Value {
            name: name.to_owned(),
            element: None,
            shape: None,
        });
        let found = probabilities(&graph, &outputs).expect("well formed");
        assert_eq!(found.keys().map(String::as_str).collect::<Vec<_>>(), ["best", "rows", "s"]);
        assert_eq!(found["rows"], "Sigmoid");
    }
}
