//! Random numbers that any language can make again: SplitMix64 by number instead of by turn.

/// The constant that SplitMix64 counts by, the golden ratio of 2^64 (Steele, Lea, Flood: Fast Splittable
/// Pseudorandom Number Generators, OOPSLA 2014).
const STEP: u64 = 0x9E37_79B9_7F4A_7C15;

/// An endless list of numbers, read at any place.
#[derive(Debug, Clone, Copy)]
pub struct Numbers {
    seed: u64,
}

impl Numbers {
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// Number `n` (from 0) of SplitMix64 begun with the seed, as 64 bits.
    pub fn bits(self, n: u64) -> u64 {
        let mut z = self.seed.wrapping_add(STEP.wrapping_mul(n.wrapping_add(1)));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// The same as a multiple of 2^-24 from 0 to below 1, by its highest bits.
    pub fn unit(self, n: u64) -> f64 {
        (self.bits(n) >> 40) as f64 / f64::from(1 << 24)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_those_of_the_published_generator() {
        // java.util.SplittableRandom's generator with seed 1234567, as Rosetta Code's task "Pseudo-random numbers/
        // Splitmix64" lists them.
        let numbers = Numbers::new(1_234_567);
        let found: Vec<u64> = (0..3).map(|n| numbers.bits(n)).collect();
        assert_eq!(found, [6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423]);
        assert!((0..1000).all(|n| (0.0..1.0).contains(&numbers.unit(n))));
    }
}
