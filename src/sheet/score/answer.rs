//! Comparing an answer with one that is right.

use super::key::{Accepted, Credit, How, Question, Unit};
use crate::sheet::table::number;

/// How much of an answer is right.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Match {
    /// As the accepted answer of this number.
    Full(usize),
    /// This share of it, above 0 and below 1.
    Part(f64),
    No,
}

/// Compares what was marked or written; `values` is not empty.
pub fn compare(question: &Question, values: &[String]) -> Match {
    let equal = |accepted: &Accepted| match &question.how {
        How::Marks => same_marks(&accepted.values, values),
        How::Number { tolerance, relative, unit } => {
            let right = accepted.values.first().and_then(|text| number(text));
            let given = values.first().and_then(|text| quantity(text, unit.as_ref()));
            let near = |(right, given): (f64, f64)| {
                let room = tolerance.max(relative * right.abs());
                // A bound that is said in decimals holds although binary fractions miss it by their last bit.
                (given - right).abs() <= room + 1e-9 * right.abs().max(room)
            };
            values.len() == 1 && right.zip(given).is_some_and(near)
        }
        How::Text { .. } => {
            let given = normal(question, values);
            normal(question, &accepted.values) == given
        }
    };
    if let Some(found) = question.accepted.iter().position(equal) {
        return Match::Full(found);
    }
    let shares = question.accepted.iter().map(|accepted| share(question, accepted, values));
    match shares.fold(0.0, f64::max) {
        share if share > 0.0 => Match::Part(share),
        _ => Match::No,
    }
}

/// The same marks in any order. Keys of OMRChecker write several marks as one word, `BC`.
fn same_marks(right: &[String], given: &[String]) -> bool {
    if right.concat() == given.concat() {
        return true;
    }
    let letters = |values: &[String]| {
        let mut letters: Vec<char> = values.concat().chars().collect();
        letters.sort_unstable();
        letters
    };
    // Only marks of one letter: the digits of 12 and 21 are not the same.
    given.len() > 1
        && given.iter().all(|value| value.chars().count() == 1)
        && letters(right) == letters(given)
}

fn share(question: &Question, accepted: &Accepted, given: &[String]) -> f64 {
    let right = |value: &String| accepted.values.contains(value);
    let hits = given.iter().filter(|value| right(value)).count() as f64;
    let false_marks = given.len() as f64 - hits;
    match question.credit {
        Credit::AllOrNothing => 0.0,
        Credit::Share => ((hits - false_marks) / accepted.values.len().max(1) as f64).max(0.0),
        Credit::Options => {
            let as_is = |option: &&String| right(option) == given.contains(option);
            question.options.iter().filter(as_is).count() as f64 / question.options.len().max(1) as f64
        }
    }
}

/// A written answer as it is compared and counted: answers that are equal so are one case.
pub fn normal(question: &Question, values: &[String]) -> String {
    let text = values.join(" ");
    let (case, punctuation) = match &question.how {
        How::Marks => return text,
        How::Number { unit, .. } => {
            return quantity(&text, unit.as_ref()).map_or_else(|| spaced(&text), |value| format!("{value}"));
        }
        How::Text { case, punctuation, .. } => (*case, *punctuation),
    };
    let keep = |c: &char| {
        punctuation || c.is_alphanumeric() || c.is_whitespace() || matches!(c, '+' | '-' | '/' | '%')
    };
    // A hyphen or dash of any length is one; quotes fall away with the other signs.
    let plain = text.chars().map(|c| if matches!(c, '\u{2010}'..='\u{2015}' | '\u{2212}') { '-' } else { c });
    let text = spaced(&plain.filter(keep).collect::<String>());
    if case { text } else { text.to_lowercase() }
}

