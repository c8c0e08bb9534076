//! Inputs beside the picture.

use super::super::written::{F32, I64, value};
use super::*;

fn filled(input: &Value) -> Result<NamedTensor> {
    Ok(Beside::new(&InputSpec::default(), input)?.tensor([640, 480]))
}

#[test]
fn known_inputs_are_filled_by_their_names() {
    let size = filled(&value("orig_target_sizes", I64, &[-1, 2])).expect("known");
    assert_eq!(size.value, Tensor::I64(ndarray::array![[640, 480]].into_dyn()));
    let size = filled(&value("im_shape", F32, &[1, 2])).expect("known");
    assert_eq!(size.value, Tensor::F32(ndarray::array![[480.0, 640.0]].into_dyn()));
    let size = filled(&value("scale_factor", F32, &[2])).expect("known");
    assert_eq!(size.value, Tensor::F32(ndarray::array![1.0, 1.0].into_dyn()));
    let error = filled(&value("prompt", I64, &[1, 2])).expect_err("unknown");
    assert!(error.message.contains("prompt") && error.message.contains("[input.extra]"), "{}", error.message);
}

#[test]
fn masks_are_ones_of_the_headers_or_the_pictures_size() {
    for (shape, expected) in [([-1, 64, 64], [1, 64, 64]), ([1, -1, -1], [1, 480, 640])] {
        let mask = filled(&value("pixel_mask", I64, &shape)).expect("known");
        assert_eq!(mask.value, Tensor::I64(ArrayD::from_elem(IxDyn(&expected), 1)));
    }
    let error = filled(&value("pixel_mask", I64, &[1, 64, 1 << 40])).expect_err("absurd");
    assert_eq!(error.kind, Kind::ModelMismatch);
}
