//! Oriented boxes against corners by hand and against integrals that numpy computed.

use std::f32::consts::{FRAC_PI_2, PI};

use proptest::prelude::*;

use super::*;

fn close(found: [f32; 2], expected: [f32; 2]) -> bool {
    found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-4)
}

#[test]
fn corners_run_clockwise_from_the_former_top_left() {
    let corners = Quad::turned([10.0, 20.0], [8.0, 4.0], 0.0).0;
    assert_eq!(corners, [[6.0, 18.0], [14.0, 18.0], [14.0, 22.0], [6.0, 22.0]]);
    // A quarter turn clockwise moves the top left corner to the top right.
    let corners = Quad::turned([10.0, 20.0], [8.0, 4.0], FRAC_PI_2).0;
    let expected = [[12.0, 16.0], [12.0, 24.0], [8.0, 24.0], [8.0, 16.0]];
    assert!(corners.iter().zip(expected).all(|(a, b)| close(*a, b)), "{corners:?}");
}

#[test]
fn the_hull_and_the_area_are_those_of_the_corners() {
    // A square of side √2 · 10 on its tip: 10 to each side of its centre.
    let quad = Quad::turned([0.0, 5.0], [200f32.sqrt(); 2], PI / 4.0);
    let hull: [f32; 4] = quad.hull().into();
    assert!(hull.iter().zip([-10.0, -5.0, 10.0, 15.0]).all(|(a, b)| (a - b).abs() < 1e-4), "{hull:?}");
    assert!((quad.area() - 200.0).abs() < 1e-3);
    assert_eq!(Quad::turned([0.0, 0.0], [-3.0, 5.0], 1.0), Quad::turned([0.0, 0.0], [3.0, 5.0], 1.0));
}

/// One less the Hellinger distance, the integral of √(p·q) over a grid of 0.1 pixels in numpy.
#[test]
fn prob_iou_is_what_integrals_of_the_gaussians_give() {
    let cases: [([f32; 5], [f32; 5], f32); 5] = [
        ([10.0, 10.0, 20.0, 20.0, 0.0], [16.0, 10.0, 20.0, 20.0, 0.0], 0.64464),
        ([10.0, 10.0, 40.0, 10.0, 0.3], [12.0, 14.0, 30.0, 12.0, -0.4], 0.41810),
        ([0.0, 0.0, 40.0, 10.0, 0.0], [0.0, 0.0, 40.0, 10.0, FRAC_PI_2], 0.27239),
        ([0.0, 0.0, 20.0, 10.0, 0.7], [60.0, 0.0, 20.0, 10.0, 0.7], 0.0),
        // The same box, its sides called the other way round.
        ([10.0, 10.0, 40.0, 10.0, 0.3], [10.0, 10.0, 10.0, 40.0, 0.3 + FRAC_PI_2], 1.0),
    ];
    for (a, b, expected) in cases {
        let [a, b] = [a, b].map(|[x, y, w, h, angle]| Quad::turned([x, y], [w, h], angle));
        // Near 1 the distance is a root of what rounding leaves.
        let tolerance = if expected == 1.0 { 2e-3 } else { 2e-5 };
        assert!((a.prob_iou(&b) - expected).abs() < tolerance, "{} instead of {expected}", a.prob_iou(&b));
    }
}

proptest! {
    #[test]
    fn any_corners_give_a_share_or_nothing(a in any::<[[f32; 2]; 4]>(), b in any::<[[f32; 2]; 4]>()) {
        let overlap = Quad(a).prob_iou(&Quad(b));
        prop_assert!(overlap.is_nan() || (0.0..=1.0).contains(&overlap), "{overlap}");
    }

    #[test]
    fn overlap_is_symmetric_and_whole_with_oneself(
        a in (0f32..500.0, 0f32..500.0, 1f32..200.0, 1f32..200.0, -4f32..4.0),
        b in (0f32..500.0, 0f32..500.0, 1f32..200.0, 1f32..200.0, -4f32..4.0),
    ) {
        let [a, b] = [a, b].map(|(x, y, w, h, angle)| Quad::turned([x, y], [w, h], angle));
        prop_assert!((a.prob_iou(&b) - b.prob_iou(&a)).abs() < 1e-5);
        prop_assert!(a.prob_iou(&a) > 0.995);
        prop_assert!(a.prob_iou(&b) <= a.prob_iou(&a) + 5e-3);
    }
}

#[test]
fn the_common_area_of_quadrilaterals_by_hand() {
    let square = Quad([[0.0, 0.0], [10.0, 0.0], [10.0, 10.0], [0.0, 10.0]]);
    let moved = square.map(|[x, y]| [x + 5.0, y + 5.0]);
    let near = |found: f64, wanted: f64| assert!((found - wanted).abs() < 1e-4, "{found}, expected {wanted}");
    near(square.common(&moved), 25.0);
    near(square.iou(&moved), 25.0 / 175.0);
    near(square.iou(&square), 1.0);
    // Counted the other way round it is the same shape.
    let Quad([a, b, c, d]) = moved;
    near(square.common(&Quad([d, c, b, a])), 25.0);
    // A square on its tip, of half the diagonal 5: all of it lies within.
    let tip = Quad([[5.0, 0.0], [10.0, 5.0], [5.0, 10.0], [0.0, 5.0]]);
    near(square.common(&tip), 50.0);
    near(square.common(&square.map(|[x, y]| [x + 20.0, y])), 0.0);
    near(square.common(&Quad([[1.0, 1.0]; 4])), 0.0);
    near(square.common(&Quad([[f32::NAN; 2]; 4])), 0.0);
}
