//! Reading a model's two files within limits, and joining them into a [`Model`].

use std::borrow::Cow;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use serde::de::DeserializeOwned;

use super::bundled::Bundled;
use super::hints::Hints;
use super::understand::{Understood, understand};
use super::{Model, Origin, check, named, refuse};
use crate::digest::{hex, sha256};
use crate::error::{Error, Kind, Result};
use crate::family::{self, FAMILIES, Recipe};
use crate::onnx::{self, Dim, Header};
use crate::spec::{InputSpec, LabelSet, Labels, Layout, Spec};

/// Protobuf's own limit for a message, hence for an ONNX file in one piece.
pub(super) const MAX_MODEL: u64 = 2 << 30;
/// A description with ten thousand labels has a third of this.
pub(super) const MAX_DESCRIPTION: u64 = 1 << 20;

/// A model file that was read and understood but not yet judged.
#[derive(Debug)]
pub struct Opened {
    pub bytes: Cow<'static, [u8]>,
    pub digest: String,
    pub header: Header,
    pub origin: Origin,
    /// The description, or why there is none that can be read.
    pub spec: Result<Spec>,
    /// Where there is no description: what the header was understood as, and why.
    pub understood: Option<Understood>,
    /// The file with its sizes left open, where its description asks for that; `header` is then this one's.
    pub rewritten: Option<Vec<u8>>,
}

impl Opened {
    pub(super) fn bundled(model: &'static Bundled, hints: &Hints) -> Result<Self> {
        let opened = Self::new(Cow::Borrowed(model.weights), Origin::Bundled, model.name)?;
        Ok(opened.described(hints, || Some(parse(model.name, model.description))))
    }

    /// Reads the file `onnx` and the `.toml` beside it.
    pub(super) fn file(onnx: &Path, hints: &Hints) -> Result<Self> {
        let toml = onnx.with_extension("toml");
        if !onnx.exists() && toml.exists() {
            let message = format!(
                "{}: describes {}, which is not there; put the weights beside it under that name",
                toml.display(),
                onnx.display()
            );
            return Err(Error::new(Kind::ModelNotFound, message));
        }
        let bytes = read_limited(onnx, MAX_MODEL)?;
        let opened =
            Self::new(Cow::Owned(bytes), Origin::File(onnx.to_owned()), &onnx.display().to_string())?;
        Ok(opened.described(hints, || toml.exists().then(|| description_beside(onnx))))
    }

    fn new(bytes: Cow<'static, [u8]>, origin: Origin, name: &str) -> Result<Self> {
        let header = onnx::read(&bytes).map_err(named(name))?;
        let spec = Err(Error::new(Kind::Internal, "not described yet"));
        Ok(Self { digest: digest(&bytes), bytes, header, origin, spec, understood: None, rewritten: None })
    }

    /// Reads the weights `onnx` and says whether they may run by `spec`, whose family need not be known.
    ///
    /// # Errors
    /// As [`Opened::into_model`].
    pub(super) fn judge(onnx: &Path, spec: &Spec) -> Result<()> {
        let bytes = read_limited(onnx, MAX_MODEL)?;
        let mut opened = Self::new(Cow::Owned(bytes), Origin::File(onnx.to_owned()), &spec.name)?;
        opened.spec = Ok(spec.clone());
        opened.open_header();
        let spec = opened.spec?;
        sound(&spec, &opened.header).map_err(named(&spec.name))
    }

    /// With the description that the user names, else its own, else what its header is understood as.
    fn described(mut self, hints: &Hints, own: impl FnOnce() -> Option<Result<Spec>>) -> Self {
        let family = hints.family();
        let given = match hints.description() {
            Some(given) => Some(given),
            None if family.is_none() => own(),
            None => None,
        };
        self.spec = match given {
            Some(spec) => spec,
            None => match understand(&self.stem(), &self.header, family) {
                Ok(understood) => Ok(self.understood.insert(understood).spec.clone()),
                Err(error) => Err(self.not_understood(error)),
            },
        };
        if let (Ok(spec), Some(labels)) = (&mut self.spec, hints.labels()) {
            let name = self.origin.to_string();
            let mut fits = |labels: &Labels| match &mut self.understood {
                Some(understood) => understood.name_classes(labels).map_err(named(&name)),
                None => Ok(()),
            };
            match labels.and_then(|labels| fits(&labels).map(|()| labels)) {
                Ok(labels) => spec.labels = labels,
                Err(error) => self.spec = Err(error),
            }
        }
        self.open_header();
        self
    }

