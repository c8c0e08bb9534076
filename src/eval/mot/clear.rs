//! CLEAR MOT (Bernardin and Stiefelhagen 2008), as py-motmetrics 1.4 counts it.

use serde::Serialize;

use super::{Frame, Pair, share};
use crate::track::assign::{Costs, cheapest};

/// More than all pairs of a frame can cost: as many matches as possible come first.
const NEVER: f64 = 1e6;

#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Clear {
    /// 1 less misses, false positives and switches for each true box; may be below 0.
    pub mota: Option<f64>,
    /// Mean of 1 - IoU over matches, as py-motmetrics gives it: less is better.
    pub motp: Option<f64>,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub matches: usize,
    pub misses: usize,
    pub false_positives: usize,
    pub switches: usize,
    pub fragmentations: usize,
    /// Things matched in 80 % and more of their frames, in less than 20 %, and in between.
    pub mostly_tracked: usize,
    pub partially_tracked: usize,
    pub mostly_lost: usize,
}

/// What became of a thing so far.
#[derive(Default, Clone)]
struct Thing {
    /// The track that it was matched with last.
    track: Option<usize>,
    frames: usize,
    matched: usize,
    /// Whether the last frame with it missed it, after one that did not.
    interrupted: bool,
}

pub(super) fn measure(pair: &Pair, iou: f64) -> Clear {
    let mut things = vec![Thing::default(); pair.things];
    let (mut clear, mut distance, mut boxes) = (Clear::default(), 0.0, 0);
    for frame in &pair.frames {
        let matches = matched(frame, &things, iou);
        for &(row, column) in &matches {
            let (thing, track) = (&mut things[frame.truth[row]], frame.found[column]);
            clear.switches += usize::from(thing.track.is_some_and(|before| before != track));
            thing.track = Some(track);
            distance += 1.0 - frame.overlap[row][column];
        }
        let mut seen = vec![false; frame.truth.len()];
        matches.iter().for_each(|(row, _)| seen[*row] = true);
        for (&thing, seen) in frame.truth.iter().zip(seen) {
            let thing = &mut things[thing];
            thing.frames += 1;
            thing.matched += usize::from(seen);
            // A gap counts once it ends: what follows the last match is no interruption.
            clear.fragmentations += usize::from(seen && thing.interrupted);
            thing.interrupted = !seen && thing.matched > 0;
        }
        boxes += frame.truth.len();
        clear.matches += matches.len();
        clear.misses += frame.truth.len() - matches.len();
        clear.false_positives += frame.found.len() - matches.len();
    }
    for thing in things.iter().filter(|thing| thing.frames > 0) {
        let ratio = thing.matched as f64 / thing.frames as f64;
        let counter = match ratio {
            ratio if ratio >= 0.8 => &mut clear.mostly_tracked,
            ratio if ratio < 0.2 => &mut clear.mostly_lost,
            _ => &mut clear.partially_tracked,
        };
        *counter += 1;
    }
    let faults = clear.misses + clear.false_positives + clear.switches;
    clear.mota = share(faults, boxes).map(|share| 1.0 - share);
    clear.motp = (clear.matches > 0).then(|| distance / clear.matches as f64);
    clear.precision = share(clear.matches, clear.matches + clear.false_positives);
    clear.recall = share(clear.matches, boxes);
    clear
}

/// Rows and columns that belong together: a thing stays with its last track while that overlaps enough, the
/// others are matched as many as can be, and of these ways the nearest.
fn matched(frame: &Frame, things: &[Thing], iou: f64) -> Vec<(usize, usize)> {
    // As motmetrics, whose limit is of the distance.
    let near = |row: usize, column: usize| 1.0 - frame.overlap[row][column] <= 1.0 - iou;
    let (mut rows, mut columns): (Vec<usize>, Vec<usize>) =
        ((0..frame.truth.len()).collect(), (0..frame.found.len()).collect());
    let mut pairs = Vec::new();
    rows.retain(|&row| {
        let before = things[frame.truth[row]].track;
        let column = columns.iter().position(|column| Some(frame.found[*column]) == before);
        let kept = column.filter(|at| near(row, columns[*at]));
        if let Some(at) = kept {
            pairs.push((row, columns.remove(at)));
        }
        kept.is_none()
    });
    let costs = Costs::new(rows.len(), columns.len(), |row, column| {
        if near(rows[row], columns[column]) { 1.0 - frame.overlap[rows[row]][columns[column]] } else { NEVER }
    });
    let others = cheapest(&costs).into_iter().map(|(row, column)| (rows[row], columns[column]));
    pairs.extend(others.filter(|(row, column)| near(*row, *column)));
    pairs
}
