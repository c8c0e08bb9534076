//! DICOMDIR: the files that it names, inside its own folder.

use std::io::Read;
use std::path::{Path, PathBuf};

use dicom_dictionary_std::tags;

use super::dataset::{Ask, DataSet};
use super::head;
use crate::source::{Input, Limits};
use crate::{Error, Kind, Result};

/// Media Storage Directory Storage.
pub const CLASS: &str = "1.2.840.10008.1.3.10";

/// Folders deep that a file may lie (PS3.10, section 8.2), and some more for media of other makers.
const MAX_COMPONENTS: usize = 16;

/// A file that a directory names.
pub struct Reference {
    /// Below the directory's folder, as it lies there; as named where nothing does.
    pub path: PathBuf,
    pub failure: Option<Error>,
}

/// Whether a file is called as directories are.
pub fn is_called_so(file: &Path) -> bool {
    file.file_name().is_some_and(|name| name.eq_ignore_ascii_case("DICOMDIR"))
}

/// Bytes of a directory: some 500 a record, and a million of them is more than any medium holds.
const MAX_BYTES: u64 = 64 << 20;

/// The files that the directory `file` names, each once, in its order; `None` where it is none. `name` stands in
/// messages.
///
/// # Errors
/// When it cannot be read.
pub fn references(name: &str, file: &Path) -> Result<Option<Vec<Reference>>> {
    // A FIFO would be waited for; what is not there is said where it is listed.
    if !std::fs::metadata(file).is_ok_and(|metadata| metadata.is_file()) {
        return Ok(None);
    }
    let limits = Limits { max_bytes: MAX_BYTES, ..Limits::default() };
    let mut bytes = Vec::new();
    let read = std::fs::File::open(file).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut bytes));
    read.map_err(|e| Error::read(name, e))?;
    let is_directory = head::read(&bytes).is_ok_and(|head| head.class.as_deref() == Some(CLASS));
    if !head::is_dicom(&bytes) || !is_directory {
        return Ok(None);
    }
    if bytes.len() as u64 > MAX_BYTES {
        let message =
            format!("{name}: a directory of more than {MAX_BYTES} bytes; give its files themselves");
        return Err(Error::new(Kind::TooLarge, message));
    }
    let set = DataSet::open(Input::new(name, bytes.into(), &limits)?)?;
    let folder = file.parent().unwrap_or(Path::new("."));
    let mut seen = std::collections::HashSet::new();
    let records = set.attributes.items(tags::DIRECTORY_RECORD_SEQUENCE).iter();
    let named =
        records.map(|record| record.texts(tags::REFERENCED_FILE_ID)).filter(|parts| !parts.is_empty());
    Ok(Some(
        named.filter(|parts| seen.insert(parts.clone())).map(|parts| resolve(name, folder, &parts)).collect(),
    ))
}

fn resolve(name: &str, folder: &Path, parts: &[String]) -> Reference {
    let path: PathBuf = parts.iter().collect();
    let plain =
        |part: &String| !part.is_empty() && part != "." && part != ".." && !part.contains(['/', '\0']);
    if parts.len() > MAX_COMPONENTS || !parts.iter().all(plain) {
        let message = format!("{name}: it names a file outside its folder, which is not read");
        let clean = parts.iter().map(|part| part.replace(['/', '\0', '.'], "_")).collect();
        return Reference { path: clean, failure: Some(Error::new(Kind::Corrupt, message)) };
    }
    let found = parts.iter().try_fold(folder.to_owned(), |at, part| below(&at, part));
    let inside = |found: &PathBuf| {
        let real = std::fs::canonicalize(found).ok().zip(std::fs::canonicalize(folder).ok());
        real.is_some_and(|(file, folder)| file.starts_with(folder))
    };
    match found {
        Some(found) if inside(&found) => {
            Reference { path: found.strip_prefix(folder).map_or(path, Path::to_owned), failure: None }
        }
        Some(_) => {
            let message =
                format!("{name}: it names a file by way of a link outside its folder, which is not read");
            Reference { path, failure: Some(Error::new(Kind::Corrupt, message)) }
        }
        None => {
            let message = format!("{name}: it names a file that is not there");
            Reference { path, failure: Some(Error::new(Kind::NotFound, message)) }
        }
    }
}

/// What is called `part` in a folder. Media are often mounted or copied with names in small letters, or with the
/// version of ISO 9660 at their end.
fn below(folder: &Path, part: &str) -> Option<PathBuf> {
    let exact = folder.join(part);
    if exact.exists() {
        return Some(exact);
    }
    let same = |name: &str| name.split(';').next().is_some_and(|name| name.eq_ignore_ascii_case(part));
    let mut entries = std::fs::read_dir(folder).ok()?.filter_map(std::result::Result::ok);
    entries.find(|entry| entry.file_name().to_str().is_some_and(same)).map(|entry| entry.path())
}
