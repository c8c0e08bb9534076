//! What records say of a redaction: what was covered, by which models, and what a second look at the result found.

use std::collections::{BTreeMap, HashMap};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::{Cover, Region};
use crate::error::{Result, poisoned};
use crate::frame::Part;
use crate::geometry::Rect;
use crate::perform::{Closed, Closing};
use crate::pipeline::artist::Artist;
use crate::policy::{Fold, RedactPolicy, Seen};
use crate::prediction::Instance;
use crate::record::{InputRecord, Record};
use crate::report::identity;
use crate::sink::Sink;

/// A detector that looks at a covered face finds the head around it. What is found counts as left where less than this
/// share of the ellipse within its box is covered.
pub const COVERED: f32 = 0.5;

/// Points a side at which the share is measured.
const SAMPLES: u32 = 24;

/// Names a written picture or a frame of a written video: its path below `images/`, and the frame from 0.
type Place = (PathBuf, u32);

/// What a second look found.
#[derive(Debug, Default)]
pub struct Audit {
    /// Of the places where something was found.
    pub found: HashMap<Place, Vec<Instance>>,
    /// How many frames of each file were looked at.
    pub looked: HashMap<PathBuf, u32>,
    /// Files that could not be read again, and why.
    pub unread: HashMap<PathBuf, String>,
}

impl Audit {
    /// Why a place was not looked at.
    fn unread(&self, (path, frame): &Place) -> Option<String> {
        let looked = self.looked.get(path).is_some_and(|frames| frame < frames);
        let missing = || (!looked).then(|| "the file or the frame is not there".to_owned());
        self.unread.get(path).cloned().or_else(missing)
    }
}

/// A written file as the second look names it.
fn below_images(path: &std::path::Path, frame: u32) -> Option<Place> {
    path.strip_prefix("images").ok().map(|path| (path.to_owned(), frame))
}

/// Takes the records of a second look.
#[derive(Clone, Default)]
pub struct Auditor(Arc<Mutex<Audit>>);

impl Auditor {
    /// What was found; the records have all been taken.
    ///
    /// # Errors
    /// `Internal` after a panic.
    pub fn finish(&self) -> Result<Audit> {
        self.0.lock().map(|mut audit| std::mem::take(&mut *audit)).map_err(|_| poisoned("audit"))
    }
}

impl Sink for Auditor {
    fn item(&mut self, record: &Record) -> Result<()> {
        let Some(identity) = identity(record) else { return Ok(()) };
        let mut audit = self.0.lock().map_err(|_| poisoned("audit"))?;
        if let Some(error) = &record.error {
            audit.unread.insert(identity.relative.clone(), error.message.clone());
        }
        *audit.looked.entry(identity.relative.clone()).or_default() += 1;
        let found = record.prediction.as_ref().map(|p| p.instances()).unwrap_or_default();
        if !found.is_empty() {
            let frame = match record.item.part {
                Some(Part::Frame { n, .. }) => n,
                _ => 0,
            };
            audit.found.insert((identity.relative, frame), found.to_vec());
        }
        Ok(())
    }

    fn input(&mut self, record: &InputRecord) -> Result<()> {
        if let Some(error) = &record.error {
            let mut audit = self.0.lock().map_err(|_| poisoned("audit"))?;
            audit.unread.insert(PathBuf::from(&record.input.path), error.message.clone());
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        Ok(Vec::new())
    }
}

/// How the second look was made.
pub enum Second {
    /// Not at all.
    None,
    /// At what was written.
    Written(Audit),
    /// At the inputs themselves, which were redacted before: what was decided is what is left.
    Inputs,
}

/// Completes records of a redaction.
pub struct Redacted {
    pub cover: Cover,
    pub policy: RedactPolicy,
    /// Models and what they looked for, as records say it: of covering, and of the second look.
    pub models: Value,
    pub auditors: Value,
    /// By label the scores from which things are listed and from which they count as left.
    pub conf: BTreeMap<String, f32>,
    pub leak: BTreeMap<String, f32>,
    pub second: Second,
    pub artist: Option<Arc<Artist>>,
    /// The input of the last record, and how many came before of it.
    pub at: (String, u32),
    /// Items with something left, and how many things.
    pub left: (usize, usize),
}

impl Fold for Redacted {
    fn record(&mut self, record: &mut Record) {
        self.record_seen(record, None);
    }

    fn record_seen(&mut self, record: &mut Record, seen: Option<&Seen>) {
        let number = if self.at.0 == record.item.input.id { self.at.1 + 1 } else { 0 };
        self.at = (record.item.input.id.clone(), number);
        let Some(seen) = seen else { return };
        let instances = record.prediction.as_ref().map(|p| p.instances()).unwrap_or_default();
        let mut told = match self.second {
            // Nothing was covered here.
            Second::Inputs => json!({}),
            _ => self.told(instances, seen),
        };
        let output = self.output(record, seen, number);
        if let Some((path, _)) = &output {
            told["output"] = json!(path.to_string_lossy());
        }
        let audit = match &self.second {
            Second::None => Value::Null,
            Second::Inputs => self.audited(instances, &[], None),
            Second::Written(audit) => match output.and_then(|(path, frame)| below_images(&path, frame)) {
                Some(place) => {
                    let covers: Vec<Region> = instances.iter().map(|i| self.cover.region(i)).collect();
                    let found = audit.found.get(&place).map(Vec::as_slice).unwrap_or_default();
                    self.audited(found, &covers, audit.unread(&place))
                }
                None => Value::Null,
            },
        };
        let left = audit.get("left").and_then(Value::as_u64).unwrap_or(0) as usize;
        let unread = audit.get("unread").is_some();
        if left > 0 || unread {
            self.left.0 += 1;
            self.left.1 += left;
        }
        told["audit"] = audit;
        record.ext.insert("redact".to_owned(), told);
    }

