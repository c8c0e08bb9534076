//! `vision bench`: what each stage costs alone, what that allows at most, and what the walk reaches.

use std::io::{self, Write};
use std::time::{Duration, Instant};

use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde::Serialize;

use super::{Entry, print_failed, with_options};
use crate::engine::{Engine, ModelId, Runtime};
use crate::error::{Error, Kind, Result};
use crate::family::Outputs;
use crate::input::{Identity, Input, List};
use crate::observation::Observed;
use crate::options::{InputOptions, ModelOptions};
use crate::perform::{Options, Prepared};
use crate::pipeline::control::Control;
use crate::pipeline::emit::Emitter;
use crate::pipeline::open::open;
use crate::pipeline::{Walk, Watcher};
use crate::record::Failure;
use crate::run::RunFolder;
use crate::run::journal::Journal;
use crate::run::key::Keys;
use crate::run::store::Store;
use crate::sink::{self, SinkContext};

pub const ENTRY: Entry = Entry { command, run };

/// Pictures that are not measured: the first ones fill caches and the runtime's arena.
const WARM_UP: usize = 4;

#[derive(Debug, Args)]
struct BenchArgs {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// Walk over the inputs this many times
    #[arg(long, value_name = "N", default_value_t = 10)]
    repeat: usize,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

fn command() -> Command {
    let after = "The bound is workers / (sum of the stages, each alone on one thread): no arrangement of the same \
                 stages on the same cores can be faster.";
    with_options::<BenchArgs>(
        "bench",
        "Measure decoding, preparing, the model and the whole walk, against the bound",
    )
    .after_help(after)
}

/// Times of one stage, one entry per picture.
#[derive(Debug, Default)]
struct Stage(Vec<Duration>);

#[derive(Debug, Serialize)]
struct StageFacts {
    stage: &'static str,
    mean_ms: f64,
    p50_ms: f64,
    p99_ms: f64,
}

#[derive(Debug, Serialize)]
struct Facts {
    model: String,
    provider: String,
    runtime: String,
    workers: usize,
    pictures: usize,
    repeat: usize,
    stages: Vec<StageFacts>,
    bound_per_s: f64,
    model_only_per_s: f64,
    walk_per_s: f64,
    walk_of_bound: f64,
    walk_of_model_only: f64,
}

fn run(matches: &ArgMatches) -> Result<u8> {
    let args = BenchArgs::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    let mut options: Options = Options::with_defaults(args.input.inputs.clone())?;
    (options.input, options.model) = (args.input.clone(), args.model.clone());
    let prepared = Prepared::new(&options)?;
    let runtime = Runtime::load(options.model.runtime.as_deref())?;
    let device = options.model.device.parse()?;
    let engine = Engine::new(runtime, &prepared.model.spec.name, &prepared.model.bytes, device)?;
    let workers = crate::perform::workers(&options.model.workers, engine.provider())?;
    let inputs = list(&options)?;
    let stages = stages(&inputs, &prepared, &engine)?;
    let (pictures, wall) =
        walk(&inputs, (&prepared, options.input.isolate), &engine, workers, args.repeat.max(1))?;
    let facts = facts(&engine, &prepared, &stages, (workers, args.repeat.max(1)), (pictures, wall));
    let mut out = io::stdout().lock();
    let printed = if args.json {
        serde_json::to_string_pretty(&facts)
            .map_err(io::Error::other)
            .and_then(|text| writeln!(out, "{text}"))
    } else {
        print(&facts, &mut out)
    };
    printed.map_err(print_failed)?;
    Ok(0)
}

fn list(options: &Options) -> Result<Vec<Input>> {
    let select = options.input.select()?;
    let nothing = |_: &str, _: &_| false;
    let list = List { select: &select, out: std::path::Path::new(""), known: &nothing };
    let listing = list.run(&options.input.inputs, &mut io::stdin().lock())?;
    let inputs: Vec<Input> = listing.inputs.into_iter().filter(|input| input.failure.is_none()).collect();
    if inputs.is_empty() {
        return Err(Error::new(Kind::NothingToDo, "no pictures found to measure"));
    }
    Ok(inputs)
}

const STAGES: [&str; 4] = ["decode", "prepare", "model", "finish"];

/// Each stage alone, on this one thread. Pictures that fail are left out.
fn stages(inputs: &[Input], prepared: &Prepared, engine: &Engine) -> Result<[Stage; 4]> {
    let infer = engine.worker()?;
    let mut stages: [Stage; 4] = Default::default();
    for (number, input) in inputs.iter().cycle().take(inputs.len() + WARM_UP).enumerate() {
        let begun = Instant::now();
        let Ok(opened) = open(input.identity.shown(), input.file.clone(), &prepared.limits) else { continue };
        let Ok(mut frames) = opened.frames else { continue };
        let Some(Ok(frame)) = frames.next_frame() else { continue };
        let decoded = Instant::now();
        let (tensors, mapping) = prepared.family.prepare(&frame)?;
        let ready = Instant::now();
        let outputs = infer.infer(ModelId::default(), &tensors)?;
        let inferred = Instant::now();
        let (observation, warnings) = prepared.family.decode(&Outputs::new(outputs), &mapping)?;
        let (part, size, origin) = (frame.part.clone(), frame.size, frame.origin.clone());
        let observed = Observed { part, size, origin, warnings, observation };
        std::hint::black_box(prepared.policy.decide(&observed));
        let finished = Instant::now();
        if number >= WARM_UP {
            let times = [decoded - begun, ready - decoded, inferred - ready, finished - inferred];
            stages.iter_mut().zip(times).for_each(|(stage, time)| stage.0.push(time));
        }
    }
    if stages[0].0.is_empty() {
        return Err(Error::new(Kind::NothingToDo, "none of the pictures could be decoded"));
    }
    Ok(stages)
}

struct Unwatched;

impl Watcher for Unwatched {
    fn closed(&self, _: &Input, _: Option<&Failure>) {}
    fn frame(&self, _: bool) {}
}

/// The whole walk with results.jsonl and no pictures, into a folder that is removed afterwards.
fn walk(
    inputs: &[Input],
    (prepared, isolate): (&Prepared, bool),
    engine: &Engine,
    workers: usize,
    repeat: usize,
) -> Result<(usize, Duration)> {
    let scratch = tempfile::tempdir().map_err(|e| Error::write("temporary folder", e))?;
    let folder = RunFolder::open(&scratch.path().join("run"))?;
    let copy = |round: usize, input: &Input| Input {
        identity: Identity::new(&format!("round-{round}"), &input.identity.relative),
        file: input.file.clone(),
        stat: input.stat,
        failure: None,
    };
    let repeated: Vec<Input> =
        (0..repeat).flat_map(|round| inputs.iter().map(move |i| copy(round, i))).collect();
    let (journal, store) = (Journal::open(&folder.journal())?, Store::open(&folder.store())?);
    let keys = Keys::new(&prepared.config(engine.provider().precision()));
    let temporary = folder.temporary();
    let context = SinkContext {
        folder: folder.root(),
        temporary: &temporary,
        labels: prepared.policy.labels(),
        generator: "vision bench".into(),
    };
    let sinks = sink::open(&["jsonl"], crate::spec::Task::Detect, &context)?;
    let control = Control::default();
    let walk = Walk {
        inputs: &repeated,
        family: prepared.family.as_ref(),
        policy: prepared.policy.as_ref(),
        keys: &keys,
        store: &store,
        journal: &journal,
        artist: None,
        limits: prepared.limits.clone(),
        deadline: Duration::from_secs(600),
        isolate,
        control: &control,
        watcher: &Unwatched,
        reuse: false,
    };
    let emitter = Emitter::new(&repeated, &keys, &store, prepared.policy.as_ref(), sinks, Vec::new());
    let begun = Instant::now();
    walk.run(workers, &|| engine.worker(), emitter)?;
    Ok((repeated.len(), begun.elapsed()))
}

impl Stage {
    fn facts(&self, stage: &'static str) -> StageFacts {
        let mut sorted: Vec<f64> = self.0.iter().map(|time| time.as_secs_f64() * 1e3).collect();
        sorted.sort_by(f64::total_cmp);
        let at = |share: f64| sorted[((sorted.len() - 1) as f64 * share).round() as usize];
        let mean_ms = sorted.iter().sum::<f64>() / sorted.len() as f64;
        StageFacts { stage, mean_ms, p50_ms: at(0.5), p99_ms: at(0.99) }
    }
}

fn facts(
    engine: &Engine,
    prepared: &Prepared,
    stages: &[Stage; 4],
    (workers, repeat): (usize, usize),
    (pictures, wall): (usize, Duration),
) -> Facts {
    let stages: Vec<StageFacts> = stages.iter().zip(STAGES).map(|(stage, name)| stage.facts(name)).collect();
    let sum: f64 = stages.iter().map(|stage| stage.mean_ms).sum();
    let bound = workers as f64 * 1e3 / sum;
    let model_only = workers as f64 * 1e3 / stages[2].mean_ms;
    let walk = pictures as f64 / wall.as_secs_f64();
    Facts {
        model: prepared.model.spec.name.clone(),
        provider: engine.provider().to_string(),
        runtime: engine.found().version.clone(),
        workers,
        pictures: pictures / repeat,
        repeat,
        stages,
        bound_per_s: bound,
        model_only_per_s: model_only,
        walk_per_s: walk,
        walk_of_bound: walk / bound,
        walk_of_model_only: walk / model_only,
    }
}

fn print(facts: &Facts, out: &mut dyn Write) -> io::Result<()> {
    let Facts { model, provider, runtime, workers, pictures, repeat, .. } = facts;
    writeln!(
        out,
        "{model} on {provider}, ONNX Runtime {runtime}, {workers} workers, {pictures} pictures x {repeat}\n"
    )?;
    writeln!(out, "stage, one thread    mean ms    p50 ms    p99 ms")?;
    for stage in &facts.stages {
        writeln!(out, "{:18} {:9.2} {:9.2} {:9.2}", stage.stage, stage.mean_ms, stage.p50_ms, stage.p99_ms)?;
    }
    writeln!(
        out,
        "\nbound       {:8.1} pictures/s  ({workers} workers / sum of the stages)",
        facts.bound_per_s
    )?;
    writeln!(out, "model only  {:8.1} pictures/s", facts.model_only_per_s)?;
    writeln!(
        out,
        "whole walk  {:8.1} pictures/s  = {:.2} of the bound, {:.2} of model only",
        facts.walk_per_s, facts.walk_of_bound, facts.walk_of_model_only
    )
}
