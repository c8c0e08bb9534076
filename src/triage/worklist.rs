//! The worklist: studies by urgency, as JSON and CSV, from the records of a run.
//!
//! It has a row for each study and one for each input that could not be read, and all of them are held until the end,
//! because the most urgent may come last.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::{Duration, UNIX_EPOCH};

use serde::Serialize;

use super::page::Page;
use super::{NOTICE, Rules, cells, rules::Met};
use crate::atomic::write_whole;
use crate::error::{Error, Kind, Result};
use crate::frame::Part;
use crate::observation::{Observation, Triaged};
use crate::policy::{Policy, Seen};
use crate::prediction::{Finding, Prediction};
use crate::record::{InputId, InputRecord, Record};
use crate::sink::{Sink, SinkContext};

/// In the order in which people should look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bucket {
    /// A finding reaches its operating point.
    Positive,
    /// Nobody knows: refused or failed, in whole or in part. Never below a negative.
    NotTriaged,
    Negative,
}

/// A study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub rank: usize,
    pub bucket: Bucket,
    /// 0 to 1.
    pub urgency: f32,
    /// Pseudonym; null where an input could not be read so far.
    pub study: Option<String>,
    /// When the last of its images was looked at, and by what; null where none was.
    pub triaged: Option<String>,
    pub provider: Option<String>,
    /// The best score of each finding over the study's images.
    pub findings: Vec<Finding>,
    pub rules: Vec<Met>,
    /// Why images or inputs were not triaged.
    pub reasons: Vec<String>,
    pub images: Vec<Image>,
    /// Pseudonyms of inputs that could not be read, in whole or in part, or were not reached.
    pub failed: Vec<String>,
}

/// An image of a study.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Image {
    /// Pseudonym of the input.
    pub input: String,
    pub series: Option<String>,
    pub instance: Option<String>,
    pub frame: Option<u32>,
    pub urgency: f32,
    pub refused: Option<String>,
    /// Where its numbers came from: transfer syntax, modality table, window, inversion, resize, …
    pub provenance: BTreeMap<String, String>,
}

#[derive(Serialize)]
struct Model {
    name: String,
    digest: String,
}

/// worklist.json.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    notice: &'static str,
    generator: &'a str,
    model: &'a Model,
    /// Whether every input was reached, and how many were not because the run was stopped.
    complete: bool,
    pending: usize,
    /// Whether a rule asks for exit code 3.
    exit: bool,
    studies: &'a [Row],
}

pub struct Worklist {
    /// Given the rows in place of files.
    page: Option<Page>,
    folder: PathBuf,
    temporary: PathBuf,
    generator: String,
    model: Model,
    rules: Rules,
    rows: BTreeMap<String, Row>,
    /// Messages of the current input's items: its closing record says the first of them again.
    told: Vec<String>,
    /// Inputs that a stopped run did not reach.
    pending: Vec<String>,
}

impl Worklist {
    pub fn new(context: &SinkContext, rules: Rules, model: &str, digest: &str) -> Self {
        Self {
            page: None,
            folder: context.folder.to_owned(),
            temporary: context.temporary.to_owned(),
            generator: context.generator.clone(),
            model: Model { name: model.to_owned(), digest: digest.to_owned() },
            rules,
            rows: BTreeMap::new(),
            told: Vec::new(),
            pending: Vec::new(),
        }
    }

    /// Shows the rows in a page, and writes no files.
    pub fn on(mut self, page: Box<dyn Sink>) -> Self {
        self.page = Some(Page(page));
        self
    }

    fn row(&mut self, key: String, study: Option<String>) -> &mut Row {
        self.rows.entry(key).or_insert_with(|| Row {
            rank: 0,
            bucket: Bucket::Negative,
            urgency: 0.0,
            study,
            triaged: None,
            provider: None,
            findings: Vec::new(),
            rules: Vec::new(),
            reasons: Vec::new(),
            images: Vec::new(),
            failed: Vec::new(),
        })
    }

    /// Rows in order, with ranks, buckets and rules.
    fn sorted(&mut self) -> Vec<Row> {
        let mut rows: Vec<Row> = std::mem::take(&mut self.rows).into_values().collect();
        for row in &mut rows {
            row.bucket = if row.findings.iter().any(|finding| finding.positive) {
                Bucket::Positive
            } else if !row.reasons.is_empty() {
                Bucket::NotTriaged
            } else {
                Bucket::Negative
            };
            let scores = row.findings.iter().map(|finding| (finding.label.clone(), finding.score)).collect();
            row.rules = self.rules.met(&scores, !row.reasons.is_empty());
            row.reasons.sort();
            row.reasons.dedup();
        }
        // Stable: equal rows stay in the order of their pseudonyms, which says nothing.
        rows.sort_by(|a, b| a.bucket.cmp(&b.bucket).then(b.urgency.total_cmp(&a.urgency)));
        rows.iter_mut().enumerate().for_each(|(n, row)| row.rank = n + 1);
        rows
    }
}

