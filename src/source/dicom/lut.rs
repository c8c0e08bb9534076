//! Look-up tables of the modality, of the window and of colours (PS3.3, sections C.11.1, C.11.2, C.7.6.3.1.5).

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::dataset::{Ask, name};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lut {
    /// The stored value that the first entry is for; those below get it too, those beyond the last get the last.
    first: i64,
    entries: Vec<u16>,
    bits: u32,
}

impl Lut {
    /// The table of an item of a modality or VOI sequence. `signed`: whether what is looked up may be negative.
    ///
    /// # Errors
    /// In words.
    pub fn read(item: &InMemDicomObject, signed: bool) -> Result<Self, String> {
        Self::at_tags(item, tags::LUT_DESCRIPTOR, tags::LUT_DATA, signed)
    }

    /// The table described and held by two elements.
    ///
    /// # Errors
    /// In words.
    pub fn at_tags(
        item: &InMemDicomObject,
        descriptor: Tag,
        data: Tag,
        signed: bool,
    ) -> Result<Self, String> {
        let wrong = || format!("{} is not three numbers: entries, first, bits", name(descriptor));
        let [count, first, bits] = *item.numbers(descriptor)?.first_chunk::<3>().ok_or_else(wrong)?;
        // 0 stands for 65536, which 16 bits do not hold.
        let count = if count == 0.0 { 65536 } else { (count as i64 & 0xFFFF) as usize };
        let first = first as i64 & 0xFFFF;
        let first = if signed && first >= 0x8000 { first - 0x10000 } else { first };
        let bits = bits as u32;
        if !(1..=16).contains(&bits) {
            return Err(wrong());
        }
        let value = item.get(data).and_then(|element| element.value().primitive());
        let value = value.ok_or_else(|| format!("{} is missing", name(data)))?;
        let entries = entries(value, count, bits);
        let short = || format!("{} has fewer than {count} entries", name(data));
        Ok(Self { first, entries: entries.ok_or_else(short)?, bits })
    }

    pub fn at(&self, value: i64) -> u16 {
        let last = self.entries.len() as i64 - 1;
        let index = (value - self.first).clamp(0, last);
        self.entries.get(index as usize).copied().unwrap_or(0)
    }

    /// The greatest value that an entry's bits hold.
    pub fn most(&self) -> f64 {
        f64::from((1u32 << self.bits) - 1)
    }

    pub fn bits(&self) -> u32 {
        self.bits
    }
}

/// Entries of 8 bits stand two in a word, the first in its low byte, or one in each word: the number of bytes tells.
fn entries(value: &dicom_core::PrimitiveValue, count: usize, bits: u32) -> Option<Vec<u16>> {
    use dicom_core::PrimitiveValue as P;
    let words: Vec<u16> = match value {
        P::U16(words) => words.to_vec(),
        P::I16(words) => words.iter().map(|word| *word as u16).collect(),
        P::U8(bytes) if bits <= 8 && bytes.len() < count * 2 => {
            return bytes.get(..count).map(|bytes| bytes.iter().map(|byte| u16::from(*byte)).collect());
        }
        P::U8(bytes) => bytes.as_chunks::<2>().0.iter().map(|word| u16::from_le_bytes(*word)).collect(),
        _ => return None,
    };
    if bits <= 8 && words.len() < count {
        let bytes: Vec<u16> = words.iter().flat_map(|word| word.to_le_bytes()).map(u16::from).collect();
        return bytes.get(..count).map(<[u16]>::to_vec);
    }
    words.get(..count).map(<[u16]>::to_vec)
}
