//! What a long video will need on the disk, said before its hours begin.

use std::path::Path;

use crate::source::upright_size;
use crate::source::video::Reel;

/// Videos of at least this many frames are long: two minutes and more.
const LONG: usize = 4000;
/// Bytes of a frame in store, journal and results: measured with NanoDet-g on an old film, 23 KB in the store alone.
const RECORDS: u64 = 26_000;
/// Pixels of an annotated video in a byte, at quality 23: measured 20 (a square full of boxes, OpenCV's `vtest.avi`)
/// to 38 (a flower).
const PIXELS_IN_A_BYTE: u64 = 20;

/// Bytes that the records and, with `film`, the annotated video of a video come to. Pieces and the video made of
/// them are there at the same time.
fn needed(reel: &Reel, film: bool) -> u64 {
    let [width, height] = upright_size(reel.timeline.size(), reel.timeline.orientation).map(u64::from);
    let pixels = if film { 2 * width * height / PIXELS_IN_A_BYTE } else { 0 };
    (reel.chosen.len() as u64).saturating_mul(RECORDS + pixels)
}

/// Words about a long video that goes to `folder`; none about a short one.
pub fn words(name: &str, reel: &Reel, film: bool, folder: &Path) -> Option<String> {
    let frames = reel.chosen.len();
    if frames < LONG {
        return None;
    }
    let needed = needed(reel, film);
    let there = rustix::fs::statvfs(folder).ok().map(|fs| fs.f_bavail.saturating_mul(fs.f_frsize));
    let there = match there {
        Some(there) if there < needed => {
            format!(
                "; only {} are free there: free some, or choose --video none or another --out",
                size(there)
            )
        }
        _ => String::new(),
    };
    Some(format!("{name}: {frames} frames, which need about {} on the disk{there}", size(needed)))
}

fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000_000 => format!("{} MB", bytes.div_ceil(1_000_000)),
        _ => format!("{:.1} GB", bytes as f64 / 1e9),
    }
}
