//! What tracks do at zones and lines: a pure function of where things were.
//!
//! An edge has a dead band: a thing that was on one side is on the other when it is past the edge by the margin,
//! or has stayed there long enough. The event then bears the frame in which it passed, so that trembling delays
//! nothing and counts nothing twice.

use serde::Serialize;

use super::geometry::{distance, inside, passes, side, to_edge};
use super::{Place, Shape, Zones};
use crate::track::sequence::Place as Seen;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum EventKind {
    Leave,
    Enter,
    Cross,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    In,
    Out,
}

/// Something that happened in frame `frame` of a sequence.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Event {
    pub frame: u32,
    pub kind: EventKind,
    /// Index into [`Zones::places`].
    pub place: usize,
    pub track: u32,
    pub class: u32,
    /// Of a crossing.
    pub direction: Option<Direction>,
    /// Of leaving: the frame in which the thing entered.
    pub since: Option<u32>,
    /// Of leaving: whether the thing was last seen inside, rather than seen outside.
    pub lost: bool,
    /// Where the thing was, pixels.
    pub at: [f64; 2],
}

/// All events of a sequence whose things were where `tracks` say, by number from 1; in order of frames. `wants`
/// says whether a class counts at a place; `zones` are in pixels.
pub fn events(zones: &Zones, tracks: &[Vec<Seen>], wants: &dyn Fn(&Place, u32) -> bool) -> Vec<Event> {
    let mut all = Vec::new();
    for (path, track) in tracks.iter().zip(1..) {
        let Some(first) = path.first() else { continue };
        let mut passer = Passer::new(zones, track, first.class, wants);
        path.iter().for_each(|seen| passer.step(zones, seen, &mut all));
        passer.end(zones, &mut all);
    }
    // Who is seen outside has left before others enter; who is last seen inside is still there. Stable, so that a
    // thing's own events keep their order.
    let has_left = |event: &Event| event.kind == EventKind::Leave && !event.lost;
    all.sort_by_key(|event| (event.frame, event.place, !has_left(event)));
    all
}

/// A thing on its way past all places, step by step: what is kept of it does not grow.
#[derive(Debug)]
pub struct Passer {
    track: u32,
    /// Of each place whether the thing counts there, and how it stands to it.
    places: Vec<Option<State>>,
}

#[derive(Debug, Clone, Copy, Default)]
struct State {
    /// The last step.
    last: Option<Seen>,
    /// Of a zone: the frame in which the thing entered.
    entered: Option<u32>,
    /// Of a line: the side a thing is on for certain, and where it was there last.
    certain: Option<(bool, [f64; 2])>,
    pending: Option<Pending>,
}

/// A change of sides that is not certain yet.
#[derive(Debug, Clone, Copy)]
struct Pending {
    /// The first step on the other side.
    first: Seen,
    /// Whether the step there went through the line.
    through: bool,
}

impl Passer {
    /// A thing of this class; `zones` are those of all its steps.
    pub fn new(zones: &Zones, track: u32, class: u32, wants: &dyn Fn(&Place, u32) -> bool) -> Self {
        let counts = |place: &Place| wants(place, class).then(State::default);
        Self { track, places: zones.places.iter().map(counts).collect() }
    }

    /// The thing was seen, later than before; adds what is certain by now.
    pub fn step(&mut self, zones: &Zones, seen: &Seen, all: &mut Vec<Event>) {
        for (index, (place, state)) in zones.places.iter().zip(&mut self.places).enumerate() {
            let Some(state) = state else { continue };
            let walk = Walk { zones, place, index, track: self.track };
            match &place.shape {
                Shape::Zone(corners) => walk.through_zone(corners, state, seen, all),
                Shape::Line([from, to]) => walk.over_line(*from, *to, state, seen, all),
            }
            state.last = Some(*seen);
        }
    }

    /// The thing will not be seen again.
    pub fn end(&self, zones: &Zones, all: &mut Vec<Event>) {
        for (index, (place, state)) in zones.places.iter().zip(&self.places).enumerate() {
            if let Some((since, last)) = state.and_then(|state| state.entered.zip(state.last)) {
                let walk = Walk { zones, place, index, track: self.track };
                all.push(Event { since: Some(since), lost: true, ..walk.event(EventKind::Leave, &last) });
            }
        }
    }
}

