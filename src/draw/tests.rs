//! Annotated pixels: where colour must be, where none may be, and inputs that must not panic.

use image::{Rgb, RgbImage};
use proptest::prelude::*;

use super::*;

fn instance(class: u32, label: &str, score: f32, rect: [f32; 4]) -> Instance {
    Instance {
        class,
        label: label.to_owned(),
        score,
        rect: rect.into(),
        corners: None,
        keypoints: Vec::new(),
        track: None,
        filled: false,
        children: Vec::new(),
    }
}

fn detect(instances: Vec<Instance>) -> Prediction {
    Prediction::Detect { instances }
}

fn grey(width: u32, height: u32) -> RgbImage {
    RgbImage::from_pixel(width, height, Rgb([120, 120, 120]))
}

const BARE: Style = Style { line_width: Some(2), text_size: None, labels: false, scores: false };

#[test]
fn a_box_is_a_coloured_line_between_dark_edges() {
    let mut image = grey(100, 100);
    annotate(&mut image, &detect(vec![instance(0, "person", 0.9, [20.0, 30.0, 60.0, 80.0])]), &BARE);
    // The line of 2 pixels is centred on x = 20: pixels 19 and 20; edges of 1 pixel at 18 and 21.
    let row: Vec<[u8; 3]> = (17..=22).map(|x| image.get_pixel(x, 50).0).collect();
    let (orange, black, ground) = ([230, 159, 0], [0, 0, 0], [120, 120, 120]);
    assert_eq!(row, [ground, black, orange, orange, black, ground]);
    let right: Vec<[u8; 3]> = (57..=62).map(|x| image.get_pixel(x, 50).0).collect();
    assert_eq!(right, [ground, black, orange, orange, black, ground]);
    assert_eq!(image.get_pixel(40, 50).0, ground);
}

#[test]
fn a_box_as_large_as_the_frame_shows_on_all_sides() {
    let mut image = grey(50, 40);
    annotate(&mut image, &detect(vec![instance(0, "", 0.9, [-1e30, -5.0, 50.0, f32::INFINITY])]), &BARE);
    for (x, y) in [(0, 20), (1, 20), (49, 20), (48, 20), (25, 0), (25, 1), (25, 39), (25, 38)] {
        assert_eq!(image.get_pixel(x, y).0, [230, 159, 0], "{x} {y}");
    }
}

#[test]
fn points_of_a_face_are_dots_in_the_colour_of_its_box() {
    let mut face = instance(0, "face", 0.9, [20.0, 20.0, 80.0, 90.0]);
    let point = |x, y| crate::prediction::Keypoint { name: "nose".to_owned(), x, y };
    face.keypoints = vec![point(50.5, 60.5), point(-30.0, 1e30), point(f32::NAN, 5.0)];
    let mut image = grey(100, 100);
    annotate(&mut image, &detect(vec![face]), &BARE);
    assert_eq!(image.get_pixel(50, 60).0, [230, 159, 0]);
    let dark = |x, y| image.get_pixel(x, y).0[0] < 60;
    assert!(dark(52, 60) && dark(48, 60) && dark(50, 62), "an edge around it");
    assert_eq!(image.get_pixel(54, 60).0, [120, 120, 120]);
}

/// A box 60 wide and 30 high, turned clockwise so that its sides run 3 right and 4 down, and 4 left and 3
/// down; its centre is (50, 50).
#[test]
fn an_oriented_box_is_drawn_along_its_sides() {
    let mut image = grey(100, 100);
    let quad = Quad::turned([50.0, 50.0], [60.0, 30.0], (4f32 / 3.0).atan());
    let mut ship = instance(0, "ship", 0.9, quad.hull().into());
    ship.corners = Some(quad);
    annotate(&mut image, &detect(vec![ship]), &BARE);
    let (orange, ground) = ([230, 159, 0], [120, 120, 120]);
    let near =
        |x: u32, y: u32| (x - 1..=x + 1).any(|x| (y - 1..=y + 1).any(|y| image.get_pixel(x, y).0 == orange));
    // Middles of the sides: 30 along (0.6, 0.8), 15 along (-0.8, 0.6).
    for (x, y) in [(68, 74), (32, 26), (38, 59), (62, 41)] {
        assert!(near(x, y), "{x} {y}");
    }
    // Inside, and in the corners of the box around it, nothing is drawn.
    for (x, y) in [(50, 50), (22, 76), (78, 24)] {
        assert_eq!(image.get_pixel(x, y).0, ground, "{x} {y}");
    }
}

