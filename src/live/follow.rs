//! Tracks and events of a stream, as it goes on: what is known by now, never what comes later.

use std::collections::{BTreeMap, HashMap, VecDeque};

use serde_json::{Value, json};

use crate::draw::Overlay;
use crate::pipeline::tracks::{Tracking, told};
use crate::prediction::Instance;
use crate::spec::LabelSet;
use crate::track::sequence::Place as Step;
use crate::track::{Area, Detection, Tracker};
use crate::zones::{Direction, Event, EventKind, Passer, Place, Zones};

/// Frames whose times are remembered: an event may be of a frame before the one that makes it certain.
const REMEMBERED: usize = 1000;

/// Follows the things of one stream.
pub struct Follow {
    tracking: Tracking,
    tracker: Box<dyn Tracker>,
    /// Frames looked at so far, which is what the tracker counts.
    looked_at: u64,
    /// Numbers of things by the tracker's, from 1 in the order in which the tracker was sure of them.
    numbers: HashMap<u32, u32>,
    given: u32,
    alive: BTreeMap<u32, Alive>,
    /// In pixels of the size that the stream has.
    zones: Option<([u32; 2], Zones)>,
    held: Vec<u32>,
    crossed: Vec<[u32; 2]>,
    times: VecDeque<(u32, f64)>,
}

struct Alive {
    /// The tracker's number.
    of_tracker: u32,
    passer: Option<Passer>,
    /// When it was seen last, in frames looked at.
    last: u64,
    tail: VecDeque<[f32; 2]>,
    /// When it entered each place that it is in, seconds.
    entered: HashMap<usize, f64>,
}

/// What a frame comes to.
pub struct Followed {
    /// The best first.
    pub instances: Vec<Instance>,
    pub overlay: Overlay,
    /// Number of the frame, its time and what happened there, as docs/format.md has it.
    pub events: Vec<(u32, f64, Value)>,
    /// How many things each zone holds.
    pub inside: Option<Value>,
}

impl Follow {
    pub fn new(tracking: &Tracking) -> Self {
        let places = tracking.zones.as_ref().map_or(0, |zones| zones.places.len());
        Self {
            tracking: tracking.clone(),
            tracker: tracking.settings.tracker(),
            looked_at: 0,
            numbers: HashMap::new(),
            given: 0,
            alive: BTreeMap::new(),
            zones: None,
            held: vec![0; places],
            crossed: vec![[0; 2]; places],
            times: VecDeque::new(),
        }
    }

    /// Frame `n`, `seconds` after the beginning, with what was found on it and whether that counts by itself.
    pub fn frame(
        &mut self,
        (n, seconds): (u32, f64),
        size: [u32; 2],
        found: Vec<(Instance, bool)>,
        labels: &LabelSet,
    ) -> Followed {
        self.looked_at += 1;
        if self.times.len() >= REMEMBERED {
            self.times.pop_front();
        }
        self.times.push_back((n, seconds));
        if self.zones.as_ref().is_none_or(|(of, _)| *of != size) {
            self.zones = self.tracking.zones.as_ref().map(|zones| (size, zones.in_pixels(size)));
        }
        let detection = |(instance, _): &(Instance, bool)| Detection {
            area: Area::from(instance.rect),
            class: instance.class,
            score: f64::from(instance.score),
        };
        let seen = self.tracker.update(self.looked_at, &found.iter().map(detection).collect::<Vec<_>>());
        let mut happened = Vec::new();
        let mut instances = Vec::new();
        for ((instance, counts), seen) in found.into_iter().zip(seen) {
            let track = seen.filter(|seen| seen.confirmed).map(|seen| {
                let number = self.number(seen.track);
                self.step(number, seen.track, n, &instance, labels, &mut happened);
                number
            });
            if counts || track.is_some() {
                instances.push(Instance { track, ..instance });
            }
        }
        self.forget(&mut happened);
        let events = happened.iter().filter_map(|event| self.told(event, labels)).collect();
        instances.sort_by(|a, b| b.score.total_cmp(&a.score));
        Followed { overlay: self.overlay(&instances), inside: self.inside(), instances, events }
    }

    /// The stream is over: what is still inside leaves.
    pub fn finish(&mut self, labels: &LabelSet) -> Vec<(u32, f64, Value)> {
        let mut happened = Vec::new();
        if let Some((_, zones)) = &self.zones {
            let passers = self.alive.values().filter_map(|alive| alive.passer.as_ref());
            passers.for_each(|passer| passer.end(zones, &mut happened));
        }
        happened.iter().filter_map(|event| self.told(event, labels)).collect()
    }

