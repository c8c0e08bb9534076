//! Lines too long to be read at once, cut where nothing stands.

use super::ctc::Character;
use crate::family::pp_ocr::Strip;

/// The widest strip that is read at once, 64 times its height: beyond, the network's attention over all steps
/// costs more than it finds, and its memory grows without bound.
pub const LONGEST: u32 = 3072;

/// Where a piece may end before that, looking for a gap.
const EARLIEST: u32 = LONGEST * 3 / 4;

/// A gap this wide, as a share of the height, parts words: a space that the cut takes away.
const SPACE: f32 = 0.2;

/// Columns whose grey values differ by less hold no ink.
const QUIET: u8 = 40;

/// Columns of a strip, and whether a space was cut off in front.
#[derive(Debug, Clone, PartialEq)]
pub struct Piece {
    pub from: u32,
    pub to: u32,
    pub after_space: bool,
}

/// The pieces of a strip, from left to right.
pub fn of(strip: &Strip) -> Vec<Piece> {
    let mut pieces = Vec::new();
    let (mut from, mut after_space) = (0, false);
    while strip.width - from > LONGEST {
        let (gap, length) = widest_gap(strip, from + EARLIEST, from + LONGEST);
        pieces.push(Piece { from, to: gap, after_space });
        after_space = length as f32 >= SPACE * strip.height as f32;
        from = gap;
    }
    pieces.push(Piece { from, to: strip.width, after_space });
    pieces
}

/// The middle of the longest run of columns without ink between two columns, and its length; the end where
/// there is none.
fn widest_gap(strip: &Strip, from: u32, to: u32) -> (u32, u32) {
    let (mut best, mut start) = ((to, 0), None);
    for x in from..=to {
        if x < to && is_quiet(strip, x) {
            start.get_or_insert(x);
        } else if let Some(start) = start.take()
            && x - start > best.1
        {
            best = (u32::midpoint(start, x), x - start);
        }
    }
    best
}

fn is_quiet(strip: &Strip, x: u32) -> bool {
    let rows = strip.pixels.chunks_exact(strip.width as usize * 3);
    let green = rows.filter_map(|row| row.get(x as usize * 3 + 1)).copied();
    let (least, most) = green.fold((u8::MAX, 0), |(least, most), v| (least.min(v), most.max(v)));
    most.saturating_sub(least) < QUIET
}

/// Puts what a piece says behind what those before it said.
pub fn append(all: &mut Vec<Character>, read: Vec<Character>, piece: &Piece, width: u32) {
    let place = |at: f32| (piece.from as f32 + at * (piece.to - piece.from) as f32) / width.max(1) as f32;
    if piece.after_space
        && let (Some(before), Some(after)) = (all.last(), read.first())
        && before.text != " "
        && after.text != " "
    {
        let (score, at) = (before.score.min(after.score), place(0.0));
        all.push(Character { text: " ".to_owned(), score, at, alternatives: Vec::new() });
    }
    all.extend(read.into_iter().map(|character| Character { at: place(character.at), ..character }));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ink everywhere but in the columns given.
    fn strip(width: u32, gaps: &[std::ops::Range<u32>]) -> Strip {
        let ink = |x: u32, y: u32| y.is_multiple_of(2) && !gaps.iter().any(|gap| gap.contains(&x));
        let shade = |n: u32| if ink(n % width, n / width) { 0 } else { 255 };
        let pixels = (0..width * 48).flat_map(|n| [shade(n); 3]).collect();
        Strip { width, height: 48, pixels }
    }

    #[test]
    fn long_lines_are_cut_at_their_widest_gaps() {
        let gaps = [100..130, 2500..2503, 2900..2920, 3100..3140, 5400..5404];
        let found = of(&strip(7000, &gaps));
        let cuts: Vec<(u32, u32, bool)> = found.iter().map(|p| (p.from, p.to, p.after_space)).collect();
        assert_eq!(cuts, [(0, 2910, false), (2910, 5402, true), (5402, 7000, false)]);
        assert_eq!(of(&strip(3072, &[])).len(), 1);
        let solid = of(&strip(9000, &[]));
        assert_eq!(solid.iter().map(|p| p.to).collect::<Vec<_>>(), [3072, 6144, 9000]);
    }

    #[test]
    fn pieces_are_put_together_with_the_space_between() {
        let character =
            |text: &str| Character { text: text.into(), score: 0.9, at: 0.5, alternatives: vec![] };
        let mut all = Vec::new();
        for (n, text) in ["a", "b", "c"].into_iter().enumerate() {
            let from = 100 * n as u32;
            append(
                &mut all,
                vec![character(text)],
                &Piece { from, to: from + 100, after_space: n == 1 },
                300,
            );
        }
        let text: String = all.iter().map(|c| c.text.as_str()).collect();
        assert_eq!(text, "a bc");
        let places: Vec<f32> = all.iter().map(|c| (c.at * 6.0).round()).collect();
        assert_eq!(places, [1.0, 2.0, 3.0, 5.0]);
    }
}
