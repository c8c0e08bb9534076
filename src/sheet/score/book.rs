//! The grades of a class: pages brought together, judged, added up.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::answer::normal;
use super::decide::{self, Ruled};
use super::doubt::{self, Doubt};
use super::judge::{Credits, Given, Marked, Outcome, judge};
use super::key::{Accepted, Count, How, Key, Version};
use super::pages::Scan;
use super::statistics::{Statistics, statistics};
use super::total;
use crate::error::{Error, Result};
use crate::ocr::Pattern;
use crate::review::Decisions;
use crate::sheet::response::Bucket;
use crate::sheet::roster::{Person, Roster, Student, bundles, persons};

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
}

/// Written answers that are equal after normalising: one decision is enough for all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cluster {
    pub question: String,
    pub text: String,
    pub count: usize,
    pub outcome: Outcome,
    pub points: Option<f64>,
    /// Points between which a person may choose.
    pub least: f64,
    pub most: f64,
    /// One page that has it, for the decision.
    pub item: String,
    pub students: Vec<String>,
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
        let notes = fits(&key, &scans, fields.as_deref())?;
        let identity = identity(&key, &scans);
        let bundles = bundles(&scans, &identity);
        let said = ruled.said(&scans, &bundles);
        // Sheets that ask nobody's name are called by their file.
        let name = |number: usize| identity.is_empty().then(|| scans[bundles[number].scans[0]].path.clone());
        let people = persons(&bundles, roster.as_ref(), &said, &name);
        let matchers = matchers(&key)?;
        let grades = grades(&key, &matchers, &scans, roster.as_ref(), people, &ruled.credits);
        let pages = pages(&scans, &grades);
        let written = written(&key, &grades);
        let review = doubt::queue(&key, &grades, &written, &pages);
        let statistics = statistics(&key, &grades);
        Ok(Self { grades, pages, review, written, statistics, decisions: ruled, notes, key, roster, fields })
    }
}

/// The key's answers from a sheet that the teacher filled in; the sheet is nobody's.
fn answers_of(key: &mut Key, sheet: &str, scans: &mut Vec<Scan>) -> Result<()> {
    let is_it = |scan: &Scan| {
        let end = scan.path.strip_suffix(sheet);
        end.is_some_and(|start| start.is_empty() || start.ends_with('/'))
    };
    let Some(at) = scans.iter().position(is_it) else {
        return Err(Error::usage(format!("the key's answers are on {sheet}, which is not among the inputs")));
    };
    let scan = scans.remove(at);
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
    Ok(())
}

