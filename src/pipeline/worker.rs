//! One worker: carries a frame all the way from its file to the journal.

mod video;

use std::cell::OnceCell;
use std::sync::{Arc, Mutex};

use image::RgbImage;

use super::Walk;
use super::artist::Plan;
use super::companion::{caught, named};
use super::decode::Decoder;
use super::dispense::{Dispenser, Task};
use super::emit::{Emitter, Outcome, failed};
use super::film::{Ledger, drawn};
use super::manifest::{Entry, Manifest};
use super::open::Opened;
use super::stream::{Next, Stream};
use crate::digest::{Key, sha256};
use crate::draw::Overlay;
use crate::engine::Infer;
use crate::error::{Error, FaultOf, Kind, Result};
use crate::explain::Explained;
use crate::frame::{Attributes, Frame, Part};
use crate::input::Input;
use crate::observation::Observed;
use crate::policy::Seen;
use crate::prediction::Prediction;
use crate::record::Failure;
use crate::source::video::is_video;

type Means<'a> = &'a (dyn Fn() -> Result<Box<dyn Infer>> + Sync);

pub struct Worker<'a, 'e> {
    walk: &'a Walk<'a>,
    dispenser: &'a Dispenser,
    emitter: &'a Mutex<Emitter<'e>>,
    means: Means<'a>,
    infer: OnceCell<Box<dyn Infer>>,
    decoder: Box<dyn Decoder>,
    /// Limits in words, as manifests note them.
    limits: String,
}

impl<'a, 'e> Worker<'a, 'e> {
    pub fn new(
        walk: &'a Walk<'a>,
        dispenser: &'a Dispenser,
        emitter: &'a Mutex<Emitter<'e>>,
        means: Means<'a>,
        decoder: Box<dyn Decoder>,
    ) -> Self {
        let limits = walk.limits.to_string();
        Self { walk, dispenser, emitter, means, infer: OnceCell::new(), decoder, limits }
    }

    /// Works until nothing is left or the run stops.
    pub fn run(mut self) {
        while self.walk.control.stopped().is_none() {
            let Some(task) = self.dispenser.next() else { return };
            let done = match task {
                Task::Open(index) => {
                    let done = caught(|| self.open(index));
                    self.dispenser.opened();
                    done
                }
                Task::Advance(stream) => self.advance(&stream),
            };
            if let Err(error) = done {
                self.walk.control.abort(error);
            }
        }
        self.dispenser.stop();
    }

    fn open(&mut self, index: usize) -> Result<()> {
        let walk = self.walk;
        let input = &walk.inputs[index];
        if let Some(error) = &input.failure {
            return self.emit(index, failed(error, None));
        }
        let known = walk.journal.input(&input.identity.id).filter(|known| Some(known.stat) == input.stat);
        if let Some(known) = known
            && let Some(manifest) = self.settled(input, &known.digest)
        {
            let content = Some((known.digest, known.stat.bytes));
            return self.emit(index, Outcome { content, manifest });
        }
        match self.decoder.open(&input.identity.shown(), &input.file) {
            Ok(opened) => self.opened(index, opened),
            Err(error) if error.fault_of() == FaultOf::Environment => Err(error),
            Err(error) => self.emit(index, failed(&error, None)),
        }
    }

    fn opened(&mut self, index: usize, opened: Opened) -> Result<()> {
        let Opened { digest, stat, format, frames } = opened;
        let input = &self.walk.inputs[index];
        let digest = if self.walk.reuse { digest } else { salted(&digest, index) };
        // The same bytes may have been seen under another name or time stamp.
        if let Some(manifest) = self.settled(input, &digest) {
            self.walk.journal.close(&input.identity.id, &digest, &format, stat)?;
            return self.emit(index, Outcome { content: Some((digest, stat.bytes)), manifest });
        }
        match frames {
            Ok(mut frames) => {
                let (settled, film) = match frames.reel() {
                    // A copy of what another worker has in hand: not to be looked at twice.
                    Some(_) if !self.dispenser.claim(&digest, index) => return Ok(()),
                    Some(reel) => self.begin_video(input, &digest, reel, frames.as_mut())?,
                    None => (Vec::new(), None),
                };
                let stream = Stream::new(index, digest, stat, format, frames).with(settled, film);
                self.advance(&Arc::new(stream))
            }
            Err(error) => {
                if let Some((witness, about)) = self.walk.witness.zip(error.item()) {
                    witness.saw(input, &about.attributes);
                }
                let items = Entry::failed(&error).into_iter().collect();
                let failed = Manifest::failed(&format, Some(Failure::from(&error)));
                let manifest = Manifest { items, limits: Some(self.limits.clone()), ..failed };
                self.close(index, (digest, &format, stat), manifest)
            }
        }
    }

