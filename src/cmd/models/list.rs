//! `vision models list` and `families`: what there is, and what could be pulled.

use std::io::Write;

use serde_json::{Value as Json, json};

use super::{kebab, or_unknown};
use crate::cmd::say::{columns, megabytes, say, say_json};
use crate::error::Result;
use crate::family::FAMILIES;
use crate::models::Listed;
use crate::models::catalogue::Entry;

/// `models` that are there, then those of `catalogue` that are not.
pub fn list(models: &[Listed], catalogue: &[Entry], json: bool, out: &mut dyn Write) -> Result<u8> {
    let there = |entry: &&Entry| !models.iter().any(|listed| listed.name == entry.name());
    let missing = catalogue.iter().filter(there);
    if json {
        let rows: Vec<_> = models.iter().map(listed_json).chain(missing.map(entry_json)).collect();
        say_json(out, &rows)?;
    } else {
        let rows: Vec<_> = models.iter().map(listed_row).chain(missing.map(entry_row)).collect();
        say(out, &columns(&rows))?;
    }
    Ok(0)
}

pub fn families(out: &mut dyn Write) -> Result<u8> {
    let row = |entry: &crate::family::Entry| {
        vec![entry.name.to_owned(), kebab(&entry.task), entry.about.to_owned()]
    };
    say(out, &columns(&FAMILIES.iter().map(row).collect::<Vec<_>>()))?;
    Ok(0)
}

fn listed_row(listed: &Listed) -> Vec<String> {
    match &listed.spec {
        Ok(spec) => vec![
            listed.name.clone(),
            kebab(&spec.task),
            spec.family.clone(),
            format!("{}x{}", spec.input.size[0], spec.input.size[1]),
            or_unknown(&spec.licence),
            format!("{} ({})", spec.about, listed.origin),
        ],
        Err(error) => vec![listed.name.clone(), "unusable".to_owned(), error.chain()],
    }
}

fn entry_row(entry: &Entry) -> Vec<String> {
    let spec = &entry.description;
    let how = match entry.source.file() {
        Some(file) => format!("not here yet, {}: vision models pull {}", megabytes(file.bytes), spec.name),
        None => format!("description only, for --spec {}", spec.name),
    };
    vec![
        spec.name.clone(),
        kebab(&spec.task),
        spec.family.clone(),
        format!("{}x{}", spec.input.size[0], spec.input.size[1]),
        or_unknown(&spec.licence),
        format!("{} ({how})", spec.about),
    ]
}

fn listed_json(listed: &Listed) -> Json {
    let origin = listed.origin.to_string();
    match &listed.spec {
        Ok(spec) => json!({ "name": listed.name, "from": origin, "description": spec, "error": null }),
        Err(error) => {
            json!({ "name": listed.name, "from": origin, "description": null, "error": error.chain() })
        }
    }
}

fn entry_json(entry: &Entry) -> Json {
    json!({
        "name": entry.name(),
        "from": "catalogue",
        "description": entry.description,
        "error": null,
        "group": entry.group,
        "source": entry.source,
    })
}
