//! Hand-written tensors: a 64x64 input, strides 32 and 64, 3 bins, 2 classes.

use ndarray::{ArrayD, IxDyn};

use super::*;
use crate::engine::{NamedTensor, Tensor};
use crate::spec::{InputSpec, Resize};

fn family() -> NanoDet {
    let spec = InputSpec { size: [64, 64], resize: Resize::Stretch, ..InputSpec::default() };
    NanoDet {
        input: ModelInput::of_one_picture("x", spec),
        decode: Decode { strides: vec![32, 64], bins: 3, centre_offset: 0.5 },
        classes: 2,
    }
}

fn tensor(name: &str, shape: &[usize], fill: f32, set: &[(&[usize], f32)]) -> NamedTensor {
    let mut array = ArrayD::from_elem(IxDyn(shape), fill);
    for (at, value) in set {
        array[IxDyn(at)] = *value;
    }
    NamedTensor::new(name, Tensor::F32(array))
}

/// Outputs in mixed order: cell 3 (row 1, column 1) of stride 32 sees class 1 with 0.9.
fn outputs() -> Vec<NamedTensor> {
    // A logit of 50 makes bin 1 certain: a distance of 1 * 32 pixels to the left and right; the top
    // and bottom spread evenly over bins 0 and 2, which is 1 as well.
    let certain = |edge: usize, bin: usize| [0, 3, edge * 3 + bin];
    let distances = tensor(
        "d32",
        &[1, 4, 12],
        0.0,
        &[
            (&certain(0, 1), 50.0),
            (&certain(1, 0), 50.0),
            (&certain(1, 2), 50.0),
            (&certain(2, 1), 50.0),
            (&certain(3, 0), 50.0),
            (&certain(3, 2), 50.0),
        ],
    );
    vec![
        tensor("d64", &[1, 1, 12], 0.0, &[]),
        tensor("s32", &[1, 4, 2], 0.0, &[(&[0, 3, 1], 0.9)]),
        distances,
        tensor("s64", &[1, 1, 2], 0.0, &[(&[0, 0, 0], f32::NAN)]),
    ]
}

#[test]
fn a_box_is_its_centre_and_the_expected_distances() {
    let mapping = Mapping::fit([128, 64], [64, 64], Resize::Stretch);
    let (observation, warnings) = family().decode(&Outputs::new(outputs()), &mapping).unwrap();
    let Observation::Detections { candidates, needs_nms } = observation else { panic!("{observation:?}") };
    assert!(needs_nms);
    assert_eq!(candidates.len(), 1, "{candidates:?}");
    // Centre (1.5 * 32, 1.5 * 32) = (48, 48), 32 to each side: 16..80 in the input, cut by the frame:
    // x twice as wide, so 32..128 (160 is outside), y 16..64.
    let rect: [f32; 4] = candidates[0].rect.into();
    let expected = [32.0, 16.0, 128.0, 64.0];
    assert!(rect.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{rect:?}");
    assert_eq!((candidates[0].class, candidates[0].score), (1, 0.9));
    assert_eq!(warnings[0].code, "not-finite");
}

#[test]
fn another_shape_is_said_not_guessed() {
    let mapping = Mapping::fit([64, 64], [64, 64], Resize::Stretch);
    let mut short = outputs();
    short.remove(2);
    let error = family().decode(&Outputs::new(short), &mapping).unwrap_err();
    assert_eq!(error.kind, Kind::ModelOutput);
    assert!(
        error.message.contains("[1, 4, 12]") && error.message.contains("s32 [1, 4, 2]"),
        "{}",
        error.message
    );
}
