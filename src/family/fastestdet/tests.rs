//! Hand-written maps: a 64x32 input, 4 by 2 cells, 2 classes.

use super::*;
use crate::family::by_hand::{Shapes, header, recipe_of, tensor};
use crate::observation::Candidate;

fn family() -> FastestDet {
    let header = header([64, 32], &[("o", &[1, 7, 2, 4])]);
    recipe_of("fastestdet", [64, 32], "", &header, 2, FastestDet::new).unwrap()
}

fn read(outputs: Outputs) -> Result<(Vec<Candidate>, Vec<Warning>)> {
    let mapping = Mapping::fit([64, 64], [64, 32], Resize::Stretch);
    let (Observation::Detections { candidates, needs_nms }, warnings) =
        family().decode(&outputs, &mapping)?
    else {
        panic!("no boxes")
    };
    assert!(needs_nms);
    Ok((candidates, warnings))
}

#[test]
fn a_box_is_its_cells_corner_moved_and_a_part_of_the_input() {
    let (row, column) = (1, 2);
    let at = |channel: usize| [0, channel, row, column];
    let map = tensor(
        "o",
        &[1, 7, 2, 4],
        0.0,
        &[
            (&at(0), 0.5),
            // tanh(0.549306) = 0.5: half a cell to the right; y stays at the corner.
            (&at(1), 0.549_306),
            // sigmoid(-1.098612) = 1/4 of the width, sigmoid(0) = 1/2 of the height.
            (&at(3), -1.098_612),
            (&at(4), 0.0),
            (&at(5), 0.25),
            (&at(6), 0.75),
            // An object without a class is none.
            (&[0, 0, 0, 0], 0.9),
            (&[0, 6, 0, 1], f32::NAN),
        ],
    );
    let (found, warnings) = read(Outputs::new(vec![map])).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].class, 1);
    // 0.5^0.6 * 0.75^0.4 = 0.659754 * 0.891301
    assert!((found[0].score - 0.588_04).abs() < 1e-4, "{}", found[0].score);
    // Centre (2.5 / 4 * 64, 1 / 2 * 32) = (40, 16), 16 by 16 in the input; the frame is twice as high.
    let rect: [f32; 4] = found[0].rect.into();
    let expected = [32.0, 16.0, 48.0, 48.0];
    assert!(rect.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-3), "{rect:?}");
    assert_eq!(warnings[0].code, "not-finite");
}

#[test]
fn other_maps_are_refused() {
    for shape in [&[1, 5, 2, 4][..], &[1, 7, 8], &[2, 7, 2, 4]] {
        let error = read(Outputs::new(vec![tensor("o", shape, 0.0, &[])])).unwrap_err();
        assert_eq!(error.kind, Kind::ModelOutput, "{shape:?}");
    }
    let logits = tensor("o", &[1, 7, 2, 4], -3.0, &[]);
    let error = read(Outputs::new(vec![logits])).unwrap_err();
    assert!(error.message.contains("no FastestDet"), "{}", error.message);
    // An empty map finds nothing.
    assert!(read(Outputs::new(vec![tensor("o", &[1, 7, 0, 4], 0.0, &[])])).unwrap().0.is_empty());
    let refused = |outputs: &Shapes, decode: &str| {
        let header = header([64, 32], outputs);
        recipe_of("fastestdet", [64, 32], decode, &header, 2, |recipe| FastestDet::new(recipe).map(|_| ()))
    };
    refused(&[("o", &[-1, -1, -1, -1])], "").unwrap();
    refused(&[("o", &[7, 2, 4])], "").unwrap();
    let cases: [&Shapes; 3] =
        [&[("o", &[1, 5, 2, 4])], &[("o", &[1, 84])], &[("a", &[1, 7, 2, 4]), ("b", &[1, 7, 2, 4])]];
    for outputs in cases {
        assert_eq!(refused(outputs, "").unwrap_err().kind, Kind::ModelMismatch);
    }
    assert_eq!(refused(&[("o", &[1, 7, 2, 4])], "stride = 16").unwrap_err().kind, Kind::ModelInvalid);
}

#[test]
fn a_map_of_stride_16_is_recognised() {
    let reading = recognise(&header([352, 352], &[("758", &[1, 85, 22, 22])])).unwrap();
    assert_eq!((reading.certainty, reading.classes), (Certainty::Shape, Some(80)));
    assert_eq!((reading.input.colour, reading.input.resize), (Colour::Bgr, Resize::Stretch));
    assert_eq!((reading.input.size, reading.input.std), ([352, 352], [255.0; 3]));
    assert!(!reading.doubts.is_empty());
    // YOLOv2's stride is 32; a class map has the picture's size; open sides say nothing.
    for (size, shape) in [
        ([416, 416], [1, 425, 13, 13]),
        ([513, 513], [1, 21, 513, 513]),
        ([352, 352], [1, 5, 22, 22]),
        ([352, 352], [1, 85, -1, -1]),
        ([-1, -1], [1, 85, 22, 22]),
    ] {
        assert!(recognise(&header(size, &[("o", &shape)])).is_none(), "{shape:?}");
    }
}
