//! Rewritten graphs as they read back, and what is left alone; that they calculate the same is tested where the
//! runtime is (`perform/upload/tests.rs`).

use proptest::prelude::*;

use super::*;

const FIXED: &[u8] = include_bytes!("../../../tests/golden/onnx_header/fixed.onnx");

fn normal(mean: [f32; 3], std: [f32; 3]) -> Normal {
    Normal { mean: mean.to_vec(), std: std.to_vec(), channels_last: false }
}

fn usual() -> Normal {
    normal([103.53, 116.28, 123.675], [57.375, 57.12, 58.395])
}

/// A value of that element type with open height and width.
fn value(name: &str, element: u64, axes: &[&str]) -> Vec<u8> {
    let axis = |axis: &&str| match axis.parse::<u64>() {
        Ok(size) => embedded(1, &number(1, size)),
        Err(_) => embedded(1, &embedded(2, axis.as_bytes())),
    };
    let shape: Vec<u8> = axes.iter().flat_map(axis).collect();
    let tensor = [number(1, element), embedded(2, &shape)].concat();
    [embedded(1, name.as_bytes()), embedded(2, &embedded(1, &tensor))].concat()
}

const AXES: [&str; 4] = ["batch", "3", "height", "width"];

/// A model whose nodes make `y` of `x`.
fn model(version: u64, input: &[u8], nodes: &[u8], output: &str) -> Vec<u8> {
    let output = embedded(12, &value(output, F32, &AXES));
    let graph = [nodes, &embedded(11, input), &output].concat();
    [number(1, 8), embedded(7, &graph), embedded(8, &number(2, version))].concat()
}

fn relu() -> Vec<u8> {
    node("Relu", &["x"], "y", &[])
}

fn usual_model() -> Vec<u8> {
    model(13, &value("x", F32, &AXES), &relu(), "y")
}

fn refusal(bytes: &[u8], normal: &Normal) -> String {
    let error = with_byte_input(bytes, "x", normal).expect_err("rewritten");
    assert_eq!(error.kind, Kind::ModelInvalid);
    error.message
}

/// Inputs, outputs and operator of each node.
fn graph(model: &[u8]) -> Vec<String> {
    let field = |bytes: &[u8], wanted: u64| -> Vec<Vec<u8>> {
        let fields = Fields::new(bytes).map(|field| field.expect("a field"));
        fields.filter(|(n, _)| *n == wanted).map(|(_, v)| v.bytes().expect("bytes").to_vec()).collect()
    };
    let graph = field(model, 7).remove(0);
    let text = |node: &[u8], wanted| {
        field(node, wanted)
            .into_iter()
            .map(|b| String::from_utf8(b).expect("text"))
            .collect::<Vec<_>>()
            .join(" ")
    };
    let line = |node: Vec<u8>| format!("{} {} > {}", text(&node, 4), text(&node, 1), text(&node, 2));
    field(&graph, 1).into_iter().map(line).collect()
}

#[test]
fn the_header_reads_back_with_bytes_and_the_same_axes() {
    let found = with_byte_input(&usual_model(), "x", &usual()).expect("rewritten");
    let header = read(&found).expect("readable");
    assert_eq!(header.inputs[0].to_string(), "x u8 [batch,3,height,width]");
    assert_eq!(header.outputs[0].to_string(), "y f32 [batch,3,height,width]");
    assert!(header.takes_batches());
    let expected = [
        "Cast x > vision.bytes/Cast",
        "Constant  > vision.bytes/Sub/by",
        "Sub vision.bytes/Cast vision.bytes/Sub/by > vision.bytes/Sub",
        "Constant  > vision.bytes/Div/by",
        "Div vision.bytes/Sub vision.bytes/Div/by > vision.bytes/picture",
        "Relu vision.bytes/picture > y",
    ];
    assert_eq!(graph(&found), expected);
    // Again is refused: it takes bytes already.
    assert!(refusal(&found, &usual()).contains("takes no f32"));
}

