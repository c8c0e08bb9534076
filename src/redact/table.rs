//! `audit.csv`: a row for each thing that the second look at a redaction found.

use std::path::PathBuf;

use serde_json::Value;

use crate::error::Result;
use crate::record::{InputRecord, Record};
use crate::sink::table::{Table, inert, part_name};
use crate::sink::{Sink, SinkContext};

pub const NAME: &str = "audit.csv";

const HEADER: [&str; 11] =
    ["root", "path", "part", "label", "score", "x1", "y1", "x2", "y2", "covered", "left"];

pub struct AuditTable(Table);

impl AuditTable {
    /// # Errors
    /// `OutputFolder`, `DiskFull`.
    pub fn create(context: &SinkContext) -> Result<Self> {
        Ok(Self(Table::create(context.folder, context.temporary, NAME, &HEADER)?))
    }
}

impl Sink for AuditTable {
    fn item(&mut self, record: &Record) -> Result<()> {
        let audit = record.ext.get("redact").and_then(|redact| redact.get("audit"));
        let Some(audit) = audit.filter(|audit| audit.is_object()) else { return Ok(()) };
        let input = &record.item.input;
        let part = record.item.part.as_ref().map(part_name).unwrap_or_default();
        let (root, path) = (inert(&input.root), inert(&input.path));
        if audit.get("unread").is_some() {
            self.0.row(&[&root, &path, &part, "not read again", "", "", "", "", "", "", "true"])?;
        }
        for found in audit["found"].as_array().into_iter().flatten() {
            let number = |value: &Value| value.to_string();
            let label = inert(found["label"].as_str().unwrap_or_default());
            let sides = [0, 1, 2, 3].map(|n| number(&found["box"][n]));
            let [score, covered, left] = ["score", "covered", "left"].map(|key| number(&found[key]));
            let [x1, y1, x2, y2] = &sides;
            self.0.row(&[&root, &path, &part, &label, &score, x1, y1, x2, y2, &covered, &left])?;
        }
        Ok(())
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        self.0.finish().map(|name| vec![name])
    }
}
