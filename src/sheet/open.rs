//! A layout by the name of its file, whatever kind it is of.

use std::path::{Path, PathBuf};

use super::layout::Layout;
use super::omrchecker;
use super::spec::Sheet;
use crate::error::{Error, Result};

/// What a folder's sheet is called.
const NAMES: [&str; 2] = ["sheet.toml", "template.json"];

/// The layout of a file, or of the one in a folder.
///
/// # Errors
/// `Usage` where there is none, `Config` where it is wrong; messages name the file.
pub fn open(path: &Path) -> Result<Layout> {
    let file = file(path)?;
    match file.extension().and_then(|e| e.to_str()) {
        Some("toml") => Ok(Sheet::read(&file)?.layout),
        Some("json") => omrchecker::read(&file),
        _ => {
            let message =
                format!("--sheet {}: expected a sheet.toml or OMRChecker's template.json", path.display());
            Err(Error::usage(message))
        }
    }
}

fn file(path: &Path) -> Result<PathBuf> {
    if path.is_file() {
        return Ok(path.to_owned());
    }
    let within = NAMES.iter().map(|name| path.join(name)).find(|file| file.is_file());
    within.ok_or_else(|| {
        let names = NAMES.join(" or ");
        Error::usage(format!("--sheet {}: no such file, and no folder with {names}", path.display()))
    })
}
