//! `vision diff`: what differs between two runs.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command};

use super::say::{columns, say, say_json};
use super::{Entry, printing, with_options};
use crate::diff::{Job, Kind, Summary, diff};
use crate::error::{Error, Kind as Fault, Result};
use crate::run::RunFolder;

const ABOUT: &str =
    "Compare two runs: things lost, new, called otherwise; JSON, CSV and a page of the pictures";

pub const ENTRY: Entry = Entry { command, run: |matches| printing(matches, run) };

const EXAMPLES: &str = "Examples:
  vision detect photos/ --report --out old
  vision detect photos/ --report --out new --model other.onnx
  vision diff old new
      diff.json, diff.csv and report.html in vision-diff/

Small pictures of the page come from the runs' own reports (--report, vision report).
Exit codes: 0 compared, 1 not comparable, 3 with --exit-code where anything differs.";

fn command() -> Command {
    with_options::<Arguments>("diff", ABOUT).after_help(EXAMPLES)
}

#[derive(Debug, Args)]
struct Arguments {
    /// The first run folder: how it was
    a: PathBuf,

    /// The second run folder: how it is
    b: PathBuf,

    /// Overlap (IoU, 0 to 1) from which two boxes are at the same place
    #[arg(long, value_name = "IOU", default_value_t = 0.5, value_parser = crate::options::fraction)]
    iou: f32,

    /// The folder to write into
    #[arg(long, short, value_name = "FOLDER", default_value = "vision-diff")]
    out: PathBuf,

    /// Exit with 3 where anything differs
    #[arg(long)]
    exit_code: bool,

    /// Print the counts as JSON
    #[arg(long)]
    json: bool,

    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

fn run(arguments: &Arguments, out: &mut dyn io::Write) -> Result<u8> {
    for run in [&arguments.a, &arguments.b] {
        std::fs::metadata(run)
            .map_err(|e| Error::usage(format!("{}: cannot be read", run.display())).because(e))?;
    }
    let folder = RunFolder::open(&arguments.out)?;
    let done = within(arguments, &folder);
    if done.is_err() {
        folder.discard_if_new();
    }
    let summary = done?;
    match (arguments.quiet, arguments.json) {
        (true, _) => {}
        (false, true) => say_json(out, &summary)?,
        (false, false) => say(out, &text(&summary, arguments))?,
    }
    Ok(if arguments.exit_code && summary.is_different() { 3 } else { 0 })
}

fn within(arguments: &Arguments, folder: &RunFolder) -> Result<Summary> {
    if folder.job().exists() {
        let message = format!("{}: holds a run; give another folder with --out", arguments.out.display());
        return Err(Error::new(Fault::RunFolder, message));
    }
    let temporary = folder.temporary();
    let Arguments { a, b, iou, .. } = arguments;
    diff(&Job { a, b, iou: *iou, out: folder.root(), temporary: &temporary })
}

fn text(summary: &Summary, arguments: &Arguments) -> String {
    let mut rows = vec![["label", "lost", "new", "changed", "same"].map(str::to_owned).to_vec()];
    for (label, counts) in &summary.by_label {
        let numbers = Kind::ALL.map(|kind| counts.get(kind.name()).copied().unwrap_or(0).to_string());
        rows.push(std::iter::once(label.clone()).chain(numbers).collect());
    }
    let mut text = columns(&rows);
    let Summary { both, differ, only_a, only_b, failed, .. } = summary;
    text += &format!("\n{differ} of {both} pictures differ\n");
    for (count, what) in [
        (only_a, "only in the first run"),
        (only_b, "only in the second run"),
        (failed, "without a result in one of the two"),
    ] {
        if *count > 0 {
            text += &format!("{count} {what}\n");
        }
    }
    if summary.without_picture > 0 {
        text += &format!(
            "{} without a small picture: neither run has a report (vision report {})\n",
            summary.without_picture,
            arguments.b.display()
        );
    }
    let files: Vec<String> =
        summary.files.iter().map(|file| arguments.out.join(file).display().to_string()).collect();
    text + &format!("written:  {}\n", files.join(" "))
}
