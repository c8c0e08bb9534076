//! Truth for classifiers: a CSV of file and label, or a folder of pictures per class.

use std::path::Path;

use super::{Place, Reading, bytes, extension, slashed};
use crate::error::{Error, Result};
use crate::eval::data::{Found, Truth};

pub const PICTURES: [&str; 13] =
    ["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "heic", "heif", "avif", "jfif", "apng"];

fn is_picture(path: &Path) -> bool {
    PICTURES.contains(&extension(path).as_str())
}

pub fn is_labelled_picture(path: &Path) -> bool {
    is_picture(path) && path.components().count() > 1
}

/// A header with `file` and `label` (in any order, among others), or two columns without one.
pub fn table(place: &Place, _: &Found, _: &Reading) -> Result<Truth> {
    let shown = place.path.display();
    let bytes = bytes(&place.path)?;
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(&bytes[..]);
    let mut columns: Option<(usize, usize)> = None;
    let mut labels = Vec::new();
    for (record, line) in reader.records().zip(1..) {
        let record = record.map_err(|e| Error::usage(format!("{shown}: not a CSV file")).because(e))?;
        let (file, label) = match columns {
            Some(columns) => columns,
            None => {
                let header = header(&record);
                let found = *columns.insert(header.unwrap_or((0, 1)));
                if header.is_some() {
                    continue;
                }
                found
            }
        };
        let cell = |column: usize| record.get(column).map(str::trim).filter(|text| !text.is_empty());
        let (Some(file), Some(label)) = (cell(file), cell(label)) else {
            let message =
                format!("{shown}: row {line} lacks a file or a label; expected the columns file,label");
            return Err(Error::usage(message));
        };
        labels.push((file.replace('\\', "/"), label.to_owned()));
    }
    if labels.is_empty() {
        return Err(Error::usage(format!("{shown}: no rows; expected the columns file,label")));
    }
    Ok(Truth::Labels(labels))
}

/// Where file and label stand, if `record` names its columns.
fn header(record: &csv::StringRecord) -> Option<(usize, usize)> {
    let column = |names: &[&str]| {
        record.iter().position(|cell| {
            names.contains(&cell.trim_start_matches('\u{feff}').trim().to_lowercase().as_str())
        })
    };
    let file = column(&["file", "file_name", "filename", "path", "image", "picture"])?;
    Some((file, column(&["label", "class", "class_name", "truth"])?))
}

/// The first folder below the given one is the label.
pub fn tree(place: &Place, _: &Found, _: &Reading) -> Result<Truth> {
    let labelled = place.files.iter().filter(|file| is_labelled_picture(file));
    let label = |file: &Path| file.components().next().map(|c| c.as_os_str().to_string_lossy().into_owned());
    Ok(Truth::Labels(labelled.filter_map(|file| Some((slashed(file), label(file)?))).collect()))
}
