//! Whatever the tensors hold, boxes are ordered, finite and within the frame, and scores 0 to 1.

use proptest::prelude::*;

use super::super::written::floats;
use super::*;
use crate::spec::Resize;

fn number() -> impl Strategy<Value = f32> {
    prop_oneof![
        -2.0f32..2.0,
        -2000.0f32..2000.0,
        prop::sample::select(vec![f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.0, 1.0]),
    ]
}

fn assert_sound(found: Found, mapping: &Mapping) {
    let (Observation::Detections { candidates, .. }, _) = found.observed(mapping) else { panic!("no boxes") };
    let [width, height] = mapping.frame.map(|side| side as f32);
    for candidate in &candidates {
        let [x1, y1, x2, y2]: [f32; 4] = candidate.rect.into();
        assert!(0.0 < candidate.score && candidate.score <= 1.0, "{candidate:?}");
        assert!(0.0 <= x1 && x1 <= x2 && x2 <= width, "{candidate:?} in {mapping:?}");
        assert!(0.0 <= y1 && y1 <= y2 && y2 <= height, "{candidate:?} in {mapping:?}");
    }
}

proptest! {
    #[test]
    fn any_numbers_give_sound_boxes(
        boxes in prop::collection::vec(number(), 5 * 4),
        logits in prop::collection::vec(number(), 5 * 3),
        frame in prop::array::uniform2(1u32..5000),
    ) {
        let mapping = Mapping::fit(frame, [640, 480], Resize::ShortestEdge);
        let rows = Outputs::new(vec![
            floats("b", &[1, 5, 4], &boxes), floats("c", &[1, 5], &logits[..5]), floats("s", &[1, 5], &logits[5..10]),
        ]);
        let rows = Rows::read(&rows, "b", "c", "s").unwrap();
        assert_sound(rows.found(usize::MAX, 1, Rect::from), &mapping);
        let queries = Outputs::new(vec![floats("b", &[5, 4], &boxes), floats("l", &[5, 3], &logits)]);
        let queries = Queries::read(&queries, "l", "b", &mapping).unwrap();
        assert_sound(queries.by_sigmoid(3), &mapping);
        assert_sound(queries.by_softmax(), &mapping);
    }
}
