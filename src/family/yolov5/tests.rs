//! Hand-written rows of two classes, and headers as exporters write them.

use half::f16;

use super::super::testing::{best, build, found, header, recognised, sparse, tensor, whole};
use super::*;
use crate::engine::{NamedTensor, Tensor};

const ROWS: [f32; 21] = [
    16.0, 32.0, 8.0, 20.0, 0.5, 0.2, 0.9, // class 1 with 0.45
    40.0, 10.0, 10.0, 10.0, 1.0, 0.75, 0.1, // class 0 with 0.75
    1.0, 1.0, 1.0, 1.0, 0.0, 1.0, 1.0, // nothing there
];

fn family(decode: &str) -> Box<dyn Family> {
    let model = header(&[("images", "f32", "1,3,64,64")], &[("output", "f32", "1,3,7")], &[]);
    // Three rows of seven values: fewer boxes than values, which only a test has.
    let model = crate::onnx::Header { outputs: vec![open(&model)], ..model };
    build(&model, "yolov5", decode, 2).expect("builds")
}

fn open(model: &crate::onnx::Header) -> crate::onnx::Value {
    crate::onnx::Value { shape: None, ..model.outputs[0].clone() }
}

#[test]
fn a_score_is_objectness_times_the_best_class() {
    let (candidates, needs_nms, warnings) =
        found(&*family(""), vec![tensor("output", &[1, 3, 7], &ROWS)]).expect("reads");
    // In a frame twice as wide as the input.
    assert_eq!(whole(&candidates), [(0, 0.75, [70, 5, 90, 15]), (1, 0.45, [24, 22, 40, 42])]);
    assert!(needs_nms && warnings.is_empty());
}

#[test]
fn half_precision_and_no_batch_axis_read_the_same() {
    let values = tensor("output", &[3, 7], &ROWS);
    let Tensor::F32(values) = values.value else { panic!("f32") };
    let half = NamedTensor::new("output", Tensor::F16(values.mapv(f16::from_f32)));
    let (candidates, ..) = found(&*family(""), vec![half]).expect("reads");
    let boxes: Vec<[i32; 4]> = whole(&candidates).into_iter().map(|(_, _, rect)| rect).collect();
    assert_eq!(boxes, [[70, 5, 90, 15], [24, 22, 40, 42]]);
}

#[test]
fn switches_of_the_description() {
    let rows = || vec![tensor("output", &[1, 3, 7], &ROWS)];
    let (candidates, ..) = found(&*family("multi-label = true"), rows()).expect("reads");
    let scores: Vec<f32> = candidates.iter().map(|c| (c.score * 1000.0).round()).collect();
    assert_eq!(scores, [750.0, 450.0, 100.0, 100.0]);
    let shares: Vec<f32> =
        ROWS.chunks(7).flat_map(|r| r[..4].iter().map(|v| v / 64.0).chain(r[4..].to_vec())).collect();
    let (candidates, ..) =
        found(&*family("normalised = true"), vec![tensor("output", &[1, 3, 7], &shares)]).expect("reads");
    assert_eq!(whole(&candidates)[0].2, [70, 5, 90, 15]);
}

#[test]
fn what_is_no_number_is_dropped_and_said() {
    let broken = sparse(
        "o",
        &[1, 3, 7],
        &[(&[0, 0, 4], f32::NAN), (&[0, 1, 4], 1.0), (&[0, 1, 5], 0.5), (&[0, 1, 2], f32::INFINITY)],
    );
    let (candidates, _, warnings) = found(&*family(""), vec![broken]).expect("reads");
    assert_eq!((candidates.len(), warnings), (0, vec!["not-finite".to_owned()]));
}

#[test]
fn other_shapes_are_said() {
    for shape in [[1usize, 3, 8], [1, 3, 5]] {
        let error = found(&*family(""), vec![sparse("o", &shape, &[])]).expect_err("another width");
        assert_eq!(error.kind, Kind::ModelOutput);
    }
    let image = [("images", "f32", "1,3,64,64")];
    let refused =
        |outputs, labels| build(&header(&image, outputs, &[]), "yolov5", "", labels).err().expect("refused");
    let error = refused(&[("output", "f32", "1,252,85")], 20);
    assert!(
        error.kind == Kind::ModelMismatch && error.message.contains("80 scores, but 20 labels"),
        "{}",
        error.message
    );
    let error = refused(&[("output0", "f32", "1,84,8400")], 0);
    assert!(error.message.contains("yolov8"), "{}", error.message);
    let error = refused(&[("output0", "f32", "1,25200,117"), ("output1", "f32", "1,32,160,160")], 0);
    assert!(error.message.contains("\"segment\""), "{}", error.message);
    let error = refused(&[("a", "f32", "1,1000"), ("b", "f32", "1,10,20")], 0);
    assert!(error.message.contains("a f32 [1,1000]"), "{}", error.message);
}

#[test]
fn exports_are_recognised() {
    let images = |size| [("images", "f32", size)];
    let fixed = header(&images("1,3,640,640"), &[("output0", "f32", "1,25200,85")], &[]);
    assert_eq!(best(&fixed), ["yolov5"]);
    let reading = recognised("yolov5", &fixed).expect("a reading");
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(80)));
    // YOLOv5's own notes, P6 and a size that is not square: 3 · (80·60 + 40·30 + 20·15 + 10·8) = 19140.
    let notes = [("stride", "64"), ("names", "{0: 'a', 1: 'b'}")];
    let p6 = header(&images("1,3,480,640"), &[("output0", "f32", "1,19140,7")], &notes);
    let reading = recognised("yolov5", &p6).expect("a reading");
    assert_eq!((best(&p6), reading.names.len(), reading.certainty), (vec!["yolov5"], 2, Certainty::Metadata));
    // One class: six columns, which final boxes have as well, but not so many.
    assert_eq!(best(&header(&images("1,3,640,640"), &[("output", "f32", "1,25200,6")], &[])), ["yolov5"]);
    // All axes open, float16.
    let open = header(&[("images", "f16", "batch,3,height,width")], &[("output", "f16", "batch,n,m")], &[]);
    let reading = recognised("yolov5", &open).expect("a reading");
    assert_eq!(
        (best(&open)[0], reading.input.size, reading.input.dynamic_size),
        ("yolov5", [640, 640], true)
    );
    // YOLOv6: one box a cell.
    assert_eq!(best(&header(&images("1,3,640,640"), &[("outputs", "f32", "1,8400,85")], &[])), ["yolov5"]);
}
