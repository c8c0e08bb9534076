//! Tracks, zones and events as pictures and records tell them.

use serde_json::{Map, Value, json};

use super::{Decided, RunTracks};
use crate::draw::{Outline, Overlay};
use crate::prediction::Instance;
use crate::zones::{Direction, Event, EventKind, Shape, Zones, occupancy};

impl RunTracks<'_> {
    /// Tails of the things that a frame shows, and the zones with their counts so far.
    pub(super) fn overlay(&self, decided: &Decided, frame: usize, instances: &[Instance]) -> Overlay {
        let point = |area: [f32; 4]| [(area[0] + area[2]) / 2.0, area[3]];
        let tail = |track: u32| {
            let places = decided.tracks.tail(track, frame, self.tracking.tail);
            (track, places.iter().map(|place| point(place.area)).collect())
        };
        let tails = instances.iter().filter_map(|instance| instance.track).map(tail).collect();
        let counts = &decided.counts;
        let (held, crossed) = (|n| counts.held(n, frame), |n| counts.crossed(n, frame));
        let places = decided.zones.as_ref().map(|zones| outlines(zones, &held, &crossed));
        Overlay { tails, places: places.unwrap_or_default() }
    }
}

/// Zones with what is in them, lines with what crossed them in and out, each by number of the place.
pub fn outlines(
    zones: &Zones,
    held: &dyn Fn(usize) -> u32,
    crossed: &dyn Fn(usize) -> [u32; 2],
) -> Vec<Outline> {
    let single = |points: &[[f64; 2]]| points.iter().map(|point| point.map(|v| v as f32)).collect();
    let outline = |(n, place): (usize, &crate::zones::Place)| match &place.shape {
        Shape::Zone(corners) => {
            let words = format!("{} {}", place.name, held(n));
            Outline { points: single(corners), closed: true, words }
        }
        Shape::Line(ends) => {
            let [ins, outs] = crossed(n);
            let words = format!("{} in {ins} out {outs}", place.name);
            Outline { points: single(ends), closed: false, words }
        }
    };
    zones.places.iter().enumerate().map(outline).collect()
}

/// What each place counts from which frame on, so that any frame finds it quickly.
pub(super) struct Counts {
    /// Of each zone: frame, things in it.
    held: Vec<Vec<(u32, u32)>>,
    /// Of each line: frame, crossings in and out.
    crossed: Vec<Vec<(u32, [u32; 2])>>,
}

impl Counts {
    pub(super) fn new(places: usize, events: &[Event]) -> Self {
        let (mut held, mut crossed) = (vec![Vec::new(); places], vec![Vec::new(); places]);
        for line in occupancy(places, events) {
            held[line.place].push((line.frame, line.inside));
        }
        for event in events.iter().filter(|event| event.kind == EventKind::Cross) {
            let lines: &mut Vec<(u32, [u32; 2])> = &mut crossed[event.place];
            let [ins, outs] = lines.last().map_or([0, 0], |(_, counts)| *counts);
            let is_in = event.direction == Some(Direction::In);
            lines.push((event.frame, [ins + u32::from(is_in), outs + u32::from(!is_in)]));
        }
        Self { held, crossed }
    }

    fn held(&self, place: usize, frame: usize) -> u32 {
        last(&self.held[place], frame).unwrap_or(0)
    }

    fn crossed(&self, place: usize, frame: usize) -> [u32; 2] {
        last(&self.crossed[place], frame).unwrap_or([0, 0])
    }

    /// How many things are in each zone in a frame, by name.
    pub(super) fn inside(&self, zones: &Zones, frame: usize) -> Value {
        let places = zones.places.iter().enumerate();
        let of = places.filter(|(_, place)| matches!(place.shape, Shape::Zone(_)));
        Value::Object(of.map(|(n, place)| (place.name.clone(), json!(self.held(n, frame)))).collect())
    }
}

/// What holds in a frame.
fn last<T: Copy>(lines: &[(u32, T)], frame: usize) -> Option<T> {
    let until = lines.partition_point(|(from, _)| *from as usize <= frame);
    lines[..until].last().map(|(_, value)| *value)
}

/// What results call the n-th frame of the sequence.
type Number<'a> = &'a dyn Fn(u32) -> u32;
/// Its time.
type Seconds<'a> = &'a dyn Fn(u32) -> Option<f64>;

/// As in docs/format.md. `number` is what results call the n-th frame of the sequence.
pub fn event(event: &Event, zones: &Zones, label: &str, (number, seconds): (Number, Seconds)) -> Value {
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
        let mut stay = json!({ "since": number(since), "frames": event.frame - since });
        if let Some((from, to)) = seconds(since).zip(seconds(event.frame)) {
            stay["seconds"] = json!(((to - from) * 1e6).round() / 1e6);
        }
        told.insert("stay".to_owned(), stay);
        told.insert("seen_leaving".to_owned(), json!(!event.lost));
    }
    told.insert("at".to_owned(), json!(event.at.map(|v| (v * 1e3).round() / 1e3)));
    Value::Object(told)
}
