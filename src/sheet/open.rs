//! A layout by the name of its file, whatever kind it is of.

use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::layout::{Anchors, Layout, Page};
use super::omrchecker;
use crate::error::{Error, Kind, Result};
use crate::geometry::Rect;

/// No layout is larger, in bytes, nor has more bubbles.
const MOST_BYTES: u64 = 64 << 20;
const MOST_BUBBLES: usize = 50_000;

/// What a folder's sheet is called.
const NAMES: [&str; 1] = ["template.json"];

/// The layout of a file, or of the one in a folder.
///
/// # Errors
/// `Usage` where there is none, `Config` where it is wrong; messages name the file.
pub fn open(path: &Path) -> Result<Layout> {
    let file = file(path)?;
    let layout = read(path, &file)?;
    if layout.pages.iter().any(|page| matches!(page.anchors, Anchors::Reference { .. })) {
        return Err(Error::new(
            Kind::Config,
            format!(
                "{}: pages are to be found by their features (FeatureBasedAlignment), which is not done yet; use CropPage \
                 or CropOnMarkers",
                file.display()
            ),
        ));
    }
    Ok(layout)
}

fn read(path: &Path, file: &Path) -> Result<Layout> {
    match file.extension().and_then(|e| e.to_str()) {
        Some("json") => match layout(file)? {
            Some(layout) => Ok(layout),
            None => omrchecker::read(file),
        },
        _ => Err(Error::usage(format!(
            "--sheet {}: expected OMRChecker's template.json, or a layout.json",
            path.display()
        ))),
    }
}

/// A [`Layout`] as it is serialised, for programs that make their own sheets; `None` where the file is something else.
fn layout(file: &Path) -> Result<Option<Layout>> {
    let mut text = Vec::new();
    let opened = std::fs::File::open(file).map_err(|e| Error::read(file.display(), e))?;
    opened.take(MOST_BYTES).read_to_end(&mut text).map_err(|e| Error::read(file.display(), e))?;
    let found: Option<Value> = serde_json::from_slice(&text).ok();
    let Some(found) = found.filter(|found| found.get("pages").is_some()) else { return Ok(None) };
    let wrong = |text: String| Error::new(Kind::Config, format!("{}: {text}", file.display()));
    let layout: Layout =
        serde_json::from_value(found).map_err(|e| wrong(format!("not a layout of a sheet: {e}")))?;
    let bubbles = layout.pages.iter().flat_map(|page| page.fields.iter().flat_map(|field| &field.bubbles));
    let sound = |rect: &Rect| rect.is_finite() && rect.width() > 0.0 && rect.height() > 0.0;
    if bubbles.clone().count() > MOST_BUBBLES || !bubbles.into_iter().all(|bubble| sound(&bubble.rect)) {
        return Err(wrong(format!("a bubble has no size, or there are more than {MOST_BUBBLES}")));
    }
    let sized = |page: &Page| page.size.iter().all(|side| *side > 0.0 && side.is_finite());
    if layout.pages.is_empty() || !layout.pages.iter().all(sized) {
        return Err(wrong("a page has no size, or there is no page".into()));
    }
    Ok(Some(layout))
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
