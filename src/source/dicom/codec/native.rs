//! Pixels as they are: bits, bytes and words in either order, planes, and colours shared by two pixels.

use super::Fault;
use crate::source::dicom::description::{Description, Photometric};
use crate::source::dicom::samples::{Samples, unpack};

/// How the bytes of a frame stand in the file.
#[derive(Debug, Clone, Copy)]
pub struct Frame {
    /// Words have their high byte first.
    pub big: bool,
    /// Written as words of 16 bits whatever a sample has (OW).
    pub words: bool,
    /// Bytes before it, which belong to the word that it begins in.
    pub skip: usize,
    /// Bits before it in its first byte.
    pub bit: usize,
}

pub fn decode(bytes: &[u8], described: &Description, frame: Frame) -> Result<Samples, Fault> {
    if described.allocated == 1 {
        return bits(bytes, described, frame);
    }
    let length = described.count() * described.allocated as usize / 8;
    let turned = match (frame.big, described.allocated) {
        (true, 8) if frame.words => swapped::<2>(bytes),
        (true, 16) => swapped::<2>(bytes),
        (true, 32) => swapped::<4>(bytes),
        _ => bytes.into(),
    };
    let turned = turned.get(frame.skip..).unwrap_or(&[]);
    if described.photometric == Photometric::YbrFull422 {
        return Ok(unpack(&spread(turned, described)?, described));
    }
    let samples = unpack(turned.get(..length).unwrap_or(turned), described);
    Ok(if described.samples == 3 && described.planar { samples.interleaved() } else { samples })
}

/// One bit a pixel, the first in the lowest bit; frames follow without filling up bytes (PS3.5, section 8.1.1).
fn bits(bytes: &[u8], described: &Description, frame: Frame) -> Result<Samples, Fault> {
    let turned = if frame.big && frame.words { swapped::<2>(bytes) } else { bytes.into() };
    let first = frame.skip * 8 + frame.bit;
    let bit = |n: usize| turned.get(n / 8).map(|byte| i32::from(byte >> (n % 8) & 1));
    let values: Option<Vec<i32>> = (first..first + described.pixels()).map(bit).collect();
    let values = values.ok_or_else(|| Fault::Cut("its bits end early".into()))?;
    Ok(Samples::of(values, 1, false))
}

/// Units of `N` bytes turned around; one that is not whole is padded, so that its bytes are not lost.
fn swapped<const N: usize>(bytes: &[u8]) -> std::borrow::Cow<'_, [u8]> {
    let mut whole = bytes.to_vec();
    whole.resize(bytes.len().next_multiple_of(N), 0);
    whole.as_chunks_mut::<N>().0.iter_mut().for_each(|unit| unit.reverse());
    whole.into()
}

/// Y1 Y2 Cb Cr to Y1 Cb Cr Y2 Cb Cr (PS3.3, section C.7.6.3.1.2).
fn spread(bytes: &[u8], described: &Description) -> Result<Vec<u8>, Fault> {
    if described.allocated != 8 || !described.columns.is_multiple_of(2) {
        return Err(Fault::refused("YBR_FULL_422 of other than 8 bits, or of an odd width"));
    }
    let pairs = bytes.as_chunks::<4>().0.iter().take(described.pixels() / 2);
    Ok(pairs.flat_map(|[first, second, cb, cr]| [*first, *cb, *cr, *second, *cb, *cr]).collect())
}
