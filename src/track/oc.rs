//! OC-SORT (Cao et al., CVPR 2023): what was observed counts for more than what was predicted.

use super::assign::{Costs, cheapest};
use super::kalman::BySurface;
use super::{Area, Detection, Seen, Settings, Tracker};

/// Weight of keeping the direction (OCM), frames over which a direction is measured, and frames in a row after
/// which a track is sure: `inertia`, `delta_t` and `min_hits` of `ocsort.py`.
const INERTIA: f64 = 0.2;
const SPAN: u64 = 3;
const SURE: u64 = 3;

#[derive(Debug, Clone)]
struct Track {
    number: u32,
    filter: BySurface,
    /// The filter as it was when the detections stopped (ORU).
    frozen: Option<BySurface>,
    /// The last detection, and those of the last frames by age; the one that began the track is not among these.
    last: Area,
    recent: Vec<(u64, Area)>,
    /// Direction of motion, a vector of length 1.
    heading: Option<[f64; 2]>,
    age: u64,
    /// Frames since the last detection, and frames in a row with one.
    missed: u64,
    streak: u64,
}

impl Track {
    fn new(number: u32, area: Area) -> Self {
        let filter = BySurface::new(&area);
        let (frozen, recent, heading) = (None, Vec::new(), None);
        Self { number, filter, frozen, last: area, recent, heading, age: 0, missed: 0, streak: 0 }
    }

    fn predict(&mut self) {
        if self.missed > 0 {
            self.streak = 0;
            // Frames without a detection begin: where one ends them, what was predicted meanwhile is taken back.
            if self.missed == 1 {
                self.frozen = Some(self.filter);
            }
        }
        self.filter.predict();
        self.age += 1;
        self.missed += 1;
    }

    /// Where it was [`SPAN`] frames ago, or as near to that as is known.
    fn before(&self) -> Option<Area> {
        let wanted = self.age.saturating_sub(SPAN);
        let within = self.recent.iter().find(|(age, _)| *age >= wanted && *age < self.age);
        within.or(self.recent.last()).map(|(_, area)| *area)
    }

    fn update(&mut self, area: Area) {
        if let Some(before) = self.before() {
            self.heading = Some(heading(&before, &area));
        }
        if let Some(frozen) = self.frozen.take() {
            self.filter = self.replayed(frozen, &area);
        }
        self.filter.update(&area);
        (self.last, self.missed) = (area, 0);
        self.streak += 1;
        self.recent.push((self.age, area));
        self.recent.retain(|(age, _)| age + SPAN >= self.age);
    }

    /// Observation-centric re-update: the filter as if the thing had gone straight from where it was last seen
    /// to `area`. As in the authors' program, `area` itself is taken in here and then once more.
    fn replayed(&self, mut filter: BySurface, area: &Area) -> BySurface {
        // Frozen before the step into the first frame without a detection.
        for step in 1..=self.missed {
            filter.update(&self.last.towards(area, step as f64 / self.missed as f64));
            if step < self.missed {
                filter.predict();
            }
        }
        filter
    }
}

/// The direction from the centre of one box to that of another.
fn heading(from: &Area, to: &Area) -> [f64; 2] {
    let ([x1, y1], [x2, y2]) = (from.centre(), to.centre());
    let (dx, dy) = (x2 - x1, y2 - y1);
    // The authors' guard against boxes that did not move.
    let length = dx.hypot(dy) + 1e-6;
    [dx / length, dy / length]
}

pub struct OcSort {
    settings: Settings,
    tracks: Vec<Track>,
    next: u32,
}

impl OcSort {
    pub fn new(settings: Settings) -> Self {
        Self { settings, tracks: Vec::new(), next: 0 }
    }

    /// How well a detection keeps a track's direction (OCM): 0.5 straight on, -0.5 straight back, times its score.
    fn consistency(track: &Track, detection: &Detection) -> f64 {
        let Some(own) = track.heading else { return 0.0 };
        let to = heading(&track.before().unwrap_or(track.last), &detection.area);
        let angle = (own[0] * to[0] + own[1] * to[1]).clamp(-1.0, 1.0).acos();
        (std::f64::consts::FRAC_PI_2 - angle) / std::f64::consts::PI * detection.score
    }

    /// Pairs of most `gain` whose overlap is enough.
    fn pairs(
        &self,
        sides: (&[usize], &[usize]),
        overlap: &Costs,
        extra: impl Fn(usize, usize) -> f64,
    ) -> Vec<(usize, usize)> {
        let (tracks, own) = sides;
        let costs =
            Costs::new(tracks.len(), own.len(), |row, column| -overlap.at(row, column) - extra(row, column));
        let mut pairs = cheapest(&costs);
        pairs.retain(|(row, column)| overlap.at(*row, *column) >= self.settings.overlap);
        pairs
    }

    fn overlaps(areas: &[Area], own: &[usize], detections: &[Detection]) -> Costs {
        Costs::new(areas.len(), own.len(), |row, column| areas[row].iou(&detections[own[column]].area))
    }
}

impl Tracker for OcSort {
    fn update(&mut self, number: u64, detections: &[Detection]) -> Vec<Option<Seen>> {
        let sure = |n: &usize| detections[*n].score > self.settings.high && detections[*n].area.is_solid();
        let mut own: Vec<usize> = (0..detections.len()).filter(sure).collect();
        let mut taken: Vec<(usize, usize)> = Vec::new();
        self.tracks.iter_mut().for_each(Track::predict);
        let mut tracks: Vec<usize> = (0..self.tracks.len()).collect();
        // First by overlap with what was predicted and by direction, then by overlap with what was last seen (OCR).
        for recovering in [false, true] {
            let area = |track: &usize| {
                let track = &self.tracks[*track];
                if recovering { track.last } else { track.filter.area() }
            };
            let areas: Vec<Area> = tracks.iter().map(area).collect();
            let overlap = Self::overlaps(&areas, &own, detections);
            let ahead = |row: usize, column: usize| match recovering {
                true => 0.0,
                false => INERTIA * Self::consistency(&self.tracks[tracks[row]], &detections[own[column]]),
            };
            let pairs = self.pairs((&tracks, &own), &overlap, ahead);
            taken.extend(pairs.iter().map(|(row, column)| (tracks[*row], own[*column])));
            tracks.retain(|track| !taken.iter().any(|(taken, _)| taken == track));
            own.retain(|n| !taken.iter().any(|(_, taken)| taken == n));
        }
        let mut seen = vec![None; detections.len()];
        for (track, n) in taken {
            let track = &mut self.tracks[track];
            track.update(detections[n].area);
            // A sequence's first frames cannot have shown a thing often.
            let confirmed = track.streak >= SURE || number <= SURE;
            seen[n] = Some(Seen { track: track.number, confirmed });
        }
        for n in own {
            seen[n] = Some(Seen { track: self.next, confirmed: number <= SURE });
            self.tracks.push(Track::new(self.next, detections[n].area));
            self.next += 1;
        }
        self.tracks.retain(|track| track.missed <= self.settings.buffer);
        seen
    }
}
