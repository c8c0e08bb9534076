//! Where a detector looks at a frame: once as a whole, and large or long ones in tiles too; and lines of all
//! looks as those of one frame.

use super::rectangle::Rectangle;
use crate::error::Result;
use crate::geometry::{Quad, Rect};
use crate::looks::{Part, Side, Tiling, views};
use crate::observation::TextLine;

/// Frames longer than this are also looked at in tiles: as a whole they are scaled down to 2000 pixels, which
/// leaves text of 10 points scanned at 300 dpi (40 pixels) 16 pixels and more below this, enough to be found.
const LARGE: u32 = 5000;

/// Tiles of large frames, seen at half their size.
const TILE: u32 = 4000;

/// So are long frames: this many times longer than wide …
const LONG: u32 = 8;

/// … and longer than the detector sees without scaling down, which is the side of their tiles.
const STRETCH: u32 = 2000;

/// The share of a tile that its neighbour sees too; more than a letter's height of any text that tiles are for.
const OVERLAP: f64 = 0.1;

/// A line this near to an inner edge of its tile was cut by it, as a share of the tile's side.
const NEAR: f32 = 0.015;

/// Lines of which one lies in the other by this share are the same line …
const SAME: f64 = 0.6;

/// … and pieces that the edge of a tile cut are, when they share this much of a square of their height.
const SHARED: f64 = 0.1;

/// Lines whose heights differ by more are none of each other.
const TALLER: f32 = 1.7;

/// The views of a frame: `tiling` where it is given, else by the frame's size.
///
/// # Errors
/// `TooLarge` for more tiles than anybody means.
pub fn of(frame: [u32; 2], tiling: Option<&Tiling>, input: [u32; 2]) -> Result<Vec<Part>> {
    let [shorter, longer] = [frame[0].min(frame[1]), frame[0].max(frame[1])];
    let tile = |side| Tiling { side: Side::Pixels(side), overlap: OVERLAP };
    let own = if longer > STRETCH && longer > shorter.saturating_mul(LONG) {
        Some(tile(STRETCH))
    } else {
        (longer > LARGE).then(|| tile(TILE))
    };
    views(frame, tiling.or(own.as_ref()), input)
}

/// The view of what was put together from several.
const SEVERAL: usize = usize::MAX;

/// A line with what joining needs to know.
struct Seen {
    line: TextLine,
    view: usize,
    cut: bool,
    height: f32,
    hull: Rect,
}

impl Seen {
    fn new(line: TextLine, view: usize, cut: bool) -> Self {
        let (height, hull) = (height(&line.corners), line.corners.hull());
        Self { line, view, cut, height, hull }
    }

    /// Common area; the hulls tell most pairs apart without it.
    fn common(&self, other: &Self) -> f64 {
        let (a, b) = (&self.hull, &other.hull);
        let apart = a.x2 < b.x1 || b.x2 < a.x1 || a.y2 < b.y1 || b.y2 < a.y1;
        if apart { 0.0 } else { self.line.corners.common(&other.line.corners) }
    }

    fn is_as_high(&self, other: &Self) -> bool {
        self.height.max(other.height) <= TALLER * self.height.min(other.height)
    }
}

/// The shorter side of a box.
fn height(Quad([a, b, _, d]): &Quad) -> f32 {
    let length = |p: &[f32; 2], q: &[f32; 2]| (p[0] - q[0]).hypot(p[1] - q[1]);
    length(a, b).min(length(a, d)).max(1.0)
}

/// A region that the view of the whole frame took for one line, and lines of tiles that lie in it: one large line
/// and pieces of its letters, or many lines and what they run together to.
pub struct Contest {
    pub whole: TextLine,
    /// Their places among the joined lines.
    pub parts: Vec<usize>,
}

