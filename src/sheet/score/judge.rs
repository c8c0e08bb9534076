//! One answer of one student: right, wrong, or for a person to say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer::{Match, compare, normal};
use super::key::{Count, How, Key, Question, Version};
use crate::sheet::response::Response;

/// What became of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    Right,
    Partial,
    Wrong,
    /// Nothing is marked or written.
    Empty,
    /// A person has to look: it has no points until then.
    Open,
    /// The page was not among those read.
    Missing,
    /// The question counts for nobody.
    Void,
    /// The question counts as right for everyone.
    Everyone,
}

/// An answer and its points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Marked {
    /// The key's question.
    pub question: String,
    /// The field on the paper, which shuffles call otherwise.
    pub field: String,
    /// The page that it was read from.
    pub item: Option<String>,
    /// As the paper has it, and as the key would call it, which differ in shuffles only.
    pub read: Vec<String>,
    pub values: Vec<String>,
    pub confidence: Option<f32>,
    pub outcome: Outcome,
    /// Null where open or missing.
    pub points: Option<f64>,
    /// What a person can make of it; both are `points` where nothing is open.
    pub least: f64,
    pub most: f64,
    /// The points it would have as read.
    pub as_read: f64,
    /// The most that the question adds to what can be reached.
    pub max: f64,
    pub flags: Vec<String>,
}

/// What people decided about equal written answers: points by question and normalised answer.
pub type Credits = BTreeMap<(String, String), f64>;

/// A response and the page it was read from; `twice` where another page answers the field otherwise.
#[derive(Debug, Clone, Copy)]
pub struct Given<'a> {
    pub item: &'a str,
    pub response: &'a Response,
    pub twice: bool,
}

impl Version {
    /// The key's question of a field on the paper.
    pub fn question<'a>(&'a self, field: &'a str) -> &'a str {
        self.questions.get(field).map_or(field, String::as_str)
    }

    /// The field on the paper of a question.
    pub fn field<'a>(&'a self, question: &'a str) -> &'a str {
        self.questions.iter().find(|(_, own)| *own == question).map_or(question, |(field, _)| field)
    }

    fn values(&self, question: &str, read: &[String]) -> Vec<String> {
        let options = self.options.get(question);
        let own = |value: &String| options.and_then(|options| options.get(value)).unwrap_or(value).clone();
        read.iter().map(own).collect()
    }
}

/// Judges the answer to a question; `given` is `None` where the page is missing.
pub fn judge(
    key: &Key,
    question: &Question,
    version: &Version,
    given: Option<Given>,
    credits: &Credits,
) -> Marked {
    let max = if question.bonus { 0.0 } else { question.most() };
    let mut marked = Marked {
        question: question.name.clone(),
        field: version.field(&question.name).to_owned(),
        item: given.map(|given| given.item.to_owned()),
        read: Vec::new(),
        values: Vec::new(),
        confidence: None,
        outcome: Outcome::Missing,
        points: None,
        least: question.least(),
        most: question.most(),
        as_read: question.empty,
        max,
        flags: Vec::new(),
    };
    if let Some(given) = given {
        marked.read.clone_from(&given.response.values);
        marked.values = version.values(&question.name, &given.response.values);
        marked.confidence = Some(given.response.confidence);
        marked.flags.clone_from(&given.response.flags);
    }
    let settled = match question.count {
        Count::Void => Some((Outcome::Void, 0.0)),
        Count::Everyone => Some((Outcome::Everyone, question.best())),
        Count::Yes => given.and_then(|given| answered(key, question, given, credits, &mut marked)),
    };
    if let Some((outcome, points)) = settled {
        (marked.outcome, marked.points) = (outcome, Some(points));
        (marked.least, marked.most, marked.as_read) = (points, points, points);
    }
    marked
}

/// Outcome and points, or `None` for what a person has to see.
fn answered(
    key: &Key,
    question: &Question,
    given: Given,
    credits: &Credits,
    marked: &mut Marked,
) -> Option<(Outcome, f64)> {
    let (outcome, points) = worth(question, &marked.values);
    marked.as_read = points;
    let doubtful = given.response.review || given.response.confidence < key.review_below;
    if given.twice {
        marked.flags.push("answered-twice".to_owned());
    }
    if doubtful || given.twice {
        marked.outcome = Outcome::Open;
        return None;
    }
    if marked.values.is_empty() {
        return Some((outcome, points));
    }
    // Somebody has said what this text is worth, whoever wrote it.
    let text = normal(question, &marked.values);
    if let Some(points) = credits.get(&(question.name.clone(), text)) {
        marked.flags.push("credited".to_owned());
        let best = question.best();
        let outcome = match *points {
            points if points >= best => Outcome::Right,
            points if points > 0.0 => Outcome::Partial,
            _ => Outcome::Wrong,
        };
        return Some((outcome, *points));
    }
    if matches!(question.how, How::Text { ask: true, .. }) && outcome == Outcome::Wrong {
        marked.outcome = Outcome::Open;
        marked.flags.push("not-in-key".to_owned());
        return None;
    }
    Some((outcome, points))
}

