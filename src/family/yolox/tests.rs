//! Hand-written cells: a 64x64 input has 64 + 16 + 4 cells of strides 8, 16 and 32.

use super::super::reading::Certainty;
use super::super::testing::{Line, best, build, found, header, recognised, sparse, whole};
use super::*;

const IMAGE: [Line; 1] = [("images", "f32", "1,3,64,64")];

fn family(decode: &str) -> Box<dyn Family> {
    build(&header(&IMAGE, &[("output", "f32", "1,84,7")], &[]), "yolox", decode, 2).expect("builds")
}

#[test]
fn boxes_are_relative_to_their_cell() {
    // Cell 69 is cell 5 of stride 16: row 1, column 1. Its centre is (1.5, 0.75) + (1, 1) cells; its
    // size is e^0 = 1 cell wide and e^ln 2 = 2 cells high.
    let rows = sparse(
        "output",
        &[1, 84, 7],
        &[
            (&[0, 69, 0], 0.5),
            (&[0, 69, 1], -0.25),
            (&[0, 69, 3], 2f32.ln()),
            (&[0, 69, 4], 0.5),
            (&[0, 69, 6], 0.5),
        ],
    );
    let (candidates, needs_nms, _) = found(&*family(""), vec![rows]).expect("reads");
    // Input: centre (24, 12), 16 x 32; the frame is twice as wide, and the box reaches over its top.
    assert_eq!(whole(&candidates), [(1, 0.25, [32, -4, 64, 28])]);
    assert!(needs_nms);
}

#[test]
fn decoded_boxes_are_pixels_in_any_number() {
    let set: [(&[usize], f32); 6] = [
        (&[0, 1, 0], 24.0),
        (&[0, 1, 1], 16.0),
        (&[0, 1, 2], 16.0),
        (&[0, 1, 3], 8.0),
        (&[0, 1, 4], 1.0),
        (&[0, 1, 5], 0.5),
    ];
    let rows = || vec![sparse("output", &[1, 9, 7], &set)];
    let model = header(&IMAGE, &[("output", "f32", "1,9,7")], &[]);
    let decoded = build(&model, "yolox", "decoded = true", 2).expect("builds");
    assert_eq!(whole(&found(&*decoded, rows()).expect("reads").0), [(0, 0.5, [32, 12, 64, 20])]);
    let error = build(&model, "yolox", "", 2).err().expect("refused");
    assert!(error.kind == Kind::ModelMismatch && error.message.contains("has 84"), "{}", error.message);
    assert_eq!(found(&*family(""), rows()).expect_err("refused").kind, Kind::ModelOutput);
}

#[test]
fn sizes_beyond_numbers_are_dropped() {
    let rows = sparse("output", &[1, 84, 7], &[(&[0, 0, 2], 1e4), (&[0, 0, 4], 1.0), (&[0, 0, 5], 1.0)]);
    let (candidates, _, warnings) = found(&*family(""), vec![rows]).expect("reads");
    assert_eq!((candidates.len(), warnings.len()), (0, 1));
}

#[test]
fn strides_are_checked() {
    for strides in ["strides = []", "strides = [0]", "strides = [8, -1]"] {
        let error = build(&header(&IMAGE, &[("o", "f32", "1,84,7")], &[]), "yolox", strides, 2)
            .err()
            .expect("refused");
        assert_eq!(error.kind, Kind::ModelInvalid, "{strides}");
    }
}

#[test]
fn exports_are_told_from_yolov5s_by_the_number_of_boxes() {
    let model = header(&[("images", "f32", "1,3,416,416")], &[("output", "f32", "1,3549,85")], &[]);
    assert_eq!(best(&model), ["yolox"]);
    let reading = recognised("yolox", &model).expect("a reading");
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(80)));
    assert_eq!((reading.input.resize, reading.input.colour), (Resize::LetterboxTopLeft, Colour::Bgr));
    assert_eq!((reading.input.std, reading.input.pad, reading.decode.len()), ([1.0; 3], 114, 0));
    // Three boxes a cell are YOLOv5's.
    let anchors = header(&[("images", "f32", "1,3,416,416")], &[("output", "f32", "1,10647,85")], &[]);
    assert!(recognised("yolox", &anchors).is_none());
    // P6 has a fourth grid: 80² + 40² + 20² + 10² = 8500.
    let p6 = header(&[("images", "f32", "1,3,640,640")], &[("output", "f32", "1,8500,85")], &[]);
    assert_eq!(
        recognised("yolox", &p6).expect("a reading").decode.to_string(),
        "strides = [8, 16, 32, 64]\n"
    );
}
