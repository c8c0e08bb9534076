//! Text against truth: error rates of characters and words, and lines that were found.

use serde::Serialize;
use unicode_normalization::UnicodeNormalization;

use super::calibration::Scored;
use super::data::{FoundLine, TrueLine};
use crate::geometry::Quad;

/// A line is found where a result overlaps it by this (IoU), as in ICDAR's detection challenges.
const FOUND: f64 = 0.5;

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Text {
    /// Edits that make the results' text the truth's, over the characters (words) of the truth; of whole pictures,
    /// lines in the order given, any white space counting as one space. Null without any.
    pub cer: Option<f64>,
    pub wer: Option<f64>,
    pub characters: usize,
    pub words: usize,
    /// Where the truth says where lines are.
    pub lines: Option<Lines>,
    /// Each line that was found: its confidence, and whether all of it was right.
    #[serde(skip)]
    pub scored: Vec<Scored>,
}

/// Lines one to one, by their places.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lines {
    pub truth: usize,
    pub results: usize,
    /// Pairs that overlap by IoU 0.5 and more.
    pub found: usize,
    pub precision: Option<f64>,
    pub recall: Option<f64>,
    pub f1: f64,
    /// Character error rate of the pairs, whatever the order.
    pub cer: Option<f64>,
    /// Share of the truth's lines that were found and read without a mistake.
    pub right: Option<f64>,
}

/// Sums over pictures.
#[derive(Debug, Default)]
pub struct Sums {
    edits: usize,
    characters: usize,
    word_edits: usize,
    words: usize,
    truth: usize,
    results: usize,
    found: usize,
    pair_edits: usize,
    pair_characters: usize,
    right: usize,
    without_place: usize,
    scored: Vec<Scored>,
}

impl Sums {
    /// Adds a picture; results in order of reading.
    pub fn add(&mut self, truth: &[TrueLine], results: &[FoundLine]) {
        let wanted = spaced(truth.iter().map(|line| line.text.as_str()));
        let read = spaced(results.iter().map(|line| line.text.as_str()));
        let characters = |text: &str| text.chars().collect::<Vec<char>>();
        let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
        self.edits += distance(&characters(&wanted), &characters(&read));
        self.word_edits += distance(&words(&wanted), &words(&read));
        self.characters += wanted.chars().count();
        self.words += words(&wanted).len();
        self.truth += truth.len();
        self.results += results.len();
        self.without_place += truth.iter().filter(|line| line.corners.is_none()).count();
        for (line, result) in pairs(truth, results) {
            let (wanted, read) = (spaced([line.text.as_str()]), spaced([result.text.as_str()]));
            let right = wanted == read;
            self.found += 1;
            self.right += usize::from(right);
            self.pair_edits += distance(&characters(&wanted), &characters(&read));
            self.pair_characters += wanted.chars().count();
            self.scored.extend(result.confidence.map(|score| Scored { score, right }));
        }
    }

    pub fn finish(self) -> Text {
        let share = |part: usize, of: usize| (of > 0).then(|| part as f64 / of as f64);
        let lines = Lines {
            truth: self.truth,
            results: self.results,
            found: self.found,
            precision: share(self.found, self.results),
            recall: share(self.found, self.truth),
            f1: share(2 * self.found, self.results + self.truth).unwrap_or(0.0),
            cer: share(self.pair_edits, self.pair_characters),
            right: share(self.right, self.truth),
        };
        Text {
            cer: share(self.edits, self.characters),
            wer: share(self.word_edits, self.words),
            characters: self.characters,
            words: self.words,
            lines: (self.without_place == 0).then_some(lines),
            scored: self.scored,
        }
    }
}

/// Texts in Unicode's composed form (NFC), so that an accent written as a character of its own is the same letter,
/// with one space between words and lines.
fn spaced<'a>(texts: impl IntoIterator<Item = &'a str>) -> String {
    let words: Vec<&str> = texts.into_iter().flat_map(str::split_whitespace).collect();
    words.join(" ").nfc().collect()
}

/// The best overlaps first, each line once.
fn pairs<'a>(truth: &'a [TrueLine], results: &'a [FoundLine]) -> Vec<(&'a TrueLine, &'a FoundLine)> {
    let mut overlaps: Vec<(f64, usize, usize)> = Vec::new();
    for (n, line) in truth.iter().enumerate() {
        let Some(corners) = line.corners else { continue };
        let near = results.iter().enumerate().map(|(m, result)| (corners.iou(&result.corners), n, m));
        overlaps.extend(near.filter(|(overlap, ..)| *overlap >= FOUND));
    }
    overlaps.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (mut taken, mut used) = (vec![false; truth.len()], vec![false; results.len()]);
    let mut pairs = Vec::new();
    for (_, n, m) in overlaps {
        if !taken[n] && !used[m] {
            (taken[n], used[m]) = (true, true);
            pairs.push((&truth[n], &results[m]));
        }
    }
    pairs
}

/// The least number of insertions, deletions and substitutions that make one of the other (Levenshtein 1966),
/// within a band that grows until it holds the answer (Ukkonen 1985): texts of a page are long and nearly alike.
pub fn distance<T: PartialEq>(a: &[T], b: &[T]) -> usize {
    let longest = a.len().max(b.len());
    let mut band = a.len().abs_diff(b.len()) + 16;
    loop {
        let found = within_band(a, b, band);
        if found <= band || band >= longest {
            return found;
        }
        band *= 2;
    }
}

