//! A frame: upright RGB pixels, where they came from, and what was noticed on the way.

use image::RgbImage;
use serde::{Deserialize, Serialize};

/// Which part of an input an item is. `None` in an item means the input has one part only.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Part {
    /// Page `n`, counted from 1.
    Page { n: u32 },
    /// Frame `n`, counted from 0, shown at `pts` units of `time_base` = [numerator, denominator]
    /// seconds.
    Frame { n: u32, pts: i64, time_base: [u32; 2] },
    /// Frame `frame` (from 0) of the DICOM instance `sop`.
    Instance { sop: String, frame: u32 },
    /// Entry `n` (from 1) of an archive, where it cannot be told which instance it holds.
    Entry { n: u32 },
}

impl Part {
    /// The suffix of artefact names: `.p0003`, `.f000017`; empty for an only part.
    pub fn suffix(part: Option<&Part>) -> String {
        match part {
            None => String::new(),
            Some(Part::Page { n }) => format!(".p{n:04}"),
            Some(Part::Frame { n, .. }) => format!(".f{n:06}"),
            Some(Part::Instance { frame, .. }) => format!(".i{frame:04}"),
            Some(Part::Entry { n }) => format!(".e{n:05}"),
        }
    }
}

/// How the store writes a part: as JSON text, because the store's format does not name fields and
/// [`Part`] is told apart by one.
pub(crate) mod part_text {
    use serde::de::Error as _;
    use serde::ser::Error as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Part;

    pub fn serialize<S: Serializer>(part: &Option<Part>, serializer: S) -> Result<S::Ok, S::Error> {
        let text = part.as_ref().map(serde_json::to_string).transpose().map_err(S::Error::custom)?;
        text.serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Part>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        text.map(|text| serde_json::from_str(&text)).transpose().map_err(D::Error::custom)
    }
}

/// Something noticed that did not stop the work. `code` is stable, `message` is for people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Warning {
    pub code: String,
    pub message: String,
}

impl Warning {
    pub fn new(code: &str, message: impl Into<String>) -> Self {
        Self { code: code.to_owned(), message: message.into() }
    }
}

/// How the pixels were stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Lower-case name of the format found in the bytes: `jpeg`, `png`, `tiff`, …
    pub format: String,
    /// Whether the stored pixels were compressed without loss: decides PNG or JPEG for
    /// annotated output.
    pub lossless: bool,
    /// EXIF orientation 1 to 8 as stored; the pixels of a [`Frame`] are already upright.
    pub orientation: u8,
}

/// One picture on its way through the walk.
#[derive(Debug, Clone)]
pub struct Frame {
    /// Upright, 8 bits a channel, alpha composited on white.
    pub pixels: RgbImage,
    /// Width and height of the upright picture at full resolution. Larger than `pixels` when the
    /// decoder scaled down; boxes are always in these units.
    pub size: [u32; 2],
    /// The picture at full resolution, where `pixels` are fewer and it was asked for.
    pub full: Option<RgbImage>,
    pub part: Option<Part>,
    pub origin: Origin,
    /// ICC profile of the stored picture, kept in annotated output.
    pub icc: Option<Vec<u8>>,
    pub warnings: Vec<Warning>,
    pub attributes: Attributes,
    /// Of a grey DICOM picture, where they were asked for.
    pub values: Option<Values>,
}

/// Which numbers stand behind a grey picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ValueKind {
    /// Modality units: Hounsfield, optical density, or what the stored values are rescaled to.
    Modality,
    /// Brightness after the window or table, 0 black to 1 white.
    Display,
}

/// A number for each pixel, in rows from the top, exact where `pixels` have 8 bits.
#[derive(Debug, Clone, PartialEq)]
pub struct Values {
    /// Width and height.
    pub size: [u32; 2],
    pub kind: ValueKind,
    pub data: Vec<f32>,
}

impl Frame {
    /// What is drawn on and cut out of: every pixel, unless the decoder was not asked for them.
    pub fn all_pixels(&self) -> &RgbImage {
        self.full.as_ref().unwrap_or(&self.pixels)
    }
}

/// What else is known of a frame: public values by key, and sensitive ones that can be used but
/// neither printed nor serialised by accident.
#[derive(Clone, Default)]
pub struct Attributes {
    public: std::collections::BTreeMap<&'static str, String>,
    sensitive: std::collections::BTreeMap<std::borrow::Cow<'static, str>, Sensitive>,
    /// Whether everything in the file that may identify a person is among them.
    pub whole: bool,
}

/// Which item an error stands for, and what is known of it although it cannot be seen.
#[derive(Debug, Clone, Default)]
pub struct About {
    pub part: Option<Part>,
    pub attributes: Attributes,
}

/// A value that may identify a person. It has neither `Debug` nor `Display` nor `Serialize`:
/// the only way out is [`Sensitive::reveal`], which is easy to search for.
#[derive(Clone)]
pub struct Sensitive(String);

impl Sensitive {
    pub fn new(value: impl Into<String>) -> Self {
        Self(value.into())
    }

    pub fn reveal(&self) -> &str {
        &self.0
    }
}

/// The keys that may stand in results. Everything else is [`Sensitive`].
pub const PUBLIC_ATTRIBUTES: &[&str] = &[
    "bits",
    "body-part",
    "camera",
    "instance-pseudonym",
    "inverted",
    "laterality",
    "modality",
    "modality-lut",
    "photometric",
    "presentation-intent",
    "series-pseudonym",
    "spacing",
    "study-pseudonym",
    "transfer-syntax",
    "view",
    "voi",
];

impl Attributes {
    /// Sets a public value; `false` when `key` is not on the allow-list.
    pub fn set_public(&mut self, key: &'static str, value: impl Into<String>) -> bool {
        let allowed = PUBLIC_ATTRIBUTES.contains(&key);
        if allowed {
            self.public.insert(key, value.into());
        }
        allowed
    }

    pub fn set_sensitive(&mut self, key: impl Into<std::borrow::Cow<'static, str>>, value: Sensitive) {
        self.sensitive.insert(key.into(), value);
    }

    pub fn public(&self) -> impl Iterator<Item = (&'static str, &str)> {
        self.public.iter().map(|(k, v)| (*k, v.as_str()))
    }

    /// What is public, to be kept.
    pub fn facts(&self) -> Vec<(String, String)> {
        self.public().map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
    }

    /// Of study, series and instance, where a run has them.
    pub fn pseudonyms(&self) -> Vec<(String, String)> {
        let mut facts = self.facts();
        facts.retain(|(key, _)| key.ends_with("-pseudonym"));
        facts
    }

    /// For the pipe from a decoding process and for `private/` only.
    pub(crate) fn all_sensitive(&self) -> impl Iterator<Item = (&str, &Sensitive)> {
        self.sensitive.iter().map(|(key, value)| (key.as_ref(), value))
    }

    pub fn sensitive(&self, key: &str) -> Option<&Sensitive> {
        self.sensitive.get(key)
    }
}

impl std::fmt::Debug for Attributes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Attributes").field("public", &self.public).finish_non_exhaustive()
    }
}
