//! `vision grade rehearse`: scans with known answers, before exam day.

use std::ffi::OsStr;
use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::say::say;
use super::{Entry, grade, printing, with_options};
use crate::atomic::write_whole;
use crate::error::{Error, Kind, Result};
use crate::sheet::print::roster;
use crate::sheet::rehearse::compare::compare;
use crate::sheet::rehearse::degrade::Harm;
use crate::sheet::rehearse::fill::{ALL_PENS, CALIBRATION_PENS, TRIAL_PENS};
use crate::sheet::rehearse::ink::Pen;
use crate::sheet::rehearse::measure::{Counts, Measured};
use crate::sheet::rehearse::write::{Answers, write};
use crate::sheet::rehearse::{Press, Rehearsal};
use crate::sheet::spec::Sheet;

pub const ENTRY: Entry = Entry {
    command: || {
        with_options::<Arguments>(
            "rehearse",
            "Make scans of a sheet with known answers: printed, filled and spoilt as scans are",
        )
    },
    run: |matches| printing(matches, run),
};

#[derive(Debug, Args)]
struct Arguments {
    /// The sheet's description
    #[arg(default_value = "sheet.toml")]
    sheet: PathBuf,

    /// How many sheets
    #[arg(long, short, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    n: u64,

    /// The folder to write into; must be empty or not there
    #[arg(long, short, value_name = "FOLDER", default_value = "rehearsal")]
    out: PathBuf,

    /// The same number gives the same scans
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,

    /// How much happens to the sheets on their way back
    #[arg(long, value_name = "HOW", default_value = "standard")]
    harm: Harm,

    /// What people write with
    #[arg(long, value_name = "WHICH", default_value = "all")]
    pens: Pens,

    /// A CSV file whose columns are named like fields: a row for each sheet says what they are filled with (several
    /// values as A|C); other fields are filled at random
    #[arg(long, value_name = "FILE")]
    answers: Option<PathBuf>,

    /// Only make the scans, do not read them
    #[arg(long)]
    no_read: bool,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Pens {
    All,
    /// Soft pencil, black and red: those that confidences are calibrated with
    Calibration,
    /// Pencil, blue and gel: those that figures are measured with
    Trial,
}

impl Pens {
    fn list(self) -> &'static [Pen] {
        match self {
            Self::All => ALL_PENS,
            Self::Calibration => CALIBRATION_PENS,
            Self::Trial => TRIAL_PENS,
        }
    }
}

fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<u8> {
    let sheet = Sheet::read(&arguments.sheet)?;
    let answers = answers(arguments, &sheet)?;
    let press = Press::new(&sheet)?;
    let rehearsal = Rehearsal { seed: arguments.seed, harm: arguments.harm, pens: arguments.pens.list() };
    let written = write(&press, &rehearsal, arguments.n, &answers, &arguments.out)?;
    let folder = arguments.out.display();
    let text = format!(
        "{} scans of {} sheets, {} fields\nwritten:  {folder}/scans {folder}/truth.csv {folder}/scans.csv\n",
        written.scans, arguments.n, written.fields
    );
    say(out, &text)?;
    if !arguments.no_read {
        let measured = read(arguments, &sheet)?;
        say(out, &table(&measured))?;
    }
    Ok(0)
}

/// Reads the scans as `vision grade` does and writes `rehearsal.json`.
fn read(arguments: &Arguments, sheet: &Sheet) -> Result<Measured> {
    let (scans, run) = (arguments.out.join("scans"), arguments.out.join("read"));
    let words: [&OsStr; 8] = [
        "grade".as_ref(),
        scans.as_ref(),
        "--sheet".as_ref(),
        arguments.sheet.as_ref(),
        "--out".as_ref(),
        run.as_ref(),
        "--no-images".as_ref(),
        "--quiet".as_ref(),
    ];
    let matches = grade::command().try_get_matches_from(words).map_err(|e| Error::usage(e.to_string()))?;
    grade::run(&matches)?;
    let measured = compare(&sheet.layout, &arguments.out.join("truth.csv"), &run.join("results.jsonl"))?;
    let text = serde_json::to_vec_pretty(&measured).map_err(|e| Error::new(Kind::Internal, e.to_string()))?;
    write_whole(&arguments.out, &arguments.out.join("rehearsal.json"), &text)?;
    Ok(measured)
}

fn table(measured: &Measured) -> String {
    let share = |part: u64, all: u64| 100.0 * part as f64 / all.max(1) as f64;
    let row = |name: &str, c: &Counts| {
        let least = c.unreviewed_at_least().map_or("-".to_owned(), |b| format!("{:.3}", 100.0 * b));
        format!(
            "{name:14} {:>8} {:>9.3} {:>9.3} {:>12.3} {least:>10}\n",
            c.fields,
            share(c.right, c.fields),
            share(c.reviewed, c.fields),
            share(c.right_of_unreviewed, c.unreviewed())
        )
    };
    let mut text = format!(
        "{:14} {:>8} {:>9} {:>9} {:>12} {:>10}\n",
        "", "fields", "right %", "review %", "rest right %", "at least"
    );
    text += &row("all", &measured.all);
    for (name, counts) in measured.by_pen.iter().chain(&measured.by_mark) {
        text += &row(name, counts);
    }
    text
}

/// What the fields are filled with, where that is said.
fn answers(arguments: &Arguments, sheet: &Sheet) -> Result<Answers> {
    let Some(path) = &arguments.answers else { return Ok(Vec::new()) };
    let rows = roster::read(path, &[])?;
    let fields: Vec<_> = sheet.layout.pages.iter().flat_map(|page| &page.fields).collect();
    let mut all = Vec::with_capacity(rows.len());
    for (number, row) in rows.iter().enumerate() {
        let mut known = Vec::new();
        for field in &fields {
            let Some(text) = row.get(&field.name) else { continue };
            let values: Vec<String> = text.split('|').map(|v| v.trim().to_owned()).collect();
            let choice = !field.bubbles.is_empty()
                && field.bubbles.iter().all(|b| b.place == 0 && !b.value.is_empty());
            let unknown = values.iter().find(|v| choice && !field.bubbles.iter().any(|b| b.value == **v));
            if let Some(value) = unknown {
                let message =
                    format!("{}, row {}: {} has no {value:?}", path.display(), number + 2, field.name);
                return Err(Error::new(Kind::Config, message));
            }
            known.push((field.name.clone(), values));
        }
        all.push(known);
    }
    Ok(all)
}
