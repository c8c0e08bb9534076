//! A row of the worklist in words, for tables and the page.

use super::{Bucket, Row};
use crate::prediction::Finding;

pub fn bucket(row: &Row) -> &'static str {
    match row.bucket {
        Bucket::Positive => "positive",
        Bucket::NotTriaged => "not-triaged",
        Bucket::Negative => "negative",
    }
}

/// `pneumonia=0.9312+`: a sign says whether it reaches its operating point.
pub fn findings(row: &Row) -> String {
    let finding = |f: &Finding| format!("{}={:.4}{}", f.label, f.score, if f.positive { "+" } else { "-" });
    row.findings.iter().map(finding).collect::<Vec<_>>().join("; ")
}

pub fn rules(row: &Row) -> String {
    row.rules.iter().map(|met| format!("{}: {}", met.rule, met.action)).collect::<Vec<_>>().join("; ")
}

/// Pseudonyms, each once.
pub fn series(row: &Row) -> String {
    let all: std::collections::BTreeSet<&str> =
        row.images.iter().filter_map(|image| image.series.as_deref()).collect();
    all.into_iter().collect::<Vec<_>>().join(" ")
}

/// A number as people wrote it, not as the nearest double of its float.
pub fn rounded(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_default()
}
