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
    for (index, place) in zones.places.iter().enumerate() {
        for (path, track) in tracks.iter().zip(1..) {
            if path.first().is_none_or(|seen| !wants(place, seen.class)) {
                continue;
            }
            let walk = Walk { zones, place, index, track, path };
            match &place.shape {
                Shape::Zone(corners) => walk.through_zone(corners, &mut all),
                Shape::Line([from, to]) => walk.over_line(*from, *to, &mut all),
            }
        }
    }
    // Who is seen outside has left before others enter; who is last seen inside is still there. Stable, so that a
    // thing's own events keep their order.
    let has_left = |event: &Event| event.kind == EventKind::Leave && !event.lost;
    all.sort_by_key(|event| (event.frame, event.place, !has_left(event)));
    all
}

/// A track at a place.
struct Walk<'a> {
    zones: &'a Zones,
    place: &'a Place,
    index: usize,
    track: u32,
    path: &'a [Seen],
}

/// A change of sides that is not certain yet.
#[derive(Clone, Copy)]
struct Pending {
    /// Index of the first place on the other side.
    at: usize,
    /// Whether the step there went through the line.
    through: bool,
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

    fn through_zone(&self, corners: &[[f64; 2]], all: &mut Vec<Event>) {
        let mut entered: Option<u32> = None;
        let mut pending: Option<usize> = None;
        for (n, seen) in self.path.iter().enumerate() {
            let point = self.anchor(seen);
            let is_in = inside(corners, point);
            // A thing that begins inside is inside.
            if n == 0 {
                if is_in {
                    entered = Some(seen.frame);
                    all.push(self.event(EventKind::Enter, seen));
                }
                continue;
            }
            if is_in == entered.is_some() {
                pending = None;
                continue;
            }
            let first = &self.path[*pending.get_or_insert(n)];
            if !self.is_certain(seen, first, to_edge(corners, point)) {
                continue;
            }
            match entered.take() {
                Some(since) => {
                    all.push(Event { since: Some(since), ..self.event(EventKind::Leave, first) });
                }
                None => {
                    entered = Some(first.frame);
                    all.push(self.event(EventKind::Enter, first));
                }
            }
            pending = None;
        }
        if let Some((since, last)) = entered.zip(self.path.last()) {
            all.push(Event { since: Some(since), lost: true, ..self.event(EventKind::Leave, last) });
        }
    }

    fn over_line(&self, from: [f64; 2], to: [f64; 2], all: &mut Vec<Event>) {
        // The side a thing is on for certain, and where it was there last.
        let mut certain: Option<(bool, [f64; 2])> = None;
        let mut pending: Option<Pending> = None;
        for (n, seen) in self.path.iter().enumerate() {
            let point = self.anchor(seen);
            let side = side(from, to, point);
            // On the line is still where it was.
            if side == 0.0 {
                continue;
            }
            let right = side > 0.0;
            match certain {
                None => certain = Some((right, point)),
                Some((was, _)) if was == right => {
                    certain = Some((right, point));
                    pending = None;
                }
                Some((_, last)) => {
                    let begun = Pending { at: n, through: passes(last, point, from, to) };
                    let Pending { at, through } = *pending.get_or_insert(begun);
                    let first = &self.path[at];
                    // Beyond the ends of the line, too: the distance is to the nearest point of it.
                    if self.is_certain(seen, first, distance(from, to, point)) {
                        if through {
                            let direction = Some(if right { Direction::In } else { Direction::Out });
                            all.push(Event { direction, ..self.event(EventKind::Cross, first) });
                        }
                        certain = Some((right, point));
                        pending = None;
                    }
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
