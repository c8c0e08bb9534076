//! Sizes of the network's input, and maps drawn by hand.

use ndarray::{ArrayD, IxDyn};

use super::*;
use crate::engine::Tensor;
use crate::family::testing::header;
use crate::spec::Spec;

fn detector(decode: &str) -> Result<Detector> {
    let text = format!(
        "name = \"det\"\ntask = \"ocr\"\nfamily = \"pp-ocr-det\"\n[input]\nname = \"x\"\nsize = [736, 736]\n\
         dynamic-size = true\nmultiple-of = 32\nresize = \"stretch\"\n[decode]\n{decode}"
    );
    let spec: Spec = toml::from_str(&text).expect("a description");
    let header = header(&[("x", "f32", "n,3,h,w")], &[("map", "f32", "n,1,h,w")], &[]);
    Detector::new(&Recipe { spec: &spec, header: &header, size: [736, 736], labels: 1 })
}

/// What rapidocr 3.10.0 gives the network for pictures of these sizes: its `resize_image_within_bounds`,
/// `apply_vertical_padding` and `DetPreProcess`, run in Python.
#[test]
fn pictures_are_scaled_as_the_reference_does() {
    let detector = detector("").unwrap();
    for (frame, input) in [
        ([640, 480], [992, 736]),
        ([1280, 720], [1312, 736]),
        ([384, 191], [1472, 736]),
        ([448, 172], [1920, 736]),
        ([2480, 3508], [1408, 1984]),
        ([1000, 100], [2944, 736]),
        ([300, 200], [1088, 736]),
    ] {
        assert_eq!(detector.mapping(frame).input, input, "{frame:?}");
    }
    // Black above and below: 100 of 250 rows are the picture.
    let long = detector.mapping([1000, 100]);
    assert_eq!((long.content, long.offset), ([2944, 294], [0, 221]));
    assert_eq!(long.point_to_frame([1472.0, 221.0]), [500.0, 0.0]);
}

#[test]
fn no_picture_needs_an_endless_input() {
    let detector = detector("").unwrap();
    for frame in [[1, 1], [1, 60_000], [60_000, 1], [20, 3000], [65_000, 65_000], [30, 30], [241, 30]] {
        let mapping = detector.mapping(frame);
        let pixels = u64::from(mapping.input[0]) * u64::from(mapping.input[1]);
        assert!(
            pixels <= 17_000_000 && mapping.input.iter().all(|side| side % 32 == 0),
            "{frame:?}: {mapping:?}"
        );
        assert!(mapping.content.iter().zip(mapping.input).all(|(c, i)| *c >= 1 && *c <= i), "{mapping:?}");
    }
}

fn decoded(map: ArrayD<f32>, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
    detector("").unwrap().decode(&Outputs::new(vec![NamedTensor::new("map", Tensor::F32(map))]), mapping)
}

#[test]
fn lines_come_in_pixels_of_the_frame() {
    let mapping = Mapping { frame: [400, 200], input: [200, 100], content: [200, 100], offset: [0, 0] };
    let map = ArrayD::from_shape_fn(IxDyn(&[1, 1, 100, 200]), |at| {
        if (40..50).contains(&at[2]) && (20..120).contains(&at[3]) { 0.9 } else { 0.0 }
    });
    let (Observation::Text { lines }, warnings) = decoded(map, &mapping).unwrap() else { panic!("lines") };
    assert!(warnings.is_empty());
    // Pixels 20 to 120 and 40 to 50 with dilation: 100 x 10 between centres, grown by 1000 * 1.6 / 220 = 7.27,
    // twice as large in the frame.
    assert_eq!(lines[0].corners.0, [[25.0, 65.0], [255.0, 65.0], [255.0, 115.0], [25.0, 115.0]]);
    assert!((lines[0].score - 0.9 * 10.0 * 100.0 / (101.0 * 11.0)).abs() < 1e-5, "{}", lines[0].score);
}

#[test]
fn what_does_not_fit_is_said() {
    let mapping = Mapping { frame: [64, 64], input: [64, 64], content: [64, 64], offset: [0, 0] };
    let wrong = decoded(ArrayD::zeros(IxDyn(&[1, 1, 32, 64])), &mapping).unwrap_err();
    assert_eq!(wrong.kind, Kind::ModelOutput);
    assert!(wrong.message.contains("[1, 1, 64, 64]"), "{}", wrong.message);
    let odd = decoded(ArrayD::from_elem(IxDyn(&[1, 1, 64, 64]), f32::NAN), &mapping).unwrap();
    assert_eq!(odd.0, Observation::Text { lines: Vec::new() });
    assert_eq!(detector("threshold = 2.0").err().unwrap().kind, Kind::ModelInvalid);
    assert_eq!(detector("treshold = 0.3").err().unwrap().kind, Kind::ModelInvalid);
}