/// What an answer is worth if it was read right.
pub fn worth(question: &Question, values: &[String]) -> (Outcome, f64) {
    if values.is_empty() {
        return (Outcome::Empty, question.empty);
    }
    match compare(question, values) {
        Match::Full(number) => {
            let points = question.accepted[number].points.unwrap_or(question.points);
            let partial = points < question.best();
            (if partial { Outcome::Partial } else { Outcome::Right }, points)
        }
        Match::Part(share) => (Outcome::Partial, question.points * share),
        Match::No => (Outcome::Wrong, question.wrong),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::score::key::Accepted;

    fn key(review_below: f32) -> Key {
        Key { review_below, ..Key::default() }
    }

    fn response(values: &[&str], confidence: f32) -> Response {
        let values = values.iter().map(|v| (*v).to_owned()).collect();
        Response { field: "q1".into(), values, confidence, review: false, flags: vec![] }
    }

    fn right(answer: &str) -> Accepted {
        Accepted { values: vec![answer.to_owned()], points: None }
    }

    fn of(question: &Question, response: &Response, credits: &Credits) -> Marked {
        let given = Given { item: "a", response, twice: false };
        judge(&key(0.9), question, &Version::default(), Some(given), credits)
    }

    #[test]
    fn what_was_read_unsurely_has_no_points_until_somebody_looks() {
        let mut question = Question { accepted: vec![right("A")], wrong: -0.5, ..Question::new("q1", 2.0) };
        let open = of(&question, &response(&["A"], 0.89), &Credits::new());
        assert_eq!(
            (open.outcome, open.points, open.least, open.most, open.as_read),
            (Outcome::Open, None, -0.5, 2.0, 2.0)
        );
        let sure = of(&question, &response(&["A"], 0.9), &Credits::new());
        assert_eq!((sure.outcome, sure.points, sure.least), (Outcome::Right, Some(2.0), 2.0));
        let missing = judge(&key(0.9), &question, &Version::default(), None, &Credits::new());
        assert_eq!((missing.outcome, missing.points, missing.most), (Outcome::Missing, None, 2.0));
        // It counts for nobody, however badly it was read.
        question.count = Count::Void;
        assert_eq!(of(&question, &response(&["A"], 0.1), &Credits::new()).points, Some(0.0));
    }

    #[test]
    fn a_text_that_the_key_lacks_is_asked_about_once() {
        let how = How::Text { case: false, punctuation: false, ask: true };
        let question = Question { accepted: vec![right("photosynthesis")], how, ..Question::new("q1", 2.0) };
        let open = of(&question, &response(&["Photosinthesis."], 1.0), &Credits::new());
        assert_eq!((open.outcome, open.points), (Outcome::Open, None));
        let credits = [(("q1".to_owned(), "photosinthesis".to_owned()), 1.5)].into();
        let decided = of(&question, &response(&["photosinthesis"], 1.0), &credits);
        assert_eq!((decided.outcome, decided.points), (Outcome::Partial, Some(1.5)));
    }

    #[test]
    fn a_shuffled_sheet_is_judged_by_the_question_it_is() {
        let question = Question { accepted: vec![right("C")], ..Question::new("q3", 1.0) };
        let version = Version {
            questions: [("q1".to_owned(), "q3".to_owned())].into(),
            options: [("q3".to_owned(), [("A".to_owned(), "C".to_owned())].into())].into(),
        };
        let response = response(&["A"], 1.0);
        let given = Given { item: "a", response: &response, twice: false };
        let marked = judge(&key(0.9), &question, &version, Some(given), &Credits::new());
        assert_eq!(
            (marked.field.as_str(), marked.values[0].as_str(), marked.outcome),
            ("q1", "C", Outcome::Right)
        );
        assert_eq!(marked.read, ["A"]);
    }
}
