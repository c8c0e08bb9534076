use super::events::{Direction, Event, EventKind, Timeline, occupancy};
use super::*;
use crate::track::sequence::Place as Seen;

/// A box of height 100 and width 40 that stands at `x`, `y`, in consecutive frames.
fn path(feet: &[[f32; 2]]) -> Vec<Seen> {
    let seen = |(frame, [x, y]): (usize, &[f32; 2])| Seen {
        frame: frame as u32,
        class: 0,
        score: 0.9,
        area: [x - 20.0, y - 100.0, x + 20.0, *y],
    };
    feet.iter().enumerate().map(seen).collect()
}

fn zones(text: &str) -> Zones {
    super::read::parse(text).unwrap()
}

const LINE: &str = "margin = 0.05\nsettle = 10\n[[line]]\nname = 'door'\nfrom = [100, 200]\nto = [300, 200]";

fn happened(zones: &Zones, tracks: &[Vec<Seen>]) -> Vec<Event> {
    events(zones, tracks, &|_, _| true)
}

fn crossings(feet: &[[f32; 2]]) -> Vec<(u32, Direction)> {
    let of = |event: &Event| (event.frame, event.direction.unwrap());
    happened(&zones(LINE), &[path(feet)]).iter().map(of).collect()
}

/// Down the picture is from the left of a line that runs to the right, to its right.
#[test]
fn a_line_is_crossed_in_both_directions() {
    let down: Vec<[f32; 2]> = (0..10).map(|n| [200.0, 155.0 + 10.0 * n as f32]).collect();
    assert_eq!(crossings(&down), [(5, Direction::In)]);
    let up: Vec<[f32; 2]> = down.iter().rev().copied().collect();
    assert_eq!(crossings(&up), [(5, Direction::Out)]);
    let back: Vec<[f32; 2]> = down.iter().chain(&up).copied().collect();
    assert_eq!(crossings(&back), [(5, Direction::In), (15, Direction::Out)]);
}

/// Trembling by 4 pixels, less than the margin of 5, before it goes over.
#[test]
fn trembling_at_a_line_counts_once_or_not_at_all() {
    let mut feet: Vec<[f32; 2]> = (0..20).map(|n| [200.0, if n % 2 == 0 { 196.0 } else { 204.0 }]).collect();
    assert_eq!(crossings(&feet), []);
    feet.extend([[200.0, 204.0], [200.0, 215.0], [200.0, 204.0], [200.0, 230.0]]);
    assert_eq!(crossings(&feet), [(19, Direction::In)]);
}

#[test]
fn who_goes_round_the_line_or_stops_on_it_does_not_cross() {
    assert_eq!(crossings(&[[320.0, 150.0], [320.0, 190.0], [320.0, 230.0], [200.0, 250.0]]), []);
    assert_eq!(crossings(&[[200.0, 150.0], [200.0, 190.0], [200.0, 200.0], [200.0, 200.0]]), []);
    // On the line for a while, then over: one crossing, when it was over.
    assert_eq!(
        crossings(&[[200.0, 150.0], [200.0, 200.0], [200.0, 200.0], [200.0, 250.0]]),
        [(3, Direction::In)]
    );
    // On the line and back.
    assert_eq!(crossings(&[[200.0, 150.0], [200.0, 200.0], [200.0, 150.0]]), []);
}

/// Who stops just over the line has crossed it after a while, and did so when it came over.
#[test]
fn who_stays_just_over_the_line_has_crossed() {
    let mut feet = vec![[200.0, 180.0], [200.0, 190.0]];
    feet.extend([[200.0, 202.0]; 9]);
    assert_eq!(crossings(&feet), []);
    feet.push([200.0, 202.0]);
    assert_eq!(crossings(&feet), [(2, Direction::In)]);
}

/// Hidden while it passes: seen at frames 0 and 9 only.
#[test]
fn a_crossing_that_nobody_saw_counts() {
    let mut seen = path(&[[200.0, 100.0], [200.0, 300.0]]);
    seen[1].frame = 9;
    let events = happened(&zones(LINE), &[seen]);
    assert_eq!(
        events.iter().map(|event| (event.frame, event.kind)).collect::<Vec<_>>(),
        [(9, EventKind::Cross)]
    );
}

const ZONE: &str = "margin = 0.05\nsettle = 10\n[[zone]]\nname = 'yard'\npolygon = [[100, 100], [300, 100], [300, 300], [100, 300]]";

/// One walks through from frame 3 to 7, one stands inside from the first frame to the last.
#[test]
fn zones_tell_who_entered_how_long_they_stayed_and_how_many_there_were() {
    let through: Vec<[f32; 2]> = (0..10).map(|n| [-10.0 + 50.0 * n as f32, 200.0]).collect();
    let standing = vec![[200.0, 250.0]; 6];
    let events = happened(&zones(ZONE), &[path(&through), path(&standing)]);
    let told: Vec<_> = events.iter().map(|e| (e.frame, e.kind, e.track, e.since, e.lost)).collect();
    use EventKind::{Enter, Leave};
    assert_eq!(
        told,
        [
            (0, Enter, 2, None, false),
            (3, Enter, 1, None, false),
            (5, Leave, 2, Some(0), true),
            (7, Leave, 1, Some(3), false),
        ]
    );
    let line = |line: &Timeline| (line.frame, line.inside);
    assert_eq!(occupancy(1, &events).iter().map(line).collect::<Vec<_>>(), [(0, 1), (3, 2), (6, 1), (7, 0)]);
}

