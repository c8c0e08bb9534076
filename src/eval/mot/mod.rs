//! Measuring tracks against truth: CLEAR MOT, identities, HOTA.

mod clear;
mod hota;
mod identity;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::error::{Error, Result};
use crate::track::Area;

pub use clear::Clear;
pub use hota::Hota;
pub use identity::Identity;

pub const SCHEMA: &str = "vision.eval-mot/1";

/// Boxes with numbers by frame, as a file gives them.
#[derive(Debug, Default, Clone)]
pub struct Boxes {
    /// Frames as the file counts them, usually from 1; number of the thing, its box in pixels.
    pub frames: BTreeMap<u64, Vec<(u64, Area)>>,
    pub notes: Vec<String>,
}

impl Boxes {
    fn ids(&self) -> BTreeMap<u64, usize> {
        let ids: BTreeSet<u64> = self.frames.values().flatten().map(|(id, _)| *id).collect();
        ids.into_iter().zip(0..).collect()
    }

    pub fn count(&self) -> usize {
        self.frames.values().map(Vec::len).sum()
    }
}

/// One frame of both sides; numbers are indices.
struct Frame {
    truth: Vec<usize>,
    found: Vec<usize>,
    /// IoU of each true box with each found one.
    overlap: Vec<Vec<f64>>,
}

/// Both sides, frame by frame.
struct Pair {
    frames: Vec<Frame>,
    things: usize,
    tracks: usize,
}

impl Pair {
    fn new(truth: &Boxes, found: &Boxes) -> Self {
        let (things, tracks) = (truth.ids(), found.ids());
        let numbers: BTreeSet<u64> = truth.frames.keys().chain(found.frames.keys()).copied().collect();
        let frame = |number: u64| {
            let of = |side: &Boxes| side.frames.get(&number).cloned().unwrap_or_default();
            let (own, other) = (of(truth), of(found));
            let row = |(_, area): &(u64, Area)| other.iter().map(|(_, found)| area.iou(found)).collect();
            let overlap = own.iter().map(row).collect();
            let indices = |boxes: &[(u64, Area)], ids: &BTreeMap<u64, usize>| {
                boxes.iter().filter_map(|(id, _)| ids.get(id).copied()).collect()
            };
            Frame { truth: indices(&own, &things), found: indices(&other, &tracks), overlap }
        };
        Self { frames: numbers.into_iter().map(frame).collect(), things: things.len(), tracks: tracks.len() }
    }
}

/// One side as it was read.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    pub frames: usize,
    pub tracks: usize,
    pub boxes: usize,
}

impl Side {
    fn of(boxes: &Boxes) -> Self {
        Self { frames: boxes.frames.len(), tracks: boxes.ids().len(), boxes: boxes.count() }
    }
}

#[derive(Debug, Clone, Serialize)]
pub struct MotReport {
    /// [`SCHEMA`].
    pub schema: &'static str,
    pub truth: Side,
    pub results: Side,
    /// Least IoU of a match for the CLEAR and identity metrics; HOTA takes 0.05 to 0.95.
    pub iou: f64,
    pub notes: Vec<String>,
    pub clear: Clear,
    pub identity: Identity,
    pub hota: Hota,
}

/// Pairs of things and tracks that are compared at most: three numbers are kept of each.
const MOST_PAIRS: usize = 20_000_000;

/// Measures `found` against `truth`. A truth that ends early says nothing of the frames behind its end: found
/// boxes there are left out and said.
///
/// # Errors
/// `Usage` for more things and tracks than can be compared.
pub fn evaluate(truth: &Boxes, mut found: Boxes, iou: f64) -> Result<MotReport> {
    let mut notes = truth.notes.clone();
    notes.append(&mut found.notes);
    if let Some(last) = truth.frames.keys().next_back() {
        let behind = found.frames.split_off(&(last + 1));
        if !behind.is_empty() {
            let boxes: usize = behind.values().map(Vec::len).sum();
            notes.push(format!(
                "the truth ends at frame {last}: {boxes} boxes of the results in {} later frames are left out",
                behind.len()
            ));
        }
    }
    let (things, tracks) = (truth.ids().len(), found.ids().len());
    if things.saturating_mul(tracks) > MOST_PAIRS {
        let message =
            format!("{things} things and {tracks} tracks; expected at most {MOST_PAIRS} pairs of both");
        return Err(Error::usage(message));
    }
    let pair = Pair::new(truth, &found);
    Ok(MotReport {
        schema: SCHEMA,
        truth: Side::of(truth),
        results: Side::of(&found),
        iou,
        notes,
        clear: clear::measure(&pair, iou),
        identity: identity::measure(&pair, iou),
        hota: hota::measure(&pair),
    })
}

/// `part` of `whole`, 0 to 1; `None` of nothing.
fn share(part: usize, whole: usize) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

impl MotReport {
    /// Tables for people.
    pub fn text(&self) -> String {
        use crate::cmd::say::columns;
        let side = |name: &str, side: &Side| {
            let Side { frames, tracks, boxes } = side;
            vec![name.to_owned(), format!("{frames} frames, {tracks} tracks, {boxes} boxes")]
        };
        let mut text = columns(&[side("truth", &self.truth), side("results", &self.results)]);
        self.notes.iter().for_each(|note| text += &format!("note: {note}\n"));
        let (c, i, h) = (&self.clear, &self.identity, &self.hota);
        let named = |heading: &[&str]| heading.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>();
        let numbers =
            |values: &[Option<f64>]| values.iter().map(|v| super::report::number(*v)).collect::<Vec<_>>();
        let counts = |values: &[usize]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
        let head = [
            named(&["MOTA", "IDF1", "HOTA", "DetA", "AssA", "LocA", "MOTP"]),
            numbers(&[c.mota, i.idf1, Some(h.hota), Some(h.deta), Some(h.assa), Some(h.loca), c.motp]),
        ];
        let rest = [
            named(&[
                "switches",
                "fragmentations",
                "missed",
                "false",
                "mostly tracked",
                "partly",
                "mostly lost",
            ]),
            counts(&[
                c.switches,
                c.fragmentations,
                c.misses,
                c.false_positives,
                c.mostly_tracked,
                c.partially_tracked,
                c.mostly_lost,
            ]),
        ];
        format!("{text}\n{}\n{}", columns(&head), columns(&rest))
    }
}

#[cfg(test)]
mod tests;
