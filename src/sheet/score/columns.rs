//! Columns: those of grades.csv that a user may choose, and those of the report.

use serde_json::Value;

use super::book::{Book, Grade, Status};
use crate::error::{Error, Result};
use crate::record::Record;
use crate::report::{Among, Column as ReportColumn, ColumnKind, Queue};
use crate::sheet::table::Dialect;

/// A column of grades.csv.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub title: String,
    source: Source,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Source {
    Plain(usize),
    Section(String),
    Question(String),
    Roster(usize),
}

type Cell = fn(&Grade, &Dialect) -> String;

/// Columns by name. To add one: a row.
const PLAIN: [(&str, Cell); 16] = [
    ("id", |grade, _| grade.id.clone().unwrap_or_default()),
    ("name", |grade, _| grade.name.clone()),
    ("points", |grade, dialect| grade.points.map_or(String::new(), |points| dialect.number(points))),
    ("max", |grade, dialect| dialect.number(grade.max)),
    ("percent", |grade, dialect| {
        grade.percent.map_or(String::new(), |percent| dialect.number((percent * 100.0).round() / 100.0))
    }),
    ("grade", |grade, _| grade.grade.clone().unwrap_or_default()),
    ("status", |grade, _| grade.status.name().to_owned()),
    ("open", |grade, _| grade.open().to_string()),
    ("least", |grade, dialect| dialect.number(grade.least)),
    ("most", |grade, dialect| dialect.number(grade.most)),
    ("as-read", |grade, dialect| dialect.number(grade.as_read)),
    ("flags", |grade, _| grade.flags.join(" ")),
    ("version", |grade, _| grade.version.clone().unwrap_or_default()),
    ("set", |grade, _| grade.set.clone().unwrap_or_default()),
    ("read-id", |grade, _| {
        let read = grade.identity.iter().flat_map(|person| &person.read);
        read.map(|(_, value)| value.clone()).collect::<Vec<_>>().join(" ")
    }),
    ("files", |grade, _| grade.files.join(" ")),
];

/// What is written unless `--columns` says otherwise; then the sections and the class list's own.
const USUAL: [&str; 11] =
    ["id", "name", "points", "max", "percent", "grade", "status", "open", "least", "most", "flags"];

impl Status {
    pub fn name(self) -> &'static str {
        match self {
            Status::Final => "final",
            Status::Review => "review",
            Status::Incomplete => "incomplete",
            Status::Absent => "absent",
            Status::Unknown => "unknown",
        }
    }
}

impl Grade {
    /// How many answers a person has to see.
    pub fn open(&self) -> usize {
        self.answers.iter().filter(|answer| answer.outcome == super::Outcome::Open).count()
    }
}

/// Columns as a user wrote them: `id,points`, `Matrikel=id`, `section:I`, `question:q1`, a column of the class list; none
/// for the usual ones.
///
/// # Errors
/// `Usage` naming the column that does not exist.
pub fn parse(text: Option<&str>, book: &Book) -> Result<Vec<Column>> {
    let listed = book.roster.iter().flat_map(|roster| &roster.columns).enumerate();
    let Some(text) = text else {
        let plain = USUAL.iter().filter_map(|name| plain(name, name));
        let sections = book
            .key
            .sections
            .iter()
            .map(|s| Column { title: s.name.clone(), source: Source::Section(s.name.clone()) });
        let more = listed.map(|(at, title)| Column { title: title.clone(), source: Source::Roster(at) });
        return Ok(plain.chain(sections).chain(more).collect());
    };
    let listed: Vec<(usize, &String)> = listed.collect();
    let one = |part: &str| {
        let (title, name) = part.split_once('=').unwrap_or((part, part));
        let title = title.trim().to_owned();
        let name = name.trim();
        if let Some(found) = plain(name, &title) {
            return Ok(found);
        }
        let source = if let Some(section) = name.strip_prefix("section:") {
            book.key.sections.iter().any(|s| s.name == section).then(|| Source::Section(section.to_owned()))
        } else if let Some(question) = name.strip_prefix("question:") {
            book.key.question(question).map(|q| Source::Question(q.name.clone()))
        } else {
            listed.iter().find(|(_, own)| own.as_str() == name).map(|(at, _)| Source::Roster(*at))
        };
        let source = source.ok_or_else(|| {
            let known: Vec<&str> = PLAIN.iter().map(|(name, _)| *name).collect();
            Error::usage(format!(
                "--columns: {name:?} is neither a column of grades ({}, section:NAME, question:NAME) nor of the class list",
                known.join(", ")
            ))
        })?;
        Ok(Column { title, source })
    };
    text.split(',').map(one).collect()
}

fn plain(name: &str, title: &str) -> Option<Column> {
    let at = PLAIN.iter().position(|(own, _)| *own == name)?;
    Some(Column { title: title.to_owned(), source: Source::Plain(at) })
}

impl Column {
    pub fn cell(&self, grade: &Grade, dialect: &Dialect) -> String {
        match &self.source {
            Source::Plain(at) => PLAIN[*at].1(grade, dialect),
            Source::Roster(at) => grade.more.get(*at).cloned().unwrap_or_default(),
            Source::Section(name) => {
                let own = grade.sections.iter().find(|section| section.name == *name);
                own.map_or(String::new(), |section| dialect.number(section.points))
            }
            Source::Question(name) => {
                let own = grade.answers.iter().find(|answer| answer.question == *name);
                own.and_then(|answer| answer.points).map_or(String::new(), |points| dialect.number(points))
            }
        }
    }
}

/// Columns of the report, from `ext.grade`.
pub const COLUMNS: &[ReportColumn] = &[
    ReportColumn {
        key: "bucket",
        title: "Page",
        kind: ColumnKind::Choice,
        unit: "",
        of: |r| of(r, "bucket"),
    },
    ReportColumn {
        key: "stake",
        title: "Effect on the grade",
        kind: ColumnKind::Number,
        unit: "points",
        of: |r| of(r, "effect"),
    },
];

/// Queues of the report.
pub const QUEUES: &[Queue] =
    &[Queue { title: "Most effect on a grade first", among: Among::All, by: "stake", descending: true }];

fn of(record: &Record, name: &str) -> Option<Value> {
    record.ext.get("grade")?.get(name).filter(|value| !value.is_null()).cloned()
}
