//! The files of a comparison: diff.json, diff.csv and the page.

use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::page::Page;
use super::side::{Side, name};
use super::{Job, Pair, SCHEMA, Summary, Thing};
use crate::atomic::AtomicFile;
use crate::error::{Error, Result};
use crate::frame::Part;
use crate::record::Record;
use crate::sink::Spool;
use crate::sink::table::{Table, inert, part_name};

const JSON: &str = "diff.json";
const HEADER: [&str; 18] = [
    "id", "root", "path", "part", "kind", "iou", "label_a", "score_a", "x1_a", "y1_a", "x2_a", "y2_a",
    "label_b", "score_b", "x1_b", "y1_b", "x2_b", "y2_b",
];

pub struct Out {
    target: PathBuf,
    temporary: PathBuf,
    head: serde_json::Value,
    list: Spool,
    table: Table,
    page: Page,
}

/// An item that differs.
#[derive(Serialize)]
struct Entry<'a> {
    item: String,
    root: &'a str,
    path: &'a str,
    part: Option<&'a Part>,
    /// `a` or `b` where only that run has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    only: Option<&'a str>,
    pairs: &'a [Pair],
}

impl<'a> Entry<'a> {
    fn of(record: &'a Record, only: Option<&'a str>, pairs: &'a [Pair]) -> Self {
        let input = &record.item.input;
        let (root, path, part) = (&input.root, &input.path, record.item.part.as_ref());
        Self { item: name(record), root, path, part, only, pairs }
    }
}

impl Out {
    pub fn open(job: &Job, a: &Side, b: &Side) -> Result<Self> {
        let side = |side: &Side| json!({ "folder": side.folder.to_string_lossy(), "command": side.run["command"], "model": side.run["model"] });
        Ok(Self {
            target: job.out.join(JSON),
            temporary: job.temporary.to_owned(),
            head: json!({ "schema": SCHEMA, "iou": job.iou.to_string().parse::<f64>().unwrap_or_default(), "a": side(a), "b": side(b) }),
            list: Spool::new(job.temporary)?,
            table: Table::create(job.out, job.temporary, "diff.csv", &HEADER)?,
            page: Page::open(job, a, b)?,
        })
    }

    /// An item that only one of the runs has.
    pub fn only(&mut self, side: &str, record: &Record) -> Result<()> {
        self.list.push(&Entry::of(record, Some(side), &[]))
    }

    pub fn item(&mut self, then: &Record, now: &Record, pairs: &[Pair]) -> Result<()> {
        self.list.push(&Entry::of(now, None, pairs))?;
        let input = &now.item.input;
        let (root, path) = (inert(&input.root), inert(&input.path));
        let part = now.item.part.as_ref().map(part_name).unwrap_or_default();
        for pair in pairs {
            let iou = pair.iou.map(|iou| iou.to_string()).unwrap_or_default();
            let (a, b) = (cells(pair.a.as_ref()), cells(pair.b.as_ref()));
            let mut row: Vec<&str> = vec![&input.id, &root, &path, &part, pair.kind.name(), &iou];
            row.extend(a.iter().chain(&b).map(String::as_str));
            self.table.row(&row)?;
        }
        self.page.item(then, now, pairs)
    }

    /// Puts everything in place; returns the files, and how many items have no small picture.
    pub fn finish(self, summary: &Summary) -> Result<(Vec<PathBuf>, usize)> {
        let failed = |e| Error::write(self.target.display(), e);
        let mut out = AtomicFile::create(&self.temporary, &self.target)?;
        let mut head = self.head;
        head["summary"] = json!(summary);
        let head = head.to_string();
        // The list is the last key of the document.
        let open = head.strip_suffix('}').unwrap_or(&head);
        write!(out, "{open},\"items\":[").map_err(failed)?;
        self.list.copy_to(&mut out, &self.target)?;
        out.write_all(b"\n]}\n").map_err(failed)?;
        out.commit()?;
        let mut files = vec![JSON.into(), self.table.finish()?];
        let (pages, without) = self.page.finish(summary)?;
        files.extend(pages);
        Ok((files, without))
    }
}

/// Label, score and box; empty where there is none.
fn cells(thing: Option<&Thing>) -> [String; 6] {
    let Some(thing) = thing else { return Default::default() };
    let corner = |at: usize| {
        let corners = thing.rect.map(|r| [r.x1, r.y1, r.x2, r.y2]);
        corners.map(|corners| corners[at].to_string()).unwrap_or_default()
    };
    [inert(&thing.is).into_owned(), thing.score.to_string(), corner(0), corner(1), corner(2), corner(3)]
}