    fn input(&mut self, _: &InputRecord) {}
}

impl Redacted {
    fn told(&self, instances: &[Instance], seen: &Seen) -> Value {
        let mut told = self.cover.facts();
        told["covered"] = json!(instances.len());
        let filled = instances.iter().filter(|instance| instance.filled).count();
        if filled > 0 {
            told["filled"] = json!(filled);
        }
        let kept = self.policy.kept(seen.observed);
        if kept > 0 {
            told["kept"] = json!(kept);
        }
        told["models"] = self.models.clone();
        told
    }

    /// The file that shows the item, relative to the run folder, and the frame of it.
    fn output(&self, record: &Record, seen: &Seen, number: u32) -> Option<(PathBuf, u32)> {
        let artist = self.artist.as_deref()?;
        let (identity, observed) = (identity(record)?, seen.observed);
        if artist.films(&observed.origin.format) {
            return Some((artist.film_path(&identity), number));
        }
        let image = artist.image(&identity, observed.part.as_ref(), &observed.origin, observed.size);
        artist.writes_images(&observed.origin.format).then_some((image, 0))
    }

    fn audited(&self, found: &[Instance], covers: &[Region], unread: Option<String>) -> Value {
        let mut left = 0;
        let residuals: Vec<Value> = found
            .iter()
            .map(|instance| {
                let covered = covered(&instance.rect, covers);
                let kept = self.policy.is_kept(instance);
                let counts = self.leak.get(&instance.label).is_some_and(|least| instance.score >= *least);
                let is_left = counts && covered < COVERED && !kept;
                left += usize::from(is_left);
                let mut told = json!({
                    "label": instance.label, "score": exact(instance.score),
                    "box": <[f32; 4]>::from(instance.rect).map(exact), "covered": exact((covered * 1000.0).round() / 1000.0),
                    "left": is_left,
                });
                if kept {
                    told["kept"] = json!(true);
                }
                told
            })
            .collect();
        let scores = |of: &BTreeMap<String, f32>| -> Value {
            of.iter()
                .map(|(label, score)| (label.clone(), json!(exact(*score))))
                .collect::<serde_json::Map<_, _>>()
                .into()
        };
        let mut told = json!({ "conf": scores(&self.conf), "leak": scores(&self.leak), "left": left, "found": residuals, "models": self.auditors });
        if let Some(unread) = unread {
            told["unread"] = json!(unread);
        }
        told
    }
}

impl Closing for Redacted {
    fn fold(&mut self) -> &mut (dyn Fold + Send) {
        self
    }

    fn finish(self: Box<Self>) -> Closed {
        let (items, things) = self.left;
        let scores = self.leak.iter().map(|(label, score)| format!("{label} {score}"));
        let conf = scores.collect::<Vec<_>>().join(", ");
        let mut found = BTreeMap::new();
        let words = match (&self.second, items) {
            (Second::None, _) => "no second look at the result: nobody knows what is left".to_owned(),
            (_, 0) => {
                format!("second look: nothing left (scores from {conf} on); audit.csv lists weaker ones")
            }
            _ => {
                found.insert("audit".to_owned(), items);
                format!(
                    "second look: {things} left (scores from {conf} on) in {items} pictures or frames; audit.csv lists them"
                )
            }
        };
        Closed { words: vec![words], found }
    }
}

/// A number as it is written, not as the nearest double of its float.
fn exact(value: f32) -> f64 {
    value.to_string().parse().unwrap_or_default()
}

/// Which share of the ellipse within a box is covered, 0 to 1.
fn covered(rect: &Rect, covers: &[Region]) -> f32 {
    let (mut within, mut hidden) = (0u32, 0u32);
    let ellipse = Region::Ellipse(*rect);
    for n in 0..SAMPLES * SAMPLES {
        let at = |n: u32| (n as f32 + 0.5) / SAMPLES as f32;
        let point = [
            rect.x1 + at(n % SAMPLES) * (rect.x2 - rect.x1),
            rect.y1 + at(n / SAMPLES) * (rect.y2 - rect.y1),
        ];
        if ellipse.contains(point) {
            within += 1;
            hidden += u32::from(covers.iter().any(|cover| cover.contains(point)));
        }
    }
    if within == 0 { 0.0 } else { hidden as f32 / within as f32 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shares_by_hand() {
        let face = Rect::new(10.0, 10.0, 30.0, 50.0);
        assert_eq!(covered(&face, &[]), 0.0);
        assert_eq!(covered(&face, &[Region::Ellipse(face)]), 1.0);
        // Its left half.
        let half = covered(&face, &[Region::Box(Rect::new(0.0, 0.0, 20.0, 100.0))]);
        assert!((half - 0.5).abs() < 1e-6, "{half}");
        // An ellipse of half the size has a quarter of the area.
        let quarter = covered(&face, &[Region::Ellipse(Rect::new(15.0, 20.0, 25.0, 40.0))]);
        assert!((quarter - 0.25).abs() < 0.03, "{quarter}");
        assert_eq!(covered(&Rect::default(), &[]), 0.0);
    }
}
