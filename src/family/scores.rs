//! Whether a model's scores are probabilities or logits, which its numbers must bear out.

use crate::error::{Error, Kind, Result};
use crate::observation::SCORE_FLOOR;

/// What stands in a score output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// 0 to 1: the graph ends with a sigmoid or softmax.
    Probability,
    /// Any number: the sigmoid is left to the reader.
    Logit,
}

/// Arithmetic in lower precision may leave a probability this far below 0.
const ROUNDING: f32 = 1e-3;

impl Scale {
    /// `logits` of the `[decode]` table.
    pub fn new(logits: bool) -> Self {
        if logits { Scale::Logit } else { Scale::Probability }
    }

    /// A score as 0 to 1.
    pub fn probability(self, raw: f32) -> f32 {
        match self {
            Scale::Probability => raw,
            Scale::Logit => sigmoid(raw),
        }
    }

    /// What [`SCORE_FLOOR`] is in the output, so that scores below it need no sigmoid.
    pub fn floor(self) -> f32 {
        match self {
            Scale::Probability => SCORE_FLOOR,
            Scale::Logit => (SCORE_FLOOR / (1.0 - SCORE_FLOOR)).ln(),
        }
    }
}

pub(super) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// The least and the greatest score seen, those that are no numbers aside.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    least: f32,
    most: f32,
}

impl Span {
    pub const EMPTY: Self = Self { least: f32::INFINITY, most: f32::NEG_INFINITY };

    pub fn add(&mut self, score: f32) {
        if score.is_finite() {
            self.least = self.least.min(score);
            self.most = self.most.max(score);
        }
    }

    pub fn join(&mut self, other: Self) {
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
    }

    /// Scores of thousands of places that contradict the description: read on, they would come out as
    /// nothing found, or as everything found with 0.5 and more.
    ///
    /// # Errors
    /// `ModelOutput`: the range found, and what to write.
    pub fn bears_out(self, scale: Scale) -> Result<()> {
        let Self { least, most } = self;
        let message = match scale {
            Scale::Probability if least < -ROUNDING => format!(
                "scores from {least} to {most} are logits, not probabilities; write logits = true under \
                 [decode] of its description"
            ),
            Scale::Logit if 0.0 <= least && least <= most && most <= 1.0 => format!(
                "scores from {least} to {most} are probabilities, not logits; write logits = false under \
                 [decode] of its description"
            ),
            _ => return Ok(()),
        };
        Err(Error::new(Kind::ModelOutput, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_floor_is_the_same_on_both_scales() {
        for scale in [Scale::Probability, Scale::Logit] {
            assert!((scale.probability(scale.floor()) - SCORE_FLOOR).abs() < 1e-7);
        }
        assert_eq!(sigmoid(0.0), 0.5);
        assert_eq!((sigmoid(-1000.0), sigmoid(1000.0)), (0.0, 1.0));
    }

    #[test]
    fn numbers_that_contradict_the_description_are_said() {
        let span = |scores: &[f32]| {
            let mut span = Span::EMPTY;
            scores.iter().for_each(|score| span.add(*score));
            span
        };
        span(&[0.2, 0.9, f32::NAN, f32::NEG_INFINITY, -1e-4]).bears_out(Scale::Probability).unwrap();
        span(&[-7.0, 0.5]).bears_out(Scale::Logit).unwrap();
        span(&[]).bears_out(Scale::Logit).unwrap();
        let error = span(&[-7.0, 0.5]).bears_out(Scale::Probability).unwrap_err();
        assert!(error.message.contains("from -7 to 0.5") && error.message.contains("logits = true"));
        let error = span(&[0.0, 0.5]).bears_out(Scale::Logit).unwrap_err();
        assert!(error.message.contains("logits = false"), "{}", error.message);
    }
}