    /// Leaves batch, height and width open where the description asks for it.
    fn open_header(&mut self) {
        let Ok(spec) = &self.spec else { return };
        if !spec.input.open_header {
            return;
        }
        let opened = opened_sizes(&self.bytes, &self.header, &spec.input)
            .and_then(|bytes| Ok((onnx::read(&bytes)?, bytes)));
        match opened {
            Ok((header, bytes)) => (self.header, self.rewritten) = (header, Some(bytes)),
            Err(error) => self.spec = Err(named(&self.origin.to_string())(error)),
        }
    }

    /// The file's name without its extension: what the model is called without a description.
    pub fn stem(&self) -> String {
        match &self.origin {
            Origin::File(path) => path
                .file_stem()
                .map_or_else(|| "model".to_owned(), |stem| stem.to_string_lossy().into_owned()),
            Origin::Bundled => "model".to_owned(),
        }
    }

    fn not_understood(&self, error: Error) -> Error {
        let origin = &self.origin;
        let message = format!(
            "{origin}: {}; `vision models info {origin}` prints an example of a description to write to {}.toml beside it",
            error.message,
            self.stem()
        );
        Error::new(Kind::ModelNotFound, message)
    }

    /// # Errors
    /// `ModelRefused` for what would load other files or code, `ModelMismatch` where header and
    /// description do not fit, and the description's own failure.
    pub fn into_model(self) -> Result<Model> {
        let spec = self.spec?;
        let name = match &self.origin {
            Origin::Bundled => spec.name.clone(),
            Origin::File(path) => path.display().to_string(),
        };
        refuse(&name, &self.header)?;
        let labels = LabelSet::new(&spec.labels).map_err(named(&name))?;
        check::fits(&spec, &self.header).map_err(named(&name))?;
        known_family(&spec).map_err(named(&name))?;
        let meaning = serde_json::to_vec(&spec.observing()).map_err(|e| {
            Error::new(Kind::Internal, format!("{name}: its description has no JSON")).because(e)
        })?;
        Ok(Model {
            spec_digest: digest(&meaning),
            spec,
            // What runs is what the description makes of the file; the digest stays the file's.
            bytes: self.rewritten.map_or(self.bytes, Cow::Owned),
            digest: self.digest,
            header: self.header,
            labels,
            origin: self.origin,
            understood: self.understood,
        })
    }

    /// Why it may not run, if so; does not consume it.
    pub fn verdict(&self) -> std::result::Result<(), String> {
        if let Err(error) = &self.spec {
            return Err(error.chain());
        }
        let copy = Self {
            bytes: Cow::Borrowed(&[]),
            digest: String::new(),
            header: self.header.clone(),
            origin: self.origin.clone(),
            understood: None,
            rewritten: None,
            spec: self.spec.as_ref().map(Spec::clone).map_err(|e| Error::new(e.kind, e.chain())),
        };
        let model = copy.into_model().map_err(|e| e.chain())?;
        let (size, labels) = (model.spec.input.size, model.labels.len());
        let recipe = Recipe { spec: &model.spec, header: &model.header, size, labels };
        family::build(&recipe).map(|_| ()).map_err(|e| e.chain())
    }
}

fn digest(bytes: &[u8]) -> String {
    format!("sha256:{}", hex(&sha256(bytes)))
}

