//! One of two runs: its facts, and its records by item without holding them in memory.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::error::{Error, Result};
use crate::eval::read::FILE;
use crate::frame::Part;
use crate::record::{ITEM_SCHEMA, Record};

/// Longest line of a results.jsonl, bytes.
const MAX_LINE: u64 = 256 << 20;

pub struct Side {
    pub folder: PathBuf,
    /// Its run.json; null where it cannot be read.
    pub run: Value,
    reader: BufReader<File>,
    /// Where each item's line begins, in the order of the file.
    pub order: Vec<String>,
    places: HashMap<String, u64>,
}

impl Side {
    /// # Errors
    /// `Usage` for what is no run folder.
    pub fn open(folder: &Path) -> Result<Self> {
        let file = folder.join(FILE);
        let failed = |e| {
            let message = format!("{}: no run folder with a {FILE}", folder.display());
            Error::usage(message).because(e)
        };
        let run = std::fs::read(folder.join("run.json")).ok();
        let run = run.and_then(|text| serde_json::from_slice(&text).ok()).unwrap_or_default();
        let reader = BufReader::with_capacity(1 << 16, File::open(&file).map_err(failed)?);
        let (order, places) = (Vec::new(), HashMap::new());
        let mut side = Self { folder: folder.to_owned(), run, reader, order, places };
        let mut at = 0;
        while let Some((line, end)) = side.line(at)? {
            if let Some(record) = side.record(&line)? {
                let name = name(&record);
                side.order.push(name.clone());
                side.places.insert(name, at);
            }
            at = end;
        }
        Ok(side)
    }

    /// The record of an item, where the run has it.
    pub fn get(&mut self, item: &str) -> Result<Option<Record>> {
        let Some(at) = self.places.get(item).copied() else { return Ok(None) };
        match self.line(at)? {
            Some((line, _)) => self.record(&line),
            None => Ok(None),
        }
    }

    pub fn has(&self, item: &str) -> bool {
        self.places.contains_key(item)
    }

    /// The line at an offset, and the offset behind it.
    fn line(&mut self, at: u64) -> Result<Option<(String, u64)>> {
        let mut line = String::new();
        // Within the buffer nothing is read again.
        let here = self.reader.stream_position();
        let moved = here.and_then(|here| match here == at {
            true => Ok(()),
            false => self.reader.seek(SeekFrom::Start(at)).map(drop),
        });
        let read = moved.and_then(|()| (&mut self.reader).take(MAX_LINE).read_line(&mut line));
        let read = read.map_err(|e| {
            Error::usage(format!("{}: {FILE} cannot be read", self.folder.display())).because(e)
        })?;
        Ok((read > 0).then_some((line, at + read as u64)))
    }

    fn record(&self, line: &str) -> Result<Option<Record>> {
        if !line.starts_with(&format!("{{\"schema\":\"{ITEM_SCHEMA}\"")) {
            return Ok(None);
        }
        let record = serde_json::from_str(line).map_err(|e| {
            Error::usage(format!("{}: {FILE} holds what is no record", self.folder.display())).because(e)
        })?;
        Ok(Some(record))
    }
}

/// Names an item among those of both runs.
pub fn name(record: &Record) -> String {
    format!("{}{}", record.item.input.id, Part::suffix(record.item.part.as_ref()))
}
