//! What was meant against what was read: `truth.csv` beside the `results.jsonl` of a run.

use std::collections::{HashMap, HashSet};
use std::io::{BufRead, BufReader};
use std::path::Path;

use serde_json::Value;

use super::measure::Measured;
use super::write::BETWEEN;
use crate::error::{Error, Kind, Result};
use crate::sheet::layout::{FieldKind, Layout};
use crate::sheet::response::Response;

/// Compares the fields with bubbles; what is written by hand is another reader's business.
///
/// # Errors
/// Of the files, `Internal` where they are not what [`super::write::write`] and a run of grading leave.
pub fn compare(layout: &Layout, truth: &Path, results: &Path) -> Result<Measured> {
    let marked = |kind| matches!(kind, FieldKind::Choice | FieldKind::Multiple | FieldKind::Grid);
    let fields = layout.pages.iter().flat_map(|page| &page.fields).filter(|field| marked(field.kind));
    let names: HashSet<&str> = fields.map(|field| field.name.as_str()).collect();
    let read = responses(results)?;
    let broken = |what: String| Error::new(Kind::Internal, format!("{}: {what}", truth.display()));
    let mut rows = csv::Reader::from_path(truth).map_err(|e| broken(e.to_string()))?;
    let mut measured = Measured::default();
    for row in rows.records() {
        let row = row.map_err(|e| broken(e.to_string()))?;
        let cell = |i: usize| row.get(i).unwrap_or_default();
        let (scan, field, pen) = (cell(0), cell(3), cell(5));
        if !names.contains(field) {
            continue;
        }
        let values: Vec<String> =
            cell(4).split(BETWEEN).filter(|v| !v.is_empty()).map(str::to_owned).collect();
        let mark = cell(6).rsplit(BETWEEN).next().filter(|mark| !mark.is_empty()).unwrap_or("empty");
        let response = read.get(scan).and_then(|all| all.iter().find(|r| r.field == field));
        measured.add(&values, pen, mark, response);
    }
    Ok(measured)
}

/// By the name of the scan.
fn responses(results: &Path) -> Result<HashMap<String, Vec<Response>>> {
    let file = std::fs::File::open(results).map_err(|e| Error::read(results.display(), e))?;
    let broken =
        |e: &dyn std::fmt::Display| Error::new(Kind::Internal, format!("{}: {e}", results.display()));
    let mut found = HashMap::new();
    for line in BufReader::new(file).lines() {
        let line = line.map_err(|e| Error::read(results.display(), e))?;
        let record: Value = serde_json::from_str(&line).map_err(|e| broken(&e))?;
        let (Some(scan), Some(fields)) =
            (record["item"]["path"].as_str(), record["prediction"]["fields"].as_array())
        else {
            continue;
        };
        let read = fields.iter().cloned().map(serde_json::from_value);
        let read: Vec<Response> = read.collect::<Result<_, _>>().map_err(|e| broken(&e))?;
        found.insert(scan.to_owned(), read);
    }
    Ok(found)
}
