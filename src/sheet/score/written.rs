//! Written answers that are equal: seen once, decided once.

use std::collections::BTreeMap;

use serde::Serialize;

use super::answer::normal;
use super::book::Grade;
use super::judge::Outcome;
use super::key::{How, Key};

/// Written answers that are equal after normalising: one decision is enough for all.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cluster {
    pub question: String,
    pub text: String,
    pub count: usize,
    pub outcome: Outcome,
    pub points: Option<f64>,
    /// Points between which a person may choose.
    pub least: f64,
    pub most: f64,
    /// One page that has it, for the decision.
    pub item: String,
    pub students: Vec<String>,
    /// Of its first answer.
    pub confidence: f32,
    /// Read surely, and neither right nor said to be wrong: one decision settles it.
    pub asked: bool,
}

/// Clusters of questions that are written, those for a person and the largest first.
pub fn written(key: &Key, grades: &[Grade]) -> Vec<Cluster> {
    let mut clusters: BTreeMap<(usize, String, bool), Cluster> = BTreeMap::new();
    for (at, question) in key.questions.iter().enumerate().filter(|(_, q)| q.how != How::Marks) {
        for grade in grades {
            let answer = grade.answers.iter().find(|answer| answer.question == question.name);
            let Some(answer) = answer.filter(|answer| !answer.values.is_empty()) else { continue };
            // What may be read wrong is one by one: it may say something else.
            let asked = answer.flags.iter().any(|flag| flag == "not-in-key");
            let alone = answer.outcome == Outcome::Open && !asked;
            let text = normal(question, &answer.values);
            let item = answer.item.clone().unwrap_or_default();
            let same = if alone { format!("{text}\0{item}") } else { text.clone() };
            let cluster = clusters.entry((at, same, alone)).or_insert(Cluster {
                question: question.name.clone(),
                text,
                count: 0,
                outcome: answer.outcome,
                points: answer.points,
                least: answer.least,
                most: answer.most,
                item,
                students: Vec::new(),
                confidence: answer.confidence.unwrap_or_default(),
                asked,
            });
            cluster.count += 1;
            cluster.students.extend(grade.id.clone());
        }
    }
    let mut clusters: Vec<Cluster> = clusters.into_values().collect();
    clusters.sort_by_key(|cluster| (cluster.outcome != Outcome::Open, std::cmp::Reverse(cluster.count)));
    clusters
}