/// `bytes` with an input that takes any number of pictures of any size.
fn opened_sizes(bytes: &[u8], header: &Header, spec: &InputSpec) -> Result<Vec<u8>> {
    let input = header.picture_input(spec.name.as_deref())?;
    let channels = if spec.layout == Layout::Nchw { 1 } else { 3 };
    let axis = |(index, dim): (usize, &Dim)| if index == channels { dim.clone() } else { Dim::Unknown };
    let shape: Vec<_> = input.shape.iter().flatten().enumerate().map(axis).collect();
    onnx::rewrite::with_input_shape(bytes, &input.name, &shape)
}

/// Whether a model of this header may run by `spec`, whose family need not be known.
///
/// # Errors
/// As [`Opened::into_model`]; the message does not name the model.
pub(super) fn sound(spec: &Spec, header: &Header) -> Result<()> {
    onnx::refuse_hostile(header)?;
    LabelSet::new(&spec.labels)?;
    check::fits(spec, header)
}

/// Refuses a description whose family no command of this version knows.
///
/// # Errors
/// `ModelInvalid`; the message does not name the model.
pub(super) fn known_family(spec: &Spec) -> Result<()> {
    if FAMILIES.iter().any(|entry| entry.name == spec.family) {
        return Ok(());
    }
    let known: Vec<&str> = FAMILIES.iter().map(|entry| entry.name).collect();
    let message = format!(
        "this version of vision has no command for it yet: family = \"{}\" is not known; known are: {}",
        spec.family,
        known.join(", ")
    );
    Err(Error::new(Kind::ModelInvalid, message))
}

/// The description in the `.toml` beside `onnx`.
pub(super) fn description_beside(onnx: &Path) -> Result<Spec> {
    let text = description_text_beside(onnx)?;
    parse(&onnx.with_extension("toml").display().to_string(), &text)
}

/// The text of the `.toml` beside `onnx`.
pub(super) fn description_text_beside(onnx: &Path) -> Result<String> {
    let path = onnx.with_extension("toml");
    let bytes = read_limited(&path, MAX_DESCRIPTION)?;
    String::from_utf8(bytes).map_err(|e| {
        Error::new(Kind::ModelInvalid, format!("{}: is not UTF-8 text", path.display())).because(e)
    })
}

/// Parses a description; `name` is for messages.
pub(super) fn parse(name: &str, text: &str) -> Result<Spec> {
    parse_as(name, text)
}

/// Parses TOML; `name` is for messages.
pub(super) fn parse_as<T: DeserializeOwned>(name: &str, text: &str) -> Result<T> {
    toml::from_str(text).map_err(|e| {
        let line =
            e.span().and_then(|span| text.get(..span.start)).map_or(1, |head| head.split('\n').count());
        let message = format!("{name} line {line}: {}", e.message().replace('\n', ", "));
        Error::new(Kind::ModelInvalid, message)
    })
}

/// Inputs or outputs for one line; some models have hundreds.
pub(super) fn list(values: &[onnx::Value]) -> String {
    const SHOWN: usize = 8;
    let shown: Vec<_> = values.iter().take(SHOWN).map(ToString::to_string).collect();
    let more = values.len().saturating_sub(SHOWN);
    shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// Reads a regular file of at most `limit` bytes; anything else could block or never end.
pub(super) fn read_limited(path: &Path, limit: u64) -> Result<Vec<u8>> {
    let failed = |e: std::io::Error| {
        let mut error = Error::read(path.display(), e);
        error.kind = if error.kind == Kind::NotFound { Kind::ModelNotFound } else { Kind::ModelInvalid };
        error
    };
    let metadata = std::fs::metadata(path).map_err(failed)?;
    if !metadata.is_file() {
        return Err(Error::new(Kind::ModelInvalid, format!("{}: is not a regular file", path.display())));
    }
    let mut bytes = Vec::new();
    if metadata.len() <= limit {
        File::open(path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    }
    if metadata.len() > limit || bytes.len() as u64 > limit {
        let message = format!("{}: larger than {} MiB, the limit", path.display(), limit >> 20);
        return Err(Error::new(Kind::ModelInvalid, message));
    }
    Ok(bytes)
}
