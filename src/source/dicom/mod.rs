//! DICOM: files with and without a preamble, one frame or many, and what their pixels mean.
//!
//! Pixels come out right or not at all: what can be decoded only by guessing is refused with the reason.
//! `docs/dicom.md` has the rules and what was found for every file of pydicom's test set.

mod attributes;
mod codec;
mod colour;
mod dataset;
mod description;
pub mod directory;
mod frames;
mod head;
mod instance;
mod lut;
mod meaning;
mod samples;
mod scan;
mod syntax;
#[cfg(test)]
mod tests;
mod unknown;
mod write;
pub mod zipped;

pub use attributes::{IDENTIFYING, identifying};
pub use dataset::{Ask, DataSet, plain};
pub use description::{Description, Photometric};
pub use head::is_dicom;
pub use instance::{Instance, Stored};
pub use scan::{Encoding, Pixels};
pub use syntax::{Codec, Syntax};
pub use write::file_head;

use super::{Frames, Input};
use crate::Result;
use crate::frame::Frame;

/// Whether a file may be DICOM by its name: most systems give none but `.dcm`, or the end of a UID.
pub fn may_be_called(name: &str) -> bool {
    let extension =
        name.rsplit_once('.').filter(|(stem, _)| !stem.is_empty()).map(|(_, end)| end.to_lowercase());
    extension.is_none_or(|end| {
        ["dcm", "dicom", "dc3", "ima"].contains(&end.as_str()) || end.chars().all(|c| c.is_ascii_digit())
    })
}

pub fn open(input: Input) -> Result<Box<dyn Frames>> {
    let instance = Instance::open(input)?;
    Ok(Box::new(All { instance, next: 0 }))
}

/// The frames of one file. Each is decoded on its own, so a broken one costs only itself.
struct All {
    instance: Instance,
    next: u32,
}

impl Frames for All {
    fn next_frame(&mut self) -> Option<Result<Frame>> {
        let input = &self.instance.set().input;
        if !self.may_have_more() {
            return None;
        }
        if self.next >= input.limits.max_parts {
            self.next = u32::MAX;
            let error = input.too_many_parts("frames");
            return Some(Err(self.instance.about(error, None)));
        }
        self.next += 1;
        Some(self.instance.frame(self.next - 1))
    }

    fn may_have_more(&self) -> bool {
        self.next < self.instance.described().frames
    }
}
