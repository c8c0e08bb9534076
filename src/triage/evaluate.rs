//! `--evaluate`: a worklist measured against labels, and how much sooner a critical study is read.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use super::statistics::{Bin, Interval, auc, brier, calibration, waiting, wilson};
use super::{Bucket, NOTICE};
use crate::error::{Error, Kind, Result};

/// How studies come and are read.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Pace {
    /// Minutes between two arrivals.
    pub arrival: f64,
    /// Minutes that reading one takes.
    pub reading: f64,
}

#[derive(Debug, Serialize)]
pub struct Evaluation {
    schema: &'static str,
    notice: &'static str,
    /// What is counted, and how its files make it up.
    unit: &'static str,
    /// Labelled files, the studies that they are of, and those of them that were triaged.
    files: usize,
    labelled: usize,
    triaged: usize,
    findings: BTreeMap<String, Measures>,
    /// `None` where no study was critical.
    time_to_critical_read: Option<Times>,
}

/// Of one finding, over the studies that were triaged.
#[derive(Debug, Serialize)]
struct Measures {
    positives: usize,
    negatives: usize,
    operating_point: f64,
    auc: Option<Interval>,
    sensitivity: Option<Interval>,
    specificity: Option<Interval>,
    ppv: Option<Interval>,
    brier: f64,
    calibration: Vec<Bin>,
}

/// Minutes from the arrival of a truly positive study to the end of its reading.
#[derive(Debug, Serialize)]
struct Times {
    model: &'static str,
    pace: Pace,
    critical: usize,
    first_in_first_out_mean: f64,
    by_urgency_mean: f64,
}

/// A labelled study and what the worklist says of it.
struct Case<'a> {
    truth: BTreeMap<&'a str, bool>,
    row: Option<&'a Value>,
}

/// # Errors
/// `Config` for labels that are none, fit no input, or fit several.
pub fn evaluate(
    labels: &Path,
    worklist: &Value,
    files: &BTreeMap<String, String>,
    pace: Pace,
) -> Result<Evaluation> {
    if !(pace.arrival > 0.0 && pace.reading > 0.0) {
        return Err(Error::usage("--arrival and --reading: expected minutes over 0"));
    }
    let mut reader =
        csv::Reader::from_path(labels).map_err(|e| wrong("the file cannot be read").because(e))?;
    let heads = reader.headers().map_err(|e| wrong("the file has no head").because(e))?.clone();
    let records: Vec<csv::StringRecord> =
        reader.records().collect::<Result<_, _>>().map_err(|e| wrong("a row is damaged").because(e))?;
    let cases = cases(&heads, &records, worklist, files)?;
    let labels = heads.iter().filter(|head| *head != "file");
    let findings = labels.map(|label| Ok((label.to_owned(), measures(label, &cases)?)));
    Ok(Evaluation {
        schema: "vision.evaluation/1",
        notice: NOTICE,
        unit: "study: its score is the best of its images, and a finding is true where it is in one of its files",
        files: records.len(),
        labelled: cases.len(),
        triaged: cases.iter().filter(|case| case.row.is_some_and(is_triaged)).count(),
        findings: findings.collect::<Result<_>>()?,
        time_to_critical_read: times(&cases, pace),
    })
}

/// Without what stands in the file, which may be a person's name.
fn wrong(what: &str) -> Error {
    Error::new(Kind::Config, format!("--evaluate: {what}"))
}

/// The studies of the labelled files, in the order in which they are met. A file that belongs to none so far is a case
/// of its own.
fn cases<'a>(
    heads: &'a csv::StringRecord,
    records: &[csv::StringRecord],
    worklist: &'a Value,
    files: &BTreeMap<String, String>,
) -> Result<Vec<Case<'a>>> {
    let file = heads.iter().position(|head| head == "file").ok_or_else(|| wrong("no column `file`"))?;
    let rows = rows_by_input(worklist);
    let mut by_file: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (input, path) in files {
        by_file.entry(path).or_default().push(input);
    }
    let mut cases: Vec<Case> = Vec::new();
    let (mut known, mut labelled) = (BTreeMap::new(), BTreeMap::new());
    for (n, record) in records.iter().enumerate() {
        let line = n + 2;
        let inputs = record.get(file).and_then(|name| by_file.get(name)).map_or(&[][..], Vec::as_slice);
        let input = match inputs {
            [] => return Err(wrong(&format!("line {line}: its file is not among the inputs"))),
            [input] => *input,
            _ => {
                let what = "its path is that of files in several of the folders given; give one of them";
                return Err(wrong(&format!("line {line}: {what}")));
            }
        };
        if let Some(before) = labelled.insert(input.to_owned(), line) {
            return Err(wrong(&format!("line {line}: its file has labels in line {before} already")));
        }
        let row = rows.get(input).copied();
        let study = row.and_then(|row| row["study"].as_str()).unwrap_or(input).to_owned();
        let index = *known.entry(study).or_insert(cases.len());
        if index == cases.len() {
            cases.push(Case { truth: BTreeMap::new(), row });
        }
        for (head, value) in heads.iter().zip(record).filter(|(head, _)| *head != "file") {
            let value = match value.trim() {
                "0" => false,
                "1" => true,
                _ => return Err(wrong(&format!("line {line}, {head}: expected 0 or 1"))),
            };
            *cases[index].truth.entry(head).or_default() |= value;
        }
    }
    Ok(cases)
}

