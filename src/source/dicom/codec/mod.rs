//! Decoders of one frame: its bytes to stored values, or why not.

pub mod jpeg;
pub mod jpeg2000;
pub mod jpeg_ls;
pub mod jpeg_xl;
mod markers;
pub mod native;
pub mod rle;

use super::description::Description;
use super::samples::Samples;
use crate::Error;
use crate::source::Input;
use crate::source::input::Partly;

/// Why a frame cannot be decoded, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Cut(String),
    Corrupt(String),
    /// What could be decoded only by guessing.
    Refused(String),
}

impl Fault {
    pub fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }

    pub fn refused(what: impl std::fmt::Display) -> Self {
        Self::Refused(what.to_string())
    }

    pub fn worded(self, input: &Input, frame: u32) -> Error {
        match self {
            Self::Cut(what) => input.truncated(format_args!("frame {frame}: {what}"), Partly::No),
            Self::Corrupt(what) => input.corrupt(format_args!("frame {frame}: {what}")),
            Self::Refused(what) => input.unsupported(format_args!("frame {frame}: {what}")),
        }
    }
}

/// Width, height, components and bits as a stream says them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub width: u32,
    pub height: u32,
    pub components: usize,
    pub bits: u32,
}

/// Whether a stream holds the picture that the data set describes, asked before memory is taken for it.
fn agree(shape: Shape, described: &Description) -> Result<(), Fault> {
    let Shape { width, height, components, bits } = shape;
    let Description { columns, rows, samples, allocated, stored, .. } = *described;
    if (width, height, components) != (columns, rows, samples) {
        return Err(Fault::corrupt(format_args!(
            "its stream holds {width}x{height} pixels of {components} samples, its attributes say \
             {columns}x{rows} of {samples}"
        )));
    }
    if !(1..=allocated).contains(&bits) {
        return Err(Fault::corrupt(format_args!(
            "its stream has {bits} bits a sample, {allocated} are allocated"
        )));
    }
    // Streams of grey may be wider than what is stored (pydicom's 693_J2KI is); [`samples`] checks their values. Colour has
    // no window that would show what its greatest value is: other bits would be a picture all black or white.
    if samples > 1 && bits != stored {
        return Err(Fault::corrupt(format_args!(
            "its stream of colour has {bits} bits a sample, {stored} are stored"
        )));
    }
    Ok(())
}

/// The samples of a stream of `bits` bits, whose numbers are its own. Where fewer are stored, a negative one may be two's
/// complement of the bits stored or of the stream's: only one of them can be a number of as many bits as are stored.
///
/// # Errors
/// For a number that is none of them: what was meant cannot be told.
fn samples(values: Vec<i32>, bits: u32, described: &Description) -> Result<Samples, Fault> {
    let Description { stored, signed, .. } = *described;
    if bits <= stored || stored >= 32 {
        return Ok(Samples::of(values, bits, signed));
    }
    let (least, most) =
        if signed { (-1i64 << (stored - 1), (1i64 << (stored - 1)) - 1) } else { (0, (1i64 << stored) - 1) };
    let all = (1i64 << stored) - 1;
    let own = Samples::of(values.clone(), bits, signed);
    if own.iter().all(|value| (least..=most).contains(&value)) {
        return Ok(own);
    }
    let narrow = Samples::of(values, bits, false);
    if signed && narrow.iter().all(|value| (0..=all).contains(&value)) {
        return Ok(Samples::of(narrow.iter().map(|value| value as i32).collect(), stored, true));
    }
    Err(Fault::refused(format_args!(
        "its stream has {bits} bits a sample and values of more than the {stored} that are stored"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::dicom::description::Photometric;

    fn stored(values: &[i32], bits: u32, signed: bool) -> Option<Vec<i64>> {
        let described = Description {
            rows: 1,
            columns: values.len() as u32,
            samples: 1,
            allocated: 16,
            stored: 12,
            high_bit: 11,
            signed,
            planar: false,
            photometric: Photometric::Monochrome2,
            frames: 1,
        };
        samples(values.to_vec(), bits, &described).ok().map(|samples| samples.iter().collect())
    }

    #[test]
    fn streams_wider_than_what_is_stored_are_read_by_the_bits_that_fit_or_refused() {
        // Two's complement of 12 bits, of 15 bits, and numbers that the decoder made negative itself.
        assert_eq!(stored(&[0xFFF, 5, 0x800], 15, true), Some(vec![-1, 5, -2048]));
        assert_eq!(stored(&[0x7FFF, 5, 0x7800], 15, true), Some(vec![-1, 5, -2048]));
        assert_eq!(stored(&[-1, 5, -2048], 15, true), Some(vec![-1, 5, -2048]));
        assert_eq!(stored(&[0x1000, 5], 15, true), None);
        assert_eq!(stored(&[0x7FFF, 0x8FF], 15, true), None);
        assert_eq!(stored(&[0xFFF, 5], 15, false), Some(vec![4095, 5]));
        assert_eq!(stored(&[0x1000, 5], 15, false), None);
        assert_eq!(stored(&[0xFFF], 12, true), Some(vec![-1]));
    }
}
