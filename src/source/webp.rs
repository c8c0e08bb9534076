//! WebP: a picture, or an animation one frame at a time.

use image_webp::{DecodingError, WebPDecoder};

use super::convert::{self, Layout};
use super::input::{Partly, Single, Stored, frame_part};
use super::png::Source;
use super::{Format, Frames, Input, upright};
use crate::frame::Frame;
use crate::{Error, Result};

pub fn open(input: Input) -> Result<Box<dyn Frames>> {
    // RIFF: the size at offset 4 counts what follows it.
    let declared = input.bytes.get(4..8).and_then(|b| b.try_into().ok()).map_or(0, u32::from_le_bytes);
    if u64::from(declared) + 8 > input.bytes.len() as u64 {
        let what = format_args!(
            "its header says {} bytes, there are {}",
            u64::from(declared) + 8,
            input.bytes.len()
        );
        return Err(input.truncated(what, Partly::No));
    }
    let mut decoder = WebPDecoder::new(input.reader()).map_err(|e| failure(&input, e))?;
    // Metadata chunks lie in the file; a size beyond it is not to be believed.
    decoder.set_memory_limit(input.bytes.len());
    let (width, height) = decoder.dimensions();
    input.check_pixels(width, height)?;
    if decoder.is_animated() && decoder.num_frames() == 0 {
        return Err(input.corrupt("its animation has no frames"));
    }
    // Frames in a file that does not say that it is an animation are none, and the decoder panics at them.
    let left = if decoder.is_animated() { decoder.num_frames() } else { 0 };
    let mut webp = Webp { input, decoder, shown: 0, left, milliseconds: 0 };
    if left > 1 {
        return Ok(Box::new(webp));
    }
    Ok(Single::boxed(move || webp.still()))
}

struct Webp {
    input: Input,
    decoder: WebPDecoder<Source>,
    shown: u32,
    left: u32,
    milliseconds: i64,
}

impl Frames for Webp {
    fn next_frame(&mut self) -> Option<Result<Frame>> {
        self.left = self.left.checked_sub(1)?;
        let result = if self.shown >= self.input.limits.max_parts {
            Err(self.input.too_many_parts("frames"))
        } else {
            self.advance()
        };
        if result.is_err() {
            self.left = 0;
        }
        Some(result)
    }

    fn may_have_more(&self) -> bool {
        self.left > 0
    }
}

impl Webp {
    fn still(&mut self) -> Result<Frame> {
        let mut samples = self.buffer()?;
        self.decoder.read_image(&mut samples).map_err(|e| failure(&self.input, e))?;
        self.frame(samples)
    }

    fn advance(&mut self) -> Result<Frame> {
        let mut samples = self.buffer()?;
        let duration = self.decoder.read_frame(&mut samples).map_err(|e| failure(&self.input, e))?;
        let mut frame = self.frame(samples)?;
        frame.part = Some(frame_part(self.shown, self.milliseconds));
        self.milliseconds += i64::from(duration);
        self.shown += 1;
        Ok(frame)
    }

    fn buffer(&self) -> Result<Vec<u8>> {
        let size = self.decoder.output_buffer_size();
        Ok(vec![0; size.ok_or_else(|| self.input.too_large("its pixels exceed the memory"))?])
    }

    fn frame(&mut self, samples: Vec<u8>) -> Result<Frame> {
        let (width, height) = self.decoder.dimensions();
        let layout = if self.decoder.has_alpha() { Layout::Rgba } else { Layout::Rgb };
        let pixels = convert::rgb(layout, width, height, samples)
            .ok_or_else(|| self.input.corrupt("fewer pixels than its header says"))?;
        // Metadata that cannot be read does not spoil the pixels.
        let exif = self.decoder.exif_metadata().ok().flatten();
        Ok(self.input.frame(Stored {
            format: Format::Webp,
            pixels,
            orientation: exif.as_deref().map_or(1, upright::exif_orientation),
            lossless: !self.decoder.is_lossy(),
            icc: self.decoder.icc_profile().ok().flatten(),
        }))
    }
}

fn failure(input: &Input, error: DecodingError) -> Error {
    match &error {
        DecodingError::IoError(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            input.truncated("the WebP data end early", Partly::No)
        }
        DecodingError::MemoryLimitExceeded | DecodingError::ImageTooLarge => {
            input.too_large("a frame needs more memory than is allowed")
        }
        _ => input.corrupt(&error),
    }
    .because(error)
}
