//! What people should look at first: what is at stake, by how doubtful it is.

use serde::Serialize;

use super::book::{Grade, PageLine};
use super::judge::{Outcome, worth};
use super::key::Key;
use super::pages::Scan;
use super::written::Cluster;
use crate::sheet::response::Bucket;

/// Something for a person to decide.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Doubt {
    pub kind: Kind,
    pub student: Option<String>,
    pub item: Option<String>,
    pub file: Option<String>,
    pub question: Option<String>,
    /// What was read.
    pub read: String,
    pub confidence: f32,
    /// Points between the worst and the best that can come of it.
    pub at_stake: f64,
    /// `at_stake` times how likely the reading is wrong, times how many answers it decides.
    pub effect: f64,
    pub count: usize,
    pub flags: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Whose pages they are.
    Identity,
    /// A page that could not be read.
    Page,
    /// Equal written answers that the key lacks.
    Written,
    Answer,
}

/// All of them, the largest effect first; equal ones in the order of grades.
pub fn queue(key: &Key, grades: &[Grade], written: &[Cluster], pages: &[PageLine]) -> Vec<Doubt> {
    let mut all: Vec<Doubt> = grades.iter().filter_map(identity).collect();
    all.extend(pages.iter().filter_map(|line| page(key, line)));
    all.extend(written.iter().filter(|cluster| cluster.asked).map(cluster));
    all.extend(grades.iter().flat_map(answers));
    all.sort_by(|a, b| b.effect.total_cmp(&a.effect).then(a.kind.cmp(&b.kind)));
    all
}

fn identity(grade: &Grade) -> Option<Doubt> {
    let person = grade.identity.as_ref().filter(|person| person.review)?;
    let read: Vec<String> = person.read.iter().map(|(field, value)| format!("{field}={value}")).collect();
    let at_stake = (grade.most - grade.least).max(grade.as_read.abs()).max(grade.max);
    let confidence = if person.id.is_none() { 0.0 } else { person.confidence };
    Some(Doubt {
        kind: Kind::Identity,
        student: grade.id.clone(),
        item: grade.items.first().cloned(),
        file: grade.files.first().cloned(),
        question: None,
        read: read.join(" "),
        confidence,
        at_stake,
        effect: at_stake * doubt(confidence),
        count: 1,
        flags: grade.flags.clone(),
    })
}

/// However sure the numbers are, what is in the queue is not certain.
fn doubt(confidence: f32) -> f64 {
    (1.0 - f64::from(confidence)).max(0.01)
}

/// A page that could not be read, or that was read with a doubt that is of no single answer.
fn page(key: &Key, line: &PageLine) -> Option<Doubt> {
    let (read, confidence) = match &line.bucket {
        Bucket::Rejected(reason) => (reason.clone(), 0.0),
        Bucket::Review if line.doubtful => (String::new(), 0.5),
        _ => return None,
    };
    Some(Doubt {
        kind: Kind::Page,
        student: line.student.clone(),
        item: Some(line.item.clone()),
        file: Some(line.path.clone()),
        question: None,
        read,
        confidence,
        at_stake: key.most(),
        effect: key.most() * doubt(confidence),
        count: 1,
        flags: Vec::new(),
    })
}

/// What the key lacks: nothing says that it is wrong, so all of it is in doubt.
fn cluster(own: &Cluster) -> Doubt {
    let at_stake = own.most - own.least;
    Doubt {
        kind: Kind::Written,
        student: own.students.first().cloned(),
        item: Some(own.item.clone()),
        file: None,
        question: Some(own.question.clone()),
        read: own.text.clone(),
        confidence: own.confidence,
        at_stake,
        effect: at_stake * own.count as f64,
        count: own.count,
        flags: vec!["not-in-key".to_owned()],
    }
}

fn answers(grade: &Grade) -> impl Iterator<Item = Doubt> {
    let open = grade.answers.iter().filter(|answer| answer.outcome == Outcome::Open);
    let single = open.filter(|answer| !answer.flags.iter().any(|flag| flag == "not-in-key"));
    single.map(|answer| {
        let confidence = answer.confidence.unwrap_or_default();
        // Two pages that answer otherwise are as unsure as a coin.
        let twice = answer.flags.iter().any(|flag| flag == "answered-twice");
        let doubt = if twice { doubt(confidence).max(0.5) } else { doubt(confidence) };
        Doubt {
            kind: Kind::Answer,
            student: grade.id.clone(),
            item: answer.item.clone(),
            file: grade.files.first().cloned(),
            question: Some(answer.question.clone()),
            read: answer.read.join(" "),
            confidence,
            at_stake: answer.most - answer.least,
            effect: (answer.most - answer.least) * doubt,
            count: 1,
            flags: answer.flags.clone(),
        }
    })
}

/// The effect of a page's doubtful answers on the grade, in points: for the order of the report's queue.
pub fn effect(key: &Key, scan: &Scan) -> f64 {
    if !scan.is_read() {
        return if matches!(scan.read.bucket, Bucket::Rejected(_)) { key.most() } else { 0.0 };
    }
    let shuffle =
        scan.read.version.as_ref().and_then(|name| key.versions.get(name)).cloned().unwrap_or_default();
    let of = |response: &crate::sheet::response::Response| {
        let question = key.question(shuffle.question(&response.field))?;
        let open = response.review || response.confidence < key.review_below;
        let as_read = worth(question, &response.values).1;
        let stake = (question.most() - as_read).max(as_read - question.least());
        open.then(|| stake * doubt(response.confidence))
    };
    scan.read.responses.iter().filter_map(of).sum()
}
