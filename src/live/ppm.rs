//! Pictures from ffmpeg through a pipe: binary PPM, each with its own size, because a stream may change its.

use std::io::{self, BufRead, Read};

use image::RgbImage;

/// Bytes of a header at most: `P6`, two sizes, 255, and what stands between them.
const HEADER: u64 = 64;

/// The next picture; `None` at the end, which may come within one.
///
/// # Errors
/// `InvalidData` for anything but an 8-bit PPM of at most `most` pixels.
pub fn next(pipe: &mut impl BufRead, most: u64) -> io::Result<Option<RgbImage>> {
    let mut fields = [0; 3];
    if word(pipe)?.is_none_or(|word| word != "P6") {
        // Also a stream that ended.
        return Ok(None);
    }
    for field in &mut fields {
        let number = word(pipe)?.and_then(|word| word.parse::<u32>().ok());
        *field = number.filter(|number| *number > 0).ok_or(io::ErrorKind::InvalidData)?;
    }
    let [width, height, depth] = fields;
    if depth != 255 || u64::from(width) * u64::from(height) > most {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut pixels = vec![0; width as usize * height as usize * 3];
    match pipe.read_exact(&mut pixels) {
        Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => Ok(None),
        read => read.map(|()| RgbImage::from_raw(width, height, pixels)),
    }
}

/// What stands before the next white space, which is taken, too.
fn word(pipe: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut word = String::new();
    for byte in pipe.by_ref().take(HEADER).bytes() {
        match byte? {
            b' ' | b'\n' | b'\t' | b'\r' if word.is_empty() => {}
            b' ' | b'\n' | b'\t' | b'\r' => return Ok(Some(word)),
            byte => word.push(char::from(byte)),
        }
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_of_several_sizes_come_one_after_another() {
        let two = [b"P6\n2 1\n255\n123456".as_slice(), b"P6\n1 1\n255\n\n \t"].concat();
        let mut pipe = two.as_slice();
        let mut size = || next(&mut pipe, 2).map(|picture| picture.map(|p| (p.dimensions(), p.into_raw())));
        assert_eq!(size().ok(), Some(Some(((2, 1), b"123456".to_vec()))));
        assert_eq!(size().ok(), Some(Some(((1, 1), b"\n \t".to_vec()))));
        assert_eq!(size().ok(), Some(None));
    }

    #[test]
    fn nothing_else_is_believed() {
        for bytes in ["P6\n9 9\n255\n", "P6\n1 1\n65535\n", "P6\n0 1\n255\n", "P6\nx 1\n255\n"] {
            assert!(next(&mut bytes.as_bytes(), 80).is_err(), "{bytes}");
        }
        for bytes in ["", "P5\n1 1\n255\n1", "P6\n2 2\n255\n12", &"x".repeat(1000)] {
            assert!(next(&mut bytes.as_bytes(), 80).is_ok_and(|found| found.is_none()), "{bytes}");
        }
    }
}
