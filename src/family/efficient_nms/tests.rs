//! Four hand-written outputs, in an order of their own.

use super::super::testing::{Line, best, build, found, header, sparse, tensor, whole};
use super::*;
use crate::engine::{NamedTensor, Tensor};

const IMAGE: [Line; 1] = [("images", "f32", "1,3,64,64")];
const OUTPUTS: [Line; 4] = [
    ("det_boxes", "f32", "1,3,4"),
    ("num_dets", "i32", "1,1"),
    ("det_scores", "f32", "1,3"),
    ("det_classes", "i32", "1,3"),
];

fn outputs(count: i32) -> Vec<NamedTensor> {
    let whole = |name: &str, shape: &[usize], values: Vec<i32>| {
        let values = ndarray::ArrayD::from_shape_vec(ndarray::IxDyn(shape), values).expect("a tensor");
        NamedTensor::new(name, Tensor::I32(values))
    };
    vec![
        tensor("det_boxes", &[1, 3, 4], &[10.0, 20.0, 30.0, 40.0, 0.0, 0.0, 8.0, 8.0, 1.0, 1.0, 2.0, 2.0]),
        whole("num_dets", &[1, 1], vec![count]),
        tensor("det_scores", &[1, 3], &[0.75, 0.5, 0.9]),
        whole("det_classes", &[1, 3], vec![2, 0, 1]),
    ]
}

#[test]
fn as_many_things_as_are_counted() {
    let family = build(&header(&IMAGE, &OUTPUTS, &[]), "efficient-nms", "", 3).expect("builds");
    let (candidates, needs_nms, _) = found(&*family, outputs(2)).expect("reads");
    assert_eq!(whole(&candidates), [(2, 0.75, [20, 20, 60, 40]), (0, 0.5, [0, 0, 16, 8])]);
    assert!(!needs_nms);
    assert_eq!(found(&*family, outputs(-1)).expect("reads").0.len(), 0);
    assert_eq!(found(&*family, outputs(1000)).expect("reads").0.len(), 3);
    let mut short = outputs(2);
    short[2] = sparse("det_scores", &[1, 2], &[]);
    assert_eq!(found(&*family, short).expect_err("two scores for three boxes").kind, Kind::ModelOutput);
}

#[test]
fn the_names_tell() {
    assert_eq!(best(&header(&IMAGE, &OUTPUTS, &[])), ["efficient-nms"]);
    let error = build(&header(&IMAGE, &OUTPUTS[..3], &[]), "efficient-nms", "", 0).err().expect("refused");
    assert!(error.message.contains("found det_boxes f32 [1,3,4]"), "{}", error.message);
}
