//! Boxes of all tiles as those of one frame: pieces that a tile's edge cut off give way to the whole
//! thing, or are put together; what several tiles saw is kept once.

use super::views::View;
use crate::geometry::Rect;
use crate::observation::Candidate;

/// Boxes that are compared with each other at most, the best ones: the work grows with the square.
pub const MOST: usize = 5000;

/// A box this near to an inner edge was cut by it, as a share of the tile's side; detectors miss an edge
/// by a few pixels.
const NEAR: f32 = 0.015;

/// A piece goes where this share of it lies in a whole box of its class …
const COVERED: f32 = 0.7;

/// … that is at least this sure in comparison.
const SURE: f32 = 0.5;

/// Pieces belong together where their sides along the cut agree this well (IoU of the two spans).
const ALIGNED: f32 = 0.6;

/// Boxes of different tiles that overlap more are one thing (SAHI's default, Akyon et al. 2022).
const SAME: f32 = 0.5;

/// A box, the tile it was found in, and which of its edges the tile cut.
#[derive(Debug, Clone, Copy)]
struct Piece {
    candidate: Candidate,
    view: usize,
    cut: [bool; 4],
}

impl Piece {
    fn is_cut(&self) -> bool {
        self.cut.contains(&true)
    }
}

/// What one model found in `views`, in pixels of the frame, in order of falling score.
pub fn join(views: &[View], found: Vec<Vec<Candidate>>) -> Vec<Candidate> {
    let mut pieces: Vec<Piece> = Vec::new();
    for (view, candidates) in found.into_iter().enumerate() {
        pieces.extend(candidates.into_iter().map(|candidate| {
            let cut = cut(&views[view], &candidate.rect);
            Piece { candidate, view, cut }
        }));
    }
    sort(&mut pieces);
    pieces.truncate(MOST);
    let (mut whole, mut cut): (Vec<Piece>, Vec<Piece>) =
        pieces.into_iter().partition(|piece| !piece.is_cut());
    cut.retain(|piece| !covered(piece, &whole));
    let (mended, mut rest) = mend(cut);
    rest.retain(|piece| !covered(piece, &mended));
    whole.extend(mended);
    whole.extend(rest);
    sort(&mut whole);
    once(whole)
}

fn sort(pieces: &mut [Piece]) {
    pieces.sort_by(|a, b| b.candidate.score.total_cmp(&a.candidate.score));
}

/// Which edges of a box lie at an inner edge of its tile.
fn cut(view: &View, rect: &Rect) -> [bool; 4] {
    let [left, top] = view.at.map(|v| v as f32);
    let [width, height] = view.size.map(|v| v as f32);
    let (near_x, near_y) = (width * NEAR, height * NEAR);
    let at = [
        rect.x1 <= left + near_x,
        rect.y1 <= top + near_y,
        rect.x2 >= left + width - near_x,
        rect.y2 >= top + height - near_y,
    ];
    std::array::from_fn(|edge| view.inner[edge] && at[edge])
}

/// Whether a piece lies in a whole box of its class.
fn covered(piece: &Piece, whole: &[Piece]) -> bool {
    let own = &piece.candidate;
    whole.iter().any(|other| {
        let other = &other.candidate;
        other.class == own.class
            && other.score >= own.score * SURE
            && common(&own.rect, &other.rect) >= COVERED * own.rect.area()
    })
}

fn common(a: &Rect, b: &Rect) -> f32 {
    Rect::new(a.x1.max(b.x1), a.y1.max(b.y1), a.x2.min(b.x2), a.y2.min(b.y2)).area()
}

/// Pieces put together with those on the other side of a cut, and the pieces left over.
fn mend(mut pieces: Vec<Piece>) -> (Vec<Piece>, Vec<Piece>) {
    let (mut mended, mut rest) = (Vec::new(), Vec::new());
    while !pieces.is_empty() {
        let mut seed = pieces.remove(0);
        let mut grown = false;
        while let Some(mate) = pieces.iter().position(|other| belong(&seed, other)) {
            seed = united(&seed, &pieces.remove(mate));
            grown = true;
        }
        if grown { mended.push(seed) } else { rest.push(seed) }
    }
    (mended, rest)
}

/// Whether two pieces are parts of one thing on both sides of a cut: one ends where its tile ends, the other
/// begins where its tile begins, they meet between, and along the cut they are equally long.
fn belong(a: &Piece, b: &Piece) -> bool {
    if a.view == b.view || a.candidate.class != b.candidate.class {
        return false;
    }
    let (p, q) = (&a.candidate.rect, &b.candidate.rect);
    let meet_x = (a.cut[2] && b.cut[0] && p.x1 < q.x1) || (a.cut[0] && b.cut[2] && q.x1 < p.x1);
    let meet_y = (a.cut[3] && b.cut[1] && p.y1 < q.y1) || (a.cut[1] && b.cut[3] && q.y1 < p.y1);
    let touch = p.x1 <= q.x2 && q.x1 <= p.x2 && p.y1 <= q.y2 && q.y1 <= p.y2;
    touch
        && ((meet_x && aligned((p.y1, p.y2), (q.y1, q.y2)))
            || (meet_y && aligned((p.x1, p.x2), (q.x1, q.x2))))
}

