//! `vision bench`: what each stage costs alone, what that allows at most, and what the walk reaches.

mod facts;
mod measure;
mod videos;

use std::io::{self, Write};

use clap::{ArgMatches, Args, Command, FromArgMatches};

use super::{Entry, print_failed, with_options};
use crate::engine::{Engine, Runtime};
use crate::error::{Error, Kind, Result};
use crate::input::{Input, List};
use crate::options::{InputOptions, ModelOptions};
use crate::perform::{Options, Prepared};
use facts::Facts;
use measure::Bench;

pub const ENTRY: Entry = Entry { command, run };

#[derive(Debug, Args)]
struct BenchArgs {
    #[command(flatten)]
    input: InputOptions,
    #[command(flatten)]
    model: ModelOptions,
    /// Walk over the inputs this many times
    #[arg(long, value_name = "N", default_value_t = 10)]
    repeat: usize,
    /// Draw, encode and write annotated pictures too
    #[arg(long)]
    annotated: bool,
    /// Print JSON instead of a table
    #[arg(long)]
    json: bool,
}

fn command() -> Command {
    let after = "Each stage is measured alone on one thread, the model also on all workers at once, then the whole walk: \
                 results.jsonl and, with --annotated, pictures; nothing is reused.\n\nThe bound is workers / (sum of \
                 the stages): no arrangement of the same stages on the same cores can be faster. Decoding includes \
                 reading and hashing the file; core-ms is what a picture costs in all. Of videos the first frames go \
                 through the stages; decoding and encoding, which have threads of their own, count with their time on \
                 all cores.\n\nExamples:\n  vision bench \
                 photos/\n  vision bench photos/ --model yolox-nano-416.onnx --annotated --repeat 3\n  vision bench \
                 photos/ --decode full --json > full.json";
    with_options::<BenchArgs>(
        "bench",
        "Measure decoding, preparing, the model and the whole walk, against the bound",
    )
    .after_help(after)
}

fn run(matches: &ArgMatches) -> Result<u8> {
    let args = BenchArgs::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    let mut options: Options = Options::with_defaults(args.input.inputs.clone())?;
    (options.input, options.model) = (args.input.clone(), args.model.clone());
    options.output.no_images = !args.annotated;
    let mut prepared = Prepared::new(&options)?;
    let runtime = Runtime::load(options.model.runtime.as_deref())?;
    let device = options.model.device.parse()?;
    let model = prepared.model()?;
    let setup = prepared.setup_of(model, device, 1);
    let engine = Engine::new(runtime, &model.spec.name, &model.bytes, setup, &|note| eprintln!("{note}"))?;
    prepared.give_bytes(&options.select, &[engine.takes_bytes()])?;
    let workers = crate::perform::workers(crate::perform::asked(&options.model.workers)?, &engine);
    let bench = Bench {
        inputs: &list(&options)?,
        prepared: &prepared,
        engine: &engine,
        workers,
        repeat: args.repeat.max(1),
        annotated: args.annotated,
        isolate: options.input.isolate,
    };
    let facts = Facts::new(&bench)?;
    let mut out = io::stdout().lock();
    let printed = if args.json {
        serde_json::to_string_pretty(&facts)
            .map_err(io::Error::other)
            .and_then(|text| writeln!(out, "{text}"))
    } else {
        facts.print(&mut out)
    };
    printed.map_err(print_failed)?;
    Ok(0)
}

fn list(options: &Options) -> Result<Vec<Input>> {
    let select = options.input.select()?;
    let list = List {
        select: &select,
        out: std::path::Path::new(""),
        natural: false,
        known: &|_| None,
        pseudonyms: None,
        quiet_for: None,
        former: &[],
    };
    let listing = list.run(&options.input.inputs, &mut io::stdin().lock())?;
    let inputs: Vec<Input> = listing.inputs.into_iter().filter(|input| input.failure.is_none()).collect();
    if inputs.is_empty() {
        return Err(Error::new(Kind::NothingToDo, "no pictures found to measure"));
    }
    Ok(inputs)
}
