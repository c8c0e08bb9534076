//! Hand-written maps: a 16x12 input, 4 by 3 cells, 2 classes.

use super::*;
use crate::engine::NamedTensor;
use crate::family::by_hand::{Shapes, header, recipe_of, tensor};

const OUTPUTS: [(&str, &[i64]); 3] = [("hm", &[1, 2, 3, 4]), ("wh", &[1, 2, 3, 4]), ("reg", &[1, 2, 3, 4])];

fn family(outputs: &Shapes, decode: &str) -> Result<CenterNet> {
    recipe_of("centernet", [16, 12], decode, &header([16, 12], outputs), 2, CenterNet::new)
}

fn read(family: &CenterNet, outputs: Vec<NamedTensor>) -> Result<(Vec<Candidate>, Vec<Warning>)> {
    let mapping = Mapping::fit([16, 24], [16, 12], Resize::Stretch);
    let (Observation::Detections { candidates, needs_nms }, warnings) =
        family.decode(&Outputs::new(outputs), &mapping)?
    else {
        panic!("no boxes")
    };
    assert!(!needs_nms);
    Ok((candidates, warnings))
}

fn maps() -> Vec<NamedTensor> {
    let heat = [
        // A centre of class 0, a weaker neighbour, and a cell two columns on that is a centre too.
        (&[0, 0, 1, 1][..], 0.9),
        (&[0, 0, 0, 0], 0.8),
        (&[0, 0, 1, 3], 0.3),
        // Equal neighbours of class 1 in the corner: both are centres, as the reference keeps both.
        (&[0, 1, 2, 2], 0.5),
        (&[0, 1, 2, 3], 0.5),
    ];
    // Sizes of 2 by 1 cells; the first centre lies half a cell right and a quarter below its corner.
    let mut sizes = tensor("wh", &[1, 2, 3, 4], 1.0, &[]);
    if let crate::engine::Tensor::F32(sizes) = &mut sizes.value {
        sizes.slice_mut(ndarray::s![0, 0, .., ..]).fill(2.0);
    }
    let offsets = tensor("reg", &[1, 2, 3, 4], 0.0, &[(&[0, 0, 1, 1], 0.5), (&[0, 1, 1, 1], 0.25)]);
    vec![tensor("hm", &[1, 2, 3, 4], 0.0, &heat), sizes, offsets]
}

#[test]
fn centres_are_local_maxima_with_a_size_and_an_offset() {
    let (found, _) = read(&family(&OUTPUTS, "").unwrap(), maps()).unwrap();
    let scores: Vec<_> = found.iter().map(|c| (c.class, c.score)).collect();
    assert_eq!(scores, [(0, 0.9), (1, 0.5), (1, 0.5), (0, 0.3)]);
    // (1.5, 1.25) cells of 4 pixels: centre (6, 5), 8 by 4; the frame is twice as high.
    assert_eq!(<[f32; 4]>::from(found[0].rect), [2.0, 6.0, 10.0, 14.0]);
}

#[test]
fn maps_come_in_any_order() {
    let family = family(&[OUTPUTS[2], OUTPUTS[0], OUTPUTS[1]], "").unwrap();
    let mut outputs = maps();
    outputs.rotate_right(1);
    let (found, _) = read(&family, outputs).unwrap();
    assert_eq!(<[f32; 4]>::from(found[0].rect), [2.0, 6.0, 10.0, 14.0]);
}

#[test]
fn logits_are_read_as_such_or_refused() {
    let mut outputs = maps();
    // 1 / (1 + e^-2) = 0.880797
    outputs[0] = tensor("hm", &[1, 2, 3, 4], -8.0, &[(&[0, 1, 0, 0], 2.0), (&[0, 0, 2, 3], f32::NAN)]);
    let error = read(&family(&OUTPUTS, "").unwrap(), outputs.clone()).unwrap_err();
    assert!(error.message.contains("logits = true"), "{}", error.message);
    let (found, warnings) = read(&family(&OUTPUTS, "logits = true").unwrap(), outputs).unwrap();
    assert_eq!((found.len(), found[0].class, warnings.len()), (1, 1, 1));
    assert!((found[0].score - 0.880_797).abs() < 1e-5);
    let error = read(&family(&OUTPUTS, "logits = true").unwrap(), maps()).unwrap_err();
    assert!(error.message.contains("logits = false"), "{}", error.message);
}

