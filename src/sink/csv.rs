//! `results.csv`, a row a thing found or a class, and `inputs.csv`, a row an input; safe to open in a spreadsheet.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::{Sink, SinkContext, flattened};
use crate::atomic::AtomicFile;
use crate::error::{Error, Kind, Result};
use crate::frame::Part;
use crate::record::{InputRecord, Record};

const RESULTS: [&str; 13] =
    ["id", "root", "path", "part", "width", "height", "class", "label", "score", "x1", "y1", "x2", "y2"];
/// Behind those, where things were tracked.
const TRACKED: [&str; 2] = ["track", "filled"];
const INPUTS: [&str; 7] = ["id", "root", "path", "items", "status", "error", "message"];

struct Csv {
    tracked: bool,
    results: Table,
    inputs: Table,
}

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    let tracked = context.tracked;
    let header = [&RESULTS[..], if tracked { &TRACKED } else { &[] }].concat();
    let results = Table::create(context, "results.csv", &header)?;
    let inputs = Table::create(context, "inputs.csv", &INPUTS)?;
    Ok(Box::new(Csv { tracked, results, inputs }))
}

impl Sink for Csv {
    /// Children stand in rows after their parent's; classes of the whole picture have no box; the label of a line is its text. Numbers are written as in `results.jsonl`.
    fn item(&mut self, record: &Record) -> Result<()> {
        let Some(prediction) = &record.prediction else { return Ok(()) };
        let input = &record.item.input;
        let part = record.item.part.as_ref().map(part_name).unwrap_or_default();
        let [width, height] = record.size.map(|v| v.to_string());
        let (root, path) = (inert(&input.root), inert(&input.path));
        for class in prediction.classes() {
            let (number, score, label) =
                (class.class.to_string(), class.score.to_string(), inert(&class.label));
            let none = "";
            self.results.row(&[
                &input.id, &root, &path, &part, &width, &height, &number, &label, &score, none, none, none,
                none,
            ])?;
        }
        for line in prediction.lines() {
            let r = &line.rect;
            let [score, x1, y1, x2, y2] = [line.score, r.x1, r.y1, r.x2, r.y2].map(|v| v.to_string());
            let text = inert(&line.text);
            self.results.row(&[
                &input.id, &root, &path, &part, &width, &height, "0", &text, &score, &x1, &y1, &x2, &y2,
            ])?;
        }
        for instance in flattened(prediction.instances()) {
            let r = &instance.rect;
            let [score, x1, y1, x2, y2] = [instance.score, r.x1, r.y1, r.x2, r.y2].map(|v| v.to_string());
            let class = instance.class.to_string();
            let label = inert(&instance.label);
            let track = instance.track.map(|track| track.to_string()).unwrap_or_default();
            let cells = [
                input.id.as_str(),
                &*root,
                &*path,
                &part,
                &width,
                &height,
                &class,
                &*label,
                &score,
                &x1,
                &y1,
                &x2,
                &y2,
                &track,
                if instance.filled { "1" } else { "" },
            ];
            self.results.row(if self.tracked { &cells } else { &cells[..RESULTS.len()] })?;
        }
        Ok(())
    }

    fn input(&mut self, record: &InputRecord) -> Result<()> {
        let input = &record.input;
        let status = kebab(&record.status);
        let kind = record.error.as_ref().map(|e| kebab(&e.kind)).unwrap_or_default();
        let message = record.error.as_ref().map(|e| inert(&e.message)).unwrap_or_default();
        let (root, path, items) = (inert(&input.root), inert(&input.path), record.items.to_string());
        self.inputs.row(&[&input.id, &root, &path, &items, &status, &kind, &message])
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        Ok(vec![self.results.finish()?, self.inputs.finish()?])
    }
}

/// A CSV file that appears when it is whole.
pub(super) struct Table {
    name: &'static str,
    out: csv::Writer<AtomicFile>,
}

impl Table {
    pub(super) fn create(context: &SinkContext, name: &'static str, header: &[&str]) -> Result<Self> {
        let out = AtomicFile::create(context.temporary, &context.folder.join(name))?;
        let mut table = Self { name, out: csv::Writer::from_writer(out) };
        table.row(header)?;
        Ok(table)
    }

    pub(super) fn row(&mut self, cells: &[&str]) -> Result<()> {
        self.out.write_record(cells).map_err(|e| failed(self.name, e))
    }

    pub(super) fn finish(self) -> Result<PathBuf> {
        let name = Path::new(self.name);
        let out = self.out.into_inner().map_err(|e| Error::write(name.display(), e.into_error()))?;
        out.commit()?;
        Ok(name.to_owned())
    }
}

fn failed(name: &str, error: csv::Error) -> Error {
    match error.into_kind() {
        csv::ErrorKind::Io(e) => Error::write(name, e),
        other => Error::new(Kind::Internal, format!("{name}: a row cannot be written: {other:?}")),
    }
}

/// `page 3`, `frame 17`, `instance 1.2.840.1 frame 0`; empty for an only part.
fn part_name(part: &Part) -> String {
    match part {
        Part::Page { n } => format!("page {n}"),
        Part::Frame { n, .. } => format!("frame {n}"),
        Part::Instance { sop, frame } => format!("instance {} frame {frame}", sop),
    }
}

/// A text cell that no spreadsheet evaluates: `'` before what would begin a formula, as OWASP
/// advises against CSV injection (<https://owasp.org/www-community/attacks/CSV_Injection>),
/// the full-width forms that East Asian spreadsheets accept included. Scripts that need exact
/// names read `results.jsonl`.
pub(super) fn inert(text: &str) -> Cow<'_, str> {
    const STARTS: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];
    if text.starts_with(STARTS) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The stable name of a unit variant, as in the JSON records.
fn kebab(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_not_evaluated() {
        for cell in ["=1+1", "+cmd", "-2", "@SUM(A1)", "\t=1", "＝1"] {
            assert_eq!(inert(cell), format!("'{cell}"));
        }
        assert_eq!(inert("a=b"), "a=b");
        assert_eq!(inert(""), "");
    }
}
