use proptest::prelude::*;

use super::*;

fn detection(x: f64, y: f64, class: u32, score: f64) -> Detection {
    Detection { area: Area([x, y, x + 20.0, y + 40.0]), class, score }
}

fn run(settings: Settings, frames: &[Vec<Detection>]) -> Vec<Vec<Option<Seen>>> {
    let mut tracker = settings.tracker();
    (1..).zip(frames).map(|(number, frame)| tracker.update(number, frame)).collect()
}

fn tracks(seen: &[Vec<Option<Seen>>]) -> Vec<Vec<Option<u32>>> {
    seen.iter().map(|frame| frame.iter().map(|found| found.map(|found| found.track)).collect()).collect()
}

const BOTH: [Method; 2] = [Method::ByteTrack, Method::OcSort];

/// Two things that pass each other in opposite directions, 6 pixels a frame.
#[test]
fn things_that_pass_each_other_keep_their_numbers() {
    let frames: Vec<Vec<Detection>> = (0..30)
        .map(|n| {
            vec![
                detection(6.0 * f64::from(n), 0.0, 0, 0.9),
                detection(180.0 - 6.0 * f64::from(n), 12.0, 0, 0.9),
            ]
        })
        .collect();
    for method in BOTH {
        let seen = tracks(&run(Settings::of(method), &frames));
        assert!(seen.iter().all(|frame| frame == &[Some(0), Some(1)]), "{method:?} {seen:?}");
    }
}

#[test]
fn weak_detections_continue_a_track_and_begin_none() {
    let frames: Vec<Vec<Detection>> = (0..8)
        .map(|n| vec![detection(0.0, 0.0, 0, if n < 4 { 0.9 } else { 0.2 }), detection(99.0, 0.0, 0, 0.3)])
        .collect();
    let seen = tracks(&run(Settings::of(Method::ByteTrack), &frames));
    assert!(seen.iter().all(|frame| frame == &[Some(0), None]));
    // OC-SORT as published leaves weak ones out.
    let seen = tracks(&run(Settings::of(Method::OcSort), &frames));
    assert_eq!((seen[3][0], seen[4][0], seen[4][1]), (Some(0), None, None));
}

#[test]
fn a_track_outlives_its_detections_as_long_as_the_buffer_says() {
    for method in BOTH {
        let settings = Settings { buffer: 5, ..Settings::of(method) };
        let gap = |missing: usize| {
            let one = || vec![detection(0.0, 0.0, 0, 0.9)];
            let mut frames: Vec<_> = (0..5).map(|_| one()).collect();
            frames.extend((0..missing).map(|_| Vec::new()));
            frames.push(one());
            tracks(&run(settings, &frames)).pop().unwrap()
        };
        assert_eq!((gap(5), gap(6)), (vec![Some(0)], vec![Some(1)]), "{method:?}");
    }
}

/// A detector that takes a dog for a cat for one frame.
#[test]
fn classes_are_apart_unless_asked_otherwise() {
    let frames: Vec<Vec<Detection>> =
        (0..6).map(|n| vec![detection(f64::from(n), 0.0, u32::from(n == 3), 0.9)]).collect();
    for method in BOTH {
        let apart = tracks(&run(Settings::of(method), &frames)).concat();
        assert_eq!(apart, [0, 0, 0, 1, 0, 0].map(Some), "{method:?}");
        let across = Settings { by_class: false, ..Settings::of(method) };
        assert_eq!(tracks(&run(across, &frames)).concat(), [Some(0); 6], "{method:?}");
    }
}

/// OC-SORT's recovery: a thing that stopped while it was hidden is found where it was last seen, and not where
/// it would have gone.
#[test]
fn a_thing_that_stopped_while_hidden_is_found_again() {
    let mut frames: Vec<Vec<Detection>> =
        (0..10).map(|n| vec![detection(8.0 * f64::from(n), 0.0, 0, 0.9)]).collect();
    frames.extend((0..8).map(|_| Vec::new()));
    frames.push(vec![detection(76.0, 0.0, 0, 0.9)]);
    let seen = tracks(&run(Settings::of(Method::OcSort), &frames));
    assert_eq!(seen.last().unwrap(), &[Some(0)]);
    let seen = tracks(&run(Settings::of(Method::ByteTrack), &frames));
    assert_eq!(seen.last().unwrap(), &[Some(1)]);
}

