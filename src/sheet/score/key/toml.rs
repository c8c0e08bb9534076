//! `key.toml`: everything that a key can say.

use std::collections::BTreeMap;
use std::path::Path;

use toml::{Table, Value};

use super::names;
use super::rows::{Amount, File, Marking, QuestionRow, SectionRow, Several, Shuffle, Worth};
use super::{Accepted, Band, Count, How, Key, Question, Section, Set, Unit, Version};
use crate::error::{Error, Result};
use crate::input::natural::natural;
use crate::sheet::table::{bytes, decode};

pub fn read(file: &Path) -> Result<Key> {
    let wrong = |why: String| Error::usage(format!("{}: {why}", file.display()));
    let text = decode(&bytes(file)?).ok_or_else(|| wrong("is no text".to_owned()))?;
    let base: Table = text.parse().map_err(|e: toml::de::Error| wrong("not TOML".to_owned()).because(e))?;
    parse(base).map_err(wrong)
}

fn parse(mut base: Table) -> Result<Key, String> {
    let sets = base.remove("sets");
    let file: File = Value::Table(base.clone()).try_into().map_err(said)?;
    let mut key = key(file)?;
    let sets = sets.map_or(Ok(Vec::new()), |sets| sets.try_into::<Vec<Table>>()).map_err(said)?;
    for (mut own, number) in sets.into_iter().zip(1..) {
        let mut take = |name: &str| match own.remove(name) {
            Some(Value::String(text)) => Ok(text),
            _ => Err(format!("set {number}: needs {name} = \"…\"")),
        };
        let (name, text, pattern) = (take("name")?, take("text")?, take("matches")?);
        let merged = over(base.clone(), own);
        let inner = parse(merged).map_err(|why| format!("set {name}: {why}"))?;
        key.sets.push(Set { name, text, pattern, key: Box::new(inner) });
    }
    Ok(key)
}

/// The message without TOML's drawing of the place, which spans lines.
fn said(error: toml::de::Error) -> String {
    error.message().to_owned()
}

/// `above` laid over `below`, table by table.
fn over(mut below: Table, above: Table) -> Table {
    for (name, value) in above {
        let merged = match (below.remove(&name), value) {
            (Some(Value::Table(old)), Value::Table(new)) if name != "questions" => {
                Value::Table(over(old, new))
            }
            // A question is said anew as a whole: half an old answer would stay otherwise.
            (Some(Value::Table(mut old)), Value::Table(new)) => {
                old.extend(new);
                Value::Table(old)
            }
            (_, value) => value,
        };
        below.insert(name, merged);
    }
    below
}

fn key(file: File) -> Result<Key, String> {
    let mut sections = Vec::new();
    let mut marked: BTreeMap<String, Marking> = BTreeMap::new();
    for (name, row) in file.sections {
        let row: SectionRow = row.try_into().map_err(|e| format!("section {name}: {}", said(e)))?;
        let questions = names::all(&row.questions).map_err(|why| format!("section {name}: {why}"))?;
        let SectionRow { points, wrong, empty, credit, options, .. } = row;
        let own = Marking { points, wrong, empty, credit, options };
        marked.extend(questions.iter().map(|question| (question.clone(), own.clone())));
        let amount = |value: &Option<Amount>| value.as_ref().map(Amount::value).transpose();
        let weight = amount(&row.weight)?.unwrap_or(1.0);
        let (least, most) = (amount(&row.least)?, amount(&row.most)?);
        sections.push(Section { name, questions, weight, best: row.best, least, most });
    }
    let mut questions: Vec<Question> = Vec::new();
    let rows = file.answers.into_iter().chain(file.questions);
    for (names, row) in rows {
        for name in names::expand(&names)? {
            let row = row.clone();
            let row = match row {
                Value::String(_) | Value::Array(_) => {
                    QuestionRow { answer: Some(row.try_into().map_err(said)?), ..QuestionRow::default() }
                }
                row => row.try_into().map_err(|e| format!("{name}: {}", said(e)))?,
            };
            let made = question(&name, row, marked.get(&name), &file.defaults)
                .map_err(|why| format!("{name}: {why}"))?;
            questions.push(made);
        }
    }
    // Tables have no order: q2 comes before q10.
    questions.sort_by_cached_key(|question| natural(Path::new(&question.name)));
    let mut key = Key {
        title: file.title,
        questions,
        sections,
        versions: BTreeMap::new(),
        sets: Vec::new(),
        identity: file.identity,
        review_below: file.review_below,
        round: file.round,
        least: file.least.as_ref().map(Amount::value).transpose()?,
        bands: bands(file.bands)?,
        sheet: file.sheet,
    };
    if key.round.is_some_and(|round| round.to <= 0.0 || !round.to.is_finite()) {
        return Err("round: to is above 0".to_owned());
    }
    for (name, shuffle) in file.versions {
        let made = version(shuffle, &key).map_err(|why| format!("version {name}: {why}"))?;
        key.versions.insert(name, made);
    }
    Ok(key)
}

