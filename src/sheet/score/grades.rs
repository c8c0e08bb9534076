//! From people and their pages to grades: each answer judged, all added up.

use std::collections::{BTreeMap, HashMap};

use super::book::{Grade, SectionPoints, Status};
use super::judge::{Credits, Given, Marked, Outcome, judge};
use super::key::{Key, Section, Version};
use super::pages::Scan;
use super::total;
use crate::ocr::Pattern;
use crate::sheet::roster::{Person, Roster, Student};

/// What all grades follow from.
pub struct Scoring<'a> {
    pub key: &'a Key,
    /// Of the key's sets, in their order.
    pub matchers: &'a [Pattern],
    pub scans: &'a [Scan],
    pub credits: &'a Credits,
}

impl Scoring<'_> {
    /// In the order of the class list, then those of nobody on it; without a list in the order of pages.
    pub fn grades(&self, roster: Option<&Roster>, people: Vec<Person>) -> Vec<Grade> {
        let mut by_id: HashMap<String, Vec<Person>> = HashMap::new();
        let (mut order, mut strangers) = (Vec::new(), Vec::new());
        for person in people {
            let Some(id) = person.id.clone() else {
                strangers.push(person);
                continue;
            };
            if !by_id.contains_key(&id) {
                order.push(id.clone());
            }
            by_id.entry(id).or_default().push(person);
        }
        let students: Vec<Student> = match roster {
            Some(roster) => roster.students.clone(),
            None => order.into_iter().map(|id| Student { id, ..Student::default() }).collect(),
        };
        let mut grades = Vec::with_capacity(students.len() + strangers.len());
        for student in &students {
            let all = by_id.remove(&student.id).unwrap_or_default();
            grades.push(self.grade(student, joined(all, self.scans)));
        }
        let nobody = Student::default();
        grades.extend(strangers.into_iter().map(|person| self.grade(&nobody, Some(person))));
        grades
    }

    fn grade(&self, student: &Student, person: Option<Person>) -> Grade {
        let scans = person.iter().flat_map(|person| &person.scans);
        let own: Vec<&Scan> = scans.map(|scan| &self.scans[*scan]).collect();
        let version = own.iter().find_map(|scan| scan.read.version.clone());
        let (set, key) = self.key_of(&own, version.as_deref());
        let mut grade = Grade {
            id: person.as_ref().map_or_else(|| Some(student.id.clone()), |person| person.id.clone()),
            name: student.name.clone(),
            more: student.more.clone(),
            status: Status::Absent,
            flags: person.iter().flat_map(|person| person.flags.clone()).collect(),
            items: own.iter().map(|scan| scan.read.item.clone()).collect(),
            files: own.iter().map(|scan| scan.path.clone()).collect(),
            set,
            points: None,
            least: 0.0,
            most: 0.0,
            as_read: 0.0,
            max: key.most(),
            percent: None,
            grade: None,
            sections: Vec::new(),
            answers: Vec::new(),
            identity: person,
            version,
        };
        if let Some(person) = grade.identity.clone() {
            let shuffle = grade.version.as_ref().and_then(|name| key.versions.get(name));
            let lost = shuffle.is_none() && !key.versions.is_empty();
            if lost {
                // By which question is which nobody can say: no answer may count.
                grade.flags.push("unknown-version".to_owned());
            }
            grade.answers = answers(key, &shuffle.cloned().unwrap_or_default(), &own, self.credits);
            if lost {
                grade.answers.iter_mut().for_each(|answer| reopen(key, answer));
            }
            let doubtful = own.iter().any(|scan| scan.is_doubtful());
            if doubtful {
                grade.flags.push("page-in-review".to_owned());
            }
            let has = |outcome| grade.answers.iter().any(|answer| answer.outcome == outcome);
            grade.status = match () {
                () if person.id.is_none() => Status::Unknown,
                () if has(Outcome::Missing) => Status::Incomplete,
                () if person.review || doubtful || has(Outcome::Open) => Status::Review,
                () => Status::Final,
            };
            add(key, &mut grade);
        }
        grade
    }

    /// The key that holds for a sheet: that of the first set that fits, with its name, else the whole's.
    fn key_of(&self, scans: &[&Scan], version: Option<&str>) -> (Option<String>, &Key) {
        let fits = |matcher: &Pattern, text: &str| matcher.fits(&filled(text, scans, version));
        let found = self.key.sets.iter().zip(self.matchers).find(|(set, matcher)| fits(matcher, &set.text));
        found.map_or((None, self.key), |(set, _)| (Some(set.name.clone()), &*set.key))
    }
}

/// An answer of a sheet whose shuffle is unknown.
fn reopen(key: &Key, answer: &mut Marked) {
    let question = key
        .question(&answer.question)
        .filter(|_| !matches!(answer.outcome, Outcome::Missing | Outcome::Void));
    if let Some(question) = question {
        (answer.outcome, answer.points) = (Outcome::Open, None);
        (answer.least, answer.most) = (question.least(), question.most());
    }
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

/// Totals of a grade's answers.
fn add(key: &Key, grade: &mut Grade) {
    let by: BTreeMap<&str, &Marked> =
        grade.answers.iter().map(|answer| (answer.question.as_str(), answer)).collect();
    let sum =
        |of: &dyn Fn(&Marked) -> f64| total::total(key, &|q| by.get(q.name.as_str()).map_or(0.0, |a| of(a)));
    let settled = |answer: &Marked| answer.points.unwrap_or(0.0);
    (grade.points, grade.least, grade.most) = (Some(sum(&settled)), sum(&|a| a.least), sum(&|a| a.most));
    grade.as_read = sum(&|a| a.as_read);
    let of = |section: &Section| SectionPoints {
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
