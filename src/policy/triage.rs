//! Deciding about images: which findings there are, how urgent they are, which rules they meet.

use std::collections::BTreeMap;

use super::{Policy, round};
use crate::observation::{Observation, Observed};
use crate::prediction::{Finding, Prediction};
use crate::report::Declared;
use crate::spec::{LabelSet, triage};

pub struct TriagePolicy {
    pub labels: LabelSet,
    pub findings: BTreeMap<String, triage::Finding>,
}

impl Policy for TriagePolicy {
    fn decide(&self, observed: &Observed) -> Prediction {
        let Observation::Triage(triaged) = &observed.observation else {
            // No model of another task gets here: commands check it before the run.
            let refused = Some("not looked at by a model for triage".to_owned());
            return Prediction::Triage {
                urgency: 0.0,
                findings: Vec::new(),
                refused,
                facts: BTreeMap::new(),
            };
        };
        let scored = triaged.scores.iter().enumerate().filter_map(|(class, score)| {
            let label = self.labels.name(class as u32).into_owned();
            let own = self.findings.get(&label)?;
            Some(finding(label, *score, own))
        });
        let findings: Vec<Finding> = scored.collect();
        let weighted = |f: &Finding| self.findings.get(&f.label).map_or(0.0, |own| own.weight * f.score);
        Prediction::Triage {
            urgency: round(findings.iter().map(weighted).fold(0.0, f32::max), 1e6),
            findings,
            refused: triaged.refused.clone(),
            facts: triaged.facts.iter().cloned().chain([notice()]).collect(),
        }
    }

    fn labels(&self) -> &LabelSet {
        &self.labels
    }

    fn declared(&self) -> Declared {
        crate::triage::page::declared()
    }

    fn facts(&self) -> serde_json::Value {
        serde_json::json!({ "conf": null, "findings": self.findings })
    }
}

fn notice() -> (String, String) {
    ("notice".to_owned(), crate::triage::NOTICE.to_owned())
}

/// The confidence is how far the score is from the operating point, as a share of the way to certainty.
fn finding(label: String, score: f32, own: &triage::Finding) -> Finding {
    let point = own.operating_point;
    let positive = score >= point;
    let way = if positive { 1.0 - point } else { point };
    let confidence = if way > 0.0 { (score - point).abs() / way } else { 1.0 };
    Finding {
        label,
        score: round(score, 1e6),
        operating_point: point,
        positive,
        confidence: round(confidence.min(1.0), 1e6),
    }
}