    fn number(&mut self, of_tracker: u32) -> u32 {
        let given = &mut self.given;
        *self.numbers.entry(of_tracker).or_insert_with(|| {
            *given += 1;
            *given
        })
    }

    fn step(
        &mut self,
        number: u32,
        of_tracker: u32,
        n: u32,
        instance: &Instance,
        labels: &LabelSet,
        happened: &mut Vec<Event>,
    ) {
        let zones = self.zones.as_ref().map(|(_, zones)| zones);
        let wants = |place: &Place, class: u32| {
            place.labels.is_empty() || place.labels.iter().any(|label| labels.index(label) == Some(class))
        };
        let (class, score) = (instance.class, instance.score);
        let begun = || Alive {
            of_tracker,
            passer: zones.map(|zones| Passer::new(zones, number, class, &wants)),
            last: 0,
            tail: VecDeque::new(),
            entered: HashMap::new(),
        };
        let alive = self.alive.entry(number).or_insert_with(begun);
        alive.last = self.looked_at;
        let area = Area::from(instance.rect).0.map(|v| v as f32);
        alive.tail.push_back([(area[0] + area[2]) / 2.0, area[3]]);
        if alive.tail.len() > self.tracking.tail {
            alive.tail.pop_front();
        }
        if let Some((passer, zones)) = alive.passer.as_mut().zip(zones) {
            passer.step(zones, &Step { frame: n, class, score, area }, happened);
        }
    }

    /// Things that will not come back: the tracker has given them up.
    fn forget(&mut self, happened: &mut Vec<Event>) {
        let (now, buffer) = (self.looked_at, self.tracking.settings.buffer);
        let gone: Vec<u32> = self
            .alive
            .iter()
            .filter(|(_, alive)| now > alive.last + buffer + 1)
            .map(|(number, _)| *number)
            .collect();
        for number in gone {
            let Some(alive) = self.alive.remove(&number) else { continue };
            self.numbers.remove(&alive.of_tracker);
            if let Some((passer, (_, zones))) = alive.passer.zip(self.zones.as_ref()) {
                passer.end(zones, happened);
            }
        }
    }

    /// Counts an event and puts it into words.
    fn told(&mut self, event: &Event, labels: &LabelSet) -> Option<(u32, f64, Value)> {
        let at = |n: u32| self.times.iter().rev().find(|(other, _)| *other == n).map(|(_, seconds)| *seconds);
        let seconds = at(event.frame).or(self.times.front().map(|(_, seconds)| *seconds))?;
        let since = self.entered(event, seconds);
        match event.kind {
            EventKind::Enter => self.held[event.place] += 1,
            EventKind::Leave => self.held[event.place] = self.held[event.place].saturating_sub(1),
            EventKind::Cross => {
                let [ins, outs] = &mut self.crossed[event.place];
                *(if event.direction == Some(Direction::In) { ins } else { outs }) += 1;
            }
        }
        let (_, zones) = self.zones.as_ref()?;
        let time = |n: u32| if Some(n) == event.since { since } else { Some(seconds) };
        let told = told::event(event, zones, &labels.name(event.class), (&|n| n, &time));
        Some((event.frame, seconds, told))
    }

    /// Keeps when a thing entered, and finds it again.
    fn entered(&mut self, event: &Event, seconds: f64) -> Option<f64> {
        // What is gone already was last seen inside.
        let alive = self.alive.get_mut(&event.track)?;
        match event.kind {
            EventKind::Enter => alive.entered.insert(event.place, seconds),
            EventKind::Leave => alive.entered.remove(&event.place),
            EventKind::Cross => None,
        }
    }

    fn overlay(&self, instances: &[Instance]) -> Overlay {
        let tails = instances.iter().filter_map(|instance| {
            let track = instance.track?;
            Some((track, self.alive.get(&track)?.tail.iter().copied().collect()))
        });
        let (held, crossed) = (|n: usize| self.held[n], |n: usize| self.crossed[n]);
        let places = self.zones.as_ref().map(|(_, zones)| told::outlines(zones, &held, &crossed));
        Overlay { tails: tails.collect(), places: places.unwrap_or_default() }
    }

    fn inside(&self) -> Option<Value> {
        let (_, zones) = self.zones.as_ref()?;
        let places = zones.places.iter().enumerate();
        let of = places.filter(|(_, place)| matches!(place.shape, crate::zones::Shape::Zone(_)));
        Some(Value::Object(of.map(|(n, place)| (place.name.clone(), json!(self.held[n]))).collect()))
    }
}
