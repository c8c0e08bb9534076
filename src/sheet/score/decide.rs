//! What people decided, put over what was read.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::{Value, json};

use super::answer::normal;
use super::judge::Credits;
use super::key::Key;
use super::pages::Scan;
use crate::review::{Decision, Decisions, Field, Refused};
use crate::sheet::response::{Bucket, Response};
use crate::sheet::roster::{Bundle, Roster};

/// What became of decisions, and those that are about more than one answer.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Ruled {
    pub applied: usize,
    pub refused: Vec<Refused>,
    /// Whose a page is, by item; none where it is nobody's.
    #[serde(skip)]
    pub identities: HashMap<String, Option<String>>,
    #[serde(skip)]
    pub credits: Credits,
}

impl Ruled {
    /// Identities by number of the bundle that has the page.
    pub fn said(&self, scans: &[Scan], bundles: &[Bundle]) -> HashMap<usize, Option<String>> {
        let of = |bundle: &Bundle| {
            bundle.scans.iter().find_map(|scan| self.identities.get(&scans[*scan].read.item))
        };
        bundles.iter().enumerate().filter_map(|(n, bundle)| Some((n, of(bundle)?.clone()))).collect()
    }
}

/// Applies decisions to pages. One that does not fit changes nothing and is told with the reason.
pub fn apply(scans: &mut [Scan], key: &Key, roster: Option<&Roster>, decisions: Option<&Decisions>) -> Ruled {
    let mut ruled = Ruled::default();
    let Some(decisions) = decisions else { return ruled };
    for scan in scans.iter_mut() {
        let before = ruled.applied;
        for decision in decisions.of(&scan.read.item) {
            match one(scan, key, roster, decision, &mut ruled) {
                Ok(()) => ruled.applied += 1,
                Err(reason) => ruled.refused.push(Refused { decision: decision.clone(), reason }),
            }
        }
        if ruled.applied > before {
            settle(scan);
        }
    }
    let has = |item: &str| scans.iter().any(|scan| scan.read.item == item);
    ruled.refused.extend(decisions.unreached(&has));
    ruled
}

/// A page that somebody has looked at, without any answer left to see, is graded.
fn settle(scan: &mut Scan) {
    if scan.is_doubtful() {
        scan.read.bucket = Bucket::Graded;
    }
}

fn one(
    scan: &mut Scan,
    key: &Key,
    roster: Option<&Roster>,
    decision: &Decision,
    ruled: &mut Ruled,
) -> Result<(), String> {
    match scan.key.as_deref() {
        Some(own) if own == decision.observation_key => {}
        Some(own) => {
            let (then, now) =
                (decision.observation_key.get(..12).unwrap_or_default(), own.get(..12).unwrap_or_default());
            return Err(format!("the page has been read anew (was {then}…, is {now}…)"));
        }
        None => {
            return Err(
                "the run does not say what it read the page from; its .vision folder is missing".to_owned()
            );
        }
    }
    match decision.field {
        Field::Note => Ok(()),
        Field::Identity => {
            let id = decision.now.as_str().map(str::to_owned);
            if let (Some(id), Some(roster)) = (&id, roster)
                && roster.student(id).is_none()
            {
                return Err(format!("{id} is not on the class list"));
            }
            ruled.identities.insert(scan.read.item.clone(), id);
            Ok(())
        }
        Field::Verdict => verdict(scan, decision),
        Field::Answer => {
            let response = response(scan, decision)?;
            same(response, &decision.was)?;
            if let Some(values) = values(&decision.now) {
                (response.values, response.confidence, response.review) = (values, 1.0, false);
                response.flags.push("decided".to_owned());
            }
            Ok(())
        }
        Field::Credit => {
            let response = response(scan, decision)?;
            same(response, &decision.was)?;
            let name = response.field.clone();
            let question = key.question(&name).ok_or_else(|| format!("the key has no question {name}"))?;
            let Some(points) = decision.now.as_f64() else { return Ok(()) };
            let (least, most) = (question.least(), question.best());
            if !(least..=most).contains(&points) {
                return Err(format!("{points} points; {name} gives {least} to {most}"));
            }
            let text = normal(question, &response.values);
            ruled.credits.insert((name, text), points);
            Ok(())
        }
        other => Err(format!(
            "{} is of no answer; those have answer, credit, identity, verdict and note",
            other.name()
        )),
    }
}

/// `accept`: it is as it was read. `reject` of a page: nothing on it counts.
fn verdict(scan: &mut Scan, decision: &Decision) -> Result<(), String> {
    match (decision.now.as_str(), &decision.instance) {
        (None, _) => Ok(()),
        (Some("accept"), None) => {
            scan.read.responses.iter_mut().for_each(accept);
            Ok(())
        }
        (Some("accept"), Some(_)) => response(scan, decision).map(accept),
        (Some(_), None) => {
            scan.read.bucket = Bucket::Rejected("by a person".to_owned());
            Ok(())
        }
        (Some(_), Some(_)) => {
            Err("an answer that was read wrong needs the right one (field answer)".to_owned())
        }
    }
}

fn accept(response: &mut Response) {
    (response.confidence, response.review) = (1.0, false);
    response.flags.push("decided".to_owned());
}

fn response<'a>(scan: &'a mut Scan, decision: &Decision) -> Result<&'a mut Response, String> {
    let name = decision
        .instance
        .as_ref()
        .ok_or_else(|| format!("{} is of a field, and none is named", decision.field.name()))?;
    let found = scan.read.responses.iter_mut().find(|response| response.field == *name);
    found.ok_or_else(|| format!("the page has no field {name}"))
}

fn same(response: &Response, was: &Value) -> Result<(), String> {
    match values(was) {
        Some(values) if values == response.values => Ok(()),
        _ => Err(format!("{} was {was}, is {}", response.field, json!(response.values))),
    }
}

/// A list of texts, or one text.
fn values(value: &Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text.clone()]),
        other => serde_json::from_value(other.clone()).ok(),
    }
}