#[test]
fn other_maps_are_refused() {
    let cases: [&Shapes; 3] = [
        &[("hm", &[1, 2, 3, 4]), ("wh", &[1, 2, 3, 4])],
        &[("hm", &[1, 2, 3, 4]), ("wh", &[1, 3, 3, 4]), ("reg", &[1, 2, 3, 4])],
        &[("hm", &[1, 2]), ("wh", &[1, 2]), ("reg", &[1, 2])],
    ];
    for outputs in cases {
        assert_eq!(family(outputs, "").err().map(|e| e.kind), Some(Kind::ModelMismatch), "{outputs:?}");
    }
    assert_eq!(family(&OUTPUTS, "heat = \"hm\"").err().map(|e| e.kind), Some(Kind::ModelInvalid));
    let family = family(&OUTPUTS, "").unwrap();
    let mut outputs = maps();
    outputs[1] = tensor("wh", &[1, 2, 4, 4], 1.0, &[]);
    assert_eq!(read(&family, outputs).unwrap_err().kind, Kind::ModelOutput);
    let mut outputs = maps();
    outputs.truncate(2);
    assert_eq!(read(&family, outputs).unwrap_err().kind, Kind::ModelOutput);
    let empty = |name: &str| tensor(name, &[1, 2, 0, 0], 0.0, &[]);
    assert!(read(&family, ["hm", "wh", "reg"].map(empty).into()).unwrap().0.is_empty());
}

#[test]
fn a_description_may_name_the_maps() {
    let same: &[i64] = &[1, 2, 3, 4];
    let outputs = [("a", same), ("b", same), ("c", same)];
    let named = family(&outputs, "heatmap = \"b\"\nsize = \"c\"\noffset = \"a\"").unwrap();
    assert_eq!(named.maps, Maps { heatmap: 1, size: 2, offset: 0 });
    assert_eq!(family(&outputs, "").unwrap().maps, Maps { heatmap: 0, size: 1, offset: 2 });
    for wrong in ["heatmap = \"b\"", "heatmap = \"d\"\nsize = \"c\"\noffset = \"a\""] {
        assert_eq!(family(&outputs, wrong).err().map(|e| e.kind), Some(Kind::ModelMismatch), "{wrong}");
    }
}

#[test]
fn is_recognised_by_names_and_by_shapes() {
    let of = |outputs: &Shapes| recognise(&header([512, 512], outputs));
    let (eighty, two): (&[i64], &[i64]) = (&[1, 80, 128, 128], &[1, 2, 128, 128]);
    let reading = of(&[("wh_pred", two), ("offset_pred", two), ("center_heatmap_pred", eighty)]).unwrap();
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(80)));
    assert_eq!(
        (reading.input.resize, reading.input.pad, reading.input.colour),
        (Resize::Letterbox, 0, Colour::Bgr)
    );
    assert!(reading.decode["logits"].as_bool().unwrap(), "no sigmoid in sight");
    let mut made = header([512, 512], &[("a", two), ("b", eighty), ("c", two)]);
    made.probabilities.insert("b".to_owned(), "Sigmoid".to_owned());
    let reading = recognise(&made).unwrap();
    assert_eq!((reading.certainty, reading.classes), (Certainty::Shape, Some(80)));
    assert!(!reading.decode["logits"].as_bool().unwrap());
    assert!(reading.doubts.iter().any(|doubt| doubt.contains("(\"a\", \"c\")")), "{:?}", reading.doubts);
    // CenterFace has landmarks too; another stride; sides that are open, without names.
    assert!(of(&[("hm", eighty), ("wh", two), ("reg", two), ("lm", &[1, 10, 128, 128])]).is_none());
    assert!(of(&[("hm", &[1, 80, 64, 64]), ("wh", &[1, 2, 64, 64]), ("reg", &[1, 2, 64, 64])]).is_none());
    let open: &[i64] = &[-1, -1, -1, -1];
    assert!(of(&[("a", open), ("b", open), ("c", open)]).is_none());
    assert!(of(&[("hm", open), ("wh", open), ("reg", open)]).is_some());
}
