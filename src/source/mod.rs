//! Files to frames: which format the bytes are, and the table of decoders.
//!
//! Every decoder keeps the same promises: pixels are upright 8-bit RGB, all of them or as many as
//! [`Detail`] asks for, EXIF orientation is applied exactly once, alpha is composited on white, colours are not managed (the
//! ICC profile is handed on), sizes are checked before memory is taken, and no input panics.
//! `docs/inputs.md` has the details per format.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::Result;
use crate::frame::Frame;
use crate::pseudonym::Pseudonyms;

mod apng;
mod bmp;
mod canvas;
mod convert;
mod detail;
pub mod dicom;
mod gif;
mod heif;
mod input;
pub(crate) mod jpeg;
mod png;
mod sniff;
mod tiff;
mod upright;
pub mod video;
mod webp;

#[cfg(test)]
mod tests;

pub use detail::{Detail, SPARE, spare};
pub use input::Input;
pub use upright::upright_size;

/// Most bytes of an ICC profile that is kept: what a JPEG can hold, 255 segments of 64 KiB. Real
/// ones stay below a few megabytes.
pub const MAX_PROFILE: usize = 16 << 20;

/// What a file may cost. Everything is checked before the memory is taken.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Limits {
    /// Most pixels of one frame or page, from the header.
    pub max_pixels: u64,
    /// Most bytes of one file.
    pub max_bytes: u64,
    /// Most pages or frames of one file.
    pub max_parts: u32,
    /// Take what can be decoded of a damaged file and mark it with the warning `truncated`.
    pub lenient: bool,
    /// How many of the pixels are wanted at all.
    pub detail: Detail,
    /// Which frames of videos are wanted, and what decodes them.
    pub video: video::Settings,
    /// With a key, names of instances are replaced by pseudonyms.
    pub pseudonyms: Option<Pseudonyms>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            max_pixels: 256_000_000,
            max_bytes: 2 << 30,
            max_parts: 10_000,
            lenient: false,
            detail: Detail::default(),
            video: video::Settings::default(),
            pseudonyms: None,
        }
    }
}

impl std::fmt::Display for Limits {
    /// One word for all limits: an outcome that depended on them stands only while it is the same. How many
    /// pixels are decoded changes no outcome, only what is seen; which frames are chosen is in the outcome's key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { max_pixels, max_bytes, max_parts, lenient, detail: _, video: _, pseudonyms: _ } = self;
        write!(f, "{max_pixels}px/{max_bytes}B/{max_parts}parts/lenient={lenient}")
    }
}

/// The frames of one file, in order.
pub trait Frames: Send {
    /// The next frame, or the error that stands in its place. After an error further frames follow
    /// only where the format keeps its parts apart (TIFF pages). `None` ends the file for good.
    fn next_frame(&mut self) -> Option<Result<Frame>>;

    /// Whether another frame may follow, known without decoding it.
    fn may_have_more(&self) -> bool;

    /// What is planned, of a video.
    fn reel(&self) -> Option<video::Reel> {
        None
    }

    /// Of a video's chosen frames, those that nobody needs.
    fn leave_out(&mut self, _done: Vec<bool>) {}

    /// Passes over frames that nobody needs, a second's work at most, and says whether there are more of them
    /// before the next frame.
    fn pass_over(&mut self) -> bool {
        false
    }
}

/// The formats that are recognised by their first bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    Jpeg,
    Png,
    Gif,
    Webp,
    Bmp,
    Tiff,
    Heif,
    Avif,
    Video(video::Container),
    Dicom,
    /// A zip file of DICOM files.
    Zip,
}

impl Format {
    /// The lower-case name that stands in `Origin.format`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Jpeg => "jpeg",
            Self::Png => "png",
            Self::Gif => "gif",
            Self::Webp => "webp",
            Self::Bmp => "bmp",
            Self::Tiff => "tiff",
            Self::Heif => "heif",
            Self::Avif => "avif",
            Self::Video(container) => container.name(),
            Self::Dicom => "dicom",
            Self::Zip => "zip",
        }
    }
}

/// One row of [`FORMATS`].
pub struct FormatEntry {
    pub format: Format,
    /// Whether these first bytes of a file ([`HEAD`] are enough) are of this format.
    pub sniff: fn(&[u8]) -> bool,
    /// Opens a file of this format.
    pub open: fn(Input) -> Result<Box<dyn Frames>>,
}

/// First bytes of a file that tell its format: five packets of an MPEG transport stream, the hungriest.
pub const HEAD: usize = 1024;

/// Every format of pictures: a new one is a file beside this one and a row here. Videos, which are not held in
/// memory, have a table of their own in `video/container.rs`.
pub const FORMATS: &[FormatEntry] = &[
    // First: the preamble of DICOM may hold another format's first bytes.
    FormatEntry { format: Format::Dicom, sniff: dicom::is_dicom, open: dicom::open },
    FormatEntry { format: Format::Jpeg, sniff: sniff::jpeg, open: jpeg::open },
    FormatEntry { format: Format::Png, sniff: sniff::png, open: png::open },
    FormatEntry { format: Format::Gif, sniff: sniff::gif, open: gif::open },
    FormatEntry { format: Format::Webp, sniff: sniff::webp, open: webp::open },
    FormatEntry { format: Format::Bmp, sniff: sniff::bmp, open: bmp::open },
    FormatEntry { format: Format::Tiff, sniff: sniff::tiff, open: tiff::open },
    FormatEntry { format: Format::Avif, sniff: sniff::avif, open: heif::open_avif },
    FormatEntry { format: Format::Heif, sniff: sniff::heif, open: heif::open_heif },
    FormatEntry { format: Format::Zip, sniff: sniff::zip, open: dicom::zipped::open },
];

/// The format of a file by its first [`HEAD`] bytes, whatever its name says.
pub fn sniff(head: &[u8]) -> Option<Format> {
    let picture = FORMATS.iter().find(|entry| (entry.sniff)(head)).map(|entry| entry.format);
    picture.or_else(|| video::Container::of(head).map(Format::Video))
}

/// Opens a file's bytes. `name` stands in messages only.
///
/// # Errors
/// `Empty`, `TooLarge` (more than `max_bytes`), `NotMedia` (no format of [`FORMATS`]), and what
/// the decoder finds in the header.
pub fn open(name: &str, bytes: Arc<[u8]>, limits: &Limits) -> Result<Box<dyn Frames>> {
    let input = Input::new(name, bytes, limits)?;
    match FORMATS.iter().find(|entry| (entry.sniff)(&input.bytes)) {
        Some(entry) => (entry.open)(input),
        None => Err(input.not_media()),
    }
}
