//! Tracking: which detections of a sequence of frames are the same thing. Pure: boxes in, numbers out.

pub mod area;
pub mod assign;
pub mod byte;
pub mod kalman;
pub mod oc;
pub mod sequence;

use std::collections::BTreeMap;

pub use area::Area;
use assign::Costs;

/// A box that a tracker is given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Detection {
    pub area: Area,
    pub class: u32,
    /// 0 to 1.
    pub score: f64,
}

/// What a tracker says of a detection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The thing it is, counted from 0 in order of beginning; the same in every frame of a tracker.
    pub track: u32,
    /// Whether the tracker is sure by now that it is a thing; a live display would not show others.
    pub confirmed: bool,
}

/// Follows things from frame to frame.
pub trait Tracker: Send {
    /// What each detection of frame `frame`, counted from 1, belongs to; `None` where to nothing. Called once a
    /// frame, in order, also for frames without detections.
    fn update(&mut self, frame: u64, detections: &[Detection]) -> Vec<Option<Seen>>;
}

/// What is set of a tracker. Scores and overlaps are 0 to 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Settings {
    pub method: Method,
    /// Detections above this score begin tracks and are matched first.
    pub high: f64,
    /// Weaker ones down to this score continue tracks that found nothing better (ByteTrack).
    pub low: f64,
    /// Least score of a detection that begins a track (ByteTrack).
    pub new: f64,
    /// Least overlap of a detection with where its track is expected.
    pub overlap: f64,
    /// Frames that a track outlives its last detection.
    pub buffer: u64,
    /// Whether things of one class never become another's.
    pub by_class: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    ByteTrack,
    OcSort,
}

impl Settings {
    /// As the authors' programs have them. ByteTrack's `track_thresh` 0.5, `match_thresh` 0.8 as a cost, which
    /// is an overlap of 0.2, and tracks from `track_thresh + 0.1` (`byte_tracker.py`, `tools/track.py`).
    /// OC-SORT's `det_thresh` 0.6 and `iou_threshold` 0.3 (`ocsort.py`, `utils/args.py`); both keep tracks 30
    /// frames.
    pub fn of(method: Method) -> Self {
        let (high, new, overlap) = match method {
            Method::ByteTrack => (0.5, 0.6, 0.2),
            Method::OcSort => (0.6, 0.6, 0.3),
        };
        Self { method, high, low: 0.1, new, overlap, buffer: 30, by_class: true }
    }

    /// A tracker; it is shown every class, or one.
    fn one(&self) -> Box<dyn Tracker> {
        match self.method {
            Method::ByteTrack => Box::new(byte::ByteTrack::new(*self)),
            Method::OcSort => Box::new(oc::OcSort::new(*self)),
        }
    }

    pub fn tracker(&self) -> Box<dyn Tracker> {
        if self.by_class { Box::new(ByClass::new(*self)) } else { self.one() }
    }
}

/// A tracker for each class, so that no thing takes over another's number.
struct ByClass {
    settings: Settings,
    trackers: BTreeMap<u32, Box<dyn Tracker>>,
    /// Numbers of all classes together, in order of beginning.
    numbers: BTreeMap<(u32, u32), u32>,
}

impl ByClass {
    fn new(settings: Settings) -> Self {
        Self { settings, trackers: BTreeMap::new(), numbers: BTreeMap::new() }
    }
}

impl Tracker for ByClass {
    fn update(&mut self, frame: u64, detections: &[Detection]) -> Vec<Option<Seen>> {
        for detection in detections {
            self.trackers.entry(detection.class).or_insert_with(|| self.settings.one());
        }
        let mut seen = vec![None; detections.len()];
        for (class, tracker) in &mut self.trackers {
            let own: Vec<usize> = (0..detections.len()).filter(|n| detections[*n].class == *class).collect();
            let boxes: Vec<Detection> = own.iter().map(|n| detections[*n]).collect();
            for (n, found) in own.into_iter().zip(tracker.update(frame, &boxes)) {
                let next = self.numbers.len() as u32;
                let mut number = |found: Seen| *self.numbers.entry((*class, found.track)).or_insert(next);
                seen[n] = found.map(|found| Seen { track: number(found), ..found });
            }
        }
        seen
    }
}

/// One less the overlap of each of `tracks` with each of `detections`.
fn distances(tracks: &[Area], detections: &[Area]) -> Costs {
    Costs::new(tracks.len(), detections.len(), |track, detection| {
        1.0 - tracks[track].iou(&detections[detection])
    })
}

#[cfg(test)]
mod tests;
