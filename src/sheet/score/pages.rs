//! Pages as scoring takes them: what was read, and where it came from.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::error::{Error, Result};
use crate::eval::read::FILE;
use crate::frame::Part;
use crate::record::{INPUT_SCHEMA, ITEM_SCHEMA, InputId, InputRecord, ItemId, Record};
use crate::sheet::response::{Bucket, PageRead, Response};

/// What each place of a number may be, with probabilities; an empty text is an empty place.
pub type Places = Vec<Vec<(String, f32)>>;

/// Longest line of results.jsonl, bytes; the lines of a page are some ten thousand.
const MAX_LINE: u64 = 64 << 20;

/// A page that was read, rejected, or no sheet at all.
#[derive(Debug, Clone, PartialEq)]
pub struct Scan {
    pub read: PageRead,
    /// Id of the input, and how people call it: root, path and page.
    pub input: String,
    pub path: String,
    /// Of the observation, 64 hex digits, where it is known: decisions must be about it.
    pub key: Option<String>,
    /// Other readings of numbers by field: digits of an identity, place by place.
    pub places: BTreeMap<String, Places>,
}

/// `ext.grade` of a record: a [`PageRead`] without its item, and what only identities need.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ext {
    #[serde(flatten)]
    pub bucket: Bucket,
    #[serde(default)]
    pub page: Option<u32>,
    #[serde(default)]
    pub version: Option<String>,
    #[serde(default)]
    pub responses: Vec<Response>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub places: BTreeMap<String, Places>,
}

impl Ext {
    /// What `vision grade` read of a page, as its record tells it.
    pub fn of(record: &Record) -> Option<Value> {
        let page = record.prediction.as_ref()?.sheet()?.page_read(String::new());
        let PageRead { bucket, page, version, responses, .. } = page;
        serde_json::to_value(Self { bucket, page, version, responses, places: BTreeMap::new() }).ok()
    }
}

impl Scan {
    /// From a record's item and its `ext.grade`, or the error that stands in its place.
    ///
    /// # Errors
    /// What is wrong with `ext.grade`.
    pub fn new(item: &ItemId, grade: Option<&Value>, error: Option<&str>) -> Result<Self, String> {
        let suffix = Part::suffix(item.part.as_ref());
        let name = format!("{}{suffix}", item.input.id);
        let ext = match (grade, error) {
            (Some(value), None) => Ext::deserialize(value).map_err(|e| format!("{name}: ext.grade: {e}"))?,
            (_, error) => Ext {
                bucket: Bucket::Rejected(error.unwrap_or("was not read as a sheet").to_owned()),
                page: None,
                version: None,
                responses: Vec::new(),
                places: BTreeMap::new(),
            },
        };
        let page = match item.part {
            Some(Part::Page { n }) => format!(" page {n}"),
            _ => String::new(),
        };
        let path = format!("{}/{}{page}", item.input.root, item.input.path);
        let Ext { bucket, page, version, responses, places } = ext;
        let read = PageRead { item: name, bucket, page, version, responses };
        let broken = |response: &&Response| !(0.0..=1.0).contains(&response.confidence);
        if let Some(response) = read.responses.iter().find(broken) {
            return Err(format!(
                "{}: {}: a confidence of {}",
                read.item, response.field, response.confidence
            ));
        }
        Ok(Self { read, input: item.input.id.clone(), path, key: None, places })
    }

    /// Of an input that could not be opened: it has no item, and must not get lost.
    pub fn failed(input: &InputId, why: &str) -> Self {
        let bucket = Bucket::Rejected(why.to_owned());
        let read =
            PageRead { item: input.id.clone(), bucket, page: None, version: None, responses: Vec::new() };
        let path = format!("{}/{}", input.root, input.path);
        Self { read, input: input.id.clone(), path, key: None, places: BTreeMap::new() }
    }

