//! OMRChecker's `evaluation.json` and its answer keys as CSV.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;

use super::{Accepted, Key, Question, Section, Set, names};
use crate::error::{Error, Result};
use crate::sheet::table::{Row, Table, bytes, number};

/// Its schema, `src/schemas/evaluation_schema.py`; what only draws or prints is passed over.
#[derive(Deserialize)]
struct Evaluation {
    source_type: String,
    options: Options,
    marking_schemes: BTreeMap<String, Value>,
    #[serde(default)]
    conditional_sets: Vec<Conditional>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Options {
    questions_in_order: Vec<String>,
    answers_in_order: Vec<Value>,
    answer_key_csv_path: Option<String>,
    answer_key_image_path: Option<String>,
}

#[derive(Deserialize)]
struct Conditional {
    name: String,
    matcher: Matcher,
    evaluation: Evaluation,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Matcher {
    format_string: String,
    match_regex: String,
}

#[derive(Deserialize)]
struct Marking {
    correct: Value,
    incorrect: Value,
    unmarked: Value,
}

pub fn read(file: &Path) -> Result<Key> {
    let wrong = |why: &str| Error::usage(format!("{}: {why}", file.display()));
    let evaluation: Evaluation = serde_json::from_slice(&bytes(file)?).map_err(|e| {
        let (line, column) = (e.line(), e.column());
        wrong(&format!("line {line}, column {column}: not an evaluation.json of OMRChecker")).because(e)
    })?;
    key(&evaluation, file).map_err(|e| if e.message.contains(": ") { e } else { wrong(&e.message) })
}

fn key(evaluation: &Evaluation, file: &Path) -> Result<Key> {
    let options = &evaluation.options;
    // Recorded answers of OMRChecker have no confidence, and its keys no threshold for one.
    let mut key = Key { review_below: super::REVIEW_BELOW, ..Key::default() };
    match evaluation.source_type.as_str() {
        "csv" => from_csv(options, file, &mut key)?,
        "custom" => {
            let names = names::all(&options.questions_in_order).map_err(Error::usage)?;
            let (questions, answers) = (names.len(), options.answers_in_order.len());
            if questions != answers {
                return Err(Error::usage(format!("{questions} questions in order and {answers} answers")));
            }
            for (name, answer) in names.iter().zip(&options.answers_in_order) {
                let accepted = accepted(answer).map_err(|why| Error::usage(format!("{name}: {why}")))?;
                key.questions.push(Question { accepted, ..Question::new(name, 0.0) });
            }
        }
        other => return Err(Error::usage(format!("source_type {other:?}: expected csv or custom"))),
    }
    schemes(&evaluation.marking_schemes, &mut key).map_err(Error::usage)?;
    for set in &evaluation.conditional_sets {
        let own = Box::new(self::key(&set.evaluation, file)?);
        let (name, text) = (set.name.clone(), set.matcher.format_string.clone());
        key.sets.push(Set { name, text, pattern: set.matcher.match_regex.clone(), key: own });
    }
    Ok(key)
}

/// From the table beside the file, or, where there is none, from a filled sheet.
fn from_csv(options: &Options, file: &Path, key: &mut Key) -> Result<()> {
    let path = options.answer_key_csv_path.as_deref();
    let path = path.ok_or_else(|| Error::usage("source_type csv and no answer_key_csv_path"))?;
    let folder = file.parent().unwrap_or(Path::new(""));
    let inside =
        |path: &str| Path::new(path).components().all(|c| matches!(c, std::path::Component::Normal(_)));
    if !inside(path) {
        return Err(Error::usage(format!("answer_key_csv_path {path:?}: expected a file beside it")));
    }
    match &options.answer_key_image_path {
        Some(image) if !folder.join(path).exists() => {
            let names = names::all(&options.questions_in_order).map_err(Error::usage)?;
            key.questions = names.iter().map(|name| Question::new(name, 0.0)).collect();
            for question in &mut key.questions {
                question.count = super::Count::Void;
            }
            key.sheet = Some(image.clone());
        }
        _ => {
            let table = Table::read(&folder.join(path))?;
            key.questions = table.rows.iter().map(|r| row(&table, r)).collect::<Result<_>>()?;
        }
    }
    Ok(())
}

/// A line `question,answer`, where the answer is `C`, `A,AB` (each is right), or a list as in Python.
pub fn row(table: &Table, row: &Row) -> Result<Question> {
    let (Some(name), Some(answer)) =
        (row.cells.first(), row.cells.get(1).filter(|answer| !answer.is_empty()))
    else {
        return Err(table.wrong(row, 1, "is no answer; expected a question and its answer"));
    };
    if row.cells.len() > 2 {
        return Err(table.wrong(row, 2, "is a third column; a key with more than two needs a header"));
    }
    let accepted = if answer.starts_with('[') {
        let list: Value = serde_json::from_str(&answer.replace('\'', "\""))
            .map_err(|e| table.wrong(row, 1, "is not a list of answers").because(e))?;
        accepted(&list).map_err(|why| table.wrong(row, 1, &why))?
    } else {
        answer.split(',').map(|one| right(one.trim(), None)).collect()
    };
    Ok(Question { accepted, ..Question::new(name, 1.0) })
}

fn right(answer: &str, points: Option<f64>) -> Accepted {
    Accepted { values: vec![answer.to_owned()], points }
}

/// `"C"`, `["A", "AB"]` or `[["A", 1], ["B", "3/2"]]`.
fn accepted(answer: &Value) -> Result<Vec<Accepted>, String> {
    let wrong = || format!("{answer}: expected \"C\", [\"A\", \"AB\"] or [[\"A\", 1], [\"B\", \"3/2\"]]");
    let one = |answer: &Value| match answer {
        Value::String(text) if !text.is_empty() => Ok(right(text, None)),
        Value::Array(pair) => match &pair[..] {
            [Value::String(text), points] => Ok(right(text, Some(amount(points).ok_or_else(wrong)?))),
            _ => Err(wrong()),
        },
        _ => Err(wrong()),
    };
    match answer {
        Value::Array(list) if !list.is_empty() => list.iter().map(one).collect(),
        other => Ok(vec![one(other)?]),
    }
}

fn amount(value: &Value) -> Option<f64> {
    value.as_f64().or_else(|| number(value.as_str()?))
}

/// Points of each question: its section's, else `DEFAULT`'s.
fn schemes(schemes: &BTreeMap<String, Value>, key: &mut Key) -> Result<(), String> {
    let marking = |value: &Value, name: &str| -> Result<[f64; 3], String> {
        let wrong = || format!("marking scheme {name}: expected correct, incorrect and unmarked as numbers");
        let own: Marking = serde_json::from_value(value.clone()).map_err(|_| wrong())?;
        let amounts = [&own.correct, &own.incorrect, &own.unmarked].map(amount);
        let [Some(correct), Some(incorrect), Some(unmarked)] = amounts else { return Err(wrong()) };
        Ok([correct, incorrect, unmarked])
    };
    let default = schemes.get("DEFAULT").ok_or("has no marking scheme DEFAULT")?;
    let default = marking(default, "DEFAULT")?;
    for question in &mut key.questions {
        [question.points, question.wrong, question.empty] = default;
    }
    for (name, scheme) in schemes.iter().filter(|(name, _)| *name != "DEFAULT") {
        let own = marking(scheme.get("marking").unwrap_or(&Value::Null), name)?;
        let listed: Vec<String> = serde_json::from_value(scheme["questions"].clone())
            .or_else(|_| serde_json::from_value(scheme["questions"].clone()).map(|one: String| vec![one]))
            .map_err(|_| format!("marking scheme {name}: expected questions as a list"))?;
        let listed = names::all(&listed)?;
        for question in key.questions.iter_mut().filter(|question| listed.contains(&question.name)) {
            [question.points, question.wrong, question.empty] = own;
        }
        key.sections.push(Section {
            name: name.clone(),
            questions: listed,
            weight: 1.0,
            ..Section::default()
        });
    }
    Ok(())
}
