//! What differs between two runs: things lost, new, called otherwise; as JSON, CSV and a page of pictures.

mod page;
mod pairs;
mod side;
mod write;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::Serialize;

pub use pairs::{Kind, Pair, Thing};

use crate::error::{Error, Result};
use crate::record::Record;
use side::Side;
use write::Out;

pub const SCHEMA: &str = "vision.diff/1";

/// What is to be compared, and where the result goes.
pub struct Job<'a> {
    pub a: &'a Path,
    pub b: &'a Path,
    /// Overlap from which two boxes are at the same place, 0 to 1.
    pub iou: f32,
    /// Existing folders on one file system.
    pub out: &'a Path,
    pub temporary: &'a Path,
}

/// How many things of each kind.
pub type Counts = BTreeMap<&'static str, usize>;

#[derive(Debug, Default, Serialize)]
pub struct Summary {
    /// Items in both runs; those of them with any difference.
    pub both: usize,
    pub differ: usize,
    pub only_a: usize,
    pub only_b: usize,
    /// In both, without a result in one or the other.
    pub failed: usize,
    pub things: Counts,
    /// Of what the first run calls so, of new things what the second does.
    pub by_label: BTreeMap<String, Counts>,
    #[serde(skip)]
    pub files: Vec<PathBuf>,
    /// Small pictures were found in neither run.
    #[serde(skip)]
    pub without_picture: usize,
}

impl Summary {
    pub fn is_different(&self) -> bool {
        self.differ + self.only_a + self.only_b > 0
    }
}

/// # Errors
/// `Usage` for what is no run, or runs of two tasks.
pub fn diff(job: &Job) -> Result<Summary> {
    let (mut a, mut b) = (Side::open(job.a)?, Side::open(job.b)?);
    let (was, is) = (a.run["command"].as_str(), b.run["command"].as_str());
    if was != is {
        let said = |command: Option<&str>| command.unwrap_or("nothing known").to_owned();
        let message = format!(
            "{} is of vision {}, {} of vision {}; expected two runs of one command",
            job.a.display(),
            said(was),
            job.b.display(),
            said(is)
        );
        return Err(Error::usage(message));
    }
    let mut out = Out::open(job, &a, &b)?;
    let mut summary = Summary::default();
    for kind in Kind::ALL {
        summary.things.insert(kind.name(), 0);
    }
    for item in std::mem::take(&mut b.order) {
        let Some(now) = b.get(&item)? else { continue };
        match a.get(&item)? {
            Some(then) => compare(job, &then, &now, &mut summary, &mut out)?,
            None => {
                summary.only_b += 1;
                out.only("b", &now)?;
            }
        }
    }
    for item in std::mem::take(&mut a.order) {
        if !b.has(&item)
            && let Some(then) = a.get(&item)?
        {
            summary.only_a += 1;
            out.only("a", &then)?;
        }
    }
    (summary.files, summary.without_picture) = out.finish(&summary)?;
    Ok(summary)
}

fn compare(job: &Job, then: &Record, now: &Record, summary: &mut Summary, out: &mut Out) -> Result<()> {
    summary.both += 1;
    let (Some(was), Some(is)) = (&then.prediction, &now.prediction) else {
        summary.failed += usize::from(then.prediction.is_some() != now.prediction.is_some());
        return Ok(());
    };
    let pairs = pairs::pairs(&pairs::things(was), &pairs::things(is), job.iou);
    for pair in &pairs {
        *summary.things.entry(pair.kind.name()).or_default() += 1;
        // What lines say is not counted one by one.
        let label = pair.a.as_ref().or(pair.b.as_ref()).map_or("", |thing| &thing.is);
        let label = if was.lines().is_empty() && is.lines().is_empty() { label } else { "text" };
        *summary.by_label.entry(label.to_owned()).or_default().entry(pair.kind.name()).or_default() += 1;
    }
    if pairs.iter().all(|pair| pair.kind == Kind::Same) {
        return Ok(());
    }
    summary.differ += 1;
    out.item(then, now, &pairs)
}