    /// Whether its answers count.
    pub fn is_read(&self) -> bool {
        matches!(self.read.bucket, Bucket::Graded | Bucket::Review)
    }

    /// Whether a person has to see the page for a reason that is of no single answer.
    pub fn is_doubtful(&self) -> bool {
        self.read.bucket == Bucket::Review && !self.read.responses.iter().any(|response| response.review)
    }

    pub fn response(&self, field: &str) -> Option<&Response> {
        self.read.responses.iter().find(|response| response.field == field)
    }
}

/// The line of an input of which nothing was read.
pub fn lost(record: &InputRecord) -> Option<Scan> {
    let error = record.error.as_ref().filter(|_| record.items == 0)?;
    Some(Scan::failed(&record.input, &error.message))
}

/// What `results.jsonl` of a run says of its pages.
#[derive(Debug)]
pub struct Results {
    pub scans: Vec<Scan>,
    /// SHA-256 of the file.
    pub digest: String,
}

/// Reads the pages of a run folder, with the keys of their observations where its journal has them.
///
/// # Errors
/// `Usage` for a folder without results of grading, naming the line.
pub fn read(folder: &Path) -> Result<Results> {
    let name = folder.join(FILE);
    let failed = |e| Error::usage(format!("{}: no run folder with a {FILE}", folder.display())).because(e);
    let mut reader = BufReader::with_capacity(1 << 16, File::open(&name).map_err(failed)?);
    let keys = keys(folder);
    let (mut scans, mut line, mut number) = (Vec::new(), String::new(), 0);
    while {
        line.clear();
        (&mut reader).take(MAX_LINE).read_line(&mut line).map_err(failed)? > 0
    } {
        number += 1;
        let wrong = |why: &str| Error::usage(format!("{}: line {number}: {why}", name.display()));
        if line.starts_with(&format!("{{\"schema\":\"{INPUT_SCHEMA}\"")) {
            let record: InputRecord =
                serde_json::from_str(&line).map_err(|e| wrong("is no record").because(e))?;
            scans.extend(lost(&record));
            continue;
        }
        if !line.starts_with(&format!("{{\"schema\":\"{ITEM_SCHEMA}\"")) {
            return Err(wrong("is neither the record of an item nor that of an input"));
        }
        let record: Record = serde_json::from_str(&line).map_err(|e| wrong("is no record").because(e))?;
        let error = record.error.as_ref().map(|error| error.message.as_str());
        let grade = record.ext.get("grade").cloned().or_else(|| Ext::of(&record));
        if grade.is_none() && error.is_none() {
            return Err(wrong("tells of no sheet: not a run of vision grade"));
        }
        let mut scan = Scan::new(&record.item, grade.as_ref(), error).map_err(|why| wrong(&why))?;
        scan.key = keys.get(&scan.read.item).cloned();
        scans.push(scan);
    }
    let digest = crate::digest::sha256_of(&mut File::open(&name).map_err(failed)?).map_err(failed)?;
    Ok(Results { scans, digest: crate::digest::hex(&digest) })
}

/// Keys of observations by item. A folder without a journal has none, and then no decision can be about it.
fn keys(folder: &Path) -> HashMap<String, String> {
    let journal = folder.join(crate::run::INTERNAL).join("journal.jsonl");
    let Ok(file) = File::open(journal) else { return HashMap::new() };
    let mut keys = HashMap::new();
    for line in BufReader::new(file).lines().map_while(std::result::Result::ok) {
        // A torn last line is no entry.
        let Ok(entry) = serde_json::from_str::<Value>(&line) else { continue };
        let part: Option<Part> = serde_json::from_value(entry["part"].clone()).unwrap_or_default();
        if let (Some("item"), Some(id), Some(key)) =
            (entry["event"].as_str(), entry["id"].as_str(), entry["key"].as_str())
        {
            keys.insert(format!("{id}{}", Part::suffix(part.as_ref())), key.to_owned());
        }
    }
    keys
}