#[test]
fn boxes_without_surface_are_left_alone() {
    let flat = Detection { area: Area([5.0, 5.0, 5.0, 9.0]), class: 0, score: 0.9 };
    let nowhere = Detection { area: Area([f64::NAN, 0.0, 1.0, 1.0]), class: 0, score: 0.9 };
    for method in BOTH {
        let seen = run(Settings::of(method), &[vec![flat, nowhere], vec![flat, nowhere]]);
        assert!(seen.concat().iter().all(Option::is_none));
    }
}

proptest! {
    /// Whatever is detected: no two detections of a frame are one thing, numbers appear in order, and the same
    /// frames give the same tracks.
    #[test]
    fn tracks_are_sound(
        frames in prop::collection::vec(
            prop::collection::vec((0.0f64..200.0, 0.0f64..100.0, 0u32..2, 0.0f64..1.0), 0..8), 1..12,
        ),
        by_class: bool,
    ) {
        let boxes = |frame: &Vec<(f64, f64, u32, f64)>| {
            frame.iter().map(|(x, y, class, score)| detection(*x, *y, *class, *score)).collect()
        };
        let frames: Vec<Vec<Detection>> = frames.iter().map(boxes).collect();
        for method in BOTH {
            let settings = Settings { by_class, ..Settings::of(method) };
            let seen = run(settings, &frames);
            prop_assert_eq!(&seen, &run(settings, &frames));
            let mut class_of = std::collections::BTreeMap::new();
            for (frame, seen) in frames.iter().zip(&seen) {
                prop_assert_eq!(frame.len(), seen.len());
                let mut once = std::collections::BTreeSet::new();
                for (detection, found) in frame.iter().zip(seen) {
                    let Some(found) = found else { continue };
                    prop_assert!(once.insert(found.track), "one thing twice in a frame");
                    let class = *class_of.entry(found.track).or_insert(detection.class);
                    prop_assert!(!by_class || class == detection.class);
                }
            }
        }
    }
}

#[derive(serde::Deserialize)]
struct Golden {
    /// Left, top, right, bottom and score.
    frames: Vec<Vec<[f64; 5]>>,
    tracks: Vec<Vec<Option<u32>>>,
}

/// The tracks of tests/golden/make_tracks.py, which runs reference implementations: the same detections joined,
/// whatever the tracks' numbers.
#[test]
fn the_street_is_tracked_as_by_the_reference_implementations() {
    for (method, text) in [
        (Method::ByteTrack, include_str!("../../tests/golden/track/bytetrack.json")),
        (Method::OcSort, include_str!("../../tests/golden/track/oc-sort.json")),
    ] {
        let golden: Golden = serde_json::from_str(text).unwrap();
        let boxes = |[x1, y1, x2, y2, score]: &[f64; 5]| Detection {
            area: Area([*x1, *y1, *x2, *y2]),
            class: 0,
            score: *score,
        };
        let frames: Vec<Vec<Detection>> =
            golden.frames.iter().map(|frame| frame.iter().map(boxes).collect()).collect();
        let own = tracks(&run(Settings::of(method), &frames));
        let (mut there, mut back) = (std::collections::BTreeMap::new(), std::collections::BTreeMap::new());
        let mut joined = 0;
        for (number, (own, reference)) in own.iter().zip(&golden.tracks).enumerate() {
            for (own, reference) in own.iter().zip(reference) {
                assert_eq!(own.is_some(), reference.is_some(), "{method:?} frame {number}");
                let Some((own, reference)) = own.zip(*reference) else { continue };
                assert_eq!(*there.entry(own).or_insert(reference), reference, "{method:?} frame {number}");
                assert_eq!(*back.entry(reference).or_insert(own), own, "{method:?} frame {number}");
                joined += 1;
            }
        }
        assert!(
            joined > 500 && there.len() > 20,
            "{method:?}: {joined} detections in {} tracks",
            there.len()
        );
    }
}