    /// The stored outcome of these bytes, when nothing is left to do for this input.
    fn settled(&self, input: &Input, digest: &Key) -> Option<Manifest> {
        let walk = self.walk;
        if !walk.reuse || walk.witness.is_some_and(|witness| !witness.knows(digest)) {
            return None;
        }
        let manifest: Manifest = walk.store.get(&walk.keys.manifest(digest))?;
        let film = walk.artist.filter(|artist| artist.films(&manifest.format));
        // Without an encoder that stays to be said when the input is opened.
        let settings = film.map(|film| film.film_settings(digest, walk.keys.choice())).transpose().ok()?;
        let mut ledger = settings.as_ref().map(Ledger::new);
        let settled = manifest.fits(&self.limits)
            && manifest.items.iter().all(|entry| {
                let key = walk.keys.item(digest, entry.part.as_ref());
                if entry.failure.is_none() && self.lacks_thumb(digest, entry.part.as_ref()) {
                    return false;
                }
                if entry.failure.is_some() || walk.artist.is_none() {
                    return entry.failure.is_some() || walk.store.contains(&key);
                }
                let Some(observed) = walk.store.get::<Observed>(&key) else { return false };
                self.plan(input, digest, &key, &observed).is_none_or(|(plan, prediction)| {
                    if let Some((ledger, Part::Frame { n, .. })) = ledger.as_mut().zip(entry.part.as_ref()) {
                        ledger.add_to_whole(*n, &drawn(Some((&prediction, &plan.overlay))));
                    }
                    self.is_drawn(input, &observed, &plan)
                })
            });
        let filmed = ledger.is_none_or(|ledger| {
            let before = walk.journal.drawn(&input.identity.id, None);
            let stands = film.is_some_and(|film| film.film_stands(&input.identity));
            // Nothing is drawn of a video without a frame.
            manifest.items.is_empty() || (before == Some(ledger.whole()) && stands)
        });
        (settled && filmed).then_some(manifest)
    }

    fn plan(
        &self,
        input: &Input,
        digest: &Key,
        key: &Key,
        observed: &Observed,
    ) -> Option<(Plan, Prediction)> {
        let artist = self.walk.artist.filter(|artist| artist.draws())?;
        let part = observed.part.as_ref();
        let (prediction, overlay) = self.shown(input, key, observed);
        let mut plan =
            artist.plan(&input.identity, part, &observed.origin, observed.size, &prediction, overlay);
        if let Some(explained) = self.explained(key) {
            let labels = self.walk.policy.labels();
            let files =
                artist.maps(&input.identity, part, &observed.origin, observed.size, &explained, labels);
            plan = plan.with_maps(files, explained, key);
        }
        Some((artist.with_thumb(plan, digest, part), prediction))
    }

    /// What explains an item's observation, where that is asked for; it is stored before the observation.
    fn explained(&self, key: &Key) -> Option<Explained> {
        self.walk.explainer?;
        self.walk.store.get(&self.walk.keys.explained(key))
    }

    /// What a frame shows: what was decided, and where it is followed, what belongs to that.
    fn shown(&self, input: &Input, key: &Key, observed: &Observed) -> (Prediction, Overlay) {
        let input = &input.identity.id;
        match self.walk.tracks {
            Some(tracks) => tracks.decide(input, observed),
            None => {
                let decided = self.walk.policy.decide_item(&Seen { input, key, observed });
                (decided.prediction, Overlay::default())
            }
        }
    }

    fn lacks_thumb(&self, digest: &Key, part: Option<&Part>) -> bool {
        self.walk.artist.is_some_and(|artist| artist.missing_thumb(digest, part).is_some())
    }

    fn is_drawn(&self, input: &Input, observed: &Observed, plan: &Plan) -> bool {
        if plan.files().next().is_none() {
            return true;
        }
        let before = self.walk.journal.drawn(&input.identity.id, observed.part.as_ref());
        before.as_ref() == Some(&plan.drawn) && self.walk.artist.is_none_or(|artist| artist.stands(plan))
    }

