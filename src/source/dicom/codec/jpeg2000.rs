//! JPEG 2000 and HTJ2K through OpenJPEG.

use jpeg2k::{DecodeParameters, Image};

use super::{Fault, Shape, agree};
use crate::source::dicom::description::{Description, Photometric};
use crate::source::dicom::samples::Samples;

/// What the headers of a codestream say (ISO/IEC 15444-1, annex A).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stream {
    shape: Shape,
    /// Whether three components were transformed together.
    transformed: bool,
}

pub fn decode(bytes: &[u8], described: &Description) -> Result<Samples, Fault> {
    let stream = read(bytes)?;
    agree(stream.shape, described)?;
    let named = matches!(described.photometric, Photometric::YbrIct | Photometric::YbrRct);
    let other = matches!(described.photometric, Photometric::YbrFull | Photometric::YbrFull422);
    if described.samples == 3 && (stream.transformed && other || !stream.transformed && named) {
        let says = if stream.transformed { "were" } else { "were not" };
        return Err(Fault::refused(format_args!(
            "its stream says that colours {says} transformed, its photometric interpretation is {}",
            described.photometric.name()
        )));
    }
    // Strict: a stream that ends early would otherwise be filled up without a word.
    let image =
        Image::from_bytes_with(bytes, DecodeParameters::new().strict(true)).map_err(Fault::corrupt)?;
    let components = image.components();
    let pixels = described.pixels();
    let fits =
        |n: usize| components[n].data().len() == pixels && components[n].precision() == stream.shape.bits;
    if components.len() != described.samples || !(0..components.len()).all(fits) {
        return Err(Fault::refused("its components differ in size or depth"));
    }
    let planes: Vec<&[i32]> = components.iter().map(|component| component.data()).collect();
    let values = (0..pixels).flat_map(|n| planes.iter().map(move |plane| plane[n])).collect();
    // Signs are those of the attributes, whatever the stream says: encoders often write them as unsigned.
    super::samples(values, stream.shape.bits, described)
}

/// SIZ and COD of a raw codestream, which is what DICOM encapsulates; a JP2 file around it is looked through.
fn read(bytes: &[u8]) -> Result<Stream, Fault> {
    let start = bytes.windows(4).position(|four| four == [0xFF, 0x4F, 0xFF, 0x51]);
    let stream = start.and_then(|start| bytes.get(start..));
    let stream = stream.ok_or_else(|| Fault::corrupt("its stream does not begin as JPEG 2000 does"))?;
    let cut = || Fault::Cut("its stream ends within its header".into());
    let u32_at = |at: usize| stream.get(at..at + 4).and_then(|b| b.try_into().ok()).map(u32::from_be_bytes);
    let u16_at = |at: usize| stream.get(at..at + 2).and_then(|b| b.try_into().ok()).map(u16::from_be_bytes);
    // After SOC and the marker: Lsiz, Rsiz, Xsiz, Ysiz, XOsiz, YOsiz, four of tiles, Csiz, then Ssiz of the first.
    let side = |end: usize, begin: usize| Some(u32_at(end)?.saturating_sub(u32_at(begin)?));
    let shape = Shape {
        width: side(8, 16).ok_or_else(cut)?,
        height: side(12, 20).ok_or_else(cut)?,
        components: u16_at(40).ok_or_else(cut)?.into(),
        bits: u32::from(stream.get(42).ok_or_else(cut)? & 0x7F) + 1,
    };
    let mut at = 4 + usize::from(u16_at(4).ok_or_else(cut)?);
    loop {
        match u16_at(at).ok_or_else(cut)? {
            // Scod, progression order, layers (2), then the transform of components.
            0xFF52 => {
                let transformed = stream.get(at + 8).ok_or_else(cut)? & 1 == 1;
                return Ok(Stream { shape, transformed });
            }
            0xFF90 | 0xFF93 => return Err(Fault::corrupt("its main header does not say how it is coded")),
            _ => at += 2 + usize::from(u16_at(at + 2).ok_or_else(cut)?.max(2)),
        }
    }
}
