//! Bound runs against plain ones of the same inputs joined, on the CPU: the same path with ordinary memory.

use std::path::PathBuf;

use half::f16;
use ndarray::{Axis, IxDyn};

use super::*;
use crate::engine::Runtime;
use crate::engine::run::run;
use crate::onnx::{Element, Header};

/// A model of the shared data, `None` (said) where there is none and none was asked for.
fn shared(name: &str) -> Option<Vec<u8>> {
    let asked = std::env::var_os("VISION_SHARED").map(PathBuf::from);
    let root = asked.clone().unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
    let file = root.join("data/models").join(name);
    if asked.is_none() && !file.exists() {
        println!("skipped: no shared data");
        return None;
    }
    Some(std::fs::read(file).expect(name))
}

fn session(model: &[u8]) -> Session {
    let runtime = Runtime::load(None).expect("a runtime");
    let builder = Session::builder(&runtime.environment).expect("a builder");
    builder.with_intra_threads(1).expect("threads").commit_from_memory(model).expect("a session")
}

/// Inputs of one frame: first axis 1 where it is open, other open axes `side`; numbers that depend on `seed`.
fn frame(header: &Header, side: usize, seed: usize) -> Vec<NamedTensor> {
    let one = |input: &crate::onnx::Value| {
        let axes = input.shape.as_ref().expect("a shape").iter().enumerate();
        let open = |at| if at == 0 { 1 } else { side };
        let sides: Vec<usize> = axes.map(|(at, dim)| dim.fixed().map_or(open(at), |n| n as usize)).collect();
        let mut n = seed.wrapping_mul(2_654_435_761);
        let bytes = ArrayD::from_shape_simple_fn(IxDyn(&sides), || {
            n = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (n >> 33) as u8
        });
        let value = match input.element.and_then(Element::supported).expect("a type") {
            ElementType::F32 => Tensor::F32(bytes.mapv(|v| f32::from(v) / 255.0)),
            ElementType::F16 => Tensor::F16(bytes.mapv(|v| f16::from_f32(f32::from(v) / 255.0))),
            ElementType::U8 => Tensor::U8(bytes),
            ElementType::I32 => Tensor::I32(bytes.mapv(i32::from)),
            ElementType::I64 => Tensor::I64(bytes.mapv(|v| i64::from(v) + 1)),
        };
        NamedTensor::new(input.name.clone(), value)
    };
    header.inputs.iter().map(one).collect()
}

fn joined(frames: &[Vec<NamedTensor>]) -> Vec<NamedTensor> {
    let one = |at: usize| {
        macro_rules! of {
            ($($kind:ident),*) => {
                match &frames[0][at].value {
                    $(Tensor::$kind(_) => {
                        let views: Vec<_> = frames.iter().map(|frame| match &frame[at].value {
                            Tensor::$kind(a) => a.view(),
                            other => panic!("{other:?}"),
                        }).collect();
                        Tensor::$kind(ndarray::concatenate(Axis(0), &views).expect("frames of one shape"))
                    })*
                }
            };
        }
        NamedTensor::new(frames[0][at].name.clone(), of!(F32, F16, U8, I32, I64))
    };
    (0..frames[0].len()).map(one).collect()
}

/// Batches of these sizes in turn, each of other pictures; how many shapes' outputs are kept at the end.
#[track_caller]
fn compare(model: &[u8], side: usize, sizes: &[usize]) -> usize {
    let header = crate::onnx::read(model).expect("a header");
    let (mut plain, mut bound) = (session(model), Bound::new(session(model), None));
    assert!(!bound.is_pinned());
    for (round, size) in sizes.iter().enumerate() {
        let frames: Vec<_> = (0..*size).map(|n| frame(&header, side, round * 100 + n)).collect();
        let borrowed: Vec<&[NamedTensor]> = frames.iter().map(Vec::as_slice).collect();
        let expected = run(&mut plain, &joined(&frames)).expect("runs");
        let found = bound.run(&borrowed).expect("runs bound");
        assert!(found == expected, "round {round}, {size} frames");
        assert!(bound.kept.len() <= MOST_KEPT);
    }
    bound.kept.iter().filter(|kept| matches!(kept.outputs, Outputs::Kept(_))).count()
}