fn spaced(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A number in the key's unit: `9,81 m/s²`, `981 cm/s2`. `None` where it is no number or in an unknown unit.
fn quantity(text: &str, unit: Option<&Unit>) -> Option<f64> {
    let text = text.trim();
    let Some(unit) = unit else { return number(text) };
    // A unit begins where no shorter text is a number; the longest number wins: 1e3 m.
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
    let (value, rest) = ends.filter_map(|end| Some((number(&text[..end])?, &text[end..]))).next()?;
    let rest = unit_name(rest);
    if rest.is_empty() {
        return (!unit.required).then_some(value);
    }
    if rest == unit_name(&unit.name) {
        return Some(value);
    }
    unit.others.iter().find(|(name, _)| unit_name(name) == rest).map(|(_, factor)| value * factor)
}

/// A unit without spaces; m² is m2, m^2 is m2, a middle dot is a product. Case matters: mW is not MW.
fn unit_name(text: &str) -> String {
    let plain = |c: char| match c {
        '²' => '2',
        '³' => '3',
        '·' | '⋅' => '*',
        'µ' => 'μ',
        c => c,
    };
    text.chars().filter(|c| !c.is_whitespace() && *c != '^').map(plain).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(how: How, accepted: &[&[&str]]) -> Question {
        let accepted = accepted
            .iter()
            .map(|values| Accepted { values: values.iter().map(|v| (*v).into()).collect(), points: None });
        Question { how, accepted: accepted.collect(), ..Question::new("q", 1.0) }
    }

    fn given(question: &Question, values: &[&str]) -> Match {
        compare(question, &values.iter().map(|v| (*v).to_owned()).collect::<Vec<_>>())
    }

    #[test]
    fn numbers_within_a_tolerance_and_in_units() {
        let unit = Unit { name: "m/s2".into(), others: [("cm/s2".to_owned(), 0.01)].into(), required: false };
        let q =
            question(How::Number { tolerance: 0.05, relative: 0.0, unit: Some(unit.clone()) }, &[&["9.81"]]);
        for right in ["9.81", "9,8", "9.86", " 9,76 m/s²", "981 cm/s^2", "9.81m/s2", "0,981e1 m/s2"] {
            assert_eq!(given(&q, &[right]), Match::Full(0), "{right}");
        }
        for wrong in ["9.87", "9,75", "9.81 km", "981", "g", "9.81 M/s2"] {
            assert_eq!(given(&q, &[wrong]), Match::No, "{wrong}");
        }
        let q = question(
            How::Number { tolerance: 0.0, relative: 0.01, unit: Some(Unit { required: true, ..unit }) },
            &[&["200"]],
        );
        assert_eq!((given(&q, &["202 m/s2"]), given(&q, &["200"])), (Match::Full(0), Match::No));
    }

    #[test]
    fn words_without_case_spaces_and_signs() {
        let q = question(
            How::Text { case: false, punctuation: false, ask: true },
            &[&["Photosynthesis"], &["light-driven synthesis"]],
        );
        assert_eq!(given(&q, &[" photosynthesis. "]), Match::Full(0));
        assert_eq!(given(&q, &["\u{201e}Light\u{2011}driven   Synthesis\u{201c}"]), Match::Full(1));
        assert_eq!(given(&q, &["photo synthesis"]), Match::No);
        let q = question(How::Text { case: true, punctuation: true, ask: true }, &[&["NaCl"]]);
        assert_eq!(
            (given(&q, &["NaCl"]), given(&q, &["nacl"]), given(&q, &["NaCl."])),
            (Match::Full(0), Match::No, Match::No)
        );
    }

    #[test]
    fn marks_in_any_order_and_shares_of_them() {
        let mut q = question(How::Marks, &[&["A", "C", "D"]]);
        assert_eq!(given(&q, &["D", "A", "C"]), Match::Full(0));
        assert_eq!(given(&q, &["A"]), Match::No);
        q.credit = Credit::Share;
        assert_eq!(given(&q, &["A", "C"]), Match::Part(2.0 / 3.0));
        assert_eq!(given(&q, &["A", "C", "B"]), Match::Part(1.0 / 3.0));
        assert_eq!(given(&q, &["A", "B"]), Match::No);
        (q.credit, q.options) = (Credit::Options, ["A", "B", "C", "D"].map(Into::into).to_vec());
        assert_eq!(given(&q, &["A", "B"]), Match::Part(0.25));
        // Digits of a number are not marks.
        assert_eq!(given(&question(How::Marks, &[&["12"]]), &["21"]), Match::No);
        assert_eq!(given(&question(How::Marks, &[&["BC"]]), &["C", "B"]), Match::Full(0));
    }
}
