//! From finished inputs to results: in input order, decided from the store, to every sink and fold.

use std::collections::BTreeMap;

use super::artist::Artist;
use super::manifest::{Entry, Manifest};
use super::tracks::RunTracks;
use crate::digest::Key;
use crate::error::{Error, Kind, Result};
use crate::explain::{Explained, Explainer};
use crate::frame::Warning;
use crate::input::Input;
use crate::observation::Observed;
use crate::policy::{Fold, Policy, Seen};
use crate::record::{Failure, INPUT_SCHEMA, ITEM_SCHEMA, InputId, InputRecord, ItemId, Record, Status};
use crate::run::key::Keys;
use crate::run::store::Store;
use crate::sink::Sink;

/// A finished input, on its way to the results.
#[derive(Debug)]
pub struct Outcome {
    /// Digest, as keys use it, and size of the bytes decoded; `None` where they could not be read.
    pub content: Option<(Key, u64)>,
    pub manifest: Manifest,
}

/// Holds outcomes until it is their turn. They are handed out in input order, so what waits here is
/// bounded by what the workers have in hand.
pub struct Emitter<'a> {
    pub inputs: &'a [Input],
    pub keys: &'a Keys,
    pub store: &'a Store,
    pub policy: &'a dyn Policy,
    pub sinks: Vec<Box<dyn Sink>>,
    pub folds: Vec<&'a mut (dyn Fold + Send)>,
    tracks: Option<&'a RunTracks<'a>>,
    explaining: Option<(&'a Explainer, &'a Artist)>,
    pending: BTreeMap<usize, Outcome>,
    next: usize,
    /// What was emitted, where it is kept instead of written.
    collected: Option<&'a mut Vec<(usize, Outcome)>>,
}

impl<'a> Emitter<'a> {
    pub fn new(
        inputs: &'a [Input],
        keys: &'a Keys,
        store: &'a Store,
        policy: &'a dyn Policy,
        sinks: Vec<Box<dyn Sink>>,
        folds: Vec<&'a mut (dyn Fold + Send)>,
    ) -> Self {
        let (pending, next, tracks, explaining, collected) = (BTreeMap::new(), 0, None, None, None);
        Self { inputs, keys, store, policy, sinks, folds, tracks, explaining, pending, next, collected }
    }

    /// Writes what belongs to tracks, too.
    pub fn with_tracks(mut self, tracks: Option<&'a RunTracks<'a>>) -> Self {
        self.tracks = tracks;
        self
    }

    /// Writes what explains the answers, too, and where the artist has put the maps.
    pub fn with_explained(mut self, explaining: Option<(&'a Explainer, &'a Artist)>) -> Self {
        self.explaining = explaining;
        self
    }

    /// Keeps outcomes in input order instead of writing results.
    pub fn collecting(mut self, collected: &'a mut Vec<(usize, Outcome)>) -> Self {
        self.collected = Some(collected);
        self
    }

    /// Takes the outcome of input `index` and emits all whose turn it is.
    pub fn take(&mut self, index: usize, outcome: Outcome) -> Result<()> {
        self.pending.insert(index, outcome);
        while let Some(outcome) = self.pending.remove(&self.next) {
            self.emit(self.next, outcome)?;
            self.next += 1;
        }
        Ok(())
    }

    /// Emits what still waits (behind inputs that a stopped run did not reach) and closes the sinks.
    /// Returns the files written, relative to the run folder.
    pub fn finish(mut self) -> Result<Vec<std::path::PathBuf>> {
        let pending = std::mem::take(&mut self.pending);
        let missed = (self.next..self.inputs.len()).filter(|index| !pending.contains_key(index));
        let missed: Vec<usize> = missed.collect();
        for (index, outcome) in pending {
            self.emit(index, outcome)?;
        }
        for input in missed.into_iter().map(|index| self.inputs[index].identity.record(None)) {
            self.sinks.iter_mut().try_for_each(|sink| sink.missed(&input))?;
        }
        let mut files = Vec::new();
        for sink in self.sinks {
            files.extend(sink.finish()?);
        }
        Ok(files)
    }

