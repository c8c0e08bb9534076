//! Running the clock over stages, the model and the walk.

use std::time::{Duration, Instant};

use crate::draw::{Style, annotate};
use crate::engine::{Engine, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result};
use crate::family::Outputs;
use crate::frame::Frame;
use crate::input::{Identity, Input};
use crate::observation::Observed;
use crate::perform::Prepared;
use crate::pipeline::artist::{Artist, JPEG_QUALITY, Wanted};
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
}

/// The last two only with annotated output.
const STAGES: [&str; 6] = ["decode", "prepare", "model", "finish", "draw", "encode"];

struct Unwatched;

impl Watcher for Unwatched {
    fn closed(&self, _: &Input, _: Option<&Failure>) {}
    fn frame(&self, _: bool) {}
}

impl Bench<'_> {
    /// Each stage alone, on this one thread, and the tensors of the last picture. Pictures that fail are left
    /// out.
    pub fn stages(&self) -> Result<(Vec<Stage>, Vec<NamedTensor>)> {
        let infer = self.engine.worker()?;
        let prepared = self.prepared;
        let count = if self.annotated { STAGES.len() } else { 4 };
        let mut stages: Vec<Stage> =
            STAGES[..count].iter().map(|name| Stage { name, times: Vec::new() }).collect();
        let mut last = Vec::new();
        for (number, input) in self.inputs.iter().cycle().take(self.inputs.len() + WARM_UP).enumerate() {
            let mut marks = vec![Instant::now()];
            let Ok(opened) = open(input.identity.shown(), input.file.clone(), &prepared.limits) else {
                continue;
            };
            let Ok(mut frames) = opened.frames else { continue };
            let Some(Ok(frame)) = frames.next_frame() else { continue };
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
                draw_and_encode(&frame, &prediction, &mut marks)?;
            }
            last = tensors;
            if number >= WARM_UP {
                let times = marks.windows(2).map(|pair| pair[1] - pair[0]);
                stages.iter_mut().zip(times).for_each(|(stage, time)| stage.times.push(time));
            }
        }
        if stages[0].times.is_empty() {
            return Err(Error::new(Kind::NothingToDo, "none of the pictures could be decoded"));
        }
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
            scored: true,
            generator: "vision bench".into(),
        };
        let sinks = sink::open(&["jsonl"], crate::spec::Task::Detect, &context)?;
        let style = Style::default();
        let wanted = Wanted { images: true, ..Wanted::default() };
        let artist = self
            .annotated
            .then(|| Artist::new(folder.root(), folder.temporary(), style, None, wanted, &inputs));
        let control = Control::default();
        let walk = Walk {
            inputs: &inputs,
            family: prepared.family.as_ref(),
            policy: prepared.policy.as_ref(),
            keys: &keys,
            store: &store,
            journal: &journal,
            artist: artist.as_ref(),
            limits: prepared.limits.clone(),
            deadline: Duration::from_secs(600),
            isolate: self.isolate,
            control: &control,
            watcher: &Unwatched,
            reuse: false,
        };
        let emitter = Emitter::new(&inputs, &keys, &store, prepared.policy.as_ref(), sinks, Vec::new());
        let begun = Instant::now();
        walk.run(self.workers, &|| engine.worker(), emitter)?;
        Ok((inputs.len(), begun.elapsed()))
    }
}

fn draw_and_encode(frame: &Frame, prediction: &Prediction, marks: &mut Vec<Instant>) -> Result<()> {
    let mut picture = frame.all_pixels().clone();
    annotate(&mut picture, prediction, &Style::default());
    marks.push(Instant::now());
    let [width, height] = frame.size;
    let format = choose(&frame.origin, width, height, None);
    std::hint::black_box(encode(&picture, format, JPEG_QUALITY, frame.icc.as_deref())?);
    marks.push(Instant::now());
    Ok(())
}
