//! Whether scores are probabilities: expected calibration error and the reliability diagram's bins.

use serde::Serialize;

/// Guo et al., "On Calibration of Modern Neural Networks" (2017), use 15.
pub const BINS: usize = 15;

/// An answer's score and whether it was right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scored {
    pub score: f64,
    pub right: bool,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    /// Scores above `from` up to and with `to`; the first bin also holds 0.
    pub from: f64,
    pub to: f64,
    pub count: usize,
    /// Mean score and share of right answers; null for an empty bin.
    pub score: Option<f64>,
    pub right: Option<f64>,
}

#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Calibration {
    /// Mean gap between score and share of right answers, weighted by the answers in a bin.
    pub ece: f64,
    /// The largest gap of a bin.
    pub mce: f64,
    pub count: usize,
    pub bins: Vec<Bin>,
}

/// None without answers, or where a score is not within 0 to 1 and so no probability.
pub fn calibration(answers: &[Scored]) -> Option<Calibration> {
    if answers.is_empty() || answers.iter().any(|a| !(0.0..=1.0).contains(&a.score)) {
        return None;
    }
    let mut sums = [(0usize, 0.0, 0usize); BINS];
    for answer in answers {
        let above = (0..BINS).rev().find(|bin| answer.score > edge(*bin)).unwrap_or(0);
        let (count, score, right) = &mut sums[above];
        (*count, *score, *right) = (*count + 1, *score + answer.score, *right + usize::from(answer.right));
    }
    let bins: Vec<Bin> = (0..BINS)
        .zip(sums)
        .map(|(bin, (count, score, right))| {
            let share = |sum: f64| (count > 0).then(|| sum / count as f64);
            let (score, right) = (share(score), share(right as f64));
            Bin { from: edge(bin), to: edge(bin + 1), count, score, right }
        })
        .collect();
    let gaps = || bins.iter().filter_map(|bin| Some((bin.count, (bin.score? - bin.right?).abs())));
    let ece = gaps().map(|(count, gap)| count as f64 * gap).sum::<f64>() / answers.len() as f64;
    let mce = gaps().map(|(_, gap)| gap).fold(0.0, f64::max);
    Some(Calibration { ece, mce, count: answers.len(), bins })
}

/// The same, and a note where scores are no probabilities.
pub fn noted(answers: &[Scored], notes: &mut Vec<String>) -> Option<Calibration> {
    let found = calibration(answers);
    if found.is_none() && !answers.is_empty() {
        notes.push("no calibration: scores are not within 0 to 1, so they are no probabilities".into());
    }
    found
}

fn edge(bin: usize) -> f64 {
    bin as f64 / BINS as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scored(score: f64, right: bool) -> Scored {
        Scored { score, right }
    }

    #[test]
    fn error_by_hand() {
        // Bin 15 holds .95 (right) and 1.0 (wrong): mean score .975, right .5, gap .475.
        // Bin 1 holds 0 and .05 (both wrong): gap .025. ECE = (2 * .475 + 2 * .025) / 4 = .25.
        let answers = [scored(0.95, true), scored(1.0, false), scored(0.0, false), scored(0.05, false)];
        let found = calibration(&answers).expect("scores are probabilities");
        assert!((found.ece - 0.25).abs() < 1e-12 && (found.mce - 0.475).abs() < 1e-12);
        assert_eq!((found.bins[0].count, found.bins[14].count, found.bins[7].right), (2, 2, None));
    }

    #[test]
    fn an_edge_belongs_to_the_lower_bin() {
        let found = calibration(&[scored(0.2, true)]).expect("scores are probabilities");
        assert_eq!((found.bins[2].count, found.bins[3].count), (1, 0));
    }

    #[test]
    fn logits_are_no_probabilities() {
        assert_eq!(calibration(&[scored(3.5, true)]), None);
        assert_eq!(calibration(&[]), None);
    }
}
