//! A whole sequence decided: numbers that hold from a thing's first frame to its last, gaps filled, tails.
//!
//! A live tracker is sure of a thing only when it has seen it again. Here all frames are known before the first
//! result is written, so a thing has its number from the frame it began in.

use std::collections::BTreeMap;

use super::{Area, Detection, Seen, Tracker};

/// Takes a sequence's frames in order. What is kept is 40 bytes a tracked box.
pub struct Follower {
    tracker: Box<dyn Tracker>,
    /// Whether numbers begin only where the tracker was sure at the time.
    live: bool,
    frames: u64,
    /// Of every frame the tracks of its detections.
    seen: Vec<Vec<Option<u32>>>,
    /// Of every track, by the tracker's number.
    paths: Vec<Path>,
}

/// Where a thing was, in order of frames.
#[derive(Debug, Default, Clone)]
struct Path {
    confirmed: bool,
    places: Vec<Place>,
}

/// A box of a track in frame `frame`, counted from 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Place {
    pub frame: u32,
    pub class: u32,
    pub score: f32,
    pub area: [f32; 4],
}

/// A box that no detection gave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filled {
    /// As in [`Tracks::numbers`].
    pub track: u32,
    pub place: Place,
}

/// The tracks of a sequence.
#[derive(Debug, Default)]
pub struct Tracks {
    numbers: Vec<Vec<Option<u32>>>,
    /// By number, from 1.
    paths: Vec<Vec<Place>>,
    filled: BTreeMap<u32, Vec<Filled>>,
}

impl Follower {
    pub fn new(tracker: Box<dyn Tracker>) -> Self {
        Self { tracker, live: false, frames: 0, seen: Vec::new(), paths: Vec::new() }
    }

    /// As a tracker that cannot look ahead would number things.
    pub fn live(mut self, live: bool) -> Self {
        self.live = live;
        self
    }

    pub fn frame(&mut self, detections: &[Detection]) {
        self.frames += 1;
        let seen = self.tracker.update(self.frames, detections).into_iter();
        let seen: Vec<_> = seen.map(|found| found.filter(|found| found.confirmed || !self.live)).collect();
        for (found, detection) in seen.iter().zip(detections) {
            let Some(Seen { track, confirmed }) = *found else { continue };
            let track = track as usize;
            if self.paths.len() <= track {
                self.paths.resize(track + 1, Path::default());
            }
            let area = detection.area.0.map(|v| v as f32);
            let frame = (self.frames - 1) as u32;
            self.paths[track].confirmed |= confirmed;
            self.paths[track].places.push(Place {
                frame,
                class: detection.class,
                score: detection.score as f32,
                area,
            });
        }
        self.seen.push(seen.into_iter().map(|found| found.map(|found| found.track)).collect());
    }

    /// Numbers the things that the tracker was sure of at some time, from 1 in order of appearance. Gaps of at
    /// most `fill` frames between two detections of a thing are filled, and so are `linger` frames before its first
    /// and after its last one, where it is taken to stand still.
    pub fn finish(self, fill: u32, linger: u32) -> Tracks {
        let end = self.frames as u32;
        let mut numbers: Vec<Option<u32>> = vec![None; self.paths.len()];
        let mut order: Vec<usize> =
            (0..self.paths.len()).filter(|track| self.paths[*track].confirmed).collect();
        order.sort_by_key(|track| self.paths[*track].places[0].frame);
        for (track, number) in order.iter().zip(1..) {
            numbers[*track] = Some(number);
        }
        let named =
            |frame: Vec<Option<u32>>| frame.into_iter().map(|track| numbers[track? as usize]).collect();
        let mut all: Vec<Option<Path>> = self.paths.into_iter().map(Some).collect();
        let paths: Vec<Vec<Place>> =
            order.into_iter().filter_map(|track| Some(all[track].take()?.places)).collect();
        let mut filled: BTreeMap<u32, Vec<Filled>> = BTreeMap::new();
        for (path, track) in paths.iter().zip(1..) {
            for gap in path.windows(2).filter(|gap| gap[1].frame - gap[0].frame - 1 <= fill) {
                for place in between(&gap[0], &gap[1]) {
                    filled.entry(place.frame).or_default().push(Filled { track, place });
                }
            }
            for place in path.first().zip(path.last()).into_iter().flat_map(|ends| beyond(ends, linger, end))
            {
                filled.entry(place.frame).or_default().push(Filled { track, place });
            }
        }
        Tracks { numbers: self.seen.into_iter().map(named).collect(), paths, filled }
    }
}

/// Straight from one box to the other, the score too.
fn between<'a>(from: &'a Place, to: &'a Place) -> impl Iterator<Item = Place> + 'a {
    let span = f64::from(to.frame - from.frame);
    let (a, b) = (Area(from.area.map(f64::from)), Area(to.area.map(f64::from)));
    (from.frame + 1..to.frame).map(move |frame| {
        let share = f64::from(frame - from.frame) / span;
        let score = from.score + (to.score - from.score) * share as f32;
        Place { frame, class: from.class, score, area: a.towards(&b, share).0.map(|v| v as f32) }
    })
}

