//! Hand-written oriented boxes, and headers as exporters write them.

use std::f32::consts::FRAC_PI_2;

use super::super::testing::{Line, best, build, found, header, recognised, sparse, tensor, whole};
use super::*;

const IMAGE: [Line; 1] = [("images", "f32", "1,3,64,64")];

/// Two classes: four numbers, two scores, the angle; columns of eight boxes.
fn columns(angle: f32) -> crate::engine::NamedTensor {
    let set: [(&[usize], f32); 6] = [
        (&[0, 0, 3], 32.0),
        (&[0, 1, 3], 32.0),
        (&[0, 2, 3], 20.0),
        (&[0, 3, 3], 10.0),
        (&[0, 5, 3], 0.75),
        (&[0, 6, 3], angle),
    ];
    sparse("output0", &[1, 7, 8], &set)
}

fn corners(candidate: &Candidate) -> [[i32; 2]; 4] {
    candidate.corners.expect("corners").0.map(|corner| corner.map(|v| v.round() as i32))
}

#[test]
fn an_angle_turns_the_box_clockwise() {
    let model = header(&IMAGE, &[("output0", "f32", "1,7,8")], &[]);
    let family = build(&model, "yolo-obb", "", 2).expect("builds");
    // In a frame twice as wide as the input.
    let (candidates, needs_nms, _) = found(&*family, vec![columns(0.0)]).expect("reads");
    assert_eq!(whole(&candidates), [(1, 0.75, [44, 27, 84, 37])]);
    assert_eq!(corners(&candidates[0]), [[44, 27], [84, 27], [84, 37], [44, 37]]);
    assert!(needs_nms);
    let (candidates, ..) = found(&*family, vec![columns(FRAC_PI_2)]).expect("reads");
    assert_eq!(whole(&candidates), [(1, 0.75, [54, 22, 74, 42])]);
    assert_eq!(corners(&candidates[0]), [[74, 22], [74, 42], [54, 42], [54, 22]]);
    let (candidates, _, warnings) = found(&*family, vec![columns(f32::NAN)]).expect("reads");
    assert_eq!((candidates.len(), warnings.len()), (0, 1));
}

#[test]
fn final_rows_have_score_class_and_angle() {
    let model = header(&IMAGE, &[("output0", "f32", "1,2,7")], &[]);
    let family = build(&model, "yolo-obb", "end-to-end = true", 2).expect("builds");
    let rows = [32.0, 32.0, 20.0, 10.0, 0.75, 1.0, FRAC_PI_2, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0];
    let (candidates, needs_nms, _) =
        found(&*family, vec![tensor("output0", &[1, 2, 7], &rows)]).expect("reads");
    assert_eq!(whole(&candidates), [(1, 0.75, [54, 22, 74, 42])]);
    assert!(!needs_nms);
    let error = found(&*family, vec![columns(0.0)]).expect_err("eight columns");
    assert_eq!(error.kind, Kind::ModelOutput);
}

#[test]
fn other_shapes_are_said() {
    let refused = |shape, decode, labels| {
        build(&header(&IMAGE, &[("o", "f32", shape)], &[]), "yolo-obb", decode, labels)
            .err()
            .expect("refused")
    };
    assert!(refused("1,20,84", "", 80).message.contains("15 scores, but 80 labels"));
    assert!(refused("1,300,6", "end-to-end = true", 0).message.contains("rows of 6 values"));
}

#[test]
fn exports_are_recognised_by_their_metadata() {
    let image = [("images", "f32", "1,3,1024,1024")];
    let notes =
        |more: &'static str| [("task", "obb"), ("names", "{0: 'plane', 1: 'ship'}"), ("end2end", more)];
    let columns = header(&image, &[("output0", "f32", "1,7,21504")], &notes("False"));
    assert_eq!(best(&columns), ["yolo-obb"]);
    let reading = recognised("yolo-obb", &columns).expect("a reading");
    assert_eq!((reading.classes, reading.names.len(), reading.decode.len()), (Some(2), 2, 0));
    assert_eq!((reading.certainty, reading.iou), (Certainty::Metadata, Some(0.7)));
    let rows = header(&image, &[("output0", "f32", "1,300,7")], &notes("True"));
    assert_eq!(best(&rows), ["yolo-obb"]);
    assert_eq!(recognised("yolo-obb", &rows).expect("a reading").decode.to_string(), "end-to-end = true\n");
    // Without metadata DOTA's 15 classes look like 16 of upright boxes.
    let plain = header(&image, &[("output0", "f32", "1,20,21504")], &[]);
    assert!(recognised("yolo-obb", &plain).is_some());
    assert!(recognised("yolov8", &plain).expect("a reading").doubts[0].contains("yolo-obb"));
}