#[test]
fn who_is_seen_once_enters_and_leaves() {
    let events = happened(&zones(ZONE), &[path(&[[200.0, 250.0]])]);
    assert_eq!(
        events.iter().map(|e| (e.frame, e.kind)).collect::<Vec<_>>(),
        [(0, EventKind::Enter), (0, EventKind::Leave),]
    );
    let line = |line: &Timeline| (line.frame, line.inside);
    assert_eq!(occupancy(1, &events).iter().map(line).collect::<Vec<_>>(), [(0, 1), (1, 0)]);
}

#[test]
fn trembling_at_the_edge_of_a_zone_is_no_visit() {
    let feet: Vec<[f32; 2]> = (0..30).map(|n| [200.0, if n % 2 == 0 { 303.0 } else { 297.0 }]).collect();
    assert_eq!(happened(&zones(ZONE), &[path(&feet)]), []);
}

/// The anchor decides: a box whose feet are inside and whose head is not.
#[test]
fn anchors_classes_and_shares_of_the_picture() {
    let text = "units = 'relative'\nanchor = 'top'\n[[zone]]\nname = 'sky'\npolygon = [[0, 0], [1, 0], [1, 0.5], [0, 0.5]]\n\
                [[zone]]\nname = 'ground'\nanchor = 'bottom'\nclasses = ['car']\npolygon = [[0, 0], [1, 0], [1, 0.5], [0, 0.5]]";
    let zones = zones(text).in_pixels([400, 300]);
    assert_eq!(
        zones.places[0].shape,
        Shape::Zone(vec![[0.0, 0.0], [400.0, 0.0], [400.0, 150.0], [0.0, 150.0]])
    );
    let standing = vec![path(&[[200.0, 200.0]])];
    let names = |class_is_car: bool| -> Vec<&str> {
        let wants = |place: &Place, _: u32| place.labels.is_empty() || class_is_car;
        events(&zones, &standing, &wants)
            .iter()
            .map(|event| zones.places[event.place].name.as_str())
            .collect()
    };
    assert_eq!(names(true), ["sky", "sky"]);
    assert_eq!(names(false), ["sky", "sky"]);
    let high = vec![path(&[[200.0, 120.0]])];
    let car = events(&zones, &high, &|_, _| true);
    assert_eq!(car.iter().filter(|event| event.place == 1).count(), 2);
    assert_eq!(events(&zones, &high, &|place, _| place.labels.is_empty()).len(), 2);
}

#[test]
fn what_is_wrong_in_a_file_is_said_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("zones.toml");
    for (text, line, said) in [
        ("", 1, "no zone and no line"),
        ("[[line]]\nname = 'a'\nfrom = [1, 2]\n", 1, "missing field `to`"),
        ("[[line]]\nname = 'a'\nfrom = [1, 2]\nto = [1, 2]\n", 4, "one point"),
        ("[[zone]]\nname = 'a'\npolygon = [[1, 2], [3, 4]]\n", 3, "at least three"),
        ("[[zone]]\nname = 'a'\npolygon = [[1, 2], [3, 4]\n", 3, ""),
        (
            "units = 'relative'\n[[zone]]\nname = 'a'\npolygon = [[1, 2], [300, 4], [1, 1]]\n",
            4,
            "shares of the picture",
        ),
        (
            "[[zone]]\nname = 'a'\npolygon = [[1, 2], [300, 4], [1, 1]]\ncolour = 3\n",
            4,
            "unknown field `colour`",
        ),
        ("margin = 7\n[[zone]]\nname = 'a'\npolygon = [[1, 2], [300, 4], [1, 1]]\n", 1, "0 to 1"),
        (
            "[[line]]\nname='a'\nfrom=[1,2]\nto=[3,4]\n[[zone]]\nname='a'\npolygon=[[1, 2], [30, 4], [1, 1]]\n",
            2,
            "another",
        ),
    ] {
        std::fs::write(&file, text).unwrap();
        let error = read(&file).unwrap_err();
        assert_eq!(error.kind, crate::error::Kind::Config);
        assert!(error.message.contains(&format!("zones.toml: line {line}: ")), "{text:?}: {}", error.message);
        assert!(error.message.contains(said), "{text:?}: {}", error.message);
        assert!(error.message.contains("expected"), "{text:?}: {}", error.message);
    }
}

proptest::proptest! {
    #[test]
    fn any_text_is_zones_or_refused(text in "(units|margin|settle|\\[\\[zone\\]\\]|\\[\\[line\\]\\]|name|polygon|from|to| = |\\[|\\]|,|[0-9.e-]{1,4}|'[a-z]?'|\n){0,40}") {
        if let Err((at, what)) = super::read::parse(&text) {
            proptest::prop_assert!(at <= text.len() && !what.is_empty());
        }
    }

    /// Wherever a thing goes: it enters and leaves in turn, and it crosses in alternating directions.
    #[test]
    fn events_of_a_thing_take_turns(feet in proptest::collection::vec((80.0f32..320.0, 80.0f32..320.0), 1..60)) {
        let feet: Vec<[f32; 2]> = feet.into_iter().map(|(x, y)| [x, y]).collect();
        let inside = happened(&zones(ZONE), &[path(&feet)]);
        for (n, event) in inside.iter().enumerate() {
            proptest::prop_assert_eq!(event.kind, if n % 2 == 0 { EventKind::Enter } else { EventKind::Leave });
        }
        proptest::prop_assert_eq!(inside.len() % 2, 0);
        // A line across everything, so that nobody goes round it.
        let line = zones("[[line]]\nname = 'all'\nfrom = [-1000, 200]\nto = [1000, 200]");
        let crossed = happened(&line, &[path(&feet)]);
        for pair in crossed.windows(2) {
            proptest::prop_assert!(pair[0].direction != pair[1].direction && pair[0].frame < pair[1].frame);
        }
    }
}