    /// Takes a stream one frame on, and closes its input after the last.
    fn advance(&mut self, stream: &Arc<Stream>) -> Result<()> {
        let input = &self.walk.inputs[stream.index];
        let walk = self.walk;
        let saw = |known: &Attributes| walk.witness.into_iter().for_each(|witness| witness.saw(input, known));
        let next = stream.advance(&input.identity.shown(), self.decoder.as_mut(), &saw);
        // Before the frame is worked on, so that others decode the next one meanwhile.
        if stream.begins_to_share() {
            self.dispenser.share(Arc::clone(stream));
        }
        match next {
            Ok(Next::Frame(number, frame)) => {
                if let Err(error) = self.frame(input, stream, number, &frame) {
                    stream.give_up();
                    return Err(error);
                }
            }
            Err(error) if error.fault_of() == FaultOf::Environment => return Err(error),
            // A failure is kept by the stream.
            Ok(Next::Failed | Next::End) | Err(_) => {}
        }
        match stream.close(&self.limits) {
            Some(manifest) => {
                let closed = self.finished(input, stream, manifest);
                self.dispenser.release(&stream.digest);
                closed
            }
            None => Ok(()),
        }
    }

    /// The end of an input with frames: its annotated video, then its list of items.
    fn finished(&self, input: &Input, stream: &Stream, mut manifest: Manifest) -> Result<()> {
        match self.film(stream, &manifest) {
            // The records stand; a run that is done again tries the video again.
            Err(error) if error.kind == Kind::Tool => {
                let message = format!("{}: no annotated video: {}", input.identity.shown(), error.message);
                let failure = Failure::from(&Error::new(Kind::Tool, message));
                manifest.failure.get_or_insert(failure);
            }
            other => other?,
        }
        self.close(stream.index, (stream.digest, &stream.format, stream.stat), manifest)
    }

    /// Observes, stores, draws and journals a frame. A failure of the model, a bug, or a picture that
    /// cannot be drawn (a profile that no JPEG holds) is the frame's own; what the environment cannot
    /// do ends the run.
    fn frame(&self, input: &Input, stream: &Stream, number: u64, frame: &Frame) -> Result<()> {
        let truncated = frame.warnings.iter().any(|warning| warning.code == "truncated");
        let done = caught(|| self.work(input, &stream.digest, frame));
        let (failure, fresh, shown) = match done {
            Ok((fresh, shown)) => (None, fresh, shown),
            Err(error)
                if error.kind == Kind::ModelOutput
                    || matches!(error.fault_of(), FaultOf::Bug | FaultOf::Input) =>
            {
                let shown = format!("{}{}", input.identity.shown(), Part::suffix(frame.part.as_ref()));
                (Some(Failure::from(&named(&shown, error))), false, None)
            }
            Err(error) => return Err(error),
        };
        if let Some((film, artist)) = stream.film.as_ref().zip(self.walk.artist)
            && let Some(Part::Frame { n, .. }) = frame.part
        {
            let shown = shown.as_ref().map(|(prediction, overlay)| (prediction, overlay));
            let picture = if film.wants(n) { artist.picture(frame, shown) } else { RgbImage::new(0, 0) };
            film.take(number, n, drawn(shown), picture)?;
        }
        let (part, size, orientation) = (frame.part.clone(), frame.size, frame.origin.orientation);
        let facts = match failure {
            Some(_) => frame.attributes.pseudonyms(),
            None => Vec::new(),
        };
        let seconds = stream.seconds(part.as_ref());
        stream.finish(number, Entry { part, size, orientation, seconds, failure, facts }, truncated)?;
        self.walk.watcher.frame(fresh, is_video(&stream.format));
        Ok(())
    }

