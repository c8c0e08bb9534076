//! Hand-written rows of an input of 64 x 64, which a frame of 128 x 64 is stretched to.

use super::*;
use crate::family::testing::{Line, best, build, found, header, recognised, sparse, whole};

const PICTURE: Line = ("input", "f32", "1,3,64,64");
/// 8 * 8 * 3 + 4 * 4 * 2 + 2 * 2 * 2 + 1 * 3.
const ROWS: usize = 235;
const OUTPUTS: [Line; 2] = [("scores", "f32", "1,235,2"), ("boxes", "f32", "1,235,4")];

#[test]
fn a_row_is_a_face_by_its_second_score() {
    let family = build(&header(&[PICTURE], &OUTPUTS, &[]), "ultraface", "", 1).expect("builds");
    let scores =
        sparse("scores", &[1, ROWS, 2], &[(&[0, 10, 1], 0.8), (&[0, 10, 0], 0.2), (&[0, 11, 0], 0.999)]);
    let corners = [0.25, 0.5, 0.75, 1.0];
    let at: Vec<[usize; 3]> = (0..4).map(|column| [0, 10, column]).collect();
    let set: Vec<(&[usize], f32)> = at.iter().zip(corners).map(|(at, value)| (&at[..], value)).collect();
    let boxes = sparse("boxes", &[1, ROWS, 4], &set);
    let (faces, needs_nms, warnings) = found(family.as_ref(), vec![scores, boxes]).expect("decodes");
    assert_eq!(whole(&faces), [(0, 0.8, [32, 32, 96, 64])]);
    assert_eq!((faces[0].landmarks, needs_nms, warnings.len()), (None, true, 0));
}

#[test]
fn it_is_told_by_its_number_of_boxes() {
    // Those of the published files of 320 x 240 and 640 x 480.
    assert_eq!([boxes_of([320, 240]), boxes_of([640, 480])], [4420, 17640]);
    let own = header(&[PICTURE], &OUTPUTS, &[]);
    assert_eq!(best(&own), ["ultraface"]);
    let input = recognised("ultraface", &own).expect("read").input;
    assert_eq!((input.mean[0], input.std[0], input.resize), (127.0, 128.0, Resize::Stretch));
    let others = [("scores", "f32", "1,300,2"), ("boxes", "f32", "1,300,4")];
    assert!(recognised("ultraface", &header(&[PICTURE], &others, &[])).is_none());
}

#[test]
fn outputs_that_do_not_fit_are_refused() {
    let named = [("a", "f32", "1,235,2"), ("b", "f32", "1,235,4")];
    let named = header(&[PICTURE], &named, &[]);
    assert!(build(&named, "ultraface", "", 1).is_err());
    let family = build(&named, "ultraface", "scores = \"a\"\nboxes = \"b\"", 1).expect("builds");
    let short = vec![sparse("a", &[1, ROWS, 2], &[]), sparse("b", &[1, 9, 4], &[])];
    assert_eq!(found(family.as_ref(), short).expect_err("refused").kind, Kind::ModelOutput);
}
