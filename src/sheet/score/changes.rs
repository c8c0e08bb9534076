//! What another key, class list or decision changed.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::book::{Book, Grade, Status};
use super::key::Key;
use super::write::SCHEMA;
use crate::error::{Error, Kind, Result};
use crate::sheet::roster::Roster;
use crate::sheet::table::shown;

/// A former grading, from its grades.json.
#[derive(Debug, Clone, Deserialize)]
pub struct Previous {
    schema: String,
    pub grades: Vec<Grade>,
    pub key: Key,
    pub roster: Option<Roster>,
    pub fields: Option<Vec<String>>,
    #[serde(default)]
    pub provenance: serde_json::Value,
}

/// What is otherwise for a student.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Change {
    pub id: Option<String>,
    pub name: String,
    /// Each `(what, old, new)`: points, grade, status, then the points of questions.
    pub what: Vec<(String, String, String)>,
}

/// The grading that is in the folder, if there is one.
///
/// # Errors
/// `RunFolder` for a grades.json that is not of this version.
pub fn previous(folder: &Path) -> Result<Option<Previous>> {
    let file = folder.join("grades.json");
    let text = match std::fs::read(&file) {
        Ok(text) => text,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::read(file.display(), e)),
    };
    let wrong = || {
        let message = format!("{}: is not of this version; give another --out, or remove it", file.display());
        Error::new(Kind::RunFolder, message)
    };
    let previous: Previous = serde_json::from_slice(&text).map_err(|e| wrong().because(e))?;
    if previous.schema == SCHEMA { Ok(Some(previous)) } else { Err(wrong()) }
}

/// Students whose points, grade or status differ, in the order of the new grades, then those who are gone.
pub fn changes(old: &[Grade], book: &Book) -> Vec<Change> {
    let mut before: BTreeMap<String, &Grade> = old.iter().map(|grade| (name(grade), grade)).collect();
    let mut changes = Vec::new();
    for grade in &book.grades {
        let what = match before.remove(&name(grade)) {
            Some(old) => differences(old, grade),
            None => vec![("points".to_owned(), String::new(), points(grade))],
        };
        if !what.is_empty() {
            changes.push(Change { id: grade.id.clone(), name: grade.name.clone(), what });
        }
    }
    for grade in before.into_values() {
        let what = vec![("points".to_owned(), points(grade), String::new())];
        changes.push(Change { id: grade.id.clone(), name: grade.name.clone(), what });
    }
    changes
}

/// Students by id, sheets of nobody by their pages.
fn name(grade: &Grade) -> String {
    grade.id.clone().unwrap_or_else(|| format!("\0{}", grade.items.join(" ")))
}

fn points(grade: &Grade) -> String {
    grade.points.map_or_else(|| "none".to_owned(), shown)
}

fn differences(old: &Grade, new: &Grade) -> Vec<(String, String, String)> {
    let grade = |grade: &Grade| grade.grade.clone().unwrap_or_else(|| "none".to_owned());
    let status = |status: Status| status.name().to_owned();
    let mut what = vec![
        ("points".to_owned(), points(old), points(new)),
        ("max".to_owned(), shown(old.max), shown(new.max)),
        ("grade".to_owned(), grade(old), grade(new)),
        ("status".to_owned(), status(old.status), status(new.status)),
    ];
    let of = |grade: &Grade| -> BTreeMap<String, String> {
        let open = |points: Option<f64>| points.map_or_else(|| "open".to_owned(), shown);
        grade.answers.iter().map(|answer| (answer.question.clone(), open(answer.points))).collect()
    };
    let mut before = of(old);
    for answer in &new.answers {
        let now = answer.points.map_or_else(|| "open".to_owned(), shown);
        let was = before.remove(&answer.question).unwrap_or_default();
        what.push((answer.question.clone(), was, now));
    }
    what.extend(before.into_iter().map(|(question, was)| (question, was, String::new())));
    what.retain(|(_, was, now)| was != now);
    what
}

impl Change {
    /// `0042 Zoë: points 12 -> 13.5, grade B -> A (q3 0 -> 1.5)`.
    pub fn line(&self) -> String {
        const WHOLE: [&str; 4] = ["points", "max", "grade", "status"];
        let said = |(what, was, now): &(String, String, String)| {
            let or = |text: &str| if text.is_empty() { "nothing".to_owned() } else { text.to_owned() };
            format!("{what} {} -> {}", or(was), or(now))
        };
        let (whole, single): (Vec<_>, Vec<_>) =
            self.what.iter().partition(|(what, ..)| WHOLE.contains(&what.as_str()));
        let join = |list: &[&(String, String, String)]| {
            list.iter().map(|one| said(one)).collect::<Vec<_>>().join(", ")
        };
        let who = self.id.clone().unwrap_or_else(|| "nobody's pages".to_owned());
        let who = format!("{who} {}", self.name);
        let mut line = format!("{}: {}", who.trim(), join(&whole));
        if !single.is_empty() {
            line.push_str(&format!(" ({})", join(&single)));
        }
        line
    }
}
