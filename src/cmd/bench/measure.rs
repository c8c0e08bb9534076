//! Running the clock over stages, the model and the walk.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use image::RgbImage;

use super::videos::Videos;
use crate::draw::{Style, annotate};
use crate::engine::{Engine, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result};
use crate::family::Outputs;
use crate::frame::Frame;
use crate::input::{Identity, Input};
use crate::observation::Observed;
use crate::perform::Prepared;
use crate::pipeline::artist::{Artist, JPEG_QUALITY, Kinds};
use crate::pipeline::control::Control;
use crate::pipeline::emit::Emitter;
use crate::pipeline::open::open;
use crate::pipeline::tune::{self, Arrangement};
use crate::pipeline::{Walk, Watcher};
use crate::prediction::Prediction;
use crate::record::Failure;
use crate::run::RunFolder;
use crate::run::journal::Journal;
use crate::run::key::Keys;
use crate::run::store::Store;
use crate::sink::picture::{choose, encode};
use crate::sink::{self, SinkContext};

/// Pictures that are not measured: the first ones fill caches and the runtime's arena.
const WARM_UP: usize = 4;
/// Frames of a video that go through the stages.
const A_VIDEO: usize = 40;
/// The model on all workers is measured for this long.
const MODEL_TIME: Duration = Duration::from_secs(3);

/// What is measured.
pub struct Bench<'a> {
    pub inputs: &'a [Input],
    pub prepared: &'a Prepared,
    pub engine: &'a Engine,
    pub workers: usize,
    pub repeat: usize,
    pub annotated: bool,
    pub isolate: bool,
}

/// Times of one stage, one entry per picture.
pub struct Stage {
    pub name: &'static str,
    pub times: Vec<Duration>,
    /// What a picture costs on all cores together, where a stage has threads or a process of its own.
    pub cpu: Option<Duration>,
}

/// The last two only with annotated output.
const STAGES: [&str; 6] = ["decode", "prepare", "model", "finish", "draw", "encode"];

/// Counts frames.
#[derive(Default)]
struct Counting(AtomicUsize);

impl Watcher for Counting {
    fn closed(&self, _: &Input, _: Option<&Failure>) {}
    fn frame(&self, _: bool, _: bool) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
    fn video(&self, _: usize) {}
    fn note(&self, _: &str) {}
}

