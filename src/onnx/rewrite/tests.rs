//! Rewritten headers against what Python's `onnx` writes, and against arbitrary bytes.

use proptest::prelude::*;

use super::super::write::MAX_PIECES;
use super::*;

const FIXED: &[u8] = include_bytes!("../../../tests/golden/onnx_header/fixed.onnx");

/// Channels stay, everything else is left open.
fn open() -> [Dim; 4] {
    [Dim::Unknown, Dim::Fixed(3), Dim::Unknown, Dim::Named("width".to_owned())]
}

fn refusal(bytes: &[u8], name: &str, shape: &[Dim]) -> String {
    let error = with_input_shape(bytes, name, shape).expect_err("accepted");
    assert_eq!(error.kind, Kind::ModelInvalid);
    error.message
}

/// A `ModelProto` of IR version 8.
fn model(graph: &[u8]) -> Vec<u8> {
    [&[1 << 3, 8][..], &embedded(7, graph)].concat()
}

/// The input `x` of floats, 2x3, as field 11 of a graph.
fn input() -> Vec<u8> {
    let tensor = [&[1 << 3, 1][..], &embedded(2, &written(&[Dim::Fixed(2), Dim::Fixed(3)]))].concat();
    embedded(11, &[embedded(1, b"x"), embedded(2, &embedded(1, &tensor))].concat())
}

#[test]
fn equals_what_python_writes() {
    let expected = include_bytes!("../../../tests/golden/onnx_header/open.onnx");
    let found = with_input_shape(FIXED, "x", &open()).expect("rewritten");
    assert!(found == expected, "{found:02x?}");
    let header = read(&found).expect("readable");
    let shown: Vec<_> = header.inputs.iter().chain(&header.outputs).map(ToString::to_string).collect();
    assert_eq!(shown, ["x f32 [?,3,?,width]", "map f32 [?,2,?,?]", "row f32 [?,?]"]);
    // Again changes nothing.
    assert_eq!(with_input_shape(&found, "x", &open()).expect("rewritten"), found);
}

#[test]
fn sizes_can_be_set_as_well() {
    let fixed = |sizes: [i64; 4]| sizes.map(Dim::Fixed);
    let found = with_input_shape(FIXED, "x", &fixed([1, 3, 640, 300])).expect("rewritten");
    let header = read(&found).expect("readable");
    assert_eq!(header.inputs[0].to_string(), "x f32 [1,3,640,300]");
    assert_eq!(header.outputs[0].to_string(), "map f32 [?,2,?,?]");
}

#[test]
fn what_cannot_be_followed_is_refused() {
    assert!(refusal(FIXED, "y", &open()).contains("no such input of 4 axes"));
    assert!(refusal(FIXED, "w", &open()).contains("no such input"), "weights are no input");
    assert!(refusal(FIXED, "x", &open()[..3]).contains("no such input of 3 axes"));
    let two = [Dim::Unknown, Dim::Fixed(3)];
    let node = |attribute: &[u8]| embedded(1, &[embedded(4, b"If"), embedded(5, attribute)].concat());
    for field in [6, 11] {
        let graph = [input(), node(&embedded(field, b""))].concat();
        assert!(refusal(&model(&graph), "x", &two).contains("made with subgraphs"));
    }
    let functions = [model(&input()), embedded(25, &embedded(1, b"f"))].concat();
    assert!(refusal(&functions, "x", &two).contains("functions of its own"));
    assert!(refusal(b"PK\x03\x04", "x", &two).contains("zip file"));
    assert!(refusal(&FIXED[..FIXED.len() - 1], "x", &open()).contains("cut off"));
}

#[test]
fn a_shape_that_stands_there_twice_is_refused() {
    let shape = embedded(2, &written(&[Dim::Fixed(2), Dim::Fixed(3)]));
    let two = [Dim::Unknown, Dim::Fixed(3)];
    let value = |kind: &[u8]| model(&embedded(11, &[&embedded(1, b"x")[..], kind].concat()));
    let tensor = embedded(1, &shape);
    assert!(with_input_shape(&value(&embedded(2, &tensor)), "x", &two).is_ok());
    for kind in [
        embedded(2, &embedded(1, &shape.repeat(2))),
        embedded(2, &tensor.repeat(2)),
        embedded(2, &tensor).repeat(2),
    ] {
        assert!(refusal(&value(&kind), "x", &two).contains("twice"));
    }
}

#[test]
fn scattered_changes_are_bounded() {
    // Notes about shapes between nodes: each ends a stretch that is copied.
    let many = [embedded(1, b""), embedded(13, b"")].concat().repeat(MAX_PIECES + 1);
    let two = [Dim::Unknown, Dim::Fixed(3)];
    assert!(refusal(&model(&[input(), many].concat()), "x", &two).contains("beyond the limit"));
}

proptest! {
    #[test]
    fn mutations_are_answered_and_never_grow(at in 0..FIXED.len(), byte: u8, cut in 0..FIXED.len()) {
        let mut bytes = FIXED.to_vec();
        bytes[at] = byte;
        for bytes in [&bytes[..], &bytes[..cut]] {
            let shape = [Dim::Unknown, Dim::Fixed(3), Dim::Unknown, Dim::Unknown];
            if let Ok(found) = with_input_shape(bytes, "x", &shape) {
                prop_assert!(found.len() <= bytes.len());
                let (before, after) = (read(bytes).expect("read before"), read(&found).expect("read"));
                prop_assert_eq!(before.node_count, after.node_count);
                prop_assert_eq!(before.initializer_bytes, after.initializer_bytes);
                prop_assert_eq!(before.external_data, after.external_data);
                prop_assert_eq!(before.domains, after.domains);
            }
        }
    }
}
