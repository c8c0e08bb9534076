//! The worklist as the report's page: a card for each study, in order of urgency, without pictures and by pseudonyms.

use serde_json::{Value, json};

use super::{Bucket, NOTICE, Row, cells};
use crate::error::Result;
use crate::frame::Warning;
use crate::prediction::{Class, Prediction};
use crate::record::{ITEM_SCHEMA, InputId, InputRecord, ItemId, Record};
use crate::report::{Among, Column, ColumnKind, Declared, Queue};
use crate::sink::Sink;

const COLUMNS: &[Column] = &[
    column("rank", "Rank", ColumnKind::Number, |record| of(record, "rank")),
    column("bucket", "Bucket", ColumnKind::Choice, |record| of(record, "bucket")),
    column("urgency", "Urgency", ColumnKind::Number, |record| of(record, "urgency")),
    column("findings", "Findings", ColumnKind::Text, |record| of(record, "findings")),
    column("rules", "Rules", ColumnKind::Choice, |record| of(record, "rules")),
    column("images", "Images", ColumnKind::Number, |record| of(record, "images")),
    column("series", "Series", ColumnKind::Text, |record| of(record, "series")),
    column("triaged", "Triaged", ColumnKind::Text, |record| of(record, "triaged")),
    column("provider", "Provider", ColumnKind::Choice, |record| of(record, "provider")),
    column("notice", "Notice", ColumnKind::Text, |_| Some(NOTICE.into())),
];

const QUEUES: &[Queue] = &[
    Queue { title: "Positive", among: Among::Found, by: "rank", descending: false },
    Queue { title: "Not triaged", among: Among::Warned, by: "rank", descending: false },
];

const fn column(
    key: &'static str,
    title: &'static str,
    kind: ColumnKind,
    of: fn(&Record) -> Option<Value>,
) -> Column {
    Column { key, title, kind, unit: "", of }
}

fn of(record: &Record, key: &str) -> Option<Value> {
    record.ext.get("worklist")?.get(key).filter(|value| !value.is_null() && *value != "").cloned()
}

/// What the page shows of a worklist.
pub fn declared() -> Declared {
    Declared { columns: COLUMNS, queues: QUEUES, ..Declared::default() }
}

/// The page, which is given rows in place of the records that they come from.
pub struct Page(pub Box<dyn Sink>);

impl Page {
    /// Counts an input; its failure stands in the row of its study.
    pub fn input(&mut self, record: &InputRecord) -> Result<()> {
        self.0.input(&InputRecord { error: None, ..record.clone() })
    }

    /// A row of the worklist as a card.
    pub fn row(&mut self, row: &Row) -> Result<()> {
        let name = row.study.as_ref().or(row.failed.first()).cloned().unwrap_or_default();
        let name = if row.study.is_none() && row.failed.len() > 1 { "not reached".to_owned() } else { name };
        let input = InputId {
            id: format!("{:016x}", row.rank),
            root: "worklist".into(),
            path: name,
            path_bytes: None,
            digest: None,
            bytes: None,
        };
        let positive = row.findings.iter().enumerate().filter(|(_, finding)| finding.positive);
        let class = |(n, f): (usize, &crate::prediction::Finding)| Class {
            class: n as u32,
            label: f.label.clone(),
            score: f.score,
        };
        let prediction = Prediction::Classify { classes: positive.map(class).collect(), multi_label: true };
        let ext = json!({
            "worklist": {
                "rank": row.rank,
                "bucket": row.bucket,
                "urgency": cells::rounded(row.urgency),
                "findings": cells::findings(row),
                "rules": cells::rules(row),
                "images": row.images.len(),
                "series": cells::series(row),
                "triaged": row.triaged,
                "provider": row.provider,
            },
            "page": { "instead": instead(row) },
        });
        let warning = |reason: &String| Warning::new("not-triaged", reason);
        self.0.item(&Record {
            schema: ITEM_SCHEMA.into(),
            item: ItemId { input, part: None },
            size: [0, 0],
            orientation: 1,
            prediction: Some(prediction),
            warnings: row.reasons.iter().map(warning).collect(),
            error: None,
            decision: None,
            ext: ext.as_object().cloned().unwrap_or_default(),
        })
    }
}

/// In the place of the picture, and of what was found in it.
fn instead(row: &Row) -> [String; 2] {
    let findings = cells::findings(row);
    let says = match row.bucket {
        Bucket::NotTriaged => row.reasons.join("; "),
        _ if row.reasons.is_empty() => findings,
        _ => format!("{findings}; in part not triaged: {}", row.reasons.join("; ")),
    };
    [format!("{} · {}", row.rank, cells::bucket(row)), says]
}
