//! Output formats: the trait, the table, and opening those asked for.

mod coco;
mod csv;
mod events;
mod json;
mod jsonl;
mod mot;
#[cfg(feature = "parquet")]
mod parquet;
pub mod paths;
pub mod picture;
mod spool;
pub(crate) mod table;
pub mod text;
mod tree;
mod voc;
mod yolo;

pub(crate) use spool::Spool;

use std::path::{Path, PathBuf};

use crate::error::{Error, Result};
use crate::policy::{Policy, Seen};
use crate::prediction::Instance;
use crate::record::{InputId, InputRecord, Record};
use crate::spec::{LabelSet, Task};

/// Takes records in input order: the items of an input, then the record that closes it.
///
/// Memory does not grow with the number of records. Nothing stands at its final place before
/// [`Sink::finish`]; a sink dropped without it leaves nothing behind.
pub trait Sink: Send {
    fn item(&mut self, record: &Record) -> Result<()>;
    /// Like [`Sink::item`], with what the record was decided from, for sinks that also show what was nearly
    /// found. `None` where there is no observation.
    fn item_seen(&mut self, record: &Record, _seen: Option<(Seen, &dyn Policy)>) -> Result<()> {
        self.item(record)
    }
    fn input(&mut self, record: &InputRecord) -> Result<()>;
    /// An input that a stopped run did not reach; after all others.
    fn missed(&mut self, _input: &InputId) -> Result<()> {
        Ok(())
    }
    /// Puts the result in place; returns the files, or the folder of many files, relative to
    /// the run folder.
    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>>;
}

/// What a sink needs to know.
pub struct SinkContext<'a> {
    /// The run folder.
    pub folder: &'a Path,
    /// An existing folder on the same file system, for what is not finished.
    pub temporary: &'a Path,
    pub labels: &'a LabelSet,
    /// Whether instances have the numbers of tracks.
    pub tracked: bool,
    /// Whether what is written has scores; what people annotated has none.
    pub scored: bool,
    /// Name and version of the program, for formats with a place for it.
    pub generator: String,
}

/// A row of the table of formats.
pub struct SinkEntry {
    /// As in `--format`.
    pub name: &'static str,
    pub about: &'static str,
    /// What it can hold.
    pub tasks: &'static [Task],
    pub open: fn(&SinkContext) -> Result<Box<dyn Sink>>,
}

/// Every format; a new one is a file beside this one and a row here.
pub const SINKS: &[SinkEntry] = &[
    SinkEntry {
        name: "json",
        about: "results.json: all records in one document",
        tasks: &[Task::Detect, Task::Faces, Task::Classify, Task::Ocr, Task::Triage, Task::Grade],
        open: json::open,
    },
    SinkEntry {
        name: "jsonl",
        about: "results.jsonl: one record a line",
        tasks: &[Task::Detect, Task::Faces, Task::Classify, Task::Ocr, Task::Triage, Task::Grade],
        open: jsonl::open,
    },
    SinkEntry {
        name: "csv",
        about: "results.csv: one row a thing found or a class; inputs.csv: one row an input",
        tasks: &[Task::Detect, Task::Faces, Task::Classify, Task::Ocr],
        open: csv::open,
    },
    SinkEntry {
        name: "coco",
        about: "coco.json: COCO detections with scores, and keypoints of faces",
        tasks: &[Task::Detect, Task::Faces],
        open: coco::open,
    },
    SinkEntry {
        name: "yolo",
        about: "labels/: one text file an item, YOLO format",
        tasks: &[Task::Detect, Task::Faces],
        open: yolo::open,
    },
    SinkEntry {
        name: "mot",
        about: "mot/: one text file a sequence, MOT Challenge format; with --track its tracks",
        tasks: &[Task::Detect, Task::Faces],
        open: mot::open,
    },
    SinkEntry {
        name: "events",
        about: "events.jsonl, events.csv, occupancy.csv, counts.csv: what happened at --zones",
        tasks: &[Task::Detect, Task::Faces],
        open: events::open,
    },
    SinkEntry {
        name: "voc",
        about: "voc/: one XML file an item, Pascal VOC",
        tasks: &[Task::Detect, Task::Faces],
        open: voc::open,
    },
    #[cfg(feature = "parquet")]
    SinkEntry {
        name: "parquet",
        about: "results.parquet: one row a thing found, a line or a class",
        tasks: &[Task::Detect, Task::Faces, Task::Classify, Task::Ocr],
        open: parquet::open,
    },
    SinkEntry {
        name: "text",
        about: "text/: one text file an item, what it says",
        tasks: &[Task::Ocr],
        open: text::open,
    },
];

