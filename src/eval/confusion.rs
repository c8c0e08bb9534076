//! Confusion matrices: what each class of the truth was taken for.

use std::collections::BTreeMap;

use hotcoco::COCOeval;
use serde::ser::{Serialize, SerializeStruct, Serializer};

/// Column of what was not found or not answered, and row of what was found where nothing is.
pub const NOTHING: &str = "(nothing)";

/// Rows are the truth, columns the answers, both in the order of `labels`, whose last is [`NOTHING`].
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Confusion {
    pub labels: Vec<String>,
    pub matrix: Vec<Vec<u64>>,
    /// Least score that counts, for detections.
    pub conf: Option<f64>,
}

/// A cell that is not 0, as it stands in JSON: null for nothing. A thousand classes have a million cells,
/// nearly all of them 0.
#[derive(serde::Serialize)]
struct Cell<'a> {
    truth: Option<&'a str>,
    answer: Option<&'a str>,
    count: u64,
}

impl Serialize for Confusion {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let classes = self.labels.len().saturating_sub(1);
        let label = |index: usize| self.labels.get(index).filter(|_| index < classes).map(String::as_str);
        let cells = self.matrix.iter().enumerate().flat_map(|(truth, row)| {
            let used = row.iter().enumerate().filter(|(_, count)| **count > 0);
            used.map(move |(answer, count)| Cell {
                truth: label(truth),
                answer: label(answer),
                count: *count,
            })
        });
        let mut out = serializer.serialize_struct("Confusion", 3)?;
        out.serialize_field("conf", &self.conf)?;
        out.serialize_field("labels", &self.labels[..classes])?;
        out.serialize_field("cells", &cells.collect::<Vec<_>>())?;
        out.end()
    }
}

impl Confusion {
    /// Counts of (truth, answer); `labels` in order, without [`NOTHING`], which comes last.
    pub fn new(labels: Vec<String>, pairs: impl Iterator<Item = (Option<usize>, Option<usize>)>) -> Self {
        let nothing = labels.len();
        let mut matrix = vec![vec![0; nothing + 1]; nothing + 1];
        for (truth, answer) in pairs {
            let row: Option<&mut Vec<u64>> = matrix.get_mut(truth.unwrap_or(nothing));
            if let Some(count) = row.and_then(|row| row.get_mut(answer.unwrap_or(nothing))) {
                *count += 1;
            }
        }
        let labels = labels.into_iter().chain([NOTHING.to_owned()]).collect();
        Self { labels, matrix, conf: None }
    }

    /// Detections of score `conf` and more against objects of any class: in order of falling score, each
    /// goes to the free object that it overlaps most, at IoU 0.5 or more. Crowds are left out.
    /// Classes without object or detection have no row.
    pub fn of_detections(eval: &COCOeval, conf: f64) -> Self {
        let found = eval.confusion_matrix(0.5, None, Some(conf));
        let all = found.num_cats + 1;
        let used: Vec<usize> = (0..found.num_cats)
            .filter(|k| (0..all).any(|other| found.get(*k, other) + found.get(other, *k) > 0))
            .chain([found.num_cats])
            .collect();
        let row = |truth: &usize| used.iter().map(|answer| found.get(*truth, *answer)).collect();
        let label = |k: &usize| found.cat_names.get(*k).cloned().unwrap_or_else(|| NOTHING.to_owned());
        Self {
            labels: used.iter().map(label).collect(),
            matrix: used.iter().map(row).collect(),
            conf: Some(conf),
        }
    }

    /// The off-diagonal cells of two classes with the largest counts: truth, answer, count.
    pub fn mistakes(&self, most: usize) -> Vec<(&str, &str, u64)> {
        let classes = self.labels.len().saturating_sub(1);
        let mut cells: Vec<(usize, usize, u64)> = Vec::new();
        for (truth, row) in self.matrix.iter().enumerate().take(classes) {
            let others =
                row.iter().enumerate().take(classes).filter(|(answer, n)| *answer != truth && **n > 0);
            cells.extend(others.map(|(answer, count)| (truth, answer, *count)));
        }
        cells.sort_by_key(|(_, _, count)| std::cmp::Reverse(*count));
        let named = cells.into_iter().take(most);
        named
            .map(|(truth, answer, n)| (self.labels[truth].as_str(), self.labels[answer].as_str(), n))
            .collect()
    }
}

/// Labels with an index each, in order of name.
pub fn indexed<'a>(labels: impl Iterator<Item = &'a str>) -> BTreeMap<&'a str, usize> {
    let names: std::collections::BTreeSet<&str> = labels.collect();
    names.into_iter().zip(0..).collect()
}