    /// Returns whether the frame was observed now, and what it shows, where that is drawn.
    fn work(
        &self,
        input: &Input,
        digest: &Key,
        frame: &Frame,
    ) -> Result<(bool, Option<(Prediction, Overlay)>)> {
        let walk = self.walk;
        let key = walk.keys.item(digest, frame.part.as_ref());
        let stored = if walk.reuse { walk.store.get::<Observed>(&key) } else { None };
        let fresh = stored.is_none();
        let observed = match stored {
            Some(observed) => observed,
            None => {
                let observed = self.observe(frame, &key)?;
                walk.store.put(&key, &observed)?;
                observed
            }
        };
        let part = frame.part.as_ref();
        let (mut drawn, mut shown) = ((Vec::new(), String::new()), None);
        if let Some((artist, (plan, prediction))) = walk.artist.zip(self.plan(input, digest, &key, &observed))
        {
            if !self.is_drawn(input, &observed, &plan) {
                artist.draw(&plan, frame, &prediction)?;
            }
            let files: Vec<_> = plan.files().map(|file| file.to_string_lossy().into_owned()).collect();
            // Nothing to remember of a frame that has no files of its own.
            let digest = if files.is_empty() { String::new() } else { plan.drawn };
            (drawn, shown) = ((files, digest), Some((prediction, plan.overlay)));
        }
        let thumb = walk.artist.and_then(|artist| Some((artist, artist.missing_thumb(digest, part)?)));
        if let Some((artist, name)) = thumb {
            artist.write_thumb(&name, frame)?;
            drawn.0.push(name.to_string_lossy().into_owned());
        }
        // Of a frame that has no files and was stored before there is nothing new.
        if fresh || !drawn.0.is_empty() {
            walk.journal.item(&input.identity.id, part, &key, drawn.0, drawn.1)?;
        }
        Ok((fresh, shown))
    }

    fn observe(&self, frame: &Frame, key: &Key) -> Result<Observed> {
        let infer = match self.infer.get() {
            Some(infer) => infer,
            None => {
                let own = (self.means)()?;
                self.infer.get_or_init(|| own)
            }
        };
        let walk = self.walk;
        let (mut observation, mut noticed) = walk.family.observe(frame, infer.as_ref())?;
        observation.stamp(walk.provider);
        if let Some(explainer) = walk.explainer {
            let told = |done, whole| walk.watcher.looks(done, whole);
            let explained = explainer.explain(walk.family, frame, &observation, infer.as_ref(), &told)?;
            walk.store.put(&walk.keys.explained(key), &explained)?;
        }
        let mut warnings = frame.warnings.clone();
        warnings.append(&mut noticed);
        let (part, size, origin) = (frame.part.clone(), frame.size, frame.origin.clone());
        Ok(Observed { part, size, origin, warnings, observation })
    }

    fn close(
        &self,
        index: usize,
        (digest, format, stat): (Key, &str, crate::run::journal::Stat),
        manifest: Manifest,
    ) -> Result<()> {
        let input = &self.walk.inputs[index];
        // First: what is stored is not opened again.
        self.walk.witness.map_or(Ok(()), |witness| witness.done(input, Some(&digest)))?;
        if manifest.is_lasting() {
            self.walk.store.put(&self.walk.keys.manifest(&digest), &manifest)?;
            self.walk.journal.close(&input.identity.id, &digest, format, stat)?;
        }
        self.emit(index, Outcome { content: Some((digest, stat.bytes)), manifest })
    }

    fn emit(&self, index: usize, outcome: Outcome) -> Result<()> {
        if let Some(artist) = self.walk.artist {
            let identity = &self.walk.inputs[index].identity;
            let drawn = |part: Option<&Part>| self.walk.journal.drawn(&identity.id, part).is_some();
            for file in artist.former(identity, &outcome.manifest, &drawn) {
                crate::atomic::remove(&file)?;
            }
        }
        let digest = outcome.content.as_ref().map(|(digest, _)| digest);
        let input = &self.walk.inputs[index];
        self.walk.witness.map_or(Ok(()), |witness| witness.done(input, digest))?;
        let failure = outcome.manifest.failure.as_ref();
        let failure =
            failure.or_else(|| outcome.manifest.items.iter().find_map(|item| item.failure.as_ref()));
        self.walk.watcher.closed(&self.walk.inputs[index], failure);
        if failure.is_some() {
            self.walk.control.failed();
        }
        self.emitter.lock().map_err(|_| crate::error::poisoned("emitter"))?.take(index, outcome)
    }
}

/// A key of its own for each repetition of the same bytes, for benchmarks.
fn salted(digest: &Key, index: usize) -> Key {
    let mut salted = digest.to_vec();
    salted.extend_from_slice(&index.to_le_bytes());
    sha256(&salted)
}
