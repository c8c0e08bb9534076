//! What the user says about a model beside naming it: a description, a family, labels.

use std::path::Path;

use super::open::{self, MAX_DESCRIPTION, read_limited};
use super::{bundled, catalogue, in_folder};
use crate::error::{Error, Kind, Result};
use crate::family::FAMILIES;
use crate::places;
use crate::spec::{LabelSet, Labels, Spec};

/// `--spec` and `--labels`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// A `.toml` file, the name of a model, or the name of a family.
    pub spec: Option<String>,
    /// A text file with a name a line, or the name of a built-in list.
    pub labels: Option<String>,
}

impl Hints {
    /// The family to read the model as, where `spec` is the name of one.
    pub(super) fn family(&self) -> Option<&str> {
        let name = self.spec.as_deref()?;
        FAMILIES.iter().find(|entry| entry.name == name).map(|entry| entry.name)
    }

    /// The description that `spec` names, where it is no family.
    pub(super) fn description(&self) -> Option<Result<Spec>> {
        let name = self.spec.as_deref().filter(|_| self.family().is_none())?;
        let path = Path::new(name);
        if path.extension().is_some_and(|e| e.eq_ignore_ascii_case("toml")) {
            return Some(open::description_beside(path));
        }
        if let Some(model) = bundled::find(path) {
            return Some(open::parse(model.name, model.description));
        }
        let users = places::models_folder().and_then(|folder| in_folder(&folder, path));
        Some(match users {
            Some(onnx) => open::description_beside(&onnx),
            None => match catalogue::find(name).as_slice() {
                [entry] => Ok(entry.description.clone()),
                _ => Err(unknown(name)),
            },
        })
    }

    /// The labels given, where they are.
    pub(super) fn labels(&self) -> Option<Result<Labels>> {
        let name = self.labels.as_deref()?;
        let built_in = Labels::BuiltIn(name.to_owned());
        if LabelSet::new(&built_in).is_ok() {
            return Some(Ok(built_in));
        }
        Some(read_limited(Path::new(name), MAX_DESCRIPTION).map_err(missing).and_then(|bytes| {
            let text = String::from_utf8(bytes).map_err(|e| {
                Error::usage(format!("--labels {name}: expected UTF-8 text, a name a line")).because(e)
            })?;
            // A byte order mark is what some editors put before the first name.
            let lines = text.trim_start_matches('\u{feff}').lines().map(str::trim).filter(|l| !l.is_empty());
            Ok(Labels::List(lines.map(str::to_owned).collect()))
        }))
    }
}

fn missing(mut error: Error) -> Error {
    error.message = format!(
        "--labels {}; expected a text file with a name a line, or a built-in list: {}",
        error.message,
        LabelSet::BUILT_IN.join(", ")
    );
    error
}

fn unknown(name: &str) -> Error {
    let families: Vec<&str> = FAMILIES.iter().map(|entry| entry.name).collect();
    let message = format!(
        "--spec {name}: expected a .toml file, the name of a model (`vision models list`), or a family: {}",
        families.join(", ")
    );
    Error::new(Kind::Usage, message)
}