/// Studies by the pseudonyms of their inputs.
fn rows_by_input(worklist: &Value) -> BTreeMap<&str, &Value> {
    let rows = worklist["studies"].as_array().map_or(&[][..], Vec::as_slice);
    let pairs = rows.iter().flat_map(|row| {
        let images = row["images"].as_array().into_iter().flatten();
        images.filter_map(move |image| Some((image["input"].as_str()?, row)))
    });
    pairs.collect()
}

fn is_triaged(row: &Value) -> bool {
    row["bucket"] != "not-triaged"
}

fn finding<'a>(row: &'a Value, label: &str) -> Option<&'a Value> {
    row["findings"].as_array()?.iter().find(|finding| finding["label"] == label)
}

fn measures(label: &str, cases: &[Case]) -> Result<Measures> {
    let scored = cases.iter().filter_map(|case| {
        let found = finding(case.row.filter(|row| is_triaged(row))?, label)?;
        let numbers = [found["score"].as_f64()?, found["operating_point"].as_f64()?];
        Some((numbers, found["positive"].as_bool()?, *case.truth.get(label)?))
    });
    let scored: Vec<([f64; 2], bool, bool)> = scored.collect();
    let Some(([_, operating_point], ..)) = scored.first() else {
        return Err(wrong(&format!("{label}: no triaged study has such a finding")));
    };
    let count = |said: bool, truth: bool| scored.iter().filter(|(_, s, t)| (*s, *t) == (said, truth)).count();
    let (tp, fp, tn, fneg) = (count(true, true), count(true, false), count(false, false), count(false, true));
    let pairs: Vec<(f64, bool)> = scored.iter().map(|([score, _], _, truth)| (*score, *truth)).collect();
    Ok(Measures {
        positives: tp + fneg,
        negatives: tn + fp,
        operating_point: *operating_point,
        auc: auc(&pairs),
        sensitivity: wilson(tp, tp + fneg),
        specificity: wilson(tn, tn + fp),
        ppv: wilson(tp, tp + fp),
        brier: brier(&pairs),
        calibration: calibration(&pairs),
    })
}

fn times(cases: &[Case], pace: Pace) -> Option<Times> {
    let critical: Vec<usize> =
        cases.iter().enumerate().filter(|(_, c)| c.truth.values().any(|t| *t)).map(|(n, _)| n).collect();
    // Positive studies by urgency first, then what nobody knows, then the others.
    let order = cases.iter().map(|case| {
        let Some(row) = case.row else { return Bucket::NotTriaged as u8 as f64 };
        let bucket = match row["bucket"].as_str() {
            Some("positive") => Bucket::Positive,
            Some("negative") => Bucket::Negative,
            _ => Bucket::NotTriaged,
        };
        f64::from(bucket as u8) - row["urgency"].as_f64().unwrap_or(0.0) / 2.0
    });
    let order: Vec<f64> = order.collect();
    let mean = |order: &[f64]| {
        let waited = waiting(order, pace.arrival, pace.reading);
        critical.iter().map(|n| waited[*n]).sum::<f64>() / critical.len() as f64
    };
    (!critical.is_empty()).then(|| Times {
        model: "one reader without pause; studies arrive at equal intervals in the order of the labels; the next is \
                the first of those waiting",
        pace,
        critical: critical.len(),
        first_in_first_out_mean: mean(&vec![0.0; cases.len()]),
        by_urgency_mean: mean(&order),
    })
}