impl Bench<'_> {
    /// Each stage alone, on this one thread, and the tensors of the last picture. Pictures that fail are left
    /// out.
    pub fn stages(&self) -> Result<(Vec<Stage>, Vec<NamedTensor>)> {
        let infer = self.engine.worker()?;
        let prepared = self.prepared;
        let count = if self.annotated { STAGES.len() } else { 4 };
        let mut stages: Vec<Stage> =
            STAGES[..count].iter().map(|name| Stage { name, times: Vec::new(), cpu: None }).collect();
        let mut last = Vec::new();
        let mut videos = Videos::default();
        for (number, input) in self.inputs.iter().cycle().take(self.inputs.len() + WARM_UP).enumerate() {
            let mut marks = vec![Instant::now()];
            let Ok(opened) = open(input.identity.shown(), input.file.clone(), &prepared.limits) else {
                continue;
            };
            let Ok(mut frames) = opened.frames else { continue };
            let reel = frames.reel().filter(|_| number >= WARM_UP);
            // The first picture of a file with pages; of a video some more.
            for _ in 0..if reel.is_some() { A_VIDEO } else { 1 } {
                let Some(Ok(frame)) = frames.next_frame() else { break };
                marks.push(Instant::now());
                let (tensors, mapping) = prepared.family.prepare(&frame)?;
                marks.push(Instant::now());
                let outputs = infer.infer(ModelId::default(), &tensors)?;
                marks.push(Instant::now());
                let (observation, warnings) = prepared.family.decode(&Outputs::new(outputs), &mapping)?;
                let (part, size, origin) = (frame.part.clone(), frame.size, frame.origin.clone());
                let observed = Observed { part, size, origin, warnings, observation };
                let prediction = std::hint::black_box(prepared.policy.decide(&observed));
                marks.push(Instant::now());
                if self.annotated {
                    let picture = draw(&frame, &prediction, &mut marks);
                    match &reel {
                        Some(_) => videos.drawn.push(picture),
                        None => encode_picture(&frame, &picture, &mut marks)?,
                    }
                }
                last = tensors;
                if number >= WARM_UP {
                    let times = marks.windows(2).map(|pair| pair[1] - pair[0]);
                    stages.iter_mut().zip(times).for_each(|(stage, time)| stage.times.push(time));
                }
                marks = vec![Instant::now()];
            }
            drop(frames);
            if let Some(reel) = reel {
                videos.measure(input, &prepared.limits, &reel)?;
            }
        }
        if stages[0].times.is_empty() {
            return Err(Error::new(Kind::NothingToDo, "none of the pictures could be decoded"));
        }
        videos.replace(&mut stages);
        Ok((stages, last))
    }

    /// Calls a second of the model alone on all workers at once.
    pub fn model(&self, tensors: &[NamedTensor]) -> Result<f64> {
        let arrangement = Arrangement { workers: self.workers, threads: self.engine.threads() };
        tune::speed(arrangement, &|| self.engine.worker(), tensors, MODEL_TIME)
    }

    /// The whole walk, into a folder that is removed afterwards. Returns the pictures and the time.
    pub fn walk(&self) -> Result<(usize, Duration)> {
        let (prepared, engine) = (self.prepared, self.engine);
        let scratch = tempfile::tempdir().map_err(|e| Error::write("temporary folder", e))?;
        let folder = RunFolder::open(&scratch.path().join("run"))?;
        let copy = |round: usize, input: &Input| Input {
            identity: Identity::new(&format!("round-{round}"), &input.identity.relative),
            file: input.file.clone(),
            stat: input.stat,
            failure: None,
        };
        let inputs: Vec<Input> =
            (0..self.repeat).flat_map(|round| self.inputs.iter().map(move |i| copy(round, i))).collect();
        let (journal, store) = (Journal::open(&folder.journal())?, Store::open(&folder.store())?);
        let keys = Keys::new(&prepared.config(engine.provider().precision()));
        let temporary = folder.temporary();
        let context = SinkContext {
            folder: folder.root(),
            temporary: &temporary,
            labels: prepared.policy.labels(),
            tracked: false,
            scored: true,
            generator: "vision bench".into(),
        };
        let sinks = sink::open(&["jsonl"], crate::spec::Task::Detect, &context)?;
        let style = Style::default();
        let artist = self
            .annotated
            .then(|| Artist::new(folder.root(), folder.temporary(), style, Kinds::images(), &inputs));
        let (control, watcher) = (Control::default(), Counting::default());
        let walk = Walk {
            inputs: &inputs,
            folder: folder.root(),
            family: prepared.family.as_ref(),
            explainer: None,
            policy: prepared.policy.as_ref(),
            keys: &keys,
            store: &store,
            journal: &journal,
            tracks: None,
            artist: artist.as_ref(),
            limits: prepared.limits.clone(),
            deadline: Duration::from_secs(600),
            isolate: self.isolate,
            control: &control,
            watcher: &watcher,
            provider: "",
            witness: None,
            reuse: false,
        };
        let emitter = Emitter::new(&inputs, &keys, &store, prepared.policy.as_ref(), sinks, Vec::new());
        let begun = Instant::now();
        walk.run(self.workers, &|| engine.worker(), emitter)?;
        Ok((watcher.0.into_inner(), begun.elapsed()))
    }
}

fn draw(frame: &Frame, prediction: &Prediction, marks: &mut Vec<Instant>) -> RgbImage {
    let mut picture = frame.all_pixels().clone();
    annotate(&mut picture, prediction, &Style::default());
    marks.push(Instant::now());
    picture
}

fn encode_picture(frame: &Frame, picture: &RgbImage, marks: &mut Vec<Instant>) -> Result<()> {
    let [width, height] = frame.size;
    let format = choose(&frame.origin, width, height, None);
    std::hint::black_box(encode(picture, format, JPEG_QUALITY, frame.icc.as_deref())?);
    marks.push(Instant::now());
    Ok(())
}
