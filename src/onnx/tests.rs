//! Headers against hand-made messages, against Python's `onnx`, and against arbitrary bytes.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::*;

/// A length-delimited field.
fn message(number: u64, content: &[u8]) -> Vec<u8> {
    let mut out = varint(number << 3 | 2);
    out.extend(varint(content.len() as u64));
    out.extend(content);
    out
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn varint(mut value: u64) -> Vec<u8> {
    let mut out = Vec::new();
    while value > 0x7f {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
    out
}

fn node(operator: &str, domain: &str, attributes: &[u8]) -> Vec<u8> {
    let parts = [&message(4, operator.as_bytes())[..], &message(7, domain.as_bytes()), attributes];
    message(1, &parts.concat())
}

fn model(graph: &[u8]) -> Vec<u8> {
    [number(1, 8), message(7, graph)].concat()
}

fn refusal(bytes: &[u8]) -> String {
    let error = refuse_hostile(&read(bytes).expect("readable")).expect_err("accepted");
    assert_eq!(error.kind, Kind::ModelRefused);
    error.message
}

/// A graph inside an attribute of an operator of the graph, `depth` times.
fn nested(depth: usize, innermost: Vec<u8>) -> Vec<u8> {
    (0..depth).fold(innermost, |graph, _| node("If", "", &message(5, &message(6, &graph))))
}

#[test]
fn inputs_leave_initialisers_out() {
    let value = |name: &str| {
        let axes = [message(1, &number(1, 1)), message(1, &message(2, b"n")), message(1, b"")].concat();
        let tensor = [number(1, 10), message(2, &axes)].concat();
        [message(1, name.as_bytes()), message(2, &message(1, &tensor))].concat()
    };
    let weights =
        [number(1, 3), number(1, 5), number(2, 10), message(8, b"w"), message(9, &[0; 30])].concat();
    let graph = [message(11, &value("x")), message(11, &value("w")), message(5, &weights)].concat();
    let header = read(&model(&graph)).expect("readable");
    let shape = vec![Dim::Fixed(1), Dim::Named("n".into()), Dim::Unknown];
    let x = Value { name: "x".into(), element: Some(Element(10)), shape: Some(shape) };
    assert_eq!(header.inputs, [x]);
    assert_eq!(header.inputs[0].to_string(), "x f16 [1,n,?]");
    assert_eq!(header.initializer_bytes, 3 * 5 * 2);
}

#[test]
fn external_data_is_found_wherever_it_hides() {
    let entry = [message(1, b"location"), message(2, b"../../etc/passwd")].concat();
    let tensor = [message(13, &entry), number(14, 1)].concat();
    let in_constant = node("Constant", "", &message(5, &message(5, &tensor)));
    let in_sparse = message(15, &message(1, &tensor));
    let in_branch = nested(3, message(5, &tensor));
    for graph in [message(5, &tensor), in_constant, in_sparse, in_branch] {
        assert!(refusal(&model(&graph)).contains("../../etc/passwd"));
    }
    // Marked external without saying where.
    assert!(refusal(&model(&message(5, &number(14, 1)))).contains("other files"));
}

#[test]
fn custom_operators_and_compiled_blobs_are_refused() {
    assert!(refusal(&model(&node("Evil", "com.evil", b""))).contains("com.evil"));
    assert!(refusal(&model(&nested(2, node("Evil", "com.evil", b"")))).contains("com.evil"));
    assert!(refusal(&model(&node("EPContext", "com.microsoft", b""))).contains("EPContext"));
    let ordinary = [node("Conv", "", b""), node("FusedConv", "com.microsoft", b"")].concat();
    refuse_hostile(&read(&model(&ordinary)).expect("readable")).expect("ordinary operators");
}

#[test]
fn functions_of_the_model_itself_are_not_custom_operators() {
    let body = node("Conv", "", b"");
    let body = message(7, &body[2..]);
    let function = [message(1, b"Block"), message(10, b"my.functions"), body].concat();
    let bytes = [model(&node("Block", "my.functions", b"")), message(25, &function)].concat();
    let header = read(&bytes).expect("readable");
    refuse_hostile(&header).expect("its own function");
    assert_eq!(header.node_count, 2, "the call and the operator in the function");
    // Another operator of the same domain is not defined by the model.
    let bytes = [model(&node("Other", "my.functions", b"")), message(25, &function)].concat();
    assert!(refusal(&bytes).contains("my.functions"));
}

#[test]
fn deep_nesting_is_refused_not_followed() {
    read(&model(&nested(30, Vec::new()))).expect("30 graphs deep");
    let error = read(&model(&nested(2000, Vec::new()))).expect_err("2000 graphs deep");
    assert!(error.message.contains("nested"), "{}", error.message);
}

#[test]
fn tensors_are_as_large_as_their_data() {
    let tensor = |parts: &[&[u8]]| model(&message(5, &parts.concat()));
    let refused = |bytes: &[u8]| read(bytes).expect_err("accepted").message;
    let dims = |sizes: &[u64]| sizes.iter().flat_map(|size| number(1, *size)).collect::<Vec<u8>>();
    let f32 = number(2, 1);
    // 16 GiB in a file of a few bytes, with raw data, typed data and none.
    let large = dims(&[1 << 16, 1 << 16]);
    assert!(refused(&tensor(&[&large, &f32, &message(9, &[0; 8])])).contains("4294967296 elements"));
    assert!(refused(&tensor(&[&large, &f32, &message(4, &[0; 8])])).contains("fewer"));
    assert!(refused(&tensor(&[&large, &f32])).contains("fewer"));
    assert!(refused(&tensor(&[&dims(&[1 << 40]), &f32])).contains("an axis of 1099511627776"));
    assert!(refused(&tensor(&[&number(1, u64::MAX), &f32])).contains("an axis of -1"));
    // Hidden in a Constant in a branch.
    let constant = node("Constant", "", &message(5, &message(5, &[&large[..], &f32].concat())));
    assert!(refused(&model(&nested(2, constant))).contains("fewer"));
    let whole = tensor(&[&dims(&[2, 3]), &f32, &message(9, &[0; 24])]);
    assert_eq!(read(&whole).expect("readable").initializer_bytes, 24);
    // onnx.proto: two 4-bit numbers in each value of int32_data.
    read(&tensor(&[&dims(&[8]), &number(2, 22), &message(5, &[1, 2, 3, 4])])).expect("readable");
    read(&tensor(&[&dims(&[0]), &f32])).expect("no elements need no data");
    let sparse = |sizes: &[u64]| message(15, &sizes.iter().flat_map(|n| number(3, *n)).collect::<Vec<u8>>());
    assert!(refused(&model(&sparse(&[1 << 20, 1 << 20]))).contains("sparse"));
    let several: Vec<u8> = (0..3).flat_map(|_| sparse(&[1 << 28])).collect();
    assert!(refused(&model(&several)).contains("sparse"), "together");
    read(&model(&sparse(&[1 << 10, 1 << 10]))).expect("readable");
}

#[test]
fn inputs_of_impossible_size_are_refused() {
    let input = |size: u64| {
        let tensor = [number(1, 1), message(2, &message(1, &number(1, size)))].concat();
        model(&message(11, &[message(1, b"x"), message(2, &message(1, &tensor))].concat()))
    };
    assert!(read(&input(1 << 40)).expect_err("accepted").message.contains("an axis of 1099511627776"));
    read(&input(u64::MAX)).expect("-1 means any size");
}

#[test]
fn says_what_is_not_a_model() {
    let message = |bytes: &[u8]| {
        let error = read(bytes).expect_err("accepted");
        assert_eq!(error.kind, Kind::ModelInvalid);
        error.message
    };
    assert!(message(b"").contains("an empty file"));
    assert!(message(b"name = \"model\"\n").contains("a text file"));
    assert!(message(b"version https://git-lfs.github.com/spec/v1").contains("git lfs pull"));
    let whole = model(&message_of_nodes());
    assert!(message(&whole[..whole.len() - 3]).contains("cut off"));
    assert!(message(&number(1, 8)).contains("without a graph"));
}

fn message_of_nodes() -> Vec<u8> {
    [node("Conv", "", b""), node("Relu", "", b"")].concat()
}

/// The shared models' folder, `None` (said) where there is none and none was asked for.
fn shared_models() -> Option<std::path::PathBuf> {
    let asked = std::env::var_os("VISION_SHARED").map(std::path::PathBuf::from);
    let root = asked.clone().unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
    let models = root.join("data/models");
    if asked.is_none() && !models.is_dir() {
        println!("skipped: no shared data");
        return None;
    }
    Some(models)
}

#[test]
fn headers_equal_what_python_reads() {
    let Some(folder) = shared_models() else { return };
    let expected: Json =
        serde_json::from_str(include_str!("../../tests/golden/onnx_headers.json")).expect("JSON");
    let expected = expected.as_object().expect("an object");
    assert!(expected.len() >= 18, "the expectation lost models");
    for (name, expected) in expected {
        let bytes = std::fs::read(folder.join(name)).expect(name);
        let header = read(&bytes).expect(name);
        let mut found = serde_json::to_value(&header).expect("serialises");
        // Long values (label lists) are compared by length to keep the expectation small.
        for value in found["metadata"].as_object_mut().expect("an object").values_mut() {
            let length = value.as_str().map_or(0, |text| text.chars().count());
            if length > 80 {
                *value = json!(format!("{length} characters"));
            }
        }
        assert_eq!(&found, expected, "{name}");
        refuse_hostile(&header).expect(name);
    }
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..512)) {
        let _ = read(&bytes);
        // The same below a plausible head, so that the walk gets deeper.
        let _ = read(&model(&bytes)).map(|h| refuse_hostile(&h).is_ok());
        let _ = read(&model(&nested(2, message(5, &bytes))));
    }

    #[test]
    fn a_changed_byte_never_panics(at in 0usize..200, byte in any::<u8>(), keep in 0usize..200) {
        let mut bytes = model(&[message_of_nodes(), nested(2, message_of_nodes())].concat());
        let length = bytes.len();
        bytes[at % length] = byte;
        let _ = read(&bytes);
        let _ = read(&bytes[..keep.min(length)]);
    }
}

#[test]
fn weights_are_found_where_they_lie() {
    let tensor = |name: &str, element: u64, shape: &[u64], data: &[u8]| {
        let shape: Vec<u8> = shape.iter().flat_map(|side| number(1, *side)).collect();
        message(5, &[shape, number(2, element), message(8, name.as_bytes()), message(9, data)].concat())
    };
    let graph = [
        tensor("w", 1, &[2, 1], &[0, 0, 128, 63, 0, 0, 0, 64]),
        // Too small, of a type that is not shared, cut off, and without a name.
        tensor("small", 1, &[1], &[0; 4]),
        tensor("double", 11, &[1], &[0; 8]),
        tensor("cut", 1, &[3], &[0; 8]),
        tensor("huge", 1, &[1 << 62, 4], &[0; 8]),
        tensor("", 1, &[2], &[0; 8]),
    ];
    let bytes = model(&graph.concat());
    let data = 1_f32.to_le_bytes().into_iter().chain(2_f32.to_le_bytes()).collect::<Vec<u8>>();
    let element = crate::engine::ElementType::F32;
    let expected = Weight { name: "w".to_owned(), shape: vec![2, 1], element, data: &data };
    assert_eq!(weights(&bytes, 8), Ok(vec![expected]));
}
