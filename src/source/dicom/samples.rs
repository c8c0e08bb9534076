//! Stored values: the whole numbers that a frame holds, pixel by pixel, before any of them means anything.

use super::description::Description;

/// Samples of a frame, interleaved by pixel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Samples {
    values: Vec<i32>,
    /// Whether the values are unsigned numbers of 32 bits.
    wide: bool,
}

impl Samples {
    /// From numbers whose lower bits are the sample: `bits` of them, signed or not.
    pub fn of(mut values: Vec<i32>, bits: u32, signed: bool) -> Self {
        let spare = 32 - bits.clamp(1, 32);
        if spare > 0 {
            for value in &mut values {
                let top = *value << spare;
                *value = if signed { top >> spare } else { (top as u32 >> spare) as i32 };
            }
        }
        Self { values, wide: spare == 0 && !signed }
    }

    pub fn len(&self) -> usize {
        self.values.len()
    }

    pub fn is_empty(&self) -> bool {
        self.values.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = i64> {
        self.values.iter().map(|value| self.wider(*value))
    }

    pub fn get(&self, index: usize) -> Option<i64> {
        self.values.get(index).map(|value| self.wider(*value))
    }

    fn wider(&self, value: i32) -> i64 {
        if self.wide { i64::from(value as u32) } else { i64::from(value) }
    }

    /// Samples of three planes, one behind the other, pixel by pixel.
    pub fn interleaved(self) -> Self {
        let pixels = self.values.len() / 3;
        let values = (0..pixels * 3).map(|n| self.values[n % 3 * pixels + n / 3]).collect();
        Self { values, ..self }
    }
}

/// Numbers of `allocated` bits, little-endian, of which those up to the high bit are the sample.
pub fn unpack(bytes: &[u8], described: &Description) -> Samples {
    let Description { allocated, stored, high_bit, signed, .. } = *described;
    let shift = high_bit + 1 - stored;
    let words: Vec<i32> = match allocated {
        8 => bytes.iter().map(|byte| i32::from(*byte >> shift)).collect(),
        16 => {
            let words = bytes.as_chunks::<2>().0.iter();
            words.map(|word| i32::from(u16::from_le_bytes(*word) >> shift)).collect()
        }
        _ => {
            let words = bytes.as_chunks::<4>().0.iter();
            words.map(|word| (u32::from_le_bytes(*word) >> shift) as i32).collect()
        }
    };
    Samples::of(words, stored, signed)
}
