//! The grades of a class: pages brought together, judged, added up.

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

use super::decide::{self, Ruled};
use super::doubt::{self, Doubt};
use super::grades::Scoring;
use super::judge::Marked;
use super::key::{Accepted, Count, Key};
use super::pages::Scan;
use super::statistics::{Statistics, statistics};
use super::written::{Cluster, written};
use crate::error::{Error, Result};
use crate::ocr::Pattern;
use crate::review::Decisions;
use crate::sheet::response::Bucket;
use crate::sheet::roster::{Person, Roster, bundles, persons};

/// Everything that grades follow from.
#[derive(Debug, Default)]
pub struct Inputs<'a> {
    pub scans: Vec<Scan>,
    pub key: Key,
    pub roster: Option<Roster>,
    pub decisions: Option<&'a Decisions>,
    /// The sheet's fields where the layout is known; else those that were read.
    pub fields: Option<Vec<String>>,
}

/// The grades of a run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Book {
    /// In the order of the class list, then those who are not on it, in the order of their pages.
    pub grades: Vec<Grade>,
    pub pages: Vec<PageLine>,
    /// What people should look at, by its effect on grades.
    pub review: Vec<Doubt>,
    /// Equal written answers.
    pub written: Vec<Cluster>,
    pub statistics: Statistics,
    pub decisions: Ruled,
    /// Sentences about the whole, for the terminal.
    pub notes: Vec<String>,
    #[serde(skip)]
    pub key: Key,
    #[serde(skip)]
    pub roster: Option<Roster>,
    #[serde(skip)]
    pub fields: Option<Vec<String>>,
}

/// How final a grade is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    Final,
    /// An answer or the identity is for a person to see.
    Review,
    /// Pages are missing.
    Incomplete,
    /// On the class list, without a page.
    Absent,
    /// Pages of nobody on the class list.
    Unknown,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SectionPoints {
    pub name: String,
    pub points: f64,
    pub max: f64,
}

/// The grade of a student.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grade {
    pub id: Option<String>,
    pub name: String,
    /// Further columns of the class list.
    pub more: Vec<String>,
    pub status: Status,
    pub flags: Vec<String>,
    /// Null for who is absent.
    pub identity: Option<Person>,
    /// Items of `results.jsonl`, and their files.
    pub items: Vec<String>,
    pub files: Vec<String>,
    pub version: Option<String>,
    /// The key's set that fits the sheet.
    pub set: Option<String>,
    /// Of what is settled; null for who is absent.
    pub points: Option<f64>,
    /// What the total can become by what is open.
    pub least: f64,
    pub most: f64,
    /// What it would be were everything as read.
    pub as_read: f64,
    pub max: f64,
    /// Null where what is open can change it.
    pub percent: Option<f64>,
    pub grade: Option<String>,
    pub sections: Vec<SectionPoints>,
    pub answers: Vec<Marked>,
}

/// A page and what became of it: every page has one line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PageLine {
    pub item: String,
    pub path: String,
    pub page: Option<u32>,
    #[serde(flatten)]
    pub bucket: Bucket,
    pub student: Option<String>,
    /// In review, although no single answer is.
    #[serde(skip)]
    pub doubtful: bool,
}

impl Book {
    /// # Errors
    /// `Usage` where the key is of another sheet.
    pub fn make(inputs: Inputs) -> Result<Self> {
        let Inputs { mut scans, mut key, roster, decisions, fields } = inputs;
        let ruled = decide::apply(&mut scans, &key, roster.as_ref(), decisions);
        if let Some(sheet) = key.sheet.clone() {
            answers_of(&mut key, &sheet, &mut scans)?;
        }
        let identity = identity(&key, &scans);
        let notes = fits(&key, &scans, fields.as_deref(), &identity)?;
        let bundles = bundles(&scans, &identity);
        let said = ruled.said(&scans, &bundles);
        // Sheets that ask nobody's name are called by their file.
        let name = |number: usize| identity.is_empty().then(|| scans[bundles[number].scans[0]].path.clone());
        let people = persons(&bundles, roster.as_ref(), &said, &name);
        let matchers = matchers(&key)?;
        let scoring = Scoring { key: &key, matchers: &matchers, scans: &scans, credits: &ruled.credits };
        let grades = scoring.grades(roster.as_ref(), people);
        let pages = pages(&scans, &grades);
        let written = written(&key, &grades);
        let review = doubt::queue(&key, &grades, &written, &pages);
        let statistics = statistics(&key, &grades);
        Ok(Self { grades, pages, review, written, statistics, decisions: ruled, notes, key, roster, fields })
    }
}

