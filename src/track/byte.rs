//! ByteTrack (Zhang et al., ECCV 2022): every detection counts, the sure ones first.

use super::assign::{Costs, within};
use super::kalman::ByHeight;
use super::{Detection, Seen, Settings, Tracker, distances};

/// Most cost (1 - IoU) of continuing with a weak detection, and of confirming a track that was seen once
/// (`byte_tracker.py`).
const WEAK: f64 = 0.5;
const UNCONFIRMED: f64 = 0.7;
/// Tracks that overlap more are one thing (`remove_duplicate_stracks`).
const SAME: f64 = 0.85;

#[derive(Debug, Clone)]
struct Track {
    number: u32,
    filter: ByHeight,
    confirmed: bool,
    lost: bool,
    /// The first frame and the last one with a detection.
    first: u64,
    last: u64,
}

pub struct ByteTrack {
    settings: Settings,
    tracks: Vec<Track>,
    next: u32,
}

impl ByteTrack {
    pub fn new(settings: Settings) -> Self {
        Self { settings, tracks: Vec::new(), next: 0 }
    }

    /// Indices of the tracks that `fits`.
    fn which(&self, fits: impl Fn(&Track) -> bool) -> Vec<usize> {
        (0..self.tracks.len()).filter(|n| fits(&self.tracks[*n])).collect()
    }

    /// One less overlap, times the detection's score where `fused`.
    fn costs(&self, tracks: &[usize], frame: &Frame, own: &[usize], fused: bool) -> Costs {
        let areas: Vec<_> = tracks.iter().map(|track| self.tracks[*track].filter.area()).collect();
        let boxes: Vec<_> = own.iter().map(|n| frame.detections[*n].area).collect();
        let plain = distances(&areas, &boxes);
        if !fused {
            return plain;
        }
        let score = |column: usize| frame.detections[own[column]].score;
        Costs::new(tracks.len(), own.len(), |row, column| 1.0 - (1.0 - plain.at(row, column)) * score(column))
    }

    /// Continues tracks with the detections `own`; those that were taken leave both lists.
    fn matched(
        &mut self,
        tracks: &mut Vec<usize>,
        frame: &mut Frame,
        own: &mut Vec<usize>,
        rule: (f64, bool),
    ) {
        let (limit, fused) = rule;
        let pairs = within(&self.costs(tracks, frame, own, fused), limit);
        let (mut of_tracks, mut of_own) = (vec![false; tracks.len()], vec![false; own.len()]);
        for (row, column) in pairs {
            (of_tracks[row], of_own[column]) = (true, true);
            let track = &mut self.tracks[tracks[row]];
            track.filter.update(&frame.detections[own[column]].area);
            (track.confirmed, track.lost, track.last) = (true, false, frame.number);
            frame.owner[own[column]] = Some(track.number);
        }
        retain_where(tracks, &of_tracks);
        retain_where(own, &of_own);
    }

    /// Of a track that goes on and a lost one at the same place, the older stays.
    fn without_twins(&mut self) {
        let (alive, lost) = (self.which(|track| !track.lost), self.which(|track| track.lost));
        let mut gone = vec![false; self.tracks.len()];
        for &a in &alive {
            for &b in &lost {
                let (own, other) = (&self.tracks[a], &self.tracks[b]);
                if own.filter.area().iou(&other.filter.area()) > SAME {
                    let older = own.last - own.first > other.last - other.first;
                    gone[if older { b } else { a }] = true;
                }
            }
        }
        let mut gone = gone.into_iter();
        self.tracks.retain(|_| gone.next() != Some(true));
    }
}

/// The detections of a frame and the tracks that took them.
struct Frame<'a> {
    number: u64,
    detections: &'a [Detection],
    owner: Vec<Option<u32>>,
}

fn retain_where(list: &mut Vec<usize>, taken: &[bool]) {
    let mut taken = taken.iter();
    list.retain(|_| taken.next() == Some(&false));
}

impl Tracker for ByteTrack {
    fn update(&mut self, number: u64, detections: &[Detection]) -> Vec<Option<Seen>> {
        let Settings { high, low, new, overlap, buffer, .. } = self.settings;
        let solid = |n: &usize| detections[*n].area.is_solid();
        let solid: Vec<usize> = (0..detections.len()).filter(solid).collect();
        let (mut sure, mut weak): (Vec<usize>, Vec<usize>) = solid
            .into_iter()
            .filter(|n| detections[*n].score > low)
            .partition(|n| detections[*n].score > high);
        let mut frame = Frame { number, detections, owner: vec![None; detections.len()] };

        // First the sure detections, to every track that is confirmed, lost ones too. The tracks in order as in
        // the authors' program, so that equal costs fall alike.
        let mut unconfirmed = self.which(|track| !track.confirmed);
        let mut pool = self.which(|track| track.confirmed && !track.lost);
        pool.extend(self.which(|track| track.lost));
        for track in &pool {
            let track = &mut self.tracks[*track];
            track.filter.predict(track.lost);
        }
        self.matched(&mut pool, &mut frame, &mut sure, (1.0 - overlap, true));
        // Then the weak ones, to tracks that were seen in the frame before.
        pool.retain(|track| !self.tracks[*track].lost);
        self.matched(&mut pool, &mut frame, &mut weak, (WEAK, false));
        pool.iter().for_each(|track| self.tracks[*track].lost = true);
        // What is left of the sure ones confirms tracks that were seen once; those that are not go.
        self.matched(&mut unconfirmed, &mut frame, &mut sure, (UNCONFIRMED, true));
        let mut gone = unconfirmed.into_iter().peekable();
        let mut index = 0..;
        self.tracks.retain(|_| gone.next_if_eq(&index.next().unwrap_or_default()).is_none());
        for n in sure.into_iter().filter(|n| detections[*n].score >= new) {
            let filter = ByHeight::new(&detections[n].area);
            // A thing in the first frame cannot have been seen before.
            let confirmed = number == 1;
            frame.owner[n] = Some(self.next);
            self.tracks.push(Track {
                number: self.next,
                filter,
                confirmed,
                lost: false,
                first: number,
                last: number,
            });
            self.next += 1;
        }
        self.tracks.retain(|track| !track.lost || number - track.last <= buffer);
        self.without_twins();
        let confirmed =
            |number: u32| self.tracks.iter().find(|track| track.number == number).map(|t| t.confirmed);
        let seen =
            |owner: Option<u32>| owner.and_then(|track| Some(Seen { track, confirmed: confirmed(track)? }));
        frame.owner.into_iter().map(seen).collect()
    }
}