    fn emit(&mut self, index: usize, outcome: Outcome) -> Result<()> {
        if let Some(collected) = &mut self.collected {
            collected.push((index, outcome));
            return Ok(());
        }
        let Outcome { content, manifest } = outcome;
        let input =
            self.inputs[index].identity.record(content.as_ref().map(|(digest, bytes)| (digest, *bytes)));
        let mut records = 0;
        for (n, entry) in manifest.items.iter().enumerate() {
            let (mut record, found) = self.record(&input, entry, content.map(|(digest, _)| digest))?;
            record.warnings.extend_from_slice(if n == 0 { &manifest.warnings } else { &[] });
            if let Some((key, observed)) = &found {
                self.explain(&mut record, &self.inputs[index], (key, observed))?;
            }
            let seen = found.as_ref().map(|(key, observed)| Seen { input: &input.id, key, observed });
            for fold in &mut self.folds {
                fold.record_seen(&mut record, seen.as_ref());
            }
            for sink in &mut self.sinks {
                sink.item_seen(&record, seen.map(|seen| (seen, self.policy)))?;
            }
            records += u32::from(record.error.is_none());
        }
        let status = match (&manifest.failure, records as usize == manifest.items.len()) {
            (None, true) => Status::Done,
            _ if records == 0 => Status::Failed,
            _ => Status::Partial,
        };
        let error = manifest.failure.or_else(|| manifest.items.into_iter().find_map(|item| item.failure));
        let closing = InputRecord { schema: INPUT_SCHEMA.into(), input, items: records, status, error };
        for fold in &mut self.folds {
            fold.input(&closing);
        }
        for sink in &mut self.sinks {
            sink.input(&closing)?;
        }
        Ok(())
    }

    fn explain(&self, record: &mut Record, input: &Input, (key, observed): (&Key, &Observed)) -> Result<()> {
        let Some((explainer, artist)) = self.explaining else { return Ok(()) };
        let explained = self.store.get::<Explained>(&self.keys.explained(key));
        let explained = explained.ok_or_else(|| unreadable(&record.item.input))?;
        let (part, labels) = (observed.part.as_ref(), self.policy.labels());
        let files = artist.maps(&input.identity, part, &observed.origin, observed.size, &explained, labels);
        record.ext.insert("explain".to_owned(), explainer.told(&explained, labels, &files));
        Ok(())
    }

    fn record(
        &self,
        input: &InputId,
        entry: &Entry,
        digest: Option<Key>,
    ) -> Result<(Record, Option<(Key, Observed)>)> {
        let mut record = blank(input, entry);
        if entry.failure.is_some() {
            return Ok((record, None));
        }
        let key = digest.map(|digest| self.keys.item(&digest, entry.part.as_ref()));
        let Some((key, observed)) = key.and_then(|key| Some((key, self.store.get::<Observed>(&key)?))) else {
            return Err(unreadable(input));
        };
        match self.tracks {
            Some(tracks) => tracks.complete(&mut record, &observed)?,
            None => {
                let decided =
                    self.policy.decide_item(&Seen { input: &input.id, key: &key, observed: &observed });
                (record.prediction, record.decision) = (Some(decided.prediction), decided.decision);
            }
        }
        record.warnings.clone_from(&observed.warnings);
        Ok((record, Some((key, observed))))
    }
}

/// Checked when the store was opened; gone since, or unreadable now.
fn unreadable(input: &InputId) -> Error {
    let message = format!(
        "{}/{}: its stored observation cannot be read; run again with --force",
        input.root, input.path
    );
    Error::new(Kind::Internal, message)
}

fn blank(input: &InputId, entry: &Entry) -> Record {
    Record {
        schema: ITEM_SCHEMA.into(),
        item: ItemId { input: input.clone(), part: entry.part.clone() },
        size: entry.size,
        orientation: entry.orientation,
        prediction: None,
        warnings: Vec::<Warning>::new(),
        error: entry.failure.clone(),
        decision: None,
        ext: known(entry),
    }
}

/// What is known of an item that failed; in `vision triage` whose it is, by pseudonyms.
fn known(entry: &Entry) -> serde_json::Map<String, serde_json::Value> {
    let facts = entry.facts.iter().map(|(key, value)| (key.clone(), value.clone().into()));
    let facts: serde_json::Map<_, _> = facts.collect();
    (!facts.is_empty()).then(|| ("triage".to_owned(), facts.into())).into_iter().collect()
}

/// An outcome for an input that could not be opened at all.
pub fn failed(error: &Error, content: Option<(Key, u64)>) -> Outcome {
    Outcome { content, manifest: Manifest::failed("unknown", Some(Failure::from(error))) }
}
