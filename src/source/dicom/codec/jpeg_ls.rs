//! JPEG-LS through CharLS.

use charls::CharLS;

use super::{Fault, agree, markers};
use crate::source::dicom::description::Description;
use crate::source::dicom::samples::Samples;

pub fn decode(bytes: &[u8], described: &Description) -> Result<Samples, Fault> {
    let markers = markers::read(bytes)?;
    if markers.process != 0xF7 {
        return Err(Fault::corrupt("its stream is not JPEG-LS"));
    }
    agree(markers.shape, described)?;
    let decoded = CharLS::default().decode(bytes).map_err(Fault::corrupt)?;
    let bits = markers.shape.bits;
    let values = match bits {
        ..=8 => decoded.iter().map(|byte| i32::from(*byte)).collect(),
        _ => decoded.as_chunks::<2>().0.iter().map(|word| i32::from(u16::from_le_bytes(*word))).collect(),
    };
    // A stream knows no signs: samples are two's complement of as many bits as it has.
    let samples = super::samples(values, bits, described)?;
    Ok(if described.samples == 3 && markers.interleave == 0 { samples.interleaved() } else { samples })
}