/// Lines that were found in `views`, in pixels of the frame: those that a tile's edge cut are put together, what
/// several views saw is kept once. Beside them what only reading can decide.
pub fn joined(views: &[Part], found: Vec<Vec<TextLine>>) -> (Vec<TextLine>, Vec<Contest>) {
    if views.len() == 1 {
        return (found.into_iter().flatten().collect(), Vec::new());
    }
    let mut seen: Vec<Seen> = Vec::new();
    for (index, (view, lines)) in views.iter().zip(found).enumerate() {
        let [x, y] = view.at.map(|v| v as f32);
        for line in lines {
            let cut = is_cut(view, &line.corners);
            let corners = line.corners.map(|[cx, cy]| [cx + x, cy + y]);
            seen.push(Seen::new(TextLine { corners, ..line }, index, cut));
        }
    }
    let (whole, mut tiles): (Vec<Seen>, Vec<Seen>) =
        seen.into_iter().partition(|seen| views[seen.view].is_whole());
    tiles.sort_by(|a, b| length(&b.line.corners).total_cmp(&length(&a.line.corners)));
    let mut kept: Vec<Seen> = Vec::new();
    for seen in tiles {
        merge(seen, &mut kept);
    }
    drop_pieces(&mut kept);
    let of_tiles = kept.len();
    let mut contests = Vec::new();
    for seen in whole {
        match verdict(&seen, &kept[..of_tiles]) {
            Verdict::Tiles => {}
            Verdict::Whole => kept.push(seen),
            Verdict::Open(parts) => contests.push(Contest { whole: seen.line, parts }),
        }
    }
    (kept.into_iter().map(|seen| seen.line).collect(), contests)
}

fn length(corners: &Quad) -> f64 {
    corners.area() / f64::from(height(corners))
}

/// Whether a line in pixels of its view touches an inner edge.
fn is_cut(view: &Part, corners: &Quad) -> bool {
    let [width, height] = view.size.map(|v| v as f32);
    let hull = corners.hull();
    let (near_x, near_y) = (width * NEAR, height * NEAR);
    let at = [hull.x1 <= near_x, hull.y1 <= near_y, hull.x2 >= width - near_x, hull.y2 >= height - near_y];
    at.iter().zip(view.inner).any(|(at, inner)| *at && inner)
}

/// Puts a line of a tile to those kept: as a part of one, as the same, or as one more. What it grows together
/// with may then meet the next piece, and is put in again.
fn merge(mut seen: Seen, kept: &mut Vec<Seen>) {
    while let Some(at) = kept.iter().position(|other| belong(&seen, other)) {
        let other = kept.swap_remove(at);
        if within(&seen, &other) >= SAME && !seen.cut && !other.cut {
            // Seen twice: the surer box.
            seen = if other.line.score >= seen.line.score { other } else { seen };
            kept.push(seen);
            return;
        }
        seen = united(&seen, &other);
    }
    kept.push(seen);
}

fn belong(a: &Seen, b: &Seen) -> bool {
    let meet = || {
        let height = f64::from(a.height.min(b.height));
        (a.cut || b.cut) && a.common(b) >= SHARED * height * height
    };
    let elsewhere = a.view != b.view || a.view == SEVERAL;
    elsewhere && a.is_as_high(b) && (within(a, b) >= SAME || meet()) && in_line(a, b)
}

/// The share of the smaller of two boxes that lies in the other.
fn within(a: &Seen, b: &Seen) -> f64 {
    a.common(b) / a.line.corners.area().min(b.line.corners.area()).max(1.0)
}

/// Whether one box continues the other: what is around both is hardly higher than they are.
fn in_line(a: &Seen, b: &Seen) -> bool {
    let around = around(&a.line.corners, &b.line.corners);
    around.is_some_and(|corners| height(&corners) <= 1.4 * a.height.max(b.height))
}

fn around(Quad(a): &Quad, Quad(b): &Quad) -> Option<Quad> {
    let points: Vec<[f32; 2]> = a.iter().chain(b).copied().collect();
    Rectangle::around(&points).map(|rectangle| rectangle.corners().map(|corner| corner.map(f32::round)))
}

