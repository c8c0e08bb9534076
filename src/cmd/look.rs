//! What commands that look at pictures share: options from file and line, signals, the closing words.

use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use clap::{ArgMatches, Command, FromArgMatches};

use super::print_failed;
use crate::error::{Error, Kind, Result};
use crate::options::{merge, seconds};
use crate::perform::{Options, Selection, Status, perform};
use crate::pipeline::control::{Control, Stop};
use crate::record::{InputRecord, Record};
use crate::sink::Sink;

/// Runs `command` over its inputs; the result is the exit code.
pub fn run<S: Selection>(command: &Command, matches: &ArgMatches) -> Result<u8> {
    let given: Options<S> = Options::from_arg_matches(matches).map_err(|e| Error::usage(e.to_string()))?;
    let inputs = given.input.inputs.clone();
    let config = given.run.config.clone();
    let mut options = merge(given, matches, command, config.as_deref())?;
    options.input.inputs = inputs;
    options.run.config = config;
    begin(command.get_name(), &options)
}

/// Performs a command whose options are complete; the result is the exit code.
pub fn begin<S: Selection>(command: &str, options: &Options<S>) -> Result<u8> {
    let control = control(options)?;
    let echo: Option<Box<dyn Sink>> =
        if options.output.stdout { Some(Box::new(Echo)) } else { options.select.echo() };
    let echoed = echo.is_some() || options.stream.events.as_deref() == Some(Path::new("-"));
    let report = perform(command, options, &mut io::stdin().lock(), &control, echo)?;
    if !options.run.quiet {
        let printed = if echoed {
            report.print(&mut io::stderr().lock())
        } else {
            report.print(&mut io::stdout().lock())
        };
        // Whoever closes the terminal stops the run and has nobody left to read how it went.
        if report.status != Status::Interrupted {
            printed.map_err(print_failed)?;
        }
    }
    Ok(report.exit_code())
}

/// What stops a run: its clock, its first failure, signals.
///
/// # Errors
/// `Usage` for a duration that is none.
pub(super) fn control<S: Selection>(options: &Options<S>) -> Result<Arc<Control>> {
    let until = options.run.until.as_deref().map(seconds).transpose()?;
    // A duration beyond the clock's range is as good as none.
    let until = until.and_then(|after| Instant::now().checked_add(after));
    let control = Arc::new(Control::new(until, options.run.fail_fast));
    stop_on_signal(&control)?;
    Ok(control)
}

/// The first signal lets the workers finish what they hold, the second ends the process.
pub(super) fn stop_on_signal(control: &Arc<Control>) -> Result<()> {
    let control = Arc::clone(control);
    // Of its own, because the run may be stopping for another reason (`--until`) already.
    let signalled = AtomicBool::new(false);
    let stop = move || {
        if signalled.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        control.stop(Stop::Interrupted);
        // Standard error may be gone with the terminal.
        let _ = writeln!(io::stderr(), "\nstopping after the pictures in hand; once more to stop at once");
    };
    ctrlc::set_handler(stop)
        .map_err(|e| Error::new(Kind::Internal, "no handler for Ctrl-C could be set").because(e))
}

/// `--stdout`: results.jsonl as it grows.
struct Echo;

impl Echo {
    fn line(value: &impl serde::Serialize) -> Result<()> {
        let mut line = serde_json::to_vec(value)
            .map_err(|e| Error::new(Kind::Internal, "a record could not be encoded").because(e))?;
        line.push(b'\n');
        let mut out = io::stdout().lock();
        out.write_all(&line).and_then(|()| out.flush()).map_err(print_failed)
    }
}

impl Sink for Echo {
    fn item(&mut self, record: &Record) -> Result<()> {
        Self::line(record)
    }

    fn input(&mut self, record: &InputRecord) -> Result<()> {
        Self::line(record)
    }

    fn finish(self: Box<Self>) -> Result<Vec<std::path::PathBuf>> {
        Ok(Vec::new())
    }
}
