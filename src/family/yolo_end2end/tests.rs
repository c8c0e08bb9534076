//! Hand-written final rows in each order, and headers as exporters write them.

use super::super::testing::{Line, best, build, found, header, recognised, sparse, tensor, whole};
use super::*;

const IMAGE: [Line; 1] = [("images", "f32", "1,3,64,64")];

fn family(width: &'static str, decode: &str) -> Box<dyn Family> {
    build(&header(&IMAGE, &[("output0", "f32", width)], &[]), "yolo-end2end", decode, 3).expect("builds")
}

/// Class 2 with 0.75 at 10, 20 to 30, 40 of the input; x doubles in the frame.
const EXPECTED: [(u32, f32, [i32; 4]); 1] = [(2, 0.75, [20, 20, 60, 40])];

#[test]
fn every_order_is_read_and_rows_that_fill_up_are_not() {
    let rows: [(&str, &str, &[usize], &[f32]); 3] = [
        ("1,2,6", "", &[1, 2, 6], &[10.0, 20.0, 30.0, 40.0, 0.75, 2.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0]),
        (
            "n,6",
            "order = \"class-score-xyxy\"",
            &[2, 6],
            &[2.0, 0.75, 10.0, 20.0, 30.0, 40.0, -1.0, 0.9, 0.0, 0.0, 1.0, 1.0],
        ),
        (
            "n,7",
            "order = \"batch-xyxy-class-score\"",
            &[2, 7],
            &[0.0, 10.0, 20.0, 30.0, 40.0, 2.0, 0.75, -1.0, 1.0, 1.0, 9.0, 9.0, 1.0, 0.9],
        ),
    ];
    for (shape, decode, dimensions, values) in rows {
        let outputs = vec![tensor("output0", dimensions, values)];
        let (candidates, needs_nms, warnings) = found(&*family(shape, decode), outputs).expect("reads");
        assert_eq!(whole(&candidates), EXPECTED, "{decode}");
        assert!(!needs_nms && warnings.is_empty(), "{decode}");
    }
}

#[test]
fn no_rows_and_broken_rows() {
    let nothing = found(&*family("n,6", ""), vec![sparse("o", &[0, 6], &[])]).expect("reads");
    assert_eq!(nothing.0.len(), 0);
    let nan = |at| vec![sparse("o", &[1, 1, 6], &[(&[0, 0, 4], 0.9), (&[0, 0, at], f32::NAN)])];
    for at in [0, 4, 5] {
        let (candidates, _, warnings) = found(&*family("1,1,6", ""), nan(at)).expect("reads");
        assert_eq!((candidates.len(), warnings.len()), (0, 1), "column {at}");
    }
    // Shares of the input.
    let share = tensor("o", &[1, 6], &[0.25, 0.25, 0.5, 0.5, 0.5, 1.0]);
    let (candidates, ..) = found(&*family("n,6", "normalised = true"), vec![share]).expect("reads");
    assert_eq!(whole(&candidates), [(1, 0.5, [32, 16, 64, 32])]);
}

#[test]
fn other_widths_are_said_with_the_order_to_write() {
    let model = |shape| header(&IMAGE, &[("o", "f32", shape)], &[]);
    let error = build(&model("1,300,7"), "yolo-end2end", "", 0).err().expect("refused");
    assert_eq!(error.kind, Kind::ModelMismatch);
    assert!(error.message.contains("order = \"batch-xyxy-class-score\""), "{}", error.message);
    let error = build(&model("1,8400,84"), "yolo-end2end", "", 0).err().expect("refused");
    assert!(error.message.contains("correct the family"), "{}", error.message);
    let error = found(&*family("1,a,b", ""), vec![sparse("o", &[1, 4, 7], &[])]).expect_err("refused");
    assert_eq!(error.kind, Kind::ModelOutput);
    let error = build(&model("1,300,6"), "yolo-end2end", "order = \"xywh\"", 0).err().expect("refused");
    assert_eq!(error.kind, Kind::ModelInvalid);
}

#[test]
fn exports_are_recognised() {
    let image = [("images", "f32", "1,3,640,640")];
    let notes = |more: &[(&'static str, &'static str)]| {
        [("task", "detect"), ("names", "{0: 'cat', 1: 'dog'}")]
            .iter()
            .copied()
            .chain(more.iter().copied())
            .collect::<Vec<_>>()
    };
    let order = |model: &Header| {
        let reading = recognised("yolo-end2end", model).expect("a reading");
        (
            reading.certainty,
            reading.decode["order"].as_str().expect("an order").to_owned(),
            reading.doubts.len(),
        )
    };
    for more in [&[("end2end", "True")][..], &[("args", "{'nms': True}")], &[]] {
        let model = header(&image, &[("output0", "f32", "1,300,6")], &notes(more));
        assert_eq!(best(&model), ["yolo-end2end"]);
        assert_eq!(order(&model), (Certainty::Metadata, "xyxy-score-class".to_owned(), 0));
    }
    let plain = header(&image, &[("output0", "f32", "1,300,6")], &[]);
    assert_eq!((best(&plain)[0], order(&plain).2), ("yolo-end2end", 1), "the order is doubted");
    let yolov7 = header(&image, &[("output", "f32", "n,7")], &[]);
    assert_eq!(best(&yolov7), ["yolo-end2end"]);
    assert_eq!(order(&yolov7).1, "batch-xyxy-class-score");
    let inputs = [("image", "f32", "1,3,640,640"), ("scale_factor", "f32", "1,2")];
    let paddle = header(
        &inputs,
        &[("multiclass_nms3_0.tmp_0", "f32", "n,6"), ("multiclass_nms3_0.tmp_2", "i32", "1")],
        &[],
    );
    assert_eq!(best(&paddle), ["yolo-end2end"]);
    assert_eq!(order(&paddle).1, "class-score-xyxy");
}
