//! Folds over a run: counts for the closing words, and findings that set the exit code.

use std::collections::BTreeMap;

use crate::error::{Error, Result};
use crate::explain::verdicts;
use crate::policy::{Fold, classes};
use crate::prediction::{Class, Finding, Line, Prediction};
use crate::record::{InputRecord, Record, Status};
use crate::sheet::read::page::SheetPage;
use crate::spec::LabelSet;

/// Runs of at most this many pictures list each of them.
const LISTED: usize = 24;

#[derive(Debug, Default)]
pub struct Summary {
    pub done: usize,
    pub partial: usize,
    pub failed: usize,
    pub items: usize,
    /// Instances by label.
    pub instances: BTreeMap<String, usize>,
    /// Items that show at least one instance, by label.
    pub items_with: BTreeMap<String, usize>,
    pub warnings: usize,
    /// How many results an item has at most, and the items that have as many.
    pub most: Option<usize>,
    pub full: usize,
    /// Classes that were found.
    pub classes: std::collections::BTreeSet<u32>,
    /// What was found in each of the first items.
    pub lines: Vec<(String, String)>,
}

impl Fold for Summary {
    fn record(&mut self, record: &mut Record) {
        self.items += 1;
        self.warnings += usize::from(!record.warnings.is_empty());
        let instances = record.prediction.as_ref().map_or(0, |prediction| prediction.instances().len());
        self.full += usize::from(self.most == Some(instances));
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for (class, label) in record.prediction.iter().flat_map(Prediction::found) {
            *counts.entry(label).or_default() += 1;
            self.classes.insert(class);
        }
        for (label, count) in &counts {
            *self.instances.entry((*label).to_owned()).or_default() += count;
            *self.items_with.entry((*label).to_owned()).or_default() += 1;
        }
        if self.lines.len() <= LISTED {
            let part = crate::frame::Part::suffix(record.item.part.as_ref());
            let found = match &record.prediction {
                Some(Prediction::Triage { findings, refused, .. }) => triaged(findings, refused.as_deref()),
                Some(other) if !other.classes().is_empty() => scored(other.classes()),
                Some(other) if !other.lines().is_empty() => beginning(other.lines().iter()),
                Some(Prediction::Sheet { .. }) => {
                    record.prediction.iter().filter_map(Prediction::sheet).map(sheet).collect()
                }
                _ => counts.iter().map(|(label, count)| format!("{count} {label}")).collect(),
            };
            let mut found = match (&record.error, found.is_empty()) {
                (Some(_), _) => "failed".to_owned(),
                (None, true) => "nothing".to_owned(),
                (None, false) => found.join(", "),
            };
            for verdict in record.ext.get("explain").map(verdicts).unwrap_or_default() {
                found.push_str("; ");
                found.push_str(&crate::error::printable(&verdict));
            }
            let name = crate::error::printable(&record.item.input.path);
            self.lines.push((format!("{name}{part}"), found));
        }
    }

    fn input(&mut self, input: &InputRecord) {
        match input.status {
            Status::Done => self.done += 1,
            Status::Partial => self.partial += 1,
            Status::Failed => self.failed += 1,
        }
    }
}

/// The first of a picture's classes with their scores.
fn scored(classes: &[Class]) -> Vec<String> {
    const SHOWN: usize = 3;
    classes.iter().take(SHOWN).map(|c| format!("{} {:.2}", c.label, c.score)).collect()
}

/// The scores of an image, or why it has none.
fn triaged(findings: &[Finding], refused: Option<&str>) -> Vec<String> {
    let finding =
        |f: &Finding| format!("{} {:.2}{}", f.label, f.score, if f.positive { " positive" } else { "" });
    match refused {
        Some(why) => vec![format!("not triaged: {why}")],
        None => findings.iter().map(finding).collect(),
    }
}

/// A page's bucket and why it is in it.
fn sheet(page: &SheetPage) -> String {
    let name = page.bucket.name();
    let review = page.fields.iter().filter(|field| field.response.review).count();
    match page.bucket.reason() {
        Some(reason) => format!("{name}: {reason}"),
        None if review > 0 => format!("{name}: {review} of {} fields", page.fields.len()),
        None => format!("{name}: {} fields", page.fields.len()),
    }
}

/// How many lines of text, and how the first begins.
fn beginning<'a>(mut lines: impl Iterator<Item = &'a Line>) -> Vec<String> {
    const SHOWN: usize = 40;
    let first = lines.next().map_or("", |line| &line.text);
    let start: String = first.chars().take(SHOWN).collect();
    let more = if first.chars().count() > SHOWN { "…" } else { "" };
    let text = crate::error::printable(&start);
    match 1 + lines.count() {
        1 => vec![format!("1 line: {text}{more}")],
        count => vec![format!("{count} lines: {text}{more}")],
    }
}

impl Summary {
    /// Said once: classes that the description has no label for.
    pub fn without_label(&self, labels: &LabelSet) -> Option<String> {
        let named = u32::try_from(labels.len()).unwrap_or(u32::MAX);
        let first = self.classes.range(named..).next()?;
        Some(format!(
            "warning: the model has more classes than its description has labels ({}); they are called {} and the \
             like; complete labels = [...] in its .toml",
            labels.len(),
            labels.name(*first)
        ))
    }

    /// One line per item, when there are few.
    pub fn listed(&self) -> &[(String, String)] {
        if self.lines.len() <= LISTED { &self.lines } else { &[] }
    }
}

/// `--fail-on`: labels whose presence is a finding.
#[derive(Debug)]
pub struct Findings {
    /// Label, least number in one item.
    rules: Vec<(u32, usize, String)>,
    found: BTreeMap<String, usize>,
}

impl Findings {
    /// # Errors
    /// `Usage` for a rule that is not `label` or `label>=N`.
    pub fn new(rules: &[String], labels: &LabelSet) -> Result<Self> {
        let rules = rules.iter().map(|rule| parse(rule, labels)).collect::<Result<Vec<_>>>()?;
        Ok(Self { rules, found: BTreeMap::new() })
    }

    /// The rules that were met, and in how many items.
    pub fn found(self) -> BTreeMap<String, usize> {
        self.found
    }
}

fn parse(rule: &str, labels: &LabelSet) -> Result<(u32, usize, String)> {
    let (name, least) = match rule.split_once(">=") {
        Some((name, number)) => {
            let number = number.trim().parse::<usize>().ok().filter(|n| *n > 0);
            let wrong = || {
                Error::usage(format!("--fail-on {rule}: expected label or label>=N, for example person>=3"))
            };
            (name.trim(), number.ok_or_else(wrong)?)
        }
        None => (rule.trim(), 1),
    };
    let class = classes("--fail-on", &[name.to_owned()], labels)?.into_iter().next().unwrap_or_default();
    Ok((class, least, rule.to_owned()))
}

impl Fold for Findings {
    fn record(&mut self, record: &mut Record) {
        for (class, least, rule) in &self.rules {
            let found = record.prediction.iter().flat_map(Prediction::found);
            if found.filter(|(found, _)| found == class).count() >= *least {
                *self.found.entry(rule.clone()).or_default() += 1;
            }
        }
    }

    fn input(&mut self, _: &InputRecord) {}
}
