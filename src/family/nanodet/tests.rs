//! Hand-written tensors: a 64x64 input, strides 32 and 64, 3 bins, 2 classes.

use super::*;
use crate::engine::NamedTensor;
use crate::family::by_hand::{Shapes, header, recipe_of, tensor};
use crate::spec::{InputSpec, Resize};

fn family() -> NanoDet {
    let spec = InputSpec { size: [64, 64], resize: Resize::Stretch, ..InputSpec::default() };
    NanoDet {
        input: ModelInput::of_one_picture("x", spec),
        decode: Decode { strides: vec![32, 64], bins: Some(3), centre_offset: 0.5, logits: false },
        classes: 2,
    }
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

#[test]
fn bins_are_told_by_the_labels_where_nobody_says_them() {
    let mapping = Mapping::fit([64, 64], [64, 64], Resize::Stretch);
    let mut family = family();
    let (expected, _) = family.decode(&Outputs::new(outputs()), &mapping).unwrap();
    family.decode.bins = None;
    let (found, _) = family.decode(&Outputs::new(outputs()), &mapping).unwrap();
    assert_eq!(found, expected);
    // With three labels neither output is the scores'.
    family.classes = 3;
    let error = family.decode(&Outputs::new(outputs()), &mapping).unwrap_err();
    assert!(error.message.contains("3 classes, as labels say"), "{}", error.message);
}

#[test]
fn as_many_classes_as_edges_are_told_by_name_else_by_order() {
    let mapping = Mapping::fit([64, 64], [64, 64], Resize::Stretch);
    let mut family = family();
    family.decode.strides = vec![64];
    family.classes = 12;
    let scores = |name: &str| tensor(name, &[1, 1, 12], 0.0, &[(&[0, 0, 7], 0.5)]);
    // A distance of (0 + 1 + 2) / 3 strides to each side.
    let distances = |name: &str| tensor(name, &[1, 1, 12], 0.0, &[]);
    for outputs in [[scores("a"), distances("b")], [distances("dis"), scores("cls")]] {
        let (observation, _) = family.decode(&Outputs::new(outputs.into()), &mapping).unwrap();
        let Observation::Detections { candidates, .. } = observation else { panic!("no boxes") };
        let found: Vec<_> = candidates.iter().map(|c| (c.class, c.score)).collect();
        assert_eq!(found, [(7, 0.5)]);
    }
}

#[test]
fn logits_are_read_as_such_or_refused() {
    let mapping = Mapping::fit([64, 64], [64, 64], Resize::Stretch);
    let mut family = family();
    family.decode.strides = vec![64];
    // 1 / (1 + e^-2) = 0.880797
    let outputs = || {
        Outputs::new(vec![
            tensor("s", &[1, 1, 2], -4.0, &[(&[0, 0, 1], 2.0)]),
            tensor("d", &[1, 1, 12], 0.0, &[]),
        ])
    };
    let error = family.decode(&outputs(), &mapping).unwrap_err();
    assert!(error.message.contains("from -4 to 2") && error.message.contains("logits = true"));
    family.decode.logits = true;
    let (observation, _) = family.decode(&outputs(), &mapping).unwrap();
    let Observation::Detections { candidates, .. } = observation else { panic!("no boxes") };
    assert_eq!(candidates[0].class, 1);
    assert!((candidates[0].score - 0.880_797).abs() < 1e-5);
}

#[test]
fn headers_that_leave_no_room_for_a_pair_are_refused() {
    let decode = "strides = [32]\ncentre-offset = 0.5\n";
    let built = |outputs: &Shapes, decode: &str, labels: usize| {
        let header = header([64, 64], outputs);
        recipe_of("nanodet", [64, 64], decode, &header, labels, |recipe| NanoDet::new(recipe).map(|_| ()))
    };
    let with_bins = format!("{decode}bins = 3");
    let fitting: [&Shapes; 3] = [
        &[("s", &[1, 4, 2]), ("d", &[1, 4, 12])],
        &[("d", &[-1, -1, 12]), ("s", &[-1, -1, -1])],
        &[("s", &[4, 2]), ("d", &[4, 12])],
    ];
    for fits in fitting {
        built(fits, &with_bins, 2).unwrap();
        built(fits, decode, 2).unwrap();
    }
    let pair: &Shapes = &[("s", &[1, 4, 2]), ("d", &[1, 4, 12])];
    let refused: [(&Shapes, &str, usize, &str); 7] = [
        (&[("s", &[1, 4, 2]), ("d", &[1, 5, 12])], &with_bins, 2, "[1,4,12]"),
        (&[("s", &[1, 4, 2]), ("d", &[1, 4, 16])], &with_bins, 2, "[1,4,12]"),
        (&[("s", &[8, 4, 2]), ("d", &[8, 4, 12])], &with_bins, 2, "[1,4,12]"),
        (&[("s", &[1, 4, 2])], &with_bins, 2, "1 outputs found"),
        (pair, decode, 0, "needs bins"),
        (pair, "strides = [0]\ncentre-offset = 0", 2, "1 or more"),
        (pair, "bins = 3", 2, "needs strides"),
    ];
    for (outputs, decode, labels, says) in refused {
        let error = built(outputs, decode, labels).unwrap_err();
        assert!(error.message.contains(says), "{says}: {}", error.message);
    }
}
