//! Rehearsed scans to files: pictures, what is written in them, and what happened to them.

use std::path::{Path, PathBuf};

use rayon::prelude::*;

use super::{Press, Rehearsal, Scan};
use crate::atomic::write_whole;
use crate::error::{Error, Kind, Result};
use crate::sink::picture::{PictureFormat, encode};

/// Sheets in memory at a time, for each thread.
const AT_ONCE: u64 = 4;
/// Between several values of one field.
pub const BETWEEN: &str = "|";

/// What is known of some fields of a sheet before it is filled, for each sheet in turn.
pub type Answers = Vec<Vec<(String, Vec<String>)>>;

/// What was written.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Written {
    pub scans: u64,
    pub fields: u64,
}

/// Writes `scans/0001-p1.jpg`, …, `truth.csv` (a row a field) and `scans.csv` (a row a scan) into `folder`.
///
/// # Errors
/// `Usage` where the folder holds something, and those of writing.
pub fn write(
    press: &Press,
    rehearsal: &Rehearsal,
    sheets: u64,
    answers: &Answers,
    folder: &Path,
) -> Result<Written> {
    let pictures = fresh(folder)?;
    let mut truth = table(&["scan", "page", "version", "field", "values", "pen", "marks"])?;
    let mut stories = table(&["scan", "page", "version", "jpeg quality", "what happened"])?;
    let mut written = Written::default();
    let pool = rayon::ThreadPoolBuilder::new()
        .build()
        .map_err(|e| Error::new(Kind::Internal, "no worker threads could be started").because(e))?;
    let step = AT_ONCE * pool.current_num_threads() as u64;
    for first in (0..sheets).step_by(step as usize) {
        let some: Vec<u64> = (first..(first + step).min(sheets)).collect();
        let done: Result<Vec<Vec<(String, Scan)>>> = pool.install(|| {
            some.par_iter().map(|index| sheet(press, rehearsal, *index, answers, folder, &pictures)).collect()
        });
        for (name, scan) in done?.into_iter().flatten() {
            rows(&mut truth, &mut stories, &name, &scan)?;
            written.scans += 1;
            written.fields += scan.truths.len() as u64;
        }
    }
    for (name, rows) in [("truth.csv", truth), ("scans.csv", stories)] {
        let bytes = rows.into_inner().map_err(|e| internal(&e))?;
        write_whole(folder, &folder.join(name), &bytes)?;
    }
    Ok(written)
}

/// All pages of one sheet; pictures are dropped once they are written.
fn sheet(
    press: &Press,
    rehearsal: &Rehearsal,
    index: u64,
    answers: &Answers,
    folder: &Path,
    pictures: &Path,
) -> Result<Vec<(String, Scan)>> {
    let known = answers.get(index as usize).map(Vec::as_slice).unwrap_or_default();
    let mut done = Vec::new();
    for mut scan in press.scans(rehearsal, index, known) {
        let name = format!("{:04}-p{}.jpg", index + 1, scan.page + 1);
        let bytes = encode(&scan.picture, PictureFormat::Jpeg, scan.jpeg_quality, None)?;
        write_whole(folder, &pictures.join(&name), &bytes)?;
        scan.picture = image::RgbImage::default();
        done.push((name, scan));
    }
    Ok(done)
}

type Rows = csv::Writer<Vec<u8>>;

fn table(columns: &[&str]) -> Result<Rows> {
    let mut rows = csv::Writer::from_writer(Vec::new());
    rows.write_record(columns).map_err(|e| internal(&e))?;
    Ok(rows)
}

fn rows(truth: &mut Rows, stories: &mut Rows, name: &str, scan: &Scan) -> Result<()> {
    let (page, version) = ((scan.page + 1).to_string(), scan.version.as_deref().unwrap_or_default());
    for t in &scan.truths {
        let (values, marks) = (t.values.join(BETWEEN), t.marks.join(BETWEEN));
        let row = [name, &page, version, &t.field, &values, t.pen.name(), &marks];
        truth.write_record(row).map_err(|e| internal(&e))?;
    }
    let row = [name, &page, version, &scan.jpeg_quality.to_string(), &scan.story];
    stories.write_record(row).map_err(|e| internal(&e))
}

/// The folder for pictures in a folder that was empty or not there.
fn fresh(folder: &Path) -> Result<PathBuf> {
    let pictures = folder.join("scans");
    let occupied = std::fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some());
    if occupied {
        let message = format!("{}: is not empty; give another folder with --out", folder.display());
        return Err(Error::usage(message));
    }
    std::fs::create_dir_all(&pictures).map_err(|e| Error::write(pictures.display(), e))?;
    Ok(pictures)
}

fn internal(error: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::Internal, format!("a table could not be written: {error}"))
}