#[test]
fn boxes_that_cannot_be_seen_change_nothing() {
    let hidden = [
        [f32::NAN, 1.0, 20.0, 20.0],
        [1.0, 1.0, f32::NAN, 20.0],
        [30.0, 30.0, 10.0, 10.0],
        [-50.0, 10.0, -10.0, 20.0],
        [10.0, 150.0, 20.0, 180.0],
    ];
    for rect in hidden {
        let mut image = grey(100, 100);
        annotate(&mut image, &detect(vec![instance(0, "person", 0.9, rect)]), &Style::default());
        assert_eq!(image, grey(100, 100), "{rect:?}");
    }
}

#[test]
fn the_best_box_is_on_top_and_children_above_their_parents() {
    let rect = [20.0, 20.0, 80.0, 80.0];
    let mut image = grey(100, 100);
    let both = vec![instance(1, "b", 0.9, rect), instance(0, "a", 0.3, rect)];
    annotate(&mut image, &detect(both), &BARE);
    assert_eq!(image.get_pixel(20, 50).0, class_colour(1));

    let mut parent = instance(1, "b", 0.9, rect);
    parent.children.push(instance(0, "a", 0.2, rect));
    annotate(&mut image, &detect(vec![parent]), &BARE);
    assert!((18..22).any(|x| image.get_pixel(x, 50).0 == class_colour(0)));
}

#[test]
fn a_tag_stands_above_its_box_with_text_in_it() {
    let mut image = grey(320, 240);
    annotate(
        &mut image,
        &detect(vec![instance(0, "person", 0.87, [100.0, 100.0, 200.0, 200.0])]),
        &Style::default(),
    );
    let tag = image::imageops::crop_imm(&image, 101, 86, 60, 10).to_image();
    let count = |c: [u8; 3]| tag.pixels().filter(|p| p.0 == c).count();
    assert!(count([230, 159, 0]) > 200, "{}", count([230, 159, 0]));
    assert!(tag.pixels().filter(|p| p.0[0] < 100).count() > 50);
}

#[test]
fn sizes_grow_with_the_picture() {
    let of = |w, h| {
        let scale = Scale::new(&RgbImage::new(w, h), &Style::default());
        (scale.line, scale.text.round() as i64)
    };
    assert_eq!(of(320, 240), (2, 12));
    assert_eq!(of(640, 480), (2, 15));
    assert_eq!(of(4000, 3000), (10, 60));
    assert_eq!(of(64, 64), (1, 11));
    assert_eq!(of(20_000, 30), (2, 9));
}

#[test]
fn a_style_is_read_from_a_configuration() {
    let style: Style = toml::from_str("line-width = 3\nscores = false").expect("valid");
    assert_eq!(style, Style { line_width: Some(3), scores: false, ..Style::default() });
    assert!(toml::from_str::<Style>("linewidth = 3").is_err());
}

fn coordinate() -> impl Strategy<Value = f32> {
    prop_oneof![
        -100.0f32..400.0,
        any::<f32>(),
        Just(f32::NAN),
        Just(f32::INFINITY),
        Just(f32::NEG_INFINITY),
        Just(0.0),
        Just(f32::MAX),
        Just(f32::MIN)
    ]
}

proptest! {
    #[test]
    fn nothing_panics(
        size in (0u32..300, 0u32..300),
        boxes in proptest::collection::vec(
            (proptest::array::uniform4(coordinate()), any::<u32>(), any::<f32>(), ".{0,50}"), 0..12),
        corners in proptest::option::of(proptest::array::uniform4(proptest::array::uniform2(coordinate()))),
        line in proptest::option::of(any::<u32>()), text in proptest::option::of(any::<f32>()),
    ) {
        let mut instances: Vec<Instance> =
            boxes.iter().map(|(rect, class, score, label)| instance(*class, label, *score, *rect)).collect();
        if let Some(first) = instances.first_mut() {
            first.corners = corners.map(Quad);
        }
        if let Some(child) = instances.pop() && let Some(parent) = instances.first_mut() {
            parent.children.push(child);
        }
        let mut image = RgbImage::new(size.0, size.1);
        let style = Style { line_width: line, text_size: text, ..Style::default() };
        annotate(&mut image, &detect(instances), &style);
        prop_assert_eq!(image.dimensions(), size);
    }
}
