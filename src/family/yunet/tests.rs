//! Hand-written rows of an input of 64 x 64, which a frame of 128 x 64 is stretched to.

use super::*;
use crate::engine::NamedTensor;
use crate::family::testing::{Line, best, build, found, header, recognised, sparse, whole};

const PICTURE: Line = ("input", "f32", "batch,3,height,width");

fn outputs(rows: &'static str) -> Vec<Line> {
    let names = [
        "cls_8", "cls_16", "cls_32", "obj_8", "obj_16", "obj_32", "bbox_8", "bbox_16", "bbox_32", "kps_8",
        "kps_16", "kps_32",
    ];
    let shape = |name: &str| match name.split_once('_') {
        Some(("bbox", _)) => "batch,dim,4",
        Some(("kps", _)) => "batch,dim,10",
        _ => rows,
    };
    names.map(|name| (name, "f32", shape(name))).to_vec()
}

/// All outputs; `set` are values of the stride 16.
fn tensors(set: &[(&str, &[usize], f32)]) -> Vec<NamedTensor> {
    let tensor = |(kind, columns): (&str, usize), stride: u32| {
        let cells = (64 / stride * (64 / stride)) as usize;
        let own = set.iter().filter(|(of, ..)| *of == kind && stride == 16);
        let values: Vec<(&[usize], f32)> = own.map(|(_, at, value)| (*at, *value)).collect();
        sparse(&name(kind, stride), &[1, cells, columns], &values)
    };
    KINDS.iter().flat_map(|kind| STRIDES.iter().map(|stride| tensor(*kind, *stride))).collect()
}

#[test]
fn boxes_and_points_are_strides_from_the_cells_corner() {
    let family = build(&header(&[PICTURE], &outputs("batch,dim,1"), &[]), "yunet", "", 1).expect("builds");
    // Cell 6 of 4 by 4: column 2, row 1.
    let set: [(&str, &[usize], f32); 9] = [
        ("cls", &[0, 6, 0], 0.81),
        // Cut to 1.
        ("obj", &[0, 6, 0], 1.2),
        ("bbox", &[0, 6, 0], 0.5),
        ("bbox", &[0, 6, 1], 0.25),
        ("bbox", &[0, 6, 2], std::f32::consts::LN_2),
        ("bbox", &[0, 6, 3], 0.405_465_1),
        // The nose.
        ("kps", &[0, 6, 4], 0.5),
        ("kps", &[0, 6, 5], -0.25),
        ("cls", &[0, 7, 0], f32::NAN),
    ];
    let (faces, needs_nms, warnings) = found(family.as_ref(), tensors(&set)).expect("decodes");
    // In the input the centre is (2.5 * 16, 1.25 * 16) = (40, 20), and 2 * 16 by 1.5 * 16 pixels around it.
    assert_eq!(whole(&faces), [(0, 0.9, [48, 8, 112, 32])]);
    let points = faces[0].landmarks.expect("five points").0;
    // Its own corner is (32, 16), (64, 16) in the frame.
    assert_eq!((points[0], points[2]), ([64.0, 16.0], [80.0, 12.0]));
    assert_eq!((needs_nms, warnings), (true, vec!["not-finite".to_owned()]));
}

#[test]
fn it_is_told_by_its_names() {
    let open = header(&[PICTURE], &outputs("batch,dim,1"), &[]);
    assert_eq!(best(&open), ["yunet"]);
    let input = recognised("yunet", &open).expect("read").input;
    assert_eq!((input.size, input.resize, input.colour), ([1280, 1280], Resize::WithinPadded, Colour::Bgr));
    let fixed = header(&[("input", "f32", "1,3,320,320")], &outputs("batch,dim,1"), &[]);
    let input = recognised("yunet", &fixed).expect("read").input;
    assert_eq!((input.size, input.resize, input.pad), ([320, 320], Resize::LetterboxTopLeft, 0));
    let wide = header(&[PICTURE], &outputs("batch,dim,2"), &[]);
    assert!(recognised("yunet", &wide).is_none());
    let error = build(&wide, "yunet", "", 1).err().expect("refused");
    assert!(error.message.contains("cls_S [1,cells,1]"), "{}", error.message);
    assert!(build(&open, "yunet", "stride = 8", 1).is_err());
}

#[test]
fn outputs_of_another_size_are_refused() {
    let family = build(&header(&[PICTURE], &outputs("batch,dim,1"), &[]), "yunet", "", 1).expect("builds");
    let mut all = tensors(&[]);
    all[2] = sparse("cls_32", &[1, 5, 1], &[]);
    let error = found(family.as_ref(), all).expect_err("refused");
    assert!(error.kind == Kind::ModelOutput && error.message.contains("[4, 1]"), "{}", error.message);
}