fn question(
    name: &str,
    row: QuestionRow,
    section: Option<&Marking>,
    defaults: &Marking,
) -> Result<Question, String> {
    let pick = |own: &Option<Amount>, of: fn(&Marking) -> &Option<Amount>, otherwise: f64| {
        let found = own.as_ref().or_else(|| of(section?).as_ref()).or(of(defaults).as_ref());
        found.map_or(Ok(otherwise), Amount::value)
    };
    let mut question = Question::new(name, pick(&row.points, |m| &m.points, 1.0)?);
    question.wrong = pick(&row.wrong, |m| &m.wrong, 0.0)?;
    question.empty = pick(&row.empty, |m| &m.empty, 0.0)?;
    question.credit = row.credit.or_else(|| section?.credit).or(defaults.credit).unwrap_or_default();
    let options =
        row.options.clone().or_else(|| section?.options.clone()).or_else(|| defaults.options.clone());
    question.options = options.unwrap_or_default();
    question.bonus = row.bonus;
    question.count = match (row.void, row.everyone) {
        (true, true) => return Err("void and everyone cannot both be".to_owned()),
        (true, false) => Count::Void,
        (false, true) => Count::Everyone,
        _ => Count::Yes,
    };
    question.how = how(&row)?;
    question.accepted = accepted(row)?;
    Ok(question)
}

fn how(row: &QuestionRow) -> Result<How, String> {
    if row.number.is_some() {
        let amount = |value: &Option<Amount>| value.as_ref().map_or(Ok(0.0), Amount::value);
        let (tolerance, relative) = (amount(&row.tolerance)?, amount(&row.relative)?);
        let unit = row.unit.clone().map(|name| Unit {
            name,
            others: row.units.clone(),
            required: row.unit_required,
        });
        return match tolerance < 0.0 || relative < 0.0 {
            true => Err("a tolerance is not below 0".to_owned()),
            false => Ok(How::Number { tolerance, relative, unit }),
        };
    }
    if row.tolerance.is_some() || row.relative.is_some() || row.unit.is_some() || !row.units.is_empty() {
        return Err("tolerance, relative and units are of a question with number = …".to_owned());
    }
    Ok(match row.text {
        Some(_) => How::Text { case: row.case, punctuation: row.punctuation, ask: row.ask.unwrap_or(true) },
        None => How::Marks,
    })
}

fn accepted(row: QuestionRow) -> Result<Vec<Accepted>, String> {
    let given = [
        row.answer.is_some(),
        row.marks.is_some(),
        row.number.is_some(),
        row.text.is_some(),
        !row.accept.is_empty(),
    ];
    if given.iter().filter(|given| **given).count() > 1 {
        return Err("say one of answer, marks, number, text and accept".to_owned());
    }
    let one = |value: String| Accepted { values: vec![value], points: None };
    if let Some(several) = row.answer.or(row.text) {
        let list = match several {
            Several::One(text) => vec![text],
            Several::Many(list) => list,
        };
        return Ok(list.into_iter().map(one).collect());
    }
    if let Some(marks) = row.marks {
        return Ok(vec![Accepted { values: marks, points: None }]);
    }
    if let Some(value) = row.number {
        return Ok(vec![one(value.value()?.to_string())]);
    }
    let worth = |worth: Worth| {
        let values = worth.marks.or_else(|| worth.answer.map(|answer| vec![answer]));
        let values = values.ok_or("accept: each needs answer or marks")?;
        let points = worth.points.as_ref().map(Amount::value).transpose()?;
        Ok(Accepted { values, points })
    };
    row.accept.into_iter().map(worth).collect()
}

