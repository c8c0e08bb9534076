//! `vision grade sheet`: describing sheets of answers and printing them.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::say::say;
use super::{Entry, printing, with_options};
use crate::atomic::write_whole;
use crate::error::{Error, Kind, Result};
use crate::sheet::infer;
use crate::sheet::layout::Anchors;
use crate::sheet::print::{self, Copy, roster};
use crate::sheet::spec::{EXAMPLE, Paper, Sheet};
use crate::source::{self, Limits};

pub const ENTRY: Entry = Entry {
    command: || with_options::<Arguments>("sheet", "Describe sheets of answers and print them"),
    run: |matches| printing(matches, run),
};

#[derive(Debug, Args)]
struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Write a commented sheet.toml to start from
    New(New),
    /// Print a sheet: a PDF with marks in the corners and a code on each page
    Pdf(Pdf),
    /// Draft a sheet.toml from a straight scan of a blank sheet that others made
    Infer(Infer),
}

#[derive(Debug, Args)]
struct New {
    /// The file to write; never overwritten
    #[arg(default_value = "sheet.toml")]
    file: PathBuf,
}

#[derive(Debug, Args)]
struct Pdf {
    /// The sheet's description
    #[arg(default_value = "sheet.toml")]
    sheet: PathBuf,

    /// The PDF to write, by default beside the description
    #[arg(long, short, value_name = "FILE")]
    out: Option<PathBuf>,

    /// Copies of each version; with --roster of each student's sheet
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    copies: u32,

    /// One of the sheet's versions; by default all, with --roster in turns from student to student
    #[arg(long, value_name = "NAME")]
    version: Option<String>,

    /// A CSV file with a row for each student: a sheet for each, with what `roster = "…"` names printed on it
    #[arg(long, value_name = "FILE")]
    roster: Option<PathBuf>,
}

#[derive(Debug, Args)]
struct Infer {
    /// A picture, or a PDF or TIFF file with a page for each page of the sheet
    scan: PathBuf,

    /// The file to write; never overwritten
    #[arg(long, short, value_name = "FILE", default_value = "sheet.toml")]
    out: PathBuf,

    /// The paper that was scanned
    #[arg(long, value_name = "SIZE", default_value = "a4")]
    paper: Paper,
}

fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<u8> {
    match &arguments.action {
        Action::New(arguments) => new(arguments, out),
        Action::Pdf(arguments) => pdf(arguments, out),
        Action::Infer(arguments) => infer(arguments, out),
    }
}

fn new(arguments: &New, out: &mut dyn Write) -> Result<u8> {
    write_new(&arguments.file, EXAMPLE)?;
    let name = arguments.file.display();
    say(out, &format!("written:  {name}\nnext:     edit it, then vision grade sheet pdf {name}\n"))?;
    Ok(0)
}

/// Writes a file that people will edit, and never over one that they have edited.
fn write_new(path: &Path, text: &str) -> Result<()> {
    let mut file = std::fs::File::create_new(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::AlreadyExists => Error::usage(format!(
            "{}: is there already and is not overwritten; give another name",
            path.display()
        )),
        _ => Error::write(path.display(), e),
    })?;
    file.write_all(text.as_bytes()).map_err(|e| Error::write(path.display(), e))
}

fn infer(arguments: &Infer, out: &mut dyn Write) -> Result<u8> {
    let path = &arguments.scan;
    let name = path.display().to_string();
    let bytes = std::fs::read(path).map_err(|e| Error::read(&name, e))?;
    let mut frames = source::open(&name, bytes.into(), &Limits::default())?;
    let mut pages = Vec::new();
    while let Some(frame) = frames.next_frame() {
        pages.push(infer::blocks(&frame?.pixels, arguments.paper.size()[0]));
    }
    let blocks: usize = pages.iter().map(Vec::len).sum();
    if blocks == 0 {
        let message = format!(
            "{name}: no rows of circles or boxes found; scan a blank sheet straight at 150 dots per inch or more"
        );
        return Err(Error::new(Kind::Unsupported, message));
    }
    let title = path.file_stem().unwrap_or_default().to_string_lossy();
    let text = infer::draft(&pages, &title, arguments.paper);
    // What is written can be read, or the draft is no start.
    Sheet::parse(&text).map_err(|what| {
        Error::new(Kind::Unsupported, format!("{name}: what was found makes no sheet: {what}"))
    })?;
    write_new(&arguments.out, &text)?;
    let bubbles: usize = pages.iter().flatten().map(|block| block.across * block.down).sum();
    let text = format!("{bubbles} bubbles in {blocks} blocks\nwritten:  {}\n", arguments.out.display());
    say(out, &text)?;
    Ok(0)
}

fn pdf(arguments: &Pdf, out: &mut dyn Write) -> Result<u8> {
    let sheet = Sheet::read(&arguments.sheet)?;
    if !sheet.layout.pages.iter().all(|page| matches!(page.anchors, Anchors::Fiducials { .. })) {
        let message =
            format!("{}: existing = true describes paper that is there already", arguments.sheet.display());
        return Err(Error::new(Kind::Config, message));
    }
    let versions = chosen(&sheet, arguments.version.as_deref())?;
    let students = match &arguments.roster {
        Some(path) => roster::read(path, &sheet.columns())?,
        None => Vec::new(),
    };
    let copies = copies(&versions, &students, arguments.copies);
    let bytes = print::pdf(&sheet, &copies)?;
    let target = arguments.out.clone().unwrap_or_else(|| arguments.sheet.with_extension("pdf"));
    let folder = target.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    write_whole(folder, &target, &bytes)?;
    let fields: usize = sheet.layout.pages.iter().map(|page| page.fields.len()).sum();
    let text = format!(
        "sheet:    {} ({}), {} fields on {} pages\nwritten:  {}, {} copies\n",
        sheet.layout.title,
        sheet.id,
        fields,
        sheet.layout.pages.len(),
        target.display(),
        copies.len()
    );
    say(out, &text)?;
    Ok(0)
}

/// The versions to print; one without a name where the sheet has none.
fn chosen<'a>(sheet: &'a Sheet, wanted: Option<&str>) -> Result<Vec<Option<&'a str>>> {
    let all = sheet.versions.iter().map(String::as_str);
    match wanted {
        None if sheet.versions.is_empty() => Ok(vec![None]),
        None => Ok(all.map(Some).collect()),
        Some(name) => match all.clone().find(|v| *v == name) {
            Some(version) => Ok(vec![Some(version)]),
            None => {
                let known =
                    if sheet.versions.is_empty() { "none".to_owned() } else { sheet.versions.join(", ") };
                Err(Error::new(Kind::Usage, format!("--version {name}: the sheet's versions are: {known}")))
            }
        },
    }
}

/// Neighbours in the roster get different versions.
fn copies<'a>(versions: &[Option<&'a str>], students: &'a [roster::Student], each: u32) -> Vec<Copy<'a>> {
    let once: Vec<Copy> = if students.is_empty() {
        versions.iter().map(|version| Copy { version: *version, student: None }).collect()
    } else {
        let turns = versions.iter().cycle();
        students.iter().zip(turns).map(|(s, version)| Copy { version: *version, student: Some(s) }).collect()
    };
    once.iter().flat_map(|copy| std::iter::repeat_n(*copy, each as usize)).collect()
}
