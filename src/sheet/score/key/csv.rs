//! Keys as tables: a question a row.

use std::path::Path;

use super::{Accepted, Count, How, Key, Question, REVIEW_BELOW, Section};
use crate::error::{Error, Result};
use crate::sheet::table::{Row, Table, number};

/// What the columns of a key are called. Others are an error: a misspelt `points` would be silence.
const COLUMNS: [&str; 10] =
    ["question", "answer", "points", "wrong", "empty", "section", "bonus", "tolerance", "unit", "kind"];

/// Reads a table with a header (`question`, `answer`, then any of the other columns), or one without, of questions
/// and answers as OMRChecker's.
pub fn read(file: &Path) -> Result<Key> {
    from_table(&Table::read(file)?)
}

fn from_table(table: &Table) -> Result<Key> {
    let mut key = Key { review_below: REVIEW_BELOW, ..Key::default() };
    let Some(first) = table.rows.first() else {
        return Err(Error::usage(format!(
            "{}: is empty; expected the columns question and answer",
            table.name
        )));
    };
    if !first.cells.iter().any(|cell| cell.eq_ignore_ascii_case("question")) {
        key.questions =
            table.rows.iter().map(|row| super::omrchecker::row(table, row)).collect::<Result<_>>()?;
        return Ok(key);
    }
    let columns = header(table, first)?;
    let place = |name: &str| columns.iter().position(|column| *column == name);
    for name in ["question", "answer"] {
        if place(name).is_none() {
            let message = format!("{}: line {}: has no column {name:?}", table.name, first.line);
            return Err(Error::usage(message));
        }
    }
    for row in &table.rows[1..] {
        if row.cells.len() > columns.len() {
            return Err(table.wrong(row, columns.len(), "is beyond the last column of the header"));
        }
        let reader = Reader { table, row, place: &place };
        key.questions.push(reader.question()?);
        let section = reader.text("section");
        if !section.is_empty() {
            let name = reader.text("question").to_owned();
            match key.sections.iter_mut().find(|known| known.name == section) {
                Some(known) => known.questions.push(name),
                None => key.sections.push(Section {
                    name: section.to_owned(),
                    questions: vec![name],
                    weight: 1.0,
                    ..Section::default()
                }),
            }
        }
    }
    Ok(key)
}

fn header(table: &Table, first: &Row) -> Result<Vec<&'static str>> {
    let known = |(at, cell): (usize, &String)| {
        let found = COLUMNS.into_iter().find(|name| cell.eq_ignore_ascii_case(name));
        found.ok_or_else(|| {
            table.wrong(first, at, &format!("is no column of a key; those are {}", COLUMNS.join(", ")))
        })
    };
    first.cells.iter().enumerate().map(known).collect()
}

struct Reader<'a> {
    table: &'a Table,
    row: &'a Row,
    place: &'a dyn Fn(&str) -> Option<usize>,
}

