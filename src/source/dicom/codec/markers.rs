//! The segments of a JPEG or JPEG-LS stream before its first scan: shape, and who says what the colours are.

use super::{Fault, Shape};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Markers {
    pub shape: Shape,
    /// Second byte of the frame header's marker: which process it is.
    pub process: u8,
    /// Component identifiers.
    pub ids: Vec<u8>,
    /// A JFIF segment says that three components are YCbCr.
    pub jfif: bool,
    /// Adobe's segment says how three components were transformed: 0 not at all, 1 to YCbCr.
    pub adobe: Option<u8>,
    /// Of JPEG-LS: 0 a scan for each component, 1 by line, 2 by pixel.
    pub interleave: u8,
    /// Segments APP0 and APP14: [begin, end) in bytes.
    pub colour_segments: Vec<(usize, usize)>,
}

/// # Errors
/// `Cut` and `Corrupt`.
pub fn read(bytes: &[u8]) -> Result<Markers, Fault> {
    let cut = || Fault::Cut("its stream ends before its picture".into());
    if !bytes.starts_with(&[0xFF, 0xD8]) {
        return Err(Fault::corrupt("its stream does not begin as JPEG does"));
    }
    let (mut at, mut found, mut jfif, mut adobe) = (2, None, false, None);
    let mut colour_segments = Vec::new();
    loop {
        let begin = at;
        if bytes.get(at).ok_or_else(cut)? != &0xFF {
            return Err(Fault::corrupt(format_args!("byte {at} of its stream is no marker")));
        }
        // Any number of fill bytes may precede a marker's code.
        while bytes.get(at) == Some(&0xFF) {
            at += 1;
        }
        let code = *bytes.get(at).ok_or_else(cut)?;
        at += 1;
        let length = bytes.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_be_bytes);
        let length = usize::from(length.ok_or_else(cut)?);
        let body = bytes.get(at + 2..at + length.max(2)).ok_or_else(cut)?;
        match code {
            0xC4 | 0xC8 | 0xCC => {}
            0xC0..=0xCF | 0xF7 => found = Some((code, frame(body).ok_or_else(cut)?)),
            0xE0 => {
                jfif |= body.starts_with(b"JFIF\0");
                colour_segments.push((begin, at + length));
            }
            0xEE => {
                adobe = adobe.or(body.strip_prefix(b"Adobe").and_then(|rest| rest.get(6)).copied());
                colour_segments.push((begin, at + length));
            }
            0xDA => {
                let (process, (shape, ids)) =
                    found.ok_or_else(|| Fault::corrupt("a scan precedes the frame header"))?;
                let interleave =
                    body.len().checked_sub(2).and_then(|last| body.get(last)).copied().unwrap_or(0);
                return Ok(Markers { shape, process, ids, jfif, adobe, interleave, colour_segments });
            }
            0xD9 => return Err(cut()),
            _ => {}
        }
        at += length.max(2);
    }
}

/// Precision, height, width, then three bytes a component, of which the first is its name.
fn frame(body: &[u8]) -> Option<(Shape, Vec<u8>)> {
    let &[bits, h1, h0, w1, w0, components] = body.first_chunk::<6>()?;
    let ids: Vec<u8> = body.get(6..6 + usize::from(components) * 3)?.iter().step_by(3).copied().collect();
    let shape = Shape {
        width: u16::from_be_bytes([w1, w0]).into(),
        height: u16::from_be_bytes([h1, h0]).into(),
        components: components.into(),
        bits: bits.into(),
    };
    Some((shape, ids))
}
