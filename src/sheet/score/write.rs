//! The files of a grading: tables for people and schools, one document with everything they follow from.

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::{Value, json};

use super::book::{Book, Grade};
use super::columns;
use crate::atomic::write_whole;
use crate::error::{Error, Kind, Result};
use crate::run::INTERNAL;
use crate::sheet::response::Bucket;
use crate::sheet::table::{Dialect, shown};

pub const SCHEMA: &str = "vision.grades/1";

/// Names of the files, in the order in which they are written: the document last, because it says what is current.
pub const FILES: [&str; 7] =
    ["grades.csv", "points.csv", "questions.csv", "written.csv", "review.csv", "pages.csv", "grades.json"];

/// How tables are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Layout {
    pub dialect: Dialect,
    /// Columns of grades.csv, as `--columns` has them.
    pub columns: Option<String>,
}

/// Writes all files into `folder`, each whole or not at all; returns their names. `provenance` says of which files they
/// were made: nothing volatile, so that the same inputs give the same bytes.
pub fn write(folder: &Path, book: &Book, layout: &Layout, provenance: &Value) -> Result<Vec<PathBuf>> {
    let temporary = folder.join(INTERNAL).join("tmp");
    std::fs::create_dir_all(&temporary).map_err(|e| Error::write(temporary.display(), e))?;
    // Everything is made before the first file is replaced.
    let dialect = &layout.dialect;
    let tables = [
        grades(book, layout)?,
        answers(book, dialect),
        questions(book, dialect),
        written(book, dialect),
        review(book, dialect),
        pages(book),
    ];
    let mut files = tables.iter().map(|rows| dialect.write(rows)).collect::<Result<Vec<_>>>()?;
    files.push(document(book, provenance)?);
    for (name, bytes) in FILES.iter().zip(&files) {
        write_whole(&temporary, &folder.join(name), bytes)?;
    }
    Ok(FILES.iter().map(PathBuf::from).collect())
}

/// Whether the tables can be written as the user wants them, before a folder is made.
pub fn check(book: &Book, layout: &Layout) -> Result<()> {
    columns::parse(layout.columns.as_deref(), book).map(drop)
}

fn header(names: &[&str]) -> Vec<Vec<String>> {
    vec![names.iter().map(|name| (*name).to_owned()).collect()]
}

fn grades(book: &Book, layout: &Layout) -> Result<Vec<Vec<String>>> {
    let columns = columns::parse(layout.columns.as_deref(), book)?;
    let mut rows = vec![columns.iter().map(|column| column.title.clone()).collect::<Vec<_>>()];
    let row = |grade: &Grade| columns.iter().map(|column| column.cell(grade, &layout.dialect)).collect();
    rows.extend(book.grades.iter().map(row));
    Ok(rows)
}

fn answers(book: &Book, dialect: &Dialect) -> Vec<Vec<String>> {
    let mut rows = header(&[
        "id",
        "name",
        "question",
        "field",
        "read",
        "answer",
        "confidence",
        "outcome",
        "points",
        "least",
        "most",
        "max",
        "flags",
        "item",
    ]);
    for grade in &book.grades {
        for answer in &grade.answers {
            rows.push(vec![
                grade.id.clone().unwrap_or_default(),
                grade.name.clone(),
                answer.question.clone(),
                answer.field.clone(),
                answer.read.join("+"),
                answer.values.join("+"),
                optional(dialect, answer.confidence.map(f64::from)),
                word(&answer.outcome),
                optional(dialect, answer.points),
                dialect.number(answer.least),
                dialect.number(answer.most),
                dialect.number(answer.max),
                answer.flags.join(" "),
                answer.item.clone().unwrap_or_default(),
            ]);
        }
    }
    rows
}

