//! What a job looks by: a model, or what a command brings in its place.

use crate::error::{Error, Kind, Result};
use crate::models::Model;

/// What looks, by name and digests: a model, or what a command brings in its place, such as a sheet to be read.
#[derive(Debug, Clone)]
pub struct Subject {
    pub name: String,
    /// `sha256:…`.
    pub digest: String,
    /// Of the description that it is read by.
    pub spec_digest: String,
    pub family: String,
    pub licence: String,
    pub(super) is_model: bool,
}

impl Subject {
    pub(super) fn of(model: &Model) -> Self {
        Self {
            name: model.spec.name.clone(),
            digest: model.digest.clone(),
            spec_digest: model.spec_digest.clone(),
            family: model.spec.family.clone(),
            licence: model.spec.licence.clone(),
            is_model: true,
        }
    }

    /// Of what is no model: its name, what it is read as, and the digest of all that observations of it depend on.
    pub fn without_model(name: String, family: &str, digest: String) -> Self {
        let spec_digest = digest.clone();
        Self { name, digest, spec_digest, family: family.to_owned(), licence: String::new(), is_model: false }
    }
}

/// The first of a job's models.
///
/// # Errors
/// `Internal` where there is none: its command needs none and asked for it.
pub(super) fn own(models: &[Model]) -> Result<&Model> {
    models.first().ok_or_else(|| Error::new(Kind::Internal, "a model is needed, and the job has none"))
}
