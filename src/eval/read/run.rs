//! `results.jsonl` of a run: detections, classifications and texts.

use std::io::{BufRead, BufReader};
use std::path::Path;

use hotcoco::types::Annotation;
use serde::Deserialize;

use super::missing;
use crate::error::{Error, Result};
use crate::eval::data::{Answer, Classes, Found, FoundClass, FoundImage, FoundLine};
use crate::frame::Part;
use crate::geometry::Quad;
use crate::record::{INPUT_SCHEMA, ITEM_SCHEMA};

/// The stable interface of a run folder.
pub const FILE: &str = "results.jsonl";

/// Longest line; a record of 1000 instances is about 100 KB.
const MAX_LINE: u64 = 256 << 20;

/// What an evaluation needs of a record; everything else may change.
#[derive(Deserialize)]
struct Line {
    schema: String,
    item: Option<Item>,
    input: Option<Input>,
    size: Option<[u32; 2]>,
    prediction: Option<Answers>,
    status: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    path: String,
    part: Option<Part>,
}

#[derive(Deserialize)]
struct Input {
    path: String,
}

#[derive(Deserialize)]
struct Answers {
    #[serde(default)]
    instances: Vec<Thing>,
    classes: Option<Vec<Thing>>,
    lines: Option<Vec<Words>>,
}

/// A line of text.
#[derive(Deserialize)]
struct Words {
    text: String,
    corners: Quad,
    confidence: Option<f64>,
}

#[derive(Deserialize)]
struct Thing {
    class: u32,
    label: String,
    score: f64,
    #[serde(rename = "box")]
    rect: Option<[f64; 4]>,
    #[serde(default)]
    children: Vec<Thing>,
}

/// What a document of a whole run begins with.
const DOCUMENT: &[u8] = b"\"vision.results/";

/// `results.json`.
#[derive(Deserialize)]
struct Document {
    records: Vec<Line>,
    #[serde(default)]
    inputs: Vec<Line>,
}

/// Whether the file is a run's `results.json`, by its first bytes.
pub fn is_document(path: &Path) -> bool {
    super::begins_with(path, DOCUMENT)
}

pub fn document(path: &Path) -> Result<Found> {
    let wrong = |what: &str| {
        let message = format!("{}: {what}; expected a results.json of vision", path.display());
        Error::usage(message)
    };
    let document: Document =
        serde_json::from_slice(&super::bytes(path)?).map_err(|e| wrong("not its JSON").because(e))?;
    let mut records = Records::default();
    for (line, position) in document.records.into_iter().chain(document.inputs).zip(0..) {
        let strange = || wrong(&format!("record {position} (from 0) is not one of vision"));
        records.take(line).ok_or_else(strange)?;
    }
    records.finish(path)
}

pub fn results(path: &Path) -> Result<Found> {
    let file = std::fs::File::open(path).map_err(|e| missing(path, e))?;
    let mut reader = BufReader::new(file);
    let mut records = Records::default();
    for number in 1.. {
        let mut line = String::new();
        let read = std::io::Read::take(&mut reader, MAX_LINE).read_line(&mut line);
        if read.map_err(|e| missing(path, e))? == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let record: Line = serde_json::from_str(&line).map_err(|e| not_a_record(path, number).because(e))?;
        records.take(record).ok_or_else(|| not_a_record(path, number))?;
    }
    records.finish(path)
}

fn not_a_record(path: &Path, line: usize) -> Error {
    let message =
        format!("{}: line {line} is not a record of vision ({ITEM_SCHEMA}, {INPUT_SCHEMA})", path.display());
    Error::usage(message)
}

#[derive(Default)]
struct Records {
    found: Found,
    classes: Classes,
    failed: Vec<String>,
}

impl Records {
    /// None where the line is no record.
    fn take(&mut self, line: Line) -> Option<()> {
        match line.schema.as_str() {
            ITEM_SCHEMA => {
                let item = line.item?;
                // A failed item is no picture in which nothing was found.
                if let Some(answers) = line.prediction {
                    let image = self.image(&item, line.size);
                    self.answers(image, answers);
                }
                Some(())
            }
            INPUT_SCHEMA => {
                let input = line.input?;
                if line.status.as_deref() == Some("failed") {
                    self.failed.push(input.path);
                }
                Some(())
            }
            _ => None,
        }
    }

    /// Two roots may hold the same relative path: both stand here, and matching says so.
    fn image(&mut self, item: &Item, size: Option<[u32; 2]>) -> usize {
        let name = item.path.clone() + &Part::suffix(item.part.as_ref());
        let part_of = item.part.is_some().then(|| item.path.clone());
        self.found.images.push(FoundImage::Name { name, size, part_of });
        self.found.images.len() - 1
    }

    fn answers(&mut self, image: usize, answers: Answers) {
        let class = |classes: &mut Classes, thing: &Thing| {
            classes.index(FoundClass { number: thing.class.into(), label: Some(thing.label.clone()) })
        };
        if let Some(mut ranked) = answers.classes {
            ranked.sort_by(|a, b| b.score.total_cmp(&a.score));
            let classes = ranked.iter().map(|thing| (class(&mut self.classes, thing), thing.score)).collect();
            self.found.answers.push(Answer { image, classes });
        }
        if let Some(lines) = answers.lines {
            let line = |line: Words| FoundLine {
                text: line.text,
                corners: line.corners,
                confidence: line.confidence,
            };
            self.found.texts.push((image, lines.into_iter().map(line).collect()));
        }
        let mut pending: Vec<Thing> = answers.instances.into_iter().rev().collect();
        while let Some(mut thing) = pending.pop() {
            let category = class(&mut self.classes, &thing);
            pending.extend(std::mem::take(&mut thing.children).into_iter().rev());
            let Some([x1, y1, x2, y2]) = thing.rect else { continue };
            self.found.things.push(Annotation {
                image_id: image as u64,
                category_id: category as u64,
                bbox: Some([x1, y1, x2 - x1, y2 - y1]),
                score: Some(thing.score),
                ..Annotation::default()
            });
        }
    }

    fn finish(mut self, path: &Path) -> Result<Found> {
        if self.found.images.is_empty() {
            let message = format!(
                "{}: no record with a prediction ({} inputs failed); nothing to evaluate",
                path.display(),
                self.failed.len()
            );
            return Err(Error::usage(message));
        }
        if !self.failed.is_empty() {
            let (count, names) = (self.failed.len(), crate::eval::some_of(&self.failed));
            self.found
                .notes
                .push(format!("{count} inputs of the run failed and count as without result: {names}"));
        }
        self.found.classes = self.classes.into_list();
        self.found.lists_images = true;
        Ok(self.found)
    }
}
