//! Hand-written columns of two classes, and headers as exporters write them.

use super::super::testing::{best, build, found, header, recognised, sparse, tensor, whole};
use super::super::yolo;
use super::*;
use crate::error::Kind;

/// Rows: x, y, width, height, two classes; columns: seven boxes, two of which see something.
const COLUMNS: [f32; 42] = [
    16.0, 40.0, 0.0, 0.0, 0.0, 0.0, 0.0, //
    32.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, //
    8.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, //
    20.0, 10.0, 0.0, 0.0, 0.0, 0.0, 0.0, //
    0.2, 0.75, 0.0, 0.0, 0.0, 0.0, 0.0, //
    0.45, 0.1, 0.0, 0.0, 0.0, 0.0, 0.0, //
];

const IMAGE: [super::super::testing::Line; 1] = [("images", "f32", "1,3,64,64")];

fn family(decode: &str) -> Box<dyn Family> {
    let output = if decode.contains("transposed") { "1,7,6" } else { "1,6,7" };
    build(&header(&IMAGE, &[("output0", "f32", output)], &[]), "yolov8", decode, 2).expect("builds")
}

const EXPECTED: [(u32, f32, [i32; 4]); 2] = [(0, 0.75, [70, 5, 90, 15]), (1, 0.45, [24, 22, 40, 42])];

#[test]
fn columns_and_rows_read_the_same() {
    let columns = tensor("output0", &[1, 6, 7], &COLUMNS);
    let (candidates, needs_nms, warnings) = found(&*family(""), vec![columns.clone()]).expect("reads");
    assert_eq!(whole(&candidates), EXPECTED);
    assert!(needs_nms && warnings.is_empty());
    let rows: Vec<f32> = (0..7).flat_map(|c| (0..6).map(move |r| COLUMNS[r * 7 + c])).collect();
    let rows = || tensor("output0", &[1, 7, 6], &rows);
    for decode in ["transposed = true", "transposed = true\nnms = false"] {
        let (candidates, needs_nms, _) = found(&*family(decode), vec![rows()]).expect("reads");
        assert_eq!((whole(&candidates), needs_nms), (EXPECTED.to_vec(), !decode.contains("nms")));
    }
    // Nobody said which: the longer axis is that of the boxes.
    let open = build(&header(&IMAGE, &[("o", "f32", "1,a,b")], &[]), "yolov8", "", 2).expect("builds");
    assert_eq!(whole(&found(&*open, vec![rows()]).expect("reads").0), EXPECTED);
    assert_eq!(whole(&found(&*open, vec![columns]).expect("reads").0), EXPECTED);
}

#[test]
fn switches_of_the_description() {
    let columns = tensor("output0", &[1, 6, 7], &COLUMNS);
    let (candidates, ..) = found(&*family("multi-label = true"), vec![columns]).expect("reads");
    assert_eq!(candidates.iter().map(|c| c.score).collect::<Vec<_>>(), [0.75, 0.45, 0.2, 0.1]);
    let shares: Vec<f32> =
        COLUMNS.iter().enumerate().map(|(n, v)| if n < 28 { v / 64.0 } else { *v }).collect();
    let (candidates, ..) =
        found(&*family("normalised = true"), vec![tensor("o", &[1, 6, 7], &shares)]).expect("reads");
    assert_eq!(whole(&candidates), EXPECTED);
}

#[test]
fn other_shapes_and_other_tasks_are_said() {
    let error = found(&*family(""), vec![sparse("o", &[1, 5, 7], &[])]).expect_err("another height");
    assert!(
        error.kind == Kind::ModelOutput && error.message.contains("1 scores, but 2 labels"),
        "{}",
        error.message
    );
    let refused = |outputs, notes, labels| {
        build(&header(&IMAGE, outputs, notes), "yolov8", "", labels).err().expect("refused")
    };
    let error = refused(&[("output0", "f32", "1,116,8400")], &[], 80);
    assert!(error.kind == Kind::ModelMismatch && error.message.contains("112 scores"), "{}", error.message);
    let seg = [("output0", "f32", "1,116,8400"), ("output1", "f32", "1,32,160,160")];
    assert!(refused(&seg, &[], 0).message.contains("\"segment\""));
    let pose = refused(&[("output0", "f32", "1,56,8400")], &[("task", "pose")], 0);
    assert!(pose.message.contains("\"pose\", which `vision detect` is not for"), "{}", pose.message);
    for notes in [&[("task", "pose")], &[("task", "segment")], &[("task", "classify")]] {
        let model = header(&IMAGE, &[("output0", "f32", "1,56,8400")], notes);
        assert_eq!(best(&model), Vec::<&str>::new(), "{notes:?}");
        assert!(yolo::foreign(&model).is_some());
    }
    assert_eq!(best(&header(&IMAGE, &seg, &[])), Vec::<&str>::new());
}

#[test]
fn exports_are_recognised() {
    let image = [("images", "f32", "1,3,640,640")];
    let names = ("names", "{0: 'cat', 1: 'dog'}");
    let noted = |shape, notes: &[(&'static str, &'static str)]| {
        let notes: Vec<_> = notes.iter().copied().chain([names, ("stride", "32")]).collect();
        header(&image, &[("output0", "f32", shape)], &notes)
    };
    let model = noted("1,6,8400", &[("task", "detect")]);
    assert_eq!(best(&model), ["yolov8"]);
    let reading = recognised("yolov8", &model).expect("a reading");
    assert_eq!((reading.certainty, reading.names.join(" ")), (Certainty::Metadata, "cat dog".to_owned()));
    assert_eq!(reading.input.std, [255.0; 3]);
    // RT-DETR of the same package: rows, shares of the picture, one box a thing.
    let model = noted("1,300,6", &[("task", "detect"), ("head", "RTDETRDecoder")]);
    assert_eq!(best(&model), ["yolov8"]);
    let reading = recognised("yolov8", &model).expect("a reading");
    assert_eq!(reading.decode.to_string(), "nms = false\nnormalised = true\ntransposed = true\n");
    assert_eq!(reading.input.resize, Resize::Stretch);
    // Without notes.
    let plain = |shape| header(&image, &[("output0", "f32", shape)], &[]);
    assert_eq!(best(&plain("1,84,8400")), ["yolov8"]);
    assert_eq!(best(&plain("1,8400,84")), ["yolov8"]);
    assert!(recognised("yolov8", &plain("1,56,8400")).expect("a reading").doubts[0].contains("pose"));
    // An open size, rounded to what the stride allows.
    let open = [("images", "f32", "batch,3,height,width")];
    let notes = [("task", "detect"), names, ("imgsz", "[320, 512]"), ("stride", "32")];
    let model = header(&open, &[("output0", "f32", "batch,6,anchors")], &notes);
    let reading = recognised("yolov8", &model).expect("a reading");
    assert_eq!((reading.input.size, reading.input.multiple_of), ([512, 320], 32));
    // From TensorFlow: pixels last, shares of the picture.
    let model = header(&[("x", "f32", "1,640,640,3")], &[("y", "f32", "1,84,8400")], &[]);
    let reading = recognised("yolov8", &model).expect("a reading");
    assert_eq!((reading.decode.to_string().as_str(), reading.doubts.len()), ("normalised = true\n", 1));
}
