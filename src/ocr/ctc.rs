//! From a lattice (probabilities of every character at every step) to text: Graves et al. 2006,
//! "Connectionist Temporal Classification". Class 0 is the blank.

use ndarray::ArrayView2;
use serde::{Deserialize, Serialize};

/// Other readings of a character that are kept, the best ones.
pub const ALTERNATIVES: usize = 4;

/// Less likely readings are not kept.
const LEAST: f32 = 0.001;

/// A character as it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Character {
    pub text: String,
    /// 0 to 1.
    pub score: f32,
    /// Where along the line it stands: 0 is the line's beginning, 1 its end.
    pub at: f32,
    /// What else it might be, in order of falling score.
    pub alternatives: Vec<(String, f32)>,
}

/// The mean of the characters' scores; 0 without any.
pub fn mean_score(characters: &[Character]) -> f32 {
    let sum: f64 = characters.iter().map(|character| f64::from(character.score)).sum();
    (sum / characters.len().max(1) as f64) as f32
}

/// A step at which a character is read, and the probability there.
struct Peak {
    class: usize,
    step: usize,
    score: f32,
}

/// The best class at each step, repetitions and blanks left out (best path decoding). `steps` holds a row of
/// probabilities for each step, of as many classes as `characters` has; `filled` is the share of the steps that
/// the line fills, the rest being padding. The second result is the number of steps that held no numbers.
pub fn best_path(steps: ArrayView2<f32>, characters: &[String], filled: f32) -> (Vec<Character>, usize) {
    let mut peaks: Vec<Peak> = Vec::new();
    let (mut last, mut odd) = (0, 0);
    for (step, row) in steps.rows().into_iter().enumerate() {
        let Some((class, score)) = row.as_slice().and_then(best) else {
            odd += 1;
            last = 0;
            continue;
        };
        match peaks.last_mut().filter(|_| class == last) {
            // The surest of the steps that a character takes stands for it.
            Some(peak) if class != 0 && score > peak.score => *peak = Peak { class, step, score },
            Some(_) => {}
            None if class != 0 => peaks.push(Peak { class, step, score }),
            None => {}
        }
        last = class;
    }
    let length = (steps.nrows() as f32 * filled).max(1.0);
    let read = peaks.iter().filter_map(|peak| {
        let row = steps.row(peak.step);
        let text = characters.get(peak.class)?.clone();
        let at = ((peak.step as f32 + 0.5) / length).min(1.0);
        let alternatives = others(row.as_slice()?, peak.class, characters);
        Some(Character { text, score: peak.score.clamp(0.0, 1.0), at, alternatives })
    });
    (read.collect(), odd)
}

/// The largest of a row and its place, the first of equals; `None` where it is no probability.
fn best(row: &[f32]) -> Option<(usize, f32)> {
    // In pieces without a branch on the place, so that the compiler can take many at once: a row has
    // thousands of classes.
    const PIECE: usize = 64;
    let most =
        |values: &[f32]| values.iter().fold(f32::NEG_INFINITY, |most, v| if *v > most { *v } else { most });
    let (mut at, mut value) = (0, f32::NEG_INFINITY);
    for (index, piece) in row.chunks(PIECE).enumerate() {
        let top = most(piece);
        if top > value {
            (at, value) = (index, top);
        }
    }
    let place = row.chunks(PIECE).nth(at)?.iter().position(|v| *v == value)?;
    (-1e-3..=1.0 + 1e-3).contains(&value).then_some((at * PIECE + place, value))
}

/// The best readings beside `class`, blanks aside.
fn others(row: &[f32], class: usize, characters: &[String]) -> Vec<(String, f32)> {
    let mut best: Vec<(usize, f32)> = Vec::with_capacity(ALTERNATIVES + 1);
    for (other, &score) in row.iter().enumerate().skip(1) {
        if score < LEAST
            || other == class
            || best.last().is_some_and(|(_, s)| best.len() == ALTERNATIVES && score <= *s)
        {
            continue;
        }
        let place = best.partition_point(|(_, s)| *s >= score);
        best.insert(place, (other, score));
        best.truncate(ALTERNATIVES);
    }
    let named = |(other, score): (usize, f32)| Some((characters.get(other)?.clone(), score.min(1.0)));
    best.into_iter().filter_map(named).collect()
}

#[cfg(test)]
mod tests {
    use ndarray::Array2;

    use super::*;

    fn characters() -> Vec<String> {
        ["", "a", "b", "c", " "].map(str::to_owned).to_vec()
    }

    fn read(rows: &[[f32; 5]]) -> (Vec<(String, f32)>, usize) {
        let steps = Array2::from_shape_fn((rows.len(), 5), |(y, x)| rows[y][x]);
        let (read, odd) = best_path(steps.view(), &characters(), 1.0);
        (read.into_iter().map(|c| (c.text, c.score)).collect(), odd)
    }

    #[test]
    fn repetitions_are_one_and_blanks_part_them() {
        const A: [f32; 5] = [0.1, 0.8, 0.1, 0.0, 0.0];
        const SURE: [f32; 5] = [0.0, 0.9, 0.1, 0.0, 0.0];
        const BLANK: [f32; 5] = [0.9, 0.1, 0.0, 0.0, 0.0];
        let a = |score| ("a".to_owned(), score);
        assert_eq!(read(&[BLANK, A, SURE, A, BLANK]).0, [a(0.9)]);
        assert_eq!(read(&[A, BLANK, SURE]).0, [a(0.8), a(0.9)]);
        assert_eq!(read(&[A, [0.1, 0.1, 0.8, 0.0, 0.0], A]).0.len(), 3);
        assert_eq!(read(&[BLANK]).0, []);
        assert_eq!(read(&[A, [f32::NAN; 5], [7.0; 5], A]), (vec![a(0.8), a(0.8)], 2));
    }

    #[test]
    fn alternatives_come_best_first_and_without_the_blank() {
        let steps =
            Array2::from_shape_vec((2, 5), vec![0.05, 0.5, 0.3, 0.1, 0.0005, 1.0, 0.0, 0.0, 0.0, 0.0]);
        let (read, _) = best_path(steps.unwrap().view(), &characters(), 0.5);
        assert_eq!(read[0].alternatives, [("b".to_owned(), 0.3), ("c".to_owned(), 0.1)]);
        // Half of the two steps is line.
        assert_eq!(read[0].at, 0.5);
    }

    #[test]
    fn the_first_of_equals_wins_in_rows_of_any_length() {
        for length in [1, 63, 64, 65, 1000] {
            let mut row = vec![0.0f32; length];
            row[length / 2] = 0.7;
            row[length - 1] = 0.7;
            assert_eq!(best(&row), Some((length / 2, 0.7)), "{length}");
        }
        assert_eq!(best(&[]), None);
    }
}
