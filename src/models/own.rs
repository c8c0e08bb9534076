//! The user's own models: into their folder, whole or not at all, and out of it.

use std::path::{Path, PathBuf};

use super::open::{Opened, known_family, sound};
use super::{Hints, Origin, bundled, named};
use crate::error::{Error, Kind, Result};
use crate::fetch::{Incoming, cannot_write};
use crate::spec::Spec;

/// More than anybody calls a model; both files' names stay within every file system's limit.
const LONGEST_NAME: usize = 100;

/// A model that was added.
#[derive(Debug)]
pub struct Added {
    pub name: String,
    /// Its weights in the user's folder.
    pub onnx: PathBuf,
    /// How it was understood, where it came without a description, and what to look at.
    pub notes: Vec<String>,
}

/// Copies the model in `file` (its `.onnx` or `.toml`) into `folder` as `name`, by default the file's own
/// name, with the description that it is run by: the one beside it, or what `hints` and its header say.
///
/// # Errors
/// Those of [`super::resolve_as`]: what may not run is not added. `Usage` for a name that is taken and not
/// to be replaced (`force`), or no name; `OutputFolder` and `DiskFull`.
pub fn add(file: &Path, name: Option<&str>, hints: &Hints, folder: &Path, force: bool) -> Result<Added> {
    let opened = super::open_file(file, hints)?;
    let name = name.map_or_else(|| opened.stem(), str::to_owned);
    plain_name(&name)?;
    if bundled::find(name.as_ref()).is_some() {
        return Err(Error::usage(format!(
            "{name} is the name of a built-in model; give another with --name"
        )));
    }
    let spec = described(&opened)?;
    let fits = sound(spec, &opened.header).and_then(|()| known_family(spec));
    fits.map_err(named(&opened.origin.to_string()))?;
    opened.verdict().map_err(|problem| Error::new(Kind::ModelMismatch, problem))?;
    let text = own_description(&opened, spec, &name, hints)?;

    let files = files(folder, &name);
    if let Some(taken) = files.iter().find(|path| !force && std::fs::symlink_metadata(path).is_ok()) {
        let message = format!(
            "{} is there already; give another name with --name, or replace it with --force",
            taken.display()
        );
        return Err(Error::usage(message));
    }
    let incoming = Incoming::begin(folder)?;
    put(&incoming, files.clone(), [text.as_bytes(), &*opened.bytes])?;
    let [_, onnx] = files;
    let notes = opened.understood.map(|u| std::iter::once(u.why).chain(u.doubts).collect());
    Ok(Added { name, onnx, notes: notes.unwrap_or_default() })
}

fn described(opened: &Opened) -> Result<&Spec> {
    opened.spec.as_ref().map_err(|error| Error::new(error.kind, error.chain()))
}

/// The text to keep as the description: as it stands beside the file where nothing else was said.
fn own_description(opened: &Opened, spec: &Spec, name: &str, hints: &Hints) -> Result<String> {
    let Origin::File(onnx) = &opened.origin else {
        return Err(Error::usage("a built-in model is there already; give the path of an .onnx file"));
    };
    if opened.understood.is_none() && *hints == Hints::default() && spec.name == name {
        return super::open::description_text_beside(onnx);
    }
    let why =
        opened.understood.as_ref().map_or(String::new(), |u| format!("\nNobody described it: {}", u.why));
    description_text(
        &format!("Written by `vision models add`.{why}"),
        &Spec { name: name.to_owned(), ..spec.clone() },
    )
}

/// A description as a file, `head` before it as comments.
///
/// # Errors
/// `Internal` when it has no TOML form.
pub(super) fn description_text(head: &str, spec: &Spec) -> Result<String> {
    let body = toml::to_string(spec).map_err(|e| {
        Error::new(Kind::Internal, format!("{}: its description has no TOML", spec.name)).because(e)
    })?;
    let comment = |line: &str| format!("# {}\n", line.replace(char::is_control, "\u{fffd}"));
    Ok(head.lines().map(comment).chain([body]).collect())
}

/// Description and weights of the model `name` in `folder`. In this order they are put there: what has
/// weights is a model.
pub(super) fn files(folder: &Path, name: &str) -> [PathBuf; 2] {
    ["toml", "onnx"].map(|extension| folder.join(format!("{name}.{extension}")))
}

/// Writes `contents` in the room and then to their places.
fn put(incoming: &Incoming, files: [PathBuf; 2], contents: [&[u8]; 2]) -> Result<()> {
    let mut moves = Vec::new();
    for (to, content) in files.into_iter().zip(contents) {
        let from = incoming.path().join(to.file_name().unwrap_or_default());
        write_whole(&from, content)?;
        moves.push((from, to));
    }
    incoming.put(&moves)
}

/// A new file, on the disk before it is renamed.
pub(super) fn write_whole(path: &Path, content: &[u8]) -> Result<()> {
    use std::io::Write;
    let write = || {
        let mut file = std::fs::File::create_new(path)?;
        file.write_all(content)?;
        file.sync_all()
    };
    write().map_err(|e| cannot_write(path, e))
}

/// Removes the model `name` from `folder` and returns what went.
///
/// # Errors
/// `ModelNotFound` when there is none of that name, `Usage` for no name or a built-in model's,
/// `OutputFolder`.
pub fn remove(name: &str, folder: &Path) -> Result<Vec<PathBuf>> {
    plain_name(name)?;
    let [toml, onnx] = files(folder, name);
    // A link is removed itself, what it leads to stays.
    let there = |path: &PathBuf| std::fs::symlink_metadata(path).is_ok_and(|m| m.is_file() || m.is_symlink());
    let found: Vec<_> = [onnx, toml].into_iter().filter(there).collect();
    if found.is_empty() {
        let built_in = bundled::find(name.as_ref()).is_some();
        let why = if built_in {
            "it is built in and stays".to_owned()
        } else {
            format!("there is none in {}", folder.display())
        };
        return Err(Error::new(Kind::ModelNotFound, format!("no model {name:?} to remove: {why}")));
    }
    for path in &found {
        std::fs::remove_file(path).map_err(|e| {
            Error::new(Kind::OutputFolder, format!("{}: cannot be removed", path.display())).because(e)
        })?;
    }
    Ok(found)
}

/// Refuses what could be a path, an option or a file of another kind.
///
/// # Errors
/// `Usage`.
pub(super) fn plain_name(name: &str) -> Result<()> {
    let plain = |c: char| c.is_alphanumeric() || "._-+ ".contains(c);
    let ends = |extension: &str| name.to_lowercase().ends_with(extension);
    let good = name.starts_with(char::is_alphanumeric)
        && name.chars().all(plain)
        && !name.ends_with(' ')
        && name.len() <= LONGEST_NAME
        && !ends(".onnx")
        && !ends(".toml");
    if good {
        return Ok(());
    }
    Err(Error::usage(format!(
        "{name:?} is no name for a model; expected letters and digits, with . _ - + between, without .onnx or .toml"
    )))
}

#[cfg(test)]
mod tests;