/// The distance along ways that stay within `band` of the diagonal; larger than `band` where the true one is.
fn within_band<T: PartialEq>(a: &[T], b: &[T], band: usize) -> usize {
    let far = a.len() + b.len() + 1;
    let mut row: Vec<usize> = (0..=b.len()).map(|j| if j <= band { j } else { far }).collect();
    for (i, x) in a.iter().enumerate() {
        let (from, to) = ((i + 1).saturating_sub(band), (i + 1 + band).min(b.len()));
        let mut before = row[from.saturating_sub(1)];
        if from == 0 {
            before = row[0];
            row[0] = i + 1;
        } else {
            row[from - 1] = far;
        }
        for j in from.max(1)..=to {
            let changed = before + usize::from(*x != b[j - 1]);
            before = row[j];
            row[j] = changed.min(before + 1).min(row[j - 1] + 1);
        }
        if to < b.len() {
            row[to + 1] = far;
        }
    }
    row[b.len()]
}

/// A box or four corners as truth gives them.
pub fn upright([x1, y1, x2, y2]: [f32; 4]) -> Quad {
    Quad([[x1, y1], [x2, y1], [x2, y2], [x1, y2]])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Row by row, without a band.
    fn plain(a: &[u8], b: &[u8]) -> usize {
        let mut row: Vec<usize> = (0..=b.len()).collect();
        for (i, x) in a.iter().enumerate() {
            let mut before = std::mem::replace(&mut row[0], i + 1);
            for (j, y) in b.iter().enumerate() {
                let changed = before + usize::from(x != y);
                before = row[j + 1];
                row[j + 1] = changed.min(before + 1).min(row[j] + 1);
            }
        }
        row[b.len()]
    }

    #[test]
    fn distances_by_hand() {
        let of = |a: &str, b: &str| distance(a.as_bytes(), b.as_bytes());
        assert_eq!(
            [of("kitten", "sitting"), of("", "abc"), of("abc", ""), of("", ""), of("abc", "abc")],
            [3, 3, 3, 0, 0]
        );
        let long = "abcdefghij".repeat(50);
        assert_eq!(of(&long, &long[7..]), 7);
        assert_eq!(of(&long, &"x".repeat(500)), 500);
    }

    proptest! {
        #[test]
        fn the_band_changes_nothing(a in "[ab]{0,60}", b in "[abc]{0,60}", tail in "[ab]{0,90}") {
            let (a, b) = ((a + &tail).into_bytes(), (b + &tail).into_bytes());
            prop_assert_eq!(distance(&a, &b), plain(&a, &b));
        }
    }

    fn truth(text: &str, y: f32) -> TrueLine {
        TrueLine { text: text.to_owned(), corners: Some(upright([0.0, y, 100.0, y + 10.0])) }
    }

    fn found(text: &str, y: f32) -> FoundLine {
        let corners = upright([0.0, y, 100.0, y + 10.0]);
        FoundLine { text: text.to_owned(), corners, confidence: Some(0.9) }
    }

    #[test]
    fn an_accent_of_its_own_is_the_same_letter() {
        let mut sums = Sums::default();
        sums.add(&[truth("caf\u{e9} \u{1e69}", 0.0)], &[found("cafe\u{301} s\u{307}\u{323}", 0.0)]);
        assert_eq!(sums.finish().cer, Some(0.0));
    }

    #[test]
    fn a_picture_by_hand() {
        let mut sums = Sums::default();
        // One letter wrong, one line missed, one too many.
        sums.add(
            &[truth("hello  world", 0.0), truth("second", 20.0), truth("third", 40.0)],
            &[found("hallo world", 1.0), found("third", 41.0), found("x", 80.0)],
        );
        let text = sums.finish();
        // "hello world second third" against "hallo world third x": e for a, "second " away, " x" added.
        assert_eq!((text.characters, text.words), (24, 4));
        assert_eq!(text.cer, Some((1.0 + 7.0 + 2.0) / 24.0));
        // hello/hallo, then second third / third x: two changes.
        assert_eq!(text.wer, Some(3.0 / 4.0));
        let lines = text.lines.expect("places");
        assert_eq!((lines.truth, lines.results, lines.found), (3, 3, 2));
        assert_eq!(
            (lines.precision, lines.recall, lines.right),
            (Some(2.0 / 3.0), Some(2.0 / 3.0), Some(1.0 / 3.0))
        );
        assert_eq!(lines.cer, Some(1.0 / 16.0));
        assert_eq!(text.scored.iter().map(|s| s.right).collect::<Vec<_>>().len(), 2);
    }

    #[test]
    fn without_places_or_text_nothing_is_made_up() {
        let mut sums = Sums::default();
        sums.add(&[TrueLine { text: "a".into(), corners: None }], &[]);
        let text = sums.finish();
        assert_eq!((text.cer, text.wer, text.lines), (Some(1.0), Some(1.0), None));
        let mut empty = Sums::default();
        empty.add(&[], &[found("x", 0.0)]);
        let text = empty.finish();
        assert_eq!((text.cer, text.wer), (None, None));
        assert_eq!(text.lines.expect("no line lacks a place").precision, Some(0.0));
    }
}
