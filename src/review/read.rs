//! Files of decisions: JSON Lines, or one JSON list.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::{Decision, Field, Refused, SCHEMA};
use crate::digest::unhex;
use crate::error::{Error, Result};

/// A decision is about 300 bytes; nobody decides a million times.
const MAX_BYTES: u64 = 256 << 20;

/// Longest text of a decision, bytes.
const MAX_TEXT: usize = 10_000;

/// Decisions by item, each field of an instance once.
#[derive(Debug, Clone, Default)]
pub struct Decisions {
    by_item: HashMap<String, Vec<Decision>>,
}

impl Decisions {
    /// What was decided about an item, in the order of the file.
    pub fn of(&self, item: &str) -> &[Decision] {
        self.by_item.get(item).map_or(&[], Vec::as_slice)
    }

    /// Those of items that `reached` does not have, refused.
    pub fn unreached(&self, reached: &dyn Fn(&str) -> bool) -> Vec<Refused> {
        let mut rest: Vec<&Decision> =
            self.by_item.iter().filter(|(item, _)| !reached(item)).flat_map(|(_, all)| all).collect();
        rest.sort_by(|a, b| (&a.item, &a.instance).cmp(&(&b.item, &b.instance)));
        let reason = "the run has no such item";
        rest.into_iter().map(|d| Refused { decision: d.clone(), reason: reason.to_owned() }).collect()
    }

    fn put(&mut self, decision: Decision) {
        let all = self.by_item.entry(decision.item.clone()).or_default();
        all.retain(|other| (&other.instance, other.field) != (&decision.instance, decision.field));
        all.push(decision);
    }
}

/// Reads files of decisions; later ones replace earlier ones about the same.
///
/// # Errors
/// `Usage` naming file and line for what is no decision.
pub fn read(files: &[PathBuf]) -> Result<Decisions> {
    let mut decisions = Decisions::default();
    for file in files {
        for (decision, number) in parse(file)?.into_iter().zip(1..) {
            check(&decision).map_err(|why| wrong(file, number, &why))?;
            decisions.put(decision);
        }
    }
    Ok(decisions)
}

fn parse(file: &Path) -> Result<Vec<Decision>> {
    let missing = |e| Error::usage(format!("--apply {}: cannot be read", file.display())).because(e);
    let stat = std::fs::metadata(file).map_err(missing)?;
    if !stat.is_file() || stat.len() > MAX_BYTES {
        let bytes = stat.len();
        let message =
            format!("--apply {}: expected a file of up to {MAX_BYTES} bytes, found {bytes}", file.display());
        return Err(Error::usage(message));
    }
    let text = std::fs::read_to_string(file).map_err(missing)?;
    if text.trim_start().starts_with('[') {
        return serde_json::from_str(&text)
            .map_err(|e| wrong(file, e.line(), "not a list of decisions").because(e));
    }
    let lines = text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty());
    let decision = |(line, number): (&str, usize)| {
        serde_json::from_str(line).map_err(|e| wrong(file, number, "not a decision").because(e))
    };
    lines.map(decision).collect()
}

fn wrong(file: &Path, number: usize, why: &str) -> Error {
    let message = format!(
        "--apply {}: line or decision {number}: {why}; expected {{\"schema\":\"{SCHEMA}\",\"item\",\"instance\",\"field\",\
         \"observation_key\",\"was\",\"now\",\"by\",\"at\"}} as the report's page writes it",
        file.display()
    );
    Error::usage(message)
}

fn check(decision: &Decision) -> Result<(), String> {
    let Decision { schema, field, now, was, .. } = decision;
    if schema != SCHEMA {
        return Err(format!("its schema is {schema:?}"));
    }
    if unhex(&decision.observation_key).is_none() {
        return Err("observation_key is not 64 hex digits".to_owned());
    }
    let fits = match field {
        Field::Verdict => now.is_null() || now == "accept" || now == "reject",
        Field::Label => now.is_null() || now.as_str().is_some_and(|text| !text.is_empty()),
        Field::Text => now.is_null() || now.as_str().is_some_and(|text| !text.trim().is_empty()),
        Field::Note => now.is_null() || now.is_string(),
        Field::Answer => now.is_null() || now.is_string() || texts(now),
        Field::Credit => now.is_null() || now.as_f64().is_some_and(f64::is_finite),
        Field::Identity => now.is_null() || now.as_str().is_some_and(|id| !id.is_empty()),
        Field::Box => now.is_null() || corners(now).is_some(),
    };
    let long = [was, now].iter().any(|value| value.as_str().is_some_and(|text| text.len() > MAX_TEXT));
    match (fits, long) {
        (_, true) => Err(format!("a text of more than {MAX_TEXT} bytes")),
        (false, _) => Err(format!("{} cannot become {now}", field.name())),
        _ => Ok(()),
    }
}

/// A list of texts, not more than a sheet has options.
fn texts(value: &serde_json::Value) -> bool {
    let fits = |text: &serde_json::Value| text.as_str().is_some_and(|text| text.len() <= MAX_TEXT);
    value.as_array().is_some_and(|list| list.len() <= 1000 && list.iter().all(fits))
}

/// A box as records write it.
pub fn corners(value: &serde_json::Value) -> Option<[f32; 4]> {
    let corners: [f32; 4] = serde_json::from_value(value.clone()).ok()?;
    let [x1, y1, x2, y2] = corners;
    (corners.iter().all(|v| v.is_finite()) && x1 < x2 && y1 < y2).then_some(corners)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn line(field: &str, now: serde_json::Value) -> serde_json::Value {
        json!({ "schema": SCHEMA, "item": "a", "instance": "cat@0,0,1,1", "field": field, "observation_key": "0".repeat(64),
            "was": null, "now": now, "by": "", "at": "" })
    }

    fn given(text: &str) -> Result<Decisions> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("d.jsonl");
        std::fs::write(&file, text).unwrap();
        read(&[file])
    }

    #[test]
    fn the_last_one_counts_in_lines_and_in_a_list() {
        let [first, last] = ["accept", "reject"].map(|now| line("verdict", json!(now)));
        let note = line("note", json!("hm"));
        for text in [format!("{first}\n\n{note}\n{last}\n"), json!([first, note, last]).to_string()] {
            let all = given(&text).unwrap();
            let now: Vec<_> = all.of("a").iter().map(|d| d.now.clone()).collect();
            assert_eq!(now, [json!("hm"), json!("reject")]);
            assert!(all.of("b").is_empty());
            assert_eq!(all.unreached(&|item| item != "a").len(), 2);
        }
    }

    #[test]
    fn what_is_no_decision_is_refused_with_its_line() {
        let bad = [
            line("verdict", json!("maybe")),
            line("text", json!(" ")),
            line("box", json!([3, 0, 1, 1])),
            line("box", json!([0, 0, 1])),
            line("colour", json!("red")),
            json!({ "schema": "vision.decision/2" }),
        ];
        for bad in bad {
            let error = given(&format!("{}\n{bad}\n", line("note", json!("fine")))).unwrap_err();
            assert!(error.message.contains('2'), "{}", error.message);
        }
    }

    proptest! {
        #[test]
        fn any_text_is_decisions_or_an_error(text in "[\\[\\]{}\",:a-z0-9 \n]{0,200}") {
            let _ = given(&text);
        }
    }
}
