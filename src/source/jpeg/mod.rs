//! JPEG through libjpeg-turbo: RGB of all pixels or as many as are wanted, and what its messages mean.

use image::RgbImage;
use turbojpeg::{Colorspace, DecompressHeader, Decompressor, PixelFormat, ScalingFactor};

use super::input::{Partly, Single, Stored};
use super::upright::{upright, upright_size};
use super::{Format, Frames, Input, convert};
use crate::frame::{Frame, Warning};
use crate::{Error, Result};

mod header;
mod message;

use header::Header;
use message::Meaning;

/// Each progressive scan costs a pass over the whole picture however few bytes it has, so the
/// number of scans is capped: 500, as in libjpeg-turbo's own fuzzers and `TJFLAG_LIMITSCANS`.
/// Encoders write about ten.
const MAX_SCANS: u32 = 500;

pub fn open(input: Input) -> Result<Box<dyn Frames>> {
    Ok(Single::boxed(move || decode(&input)))
}

fn decode(input: &Input) -> Result<Frame> {
    let header = header::read(&input.bytes);
    let mut decompressor = Decompressor::new().map_err(|e| Job { input, header: &header }.fatal(e))?;
    let job = Job { input, header: &header };
    decompressor.set_scan_limit(MAX_SCANS).map_err(|e| job.fatal(e))?;
    let mut warnings = Vec::new();
    let mut bytes = std::borrow::Cow::Borrowed(&*input.bytes);
    let parsed = match decompressor.read_header(&bytes) {
        Ok(parsed) => parsed,
        Err(error) => {
            // The crate reports a mere warning in the header as a failure and then never decodes:
            // the oddity is noted, taken out, and the header read again.
            warnings.push(job.header_warning(error)?);
            bytes = header::without_oddities(&input.bytes, &header).into();
            decompressor.read_header(&bytes).map_err(|e| job.fatal(e))?
        }
    };
    let stored = [parsed.width as u32, parsed.height as u32];
    input.check_pixels(stored[0], stored[1])?;
    let size = upright_size(stored, header.orientation);
    let detail = input.limits.detail;
    // The scales are part of the discrete cosine transform, which lossless JPEG does without.
    let eighths = if parsed.is_lossless { 8 } else { detail.eighths(size) };
    let (pixels, warning) = job.pixels(&mut decompressor, &bytes, &parsed, eighths)?;
    warnings.extend(warning);
    // The same file, so the same warnings.
    let full = match eighths {
        1..8 if detail.full => Some(job.pixels(&mut decompressor, &bytes, &parsed, 8)?.0),
        _ => None,
    };
    let mut frame = input.frame(Stored {
        format: Format::Jpeg,
        pixels,
        orientation: header.orientation,
        lossless: parsed.is_lossless,
        icc: header.icc.clone(),
    });
    frame.size = size;
    frame.full = full.map(|full| upright(full, header.orientation));
    frame.warnings.extend(warnings);
    Ok(frame)
}

struct Job<'a> {
    input: &'a Input,
    header: &'a Header,
}

