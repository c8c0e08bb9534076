//! Deciding about sheets: measured bubbles become answers, and each page ends in one bucket.

use std::sync::Arc;

use super::Policy;
use crate::error::Result;
use crate::observation::{Observation, Observed};
use crate::prediction::Prediction;
use crate::record::Record;
use crate::report::{Among, Column, ColumnKind, Declared, Queue};
use crate::sheet::layout::Layout;
use crate::sheet::read::decide::{Rules, decide};
use crate::sheet::read::page::SheetPage;
use crate::sheet::response::Bucket;
use crate::spec::{LabelSet, Labels};

/// How sure answers must be, on one layout.
pub struct GradePolicy {
    layout: Arc<Layout>,
    rules: Rules,
    labels: LabelSet,
}

impl GradePolicy {
    /// # Errors
    /// None in practice: the buckets have names.
    pub fn new(layout: Arc<Layout>, rules: Rules) -> Result<Self> {
        let names = Bucket::NAMES.map(str::to_owned).to_vec();
        Ok(Self { layout, rules, labels: LabelSet::new(&Labels::List(names))? })
    }
}

impl Policy for GradePolicy {
    fn decide(&self, observed: &Observed) -> Prediction {
        let page = match &observed.observation {
            Observation::Sheet(seen) => decide(&self.layout, seen, self.rules, observed.size),
            // No other family gets here: the command builds its own.
            _ => SheetPage::unread(Bucket::NotASheet("not-looked-at".to_owned())),
        };
        Prediction::Sheet(Box::new(page))
    }

    fn labels(&self) -> &LabelSet {
        &self.labels
    }

    fn facts(&self) -> serde_json::Value {
        serde_json::json!({ "sure": self.rules.sure })
    }

    fn declared(&self) -> Declared {
        const COLUMNS: &[Column] = &[
            Column { key: "bucket", title: "Bucket", kind: ColumnKind::Choice, unit: "", of: bucket },
            Column { key: "reason", title: "Reason", kind: ColumnKind::Choice, unit: "", of: reason },
            Column {
                key: "sheet-page",
                title: "Page of the sheet",
                kind: ColumnKind::Number,
                unit: "",
                of: page,
            },
            Column { key: "to-see", title: "Answers to see", kind: ColumnKind::Number, unit: "", of: to_see },
            Column {
                key: "sure",
                title: "Least sure answer",
                kind: ColumnKind::Number,
                unit: "",
                of: least_sure,
            },
        ];
        const QUEUES: &[Queue] = &[
            Queue { title: "Most to see first", among: Among::Found, by: "to-see", descending: true },
            Queue { title: "Least sure first", among: Among::Found, by: "sure", descending: false },
        ];
        Declared { columns: COLUMNS, queues: QUEUES, ..Declared::default() }
    }
}

fn sheet(record: &Record) -> Option<&SheetPage> {
    record.prediction.as_ref()?.sheet()
}

fn bucket(record: &Record) -> Option<serde_json::Value> {
    Some(sheet(record)?.bucket.name().into())
}

fn reason(record: &Record) -> Option<serde_json::Value> {
    Some(sheet(record)?.bucket.reason()?.into())
}

/// From 1, as people count.
fn page(record: &Record) -> Option<serde_json::Value> {
    sheet(record)?.page.map(|page| (page + 1).into())
}

fn to_see(record: &Record) -> Option<serde_json::Value> {
    let fields = &sheet(record)?.fields;
    Some(fields.iter().filter(|field| field.response.review).count().into())
}

fn least_sure(record: &Record) -> Option<serde_json::Value> {
    let fields = sheet(record)?.fields.iter();
    let least = fields.map(|field| field.response.confidence).min_by(f32::total_cmp)?;
    Some(((f64::from(least) * 1e4).round() / 1e4).into())
}
