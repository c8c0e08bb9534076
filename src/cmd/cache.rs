//! `vision cache`: how much a run folder has stored, and clearing it.

use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use clap::{Args, Command};
use serde::Serialize;

use super::say::{say, say_json};
use super::{Entry, printing, with_options};
use crate::error::{Error, Kind, Result};
use crate::run::job::Job;
use crate::run::journal::Journal;
use crate::run::store::Store;
use crate::run::{RunFolder, is_run_folder};

const ABOUT: &str = "Show what a run folder has stored of what models saw, or clear it";

pub const ENTRY: Entry = Entry { command, run: |matches| printing(matches, run) };

const EXAMPLES: &str = "Examples:
  vision cache vision-out
      observations, size, model, age
  vision cache vision-out --clear
      forget them: results stay, and the same command computes them again

Clearing removes what models saw and nothing else: results, pictures, journal and report stay as they are. A run at
work in the folder is never disturbed (exit code 1).";

fn command() -> Command {
    with_options::<Arguments>("cache", ABOUT).after_help(EXAMPLES)
}

#[derive(Debug, Args)]
struct Arguments {
    /// Run folders
    #[arg(value_name = "FOLDER", default_value = "vision-out")]
    folders: Vec<PathBuf>,

    /// Remove the stored observations
    #[arg(long)]
    clear: bool,

    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What a run folder has stored.
#[derive(Debug, Serialize)]
struct Stored {
    folder: String,
    /// Of the store, on disk.
    bytes: u64,
    /// Observations of items, and lists of what inputs hold.
    entries: usize,
    /// Inputs that need not be read again while they stay as they are.
    inputs: usize,
    command: Option<String>,
    /// Of the last job; entries of former ones stay until they are cleared.
    model: Option<String>,
    provider: Option<String>,
    /// Seconds since something was stored last.
    age_s: Option<u64>,
    cleared: bool,
}

fn run(arguments: &Arguments, out: &mut dyn io::Write) -> Result<u8> {
    let all = arguments.folders.iter().map(|folder| look(folder, arguments.clear));
    let all = all.collect::<Result<Vec<Stored>>>()?;
    match arguments.json {
        true => say_json(out, &all)?,
        false => all.iter().try_for_each(|stored| say(out, &stored.text()))?,
    }
    Ok(0)
}

/// Under the folder's lock: opening a store repairs its end, which a run at work may be writing.
fn look(root: &Path, clear: bool) -> Result<Stored> {
    let shown = root.display().to_string();
    if !is_run_folder(root) {
        return Err(Error::new(Kind::RunFolder, format!("{shown}: is no run folder of vision")));
    }
    let folder = RunFolder::open(root)?;
    let file = folder.store();
    let stat = std::fs::metadata(&file).ok();
    let modified = stat.as_ref().and_then(|stat| stat.modified().ok());
    let age = modified.and_then(|at| SystemTime::now().duration_since(at).ok());
    let job = Job::read(&folder.job());
    let entries = if stat.is_some() { Store::open(&file)?.len() } else { 0 };
    let inputs = if folder.journal().exists() { Journal::open(&folder.journal())?.inputs() } else { 0 };
    if clear && stat.is_some() {
        // The journal stays: it says which pictures are drawn, and an input without its observation is read again.
        std::fs::remove_file(&file).map_err(|e| Error::write(file.display(), e))?;
    }
    Ok(Stored {
        folder: shown,
        bytes: stat.map_or(0, |stat| stat.len()),
        entries,
        inputs,
        command: job.as_ref().map(|job| job.command.clone()),
        model: job.as_ref().map(|job| job.model.clone()),
        provider: job.and_then(|job| job.provider),
        age_s: age.map(|age| age.as_secs()),
        cleared: clear,
    })
}

impl Stored {
    fn text(&self) -> String {
        let words = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let age = self.age_s.map_or_else(
            || "-".to_owned(),
            |age| {
                let age = humantime::format_duration(std::time::Duration::from_secs(age)).to_string();
                format!("{age} ago")
            },
        );
        format!(
            "{}\n  stored      {} entries, {:.1} MB{}\n  inputs      {}\n  last job    {} with {} on {}\n  last stored {age}\n",
            self.folder,
            self.entries,
            self.bytes as f64 / 1e6,
            if self.cleared { ", cleared" } else { "" },
            self.inputs,
            words(&self.command),
            words(&self.model),
            words(&self.provider),
        )
    }
}
