//! Which files are media: by their names, where they are broken, and by their first bytes.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::source::{Format, HEAD, dicom, sniff, video};

/// Names that promise a picture: such a file is an input even when it is empty or broken.
const MEDIA_EXTENSIONS: &[&str] = &[
    "jpg", "jpeg", "jpe", "jfif", "png", "apng", "gif", "webp", "bmp", "dib", "tif", "tiff", "heic", "heif",
    "hif", "avif", "dcm", "dicom",
];

pub(super) fn claims_media(file: &Path) -> bool {
    video::names_video(file) || MEDIA_EXTENSIONS.contains(&extension(file).as_str())
}

/// Names that DICOM files and archives of them have.
pub(super) fn may_be_dicom(file: &Path) -> bool {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    dicom::may_be_called(&name) || extension(file) == "zip"
}

/// Whether a file is media by its first bytes; a zip file, when DICOM is among its first entries, or, where nothing may
/// be `missed`, in any case.
pub(super) fn is_media(file: &Path, missed: bool) -> bool {
    match head(file).ok().and_then(|head| sniff(&head)) {
        Some(Format::Zip) => missed || dicom::zipped::has_dicom(file),
        format => format.is_some(),
    }
}

pub(super) fn extension(file: &Path) -> String {
    file.extension().map_or_else(|| "no extension".into(), |e| e.to_string_lossy().to_lowercase())
}

pub(super) fn head(file: &Path) -> std::io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(HEAD);
    File::open(file)?.take(HEAD as u64).read_to_end(&mut head)?;
    Ok(head)
}
