//! Counting what became of decisions over a run.

use std::collections::HashSet;
use std::sync::Arc;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Decisions, Refused};
use crate::frame::Part;
use crate::policy::Fold;
use crate::record::{InputRecord, Record};

/// What became of the decisions.
#[derive(Debug, Clone, Default, Serialize)]
pub struct Tally {
    pub applied: usize,
    pub refused: Vec<Refused>,
}

/// Sees every record of a run.
pub struct TallyFold {
    decisions: Arc<Decisions>,
    reached: HashSet<String>,
    applied: usize,
    refused: Vec<Refused>,
}

impl TallyFold {
    pub fn new(decisions: Arc<Decisions>) -> Self {
        Self { decisions, reached: HashSet::new(), applied: 0, refused: Vec::new() }
    }

    /// `whole` says whether the run came to its end: what a stopped one did not reach is not refused.
    pub fn finish(mut self, whole: bool) -> Tally {
        if whole {
            let reached = &self.reached;
            self.refused.extend(self.decisions.unreached(&|item| reached.contains(item)));
        }
        Tally { applied: self.applied, refused: self.refused }
    }
}

impl Fold for TallyFold {
    fn record(&mut self, record: &mut Record) {
        let item = format!("{}{}", record.item.input.id, Part::suffix(record.item.part.as_ref()));
        let decisions = self.decisions.of(&item);
        if decisions.is_empty() {
            return;
        }
        if let Some(error) = &record.error {
            let reason = format!("the item has no result: {}", error.message);
            let refuse =
                |decision: &super::Decision| Refused { decision: decision.clone(), reason: reason.clone() };
            self.refused.extend(decisions.iter().map(refuse));
            let short = |decision: &super::Decision| json!(decision.short(Some(&reason)));
            let refused: Vec<Value> = decisions.iter().map(short).collect();
            record.decision = Some(json!({ "applied": [], "refused": refused }));
        } else {
            let entries = |key: &str| {
                let list = record.decision.as_ref().and_then(|decision| decision.get(key)?.as_array());
                list.map_or(&[][..], Vec::as_slice)
            };
            self.applied += entries("applied").len();
            for refused in entries("refused") {
                let same = |d: &&super::Decision| {
                    json!(d.instance) == refused["instance"] && json!(d.field) == refused["field"]
                };
                let reason = refused["reason"].as_str().unwrap_or_default().to_owned();
                let decision = decisions.iter().find(same).cloned();
                self.refused.extend(decision.map(|decision| Refused { decision, reason }));
            }
        }
        self.reached.insert(item);
    }

    fn input(&mut self, _: &InputRecord) {}
}
