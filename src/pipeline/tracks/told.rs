//! Tracks, zones and events as pictures and records tell them.

use serde_json::{Map, Value, json};

use super::{Decided, RunTracks};
use crate::draw::{Outline, Overlay};
use crate::prediction::Instance;
use crate::zones::{Event, EventKind, Shape, Zones, occupancy, tallies};

impl RunTracks<'_> {
    /// Tails of the things that a frame shows, and the zones with their counts so far.
    pub(super) fn overlay(&self, decided: &Decided, frame: usize, instances: &[Instance]) -> Overlay {
        let point = |area: [f32; 4]| [(area[0] + area[2]) / 2.0, area[3]];
        let tail = |track: u32| {
            let places = decided.tracks.tail(track, frame, self.tracking.tail);
            (track, places.iter().map(|place| point(place.area)).collect())
        };
        let tails = instances.iter().filter_map(|instance| instance.track).map(tail).collect();
        let places = decided.zones.as_ref().map(|zones| outlines(zones, &decided.events, frame));
        Overlay { tails, places: places.unwrap_or_default() }
    }
}

/// Zones with what is in them in a frame, lines with what crossed them until then.
fn outlines(zones: &Zones, events: &[Event], frame: usize) -> Vec<Outline> {
    let until = &events[..events.partition_point(|event| event.frame as usize <= frame)];
    let tallies = tallies(zones.places.len(), until);
    let now = counts(until, zones.places.len(), frame);
    let single = |points: &[[f64; 2]]| points.iter().map(|point| point.map(|v| v as f32)).collect();
    let outline = |(n, place): (usize, &crate::zones::Place)| match &place.shape {
        Shape::Zone(corners) => {
            Outline { points: single(corners), closed: true, words: format!("{} {}", place.name, now[n]) }
        }
        Shape::Line(ends) => {
            let words = format!("{} in {} out {}", place.name, tallies[n].ins, tallies[n].outs);
            Outline { points: single(ends), closed: false, words }
        }
    };
    zones.places.iter().enumerate().map(outline).collect()
}

/// How many things are in each place in a frame.
fn counts(events: &[Event], places: usize, frame: usize) -> Vec<u32> {
    let mut now = vec![0; places];
    let lines = occupancy(places, events);
    lines.iter().filter(|line| line.frame as usize <= frame).for_each(|line| now[line.place] = line.inside);
    now
}

/// How many things are in each zone in a frame, by name.
pub(super) fn inside(events: &[Event], zones: &Zones, frame: usize) -> Value {
    let until = &events[..events.partition_point(|event| event.frame as usize <= frame)];
    let now = counts(until, zones.places.len(), frame).into_iter().zip(&zones.places);
    let of = now.filter(|(_, place)| matches!(place.shape, Shape::Zone(_)));
    Value::Object(of.map(|(count, place)| (place.name.clone(), json!(count))).collect())
}

/// As in docs/format.md.
pub(super) fn event(
    event: &Event,
    zones: &Zones,
    label: &str,
    seconds: &dyn Fn(u32) -> Option<f64>,
) -> Value {
    let mut told = Map::new();
    let place = if event.kind == EventKind::Cross { "line" } else { "zone" };
    told.insert("event".to_owned(), json!(event.kind));
    told.insert(place.to_owned(), json!(zones.places[event.place].name));
    told.insert("track".to_owned(), json!(event.track));
    told.insert("label".to_owned(), json!(label));
    if let Some(direction) = event.direction {
        told.insert("direction".to_owned(), json!(direction));
    }
    if let Some(since) = event.since {
        let mut stay = json!({ "since": since, "frames": event.frame - since });
        if let Some((from, to)) = seconds(since).zip(seconds(event.frame)) {
            stay["seconds"] = json!(((to - from) * 1e6).round() / 1e6);
        }
        told.insert("stay".to_owned(), stay);
        told.insert("seen_leaving".to_owned(), json!(!event.lost));
    }
    told.insert("at".to_owned(), json!(event.at.map(|v| (v * 1e3).round() / 1e3)));
    Value::Object(told)
}
