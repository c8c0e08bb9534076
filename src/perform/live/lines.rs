//! What a run over streams writes: lines that stand as soon as they are known, and formats that stand at the end.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{EVENTS, RESULTS};
use crate::error::{Error, Kind, Result};
use crate::perform::Options;
use crate::perform::setup::{Prepared, Selection};
use crate::run::RunFolder;
use crate::sink::{self, Sink, SinkContext};

/// Lines that stand in a file, or on standard output, as soon as they are known.
pub(super) enum Lines {
    File(PathBuf, File),
    Stdout,
}

impl Lines {
    fn open(path: &Path) -> Result<Self> {
        if path == Path::new("-") {
            return Ok(Self::Stdout);
        }
        let file = File::options().create(true).append(true).open(path);
        Ok(Self::File(path.to_owned(), file.map_err(|e| Error::write(path.display(), e))?))
    }

    pub fn write(&mut self, value: &impl Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value)
            .map_err(|e| Error::new(Kind::Internal, "a record could not be encoded").because(e))?;
        line.push(b'\n');
        match self {
            // In one piece: whoever reads along finds whole lines.
            Self::File(path, file) => file.write_all(&line).map_err(|e| Error::write(path.display(), e)),
            Self::Stdout => {
                let mut out = io::stdout().lock();
                out.write_all(&line).and_then(|()| out.flush()).map_err(crate::cmd::print_failed)
            }
        }
    }
}

/// Where everything goes.
pub(super) struct Out {
    pub results: Lines,
    pub events: Option<Lines>,
    /// Formats that stand at the end, and what is echoed.
    pub sinks: Vec<Box<dyn Sink>>,
    files: Vec<PathBuf>,
}

impl Out {
    pub fn open<S: Selection>(
        options: &Options<S>,
        prepared: &Prepared,
        folder: &RunFolder,
        echo: Option<Box<dyn Sink>>,
    ) -> Result<Self> {
        let temporary = folder.temporary();
        let context = SinkContext {
            folder: folder.root(),
            temporary: &temporary,
            labels: prepared.policy.labels(),
            tracked: prepared.tracking.is_some(),
            scored: true,
            generator: concat!("vision ", env!("CARGO_PKG_VERSION")).to_owned(),
        };
        // results.json would be results.jsonl once more.
        let names: Vec<String> = options
            .output
            .format
            .iter()
            .filter(|name| !["json", "jsonl"].contains(&name.as_str()))
            .cloned()
            .collect();
        let mut sinks = sink::open(&names, S::TASK, &context)?;
        sinks.extend(echo);
        let mut files = vec![PathBuf::from(RESULTS)];
        let zones = prepared.tracking.as_ref().is_some_and(|tracking| tracking.zones.is_some());
        let events = zones.then(|| match &options.stream.events {
            Some(path) => Lines::open(path),
            None => {
                files.push(EVENTS.into());
                Lines::open(&folder.root().join(EVENTS))
            }
        });
        Ok(Self {
            results: Lines::open(&folder.root().join(RESULTS))?,
            events: events.transpose()?,
            sinks,
            files,
        })
    }

    pub fn finish(&mut self) -> Result<Vec<PathBuf>> {
        let mut files = std::mem::take(&mut self.files);
        for sink in std::mem::take(&mut self.sinks) {
            files.extend(sink.finish()?);
        }
        Ok(files)
    }
}