/// Where a thing was first and last seen, in the frames before and after, up to `end`.
fn beyond((first, last): (&Place, &Place), linger: u32, end: u32) -> impl Iterator<Item = Place> {
    let (first, last) = (*first, *last);
    let before = first.frame.saturating_sub(linger)..first.frame;
    let after = last.frame + 1..end.min(last.frame.saturating_add(1).saturating_add(linger));
    let still = |place: Place| move |frame| Place { frame, ..place };
    before.map(still(first)).chain(after.map(still(last)))
}

impl Tracks {
    /// The numbers of a frame's detections, as they were given; frames are counted from 0.
    pub fn numbers(&self, frame: usize) -> &[Option<u32>] {
        self.numbers.get(frame).map_or(&[], Vec::as_slice)
    }

    /// Boxes between detections, in order of numbers.
    pub fn filled(&self, frame: usize) -> &[Filled] {
        u32::try_from(frame).ok().and_then(|frame| self.filled.get(&frame)).map_or(&[], Vec::as_slice)
    }

    /// Where each thing was detected, by number from 1.
    pub fn paths(&self) -> &[Vec<Place>] {
        &self.paths
    }

    /// The places of thing `number` in the last `length` frames up to `frame`, the oldest first.
    pub fn tail(&self, number: u32, frame: usize, length: usize) -> &[Place] {
        let Some(path) = (number as usize).checked_sub(1).and_then(|n| self.paths.get(n)) else { return &[] };
        let at = |frame: usize| path.partition_point(|place| (place.frame as usize) < frame);
        &path[at((frame + 1).saturating_sub(length))..at(frame + 1)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Method, Settings};

    /// A square of 10 at `x`.
    fn square(x: f64, score: f64) -> Detection {
        Detection { area: Area([x, 0.0, x + 10.0, 10.0]), class: 0, score }
    }

    #[test]
    fn a_thing_has_its_number_from_its_first_frame_and_gaps_are_filled() {
        let mut follower = Follower::new(Settings::of(Method::ByteTrack).tracker());
        follower.frame(&[]);
        for x in [0.0, 1.0, 2.0] {
            follower.frame(&[square(100.0, 0.3), square(x, 0.9)]);
        }
        follower.frame(&[]);
        follower.frame(&[]);
        follower.frame(&[square(5.0, 0.6)]);
        let tracks = follower.finish(2, 0);
        // Frame 1 is where a live tracker would still wait for a second sight.
        assert_eq!(tracks.numbers(1), [None, Some(1)]);
        assert_eq!((tracks.numbers(4), tracks.numbers(6)), (&[][..], &[Some(1)][..]));
        let filled: Vec<_> = [4, 5].iter().flat_map(|frame| tracks.filled(*frame)).collect();
        assert_eq!(
            filled.iter().map(|f| (f.track, f.place.area[0])).collect::<Vec<_>>(),
            [(1, 3.0), (1, 4.0)]
        );
        assert!((filled[0].place.score - 0.8).abs() < 1e-6 && (filled[1].place.score - 0.7).abs() < 1e-6);
        let tail: Vec<u32> = tracks.tail(1, 6, 5).iter().map(|place| place.frame).collect();
        assert_eq!(tail, [2, 3, 6]);
        assert_eq!((tracks.paths().len(), tracks.tail(2, 6, 5).len(), tracks.tail(0, 6, 5).len()), (1, 0, 0));
    }

    #[test]
    fn a_live_tracker_waits_for_a_second_sight() {
        let mut follower = Follower::new(Settings::of(Method::ByteTrack).tracker()).live(true);
        follower.frame(&[]);
        (0..3).for_each(|_| follower.frame(&[square(0.0, 0.9)]));
        let tracks = follower.finish(0, 0);
        let numbers: Vec<_> = (1..4).map(|frame| tracks.numbers(frame)[0]).collect();
        assert_eq!((numbers, tracks.paths()[0].len()), (vec![None, Some(1), Some(1)], 2));
    }

    #[test]
    fn a_thing_lingers_where_it_was_first_and_last_seen() {
        let mut follower = Follower::new(Settings::of(Method::ByteTrack).tracker());
        follower.frame(&[]);
        follower.frame(&[]);
        for x in [4.0, 5.0, 6.0] {
            follower.frame(&[square(x, 0.9)]);
        }
        (0..4).for_each(|_| follower.frame(&[]));
        let tracks = follower.finish(0, 3);
        let filled: Vec<_> =
            (0..9).map(|frame| tracks.filled(frame).first().map(|f| f.place.area[0])).collect();
        let (a, b) = (Some(4.0), Some(6.0));
        assert_eq!(filled, [a, a, None, None, None, b, b, b, None]);
    }

    #[test]
    fn longer_gaps_stay_and_things_seen_once_have_no_number() {
        let mut follower = Follower::new(Settings::of(Method::ByteTrack).tracker());
        follower.frame(&[square(0.0, 0.9)]);
        follower.frame(&[square(0.0, 0.9), square(50.0, 0.9)]);
        (0..3).for_each(|_| follower.frame(&[]));
        follower.frame(&[square(0.0, 0.9)]);
        let tracks = follower.finish(2, 0);
        assert_eq!(tracks.numbers(1), [Some(1), None]);
        assert_eq!((tracks.numbers(5), tracks.filled(3)), (&[Some(1)][..], &[][..]));
    }
}