/// A track at a place.
struct Walk<'a> {
    zones: &'a Zones,
    place: &'a Place,
    index: usize,
    track: u32,
}

impl Walk<'_> {
    fn anchor(&self, seen: &Seen) -> [f64; 2] {
        self.place.anchor.of(seen.area)
    }

    /// Whether a thing has changed sides: past the edge by the margin, or there long enough.
    fn is_certain(&self, seen: &Seen, since: &Seen, far: f64) -> bool {
        let height = f64::from(seen.area[3] - seen.area[1]);
        far >= self.zones.margin * height || seen.frame - since.frame + 1 >= self.zones.settle
    }

    fn event(&self, kind: EventKind, seen: &Seen) -> Event {
        let (place, track, class) = (self.index, self.track, seen.class);
        let at = self.anchor(seen);
        Event { frame: seen.frame, kind, place, track, class, direction: None, since: None, lost: false, at }
    }

    fn through_zone(&self, corners: &[[f64; 2]], state: &mut State, seen: &Seen, all: &mut Vec<Event>) {
        let point = self.anchor(seen);
        let is_in = inside(corners, point);
        // A thing that begins inside is inside.
        if state.last.is_none() {
            if is_in {
                state.entered = Some(seen.frame);
                all.push(self.event(EventKind::Enter, seen));
            }
            return;
        }
        if is_in == state.entered.is_some() {
            state.pending = None;
            return;
        }
        let Pending { first, .. } = *state.pending.get_or_insert(Pending { first: *seen, through: false });
        if !self.is_certain(seen, &first, to_edge(corners, point)) {
            return;
        }
        match state.entered.take() {
            Some(since) => {
                all.push(Event { since: Some(since), ..self.event(EventKind::Leave, &first) });
            }
            None => {
                state.entered = Some(first.frame);
                all.push(self.event(EventKind::Enter, &first));
            }
        }
        state.pending = None;
    }

    fn over_line(&self, from: [f64; 2], to: [f64; 2], state: &mut State, seen: &Seen, all: &mut Vec<Event>) {
        let point = self.anchor(seen);
        let side = side(from, to, point);
        // On the line is still where it was.
        if side == 0.0 {
            return;
        }
        let right = side > 0.0;
        match state.certain {
            None => state.certain = Some((right, point)),
            Some((was, _)) if was == right => {
                state.certain = Some((right, point));
                state.pending = None;
            }
            Some((_, last)) => {
                let begun = Pending { first: *seen, through: passes(last, point, from, to) };
                let Pending { first, through } = *state.pending.get_or_insert(begun);
                // Beyond the ends of the line, too: the distance is to the nearest point of it.
                if self.is_certain(seen, &first, distance(from, to, point)) {
                    if through {
                        let direction = Some(if right { Direction::In } else { Direction::Out });
                        all.push(Event { direction, ..self.event(EventKind::Cross, &first) });
                    }
                    state.certain = Some((right, point));
                    state.pending = None;
                }
            }
        }
    }
}

/// How many things are in a zone from a frame on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timeline {
    pub place: usize,
    pub frame: u32,
    pub inside: u32,
}

/// The number of things in each zone wherever it changes, in order of frames. What is last seen in a zone is there
/// in that frame, and not in the next.
pub fn occupancy(places: usize, events: &[Event]) -> Vec<Timeline> {
    let mut inside = vec![0u32; places];
    let mut all: Vec<Timeline> = Vec::new();
    let changes = events.iter().filter(|event| event.kind != EventKind::Cross);
    let mut changes: Vec<(u32, &Event)> =
        changes.map(|event| (event.frame + u32::from(event.lost), event)).collect();
    changes.sort_by_key(|(frame, _)| *frame);
    for (frame, event) in changes {
        let place = event.place;
        let count = &mut inside[place];
        *count = if event.kind == EventKind::Enter { *count + 1 } else { count.saturating_sub(1) };
        match all.iter_mut().rev().take_while(|line| line.frame == frame).find(|line| line.place == place) {
            Some(line) => line.inside = *count,
            None => all.push(Timeline { place, frame, inside: *count }),
        }
    }
    all
}