fn version(shuffle: Shuffle, key: &Key) -> Result<Version, String> {
    let order = names::all(&shuffle.order)?;
    if order.len() > key.questions.len() {
        return Err(format!("orders {} questions, and the key has {}", order.len(), key.questions.len()));
    }
    let printed = key.questions.iter().map(|question| question.name.clone());
    let questions = printed.zip(order).collect();
    let letters = || (b'A'..=b'Z').map(|letter| char::from(letter).to_string());
    let options = shuffle.options.into_iter();
    let options = options.map(|(name, list)| (name, letters().zip(list).collect())).collect();
    Ok(Version { questions, options })
}

/// From the best down, each with one bound.
fn bands(mut bands: Vec<Band>) -> Result<Vec<Band>, String> {
    if bands.iter().any(|band| band.percent.is_some() == band.points.is_some()) {
        return Err("bands: each has percent or points, and not both".to_owned());
    }
    if !(bands.iter().all(|band| band.percent.is_some()) || bands.iter().all(|band| band.points.is_some())) {
        return Err("bands: all by percent, or all by points".to_owned());
    }
    let bound = |band: &Band| band.percent.or(band.points).unwrap_or_default();
    bands.sort_by(|a, b| bound(b).total_cmp(&bound(a)));
    Ok(bands)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::score::key::Credit;

    fn key(text: &str) -> Result<Key, String> {
        let key = parse(text.parse().map_err(said)?)?;
        key.check().map(|()| key)
    }

    #[test]
    fn everything_that_a_key_can_say() {
        let key = key(r#"
            title = "Physics"
            least = 0
            round = { to = 0.5, way = "half-even" }
            bands = [{ grade = "pass", percent = 50 }, { grade = "good", percent = 80.5 }]
            [defaults]
            wrong = "-1/3"
            [answers]
            "q1..2" = "B"
            q3 = ["A", "C"]
            [questions.q4]
            marks = ["A", "C"]
            credit = "share"
            points = 2
            [questions.q5]
            number = 9.81
            tolerance = 0.05
            unit = "m/s2"
            units = { "cm/s2" = 0.01 }
            [questions.q6]
            text = "photosynthesis"
            bonus = true
            [sections.mechanics]
            questions = ["q1..3"]
            wrong = -0.5
            best = 2
            [versions.B]
            order = ["q3", "q1", "q2"]
            options = { q1 = ["C", "A", "B"] }
            [[sets]]
            name = "other"
            text = "{booklet}"
            matches = "^B"
            answers = { "q3" = "D" }
        "#)
        .unwrap();
        let of = |name: &str| key.question(name).unwrap().clone();
        assert_eq!((of("q1").wrong, of("q4").wrong, of("q4").credit), (-0.5, -1.0 / 3.0, Credit::Share));
        assert_eq!(of("q3").accepted.len(), 2);
        assert!(matches!(of("q5").how, How::Number { tolerance: 0.05, .. }));
        assert_eq!(key.versions["B"].questions["q1"], "q3");
        assert_eq!(key.versions["B"].options["q1"]["A"], "C");
        assert_eq!(key.bands[0].grade, "good");
        assert_eq!(key.sets[0].key.question("q3").unwrap().accepted[0].values, ["D"]);
        assert_eq!(key.sets[0].key.question("q1").unwrap().accepted[0].values, ["B"]);
    }

    #[test]
    fn what_is_wrong_names_the_question() {
        let cases = [
            ("[questions.q1]\nanswer = \"A\"\nponits = 2\n", "q1: unknown field `ponits`"),
            ("[questions.q1]\npoints = 2\n", "q1: has no answer"),
            ("[questions.q1]\nanswer = \"A\"\nmarks = [\"A\"]\n", "q1: say one of"),
            (
                "[answers]\nq1 = \"A\"\n[sections.I]\nquestions = [\"q1..2\"]\n",
                "section I: there is no question q2",
            ),
            ("[answers]\nq1 = \"A\"\n[questions.q1]\nanswer = \"B\"\n", "q1 stands twice"),
            ("[answers]\nq1 = \"A\"\n[versions.B]\noptions = { q7 = [\"A\"] }\n", "version B: options of q7"),
            ("title = \"x\"\n", "has no question"),
            ("round = { to = 0.0 }\n[answers]\nq1 = \"A\"\n", "round"),
        ];
        for (text, wanted) in cases {
            let why = key(text).unwrap_err();
            assert!(why.contains(wanted), "{why}");
        }
    }
}
