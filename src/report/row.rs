//! An item as the page's data: what was found and nearly found, in flat lists of numbers.

use std::borrow::Cow;
use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::MOST_CANDIDATES;
use super::columns::{Column, Declared, folder_of};
use crate::draw::palette::class_colour;
use crate::frame::Part;
use crate::prediction::{Instance, Line, Prediction};
use crate::record::{InputRecord, Record};
use crate::review::tenths;
use crate::sheet::read::page::FieldRead;

/// One item of the page. Keys are short because there may be a hundred thousand.
#[derive(Serialize)]
pub struct Row {
    /// Id of the input and suffix of the part: the item's name in decisions.
    pub id: String,
    /// Of the observation; none where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Decisions of people that the run applied, as in the record.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub decided: Option<Value>,
    pub root: String,
    pub path: String,
    pub part: String,
    /// Width and height of the upright picture; boxes are in its pixels.
    pub size: [u32; 2],
    /// Label and score of each thing in turn, best first.
    pub s: Vec<Value>,
    /// Left, top, right, bottom of each thing in turn; empty where things have no place.
    pub b: Vec<f64>,
    /// What else is known of a thing, by its number: `quad`, its corners; `points`; `text`; `of`, the thing it
    /// is found within.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub x: Map<String, Value>,
    /// Candidates left out because of [`MOST_CANDIDATES`].
    #[serde(skip_serializing_if = "is_zero")]
    pub cut: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thumb: Option<String>,
    /// Of what has no picture: what stands in its place, and what is said below.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instead: Option<Value>,
    /// Links to the original, the annotated picture and the maps that explain it, relative to the page.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub views: Vec<(Cow<'static, str>, String)>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<[String; 2]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<Value>,
    /// Values in the order of the columns.
    pub columns: Vec<Option<Value>>,
}

fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// Labels in the order of their first appearance, each once.
#[derive(Default)]
pub struct Labels {
    numbers: HashMap<String, usize>,
    /// Name and colour.
    pub list: Vec<(String, String)>,
}

impl Labels {
    fn number(&mut self, label: &str, class: u32) -> usize {
        if let Some(number) = self.numbers.get(label) {
            return *number;
        }
        let [red, green, blue] = class_colour(class);
        self.list.push((label.to_owned(), format!("#{red:02x}{green:02x}{blue:02x}")));
        self.numbers.insert(label.to_owned(), self.list.len() - 1);
        self.list.len() - 1
    }
}

/// Makes rows; knows what was declared.
pub struct Rows {
    pub columns: Vec<Column>,
    pub labels: Labels,
    /// The task's own, as records say it.
    pub kind: Kind,
    conf: f32,
    conf_by_label: HashMap<String, f32>,
}

/// What counts as found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Things with a place.
    Things,
    /// The first class is the answer, the others are what it might have been.
    Answer,
    /// Each class is a yes of its own.
    Yeses,
}

impl Rows {
    pub fn new(columns: Vec<Column>, declared: &Declared) -> Self {
        let conf_by_label = declared.conf_by_label.iter().cloned().collect();
        Self {
            columns,
            labels: Labels::default(),
            kind: Kind::Things,
            conf: declared.conf.unwrap_or(0.0),
            conf_by_label,
        }
    }

    /// The row of a record; `candidates` is what a lower threshold would have let through too.
    pub fn item(&mut self, record: &Record, candidates: Option<&Prediction>) -> Row {
        let input = &record.item.input;
        let mut row = Row {
            id: format!("{}{}", input.id, Part::suffix(record.item.part.as_ref())),
            key: None,
            decided: record.decision.as_ref().and_then(|decision| decision.get("applied").cloned()),
            root: input.root.clone(),
            path: input.path.clone(),
            part: part(record.item.part.as_ref()),
            size: record.size,
            s: Vec::new(),
            b: Vec::new(),
            x: Map::new(),
            cut: 0,
            thumb: None,
            instead: record.ext.get("page").and_then(|page| page.get("instead").cloned()),
            views: Vec::new(),
            warnings: record.warnings.iter().map(|w| [w.code.clone(), w.message.clone()]).collect(),
            error: record.error.as_ref().map(|error| json!(error)),
            columns: self.columns.iter().map(|column| (column.of)(record)).collect(),
        };
        match candidates.or(record.prediction.as_ref()) {
            Some(Prediction::Detect { instances } | Prediction::Faces { instances }) => {
                self.instances(&mut row, instances)
            }
            Some(Prediction::Classify { classes, multi_label }) => {
                self.kind = if *multi_label { Kind::Yeses } else { Kind::Answer };
                for class in classes.iter().take(MOST_CANDIDATES) {
                    self.score(&mut row, &class.label, class.class, class.score);
                }
            }
            Some(Prediction::Ocr { lines }) => lines.iter().for_each(|line| self.line(&mut row, line)),
            Some(Prediction::Sheet(page)) => page.fields.iter().for_each(|field| self.field(&mut row, field)),
            // Worklists have a place of their own: small pictures would carry what may identify a person.
            Some(Prediction::Triage { .. }) | None => {}
        }
        row
    }

