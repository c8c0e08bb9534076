//! Where tiles lie: squares that overlap, spread evenly from edge to edge, beside the whole frame.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

use super::views::View;
use crate::error::{Error, Kind, Result};

/// More looks at one frame are a slip of the keyboard.
const MOST_TILES: u64 = 10_000;

/// The side of a tile in pixels of the frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Side {
    /// As many pixels as the model's input has: nothing is scaled down.
    Auto,
    Pixels(u32),
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Side::Auto => f.write_str("auto"),
            Side::Pixels(side) => write!(f, "{side}"),
        }
    }
}

impl FromStr for Side {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        if text == "auto" {
            return Ok(Side::Auto);
        }
        let pixels = text.parse().ok().filter(|side| (32..=16_384).contains(side));
        pixels.map(Side::Pixels).ok_or_else(|| {
            Error::usage(format!("--tile {text}: expected auto or a side of 32 to 16384 pixels"))
        })
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Tiling {
    pub side: Side,
    /// The share of a tile that its neighbour sees too, 0 to 0.9.
    pub overlap: f64,
}

/// The whole frame, then its tiles by rows; only the frame where it is no larger than a tile. `input` is
/// the model's width and height.
///
/// # Errors
/// `TooLarge` for more tiles than anybody means.
pub fn views(frame: [u32; 2], tiling: Option<&Tiling>, input: [u32; 2]) -> Result<Vec<View>> {
    let whole = View::whole(frame);
    let Some(tiling) = tiling else { return Ok(vec![whole]) };
    let side = match tiling.side {
        Side::Auto => input[0].max(input[1]),
        Side::Pixels(side) => side,
    };
    let step = (f64::from(side) * (1.0 - tiling.overlap)).max(1.0);
    let count = |length: u32| (f64::from(length.saturating_sub(side)) / step).ceil() as u64 + 1;
    let [columns, rows] = frame.map(count);
    if columns * rows > MOST_TILES {
        let [width, height] = frame;
        let message = format!(
            "{} tiles of {side} pixels in {width} x {height}, more than {MOST_TILES}; give a larger --tile",
            columns * rows
        );
        return Err(Error::new(Kind::TooLarge, message));
    }
    if columns * rows == 1 {
        return Ok(vec![whole]);
    }
    let [xs, ys] = [starts(frame[0], side, columns), starts(frame[1], side, rows)];
    let tiles = ys.iter().flat_map(|&y| xs.iter().map(move |&x| tile(frame, side, [x, y])));
    Ok(std::iter::once(whole).chain(tiles).collect())
}

fn tile([width, height]: [u32; 2], side: u32, [x, y]: [u32; 2]) -> View {
    let size = [side.min(width), side.min(height)];
    let inner = [x > 0, y > 0, x + size[0] < width, y + size[1] < height];
    View { at: [x, y], size, inner }
}

/// Where `count` tiles begin so that the first and the last touch the edges.
fn starts(length: u32, side: u32, count: u64) -> Vec<u32> {
    let room = f64::from(length.saturating_sub(side));
    let last = count.saturating_sub(1).max(1) as f64;
    (0..count).map(|n| (room * n as f64 / last).round() as u32).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn tiles_by_hand() {
        let tiling = Tiling { side: Side::Pixels(640), overlap: 0.25 };
        // (1600 - 640) / 480 = 2, so three columns at 0, 480, 960; (1000 - 640) / 480 < 1, two rows at 0, 360.
        let found = views([1600, 1000], Some(&tiling), [416, 416]).unwrap();
        let at: Vec<[u32; 2]> = found.iter().map(|view| view.at).collect();
        assert_eq!(at, [[0, 0], [0, 0], [480, 0], [960, 0], [0, 360], [480, 360], [960, 360]]);
        assert_eq!((found[0].size, found[0].inner), ([1600, 1000], [false; 4]));
        assert_eq!((found[2].size, found[2].inner), ([640, 640], [true, false, true, true]));
        assert_eq!(views([640, 480], Some(&tiling), [416, 416]).unwrap().len(), 1);
        let auto = Tiling { side: Side::Auto, overlap: 0.0 };
        assert_eq!(views([832, 416], Some(&auto), [416, 416]).unwrap().len(), 3);
        let tiny = Tiling { side: Side::Pixels(32), overlap: 0.9 };
        assert_eq!(views([20_000, 20_000], Some(&tiny), [416, 416]).unwrap_err().kind, Kind::TooLarge);
    }

    proptest! {
        #[test]
        fn tiles_cover_the_frame_and_overlap(
            width in 1u32..5000, height in 1u32..5000, side in 32u32..1000, overlap in 0f64..0.9,
        ) {
            let tiling = Tiling { side: Side::Pixels(side), overlap };
            let Ok(views) = views([width, height], Some(&tiling), [1, 1]) else { return Ok(()) };
            for axis in 0..2 {
                let length = [width, height][axis];
                let mut spans: Vec<(u32, u32)> =
                    views.iter().skip(1).map(|v| (v.at[axis], v.at[axis] + v.size[axis])).collect();
                spans.sort_unstable();
                spans.dedup();
                prop_assert!(spans.iter().all(|(_, end)| *end <= length));
                if let (Some(first), Some(last)) = (spans.first(), spans.last()) {
                    prop_assert_eq!((first.0, last.1), (0, length));
                }
                let least = (f64::from(side) * overlap).floor() - 1.0;
                for pair in spans.windows(2) {
                    prop_assert!(f64::from(pair[0].1) - f64::from(pair[1].0) >= least, "{:?}", pair);
                }
            }
        }
    }
}
