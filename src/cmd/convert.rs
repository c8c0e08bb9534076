//! `vision convert`: results and annotations from one format into others.

use std::io;
use std::path::PathBuf;

use clap::{Args, Command};

use super::say::say;
use super::{Entry, printing, with_options};
use crate::convert::{Conversion, convert};
use crate::error::{Error, Kind, Result};
use crate::eval::read::Reading;
use crate::run::RunFolder;
use crate::sink::SINKS;

const ABOUT: &str = "Convert results and annotations: a run, COCO, YOLO or VOC into any format of --format";

pub const ENTRY: Entry = Entry { command, run: |matches| printing(matches, run) };

fn command() -> Command {
    let rows: String = SINKS.iter().map(|row| format!("  {:8} {}\n", row.name, row.about)).collect();
    let after = format!(
        "From: a run folder, a results.jsonl or results.json, a COCO data set, a folder of YOLO .txt or VOC .xml files.\n\n\
         To:\n{rows}\n\
         Examples:\n  vision convert vision-out --to coco,parquet\n  vision convert labels/ --names data.yaml --to coco\n  \
         vision convert instances.json --to yolo --out yolo"
    );
    with_options::<Arguments>("convert", ABOUT).after_help(after)
}

#[derive(Debug, Args)]
struct Arguments {
    /// What is converted
    #[arg(value_name = "SOURCE")]
    source: PathBuf,

    /// Formats to write, separated by commas: see below
    #[arg(long, value_name = "FORMATS", value_delimiter = ',', required = true)]
    to: Vec<String>,

    /// The folder to write into
    #[arg(long, short, value_name = "FOLDER", default_value = "vision-converted")]
    out: PathBuf,

    /// Class names of YOLO labels: one a line, or a data.yaml
    #[arg(long, value_name = "FILE")]
    names: Option<PathBuf>,

    /// VOC .xml: corners as they stand, instead of as pixels counted from 1 that belong to the box
    #[arg(long)]
    voc_edges: bool,

    /// Print nothing but errors
    #[arg(long, short)]
    quiet: bool,
}

fn run(arguments: &Arguments, out: &mut dyn io::Write) -> Result<u8> {
    // Missing sources leave no folder behind.
    std::fs::metadata(&arguments.source)
        .map_err(|e| Error::usage(format!("{}: cannot be read", arguments.source.display())).because(e))?;
    let folder = RunFolder::open(&arguments.out)?;
    let done = into(arguments, &folder);
    if done.is_err() {
        folder.discard_if_new();
    }
    let done = done?;
    if !arguments.quiet {
        let files: Vec<String> =
            done.files.iter().map(|file| arguments.out.join(file).display().to_string()).collect();
        let notes: String = done.notes.iter().map(|note| format!("note: {note}\n")).collect();
        let text = format!(
            "{notes}{} pictures, {} things, from {}\nwritten:  {}\n",
            done.items,
            done.things,
            done.format,
            files.join(" ")
        );
        say(out, &text)?;
    }
    Ok(0)
}

fn into(arguments: &Arguments, folder: &RunFolder) -> Result<crate::convert::Converted> {
    if folder.job().exists() {
        let message = format!(
            "{}: holds a run, whose results would be mixed with others; give another folder with --out",
            arguments.out.display()
        );
        return Err(Error::new(Kind::RunFolder, message));
    }
    let temporary = folder.temporary();
    convert(&Conversion {
        source: &arguments.source,
        reading: Reading { names: arguments.names.clone(), voc_edges: arguments.voc_edges },
        to: &arguments.to,
        out: folder.root(),
        temporary: &temporary,
    })
}
