//! Models by name or path: the weights, what they say about themselves, and their description.

mod bundled;
pub mod catalogue;
mod check;
mod hints;
mod open;
pub mod own;
pub mod pull;
mod template;
mod understand;

use std::borrow::Cow;
use std::fmt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Kind, Result};
use crate::onnx::{self, Header};
use crate::places;
use crate::spec::{LabelSet, Spec};

/// The model that is used when none is named.
pub const DEFAULT: &str = "nanodet-g-416";

/// The model that `classify` uses when none is named.
pub const DEFAULT_CLASSIFIER: &str = "efficientnet-lite0-224";

/// The model that `faces` uses when none is named: of the catalogue, as no weights of clear terms are small enough
/// to build in, and found where it was pulled to.
pub const DEFAULT_FACES: &str = "centerface";

pub use hints::Hints;
pub use open::Opened;
pub use template::template;
pub use understand::{Understood, understand};

/// A model that may run: its header was read, nothing hostile is in it, and its description fits.
#[derive(Debug, Clone)]
pub struct Model {
    pub spec: Spec,
    /// The ONNX file.
    pub bytes: Cow<'static, [u8]>,
    /// `sha256:` and 64 hex digits over `bytes`.
    pub digest: String,
    /// `sha256:` and 64 hex digits over the description's meaning; comments do not change it.
    pub spec_digest: String,
    pub header: Header,
    pub labels: LabelSet,
    pub origin: Origin,
    /// Where there is no description: what the header was understood as, and why.
    pub understood: Option<Understood>,
}

/// Where a model came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Built into the program.
    Bundled,
    /// The ONNX file.
    File(PathBuf),
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Bundled => f.write_str("built in"),
            Origin::File(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Finds and loads a model: the name of a built-in one, the path of an `.onnx` or `.toml` file
/// with the other beside it, or the name of one in the user's models folder.
///
/// # Errors
/// `ModelNotFound`, `ModelInvalid`, `ModelRefused`, `ModelMismatch`; messages name the file.
pub fn resolve(name_or_path: impl AsRef<Path>) -> Result<Model> {
    resolve_as(name_or_path, &Hints::default())
}

/// Like [`resolve`], with what the user says about the model.
///
/// # Errors
/// As [`resolve`]; also for hints that name nothing.
pub fn resolve_as(name_or_path: impl AsRef<Path>, hints: &Hints) -> Result<Model> {
    open(name_or_path, hints)?.into_model()
}

/// Like [`resolve`], but stops before judging: for `vision models info`.
///
/// # Errors
/// `ModelNotFound`, `ModelInvalid`.
pub fn open(name_or_path: impl AsRef<Path>, hints: &Hints) -> Result<Opened> {
    open_in(name_or_path.as_ref(), hints, places::models_folder().as_deref())
}

fn open_in(name: &Path, hints: &Hints, folder: Option<&Path>) -> Result<Opened> {
    if let Some(model) = bundled::find(name) {
        return Opened::bundled(model, hints);
    }
    if is_model_file(name) {
        return open_file(name, hints);
    }
    if let Some(path) = folder.and_then(|folder| in_folder(folder, name)) {
        return Opened::file(&path, hints);
    }
    Err(not_found(name, folder))
}

fn is_model_file(name: &Path) -> bool {
    name.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx") || e.eq_ignore_ascii_case("toml"))
}

/// Opens a model by the path of either of its files.
fn open_file(path: &Path, hints: &Hints) -> Result<Opened> {
    if !is_model_file(path) {
        let message =
            format!("{}: expected an .onnx file or its .toml; rename it if it is one", path.display());
        return Err(Error::new(Kind::ModelNotFound, message));
    }
    let weights = path.extension().is_some_and(|e| e.eq_ignore_ascii_case("onnx"));
    let onnx = path.with_extension(if weights { spelled(path) } else { "onnx" });
    Opened::file(&onnx, hints)
}

fn not_found(name: &Path, folder: Option<&Path>) -> Error {
    let given = name.display();
    let message = if name.exists() {
        format!("{given}: expected an .onnx file or its .toml; rename it if it is one")
    } else if let Some(known) = in_catalogue(&name.to_string_lossy()) {
        known
    } else {
        let known: Vec<_> = list_in(folder).into_iter().map(|listed| listed.name).collect();
        format!(
            "no model named {given:?}; known are: {}. Or give the path of an .onnx file",
            known.join(", ")
        )
    };
    Error::new(Kind::ModelNotFound, message)
}

/// What to do about a name that the catalogue knows.
fn in_catalogue(name: &str) -> Option<String> {
    let entries = catalogue::find(name);
    Some(match entries.as_slice() {
        [] => return None,
        [entry] => match &entry.source {
            catalogue::Source::Export { how } => format!("{name} is not here; {how}"),
            _ => {
                // What is used together is fetched together.
                let wanted = entry.group.as_deref().unwrap_or(name);
                format!("{name} is not here yet; fetch it with: vision models pull {wanted}")
            }
        },
        several => {
            let names: Vec<_> = several.iter().map(catalogue::Entry::name).collect();
            format!("{name} stands for several models: {}; name one of them", names.join(", "))
        }
    })
}

/// The extension as given, so that `MODEL.ONNX` stays what it is.
fn spelled(name: &Path) -> &str {
    name.extension().and_then(|e| e.to_str()).unwrap_or("onnx")
}

/// The ONNX file of a plain name (no folders in it) in the user's folder.
fn in_folder(folder: &Path, name: &Path) -> Option<PathBuf> {
    let plain = name.components().count() == 1 && name.file_name() == Some(name.as_os_str());
    let with = |extension: &str| {
        let mut file = name.as_os_str().to_owned();
        file.push(extension);
        folder.join(file)
    };
    let there = plain && (with(".onnx").is_file() || with(".toml").is_file());
    there.then(|| with(".onnx"))
}

/// A row of `vision models list`.
#[derive(Debug)]
pub struct Listed {
    pub name: String,
    pub origin: Origin,
    /// The description, or why there is none that can be read.
    pub spec: Result<Spec>,
}

/// Built-in models, then those of the user's folder by name. Weights are not read.
pub fn list() -> Vec<Listed> {
    list_in(places::models_folder().as_deref())
}

/// Far more than anybody keeps; a folder with more is not a folder of models.
const MAX_LISTED: usize = 10_000;

fn list_in(folder: Option<&Path>) -> Vec<Listed> {
    let built_in = bundled::ALL.iter().map(|model| Listed {
        name: model.name.to_owned(),
        origin: Origin::Bundled,
        spec: open::parse(model.name, model.description),
    });
    let entries = folder.and_then(|folder| std::fs::read_dir(folder).ok());
    let mut paths: Vec<_> = entries.into_iter().flatten().flatten().map(|entry| entry.path()).collect();
    paths.retain(|path| path.extension().is_some_and(|e| e == "onnx"));
    paths.sort();
    paths.truncate(MAX_LISTED);
    let users = paths.into_iter().filter_map(|path| {
        let name = path.file_stem()?.to_string_lossy().into_owned();
        Some(Listed { name, spec: open::description_beside(&path), origin: Origin::File(path) })
    });
    built_in.chain(users).collect()
}

/// Puts the file's name before a message that does not know it.
fn named(origin: &str) -> impl Fn(Error) -> Error {
    move |mut error| {
        error.message = format!("{origin}: {}", error.message);
        error
    }
}

/// What stands in the way of running this header, if anything.
fn refuse(origin: &str, header: &Header) -> Result<()> {
    onnx::refuse_hostile(header).map_err(named(origin))
}

#[cfg(test)]
mod tests;