    /// The row of an input that has no items, or whose rest has none.
    pub fn input(&self, record: &InputRecord) -> Row {
        let (root, path) = (record.input.root.clone(), record.input.path.clone());
        let of = |column: &Column| match column.key {
            "name" => Some(path.clone().into()),
            "folder" => Some(folder_of(&root, &path).into()),
            _ => None,
        };
        Row {
            id: record.input.id.clone(),
            key: None,
            decided: None,
            part: String::new(),
            size: [0, 0],
            s: Vec::new(),
            b: Vec::new(),
            x: Map::new(),
            cut: 0,
            thumb: None,
            instead: None,
            views: Vec::new(),
            warnings: Vec::new(),
            error: record.error.as_ref().map(|error| json!(error)),
            columns: self.columns.iter().map(of).collect(),
            root,
            path,
        }
    }

    /// The best, and whatever counts as a result now.
    fn instances(&mut self, row: &mut Row, instances: &[Instance]) {
        let mut kept = 0;
        for instance in instances {
            let counts = instance.score >= self.least(&instance.label);
            if kept >= MOST_CANDIDATES && !counts {
                row.cut += 1;
                continue;
            }
            kept += 1;
            let number = self.instance(row, instance, None);
            for child in crate::sink::flattened(&instance.children) {
                self.instance(row, child, Some(number));
            }
        }
    }

    /// Returns its number in the row. `of` is the number of what it is found within: it comes and goes with
    /// that.
    fn instance(&mut self, row: &mut Row, instance: &Instance, of: Option<usize>) -> usize {
        let number = row.s.len() / 2;
        let mut more = Map::new();
        self.score(row, &instance.label, instance.class, instance.score);
        let r = &instance.rect;
        row.b.extend([r.x1, r.y1, r.x2, r.y2].map(tenths));
        if let Some(corners) = &instance.corners {
            let corners: Vec<f64> = corners.0.as_flattened().iter().copied().map(tenths).collect();
            more.insert("quad".to_owned(), json!(corners));
        }
        if !instance.keypoints.is_empty() {
            let points: Vec<f64> = instance.keypoints.iter().flat_map(|p| [p.x, p.y]).map(tenths).collect();
            more.insert("points".to_owned(), json!(points));
        }
        if let Some(of) = of {
            more.insert("of".to_owned(), of.into());
        }
        if !more.is_empty() {
            row.x.insert(number.to_string(), more.into());
        }
        number
    }

    /// All lines, in order of reading: a page is read whole or not at all.
    fn line(&mut self, row: &mut Row, line: &Line) {
        let number = row.s.len() / 2;
        self.score(row, "text", 0, line.score);
        let r = &line.rect;
        row.b.extend([r.x1, r.y1, r.x2, r.y2].map(tenths));
        let corners: Vec<f64> = line.corners.0.as_flattened().iter().copied().map(tenths).collect();
        row.x.insert(number.to_string(), json!({ "quad": corners, "text": line.text }));
    }

    /// Every field, with what was read.
    fn field(&mut self, row: &mut Row, field: &FieldRead) {
        let number = row.s.len() / 2;
        let response = &field.response;
        self.score(row, &response.field, u32::from(response.review), response.confidence);
        let r = &field.rect;
        row.b.extend([r.x1, r.y1, r.x2, r.y2].map(tenths));
        row.x.insert(number.to_string(), json!({ "text": response.values.join(" ") }));
    }

    fn score(&mut self, row: &mut Row, label: &str, class: u32, score: f32) {
        row.s.push(self.labels.number(label, class).into());
        // By way of text, so that 0.9 does not become 0.8999999761581421.
        row.s.push(score.to_string().parse::<f64>().unwrap_or_default().into());
    }

    fn least(&self, label: &str) -> f32 {
        self.conf_by_label.get(label).copied().unwrap_or(self.conf)
    }
}

fn part(part: Option<&Part>) -> String {
    match part {
        None => String::new(),
        Some(Part::Page { n }) => format!("page {n}"),
        Some(Part::Frame { n, .. }) => format!("frame {n}"),
        Some(Part::Instance { frame, .. }) => format!("frame {frame}"),
        Some(Part::Entry { n }) => format!("entry {n}"),
    }
}