impl Reader<'_> {
    fn text(&self, column: &str) -> &str {
        (self.place)(column).and_then(|at| self.row.cells.get(at)).map_or("", String::as_str)
    }

    fn amount(&self, column: &str) -> Result<Option<f64>> {
        let text = self.text(column);
        if text.is_empty() {
            return Ok(None);
        }
        let at = (self.place)(column).unwrap_or_default();
        let value = number(text).ok_or_else(|| self.table.wrong(self.row, at, "is no number"))?;
        Ok(Some(value))
    }

    fn wrong(&self, column: &str, why: &str) -> Error {
        self.table.wrong(self.row, (self.place)(column).unwrap_or_default(), why)
    }

    fn question(&self) -> Result<Question> {
        let (name, answer) = (self.text("question"), self.text("answer"));
        if name.is_empty() {
            return Err(self.wrong("question", "names no question"));
        }
        let mut question = Question::new(name, self.amount("points")?.unwrap_or(1.0));
        question.wrong = self.amount("wrong")?.unwrap_or(0.0);
        question.empty = self.amount("empty")?.unwrap_or(0.0);
        question.bonus = match self.text("bonus").to_lowercase().as_str() {
            "" | "0" | "no" | "false" => false,
            "1" | "yes" | "true" => true,
            _ => return Err(self.wrong("bonus", "is neither yes nor no")),
        };
        question.how = self.how()?;
        match answer {
            "" => return Err(self.wrong("answer", "is empty; - is for a question that does not count")),
            "-" => question.count = Count::Void,
            "*" => question.count = Count::Everyone,
            _ => question.accepted = answer.split('|').map(|one| accepted(one.trim())).collect(),
        }
        if matches!(question.how, How::Number { .. }) {
            let text = question.accepted.iter().flat_map(|a| &a.values).find(|value| number(value).is_none());
            if text.is_some() {
                return Err(self.wrong("answer", "is no number, and the question is one"));
            }
        }
        Ok(question)
    }

    fn how(&self) -> Result<How> {
        let tolerance = self.amount("tolerance")?;
        let unit = match self.text("unit") {
            "" => None,
            name => Some(super::Unit { name: name.to_owned(), others: Default::default(), required: false }),
        };
        match self.text("kind").to_lowercase().as_str() {
            "number" => {}
            "" if tolerance.is_some() || unit.is_some() => {}
            "" | "marks" => return Ok(How::Marks),
            "text" => return Ok(How::Text { case: false, punctuation: false, ask: true }),
            _ => return Err(self.wrong("kind", "is none of marks, number and text")),
        }
        Ok(How::Number { tolerance: tolerance.unwrap_or(0.0), relative: 0.0, unit })
    }
}

/// `A+C`: both are to be marked.
fn accepted(text: &str) -> Accepted {
    let several = text.len() > 1 && text.contains('+') && number(text).is_none();
    let values: Vec<String> = match several {
        true => {
            text.split('+').map(|value| value.trim().to_owned()).filter(|value| !value.is_empty()).collect()
        }
        false => vec![text.to_owned()],
    };
    Accepted { values, points: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(text: &str) -> Result<Key> {
        from_table(&Table::parse("key.csv", text.as_bytes())?)
    }

    #[test]
    fn a_table_of_a_spreadsheet_with_decimal_commas() {
        let key =
            key("Question;Answer;Points;Wrong;Section\nq1;B;1,5;-0,5;I\nq2;A|C;;;I\nq3;A+C;2;;\nq4;-;;;\n")
                .unwrap();
        let [q1, q2, q3, q4] = &key.questions[..] else { panic!() };
        assert_eq!(
            (q1.points, q1.wrong, q1.accepted[0].values.as_slice()),
            (1.5, -0.5, &["B".to_owned()][..])
        );
        assert_eq!((q2.points, q2.accepted.len()), (1.0, 2));
        assert_eq!(q3.accepted[0].values, ["A", "C"]);
        assert_eq!(q4.count, Count::Void);
        assert_eq!(key.sections[0].questions, ["q1", "q2"]);
    }

    #[test]
    fn what_is_wrong_is_named_by_line_and_column() {
        let cases = [
            ("question,answer,ponits\nq1,A,1\n", "line 1, column 3: \"ponits\" is no column"),
            ("question,answer,points\nq1,A,1\nq2,B,many\n", "line 3, column 3: \"many\" is no number"),
            ("question,answer\nq1,\n", "line 2, column 2: \"\" is empty"),
            ("question,answer\nq1,A,3\n", "line 2, column 3: \"3\" is beyond"),
            ("question,points\nq1,3\n", "line 1: has no column \"answer\""),
            (
                "question,answer,tolerance\nq1,A,0.5\n",
                "column 2: \"A\" is no number, and the question is one",
            ),
            ("", "is empty"),
        ];
        for (text, wanted) in cases {
            let error = key(text).unwrap_err();
            assert!(error.message.contains(wanted), "{}", error.message);
        }
    }
}
