//! What a run tells its report: facts for the page's head, and where the inputs are.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use serde_json::{Value, json};

use super::Options;
use super::setup::{Prepared, Selection};
use crate::digest::{hex, sha256};
use crate::error::Result;
use crate::input::Listing;
use crate::pipeline::artist::Artist;
use crate::report::{Report, ReportContext};
use crate::run::RunFolder;
use crate::sink::Sink;

/// What is known of a run when it begins.
pub struct Run<'a> {
    pub command: &'a str,
    pub provider: String,
    pub begun: Instant,
}

/// Options that say where things are on this machine or how the run is reported, not what was done: a page is
/// handed on.
const LEFT_OUT: [&str; 12] = [
    "inputs", "model", "spec", "labels", "runtime", "out", "report", "embed", "quiet", "ensemble", "zones",
    "apply",
];

/// More labels than any known model has; the page offers them to people who correct one.
const MOST_NAMES: usize = 30_000;

pub fn open<S: Selection>(
    run: Run,
    options: &Options<S>,
    prepared: &Prepared,
    folder: &RunFolder,
    listing: &Listing,
    artist: Option<Arc<Artist>>,
) -> Result<Box<dyn Sink>> {
    let roots = roots(listing);
    let names: Vec<&str> = roots.keys().map(String::as_str).collect();
    // A page of pseudonyms leads to no file and says no name of one.
    let hidden = options.input.pseudonyms.is_some();
    let title = match hidden {
        true => format!("Worklist: {}", crate::triage::NOTICE),
        false => format!("{} {}", run.command, names.join(", ")),
    };
    let facts = json!({
        "title": title,
        "command": run.command,
        "program": concat!("vision ", env!("CARGO_PKG_VERSION")),
        "roots": names,
        "model": prepared.facts(),
        "provider": run.provider,
        "options": if hidden { json!({}) } else { changed(options)? },
        "skipped": listing.skipped,
    });
    let facts = with_words(facts);
    let context = ReportContext {
        folder: folder_now(folder.root()),
        temporary: folder.temporary(),
        embed: options.output.embed,
        roots: if hidden { BTreeMap::new() } else { roots },
        artist,
        declared: prepared.policy.declared(),
        facts,
        run: run_name(run.command, prepared, folder),
        reviewable: prepared.tracking.is_none() && !hidden,
        names: prepared.policy.labels().names().iter().take(MOST_NAMES).cloned().collect(),
        listed: listing.inputs.len(),
        begun: run.begun,
    };
    Ok(Box::new(Report::new(context)?))
}

/// Adds what the page says of the run: a line at its head, and rows of name and value.
fn with_words(mut facts: Value) -> Value {
    let text = |value: &Value| match value {
        Value::Array(list) => list.iter().map(plain).collect::<Vec<_>>().join(","),
        other => plain(other),
    };
    let options = facts["options"].as_object().into_iter().flatten();
    let options = options.map(|(name, value)| match value {
        Value::Bool(true) => format!("--{name}"),
        value => format!("--{name} {}", text(value)),
    });
    let options = options.collect::<Vec<_>>().join("  ");
    let skipped = facts["skipped"].as_object().into_iter().flatten();
    let skipped = skipped.map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ");
    let model = &facts["model"];
    let about = json!([
        ["Command", facts["command"]],
        ["Inputs", text(&facts["roots"]).replace(',', ", ")],
        [
            "Model",
            format!("{} ({}, {})", plain(&model["name"]), plain(&model["family"]), plain(&model["licence"]))
        ],
        ["Model file", model["digest"]],
        ["Model input", text(&model["input_size"]).replace(',', " × ")],
        ["Looks", model["looks"]],
        ["Provider", facts["provider"]],
        ["Options", options],
        ["Skipped", skipped],
    ]);
    let head = json!([model["name"], facts["provider"]]);
    (facts["head"], facts["about"]) = (head, about);
    facts
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The same for the same command with the same model in the same folder: the browser keeps decisions under it.
/// A digest, because a page is handed on.
fn run_name(command: &str, prepared: &Prepared, folder: &RunFolder) -> String {
    let place = folder.root().canonicalize().unwrap_or_else(|_| folder.root().to_owned());
    let text = format!("{command}\n{}\n{}", prepared.subject.digest, place.display());
    hex(&sha256(text.as_bytes())[..8])
}

fn folder_now(path: &Path) -> PathBuf {
    path.canonicalize().unwrap_or_else(|_| path.to_owned())
}

/// Where each root's folder is: an input's place without its path below the root.
pub(super) fn roots(listing: &Listing) -> BTreeMap<String, PathBuf> {
    let mut roots = BTreeMap::new();
    for input in &listing.inputs {
        let identity = &input.identity;
        if !roots.contains_key(&identity.root) {
            let depth = identity.relative.components().count();
            let folder = input.file.ancestors().nth(depth).map(PathBuf::from).unwrap_or_default();
            let folder = if folder.as_os_str().is_empty() { PathBuf::from(".") } else { folder };
            roots.insert(identity.root.clone(), folder_now(&folder));
        }
    }
    roots
}

/// Options that are not at their defaults, by name.
fn changed<S: Selection>(options: &Options<S>) -> Result<Value> {
    let plain = serde_json::to_value(Options::<S>::with_defaults(["-".into()])?).unwrap_or_default();
    let mut given = serde_json::to_value(options).unwrap_or_default();
    if let Some(given) = given.as_object_mut() {
        given.retain(|name, value| !LEFT_OUT.contains(&name.as_str()) && plain.get(name) != Some(value));
    }
    Ok(given)
}
