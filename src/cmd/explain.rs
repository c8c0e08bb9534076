//! `vision explain`: which parts of a picture a model's answer rests on.

use clap::{ArgMatches, Args, Command, FromArgMatches};
use serde::{Deserialize, Serialize};

use super::{Entry, look};
use crate::error::{Error, Kind, Result};
use crate::models;
use crate::options::{ClassifyOptions, ExplainOptions, FacesOptions, SelectOptions, merge};
use crate::perform::{Options, Selection};
use crate::spec::Task;

pub const ENTRY: Entry = Entry { command, run };

const EXAMPLES: &str = "Examples:
  vision explain dog.jpg
      the bundled classifier's best class by RISE: explain/dog.jpg/001-….png and .npy in vision-out/
  vision explain dog.jpg --class tabby --method occlusion
      what speaks for another class, by covering a square after the other
  vision explain street.jpg --model nanodet-g-416 --targets 5
      the five best things of a detector by D-RISE
  vision explain photos/ --model mine.onnx --report --seed 7
      a page with the maps; the same seed gives the same maps

A map is measured, too: whether the model loses its answer sooner when the picture is taken away in the map's order than
in random ones. One that is not better than random is called useless. docs/explain.md says what maps can and cannot
promise.";

/// What is explained, whatever the model is for.
#[derive(Debug, Clone, Default, Args, Serialize, Deserialize)]
#[serde(default)]
struct Chosen {
    #[command(flatten)]
    #[serde(flatten)]
    explain: ExplainOptions,
}

/// Of the options of other commands, without their long prefix.
const OWN: [&str; 11] =
    ["class", "targets", "masks", "grid", "keep", "patch", "stride", "baseline", "seed", "steps", "random"];

fn command() -> Command {
    let about =
        "Map which parts of a picture a model's answer rests on, and measure whether the map is any good";
    let command = Options::<Chosen>::augment_args(Command::new("explain"));
    let command = command.mut_arg("model", |model| model.default_value(models::DEFAULT_CLASSIFIER));
    let command = command.mut_arg("explain", |method| {
        let help = "How: by default the model's own map where its description names one, else rise for classifiers and \
                    drise for detectors";
        method.long("method").num_args(1).require_equals(false).default_value("auto").help(help)
    });
    let own = |command: Command, name: &'static str| {
        command.mut_arg(format!("explain_{name}"), |option| option.long(name))
    };
    OWN.into_iter().fold(command, own).about(about).long_about(None).after_help(EXAMPLES)
}

fn run(matches: &ArgMatches) -> Result<u8> {
    let given = Options::<Chosen>::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    let (inputs, config) = (given.input.inputs.clone(), given.run.config.clone());
    let mut options = merge(given, matches, &command(), config.as_deref())?;
    (options.input.inputs, options.run.config) = (inputs, config);
    let model = models::resolve_as(&options.model.model, &options.model.hints())?;
    let explain = options.select.explain.clone();
    match model.spec.task {
        Task::Classify => begin(options, ClassifyOptions { explain, ..plain()? }),
        Task::Detect => begin(options, SelectOptions { explain, ..plain()? }),
        Task::Faces => begin(options, FacesOptions { explain, ..plain()? }),
        task @ (Task::Ocr | Task::Triage | Task::Grade) => {
            let hint = if task == Task::Triage { "; use vision triage --explain" } else { "" };
            let message = format!(
                "{}: is a model for `vision {task}`, which is not explained here{hint}",
                model.origin
            );
            Err(Error::new(Kind::ModelMismatch, message))
        }
    }
}

/// A command's own options at their defaults.
fn plain<S: Selection>() -> Result<S> {
    Ok(Options::<S>::with_defaults(["-".into()])?.select)
}

fn begin<S: Selection>(options: Options<Chosen>, select: S) -> Result<u8> {
    let Options { input, model, look, video, select: _, run, output } = options;
    look::begin("explain", &Options { input, model, look, video, select, run, output })
}