/// Whether key and sheets belong together, with what should be said.
fn fits(key: &Key, scans: &[Scan], fields: Option<&[String]>) -> Result<Vec<String>> {
    let read = scans.iter().flat_map(|scan| &scan.read.responses).map(|response| response.field.as_str());
    let known: std::collections::BTreeSet<&str> = match fields {
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
    let scored = |field: &&&str| {
        !keys().any(|own| own.question(field).is_some()) && !key.identity.iter().any(|id| id == **field)
    };
    let rest: Vec<String> = known.iter().filter(scored).map(|field| (*field).to_owned()).collect();
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

fn grades(
    key: &Key,
    matchers: &[Pattern],
    scans: &[Scan],
    roster: Option<&Roster>,
    people: Vec<Person>,
    credits: &Credits,
) -> Vec<Grade> {
    let mut by_id: HashMap<String, Vec<Person>> = HashMap::new();
    let mut order: Vec<String> = Vec::new();
    let mut strangers = Vec::new();
    for person in people {
        match person.id.clone() {
            Some(id) => {
                if !by_id.contains_key(&id) {
                    order.push(id.clone());
                }
                by_id.entry(id).or_default().push(person);
            }
            None => strangers.push(person),
        }
    }
    if let Some(roster) = roster {
        order = roster.students.iter().map(|student| student.id.clone()).collect();
    }
    let one =
        |student: &Student, person: Option<Person>| grade(key, matchers, scans, student, person, credits);
    let mut grades = Vec::new();
    for id in order {
        let student = roster.and_then(|roster| roster.student(&id).cloned());
        let student = student.unwrap_or(Student { id: id.clone(), ..Student::default() });
        let all = by_id.remove(&id).unwrap_or_default();
        grades.push(one(&student, joined(all, scans)));
    }
    let nobody = Student::default();
    grades.extend(strangers.into_iter().map(|person| one(&nobody, Some(person))));
    grades
}

/// The bundles of one student as one; a page of the sheet that comes twice is flagged.
fn joined(people: Vec<Person>, scans: &[Scan]) -> Option<Person> {
    let mut people = people.into_iter();
    let mut first = people.next()?;
    for other in people {
        first.confidence = first.confidence.min(other.confidence);
        first.review |= other.review;
        first.flags.extend(other.flags);
        first.read.extend(other.read);
        first.scans.extend(other.scans);
    }
    let pages: Vec<u32> = first.scans.iter().map(|scan| scans[*scan].read.page.unwrap_or(0)).collect();
    let twice = pages.iter().enumerate().any(|(at, page)| pages[..at].contains(page));
    if twice {
        (first.review, first.confidence) = (true, first.confidence.min(0.5));
        first.flags.push("page-twice".to_owned());
    }
    first.flags.sort();
    first.flags.dedup();
    Some(first)
}

fn grade(
    base: &Key,
    matchers: &[Pattern],
    scans: &[Scan],
    student: &Student,
    person: Option<Person>,
    credits: &Credits,
) -> Grade {
    let own: Vec<&Scan> = person.iter().flat_map(|person| &person.scans).map(|scan| &scans[*scan]).collect();
    let version = own.iter().find_map(|scan| scan.read.version.clone());
    let set = base
        .sets
        .iter()
        .zip(matchers)
        .find(|(set, matcher)| matcher.fits(&filled(&set.text, &own, version.as_deref())));
    let (set, key) = set.map_or((None, base), |(set, _)| (Some(set.name.clone()), &*set.key));
    let shuffle = version.as_ref().and_then(|name| key.versions.get(name)).cloned().unwrap_or_default();
    let answers = match &person {
        Some(_) => answers(key, &shuffle, &own, credits),
        None => Vec::new(),
    };
    let mut grade = Grade {
        id: person.as_ref().map_or(Some(student.id.clone()), |person| person.id.clone()),
        name: student.name.clone(),
        more: student.more.clone(),
        status: Status::Absent,
        flags: person.iter().flat_map(|person| person.flags.clone()).collect(),
        items: own.iter().map(|scan| scan.read.item.clone()).collect(),
        files: own.iter().map(|scan| scan.path.clone()).collect(),
        version,
        set,
        points: None,
        least: 0.0,
        most: 0.0,
        as_read: 0.0,
        max: key.most(),
        percent: None,
        grade: None,
        sections: Vec::new(),
        answers,
        identity: person,
    };
    if let Some(person) = &grade.identity {
        let unknown_version =
            grade.version.as_ref().is_some_and(|v| !key.versions.is_empty() && !key.versions.contains_key(v));
        if unknown_version {
            grade.flags.push("unknown-version".to_owned());
        }
        let has = |outcome| grade.answers.iter().any(|answer| answer.outcome == outcome);
        grade.status = match () {
            () if person.id.is_none() => Status::Unknown,
            () if has(Outcome::Missing) => Status::Incomplete,
            () if person.review || unknown_version || has(Outcome::Open) => Status::Review,
            () => Status::Final,
        };
        add(key, &mut grade);
    }
    grade
}

/// Totals of a grade's answers.
fn add(key: &Key, grade: &mut Grade) {
    let by: BTreeMap<&str, &Marked> =
        grade.answers.iter().map(|answer| (answer.question.as_str(), answer)).collect();
    let sum =
        |of: &dyn Fn(&Marked) -> f64| total::total(key, &|q| by.get(q.name.as_str()).map_or(0.0, |a| of(a)));
    let settled = |answer: &Marked| answer.points.unwrap_or(0.0);
    (grade.points, grade.least, grade.most) = (Some(sum(&settled)), sum(&|a| a.least), sum(&|a| a.most));
    grade.as_read = sum(&|a| a.as_read);
    let of = |section: &super::key::Section| SectionPoints {
        name: section.name.clone(),
        points: total::section(key, section, &|q| by.get(q.name.as_str()).map_or(0.0, |a| settled(a)))
            * section.weight,
        max: total::section(key, section, &|q| if q.bonus { 0.0 } else { q.most() }) * section.weight,
    };
    grade.sections = key.sections.iter().map(of).collect();
    if grade.least == grade.most && grade.max > 0.0 {
        grade.percent = Some(grade.least / grade.max * 100.0);
    }
    let [low, high] = [grade.least, grade.most].map(|points| total::grade(key, points, grade.max));
    grade.grade = low.filter(|_| low == high).map(str::to_owned);
}

/// The text of a set's matcher with what was read: `{field}` and `{version}`.
fn filled(text: &str, scans: &[&Scan], version: Option<&str>) -> String {
    let mut text = text.replace("{version}", version.unwrap_or_default());
    for response in scans.iter().flat_map(|scan| &scan.read.responses) {
        text = text.replace(&format!("{{{}}}", response.field), &response.values.concat());
    }
    text
}

fn answers(key: &Key, shuffle: &Version, scans: &[&Scan], credits: &Credits) -> Vec<Marked> {
    let mut given: HashMap<&str, Given> = HashMap::new();
    for scan in scans {
        for response in &scan.read.responses {
            let question = shuffle.question(&response.field);
            let new = Given { item: &scan.read.item, response, twice: false };
            let known = given.entry(question).or_insert(new);
            known.twice |= known.response.values != response.values;
        }
    }
    key.questions
        .iter()
        .map(|q| judge(key, q, shuffle, given.get(q.name.as_str()).copied(), credits))
        .collect()
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
        student: owner.get(scan.read.item.as_str()).copied().flatten().cloned(),
    };
    scans.iter().map(line).collect()
}

/// Clusters of questions that are written, those for a person and the largest first.
fn written(key: &Key, grades: &[Grade]) -> Vec<Cluster> {
    let mut clusters: BTreeMap<(usize, String, bool), Cluster> = BTreeMap::new();
    for (at, question) in key.questions.iter().enumerate().filter(|(_, q)| q.how != How::Marks) {
        for grade in grades {
            let answer = grade.answers.iter().find(|answer| answer.question == question.name);
            let Some(answer) = answer.filter(|answer| !answer.values.is_empty()) else { continue };
            // What may be read wrong is one by one: it may say something else.
            let alone =
                answer.outcome == Outcome::Open && !answer.flags.iter().any(|flag| flag == "not-in-key");
            let text = normal(question, &answer.values);
            let item = answer.item.clone().unwrap_or_default();
            let same = if alone { format!("{text}\0{item}") } else { text.clone() };
            let cluster = clusters.entry((at, same, alone)).or_insert(Cluster {
                question: question.name.clone(),
                text,
                count: 0,
                outcome: answer.outcome,
                points: answer.points,
                least: answer.least,
                most: answer.most,
                item,
                students: Vec::new(),
            });
            cluster.count += 1;
            cluster.students.extend(grade.id.clone());
        }
    }
    let mut clusters: Vec<Cluster> = clusters.into_values().collect();
    clusters.sort_by_key(|cluster| (cluster.outcome != Outcome::Open, std::cmp::Reverse(cluster.count)));
    clusters
}
