//! Keys: which bytes, seen by which model in which way, gave an observation.

use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::digest::Key;
use crate::frame::Part;
use crate::observation::OBSERVATION_VERSION;

/// Everything beside the input that an observation depends on. Serialised in this order, so adding
/// a field changes all keys: raise [`OBSERVATION_VERSION`] instead where the meaning changed.
#[derive(Debug, Clone, Serialize)]
pub struct ObservationConfig {
    /// `sha256:…` of the model file.
    pub model: String,
    /// `sha256:…` of the model's description.
    pub spec: String,
    /// Width and height of the model's input, pixels.
    pub input_size: [u32; 2],
    /// The provider that really runs, and its precision: `cpu/f32`.
    pub provider: String,
    /// Tiles, mirror and models beside it; empty for one look at the whole picture.
    pub looks: String,
    /// How large JPEG files are decoded; empty where in full.
    pub decode: String,
    /// Which frames of videos are looked at, in words. A frame's observation does not depend on it, an input's list
    /// of items does.
    #[serde(skip)]
    pub choice: String,
}

/// Makes keys for one configuration.
#[derive(Debug, Clone)]
pub struct Keys {
    config: Key,
    choice: String,
}

impl Keys {
    pub fn new(config: &ObservationConfig) -> Self {
        // A struct of strings and numbers always serialises.
        let json = serde_json::to_vec(config).unwrap_or_default();
        let mut hash = Sha256::new();
        hash.update(OBSERVATION_VERSION.to_le_bytes());
        hash.update(&json);
        Self { config: hash.finalize().into(), choice: config.choice.clone() }
    }

    /// Which frames of videos are looked at, in words.
    pub fn choice(&self) -> &str {
        &self.choice
    }

    /// The key of an item's observation.
    pub fn item(&self, digest: &Key, part: Option<&Part>) -> Key {
        self.key(b"item", digest, &serde_json::to_vec(&part).unwrap_or_default())
    }

    /// The key of what explains an item's observation.
    pub fn explained(&self, item: &Key) -> Key {
        self.key(b"explained", item, &[])
    }

    /// The key of an input's list of items. The number is that of the list's form.
    pub fn manifest(&self, digest: &Key) -> Key {
        self.key(b"manifest/2", digest, self.choice.as_bytes())
    }

    fn key(&self, kind: &[u8], digest: &Key, rest: &[u8]) -> Key {
        let mut hash = Sha256::new();
        hash.update(kind);
        hash.update(self.config);
        hash.update(digest);
        hash.update(rest);
        hash.finalize().into()
    }
}
