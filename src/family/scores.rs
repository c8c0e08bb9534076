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

/// The least and the greatest of some scores, and how many were no numbers, which count for neither.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Span {
    pub least: f32,
    pub most: f32,
    pub not_numbers: usize,
}

impl Span {
    pub const EMPTY: Self = Self { least: f32::INFINITY, most: f32::NEG_INFINITY, not_numbers: 0 };

    /// Of a row: in lanes without branches, so that it becomes vector instructions. Nearly all rows have
    /// nothing over the floor, and end here.
    pub fn of(scores: &[f32]) -> Self {
        const LANES: usize = 8;
        let mut least = [f32::INFINITY; LANES];
        let mut most = [f32::NEG_INFINITY; LANES];
        let mut odd = [0u32; LANES];
        let mut chunks = scores.chunks_exact(LANES);
        for chunk in &mut chunks {
            for (lane, &score) in chunk.iter().enumerate() {
                let number = score.abs() < f32::INFINITY;
                odd[lane] += u32::from(!number);
                least[lane] = if number & (score < least[lane]) { score } else { least[lane] };
                most[lane] = if number & (score > most[lane]) { score } else { most[lane] };
            }
        }
        let mut span = Self::EMPTY;
        for lane in 0..LANES {
            let not_numbers = odd[lane] as usize;
            span.join(Self { least: least[lane], most: most[lane], not_numbers });
        }
        chunks.remainder().iter().for_each(|score| span.add(*score));
        span
    }

    pub fn add(&mut self, score: f32) {
        if score.is_finite() {
            self.least = self.least.min(score);
            self.most = self.most.max(score);
        } else {
            self.not_numbers += 1;
        }
    }

    pub fn join(&mut self, other: Self) {
        self.least = self.least.min(other.least);
        self.most = self.most.max(other.most);
        self.not_numbers += other.not_numbers;
    }

    /// Scores of thousands of places that contradict the description: read on, they would come out as
    /// nothing found, or as everything found with 0.5 and more.
    ///
    /// # Errors
    /// `ModelOutput`: the range found, and what to write.
    pub fn bears_out(self, scale: Scale) -> Result<()> {
        let Self { least, most, .. } = self;
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
        let span = Span::of;
        span(&[0.2, 0.9, f32::NAN, f32::NEG_INFINITY, -1e-4]).bears_out(Scale::Probability).unwrap();
        span(&[-7.0, 0.5]).bears_out(Scale::Logit).unwrap();
        span(&[]).bears_out(Scale::Logit).unwrap();
        let error = span(&[-7.0, 0.5]).bears_out(Scale::Probability).unwrap_err();
        assert!(error.message.contains("from -7 to 0.5") && error.message.contains("logits = true"));
        let error = span(&[0.0, 0.5]).bears_out(Scale::Logit).unwrap_err();
        assert!(error.message.contains("logits = false"), "{}", error.message);
    }

    #[test]
    fn a_row_is_summed_up_alike_in_lanes_and_alone() {
        let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY];
        for length in [0, 1, 7, 8, 9, 80, 83] {
            let number = |n: usize| if n % 11 == 5 { odd[n % 3] } else { (n * 37 % 64) as f32 - 30.0 };
            let row: Vec<f32> = (0..length).map(number).collect();
            let mut alone = Span::EMPTY;
            row.iter().for_each(|score| alone.add(*score));
            assert_eq!(Span::of(&row), alone, "{length}");
        }
    }
}
