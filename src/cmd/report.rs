//! `vision report`: the page of a run that was made without one.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Args, Command, FromArgMatches};
use serde_json::Value;

use super::{Entry, look, with_options};
use crate::error::{Error, Kind, Result};
use crate::options::{ClassifyOptions, FacesOptions, OcrOptions, SelectOptions};
use crate::perform::{Options, Selection};

const ABOUT: &str = "Write report.html for a run folder: a page to look through its results in";

pub const ENTRY: Entry = Entry {
    command,
    run: |matches| run(&Arguments::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?),
};

const EXAMPLES: &str = "Examples:
  vision report vision-out
      report.html and small pictures in the run folder
  vision report vision-out --embed
      all in one file, to hand on
  vision detect photos/ --report
      at once with the results

The command of the run is run again with the options that stand in its run.json; what is stored is not computed
again, and pictures are opened only for the small ones that are missing.";

fn command() -> Command {
    with_options::<Arguments>("report", ABOUT).after_help(EXAMPLES)
}

#[derive(Debug, Args)]
struct Arguments {
    /// The run folder
    #[arg(value_name = "FOLDER", default_value = "vision-out")]
    folder: PathBuf,

    /// Put the small pictures and all data into report.html, to hand it on as one file
    #[arg(long)]
    embed: bool,

    /// ONNX Runtime's library to use instead of the one found, should inputs be new or changed
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH", hide_env_values = true)]
    runtime: Option<PathBuf>,

    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

/// Runs a command again, from what `run.json` says of it.
type Again = fn(&str, &Value, &Arguments, &Path) -> Result<u8>;

/// Commands whose runs have reports.
const COMMANDS: &[(&str, Again)] = &[
    ("detect", again::<SelectOptions>),
    ("classify", again::<ClassifyOptions>),
    ("faces", again::<FacesOptions>),
    ("ocr", again::<OcrOptions>),
];

fn run(arguments: &Arguments) -> Result<u8> {
    let shown = arguments.folder.display();
    let file = arguments.folder.join("run.json");
    let text = std::fs::read(&file).map_err(|e| {
        let message = format!("{shown}: has no run.json, so it is no folder of a finished run");
        Error::new(Kind::RunFolder, message).because(e)
    })?;
    let run: Value = serde_json::from_slice(&text)
        .map_err(|e| Error::new(Kind::RunFolder, format!("{}: cannot be read", file.display())).because(e))?;
    let name = run["command"].as_str().unwrap_or_default();
    let Some((name, again)) = COMMANDS.iter().find(|(known, _)| *known == name) else {
        let message = format!("{}: is of the command {name:?}, whose runs have no report", file.display());
        return Err(Error::new(Kind::RunFolder, message));
    };
    let folder = arguments.folder.canonicalize().map_err(|e| Error::read(shown, e))?;
    again(name, &run, arguments, &folder)
}

fn again<S: Selection>(command: &str, run: &Value, arguments: &Arguments, folder: &Path) -> Result<u8> {
    let unreadable = || Error::new(Kind::RunFolder, "run.json: its options are not those of this version");
    let mut options: Options<S> =
        serde_json::from_value(run["options"].clone()).map_err(|e| unreadable().because(e))?;
    let inputs = run["options"]["inputs"].as_array().ok_or_else(unreadable)?;
    let inputs: Vec<OsString> = inputs.iter().filter_map(Value::as_str).map(OsString::from).collect();
    if inputs.iter().any(|input| input == "-") {
        return Err(Error::usage(
            "the run's inputs were a list on standard input; give it again to the same command, with --report",
        ));
    }
    options.input.inputs = inputs;
    options.run.out = folder.to_owned();
    options.run.quiet = arguments.quiet;
    (options.run.force, options.run.resume, options.run.until) = (false, false, None);
    options.output.stdout = false;
    (options.output.report, options.output.embed) = (true, arguments.embed);
    // Native code is never loaded because a folder, which may be a stranger's, names it.
    options.model.runtime.clone_from(&arguments.runtime);
    let place = run["folder"].as_str().ok_or_else(unreadable)?;
    std::env::set_current_dir(place).map_err(|e| {
        let message = format!("{place}: the run was begun here, and its inputs are looked for here");
        Error::new(Kind::NotFound, message).because(e)
    })?;
    look::begin(command, &options)
}
