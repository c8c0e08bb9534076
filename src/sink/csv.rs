//! `results.csv`, a row a thing found or a class, and `inputs.csv`, a row an input; safe to open in a spreadsheet.

use std::path::PathBuf;

use super::table::{Table, inert, part_name};
use super::{Sink, SinkContext, flattened};
use crate::error::Result;
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
    let results = Table::create(context.folder, context.temporary, "results.csv", &header)?;
    let inputs = Table::create(context.folder, context.temporary, "inputs.csv", &INPUTS)?;
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

/// The stable name of a unit variant, as in the JSON records.
fn kebab(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(name)) => name,
        _ => String::new(),
    }
}
