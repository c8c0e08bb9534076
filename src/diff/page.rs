//! The report's page over what differs, with columns and queues of its own.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use serde_json::{Value, json};

use super::side::Side;
use super::{Job, Kind, Pair, Summary, Thing};
use crate::digest::unhex;
use crate::error::{Error, Result};
use crate::prediction::{Class, Instance, Prediction};
use crate::record::{INPUT_SCHEMA, InputRecord, Record, Status};
use crate::report::{Among, Column, ColumnKind, Declared, Queue, Report, ReportContext, thumb};
use crate::sink::Sink;

const COLUMNS: &[Column] = &[
    column("changes", "Differences", |record| count(record, "changes")),
    column("lost", "Lost", |record| count(record, "lost")),
    column("new", "New", |record| count(record, "new")),
    column("changed", "Called otherwise", |record| count(record, "changed")),
    column("same", "The same", |record| count(record, "same")),
];

const QUEUES: &[Queue] = &[
    queue("Most differences first", "changes"),
    queue("Most lost first", "lost"),
    queue("Most new first", "new"),
    queue("Called otherwise", "changed"),
];

const fn column(key: &'static str, title: &'static str, of: fn(&Record) -> Option<Value>) -> Column {
    Column { key, title, kind: ColumnKind::Number, unit: "", of }
}

const fn queue(title: &'static str, by: &'static str) -> Queue {
    Queue { title, among: Among::All, by, descending: true }
}

fn count(record: &Record, key: &str) -> Option<Value> {
    record.ext.get("diff")?.get(key).cloned()
}

pub struct Page {
    report: Box<Report>,
    /// Both run folders and that of the page, for small pictures.
    folders: [PathBuf; 2],
    out: PathBuf,
    without: usize,
}

impl Page {
    pub fn open(job: &Job, a: &Side, b: &Side) -> Result<Self> {
        let out = job.out.canonicalize().map_err(|e| Error::read(job.out.display(), e))?;
        let mut roots = BTreeMap::new();
        for side in [a, b] {
            for (label, place) in side.run["roots"].as_object().into_iter().flatten() {
                roots.extend(place.as_str().map(|place| (label.clone(), PathBuf::from(place))));
            }
        }
        let name = |side: &Side| {
            let folder = side.folder.canonicalize().unwrap_or_else(|_| side.folder.clone());
            folder.file_name().unwrap_or_default().to_string_lossy().into_owned()
        };
        let model = |side: &Side| side.run["model"]["name"].as_str().unwrap_or("unknown").to_owned();
        let line = |side: &Side| format!("{} with {}", name(side), model(side));
        let facts = json!({
            "title": format!("{} against {}", name(b), name(a)),
            "head": [format!("overlap from {}", job.iou)],
            "about": [["First run", line(a)], ["Second run", line(b)], ["Command", a.run["command"]]],
        });
        let context = ReportContext {
            folder: out.clone(),
            temporary: job.temporary.to_owned(),
            embed: false,
            roots,
            artist: None,
            declared: Declared { columns: COLUMNS, queues: QUEUES, ..Declared::default() },
            facts,
            run: String::new(),
            reviewable: false,
            names: Vec::new(),
            listed: 0,
            begun: Instant::now(),
        };
        let folders = [b.folder.clone(), a.folder.clone()];
        Ok(Self { report: Box::new(Report::new(context)?), folders, out, without: 0 })
    }

    /// An item with differences: each thing is called by what became of it.
    pub fn item(&mut self, then: &Record, now: &Record, pairs: &[Pair]) -> Result<()> {
        let whole = pairs.iter().all(|pair| shown(pair).rect.is_none());
        let prediction = if whole {
            let class = |p: &Pair| Class { class: p.kind as u32, label: called(p), score: shown(p).score };
            Prediction::Classify { classes: pairs.iter().map(class).collect(), multi_label: true }
        } else {
            Prediction::Detect { instances: pairs.iter().filter_map(instance).collect() }
        };
        let of = |kind: Kind| pairs.iter().filter(|pair| pair.kind == kind).count();
        let mut counts = json!({ "changes": pairs.len() - of(Kind::Same) });
        for kind in Kind::ALL {
            counts[kind.name()] = of(kind).into();
        }
        let mut record = Record { prediction: Some(prediction), decision: None, ..now.clone() };
        record.ext.insert("diff".to_owned(), counts);
        let has_picture = self.picture(now)? || self.picture(then)?;
        self.without += usize::from(!has_picture);
        self.report.item(&record)?;
        let input = record.item.input;
        let status = Status::Done;
        self.report.input(&InputRecord { schema: INPUT_SCHEMA.into(), input, items: 1, status, error: None })
    }

    /// Copies the small picture that a run's own report has. Whether there is one.
    fn picture(&self, record: &Record) -> Result<bool> {
        let digest = record.item.input.digest.as_deref().unwrap_or_default();
        let Some(digest) = unhex(digest.trim_start_matches("sha256:")) else { return Ok(false) };
        let name = thumb::name(&digest, record.item.part.as_ref());
        let target = self.out.join(&name);
        let Some(source) = self.folders.iter().map(|folder| folder.join(&name)).find(|file| file.is_file())
        else {
            return Ok(target.is_file());
        };
        let parent = target.parent().map_or(Ok(()), fs::create_dir_all);
        let copied = parent.and_then(|()| fs::copy(source, &target));
        copied.map(|_| true).map_err(|e| Error::write(target.display(), e))
    }

    pub fn finish(self, _: &Summary) -> Result<(Vec<PathBuf>, usize)> {
        Ok((self.report.finish()?, self.without))
    }
}

/// The newer of the two.
fn shown(pair: &Pair) -> &Thing {
    static NONE: Thing = Thing { is: String::new(), score: 0.0, rect: None };
    pair.b.as_ref().or(pair.a.as_ref()).unwrap_or(&NONE)
}

fn called(pair: &Pair) -> String {
    match (pair.kind, &pair.a, &pair.b) {
        (Kind::Changed, Some(a), Some(b)) => format!("changed: {} → {}", a.is, b.is),
        (kind, ..) => format!("{}: {}", kind.name(), shown(pair).is),
    }
}

fn instance(pair: &Pair) -> Option<Instance> {
    let thing = shown(pair);
    Some(Instance {
        // One colour a kind.
        class: pair.kind as u32,
        label: called(pair),
        score: thing.score,
        rect: thing.rect?,
        corners: None,
        keypoints: Vec::new(),
        track: None,
        filled: false,
        children: Vec::new(),
    })
}
