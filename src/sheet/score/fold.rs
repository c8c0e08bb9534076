//! Grading at the end of a run: pages collected in input order.

use serde_json::json;

use super::doubt::effect;
use super::key::Key;
use super::pages::{Ext, Scan, lost};
use crate::policy::Fold;
use crate::record::{InputRecord, Record};

/// Collects the pages of a run, and writes into each record what its doubtful answers are worth (`ext.grade.effect`).
#[derive(Debug)]
pub struct Grader {
    key: Key,
    scans: Vec<Scan>,
    /// The first record whose `ext.grade` is not as it should be.
    broken: Option<String>,
}

impl Grader {
    pub fn new(key: Key) -> Self {
        Self { key, scans: Vec::new(), broken: None }
    }

    /// The pages in input order, for [`super::Book::make`].
    ///
    /// # Errors
    /// What is wrong with a record, which is a bug of what read it.
    pub fn finish(self) -> Result<Vec<Scan>, String> {
        self.broken.map_or(Ok(self.scans), Err)
    }
}

impl Fold for Grader {
    fn record(&mut self, record: &mut Record) {
        let error = record.error.as_ref().map(|error| error.message.as_str());
        match Scan::new(&record.item, record.ext.get("grade").or(Ext::of(record).as_ref()), error) {
            Ok(scan) => {
                let effect = (effect(&self.key, &scan) * 1e6).round() / 1e6;
                if let Some(grade) = record.ext.get_mut("grade").and_then(|grade| grade.as_object_mut())
                    && effect > 0.0
                {
                    grade.insert("effect".to_owned(), json!(effect));
                }
                self.scans.push(scan);
            }
            Err(why) => {
                self.broken.get_or_insert(why);
            }
        }
    }

    fn input(&mut self, input: &InputRecord) {
        self.scans.extend(lost(input));
    }
}
