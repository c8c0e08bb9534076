//! The command line: a table of subcommands, the parser, and what happens to errors.

mod bench;
mod cache;
mod check;
mod classify;
mod convert;
mod detect;
mod dicom;
mod diff;
pub mod doctor;
mod eval;
mod explain;
mod faces;
mod grade;
mod look;
mod machine;
pub mod models;
mod ocr;
mod regrade;
mod report;
pub mod runtime;
pub(crate) mod say;
mod shell;
mod triage;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ArgMatches, Args, Command, FromArgMatches};

use crate::error::{Error, Kind, Result};
use crate::pipeline::decode::child;

/// A subcommand: one file, one row in [`COMMANDS`].
pub struct Entry {
    /// Name, one-sentence description and options.
    pub command: fn() -> Command,
    /// Runs it; the result is the exit code.
    pub run: fn(&ArgMatches) -> Result<u8>,
}

pub const COMMANDS: &[Entry] = &[
    detect::ENTRY,
    classify::ENTRY,
    faces::ENTRY,
    ocr::ENTRY,
    explain::ENTRY,
    grade::ENTRY,
    report::ENTRY,
    triage::ENTRY,
    eval::ENTRY,
    dicom::ENTRY,
    diff::ENTRY,
    convert::ENTRY,
    cache::ENTRY,
    models::ENTRY,
    runtime::ENTRY,
    doctor::ENTRY,
    bench::ENTRY,
    shell::COMPLETIONS,
    shell::MAN,
];

/// Runs a command that only prints.
fn printing<A: FromArgMatches>(
    matches: &ArgMatches,
    run: fn(&A, &mut dyn Write) -> Result<u8>,
) -> Result<u8> {
    let args = A::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    run(&args, &mut io::stdout().lock())
}

/// A command with the options of `A`. The description comes last, because clap takes the doc comment
/// of `A` for one.
fn with_options<A: Args>(name: &'static str, about: &'static str) -> Command {
    A::augment_args(Command::new(name)).about(about).long_about(None)
}

/// The whole command line.
pub fn command() -> Command {
    let about = "Pictures and a model in; annotated pictures and results a script can trust out";
    let after = "Exit codes: 0 all inputs done, 1 usage or nothing usable, 2 some inputs failed or decisions were refused, 3 a finding \
                 (--fail-on), 4 the machine (no runtime, disk full, device missing), 130 stopped and resumable.\n\n\
                 First steps: vision doctor; vision runtime install; vision detect photos/";
    Command::new("vision")
        .version(env!("CARGO_PKG_VERSION"))
        .about(about)
        .after_help(after)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .max_term_width(110)
        .subcommands(COMMANDS.iter().map(|entry| (entry.command)()))
}

/// Parses and runs; everything that goes wrong becomes one line and an exit code.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    let mut arguments = arguments.into_iter().peekable();
    let program = arguments.next();
    if arguments.next_if(|word| word == child::COMMAND).is_some() {
        return child::main(arguments);
    }
    let matches = match command().try_get_matches_from(program.into_iter().chain(arguments)) {
        Ok(matches) => matches,
        Err(error) => {
            // Help and version are answers, everything else is a usage error, which is 1 here.
            let code = u8::from(error.use_stderr());
            let _ = error.print();
            return ExitCode::from(code);
        }
    };
    match dispatch(&matches) {
        Ok(code) => ExitCode::from(code),
        Err(error) if error.kind == Kind::BrokenPipe => ExitCode::from(error.exit_code()),
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: {}", error.chain());
            ExitCode::from(error.exit_code())
        }
    }
}

fn dispatch(matches: &ArgMatches) -> Result<u8> {
    let (name, own) =
        matches.subcommand().ok_or_else(|| Error::usage("no command given; see vision --help"))?;
    let entry = COMMANDS.iter().find(|entry| (entry.command)().get_name() == name);
    let entry = entry.ok_or_else(|| Error::usage(format!("{name}: no such command")))?;
    (entry.run)(own)
}

/// A failure to print: a closed pipe ends the program quietly, anything else is said.
pub(crate) fn print_failed(error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Error::new(Kind::BrokenPipe, "standard output is closed"),
        _ => Error::write("standard output", error),
    }
}
