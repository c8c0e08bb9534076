//! Which bytes are which frame, and each of them to stored values by its codec.

use std::borrow::Cow;
use std::ops::Range;

use super::codec;
use super::dataset::DataSet;
use super::description::{Description, Photometric};
use super::samples::Samples;
use super::scan::Pixels;
use super::syntax::Codec;
use crate::Result;
use crate::source::input::Partly;

/// Bytes of frame `n` (from 0) as they are stored: one range, or several fragments.
///
/// # Errors
/// `Truncated` where there are too few; `Unsupported` where it cannot be told which belong to a frame.
fn bytes_of(set: &DataSet, described: &Description, n: usize) -> Result<Vec<Range<usize>>> {
    let (input, frames) = (&set.input, described.frames as usize);
    match &set.pixels {
        Some(Pixels::Native { bytes, words }) => {
            let length = native_bits(described);
            let (mut first, mut last) = (n as u64 * length / 8, ((n as u64 + 1) * length).div_ceil(8));
            if *words {
                // A frame of bytes may begin or end within a word.
                (first, last) =
                    (first & !1, last.next_multiple_of(2).min((bytes.end - bytes.start) as u64).max(last));
            }
            let there = (bytes.end - bytes.start) as u64;
            if last > there {
                let what = format!("frame {n} ends at byte {last} of its pixels, {there} are there");
                return Err(input.truncated(what, Partly::No));
            }
            Ok(std::iter::once(bytes.start + first as usize..bytes.start + last as usize).collect())
        }
        Some(Pixels::Encapsulated { fragments, .. }) if frames == 1 => Ok(fragments.clone()),
        Some(Pixels::Encapsulated { fragments, .. }) if fragments.len() == frames => {
            Ok(vec![fragments[n].clone()])
        }
        Some(Pixels::Encapsulated { offsets, fragments }) if offsets.len() == frames => {
            // Offsets count from the first fragment's item, whose header of 8 bytes precedes it.
            let base = fragments.first().map_or(0, |first| first.start - 8);
            let place =
                |offset: &u64| usize::try_from(*offset).unwrap_or(usize::MAX).saturating_add(base + 8);
            let at = |n: usize| offsets.get(n).map_or(usize::MAX, place);
            let own = fragments.iter().filter(|range| (at(n)..at(n + 1)).contains(&range.start));
            Ok(own.cloned().collect())
        }
        Some(Pixels::Encapsulated { fragments, .. }) if fragments.len() < frames => {
            let what = format!("{frames} frames are said, {} fragments are there", fragments.len());
            Err(input.truncated(what, Partly::No))
        }
        Some(Pixels::Encapsulated { fragments, .. }) => Err(input.unsupported(format_args!(
            "nothing says which of its {} fragments belong to which of {frames} frames",
            fragments.len()
        ))),
        Some(Pixels::Float) | None => Err(input.unsupported("it holds no picture")),
    }
}

/// Bits of a frame without compression. Of YBR_FULL_422 two pixels share their colours.
pub fn native_bits(described: &Description) -> u64 {
    let samples = if described.photometric == Photometric::YbrFull422 { 2 } else { described.samples };
    described.pixels() as u64 * samples as u64 * u64::from(described.allocated)
}

/// The bytes of frame `n`, from 0, without what lies between its fragments.
///
/// # Errors
/// As of [`decode`].
pub fn bytes<'a>(set: &'a DataSet, described: &Description, n: u32) -> Result<Cow<'a, [u8]>> {
    let ranges = bytes_of(set, described, n as usize)?;
    let part = |range: &Range<usize>| set.input.bytes.get(range.clone()).unwrap_or_default();
    match ranges.as_slice() {
        [] => Err(set.input.truncated(format_args!("frame {n} has no data"), Partly::No)),
        [only] => Ok(part(only).into()),
        several => Ok(several.iter().flat_map(part).copied().collect::<Vec<u8>>().into()),
    }
}

/// The stored values of frame `n`, from 0.
///
/// # Errors
/// `Truncated`, `Corrupt` or `Unsupported`, in words.
pub fn decode(set: &DataSet, described: &Description, n: u32) -> Result<Samples> {
    let input = &set.input;
    let bytes = &*bytes(set, described, n)?;
    let words = matches!(set.pixels, Some(Pixels::Native { words: true, .. }));
    let begin = u64::from(n) * native_bits(described);
    let native = codec::native::Frame {
        big: set.syntax.encoding.big,
        words,
        skip: if words { (begin / 8 % 2) as usize } else { 0 },
        bit: (begin % 8) as usize,
    };
    let decoded = match set.syntax.codec {
        Codec::Native => codec::native::decode(bytes, described, native),
        Codec::Rle => codec::rle::decode(bytes, described),
        Codec::Jpeg => codec::jpeg::decode(bytes, described),
        Codec::JpegLs => codec::jpeg_ls::decode(bytes, described),
        Codec::Jpeg2000 => codec::jpeg2000::decode(bytes, described),
        Codec::JpegXl => codec::jpeg_xl::decode(bytes, described),
    };
    let samples = decoded.map_err(|fault| fault.worded(input, n))?;
    if samples.len() != described.count() {
        let (found, expected) = (samples.len(), described.count());
        return Err(input.corrupt(format_args!("frame {n} has {found} samples, expected {expected}")));
    }
    Ok(samples)
}
