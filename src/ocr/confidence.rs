//! How likely it is that a whole line was read without a mistake.
//!
//! A logistic function (Platt 1999) of the logarithm of the product of the characters' scores and of the log-odds of
//! the least score, fitted by scripts/ocr/calibrate.py on 998 rendered lines of every quality; docs/ocr.md says how
//! good it is on these and as many others.

use crate::observation::TextLine;

/// Constant, weight of the product, weight of the least score.
const WEIGHTS: [f64; 3] = [0.2274, 1.2583, 0.5715];

/// Scores are kept this far from 0 and 1, as in the fit.
const EDGE: f64 = 1e-6;

/// 0 to 1; 0 for a line without characters.
///
/// Within bounds, scores are shares of what is allowed, high for the only digit where a letter stands. So half of the
/// product is that of the shares, half the text's probability without bounds.
pub fn of(line: &TextLine) -> f32 {
    let scores = || line.characters.iter().map(|c| f64::from(c.score).clamp(EDGE, 1.0 - EDGE));
    let Some(least) = scores().reduce(f64::min) else { return 0.0 };
    let shares: f64 = scores().map(f64::ln).sum();
    let product = match line.bounded {
        Some([_, likelihood]) => {
            let without = f64::from(likelihood).clamp(EDGE, 1.0).ln() * line.characters.len() as f64;
            f64::midpoint(shares, without)
        }
        None => shares,
    };
    let [constant, of_product, of_least] = WEIGHTS;
    let odds = constant + of_product * product + of_least * (least / (1.0 - least)).ln();
    (1.0 / (1.0 + (-odds).exp())) as f32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geometry::Quad;
    use crate::ocr::ctc::Character;

    fn line(scores: &[f32], bounded: Option<[f32; 2]>) -> TextLine {
        let character =
            |score: &f32| Character { text: "a".into(), score: *score, at: 0.5, alternatives: vec![] };
        let characters = scores.iter().map(character).collect();
        TextLine { characters, bounded, ..TextLine::unread(Quad([[0.0; 2]; 4]), 0.9) }
    }

    /// In Python: 1 / (1 + exp(-(0.2274 + 1.2583 * log(0.9 * 0.8) + 0.5715 * log(0.8 / 0.2)))) and the like.
    #[test]
    fn the_confidence_is_that_of_the_fit() {
        let near =
            |found: f32, wanted: f32| assert!((found - wanted).abs() < 1e-4, "{found}, expected {wanted}");
        near(of(&line(&[0.9, 0.8], None)), 0.647_10);
        near(of(&line(&[0.999; 20], None)), 0.984_47);
        near(of(&line(&[], None)), 0.0);
        // (log(0.9) + log(0.1)) / 2 in place of the product.
        near(of(&line(&[0.9], Some([0.9, 0.1]))), 0.492_04);
    }

    #[test]
    fn doubt_lowers_it() {
        let sure = of(&line(&[0.99, 0.99, 0.99], None));
        assert!(of(&line(&[0.99, 0.6, 0.99], None)) < 0.7 * sure);
        assert!(of(&line(&[0.99; 40], None)) < sure);
        assert!(of(&line(&[0.99; 3], Some([0.9, 0.01]))) < 0.1 * sure);
        assert!(of(&line(&[1.0, f32::MIN_POSITIVE], None)) < 0.01 && of(&line(&[1.0], None)) <= 1.0);
    }
}
