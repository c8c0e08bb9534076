//! Words beside the pixels of a compressed frame: comments and application data of JPEG, JPEG-LS and JPEG 2000.
//!
//! They are overwritten with zeros where they stand, so that no length changes and no pixel either.

use crate::source::dicom::Codec;

/// JFIF, SPIFF and Adobe: how colours are stored, in as many bytes as their standards give them.
const OF_COLOURS: &[(u8, &[u8], usize)] =
    &[(0xE0, b"JFIF\0", 14), (0xE8, b"SPIFF\0", 30), (0xE8, b"mrfx", 5), (0xEE, b"Adobe", 12)];

/// Overwrites what a stream says beside its picture. Returns the number of segments that held something.
///
/// # Errors
/// In words, for streams whose other content cannot be told.
pub fn blank(stream: &mut [u8], codec: Codec) -> Result<u32, String> {
    match codec {
        Codec::Native | Codec::Rle => Ok(0),
        Codec::Jpeg | Codec::JpegLs => jpeg(stream),
        Codec::Jpeg2000 => jpeg_2000(stream),
        Codec::JpegXl if stream.starts_with(&[0xFF, 0x0A]) => Ok(0),
        Codec::JpegXl => Err("its JPEG XL streams are in boxes, which may hold anything".into()),
    }
}

/// Zeros over `length` bytes from `begin`; whether there was anything else.
fn zeros(stream: &mut [u8], begin: usize, length: usize) -> u32 {
    let Some(part) = stream.get_mut(begin..begin + length) else { return 0 };
    let held = part.iter().any(|byte| *byte != 0);
    part.fill(0);
    u32::from(held)
}

fn jpeg(stream: &mut [u8]) -> Result<u32, String> {
    const LOST: &str = "the segments of its JPEG streams cannot be told apart";
    let (mut at, mut held) = (2, 0);
    if !stream.starts_with(&[0xFF, 0xD8]) {
        return Err(LOST.into());
    }
    loop {
        // Coded data run to the next marker that is neither a stuffed byte nor a restart.
        while let Some(pair) = stream.get(at..at + 2) {
            // JPEG-LS stuffs a bit, so that bytes below 0x80 follow.
            if pair[0] == 0xFF && matches!(pair[1], 0xC0..=0xCF | 0xD8..=0xFE) {
                break;
            }
            at += 1;
        }
        let Some(&[_, code]) = stream.get(at..at + 2) else { return Ok(held) };
        if code == 0xD9 {
            // What follows the end belongs to no picture.
            return Ok(held + zeros(stream, at + 2, stream.len() - at - 2));
        }
        let Some(&[high, low]) = stream.get(at + 2..at + 4) else { return Err(LOST.into()) };
        let length = usize::from(u16::from_be_bytes([high, low])).max(2);
        if matches!(code, 0xE0..=0xEF | 0xFE) {
            let body = stream.get(at + 4..at + 2 + length).ok_or(LOST)?;
            let known = OF_COLOURS.iter().find(|(c, name, _)| *c == code && body.starts_with(name));
            let kept = known.map_or(0, |(.., kept)| *kept).min(body.len());
            held += zeros(stream, at + 4 + kept, length - 2 - kept);
        }
        at += 2 + length;
    }
}

/// Comments of the main header and of tiles' headers (ISO/IEC 15444-1, annex A.9.2).
fn jpeg_2000(stream: &mut [u8]) -> Result<u32, String> {
    if !stream.starts_with(&[0xFF, 0x4F]) {
        return Err("its JPEG 2000 streams are in boxes, which may hold anything".into());
    }
    const LOST: &str = "the segments of its JPEG 2000 streams cannot be told apart";
    let word = |stream: &[u8], at: usize| stream.get(at..at + 2).map(|b| u16::from_be_bytes([b[0], b[1]]));
    let (mut at, mut held, mut tile_end) = (2, 0, None);
    loop {
        match word(stream, at) {
            // The end of the stream, which some writers leave out.
            None => return Ok(held),
            Some(0xFFD9) => return Ok(held + zeros(stream, at + 2, stream.len() - at - 2)),
            // Coded data follow, up to where the tile part ends.
            Some(0xFF93) => match tile_end {
                Some(end) => at = end,
                None => return Ok(held),
            },
            Some(code) => {
                let length = usize::from(word(stream, at + 2).ok_or(LOST)?);
                if code == 0xFF90 {
                    let part = stream.get(at + 6..at + 10).ok_or(LOST)?;
                    let part = u32::from_be_bytes([part[0], part[1], part[2], part[3]]) as usize;
                    // Nothing is said of a last one's length.
                    tile_end = if part < 12 { None } else { at.checked_add(part) };
                }
                if code < 0xFF00 || length < 2 {
                    return Err(LOST.into());
                }
                if code == 0xFF64 {
                    // Two bytes say whether it is text.
                    held += zeros(stream, at + 6, length.saturating_sub(4));
                }
                at += 2 + length;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_of_jpeg_go_and_colours_stay() {
        let mut stream = [
            &[0xFF, 0xD8][..],
            &[0xFF, 0xE0, 0, 18],
            b"JFIF\0\x01\x01\0\0\x01\0\x01\x01\x01\x07\x07",
            &[0xFF, 0xFE, 0, 6],
            b"Jane",
            &[0xFF, 0xDA, 0, 2, 1, 0xFF, 0, 0xFF, 0xD0, 2],
            &[0xFF, 0xFE, 0, 5],
            b"Doe",
            &[0xFF, 0xD9],
            b"tail",
        ]
        .concat();
        let before = stream.clone();
        assert_eq!(blank(&mut stream, Codec::Jpeg), Ok(4));
        assert_eq!(stream.len(), before.len());
        assert!(stream.starts_with(&before[..20]));
        let text = String::from_utf8_lossy(&stream);
        assert!(!["Jane", "Doe", "tail", "\x07"].iter().any(|word| text.contains(word)), "{text:?}");
    }

    #[test]
    fn comments_of_jpeg_2000_go() {
        let mut stream =
            [&[0xFF, 0x4F, 0xFF, 0x64, 0, 8, 0, 1][..], b"Jane", &[0xFF, 0x93, 1, 2, 3]].concat();
        assert_eq!(blank(&mut stream, Codec::Jpeg2000), Ok(1));
        assert_eq!(&stream[8..], [0, 0, 0, 0, 0xFF, 0x93, 1, 2, 3]);
        assert!(blank(&mut b"\0\0\0\x0CjP  ".to_vec(), Codec::Jpeg2000).is_err());
    }
}