fn aligned(a: (f32, f32), b: (f32, f32)) -> bool {
    let common = (a.1.min(b.1) - a.0.max(b.0)).max(0.0);
    let all = a.1.max(b.1) - a.0.min(b.0);
    all > 0.0 && common / all >= ALIGNED
}

fn united(a: &Piece, b: &Piece) -> Piece {
    let (p, q) = (&a.candidate.rect, &b.candidate.rect);
    let rect = Rect::new(p.x1.min(q.x1), p.y1.min(q.y1), p.x2.max(q.x2), p.y2.max(q.y2));
    let score = a.candidate.score.max(b.candidate.score);
    // An edge is still cut where the piece that reaches furthest was.
    let cut = [
        if p.x1 <= q.x1 { a.cut[0] } else { b.cut[0] },
        if p.y1 <= q.y1 { a.cut[1] } else { b.cut[1] },
        if p.x2 >= q.x2 { a.cut[2] } else { b.cut[2] },
        if p.y2 >= q.y2 { a.cut[3] } else { b.cut[3] },
    ];
    // The larger piece shows more of a face.
    let larger = if p.area() >= q.area() { a } else { b };
    let landmarks = larger.candidate.landmarks;
    let candidate = Candidate { rect, score, corners: None, landmarks, ..a.candidate };
    Piece { candidate, view: a.view, cut }
}

/// Each thing once: the surest box of those that different tiles gave. Boxes of one tile were told apart
/// by the model's own suppression.
fn once(sorted: Vec<Piece>) -> Vec<Candidate> {
    let mut kept: Vec<Piece> = Vec::new();
    for piece in sorted {
        let again = kept.iter().any(|other| {
            other.view != piece.view
                && other.candidate.class == piece.candidate.class
                && other.candidate.rect.iou(&piece.candidate.rect) > SAME
        });
        if !again {
            kept.push(piece);
        }
    }
    kept.into_iter().map(|piece| piece.candidate).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two tiles of 100 x 100 with 20 in common, and the whole frame of 180 x 100.
    fn views() -> Vec<View> {
        vec![
            View::whole([180, 100]),
            View { at: [0, 0], size: [100, 100], inner: [false, false, true, false] },
            View { at: [80, 0], size: [100, 100], inner: [true, false, false, false] },
        ]
    }

    fn found(boxes: [&[([f32; 4], f32)]; 3]) -> Vec<([f32; 4], f32)> {
        let list = |list: &[([f32; 4], f32)]| {
            list.iter().map(|(rect, score)| Candidate::new((*rect).into(), 0, *score)).collect::<Vec<_>>()
        };
        join(&views(), boxes.map(list).into()).iter().map(|c| (c.rect.into(), c.score)).collect()
    }

    #[test]
    fn what_two_tiles_see_is_kept_once() {
        let seen = found([&[], &[([82.0, 10.0, 96.0, 30.0], 0.8)], &[([83.0, 10.0, 96.0, 31.0], 0.9)]]);
        assert_eq!(seen, [([83.0, 10.0, 96.0, 31.0], 0.9)]);
    }

    #[test]
    fn a_piece_gives_way_to_the_whole_thing() {
        // The left tile sees the first 10 of 40 pixels, the right one all.
        let seen = found([&[], &[([90.0, 10.0, 100.0, 30.0], 0.9)], &[([90.0, 10.0, 130.0, 30.0], 0.6)]]);
        assert_eq!(seen, [([90.0, 10.0, 130.0, 30.0], 0.6)]);
        // Not to one that is hardly there.
        let seen = found([&[], &[([90.0, 10.0, 100.0, 30.0], 0.9)], &[([90.0, 10.0, 130.0, 30.0], 0.1)]]);
        assert_eq!(seen.len(), 2);
    }

    #[test]
    fn pieces_on_both_sides_of_a_cut_become_one() {
        let left = ([40.0, 10.0, 100.0, 50.0], 0.7);
        let right = ([80.0, 12.0, 140.0, 50.0], 0.8);
        assert_eq!(found([&[], &[left], &[right]]), [([40.0, 10.0, 140.0, 50.0], 0.8)]);
        // Two things of different heights are not one.
        let low = ([80.0, 45.0, 140.0, 90.0], 0.8);
        assert_eq!(found([&[], &[left], &[low]]).len(), 2);
        // The whole frame saw it too, surely enough.
        let whole = ([41.0, 10.0, 139.0, 51.0], 0.5);
        assert_eq!(found([&[whole], &[left], &[right]]), [whole]);
    }

    #[test]
    fn neighbours_within_a_tile_stay() {
        let near = [([10.0, 10.0, 30.0, 50.0], 0.9), ([14.0, 10.0, 34.0, 50.0], 0.8)];
        assert_eq!(found([&[], &near, &[]]).len(), 2);
    }
}
