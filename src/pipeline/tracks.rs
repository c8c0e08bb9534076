//! The tracks of a run: its sequences, decided from stored observations when all of their frames are known.
//!
//! A tracked run walks twice. The first walk observes; then the frames of every sequence are known. The second
//! draws and writes, asking here what each frame shows. Sequences are decided when they are asked for and a few
//! are kept, so that memory does not grow with their number.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::emit::Outcome;
use super::manifest::Entry;
use crate::digest::Key;
use crate::draw::Overlay;
use crate::error::{Error, Kind, Result, poisoned};
use crate::frame::Part;
use crate::geometry::Rect;
use crate::input::Input;
use crate::observation::Observed;
use crate::policy::{Policy, round};
use crate::prediction::{Instance, Prediction};
use crate::record::Record;
use crate::run::key::Keys;
use crate::run::store::Store;
use crate::track::sequence::{Filled, Follower, Tracks};
use crate::track::{Area, Detection, Settings};
use crate::zones::{Event, Zones, events};

pub mod told;

use told::Counts;

/// How things are followed, and where they are counted.
#[derive(Debug, Clone)]
pub struct Tracking {
    pub settings: Settings,
    /// Whether things are numbered as without looking ahead.
    pub live: bool,
    /// Gaps of at most so many frames are filled.
    pub fill: u32,
    /// A thing is taken to be where it was first and last seen for so many frames before and after.
    pub linger: u32,
    /// Frames that a drawn tail is long.
    pub tail: usize,
    /// Frames a second, where pictures of a folder are a sequence.
    pub rate: Option<f64>,
    pub zones: Option<Zones>,
}

pub struct RunTracks<'a> {
    pub tracking: &'a Tracking,
    policy: &'a dyn Policy,
    store: &'a Store,
    keys: &'a Keys,
    sequences: Vec<Sequence>,
    /// By id of input.
    spots: HashMap<&'a str, Spot>,
    /// The digest of each input's bytes.
    digests: Vec<Option<Key>>,
    /// The sequences asked for last, and how many of them are kept: one for each worker, and what is written.
    decided: Mutex<VecDeque<(usize, Arc<Decided>)>>,
    kept: usize,
}

#[derive(Debug, Clone, Copy)]
enum Spot {
    /// A picture is this frame of a sequence.
    One(usize, usize),
    /// Its frames are a sequence.
    All(usize),
}

struct Sequence {
    /// Root and path of the file, or of the folder.
    name: String,
    frames: Vec<FrameOf>,
}

struct FrameOf {
    input: usize,
    part: Option<Part>,
    /// What results call it: a video's own number, or that of the picture in its folder.
    number: u32,
    /// When it is shown, from the beginning.
    seconds: Option<f64>,
    /// Whether it could be observed.
    seen: bool,
}

/// What a sequence's observations come to.
struct Decided {
    tracks: Tracks,
    /// In pixels.
    zones: Option<Zones>,
    events: Vec<Event>,
    counts: Counts,
}