/// The rows of [`SINKS`] called `names`, each once.
///
/// # Errors
/// `Usage` for a name that is not in the table, or a format that cannot hold what `task` gives.
pub fn known<S: AsRef<str>>(names: &[S], task: Task) -> Result<Vec<&'static SinkEntry>> {
    let mut rows: Vec<&'static SinkEntry> = Vec::new();
    for name in names.iter().map(AsRef::as_ref) {
        let Some(entry) = SINKS.iter().find(|entry| entry.name == name) else {
            let known = formats(task);
            return Err(Error::usage(format!("--format {name}: no such output format; there are: {known}")));
        };
        if !entry.tasks.contains(&task) {
            let known = formats(task);
            return Err(Error::usage(format!(
                "--format {name}: cannot hold what `vision {task}` gives; formats that can: {known}"
            )));
        }
        if !rows.iter().any(|row| row.name == entry.name) {
            rows.push(entry);
        }
    }
    Ok(rows)
}

/// Names of the formats that can hold what a task gives.
fn formats(task: Task) -> String {
    let fitting = SINKS.iter().filter(|entry| entry.tasks.contains(&task));
    fitting.map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

/// Opens the formats `names`, each once.
///
/// # Errors
/// As [`known`].
pub fn open<S: AsRef<str>>(names: &[S], task: Task, context: &SinkContext) -> Result<Vec<Box<dyn Sink>>> {
    known(names, task)?.into_iter().map(|entry| (entry.open)(context)).collect()
}

/// Every instance with its descendants, parents before children.
pub(crate) fn flattened(instances: &[Instance]) -> impl Iterator<Item = &Instance> {
    let mut pending: Vec<&Instance> = instances.iter().rev().collect();
    std::iter::from_fn(move || {
        let next = pending.pop()?;
        pending.extend(next.children.iter().rev());
        Some(next)
    })
}

/// The sequence that a record is a frame of, and its frame from 0, where it was tracked; else its file and frame.
fn sequence(record: &Record) -> (String, u64) {
    use crate::frame::Part;
    let told = record
        .ext
        .get("track")
        .and_then(|told| Some((told.get("sequence")?.as_str()?, told.get("frame")?.as_u64()?)));
    told.map_or_else(
        || {
            let frame = match record.item.part {
                Some(Part::Frame { n, .. }) => u64::from(n),
                Some(Part::Page { n }) => u64::from(n.saturating_sub(1)),
                Some(Part::Instance { frame, .. }) => u64::from(frame),
                Some(Part::Entry { n }) => u64::from(n.saturating_sub(1)),
                None => 0,
            };
            (format!("{}/{}", record.item.input.root, record.item.input.path), frame)
        },
        |(name, frame)| (name.to_owned(), frame),
    )
}

/// The instances of a record that a flat data-set format can number: those whose label is their
/// class's name. Things found by a second model, with labels of its own, have no number there.
fn numbered<'a>(record: &'a Record, labels: &'a LabelSet) -> impl Iterator<Item = &'a Instance> {
    let instances = record.prediction.as_ref().map(|p| p.instances()).unwrap_or_default();
    flattened(instances).filter(|i| i.rect.is_finite() && labels.name(i.class) == i.label)
}

#[cfg(test)]
pub(crate) mod tests;