#[test]
fn steps_that_change_nothing_are_left_out() {
    let lines = |normal: &Normal| graph(&with_byte_input(&usual_model(), "x", normal).expect("rewritten"));
    assert_eq!(
        lines(&normal([0.0; 3], [1.0; 3])),
        ["Cast x > vision.bytes/picture", "Relu vision.bytes/picture > y"]
    );
    assert_eq!(lines(&normal([0.0; 3], [255.0; 3])).len(), 4);
    assert_eq!(lines(&normal([0.0, 0.0, 1.0], [1.0; 3])).len(), 4);
}

#[test]
fn other_models_are_left_alone() {
    let input = value("x", F32, &AXES);
    let says = |bytes: &[u8], why: &str| {
        let message = refusal(bytes, &usual());
        assert!(message.contains(why), "{message}");
    };
    says(&model(6, &input, &relu(), "y"), "older than version 7");
    says(&model(13, &value("x", U8, &AXES), &relu(), "y"), "takes no f32");
    says(&model(13, &value("x", 10, &AXES), &relu(), "y"), "takes no f32");
    says(&model(13, &input, &relu(), "x"), "an output as well");
    says(&model(13, &value("z", F32, &AXES), &relu(), "y"), "no one such input");
    says(&model(13, &value("x", F32, &["n", "3"]), &relu(), "y"), "other axes");
    says(&model(13, &value("x", F32, &["n", "4", "h", "w"]), &relu(), "y"), "other channels");
    says(&model(13, &input, &node("Relu", &["z"], "y", &[]), "y"), "no node reads it");
    says(&model(13, &input, &node("Relu", &["x"], "vision.bytes/picture", &[]), "y"), "mistaken");
    let branch = node("If", &["x"], "y", &embedded(6, b""));
    says(&model(13, &input, &branch, "y"), "made with subgraphs");
    let functions = [usual_model(), embedded(25, &embedded(1, b"f"))].concat();
    says(&functions, "functions of its own");
    let no_opset = [number(1, 8), embedded(7, &[relu(), embedded(11, &input)].concat())].concat();
    says(&no_opset, "which version");
    let two = [usual_model(), embedded(8, &[embedded(1, b"ai.onnx"), number(2, 9)].concat())].concat();
    says(&two, "which version");
    // A second type would merge with the first.
    let kind = embedded(2, &embedded(1, &number(1, F32)));
    says(&model(13, &[input.clone(), kind].concat(), &relu(), "y"), "twice");
    says(b"PK\x03\x04", "zip file");
}

#[test]
fn channels_may_stand_last_and_a_batch_may_be_missing() {
    let last = Normal { channels_last: true, ..usual() };
    let found = model(13, &value("x", F32, &["1", "h", "w", "3"]), &relu(), "y");
    let found = with_byte_input(&found, "x", &last).expect("rewritten");
    assert_eq!(read(&found).expect("readable").inputs[0].to_string(), "x u8 [1,h,w,3]");
    let found = model(13, &value("x", F32, &["3", "h", "w"]), &relu(), "y");
    let found = with_byte_input(&found, "x", &usual()).expect("rewritten");
    assert_eq!(read(&found).expect("readable").inputs[0].to_string(), "x u8 [3,h,w]");
    let one = Normal { mean: vec![1.0], std: vec![2.0], channels_last: false };
    assert!(refusal(&usual_model(), &one).contains("other channels"));
}

proptest! {
    #[test]
    fn mutations_are_answered(at in 0..FIXED.len(), byte: u8, cut in 0..FIXED.len()) {
        let mut bytes = FIXED.to_vec();
        bytes[at] = byte;
        for bytes in [&bytes[..], &bytes[..cut]] {
            if let Ok(found) = with_byte_input(bytes, "x", &usual()) {
                let (before, after) = (read(bytes).expect("read before"), read(&found).expect("read"));
                prop_assert_eq!(before.node_count + 5, after.node_count);
                prop_assert_eq!(before.outputs, after.outputs);
                prop_assert_eq!(before.external_data, after.external_data);
            }
        }
    }
}