impl Worklist {
    fn record(&mut self, record: &Record, made: Option<&Triaged>) {
        let facts: BTreeMap<String, String> = match (&record.prediction, record.ext.get("triage")) {
            (Some(Prediction::Triage { facts, .. }), _) => facts.clone(),
            (_, Some(known)) => serde_json::from_value(known.clone()).unwrap_or_default(),
            // An entry that nothing is known of; the closing record tells whose input it is in.
            _ => BTreeMap::new(),
        };
        let input = record.item.input.path.clone();
        let failure = record.error.as_ref().map(|error| error.message.clone());
        self.told.extend(failure.clone());
        let (urgency, findings, refused) = match &record.prediction {
            Some(Prediction::Triage { urgency, findings, refused, .. }) => {
                (*urgency, findings.as_slice(), refused.clone())
            }
            _ => (0.0, &[][..], failure.clone()),
        };
        let study = facts.get("study-pseudonym").cloned();
        let row = self.row(study.clone().unwrap_or_else(|| input.clone()), study);
        if let Some(made) = made.filter(|_| refused.is_none()) {
            let at = UNIX_EPOCH + Duration::from_secs(made.at);
            row.triaged = row.triaged.take().max(Some(humantime::format_rfc3339_seconds(at).to_string()));
            let before = row.provider.take().filter(|own| *own != made.provider);
            row.provider =
                Some(before.map_or(made.provider.clone(), |own| format!("{own}, {}", made.provider)));
        }
        row.urgency = row.urgency.max(urgency);
        row.reasons.extend(refused.clone());
        if failure.is_some() && !row.failed.contains(&input) {
            row.failed.push(input.clone());
        }
        for finding in findings {
            match row.findings.iter_mut().find(|own| own.label == finding.label) {
                Some(own) if own.score >= finding.score => {}
                Some(own) => *own = finding.clone(),
                None => row.findings.push(finding.clone()),
            }
        }
        row.images.push(Image::of(record, input, facts, urgency, refused));
    }
}

impl Image {
    fn of(
        record: &Record,
        input: String,
        facts: BTreeMap<String, String>,
        urgency: f32,
        refused: Option<String>,
    ) -> Self {
        let frame = match &record.item.part {
            Some(Part::Instance { frame, .. }) => Some(*frame),
            _ => None,
        };
        let fact = |key: &str| facts.get(key).cloned();
        let (series, instance) = (fact("series-pseudonym"), fact("instance-pseudonym"));
        let provenance = facts.into_iter().filter(|(key, _)| !key.ends_with("-pseudonym")).collect();
        Self { input, series, instance, frame, urgency, refused, provenance }
    }
}

impl Sink for Worklist {
    fn item(&mut self, record: &Record) -> Result<()> {
        self.record(record, None);
        Ok(())
    }

    fn item_seen(&mut self, record: &Record, seen: Option<(Seen, &dyn Policy)>) -> Result<()> {
        let made = seen.and_then(|(seen, _)| match &seen.observed.observation {
            Observation::Triage(triaged) => Some(&**triaged),
            _ => None,
        });
        self.record(record, made);
        Ok(())
    }

    fn input(&mut self, record: &InputRecord) -> Result<()> {
        let told = std::mem::take(&mut self.told);
        self.page.as_mut().map_or(Ok(()), |page| page.input(record))?;
        if let Some(error) = record.error.as_ref().filter(|error| !told.contains(&error.message)) {
            // Nobody knows which study it is of: a row of its own, not that of another in the same archive.
            let path = record.input.path.clone();
            let row = self.row(path.clone(), None);
            row.reasons.push(error.message.clone());
            if !row.failed.contains(&path) {
                row.failed.push(path);
            }
        }
        Ok(())
    }

    fn missed(&mut self, input: &InputId) -> Result<()> {
        self.pending.push(input.path.clone());
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<PathBuf>> {
        let pending = std::mem::take(&mut self.pending);
        let count = pending.len();
        if count > 0 {
            // Not reached is not negative. No pseudonym is called so.
            let row = self.row("pending".to_owned(), None);
            row.reasons.push(format!("the run was stopped before {count} inputs were read"));
            row.failed = pending;
        }
        let rows = self.sorted();
        if let Some(mut page) = self.page {
            rows.iter().try_for_each(|row| page.row(row))?;
            return page.0.finish();
        }
        let exit = rows.iter().any(|row| row.rules.iter().any(|met| met.exit));
        let document = Document {
            schema: "vision.worklist/1",
            notice: NOTICE,
            generator: &self.generator,
            model: &self.model,
            complete: count == 0,
            pending: count,
            exit,
            studies: &rows,
        };
        let text = serde_json::to_vec_pretty(&document)
            .map_err(|e| Error::new(Kind::Internal, "the worklist could not be encoded").because(e))?;
        write_whole(&self.temporary, &self.folder.join("worklist.json"), &text)?;
        write_whole(&self.temporary, &self.folder.join("worklist.csv"), &table(&rows, count == 0)?)?;
        Ok(vec!["worklist.json".into(), "worklist.csv".into()])
    }
}

/// A row a study. Whether the list is `complete` stands in each, because rows are read alone.
fn table(rows: &[Row], complete: bool) -> Result<Vec<u8>> {
    let failed = |e: csv::Error| Error::new(Kind::Internal, "worklist.csv could not be encoded").because(e);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "rank", "bucket", "urgency", "study", "findings", "rules", "images", "reasons", "triaged",
        "provider", "complete", "notice",
    ])
    .map_err(failed)?;
    for row in rows {
        let study = row.study.clone().unwrap_or_default();
        let own = [
            row.rank.to_string(),
            cells::bucket(row).to_owned(),
            format!("{:.6}", row.urgency),
            study,
            cells::findings(row),
            cells::rules(row),
            row.images.len().to_string(),
            row.reasons.join("; "),
            row.triaged.clone().unwrap_or_default(),
            row.provider.clone().unwrap_or_default(),
            if complete { "yes" } else { "no" }.to_owned(),
            NOTICE.to_owned(),
        ];
        out.write_record(own).map_err(failed)?;
    }
    out.into_inner()
        .map_err(|e| Error::new(Kind::Internal, "worklist.csv could not be encoded").because(e.into_error()))
}