/// The key's answers from a sheet that the teacher filled in; the sheet is nobody's.
fn answers_of(key: &mut Key, sheet: &str, scans: &mut [Scan]) -> Result<()> {
    let is_it = |scan: &Scan| {
        let end = scan.path.strip_suffix(sheet);
        end.is_some_and(|start| start.is_empty() || start.ends_with('/'))
    };
    let Some(at) = scans.iter().position(is_it) else {
        return Err(Error::usage(format!("the key's answers are on {sheet}, which is not among the inputs")));
    };
    let scan = &mut scans[at];
    if scan.read.bucket != Bucket::Graded {
        return Err(Error::usage(format!(
            "the key's answers are on {}, which was not read surely",
            scan.path
        )));
    }
    for question in &mut key.questions {
        let values =
            scan.response(&question.name).map(|response| response.values.clone()).unwrap_or_default();
        if !values.is_empty() {
            (question.count, question.accepted) = (Count::Yes, vec![Accepted { values, points: None }]);
        }
    }
    scan.read.bucket = Bucket::NotASheet("holds the key's answers".to_owned());
    Ok(())
}

/// Whether key and sheets belong together, with what should be said.
fn fits(key: &Key, scans: &[Scan], fields: Option<&[String]>, identity: &[String]) -> Result<Vec<String>> {
    let read = scans.iter().flat_map(|scan| &scan.read.responses).map(|response| response.field.as_str());
    let known: BTreeSet<&str> = match fields {
        Some(fields) => fields.iter().map(String::as_str).collect(),
        None => read.collect(),
    };
    if known.is_empty() {
        return Ok(vec!["no page was read".to_owned()]);
    }
    let keys = || std::iter::once(key).chain(key.sets.iter().map(|set| &*set.key));
    let unknown = |own: &Key| -> Vec<String> {
        let missing =
            own.questions.iter().filter(|q| q.count != Count::Void && !known.contains(q.name.as_str()));
        missing.map(|question| question.name.clone()).collect()
    };
    if let Some(missing) = keys().map(unknown).find(|missing| !missing.is_empty()) {
        let where_ = if fields.is_some() { "the sheet" } else { "any page that was read" };
        let message = format!(
            "the key has questions that are not on {where_}: {}; remove them, or give the key or the template that belongs to these sheets",
            some(&missing)
        );
        return Err(Error::usage(message));
    }
    let scored = |field: &str| {
        identity.iter().any(|id| id == field) || keys().any(|own| own.question(field).is_some())
    };
    let rest: Vec<String> =
        known.iter().filter(|field| !scored(field)).map(|field| (*field).to_owned()).collect();
    Ok(if rest.is_empty() {
        Vec::new()
    } else {
        vec![format!("not scored, because the key lacks them: {}", some(&rest))]
    })
}

fn some(names: &[String]) -> String {
    let shown = names.iter().take(5).cloned().collect::<Vec<_>>().join(", ");
    if names.len() > 5 { format!("{shown} and {} more", names.len() - 5) } else { shown }
}

/// The fields that say whose a sheet is: those that the key names, else what such fields are usually called.
fn identity(key: &Key, scans: &[Scan]) -> Vec<String> {
    if !key.identity.is_empty() {
        return key.identity.clone();
    }
    let usual = ["id", "roll", "student", "studentid", "rollno", "rollnumber", "matriculation", "candidate"];
    let plain = |name: &str| name.to_lowercase().replace(['_', '-', ' ', '.'], "");
    let mut found = Vec::new();
    for response in scans.iter().flat_map(|scan| &scan.read.responses) {
        let fits =
            usual.contains(&plain(&response.field).as_str()) && key.question(&response.field).is_none();
        if fits && !found.contains(&response.field) {
            found.push(response.field.clone());
        }
    }
    found
}

fn matchers(key: &Key) -> Result<Vec<Pattern>> {
    let matcher = |set: &super::key::Set| {
        // Found anywhere, as Python's re.search does.
        Pattern::new(&format!("(?s:.*)(?:{})(?s:.*)", set.pattern)).map_err(|e| {
            Error::usage(format!("the key's set {}: {:?} is no usable pattern", set.name, set.pattern))
                .because(e)
        })
    };
    key.sets.iter().map(matcher).collect()
}

fn pages(scans: &[Scan], grades: &[Grade]) -> Vec<PageLine> {
    let mut owner: HashMap<&str, Option<&String>> = HashMap::new();
    for grade in grades {
        owner.extend(grade.items.iter().map(|item| (item.as_str(), grade.id.as_ref())));
    }
    let line = |scan: &Scan| PageLine {
        item: scan.read.item.clone(),
        path: scan.path.clone(),
        page: scan.read.page,
        bucket: scan.read.bucket.clone(),
        doubtful: scan.is_doubtful(),
        student: owner.get(scan.read.item.as_str()).copied().flatten().cloned(),
    };
    scans.iter().map(line).collect()
}
