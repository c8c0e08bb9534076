//! `vision grade`: scans and photos of answer sheets in, answers out.

use clap::{ArgMatches, Command};

use super::{Entry, look, regrade};
use crate::error::{Error, Result};
use crate::options::GradeOptions;
use crate::perform::Options;

pub const ENTRY: Entry = Entry { command, run };

/// What grades something else than pictures by their answers: one file, one row.
const BESIDE: &[Entry] = &[regrade::ENTRY];

const EXAMPLES: &str = "Examples:
  vision grade scans/ --sheet template.json
      answers.csv, and pictures with what was read; no model is needed
  vision grade scans/ --sheet template.json --report
      a page to look through what is doubtful
  vision grade scans/ --sheet template.json --sure 0.999
      more goes to a person; uses what is stored";

/// Options about models and boxes, which sheets have no use for.
const WITHOUT_USE: [&str; 17] = [
    "model",
    "spec",
    "labels",
    "imgsz",
    "device",
    "batch",
    "upload",
    "runtime",
    "tile",
    "overlap",
    "flip",
    "ensemble",
    "crops",
    "apply",
    "video",
    "video_encoder",
    "video_quality",
];

fn command() -> Command {
    let about = "Read answer sheets in scans and photos: marked bubbles, each answer with how sure it is";
    let mut command = Options::<GradeOptions>::arguments(Command::new("grade"))
        .about(about)
        .long_about(None)
        .after_help(EXAMPLES)
        .args_conflicts_with_subcommands(true)
        .subcommand_negates_reqs(true);
    let known: Vec<String> = command.get_arguments().map(|argument| argument.get_id().to_string()).collect();
    for name in WITHOUT_USE.into_iter().filter(|name| known.iter().any(|known| known == name)) {
        command = command.mut_arg(name, |argument| argument.hide(true));
    }
    command.subcommands(BESIDE.iter().map(|entry| (entry.command)()))
}

fn run(matches: &ArgMatches) -> Result<u8> {
    if let Some((name, own)) = matches.subcommand() {
        let entry = BESIDE.iter().find(|entry| (entry.command)().get_name() == name);
        return entry
            .map_or_else(|| Err(Error::usage(format!("{name}: no such command"))), |entry| (entry.run)(own));
    }
    for name in WITHOUT_USE {
        let given = matches.try_contains_id(name).unwrap_or(false)
            && matches.value_source(name) == Some(clap::parser::ValueSource::CommandLine);
        if given {
            let option = name.replace('_', "-");
            return Err(Error::usage(format!("--{option}: vision grade has no use for it; leave it out")));
        }
    }
    look::run::<GradeOptions>(&command(), matches)
}
