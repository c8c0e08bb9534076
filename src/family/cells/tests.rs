//! The two ways of reading scores against each other and against a search by definition.

use ndarray::{Array2, arr2};
use proptest::prelude::*;

use super::*;
use crate::spec::Resize;

fn seen(cell: usize, class: u32, score: f32) -> Seen {
    Seen { cell, class, score }
}

#[test]
fn the_best_class_of_each_cell_over_the_floor() {
    let scores = arr2(&[[0.1, 0.0, 0.0009, 0.5], [0.7, 0.0, 0.0, 0.5], [0.2, 0.3, 0.0, 0.1]]);
    // Of equals, the first class.
    let expected = [seen(0, 1, 0.7), seen(1, 2, 0.3), seen(3, 0, 0.5)];
    assert_eq!(by_class(scores.view(), false).seen, expected);
    assert_eq!(by_cell(scores.t(), 0, None, false).seen, expected);
    assert_eq!(by_class(scores.view(), true).seen.len(), 7);
}

#[test]
fn scores_that_are_no_numbers_are_counted_and_hide_no_class() {
    let scores = arr2(&[[f32::NAN, f32::INFINITY], [0.7, 0.4], [f32::NEG_INFINITY, 0.1]]);
    for found in [by_class(scores.view(), false), by_cell(scores.t(), 0, None, false)] {
        assert_eq!(found, Scores { seen: vec![seen(0, 1, 0.7), seen(1, 1, 0.4)], not_numbers: 3 });
    }
}

#[test]
fn objectness_is_a_factor() {
    // Objectness, then two classes; the third row's objectness is under the floor, the fourth's no number.
    let rows = arr2(&[[0.5, 0.4, 0.8], [1.0, 0.9, 0.1], [0.0005, 1.0, 1.0], [f32::NAN, 1.0, 1.0]]);
    let found = by_cell(rows.view(), 1, Some(0), false);
    assert_eq!(found, Scores { seen: vec![seen(0, 1, 0.4), seen(1, 0, 0.9)], not_numbers: 1 });
    let every: Vec<(usize, u32)> =
        by_cell(rows.view(), 1, Some(0), true).seen.iter().map(|s| (s.cell, s.class)).collect();
    assert_eq!(every, [(0, 0), (0, 1), (1, 0), (1, 1)]);
}

#[test]
fn boxes_are_made_for_the_best_thousand_only() {
    let seen = (0..5000).map(|cell| seen(cell, 0, ((cell * 7919) % 5000) as f32 / 5000.0)).collect();
    let made = std::cell::Cell::new(0);
    let (found, dropped) = candidates(Scores { seen, not_numbers: 3 }, |seen| {
        made.set(made.get() + 1);
        Candidate::new([0.0, 0.0, 1.0, 1.0].into(), 0, seen.score)
    });
    assert_eq!((made.get(), found.len(), dropped), (MAX_CANDIDATES, MAX_CANDIDATES, 3));
    assert!(found.iter().all(|c| c.score >= 0.8), "the best fifth");
}

#[test]
fn oriented_boxes_keep_their_corners_and_what_is_around_them() {
    let quad = crate::geometry::Quad::turned([0.0, 32.0], [20.0, 10.0], 0.0);
    let mapping = Mapping::fit([128, 64], [64, 64], Resize::Stretch);
    let (observation, _) = detections((vec![Candidate::oriented(quad, 0, 0.5)], 0), true, &mapping);
    let Observation::Detections { candidates, .. } = observation else { panic!("no boxes") };
    let corners = candidates[0].corners.expect("corners").0;
    assert_eq!(corners, [[-20.0, 27.0], [20.0, 27.0], [20.0, 37.0], [-20.0, 37.0]]);
    assert_eq!(<[f32; 4]>::from(candidates[0].rect), [-20.0, 27.0, 20.0, 37.0]);
}

#[test]
fn a_corner_that_leaves_the_numbers_takes_its_box_with_it() {
    let quad = crate::geometry::Quad::turned([3e38, 0.0], [1.0, 1.0], 0.0);
    let mapping = Mapping::fit([30_000, 30_000], [32, 32], Resize::Stretch);
    let (observation, warnings) = detections((vec![Candidate::oriented(quad, 0, 0.5)], 0), true, &mapping);
    let Observation::Detections { candidates, .. } = observation else { panic!("no boxes") };
    assert_eq!((candidates.len(), warnings.len()), (0, 1));
}

#[test]
fn boxes_turned_inside_out_have_no_area_and_no_numbers_stay_none() {
    assert_eq!(<[f32; 4]>::from(edges([5.0, 6.0, 1.0, 9.0])), [5.0, 6.0, 5.0, 9.0]);
    assert_eq!(<[f32; 4]>::from(centred([5.0, 6.0, -4.0, 2.0])), [5.0, 5.0, 5.0, 7.0]);
    assert!(!edges([0.0, 0.0, f32::NAN, 1.0]).is_finite());
    assert!(!centred([0.0, 0.0, 1.0, f32::NAN]).is_finite());
}

proptest! {
    #[test]
    fn both_ways_find_the_same(
        (classes, cells) in (1usize..6, 1usize..30), values in prop::collection::vec(-0.2f32..1.0, 180), every: bool,
    ) {
        let scores = Array2::from_shape_fn((classes, cells), |(class, cell)| values[class * 30 + cell]);
        let sorted = |mut scores: Scores| {
            scores.seen.sort_by_key(|seen| (seen.cell, seen.class));
            scores
        };
        let found = sorted(by_class(scores.view(), every));
        prop_assert_eq!(&found, &sorted(by_cell(scores.t(), 0, None, every)));
        let expected = (0..cells).flat_map(|cell| {
            let column = scores.column(cell).to_vec();
            let best = column.iter().copied().fold(f32::MIN, f32::max);
            let over = move |score: &f32| *score >= SCORE_FLOOR && (every || *score == best);
            column.into_iter().filter(over).collect::<Vec<_>>()
        });
        prop_assert!(found.seen.iter().map(|seen| seen.score).eq(expected));
    }
}
