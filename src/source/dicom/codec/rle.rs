//! RLE (PS3.5, annex G): a segment for each byte of each sample, high bytes first.

use super::Fault;
use crate::source::dicom::description::Description;
use crate::source::dicom::samples::{Samples, unpack};

/// Number of segments and fifteen offsets of four bytes each.
const HEADER: usize = 64;

pub fn decode(bytes: &[u8], described: &Description) -> Result<Samples, Fault> {
    let header = bytes.get(..HEADER).ok_or_else(|| Fault::Cut("its RLE header is not whole".into()))?;
    let words: Vec<usize> =
        header.as_chunks::<4>().0.iter().map(|word| u32::from_le_bytes(*word) as usize).collect();
    let width = described.allocated as usize / 8;
    let expected = described.samples * width;
    if described.allocated < 8 || words[0] != expected || expected > 15 {
        return Err(Fault::corrupt(format_args!("it has {} RLE segments, expected {expected}", words[0])));
    }
    let pixels = described.pixels();
    let mut whole = vec![0; pixels * expected];
    for segment in 0..expected {
        let begin = words[1 + segment];
        let end = if segment + 1 < expected { words[2 + segment] } else { bytes.len() };
        let packed = bytes.get(begin..end).filter(|_| begin >= HEADER);
        let packed =
            packed.ok_or_else(|| Fault::corrupt(format_args!("RLE segment {segment} is out of place")))?;
        let (sample, byte) = (segment / width, segment % width);
        let first = sample * width + (width - 1 - byte);
        let places = whole.iter_mut().skip(first).step_by(expected);
        if unpacked(packed, places) != pixels {
            return Err(Fault::Cut(format!("RLE segment {segment} has fewer than {pixels} bytes")));
        }
    }
    Ok(unpack(&whole, described))
}

/// PackBits into `places`; returns how many were filled. What comes after the last is padding.
fn unpacked<'a>(packed: &[u8], mut places: impl Iterator<Item = &'a mut u8>) -> usize {
    let mut filled = 0;
    let mut put = |value: u8| {
        let place = places.next();
        let room = place.is_some();
        if let Some(place) = place {
            *place = value;
            filled += 1;
        }
        room
    };
    let mut rest = packed;
    while let Some((&head, tail)) = rest.split_first() {
        let count = head as i8;
        rest = match (count, tail.first()) {
            (i8::MIN, _) => tail,
            (0.., _) => {
                let literal = &tail[..tail.len().min(count as usize + 1)];
                if !literal.iter().all(|value| put(*value)) {
                    break;
                }
                &tail[literal.len()..]
            }
            (_, Some(value)) => {
                if !(0..=-i32::from(count)).all(|_| put(*value)) {
                    break;
                }
                &tail[1..]
            }
            (_, None) => break,
        };
    }
    filled
}
