//! Doors to private parsers for the fuzz targets in `fuzz/`; no part of the interface.

mod family;

use std::ffi::OsString;

use crate::error::Result;
use crate::models::Model;
use crate::spec::LabelSet;

pub use family::family;

/// The names in a list on standard input.
pub fn stdin_names(mut bytes: &[u8]) -> Result<Vec<OsString>> {
    crate::input::read_names(&mut bytes)
}

/// `--imgsz`.
pub fn input_size(text: &str, model: &Model) -> Result<[u32; 2]> {
    crate::perform::input_size(Some(text), model)
}

/// `--fail-on`.
pub fn fail_on(rules: &[String], labels: &LabelSet) -> Result<()> {
    crate::perform::Findings::new(rules, labels).map(|_| ())
}

/// The first bytes of a library of `length` bytes.
pub fn elf(head: &[u8], length: u64) -> std::result::Result<(), String> {
    crate::engine::check_head(head, length)
}

/// A JPEG's orientation, and the file as it is read after libjpeg warned about its header; `None` without a
/// scan, when it is not read again.
pub fn jpeg(bytes: &[u8]) -> (u8, Option<Vec<u8>>) {
    crate::source::jpeg::without_warnings(bytes)
}

/// Whether a message of libjpeg-turbo leaves usable pixels.
pub fn jpeg_message(text: &str) -> bool {
    crate::source::jpeg::is_warning(text)
}
