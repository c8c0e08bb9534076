//! Decoders of one frame: its bytes to stored values, or why not.

pub mod jpeg;
pub mod jpeg2000;
pub mod jpeg_ls;
pub mod jpeg_xl;
mod markers;
pub mod native;
pub mod rle;

use super::description::Description;
use crate::Error;
use crate::source::Input;
use crate::source::input::Partly;

/// Why a frame cannot be decoded, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Cut(String),
    Corrupt(String),
    /// What could be decoded only by guessing.
    Refused(String),
}

impl Fault {
    pub fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }

    pub fn refused(what: impl std::fmt::Display) -> Self {
        Self::Refused(what.to_string())
    }

    pub fn worded(self, input: &Input, frame: u32) -> Error {
        match self {
            Self::Cut(what) => input.truncated(format_args!("frame {frame}: {what}"), Partly::No),
            Self::Corrupt(what) => input.corrupt(format_args!("frame {frame}: {what}")),
            Self::Refused(what) => input.unsupported(format_args!("frame {frame}: {what}")),
        }
    }
}

/// Width, height, components and bits as a stream says them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape {
    pub width: u32,
    pub height: u32,
    pub components: usize,
    pub bits: u32,
}

/// Whether a stream holds the picture that the data set describes, asked before memory is taken for it.
fn agree(shape: Shape, described: &Description) -> Result<(), Fault> {
    let Shape { width, height, components, bits } = shape;
    let Description { columns, rows, samples, allocated, stored, .. } = *described;
    if (width, height, components) != (columns, rows, samples) {
        return Err(Fault::corrupt(format_args!(
            "its stream holds {width}x{height} pixels of {components} samples, its attributes say \
             {columns}x{rows} of {samples}"
        )));
    }
    if !(1..=allocated).contains(&bits) {
        return Err(Fault::corrupt(format_args!(
            "its stream has {bits} bits a sample, {allocated} are allocated"
        )));
    }
    // Streams of grey may be wider than what is stored (pydicom's 693_J2KI is). Colour has no window that would show
    // what its greatest value is: other bits would be a picture all black or white.
    if samples > 1 && bits != stored {
        return Err(Fault::corrupt(format_args!(
            "its stream of colour has {bits} bits a sample, {stored} are stored"
        )));
    }
    Ok(())
}