fn united(a: &Seen, b: &Seen) -> Seen {
    let corners = around(&a.line.corners, &b.line.corners).unwrap_or(a.line.corners);
    let line = TextLine::unread(corners, a.line.score.max(b.line.score));
    // It may meet pieces of both views, and what was put together of others.
    Seen::new(line, SEVERAL, a.cut || b.cut)
}

/// Drops pieces that an edge cut and that lie in a larger line: a few low letters, of another height than the
/// line, are not put together with it.
fn drop_pieces(kept: &mut Vec<Seen>) {
    let lies_in = |own: &Seen, other: &Seen| {
        let (area, others) = (own.line.corners.area(), other.line.corners.area());
        area < others && own.common(other) >= SAME * area
    };
    let left_over: Vec<bool> =
        kept.iter().map(|own| own.cut && kept.iter().any(|other| lies_in(own, other))).collect();
    let mut left_over = left_over.into_iter();
    kept.retain(|_| !left_over.next().unwrap_or(false));
}

/// Who saw a line right: the view of the whole frame or the tiles.
enum Verdict {
    Whole,
    Tiles,
    /// These lines of the tiles, or the whole.
    Open(Vec<usize>),
}

/// Of what the view of the whole frame saw: large text, of which tiles see pieces or nothing. Where tiles saw the
/// most of it, theirs are the better lines.
fn verdict(seen: &Seen, tiles: &[Seen]) -> Verdict {
    let (mut parts, mut covered) = (Vec::new(), 0.0);
    for (at, other) in tiles.iter().enumerate() {
        let common = seen.common(other);
        if common <= 0.0 {
            continue;
        }
        let (own, area) = (seen.line.corners.area(), other.line.corners.area());
        if own <= area && common >= SAME * own {
            return Verdict::Tiles;
        }
        if common >= SAME * area.max(1.0) {
            parts.push(at);
            covered += common;
        }
    }
    if parts.is_empty() {
        Verdict::Whole
    } else if covered >= SAME * seen.line.corners.area() {
        Verdict::Tiles
    } else {
        Verdict::Open(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(x1: f32, y1: f32, x2: f32, y2: f32) -> TextLine {
        TextLine::unread(Quad([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]), 0.9)
    }

    /// Of views that leave nothing to decide by reading.
    fn joined(views: &[Part], found: Vec<Vec<TextLine>>) -> Vec<TextLine> {
        let (lines, contests) = super::joined(views, found);
        assert!(contests.is_empty());
        lines
    }

    fn hulls(lines: &[TextLine]) -> Vec<[f32; 4]> {
        let mut hulls: Vec<[f32; 4]> = lines.iter().map(|line| line.corners.hull().into()).collect();
        hulls.sort_by(|a, b| a[1].total_cmp(&b[1]));
        hulls
    }

    /// The whole frame of 360 x 200, and two tiles of 200 with 40 in common.
    fn views() -> Vec<Part> {
        vec![
            Part::whole([360, 200]),
            Part { at: [0, 0], size: [200, 200], inner: [false, false, true, false] },
            Part { at: [160, 0], size: [200, 200], inner: [true, false, false, false] },
        ]
    }

    #[test]
    fn large_and_long_frames_are_looked_at_in_tiles() {
        let count = |frame| of(frame, None, [736, 736]).unwrap().len();
        assert_eq!((count([4000, 3000]), count([2480, 3508]), count([1, 1])), (1, 1, 1));
        // An A0 sheet at 300 dpi: (9933 - 4000) / 3600 = 1.6, three columns; (14043 - 4000) / 3600 = 2.8, four rows.
        assert_eq!(count([9933, 14043]), 1 + 3 * 4);
        // (20000 - 2000) / 1800 = 10.
        assert_eq!(count([20_000, 40]), 1 + 11);
        assert_eq!(count([40, 1900]), 1);
        let asked = Tiling { side: Side::Pixels(500), overlap: 0.0 };
        assert_eq!(of([1000, 500], Some(&asked), [736, 736]).unwrap().len(), 3);
    }

    #[test]
    fn a_line_over_both_tiles_is_one() {
        let found = vec![vec![], vec![line(20.0, 50.0, 200.0, 70.0)], vec![line(0.0, 51.0, 120.0, 70.0)]];
        assert_eq!(hulls(&joined(&views(), found)), [[20.0, 50.0, 280.0, 70.0]]);
        // Where a gap between words lies at the edge, only one of the two is cut.
        let found = vec![vec![], vec![line(20.0, 50.0, 168.0, 70.0)], vec![line(0.0, 50.0, 190.0, 70.0)]];
        assert_eq!(hulls(&joined(&views(), found)), [[20.0, 50.0, 350.0, 70.0]]);
        // The detector parts the line within a tile, and each part goes on in another.
        let three = [0, 160, 320].map(|x| Part {
            at: [x, 0],
            size: [200, 200],
            inner: [x > 0, false, x < 320, false],
        });
        let three: Vec<Part> = std::iter::once(Part::whole([520, 200])).chain(three).collect();
        let parted = vec![line(0.0, 50.0, 100.0, 70.0), line(95.0, 50.0, 200.0, 70.0)];
        let found =
            vec![vec![], vec![line(20.0, 50.0, 200.0, 70.0)], parted, vec![line(0.0, 50.0, 150.0, 70.0)]];
        assert_eq!(hulls(&joined(&three, found)), [[20.0, 50.0, 470.0, 70.0]]);
        // Lines of one tile above each other stay two.
        let found = vec![vec![], vec![line(20.0, 50.0, 200.0, 70.0), line(20.0, 72.0, 200.0, 92.0)], vec![]];
        assert_eq!(joined(&views(), found).len(), 2);
        // A line below the other is no piece of it.
        let found = vec![vec![], vec![line(20.0, 50.0, 200.0, 70.0)], vec![line(0.0, 68.0, 120.0, 88.0)]];
        assert_eq!(joined(&views(), found).len(), 2);
    }

    #[test]
    fn a_low_piece_of_a_line_goes_with_it() {
        let left = vec![line(20.0, 40.0, 150.0, 80.0), line(170.0, 52.0, 200.0, 70.0)];
        let found = joined(&views(), vec![vec![], left, vec![line(0.0, 40.0, 120.0, 80.0)]]);
        assert_eq!(hulls(&found), [[20.0, 40.0, 150.0, 80.0], [160.0, 40.0, 280.0, 80.0]]);
    }

    #[test]
    fn what_two_views_see_is_kept_once() {
        let found = vec![
            vec![line(165.0, 51.0, 195.0, 69.0)],
            vec![line(164.0, 50.0, 194.0, 70.0)],
            vec![line(5.0, 50.0, 34.0, 70.0)],
        ];
        assert_eq!(joined(&views(), found).len(), 1);
    }

    #[test]
    fn large_text_comes_from_the_whole_frame_and_small_text_from_tiles() {
        // Tiles see pieces of large letters, or the whole frame runs two lines together: reading will tell.
        let two = vec![line(20.0, 50.0, 150.0, 60.0), line(20.0, 65.0, 150.0, 75.0)];
        for (whole, parts) in [
            (line(10.0, 10.0, 350.0, 150.0), vec![line(20.0, 20.0, 60.0, 80.0)]),
            (line(18.0, 40.0, 152.0, 90.0), two.clone()),
        ] {
            let (lines, contests) = super::joined(&views(), vec![vec![whole], parts.clone(), vec![]]);
            assert_eq!(lines.len(), parts.len());
            assert_eq!(contests.len(), 1);
            assert_eq!(contests[0].parts.len(), parts.len());
        }
        // Tiles saw the most of it.
        let found = joined(&views(), vec![vec![line(20.0, 48.0, 150.0, 77.0)], two, vec![]]);
        assert_eq!(hulls(&found), [[20.0, 50.0, 150.0, 60.0], [20.0, 65.0, 150.0, 75.0]]);
        // What tiles did not see stays.
        let found = joined(&views(), vec![vec![line(18.0, 48.0, 152.0, 77.0)], vec![], vec![]]);
        assert_eq!(found.len(), 1);
    }
}
