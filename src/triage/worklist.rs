//! The worklist: studies by urgency, as JSON and CSV, from the records of a run.
//!
//! It has a row for each study and one for each input that could not be read, and all of them are held until the end,
//! because the most urgent may come last.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use super::{NOTICE, Rules, rules::Met};
use crate::atomic::write_whole;
use crate::error::{Error, Kind, Result};
use crate::prediction::{Finding, Prediction};
use crate::record::{InputRecord, Record};
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
    /// The best score of each finding over the study's images.
    pub findings: Vec<Finding>,
    pub rules: Vec<Met>,
    /// Why images or inputs were not triaged.
    pub reasons: Vec<String>,
    pub images: Vec<Image>,
    /// Pseudonyms of inputs that could not be read, in whole or in part.
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
    /// Whether a rule asks for exit code 3.
    exit: bool,
    studies: &'a [Row],
}

pub struct Worklist {
    folder: PathBuf,
    temporary: PathBuf,
    generator: String,
    model: Model,
    rules: Rules,
    rows: BTreeMap<String, Row>,
}

impl Worklist {
    pub fn new(context: &SinkContext, rules: Rules, model: &str, digest: &str) -> Self {
        Self {
            folder: context.folder.to_owned(),
            temporary: context.temporary.to_owned(),
            generator: context.generator.clone(),
            model: Model { name: model.to_owned(), digest: digest.to_owned() },
            rules,
            rows: BTreeMap::new(),
        }
    }

    fn row(&mut self, key: String, study: Option<String>) -> &mut Row {
        self.rows.entry(key).or_insert_with(|| Row {
            rank: 0,
            bucket: Bucket::Negative,
            urgency: 0.0,
            study,
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
            row.rules = self.rules.met((row.bucket != Bucket::NotTriaged).then_some(&scores));
            row.reasons.sort();
            row.reasons.dedup();
        }
        // Stable: equal rows stay in the order of their pseudonyms, which says nothing.
        rows.sort_by(|a, b| a.bucket.cmp(&b.bucket).then(b.urgency.total_cmp(&a.urgency)));
        rows.iter_mut().enumerate().for_each(|(n, row)| row.rank = n + 1);
        rows
    }
}

impl Sink for Worklist {
    fn item(&mut self, record: &Record) -> Result<()> {
        let input = record.item.input.path.clone();
        let Some(Prediction::Triage { urgency, findings, refused, facts }) = &record.prediction else {
            // Its closing record says why.
            return Ok(());
        };
        let study = facts.get("study-pseudonym").cloned();
        let key = study.clone().unwrap_or_else(|| input.clone());
        let frame = match &record.item.part {
            Some(crate::frame::Part::Instance { frame, .. }) => Some(*frame),
            _ => None,
        };
        let fact = |key: &str| facts.get(key).cloned();
        let image = Image {
            input,
            series: fact("series-pseudonym"),
            instance: fact("instance-pseudonym"),
            frame,
            urgency: *urgency,
            refused: refused.clone(),
            provenance: facts
                .iter()
                .filter(|(key, _)| !key.ends_with("-pseudonym"))
                .map(|(k, v)| (k.clone(), v.clone()))
                .collect(),
        };
        let row = self.row(key, study);
        row.urgency = row.urgency.max(*urgency);
        row.reasons.extend(refused.clone());
        row.images.push(image);
        for finding in findings {
            match row.findings.iter_mut().find(|own| own.label == finding.label) {
                Some(own) if own.score >= finding.score => {}
                Some(own) => *own = finding.clone(),
                None => row.findings.push(finding.clone()),
            }
        }
        Ok(())
    }

    fn input(&mut self, record: &InputRecord) -> Result<()> {
        if let Some(error) = &record.error {
            let path = record.input.path.clone();
            // With the study of another of its images, where there is one.
            let known = self.rows.iter().find(|(_, row)| row.images.iter().any(|image| image.input == path));
            let (key, study) = known.map_or((path, None), |(key, row)| (key.clone(), row.study.clone()));
            let row = self.row(key, study);
            row.reasons.push(error.message.clone());
            row.failed.push(record.input.path.clone());
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<PathBuf>> {
        let rows = self.sorted();
        let exit = rows.iter().any(|row| row.rules.iter().any(|met| met.exit));
        let document = Document {
            schema: "vision.worklist/1",
            notice: NOTICE,
            generator: &self.generator,
            model: &self.model,
            exit,
            studies: &rows,
        };
        let text = serde_json::to_vec_pretty(&document)
            .map_err(|e| Error::new(Kind::Internal, "the worklist could not be encoded").because(e))?;
        write_whole(&self.temporary, &self.folder.join("worklist.json"), &text)?;
        write_whole(&self.temporary, &self.folder.join("worklist.csv"), &table(&rows)?)?;
        Ok(vec!["worklist.json".into(), "worklist.csv".into()])
    }
}

/// A row a study; `more` columns come from elsewhere.
fn table(rows: &[Row]) -> Result<Vec<u8>> {
    let failed = |e: csv::Error| Error::new(Kind::Internal, "worklist.csv could not be encoded").because(e);
    let mut out = csv::Writer::from_writer(Vec::new());
    out.write_record([
        "rank", "bucket", "urgency", "study", "findings", "rules", "images", "reasons", "notice",
    ])
    .map_err(failed)?;
    for row in rows {
        let finding =
            |f: &Finding| format!("{}={:.4}{}", f.label, f.score, if f.positive { "+" } else { "-" });
        let findings: Vec<String> = row.findings.iter().map(finding).collect();
        let rules: Vec<String> =
            row.rules.iter().map(|met| format!("{}: {}", met.rule, met.action)).collect();
        let bucket = match row.bucket {
            Bucket::Positive => "positive",
            Bucket::NotTriaged => "not-triaged",
            Bucket::Negative => "negative",
        };
        let study = row.study.clone().unwrap_or_default();
        let cells = [
            row.rank.to_string(),
            bucket.to_owned(),
            format!("{:.6}", row.urgency),
            study,
            findings.join("; "),
            rules.join("; "),
            row.images.len().to_string(),
            row.reasons.join("; "),
            NOTICE.to_owned(),
        ];
        out.write_record(cells).map_err(failed)?;
    }
    out.into_inner()
        .map_err(|e| Error::new(Kind::Internal, "worklist.csv could not be encoded").because(e.into_error()))
}
