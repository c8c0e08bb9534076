//! MOT Challenge text files: a box a line, `frame,id,left,top,width,height,confidence,…`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::text;
use crate::error::{Error, Result};
use crate::eval::mot::Boxes;
use crate::track::Area;

/// Columns that are needed; what follows (class, visibility, a place in the world) is not.
const COLUMNS: usize = 6;

/// Largest frame and id: exact in a double, and far from the end of an integer.
const MOST: f64 = 1e12;

/// Reads `gt.txt`, `det.txt` or a tracker's output. In a truth, lines whose seventh column is 0 are not to be
/// counted (MOT16's flag).
///
/// # Errors
/// `Usage` for a file that is missing or not of the format; the message has the line.
pub fn read(path: &Path, truth: bool) -> Result<Boxes> {
    let mut boxes = Boxes::default();
    let mut seen = BTreeSet::new();
    let mut unnumbered = 0;
    for (line, number) in text(path)?.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()) {
        let wrong = |what: String| {
            let expected = "expected frame,id,left,top,width,height,confidence as numbers (MOT Challenge)";
            Error::usage(format!("{}: line {number}: {what}; {expected}", path.display()))
        };
        let row = numbers(line).map_err(|what| wrong(what.to_owned()))?;
        let [frame, id, left, top, width, height] = row[..COLUMNS] else { continue };
        let whole = |value: f64| value.fract() == 0.0 && (-1.0..=MOST).contains(&value);
        if frame < 0.0 || !whole(frame) || !whole(id) {
            return Err(wrong(format!("frame {frame} and id {id} are not both whole numbers up to {MOST}")));
        }
        if truth && row.get(COLUMNS) == Some(&0.0) {
            continue;
        }
        if id < 0.0 {
            // Detections without a track.
            unnumbered += 1;
            continue;
        }
        let (frame, id) = (frame as u64, id as u64);
        if !seen.insert((frame, id)) {
            return Err(wrong(format!("id {id} stands in frame {frame} before already")));
        }
        boxes.frames.entry(frame).or_default().push((id, Area([left, top, left + width, top + height])));
    }
    if unnumbered > 0 && boxes.frames.is_empty() {
        let message = format!("{}: {unnumbered} boxes and none has an id; expected tracks", path.display());
        return Err(Error::usage(message));
    }
    if unnumbered > 0 {
        boxes.notes.push(format!("{}: {unnumbered} boxes have no id and are left out", path.display()));
    }
    Ok(boxes)
}

fn numbers(line: &str) -> std::result::Result<Vec<f64>, &'static str> {
    let separator = |c: char| c == ',' || c.is_whitespace();
    let cells = line.split(separator).filter(|cell| !cell.is_empty());
    let values: Option<Vec<f64>> =
        cells.map(|cell| cell.parse().ok().filter(|v: &f64| v.is_finite())).collect();
    let values = values.ok_or("not numbers between commas")?;
    if values.len() < COLUMNS { Err("fewer than six columns") } else { Ok(values) }
}

/// The file of tracks at `path`: the file itself; of a run of vision the only one under its `mot/`.
///
/// # Errors
/// `Usage` where a run has none, or several.
pub fn place(path: &Path) -> Result<PathBuf> {
    if !path.is_dir() {
        return Ok(path.to_owned());
    }
    let folder = path.join("mot");
    let folder = if folder.is_dir() { folder } else { path.to_owned() };
    let files = walkdir::WalkDir::new(&folder).sort_by_file_name().into_iter().filter_map(|entry| entry.ok());
    let is_text =
        |entry: &walkdir::DirEntry| entry.file_type().is_file() && super::extension(entry.path()) == "txt";
    let files: Vec<PathBuf> = files.filter(is_text).map(walkdir::DirEntry::into_path).collect();
    match files.as_slice() {
        [only] => Ok(only.clone()),
        [] => Err(Error::usage(format!(
            "{}: no MOT files; expected a .txt, or a run of vision detect --track … --format mot",
            path.display()
        ))),
        several => {
            let names: Vec<String> = several.iter().map(|file| file.display().to_string()).collect();
            let message =
                format!("{}: several sequences ({}); give one", path.display(), crate::eval::some_of(&names));
            Err(Error::usage(message))
        }
    }
}
