//! Measures of a yes or no with a score: AUC with DeLong's interval, proportions with Wilson's, calibration.

use serde::Serialize;

/// The 97.5th percentile of the normal distribution: intervals are of 95 %.
const Z: f64 = 1.959_963_984_540_054;

/// A measure and the interval that holds it with 95 %.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Interval {
    pub value: f64,
    pub low: f64,
    pub high: f64,
}

/// `hits` of `all`, with Wilson's score interval (1927); `None` of none.
pub fn wilson(hits: usize, all: usize) -> Option<Interval> {
    if all == 0 {
        return None;
    }
    let (k, n, z2) = (hits as f64, all as f64, Z * Z);
    let value = k / n;
    let centre = (value + z2 / (2.0 * n)) / (1.0 + z2 / n);
    let half = Z / (1.0 + z2 / n) * (value * (1.0 - value) / n + z2 / (4.0 * n * n)).sqrt();
    Some(Interval { value, low: (centre - half).max(0.0), high: (centre + half).min(1.0) })
}

/// Area under the ROC curve, ties counted half, with the variance of DeLong, DeLong and Clarke-Pearson (1988) by
/// midranks (Sun and Xu 2014); `None` where one of the classes has fewer than two.
pub fn auc(scored: &[(f64, bool)]) -> Option<Interval> {
    let of =
        |wanted: bool| -> Vec<f64> { scored.iter().filter(|(_, y)| *y == wanted).map(|(s, _)| *s).collect() };
    let (positive, negative) = (of(true), of(false));
    let (m, n) = (positive.len() as f64, negative.len() as f64);
    if m < 2.0 || n < 2.0 {
        return None;
    }
    let all: Vec<f64> = positive.iter().chain(&negative).copied().collect();
    let ranks = midranks(&all);
    let (of_positive, of_negative) = ranks.split_at(positive.len());
    // For each positive the share of negatives below it, and the other way round.
    let below = of_positive.iter().zip(midranks(&positive)).map(|(all, own)| (all - own) / n);
    let above = of_negative.iter().zip(midranks(&negative)).map(|(all, own)| 1.0 - (all - own) / m);
    let (below, above): (Vec<f64>, Vec<f64>) = (below.collect(), above.collect());
    let value = mean(&below);
    let error = (variance(&below) / m + variance(&above) / n).sqrt();
    Some(Interval { value, low: (value - Z * error).max(0.0), high: (value + Z * error).min(1.0) })
}

/// Ranks from 1; equal values share the mean of theirs.
fn midranks(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut ranks = vec![0.0; values.len()];
    let mut at = 0;
    while at < order.len() {
        let same = order[at..].iter().take_while(|n| values[**n] == values[order[at]]).count();
        let rank = at as f64 + (same as f64 + 1.0) / 2.0;
        order[at..at + same].iter().for_each(|n| ranks[*n] = rank);
        at += same;
    }
    ranks
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len() as f64
}

/// Of a sample: divided by one less than there are.
fn variance(values: &[f64]) -> f64 {
    let mean = mean(values);
    values.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / (values.len() as f64 - 1.0)
}

/// Mean squared difference of score and truth (Brier 1950).
pub fn brier(scored: &[(f64, bool)]) -> f64 {
    let off = scored.iter().map(|(score, truth)| (score - f64::from(u8::from(*truth))).powi(2));
    off.sum::<f64>() / scored.len().max(1) as f64
}

/// A tenth of the scores from 0 to 1.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bin {
    pub count: usize,
    pub mean_score: f64,
    pub share_true: f64,
}

/// Ten bins of equal width, empty ones left out.
pub fn calibration(scored: &[(f64, bool)]) -> Vec<Bin> {
    let mut bins = [(0usize, 0.0, 0usize); 10];
    for (score, truth) in scored {
        let bin = &mut bins[((score * 10.0) as usize).min(9)];
        *bin = (bin.0 + 1, bin.1 + score, bin.2 + usize::from(*truth));
    }
    let filled = bins.into_iter().filter(|(count, ..)| *count > 0);
    filled
        .map(|(count, sum, truths)| Bin {
            count,
            mean_score: sum / count as f64,
            share_true: truths as f64 / count as f64,
        })
        .collect()
}