impl Job<'_> {
    fn pixels(
        &self,
        decompressor: &mut Decompressor,
        bytes: &[u8],
        parsed: &DecompressHeader,
        eighths: u32,
    ) -> Result<(RgbImage, Option<Warning>)> {
        let scale = ScalingFactor::new(eighths as usize, 8);
        decompressor.set_scaling_factor(scale).map_err(|e| self.fatal(e))?;
        let parsed = parsed.scaled(scale);
        let (width, height) = (parsed.width as u32, parsed.height as u32);
        let count = self.input.check_pixels(width, height)?;
        let format = match parsed.colorspace {
            Colorspace::CMYK | Colorspace::YCCK => PixelFormat::CMYK,
            _ => PixelFormat::RGB,
        };
        let mut image = turbojpeg::Image {
            pixels: vec![0; count * format.size()],
            width: parsed.width,
            pitch: parsed.width * format.size(),
            height: parsed.height,
            format,
        };
        let warning = match decompressor.decompress(bytes, image.as_deref_mut()) {
            Ok(()) => None,
            Err(error) if self.header.single_scan && meaning(&error).0 == Meaning::EndOfFile => {
                // Only the last of several messages is told, so this may hide that data are
                // missing too. With an end marker there is nothing left to say but that.
                let ended = [bytes, &[0xFF, 0xD9]].concat();
                match decompressor.decompress(&ended, image.as_deref_mut()) {
                    Ok(()) => Some(Warning::new("jpeg-warning", "the end marker is missing")),
                    Err(error) => Some(self.body_warning(error)?),
                }
            }
            Err(error) => Some(self.body_warning(error)?),
        };
        let pixels = match format {
            PixelFormat::CMYK => {
                // Adobe stores ink amounts inverted, and every CMYK JPEG in the wild follows.
                image.pixels.iter_mut().for_each(|ink| *ink = 255 - *ink);
                convert::rgb(convert::Layout::Cmyk, width, height, image.pixels)
            }
            _ => RgbImage::from_raw(width, height, image.pixels),
        };
        let pixels = pixels.ok_or_else(|| self.input.corrupt("fewer pixels than its header says"))?;
        Ok((pixels, warning))
    }

    fn header_warning(&self, error: turbojpeg::Error) -> Result<Warning> {
        match meaning(&error) {
            (Meaning::Noted | Meaning::Damaged, text) if self.header.found_scan => {
                Ok(Warning::new("jpeg-warning", text))
            }
            _ => Err(self.fatal(error)),
        }
    }

    /// A message of the decoding proper: the buffer is filled either way when it is a warning.
    fn body_warning(&self, error: turbojpeg::Error) -> Result<Warning> {
        let lenient = self.input.limits.lenient;
        match meaning(&error) {
            (Meaning::Noted, text) => Ok(Warning::new("jpeg-warning", text)),
            (Meaning::Damaged, text) if header::has_end(&self.input.bytes) => {
                Ok(Warning::new("jpeg-warning", format!("some pixels may be damaged: {text}")))
            }
            (Meaning::EndOfFile | Meaning::EndOfData | Meaning::Damaged, text) if lenient => {
                Ok(self.input.truncated_warning(text))
            }
            _ => Err(self.fatal(error)),
        }
    }

    fn fatal(&self, error: turbojpeg::Error) -> Error {
        let (meaning, text) = meaning(&error);
        let answer = match meaning {
            Meaning::EndOfFile | Meaning::EndOfData | Meaning::Damaged if self.header.found_scan => {
                self.input.truncated(&text, Partly::Yes)
            }
            Meaning::TooManyScans => self.input.too_large(format_args!(
                "{text}; pictures have about ten and more only cost time, so the file is refused"
            )),
            Meaning::NotSupported => self.input.unsupported(format_args!("{text}; convert it to 8-bit JPEG")),
            _ if !self.header.found_scan && self.header.ran_out => {
                self.input.truncated("it ends before the picture data", Partly::No)
            }
            _ => self.input.corrupt(&text),
        };
        answer.because(error)
    }
}

fn meaning(error: &turbojpeg::Error) -> (Meaning, String) {
    match error {
        turbojpeg::Error::TurboJpegError(text) => (message::meaning(text), text.clone()),
        other => (Meaning::Fatal, other.to_string()),
    }
}

/// Orientation and, where decoding may ask for it, [`header::without_oddities`], for the fuzz targets.
pub(crate) fn without_warnings(bytes: &[u8]) -> (u8, Option<Vec<u8>>) {
    let header = header::read(bytes);
    let _ = header::has_end(bytes);
    (header.orientation, header.found_scan.then(|| header::without_oddities(bytes, &header)))
}

/// Whether libjpeg-turbo fills the buffer after this message, for the fuzz targets.
pub(crate) fn is_warning(text: &str) -> bool {
    matches!(message::meaning(text), Meaning::Noted | Meaning::Damaged)
}
