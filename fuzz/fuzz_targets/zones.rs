//! Zones and lines, and what two things do there that walk as the text's bytes say.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use vision::track::sequence::Place;
use vision::zones::{self, EventKind};

include!("../file.rs");

static FILE: LazyLock<PathBuf> = LazyLock::new(|| vision_fuzz_file("zones"));

/// A walk of one step a byte, a box of 20 pixels.
fn walk(bytes: &[u8]) -> Vec<Place> {
    let mut at = [100.0f32, 100.0];
    let step = |(frame, byte): (usize, &u8)| {
        at[usize::from(byte & 1)] += f32::from(*byte) - 128.0;
        let [x, y] = at;
        Place { frame: frame as u32, class: 0, score: 0.9, area: [x, y, x + 20.0, y + 20.0] }
    };
    bytes.iter().enumerate().map(step).collect()
}

fuzz_target!(|bytes: &[u8]| {
    let Some((steps, text)) = bytes.split_at_checked(64) else { return };
    std::fs::write(&*FILE, text).expect("a file in memory");
    let Ok(found) = zones::read(&FILE) else { return };
    let found = found.in_pixels([640, 480]);
    let tracks = [walk(&steps[..32]), walk(&steps[32..])];
    let events = zones::events(&found, &tracks, &|_, _| true);
    assert!(events.windows(2).all(|pair| pair[0].frame <= pair[1].frame), "in order");
    for event in &events {
        assert!(event.place < found.places.len() && (1..=2).contains(&event.track) && event.frame < 32);
        assert!(event.at.iter().all(|v| v.is_finite()));
        assert!(event.since.is_none_or(|since| since <= event.frame));
        assert_eq!(event.direction.is_some(), event.kind == EventKind::Cross);
    }
    // Nobody leaves who has not entered, and at most two are there.
    for line in zones::occupancy(found.places.len(), &events) {
        assert!(line.inside <= 2);
    }
});