impl<'a> RunTracks<'a> {
    /// The sequences among the inputs with these outcomes: files with frames and, where the tracking has a rate,
    /// the pictures of each folder in order of the list.
    pub fn new(
        tracking: &'a Tracking,
        inputs: &'a [Input],
        outcomes: &[(usize, Outcome)],
        (policy, store, keys): (&'a dyn Policy, &'a Store, &'a Keys),
        workers: usize,
    ) -> Self {
        let mut digests = vec![None; inputs.len()];
        let (mut sequences, mut spots) = (Vec::new(), HashMap::new());
        let mut folders: BTreeMap<(&str, &Path), Vec<FrameOf>> = BTreeMap::new();
        for (index, Outcome { content, manifest }) in outcomes {
            digests[*index] = content.map(|(digest, _)| digest);
            let identity = &inputs[*index].identity;
            let of = |entry: &Entry| FrameOf {
                input: *index,
                part: entry.part.clone(),
                number: if let Some(Part::Frame { n, .. }) = entry.part { n } else { 0 },
                seconds: entry.seconds,
                seen: entry.failure.is_none(),
            };
            let frames = manifest.items.iter().filter(|entry| matches!(entry.part, Some(Part::Frame { .. })));
            let mut frames: Vec<FrameOf> = frames.map(of).collect();
            if !frames.is_empty() {
                // Time passes in frames that cannot be decoded, too.
                let lost =
                    |n: &u32| FrameOf { input: *index, part: None, number: *n, seconds: None, seen: false };
                frames.extend(manifest.lost.iter().map(lost));
                frames.sort_by_key(|frame| frame.number);
                spots.insert(identity.id.as_str(), Spot::All(sequences.len()));
                sequences.push(Sequence { name: identity.shown(), frames });
            } else if let ([only], Some(_)) = (manifest.items.as_slice(), tracking.rate) {
                let folder = identity.relative.parent().unwrap_or(Path::new(""));
                folders.entry((&identity.root, folder)).or_default().push(of(only));
            }
        }
        for ((root, folder), mut frames) in folders {
            for (n, frame) in frames.iter_mut().enumerate() {
                frame.number = u32::try_from(n).unwrap_or(u32::MAX);
                frame.seconds = tracking.rate.map(|rate| n as f64 / rate);
                spots.insert(&inputs[frame.input].identity.id, Spot::One(sequences.len(), n));
            }
            let name =
                Path::new(root).join(folder).components().collect::<PathBuf>().to_string_lossy().into_owned();
            sequences.push(Sequence { name, frames });
        }
        let (decided, kept) = (Mutex::default(), workers + 2);
        Self { tracking, policy, store, keys, sequences, spots, digests, decided, kept }
    }

    /// How many sequences there are.
    pub fn sequences(&self) -> usize {
        self.sequences.len()
    }

    /// What an item shows, and what is drawn with it.
    pub fn decide(&self, id: &str, observed: &Observed) -> (Prediction, Overlay) {
        let plain = || (self.policy.decide(observed), Overlay::default());
        let Some((sequence, frame)) = self.spot(id, observed.part.as_ref()) else { return plain() };
        match self.sequence(sequence) {
            Ok(decided) => {
                let instances = self.instances(&decided, frame, observed);
                let overlay = self.overlay(&decided, frame, &instances);
                (self.policy.decide(observed).with_instances(instances), overlay)
            }
            // Said when the record is written.
            Err(_) => plain(),
        }
    }

    /// The prediction of a record, and which frame it is of which sequence.
    ///
    /// # Errors
    /// `Internal` where a stored observation of the sequence cannot be read.
    pub fn complete(&self, record: &mut Record, observed: &Observed) -> Result<()> {
        let prediction = self.policy.decide(observed);
        let Some((number, frame)) = self.spot(&record.item.input.id, observed.part.as_ref()) else {
            record.prediction = Some(prediction);
            return Ok(());
        };
        let decided = self.sequence(number)?;
        record.prediction = Some(prediction.with_instances(self.instances(&decided, frame, observed)));
        let mut told =
            json!({ "sequence": self.sequences[number].name, "frame": self.number(number, frame) });
        if let Some(seconds) = self.seconds(number, frame) {
            told["seconds"] = json!(seconds);
        }
        if let Some(zones) = &decided.zones {
            told["events"] = self.told_events(number, &decided, zones, frame);
            told["inside"] = decided.counts.inside(zones, frame);
        }
        record.ext.insert("track".to_owned(), told);
        Ok(())
    }

    fn spot(&self, id: &str, part: Option<&Part>) -> Option<(usize, usize)> {
        match (*self.spots.get(id)?, part) {
            // A file of one page is a picture too.
            (Spot::One(sequence, frame), _) => Some((sequence, frame)),
            (Spot::All(sequence), Some(Part::Frame { n, .. })) => {
                let found = self.sequences[sequence].frames.binary_search_by_key(n, |frame| frame.number);
                found.ok().map(|frame| (sequence, frame))
            }
            _ => None,
        }
    }

    /// When a frame is shown, seconds from the beginning, rounded to microseconds.
    fn seconds(&self, sequence: usize, frame: usize) -> Option<f64> {
        let seconds = self.sequences[sequence].frames.get(frame)?.seconds?;
        Some((seconds * 1e6).round() / 1e6)
    }

    /// What results call a frame.
    fn number(&self, sequence: usize, frame: usize) -> u32 {
        self.sequences[sequence].frames.get(frame).map_or(0, |frame| frame.number)
    }

    fn sequence(&self, number: usize) -> Result<Arc<Decided>> {
        // Others wait: they mostly want the same one.
        let mut kept = self.decided.lock().map_err(|_| poisoned("tracks"))?;
        let known = kept.iter().position(|(other, _)| *other == number).and_then(|at| kept.remove(at));
        let decided = match known {
            Some((_, decided)) => decided,
            None => Arc::new(self.decided(&self.sequences[number])?),
        };
        if kept.len() >= self.kept {
            kept.pop_front();
        }
        kept.push_back((number, Arc::clone(&decided)));
        Ok(decided)
    }

    fn decided(&self, sequence: &Sequence) -> Result<Decided> {
        let mut follower = Follower::new(self.tracking.settings.tracker()).live(self.tracking.live);
        let mut size = None;
        for frame in &sequence.frames {
            let observed = if frame.seen { Some(self.observed(sequence, frame)?) } else { None };
            size = size.or(observed.as_ref().map(|observed| observed.size));
            let found = observed.map(|observed| self.found(&observed)).unwrap_or_default();
            let detection = |(instance, _): &(Instance, bool)| Detection {
                area: Area::from(instance.rect),
                class: instance.class,
                score: f64::from(instance.score),
            };
            follower.frame(&found.iter().map(detection).collect::<Vec<_>>());
        }
        let tracks = follower.finish(self.tracking.fill, self.tracking.linger);
        let zones = self.tracking.zones.as_ref().zip(size).map(|(zones, size)| zones.in_pixels(size));
        let labels = self.policy.labels();
        let wants = |place: &crate::zones::Place, class: u32| {
            place.labels.is_empty() || place.labels.iter().any(|label| labels.index(label) == Some(class))
        };
        let events = zones.as_ref().map(|zones| events(zones, tracks.paths(), &wants)).unwrap_or_default();
        let counts = Counts::new(zones.as_ref().map_or(0, |zones| zones.places.len()), &events);
        Ok(Decided { tracks, zones, events, counts })
    }

    fn observed(&self, sequence: &Sequence, frame: &FrameOf) -> Result<Observed> {
        let digest = self.digests.get(frame.input).copied().flatten();
        let stored = digest.and_then(|digest| self.store.get(&self.keys.item(&digest, frame.part.as_ref())));
        stored.ok_or_else(|| {
            let message =
                format!("{}: a stored observation cannot be read; run again with --force", sequence.name);
            Error::new(Kind::Internal, message)
        })
    }

    fn found(&self, observed: &Observed) -> Vec<(Instance, bool)> {
        self.policy.tracked(observed, self.tracking.settings.low as f32)
    }

    /// What counts by itself or continues a track, and what fills gaps; the best first.
    fn instances(&self, decided: &Decided, frame: usize, observed: &Observed) -> Vec<Instance> {
        let numbers = decided.tracks.numbers(frame).iter().copied().chain(std::iter::repeat(None));
        let found = self.found(observed).into_iter().zip(numbers);
        let named = found.filter_map(|((instance, counts), track)| {
            (counts || track.is_some()).then_some(Instance { track, ..instance })
        });
        let mut all: Vec<Instance> = named.collect();
        all.extend(decided.tracks.filled(frame).iter().map(|filled| self.filled(filled)));
        all.sort_by(|a, b| b.score.total_cmp(&a.score));
        all
    }

    fn filled(&self, Filled { track, place }: &Filled) -> Instance {
        Instance {
            class: place.class,
            label: self.policy.labels().name(place.class).into_owned(),
            score: round(place.score, 1e6),
            rect: Rect::from(place.area.map(|v| round(v, 1e3))),
            corners: None,
            keypoints: Vec::new(),
            track: Some(*track),
            filled: true,
            children: Vec::new(),
        }
    }

    fn told_events(&self, number: usize, decided: &Decided, zones: &Zones, frame: usize) -> Value {
        let frames = &self.sequences[number].frames;
        let at = |frame: usize| decided.events.partition_point(|event| (event.frame as usize) < frame);
        // What happens where a frame has no record (a filled gap) is told with the next that has one; the last tells
        // the rest.
        let first = frames[..frame].iter().rposition(|before| before.seen).map_or(0, |before| before + 1);
        let is_last = !frames[frame + 1..].iter().any(|after| after.seen);
        let end = if is_last { decided.events.len() } else { at(frame + 1) };
        let labels = self.policy.labels();
        let seconds = |frame: u32| self.seconds(number, frame as usize);
        let numbered = |frame: u32| self.number(number, frame as usize);
        let told =
            |event: &Event| told::event(event, zones, &labels.name(event.class), (&numbered, &seconds));
        decided.events[at(first)..end].iter().map(told).collect()
    }
}
