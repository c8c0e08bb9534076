//! JPEG of every process through libjpeg-turbo: 8, 12 and 16 bits, with and without loss, components as stored.
//!
//! The library turns YCbCr into RGB where it takes the components for that, by markers that DICOM's encoders often
//! leave out or write wrongly. So it is told that nothing was transformed, and colours are made afterwards, where the
//! attributes are known.

use std::borrow::Cow;
use std::ffi::CStr;

use turbojpeg::raw;

use super::markers::Markers;
use super::{Fault, agree, markers};
use crate::source::dicom::description::{Description, Photometric};
use crate::source::dicom::samples::Samples;

/// As of JPEG files: 500, as in libjpeg-turbo's own fuzzers.
const MAX_SCANS: i32 = 500;

/// Adobe's segment with the transform 0: components are stored as they are.
const NOT_TRANSFORMED: [u8; 16] = *b"\xFF\xEE\0\x0EAdobe\0\x64\0\0\0\0\0";

pub fn decode(bytes: &[u8], described: &Description) -> Result<Samples, Fault> {
    let markers = markers::read(bytes)?;
    agree(markers.shape, described)?;
    let bytes: Cow<[u8]> = match described.samples {
        3 => untransformed(bytes, &markers).into(),
        _ => bytes.into(),
    };
    let values = Decoder::new()?.decode(&bytes, described)?;
    super::samples(values, markers.shape.bits, described)
}

/// Whether three components are YCbCr, by what the stream says of itself and else by the attributes.
///
/// # Errors
/// Where both speak and contradict each other so that either may be wrong.
pub fn is_ycbcr(bytes: &[u8], described: &Description) -> Result<bool, Fault> {
    let markers = markers::read(bytes)?;
    let named = !matches!(described.photometric, Photometric::Rgb);
    if matches!(markers.ids.as_slice(), b"RGB" | b"rgb") {
        return Ok(false);
    }
    match (named, markers.adobe) {
        (true, Some(0)) => Err(Fault::refused(format_args!(
            "its stream says that colours were not transformed, its photometric interpretation is {}",
            described.photometric.name()
        ))),
        (true, _) | (_, Some(1)) => Ok(true),
        // JFIF knows no other three components than YCbCr.
        (false, None) if markers.jfif => Ok(true),
        (false, _) => Ok(false),
    }
}

/// The stream with only one word on its colours.
fn untransformed(bytes: &[u8], markers: &Markers) -> Vec<u8> {
    let mut own = Vec::with_capacity(bytes.len() + NOT_TRANSFORMED.len());
    own.extend_from_slice(&bytes[..2]);
    own.extend_from_slice(&NOT_TRANSFORMED);
    let mut at = 2;
    for &(begin, end) in &markers.colour_segments {
        own.extend_from_slice(&bytes[at..begin]);
        at = end;
    }
    own.extend_from_slice(&bytes[at..]);
    own
}

/// An instance of TurboJPEG. The crate's own decompressor knows 8 bits only.
struct Decoder(raw::tjhandle);

impl Drop for Decoder {
    fn drop(&mut self) {
        // SAFETY: the handle is valid and nothing else has it.
        unsafe { raw::tj3Destroy(self.0) };
    }
}

impl Decoder {
    fn new() -> Result<Self, Fault> {
        // SAFETY: no arguments that could be wrong; null is checked.
        let handle = unsafe { raw::tj3Init(raw::TJINIT_TJINIT_DECOMPRESS as i32) };
        if handle.is_null() {
            return Err(Fault::corrupt("libjpeg-turbo could not be started"));
        }
        let mut decoder = Self(handle);
        decoder.set(raw::TJPARAM_TJPARAM_SCANLIMIT, MAX_SCANS)?;
        // Whatever libjpeg has to complain about, the pixels may not be those that were stored.
        decoder.set(raw::TJPARAM_TJPARAM_STOPONWARNING, 1)?;
        Ok(decoder)
    }

    fn set(&mut self, parameter: raw::TJPARAM, value: i32) -> Result<(), Fault> {
        // SAFETY: the handle is valid.
        let done = unsafe { raw::tj3Set(self.0, parameter as i32, value) };
        self.checked(done)
    }

    fn get(&mut self, parameter: raw::TJPARAM) -> i32 {
        // SAFETY: the handle is valid.
        unsafe { raw::tj3Get(self.0, parameter as i32) }
    }

    fn checked(&mut self, done: i32) -> Result<(), Fault> {
        if done == 0 {
            return Ok(());
        }
        // SAFETY: the handle is valid, and the text is until its next use.
        let text = unsafe { CStr::from_ptr(raw::tj3GetErrorStr(self.0)) }.to_string_lossy();
        let cut = text.contains("Premature end");
        Err(if cut { Fault::Cut("its stream ends early".into()) } else { Fault::Corrupt(text.into_owned()) })
    }

    fn decode(&mut self, bytes: &[u8], described: &Description) -> Result<Vec<i32>, Fault> {
        let (data, size) = (bytes.as_ptr(), bytes.len());
        // SAFETY: `data` has `size` bytes.
        let done = unsafe { raw::tj3DecompressHeader(self.0, data, size as _) };
        self.checked(done)?;
        let sides =
            [raw::TJPARAM_TJPARAM_JPEGWIDTH, raw::TJPARAM_TJPARAM_JPEGHEIGHT].map(|side| self.get(side));
        if sides != [described.columns as i32, described.rows as i32] {
            return Err(Fault::corrupt("its stream has two frame headers"));
        }
        let format = if described.samples == 3 { raw::TJPF_TJPF_RGB } else { raw::TJPF_TJPF_GRAY };
        let count = described.count();
        // A pitch of 0 means rows without padding: `count` samples in all, which each buffer has.
        match self.get(raw::TJPARAM_TJPARAM_PRECISION) {
            ..=8 => {
                let mut samples = vec![0u8; count];
                // SAFETY: as above, and of the buffer.
                let done =
                    unsafe { raw::tj3Decompress8(self.0, data, size as _, samples.as_mut_ptr(), 0, format) };
                self.checked(done)?;
                Ok(samples.into_iter().map(i32::from).collect())
            }
            9..=12 => {
                let mut samples = vec![0i16; count];
                // SAFETY: as above.
                let done =
                    unsafe { raw::tj3Decompress12(self.0, data, size as _, samples.as_mut_ptr(), 0, format) };
                self.checked(done)?;
                Ok(samples.into_iter().map(i32::from).collect())
            }
            _ => {
                let mut samples = vec![0u16; count];
                // SAFETY: as above.
                let done =
                    unsafe { raw::tj3Decompress16(self.0, data, size as _, samples.as_mut_ptr(), 0, format) };
                self.checked(done)?;
                Ok(samples.into_iter().map(i32::from).collect())
            }
        }
    }
}