fn questions(book: &Book, dialect: &Dialect) -> Vec<Vec<String>> {
    let mut rows = header(&[
        "question",
        "n",
        "mean",
        "max",
        "difficulty",
        "r_total",
        "r_rest",
        "upper_lower",
        "alpha_without",
        "options",
    ]);
    for own in &book.statistics.questions {
        let option = |o: &super::OptionStatistics| {
            let r = o.r_rest.map_or(String::new(), |r| format!(" r={}", shown((r * 1e3).round() / 1e3)));
            format!(
                "{}{}: {}{r}",
                if o.right { "*" } else { "" },
                if o.answer.is_empty() { "-" } else { &o.answer },
                o.n
            )
        };
        rows.push(vec![
            own.question.clone(),
            own.n.to_string(),
            optional(dialect, own.mean),
            dialect.number(own.max),
            optional(dialect, own.difficulty),
            optional(dialect, own.r_total),
            optional(dialect, own.r_rest),
            optional(dialect, own.upper_lower),
            optional(dialect, own.alpha_without),
            own.options.iter().map(option).collect::<Vec<_>>().join(" | "),
        ]);
    }
    rows
}

fn written(book: &Book, dialect: &Dialect) -> Vec<Vec<String>> {
    let mut rows =
        header(&["question", "text", "count", "outcome", "points", "least", "most", "item", "students"]);
    rows.extend(book.written.iter().map(|cluster| {
        vec![
            cluster.question.clone(),
            cluster.text.clone(),
            cluster.count.to_string(),
            word(&cluster.outcome),
            optional(dialect, cluster.points),
            dialect.number(cluster.least),
            dialect.number(cluster.most),
            cluster.item.clone(),
            cluster.students.join(" "),
        ]
    }));
    rows
}

fn review(book: &Book, dialect: &Dialect) -> Vec<Vec<String>> {
    let mut rows = header(&[
        "effect",
        "kind",
        "student",
        "question",
        "read",
        "confidence",
        "at_stake",
        "count",
        "flags",
        "item",
        "file",
    ]);
    rows.extend(book.review.iter().map(|doubt| {
        vec![
            dialect.number(doubt.effect),
            word(&doubt.kind),
            doubt.student.clone().unwrap_or_default(),
            doubt.question.clone().unwrap_or_default(),
            doubt.read.clone(),
            dialect.number(f64::from(doubt.confidence)),
            dialect.number(doubt.at_stake),
            doubt.count.to_string(),
            doubt.flags.join(" "),
            doubt.item.clone().unwrap_or_default(),
            doubt.file.clone().unwrap_or_default(),
        ]
    }));
    rows
}

fn pages(book: &Book) -> Vec<Vec<String>> {
    let mut rows = header(&["item", "file", "page", "bucket", "reason", "student"]);
    rows.extend(book.pages.iter().map(|line| {
        let (bucket, reason) = match &line.bucket {
            Bucket::Graded => ("graded", ""),
            Bucket::Review => ("review", ""),
            Bucket::Rejected(reason) => ("rejected", reason.as_str()),
            Bucket::NotASheet(reason) => ("not-a-sheet", reason.as_str()),
        };
        vec![
            line.item.clone(),
            line.path.clone(),
            line.page.map_or(String::new(), |page| (page + 1).to_string()),
            bucket.to_owned(),
            reason.to_owned(),
            line.student.clone().unwrap_or_default(),
        ]
    }));
    rows
}

fn optional(dialect: &Dialect, value: Option<f64>) -> String {
    value.map_or(String::new(), |value| dialect.number(value))
}

/// A name as JSON has it.
fn word(value: &impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// Everything, with the key and the class list that it follows from: grading again needs no other file.
fn document(book: &Book, provenance: &Value) -> Result<Vec<u8>> {
    let failed =
        |e: serde_json::Error| Error::new(Kind::Internal, "grades.json could not be encoded").because(e);
    let mut whole = json!({ "schema": SCHEMA, "generator": concat!("vision ", env!("CARGO_PKG_VERSION")), "provenance": provenance });
    let Value::Object(own) = serde_json::to_value(book).map_err(failed)? else {
        return Err(Error::new(Kind::Internal, "grades.json is no object"));
    };
    if let Value::Object(whole) = &mut whole {
        whole.extend(own);
        whole.insert("fields".to_owned(), json!(book.fields));
        whole.insert("key".to_owned(), serde_json::to_value(&book.key).map_err(failed)?);
        whole.insert("roster".to_owned(), serde_json::to_value(&book.roster).map_err(failed)?);
    }
    serde_json::to_vec_pretty(&whole).map_err(failed)
}
