//! Hand-written tensors: a 64x32 input, strides 32 and 64, 2 bins, 3 classes: two cells and one.

use super::*;
use crate::family::by_hand::{Shapes, header, recipe_of, tensor};

const DECODE: &str = "strides = [32, 64]\nbins = 2\n";

fn family(decode: &str) -> Result<NanoDetPlus> {
    let header = header([64, 32], &[("output", &[1, 3, 11])]);
    recipe_of("nanodet-plus", [64, 32], decode, &header, 3, NanoDetPlus::new)
}

fn candidates(family: &NanoDetPlus, outputs: Outputs) -> Result<Vec<Candidate>> {
    let mapping = Mapping::fit([128, 32], [64, 32], Resize::Stretch);
    let (Observation::Detections { candidates, needs_nms }, _) = family.decode(&outputs, &mapping)? else {
        panic!("no boxes")
    };
    assert!(needs_nms);
    Ok(candidates)
}

#[test]
fn rows_are_the_cells_of_all_strides() {
    // Two bins with equal logits: half a stride to each side.
    let rows = tensor("output", &[1, 3, 11], 0.0, &[(&[0, 1, 2], 0.75), (&[0, 2, 0], 0.5)]);
    let found = candidates(&family(DECODE).unwrap(), Outputs::new(vec![rows])).unwrap();
    let found: Vec<_> = found.iter().map(|c| (c.class, c.score, <[f32; 4]>::from(c.rect))).collect();
    // Row 1 is column 1 of stride 32: its centre is (32, 0), without half a cell; x twice as wide.
    // Row 2 is the only cell of stride 64: (0, 0), 32 to each side.
    assert_eq!(found, [(2, 0.75, [32.0, 0.0, 96.0, 16.0]), (0, 0.5, [0.0, 0.0, 64.0, 32.0])]);
}

#[test]
fn the_description_moves_centres_and_asks_for_a_sigmoid() {
    let family = family(&format!("{DECODE}centre-offset = 0.5\nlogits = true")).unwrap();
    // A logit of 0 is one half.
    let rows = tensor("output", &[1, 3, 11], -9.0, &[(&[0, 0, 1], 0.0)]);
    let found = candidates(&family, Outputs::new(vec![rows])).unwrap();
    assert_eq!((found[0].class, found[0].score), (1, 0.5));
    assert_eq!(<[f32; 4]>::from(found[0].rect), [0.0, 0.0, 64.0, 32.0]);
}

#[test]
fn other_shapes_are_refused_at_load_and_at_run_time() {
    let refused = |outputs: &Shapes| {
        let header = header([64, 32], outputs);
        recipe_of("nanodet-plus", [64, 32], DECODE, &header, 3, |recipe| NanoDetPlus::new(recipe).map(|_| ()))
            .expect_err("refused")
    };
    let cases: [&Shapes; 5] = [
        &[("output", &[1, 4, 11])],
        &[("output", &[1, 3, 8])],
        &[("output", &[1, 11, 1, 3])],
        &[("a", &[1, 3, 11]), ("b", &[1, 3, 11])],
        &[],
    ];
    for outputs in cases {
        let error = refused(outputs);
        assert!(
            error.kind == Kind::ModelMismatch && error.message.contains("[1,3,classes+8]"),
            "{}",
            error.message
        );
    }
    for wrong in ["bins = 1", "strides = []", "strides = [0]", "bin = 8"] {
        assert_eq!(family(wrong).err().map(|e| e.kind), Some(Kind::ModelInvalid), "{wrong}");
    }
    let family = family(DECODE).unwrap();
    for shape in [&[1, 4, 11][..], &[1, 3, 8], &[3, 11, 1, 1], &[2, 3, 11]] {
        let error = candidates(&family, Outputs::new(vec![tensor("output", shape, 0.0, &[])])).unwrap_err();
        assert_eq!(error.kind, Kind::ModelOutput, "{shape:?}");
    }
}

#[test]
fn nanodet_plus_m_is_recognised_and_yolox_is_not() {
    let open = header([416, 416], &[("output", &[-1, -1, 112])]);
    assert!(recognise(&open).is_none(), "a picture input of another name says too little");
    let mut named = open;
    named.inputs[0].name = "data".to_owned();
    let reading = recognise(&named).unwrap();
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(80)));
    assert_eq!(reading.input.resize, Resize::Stretch);
    assert!(reading.decode["logits"].as_bool().unwrap(), "no sigmoid in sight");
    named.probabilities.insert("output".to_owned(), "Sigmoid".to_owned());
    assert!(recognise(&named).unwrap().decode.is_empty());
    // 52^2 + 26^2 + 13^2 + 7^2 = 3598 rows; YOLOX has no stride 64: 3549.
    let fixed =
        |rows| recognise(&header([416, 416], &[("o", &[1, rows, 112])])).map(|reading| reading.certainty);
    assert_eq!((fixed(3598), fixed(3549)), (Some(Certainty::Shape), None));
    assert!(recognise(&header([416, 416], &[("output", &[1, 3598, 32])])).is_none(), "no class left");
}
