//! `vision dicom deidentify`: copies of DICOM files without what identifies people.

use std::ffi::OsString;
use std::io::Write;
use std::path::PathBuf;
use std::time::Instant;

use clap::{Args, Command};

use crate::cmd::say::say;
use crate::cmd::{look, with_options};
use crate::deidentify::{self, Done, Job, Text};
use crate::error::Result;
use crate::pipeline::control::Control;
use crate::run::job::OnOther;
use crate::source::Limits;

const ABOUT: &str = "Copy DICOM files without what identifies people: the basic profile of PS3.15, annex E";

const AFTER: &str = "Of the run folder only instances/ is to be given away: private/ has the key of the pseudonyms and who is who.
The same job again goes on where it stopped. What is done to which element, and what is refused: docs/deidentify.md.

Exit codes: 0 all written, 1 nothing to do, 2 some were refused or could not be read (results.jsonl says why), 4 the
machine, 130 stopped and resumable.";

pub fn command() -> Command {
    with_options::<Arguments>("deidentify", ABOUT).after_help(AFTER)
}

#[derive(Debug, Args)]
pub struct Arguments {
    /// DICOM files, folders, DICOMDIR, zip files, globs
    #[arg(value_name = "INPUT", required = true)]
    inputs: Vec<OsString>,

    /// The run folder: instances/, results.jsonl, private/
    #[arg(long, short, value_name = "FOLDER", default_value = "vision-deidentified")]
    out: PathBuf,

    /// What becomes of text that is burned into pixels
    #[arg(long, value_enum, default_value_t)]
    text: Text,

    /// Begin anew in a folder that holds results; the key stays, so pseudonyms do
    #[arg(long)]
    force: bool,

    /// Refuse pictures of more pixels than this
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_pixels)]
    max_pixels: u64,

    /// Refuse files of more bytes than this
    #[arg(long, value_name = "N", default_value_t = Limits::default().max_bytes)]
    max_bytes: u64,

    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

pub fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<u8> {
    let control = std::sync::Arc::new(Control::new(None, false));
    look::stop_on_signal(&control)?;
    let begun = Instant::now();
    let done = deidentify::run(&Job {
        inputs: &arguments.inputs,
        out: &arguments.out,
        text: arguments.text,
        on_other: if arguments.force { OnOther::Clear } else { OnOther::Refuse },
        limits: Limits {
            max_pixels: arguments.max_pixels,
            max_bytes: arguments.max_bytes,
            ..Limits::default()
        },
        control: &control,
    })?;
    if !arguments.quiet {
        say(out, &words(&done, begun.elapsed().as_secs_f64()))?;
    }
    Ok(match &done {
        Done { interrupted: true, .. } => 130,
        Done { instances: 0, .. } => 1,
        Done { failed: 0, .. } => 0,
        _ => 2,
    })
}

fn words(done: &Done, seconds: f64) -> String {
    let Done { inputs, instances, failed, kept, skipped, interrupted } = done;
    let others: usize = skipped.values().sum();
    let mut text = format!("{instances} instances of {inputs} files written in {seconds:.1} s");
    if *kept > 0 {
        text += &format!(", {kept} files done before");
    }
    if *failed > 0 {
        text += &format!("\n{failed} files refused or not read, whole or in part; results.jsonl says why");
    }
    if others > 0 {
        text += &format!("\n{others} other files skipped");
    }
    if *interrupted {
        text += "\ninterrupted; the same command goes on";
    }
    text + "\n"
}
