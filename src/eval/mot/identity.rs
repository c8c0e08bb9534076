//! Identity metrics (Ristani et al. 2016): how much of every thing one and the same track covers.

use serde::Serialize;

use super::{Pair, share};
use crate::track::assign::{Costs, cheapest};

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Identity {
    pub idf1: Option<f64>,
    pub idp: Option<f64>,
    pub idr: Option<f64>,
    pub idtp: usize,
    pub idfp: usize,
    pub idfn: usize,
}

pub(super) fn measure(pair: &Pair, iou: f64) -> Identity {
    // Frames in which each thing and each track could be one.
    let mut common = vec![0usize; pair.things * pair.tracks];
    let (mut truth, mut found) = (0, 0);
    for frame in &pair.frames {
        (truth, found) = (truth + frame.truth.len(), found + frame.found.len());
        for (thing, row) in frame.truth.iter().zip(&frame.overlap) {
            for (track, overlap) in frame.found.iter().zip(row) {
                common[thing * pair.tracks + track] += usize::from(1.0 - overlap <= 1.0 - iou);
            }
        }
    }
    let at = |thing: usize, track: usize| common[thing * pair.tracks + track];
    // One track for each thing, so that as many boxes as possible are right.
    let costs = Costs::new(pair.things, pair.tracks, |thing, track| -(at(thing, track) as f64));
    let idtp = cheapest(&costs).into_iter().map(|(thing, track)| at(thing, track)).sum();
    Identity {
        idf1: share(2 * idtp, truth + found),
        idp: share(idtp, found),
        idr: share(idtp, truth),
        idtp,
        idfp: found - idtp,
        idfn: truth - idtp,
    }
}
