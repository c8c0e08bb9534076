//! HOTA (Luiten et al., IJCV 2021): how well things are found times how well they are kept apart, as TrackEval
//! computes it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::Pair;
use crate::track::assign::{Costs, cheapest};

/// Thresholds of IoU: 0.05, 0.10 … 0.95.
const ALPHAS: usize = 19;

/// Means over the thresholds, 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Hota {
    pub hota: f64,
    /// Of detection: how many things are found, and how much of what is found is one.
    pub deta: f64,
    pub detre: f64,
    pub detpr: f64,
    /// Of association: how much of a thing's matches one track has.
    pub assa: f64,
    pub assre: f64,
    pub asspr: f64,
    /// Mean IoU of matches.
    pub loca: f64,
}

/// Counts at one threshold.
struct Level {
    alpha: f64,
    /// Matches of each thing and track that have any.
    matches: BTreeMap<(usize, usize), u32>,
    right: f64,
    overlap: f64,
}

/// Boxes of every thing, of every track, and of each pair of both.
struct Counts {
    tracks: usize,
    of_things: Vec<f64>,
    of_tracks: Vec<f64>,
    /// How much each pair overlaps compared with all that they overlap: how likely they belong together.
    together: Vec<f64>,
}

impl Counts {
    fn new(pair: &Pair) -> Self {
        let (mut of_things, mut of_tracks) = (vec![0.0; pair.things], vec![0.0; pair.tracks]);
        let mut together = vec![0.0; pair.things * pair.tracks];
        for frame in &pair.frames {
            frame.truth.iter().for_each(|thing| of_things[*thing] += 1.0);
            frame.found.iter().for_each(|track| of_tracks[*track] += 1.0);
            let columns: Vec<f64> = (0..frame.found.len())
                .map(|column| frame.overlap.iter().map(|row| row[column]).sum())
                .collect();
            for (thing, row) in frame.truth.iter().zip(&frame.overlap) {
                let sum: f64 = row.iter().sum();
                for ((track, overlap), column) in frame.found.iter().zip(row).zip(&columns) {
                    let all = sum + column - overlap;
                    if all > f64::EPSILON {
                        together[thing * pair.tracks + track] += overlap / all;
                    }
                }
            }
        }
        Self { tracks: pair.tracks, of_things, of_tracks, together }
    }

    /// Jaccard's index of a thing and a track with `common` boxes in common.
    fn jaccard(&self, thing: usize, track: usize, common: f64) -> f64 {
        common / (self.of_things[thing] + self.of_tracks[track] - common).max(1.0)
    }
}

pub(super) fn measure(pair: &Pair) -> Hota {
    let counts = Counts::new(pair);
    let aligned = |thing: usize, track: usize| {
        let common = counts.together[thing * counts.tracks + track];
        // No maximum with 1 here: of boxes that never meet both are 0.
        let all = counts.of_things[thing] + counts.of_tracks[track] - common;
        common / all
    };
    let level =
        |n: usize| Level { alpha: 0.05 * (n + 1) as f64, matches: BTreeMap::new(), right: 0.0, overlap: 0.0 };
    let mut levels: Vec<Level> = (0..ALPHAS).map(level).collect();
    for frame in &pair.frames {
        let score = |row: usize, column: usize| {
            aligned(frame.truth[row], frame.found[column]) * frame.overlap[row][column]
        };
        let costs = Costs::new(frame.truth.len(), frame.found.len(), |row, column| -score(row, column));
        for (row, column) in cheapest(&costs) {
            let overlap = frame.overlap[row][column];
            for level in levels.iter_mut().filter(|level| overlap >= level.alpha - f64::EPSILON) {
                level.right += 1.0;
                level.overlap += overlap;
                *level.matches.entry((frame.truth[row], frame.found[column])).or_default() += 1;
            }
        }
    }
    let (truth, found) = (counts.of_things.iter().sum(), counts.of_tracks.iter().sum());
    mean(levels.iter().map(|level| of_level(level, &counts, truth, found)).collect())
}

fn of_level(level: &Level, counts: &Counts, truth: f64, found: f64) -> [f64; 8] {
    let (mut assa, mut assre, mut asspr) = (0.0, 0.0, 0.0);
    for (&(thing, track), common) in &level.matches {
        let common = f64::from(*common);
        assa += common * counts.jaccard(thing, track, common);
        assre += common * common / counts.of_things[thing].max(1.0);
        asspr += common * common / counts.of_tracks[track].max(1.0);
    }
    let right = level.right;
    let [assa, assre, asspr] = [assa, assre, asspr].map(|sum| sum / right.max(1.0));
    let deta = right / (truth + found - right).max(1.0);
    let loca = if right > 0.0 { level.overlap / right } else { 1.0 };
    let (detre, detpr) = (right / truth.max(1.0), right / found.max(1.0));
    [(deta * assa).sqrt(), deta, detre, detpr, assa, assre, asspr, loca]
}

fn mean(levels: Vec<[f64; 8]>) -> Hota {
    let of = |n: usize| levels.iter().map(|level| level[n]).sum::<f64>() / levels.len() as f64;
    let [hota, deta, detre, detpr, assa, assre, asspr, loca] = std::array::from_fn(of);
    Hota { hota, deta, detre, detpr, assa, assre, asspr, loca }
}
