//! One file's bytes on their way into a decoder, and the wording of everything that can be wrong.

use std::fmt::Display;
use std::io::Cursor;
use std::sync::Arc;

use super::{Format, Frames, Limits, MAX_PROFILE};
use crate::frame::{Attributes, Frame, Origin, Part, Warning};
use crate::{Error, Kind, Result};

/// A file that was read once; cheap to clone.
#[derive(Clone)]
pub struct Input {
    /// For messages only.
    pub name: Arc<str>,
    pub bytes: Arc<[u8]>,
    pub limits: Limits,
}

impl Input {
    /// # Errors
    /// `Empty` and `TooLarge`.
    pub fn new(name: &str, bytes: Arc<[u8]>, limits: &Limits) -> Result<Self> {
        let length = bytes.len() as u64;
        if length == 0 {
            return Err(Error::new(Kind::Empty, format!("{name}: the file is empty")));
        }
        if length > limits.max_bytes {
            let message = format!(
                "{name}: the file has {length} bytes; at most {} are read; raise --max-bytes to read it",
                limits.max_bytes
            );
            return Err(Error::new(Kind::TooLarge, message));
        }
        Ok(Self { name: name.into(), bytes, limits: limits.clone() })
    }

    pub(super) fn reader(&self) -> Cursor<Arc<[u8]>> {
        Cursor::new(Arc::clone(&self.bytes))
    }

    pub(super) fn not_media(&self) -> Error {
        let message = format!(
            "{}: its first bytes are of no known format; JPEG, PNG, GIF, WebP, BMP, TIFF, HEIC, AVIF, DICOM and PDF pictures and MP4, MOV, Matroska, WebM, AVI, MPEG, FLV, WMV and Ogg videos are read",
            self.name
        );
        Error::new(Kind::NotMedia, message)
    }

    /// Checks a header's size. Returns the number of pixels.
    ///
    /// # Errors
    /// `TooLarge` above `max_pixels`, `Corrupt` for a side of zero.
    pub(super) fn check_pixels(&self, width: u32, height: u32) -> Result<usize> {
        let (pixels, limit) = (u64::from(width) * u64::from(height), self.limits.max_pixels);
        if pixels == 0 {
            return Err(self.corrupt(format_args!("its header says {width}x{height} pixels")));
        }
        // The largest buffer is RGBA of 8 bytes a sample; its size must fit the address space.
        match usize::try_from(pixels) {
            Ok(count) if pixels <= limit && count <= isize::MAX as usize / 32 => Ok(count),
            _ => {
                let message = format!(
                    "{}: its header says {width}x{height} = {pixels} pixels; at most {limit} are decoded; raise --max-pixels to decode it",
                    self.name
                );
                Err(Error::new(Kind::TooLarge, message))
            }
        }
    }

    pub(super) fn too_many_parts(&self, what: &str) -> Error {
        let message = format!(
            "{}: it has more than {} {what}; the first {} were decoded; raise --max-pages to decode more",
            self.name, self.limits.max_parts, self.limits.max_parts
        );
        Error::new(Kind::TooLarge, message)
    }

    pub(super) fn too_large(&self, what: impl Display) -> Error {
        Error::new(Kind::TooLarge, format!("{}: {what}", self.name))
    }

    pub(super) fn corrupt(&self, what: impl Display) -> Error {
        Error::new(Kind::Corrupt, format!("{}: the file is damaged: {what}", self.name))
    }

    pub(super) fn unsupported(&self, what: impl Display) -> Error {
        Error::new(Kind::Unsupported, format!("{}: {what}", self.name))
    }

    /// A file that ends early. `partly` says whether `--lenient` would give a part of it.
    pub(super) fn truncated(&self, what: impl Display, partly: Partly) -> Error {
        let remedy = match (partly, self.limits.lenient) {
            (Partly::Yes, false) => "use --lenient to decode what is there",
            (Partly::Yes, true) => "not even --lenient could decode a part of it",
            (Partly::No, _) => "--lenient cannot help here; get a complete copy",
        };
        Error::new(Kind::Truncated, format!("{}: the file is cut off: {what}; {remedy}", self.name))
    }

    /// The warning a lenient decode carries.
    pub(super) fn truncated_warning(&self, what: impl Display) -> Warning {
        Warning::new("truncated", format!("decoded in part only: {what}"))
    }

    /// Turns the pixels upright and wraps them up.
    pub(super) fn frame(&self, stored: Stored) -> Frame {
        let pixels = super::upright::upright(stored.pixels, stored.orientation);
        let (icc, oversized) = match stored.icc {
            Some(profile) if profile.len() > MAX_PROFILE => (None, Some(profile.len())),
            profile => (profile, None),
        };
        let warning = oversized.map(|length| {
            let message =
                format!("its ICC profile of {length} bytes is left out; at most {MAX_PROFILE} are kept");
            Warning::new("profile-left-out", message)
        });
        Frame {
            size: [pixels.width(), pixels.height()],
            pixels,
            full: None,
            part: None,
            origin: Origin {
                format: stored.format.name().to_owned(),
                lossless: stored.lossless,
                orientation: stored.orientation,
            },
            icc,
            warnings: warning.into_iter().collect(),
            attributes: Attributes::default(),
            values: None,
        }
    }
}

/// Whether a cut-off file of this kind can be decoded in part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Partly {
    Yes,
    No,
}

/// A decoded picture before it is turned upright.
pub(super) struct Stored {
    pub format: Format,
    pub pixels: image::RgbImage,
    /// EXIF orientation 1 to 8 that [`Input::frame`] applies; 1 leaves the pixels alone.
    pub orientation: u8,
    pub lossless: bool,
    pub icc: Option<Vec<u8>>,
}

/// The frames of a file that holds one picture.
pub(super) struct Single<F>(Option<F>);

impl<F: FnOnce() -> Result<Frame> + Send + 'static> Single<F> {
    pub fn boxed(decode: F) -> Box<dyn Frames> {
        Box::new(Self(Some(decode)))
    }
}

impl<F: FnOnce() -> Result<Frame> + Send> Frames for Single<F> {
    fn next_frame(&mut self) -> Option<Result<Frame>> {
        self.0.take().map(|decode| decode())
    }

    fn may_have_more(&self) -> bool {
        self.0.is_some()
    }
}

/// Frame `n` of an animation at `pts` milliseconds.
pub(super) fn frame_part(n: u32, pts: i64) -> Part {
    Part::Frame { n, pts, time_base: [1, 1000] }
}
