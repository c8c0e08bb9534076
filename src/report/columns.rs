//! What a report shows beside the pictures: columns and queues, declared here and by each command's policy.

use serde::Serialize;
use serde_json::Value;

use crate::frame::Part;
use crate::record::Record;

/// How a column is sorted and filtered in the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ColumnKind {
    /// Sorted by value, filtered by a least and a greatest one.
    Number,
    /// Sorted as text, filtered by one of the values that occur.
    Choice,
    /// Sorted as text, found by the search.
    Text,
}

/// A value that every item has or lacks. The page knows no column by name: one more is a row in a table.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Column {
    /// Names it in the page's data.
    pub key: &'static str,
    pub title: &'static str,
    pub kind: ColumnKind,
    /// What stands behind the number, for example `px`; may be empty.
    pub unit: &'static str,
    /// `None` where the item has no such value.
    #[serde(skip)]
    pub of: fn(&Record) -> Option<Value>,
}

/// Which items a queue holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Among {
    All,
    Failed,
    Warned,
    /// With at least one result at the page's threshold.
    Found,
    /// With a result, or a candidate that missed it, near the threshold.
    Doubtful,
    /// About which people have decided something.
    Decided,
}

/// An order to look at items in, offered as a button.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Queue {
    pub title: &'static str,
    pub among: Among,
    /// A column's key, or one of the page's own, which follow the threshold and what people decide: `count`, `best`,
    /// `doubt`, `effect` (how many candidates are near the threshold), `decided`.
    pub by: &'static str,
    pub descending: bool,
}

/// What a command's policy tells a report.
#[derive(Debug, Clone, Default)]
pub struct Declared {
    /// The least score in force; `None` where there is none to move.
    pub conf: Option<f32>,
    /// Labels with a least score of their own.
    pub conf_by_label: Vec<(String, f32)>,
    /// How many results an item has at most.
    pub most: Option<usize>,
    pub columns: &'static [Column],
    pub queues: &'static [Queue],
}

/// Columns of every report. Those that no item has are not shown.
pub const COLUMNS: &[Column] = &[
    Column { key: "name", title: "Name", kind: ColumnKind::Text, unit: "", of: |r| Some(path(r).into()) },
    Column {
        key: "folder",
        title: "Folder",
        kind: ColumnKind::Choice,
        unit: "",
        of: |r| Some(folder(r).into()),
    },
    Column { key: "pixels", title: "Megapixels", kind: ColumnKind::Number, unit: "MP", of: megapixels },
    Column { key: "bytes", title: "File size", kind: ColumnKind::Number, unit: "kB", of: kilobytes },
    Column { key: "page", title: "Page", kind: ColumnKind::Number, unit: "", of: page },
    Column { key: "frame", title: "Frame", kind: ColumnKind::Number, unit: "", of: frame },
    Column { key: "map", title: "Map", kind: ColumnKind::Choice, unit: "", of: map },
    Column {
        key: "faithful",
        title: "Insertion less deletion",
        kind: ColumnKind::Number,
        unit: "",
        of: faithful,
    },
    Column { key: "seconds", title: "Time", kind: ColumnKind::Number, unit: "s", of: seconds },
];

/// Queues of every report; empty ones are not shown.
pub const QUEUES: &[Queue] = &[
    Queue { title: "Everything", among: Among::All, by: "", descending: false },
    Queue { title: "Failures", among: Among::Failed, by: "", descending: false },
    Queue { title: "Warnings", among: Among::Warned, by: "", descending: false },
    Queue { title: "Decided", among: Among::Decided, by: "", descending: false },
];

fn path(record: &Record) -> &str {
    &record.item.input.path
}

/// Root and folder; roots apart, because two may hold the same tree.
pub(super) fn folder(record: &Record) -> String {
    folder_of(&record.item.input.root, path(record))
}

pub(super) fn folder_of(root: &str, path: &str) -> String {
    path.rsplit_once('/').map_or_else(|| root.to_owned(), |(folder, _)| format!("{root}/{folder}"))
}

fn megapixels(record: &Record) -> Option<Value> {
    let [width, height] = record.size.map(f64::from);
    (width * height > 0.0).then(|| rounded(width * height / 1e6, 1e3))
}

fn kilobytes(record: &Record) -> Option<Value> {
    record.item.input.bytes.map(|bytes| rounded(bytes as f64 / 1e3, 10.0))
}

fn page(record: &Record) -> Option<Value> {
    match record.item.part {
        Some(Part::Page { n }) => Some(n.into()),
        _ => None,
    }
}

fn frame(record: &Record) -> Option<Value> {
    match record.item.part {
        Some(Part::Frame { n, .. } | Part::Instance { frame: n, .. }) => Some(n.into()),
        _ => None,
    }
}

fn seconds(record: &Record) -> Option<Value> {
    match record.item.part {
        Some(Part::Frame { pts, time_base: [numerator, denominator], .. }) if denominator > 0 => {
            Some(rounded(pts as f64 * f64::from(numerator) / f64::from(denominator), 1e3))
        }
        _ => None,
    }
}

/// What is measured of the first map.
fn measured(record: &Record) -> Option<&Value> {
    record.ext.get("explain")?["maps"].get(0)?.get("faithfulness")
}

fn map(record: &Record) -> Option<Value> {
    Some(measured(record)?["verdict"].as_str()?.replace('-', " ").into())
}

fn faithful(record: &Record) -> Option<Value> {
    let measured = measured(record)?;
    Some(rounded(measured["insertion"].as_f64()? - measured["deletion"].as_f64()?, 1e4))
}

fn rounded(value: f64, steps: f64) -> Value {
    ((value * steps).round() / steps).into()
}
