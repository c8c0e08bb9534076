//! `vision grade rehearse`: scans with known answers, before exam day.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::say::say;
use super::{Entry, printing, with_options};
use crate::error::{Error, Kind, Result};
use crate::sheet::print::roster;
use crate::sheet::rehearse::degrade::Harm;
use crate::sheet::rehearse::fill::{ALL_PENS, CALIBRATION_PENS, TRIAL_PENS};
use crate::sheet::rehearse::ink::Pen;
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
    Ok(0)
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