#[test]
fn the_bundled_models() {
    for name in ["nanodet-g-416", "efficientnet-lite0-224"] {
        let model = crate::models::resolve(name).expect("bundled");
        assert_eq!(compare(&model.bytes, 0, &[1, 1, 1]), 1, "{name}");
    }
}

#[test]
fn several_inputs_and_sizes_of_batches_in_turn() {
    let Some(model) = shared("deimv2-femto-416.onnx") else { return };
    // More sizes than are kept, and back to those that were dropped. Of a lonely frame two axes are open.
    assert_eq!(compare(&model, 0, &[3, 1, 3, 2, 5, 4, 6, 3, 1, 6]), 3);
}

#[test]
fn other_types_than_f32() {
    let Some(halves) = shared("agpl-yolov5n-fp16.onnx") else { return };
    compare(&halves, 640, &[2, 1, 2]);
    let Some(bytes) = shared("mobilenet-v2-224-u8.onnx") else { return };
    assert_eq!(compare(&bytes, 0, &[1, 1, 1]), 1);
}

/// `NonZero` of numbers `x`: as many columns as there are.
fn non_zero() -> Vec<u8> {
    let field = |number: u8, value: &[u8]| [&[number << 3 | 2, value.len() as u8], value].concat();
    let value = |name: &[u8], element: u8, shape: &[u8]| {
        let tensor = [&[1 << 3, element][..], &field(2, shape)].concat();
        [field(1, name), field(2, &field(1, &tensor))].concat()
    };
    let open = |name: &[u8]| field(1, &field(2, name));
    let node = [field(1, b"x"), field(2, b"y"), field(4, b"NonZero")].concat();
    let graph = [
        field(1, &node),
        field(2, b"g"),
        field(11, &value(b"x", 1, &open(b"n"))),
        field(12, &value(b"y", 7, &[field(1, &[1 << 3, 1]), open(b"m")].concat())),
    ];
    [&[1 << 3, 8][..], &field(7, &graph.concat()), &field(8, &[2 << 3, 13])].concat()
}

#[test]
fn outputs_that_vary_are_found_out() {
    let mut bound = Bound::new(session(&non_zero()), None);
    let mut columns = |numbers: [f32; 4]| {
        let x = NamedTensor::new("x", Tensor::F32(ndarray::Array1::from_vec(numbers.to_vec()).into_dyn()));
        let found = bound.run(&[&[x]]).expect("runs").remove(0).value;
        let kept = matches!(bound.kept[0].outputs, Outputs::Kept(_));
        let Tensor::I64(found) = found else { panic!("{found:?}") };
        (found.iter().copied().collect::<Vec<_>>(), kept)
    };
    assert_eq!(columns([0.0, 1.0, 0.0, 2.0]), (vec![1, 3], true));
    assert_eq!(columns([3.0, 0.0, 1.0, 0.0]), (vec![0, 2], true));
    assert_eq!(columns([0.0, 1.0, 1.0, 2.0]), (vec![1, 2, 3], false));
    assert_eq!(columns([0.0, 0.0, 0.0, 2.0]), (vec![3], false));
}

#[test]
fn what_does_not_fit_is_an_error_and_not_a_wrong_result() {
    let model = crate::models::resolve("nanodet-g-416").expect("bundled");
    let mut bound = Bound::new(session(&model.bytes), None);
    let good = frame(&model.header, 0, 1);
    let expected = bound.run(&[&good]).expect("runs");
    // The header fixes one frame.
    let refused = bound.run(&[&good, &good]).expect_err("ran");
    assert_eq!(refused.kind, Kind::ModelOutput, "{}", refused.chain());
    let name = good[0].name.clone();
    let small = [NamedTensor::new(name.clone(), Tensor::F32(ArrayD::zeros(IxDyn(&[1, 3, 8, 8]))))];
    // Frames of different shapes never meet in a batch; here they do.
    assert!(bound.run(&[&small, &good]).is_err());
    let number = [NamedTensor::new(name, Tensor::F32(ArrayD::zeros(IxDyn(&[]))))];
    assert_eq!(bound.run(&[&number, &number]).expect_err("ran").kind, Kind::Internal);
    assert_eq!(bound.run(&[]).expect_err("ran").kind, Kind::Internal);
    assert!(bound.run(&[&good]).expect("runs") == expected);
}
