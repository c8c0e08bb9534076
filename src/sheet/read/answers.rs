//! `answers.csv`: a row a page, a column a field, as a spreadsheet wants it.

use std::path::PathBuf;

use crate::error::Result;
use crate::record::{InputRecord, Record};
use crate::sheet::layout::{FieldKind, Layout};
use crate::sink::table::{Table, inert, part_name};
use crate::sink::{Sink, SinkContext};

const FIRST: [&str; 7] = ["id", "root", "path", "part", "bucket", "reason", "page"];

/// Several marks of a field are joined by this.
const BETWEEN: &str = " ";

/// Writes the answers, not yet scored.
pub struct Answers {
    table: Table,
    fields: Vec<String>,
}

impl Answers {
    pub fn new(context: &SinkContext, layout: &Layout) -> Result<Self> {
        let fields = layout.pages.iter().flat_map(|page| &page.fields);
        let read = fields.filter(|field| field.kind != FieldKind::Free);
        let fields: Vec<String> = read.map(|field| field.name.clone()).collect();
        let names: Vec<String> = fields.iter().map(|name| inert(name).into_owned()).collect();
        let header: Vec<&str> = FIRST.into_iter().chain(names.iter().map(String::as_str)).collect();
        Ok(Self { table: Table::create(context.folder, context.temporary, "answers.csv", &header)?, fields })
    }
}

impl Sink for Answers {
    fn item(&mut self, record: &Record) -> Result<()> {
        let Some(sheet) = record.prediction.as_ref().and_then(|prediction| prediction.sheet()) else {
            return Ok(());
        };
        let input = &record.item.input;
        let mut cells = vec![
            input.id.clone(),
            inert(&input.root).into_owned(),
            inert(&input.path).into_owned(),
            record.item.part.as_ref().map(part_name).unwrap_or_default(),
            sheet.bucket.name().to_owned(),
            sheet.bucket.reason().unwrap_or_default().to_owned(),
            sheet.page.map(|page| (page + 1).to_string()).unwrap_or_default(),
        ];
        let answer = |name: &String| {
            let field = sheet.fields.iter().find(|field| field.response.field == *name);
            let joined = field.map(|field| field.response.values.join(BETWEEN)).unwrap_or_default();
            inert(&joined).into_owned()
        };
        cells.extend(self.fields.iter().map(answer));
        let cells: Vec<&str> = cells.iter().map(String::as_str).collect();
        self.table.row(&cells)
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        Ok(vec![self.table.finish()?])
    }
}