/// Minutes from arrival to the end of reading, of each study, for one reader who reads without pause: studies arrive
/// every `arrival` minutes in the given order and take `reading` minutes each. The next to be read is the first
/// of those there by `order` (least first; equal ones as they came).
pub fn waiting(order: &[f64], arrival: f64, reading: f64) -> Vec<f64> {
    let mut left: Vec<usize> = (0..order.len()).collect();
    let mut waited = vec![0.0; order.len()];
    let mut now = 0.0f64;
    while let Some(first) = left.first() {
        now = now.max(*first as f64 * arrival);
        let there = left.iter().take_while(|n| **n as f64 * arrival <= now + 1e-9);
        let next =
            there.enumerate().min_by(|(_, a), (_, b)| order[**a].total_cmp(&order[**b]).then(a.cmp(b)));
        let Some((place, _)) = next else { break };
        let study = left.remove(place);
        now += reading;
        waited[study] = now - study as f64 * arrival;
    }
    waited
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-9
    }

    // Expected values: scripts/triage/statistics_reference.py with scikit-learn, scipy and statsmodels.
    fn sample() -> Vec<(f64, bool)> {
        let scores = [0.1, 0.4, 0.35, 0.8, 0.65, 0.65, 0.2, 0.9, 0.5, 0.3, 0.7, 0.05];
        let truth = [0, 0, 1, 1, 1, 0, 0, 1, 1, 0, 0, 0];
        scores.into_iter().zip(truth.map(|t| t == 1)).collect()
    }

    #[test]
    fn auc_is_scikit_learns_and_its_interval_delongs() {
        let auc = auc(&sample()).unwrap();
        assert!(
            near(auc.value, AUC) && near(auc.low, AUC_LOW) && near(auc.high, 1.0f64.min(AUC_HIGH)),
            "{auc:?}"
        );
        assert!(near(brier(&sample()), BRIER));
        assert!(super::auc(&[(0.1, true), (0.2, false), (0.3, false)]).is_none());
    }

    #[test]
    fn intervals_of_shares_are_statsmodels() {
        for (hits, all, low, high) in WILSON {
            let found = wilson(hits, all).unwrap();
            assert!(near(found.low, low) && near(found.high, high), "{hits}/{all}: {found:?}");
        }
        assert!(wilson(0, 0).is_none());
    }

    #[test]
    fn the_urgent_overtake_only_those_who_wait() {
        // Arrivals 0, 1, 2, 3; reading takes 5. The first is read at once, then the most urgent of those there.
        assert_eq!(waiting(&[0.0, 0.0, 0.0, 0.0], 1.0, 5.0), [5.0, 9.0, 13.0, 17.0]);
        assert_eq!(waiting(&[0.0, -0.1, -0.2, -0.9], 1.0, 5.0), [5.0, 19.0, 13.0, 7.0]);
        // Nobody waits where studies come more slowly than they are read.
        assert_eq!(waiting(&[0.0, -1.0], 10.0, 5.0), [5.0, 5.0]);
    }

    const AUC: f64 = 0.8142857142857143;
    const AUC_LOW: f64 = 0.5612554519093823;
    const AUC_HIGH: f64 = 1.0673159766620461;
    const BRIER: f64 = 0.17166666666666666;
    const WILSON: [(usize, usize, f64, f64); 4] = [
        (8, 10, 0.49016247153664183, 0.9433178485456247),
        (0, 7, 2.7755575615628914e-17, 0.3543304350666875),
        (7, 7, 0.6456695649333125, 0.9999999999999999),
        (45, 90, 0.3988372282354734, 0.6011627717645266),
    ];
}
