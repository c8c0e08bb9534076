//! One DICOM file as frames: decoded, made visible, with what is known of each.

use dicom_dictionary_std::tags;
use image::RgbImage;

use super::colour::{self, Palette};
use super::dataset::{Ask, DataSet};
use super::description::{Description, Photometric};
use super::meaning::Meaning;
use super::samples::Samples;
use super::syntax::Codec;
use super::{attributes, codec, frames};
use crate::frame::{About, Attributes, Frame, Origin, Part, ValueKind, Values, Warning};
use crate::source::{Format, Input};
use crate::{Error, Result};

/// An image that was opened; frames are decoded one at a time.
pub struct Instance {
    set: DataSet,
    described: Description,
    /// Of colours by index.
    palette: Option<Palette>,
    /// What all frames share.
    attributes: Attributes,
    sop: String,
    /// Whether each frame is named as a part.
    pub in_parts: bool,
}

/// A frame before it means anything.
pub struct Stored {
    pub samples: Samples,
    /// Of a sample, as allocated.
    width: usize,
}

impl Stored {
    /// Little-endian, interleaved by pixel.
    pub fn bytes(&self) -> Vec<u8> {
        let wide = self.samples.iter().map(i64::to_le_bytes);
        wide.flat_map(|bytes| bytes.into_iter().take(self.width)).collect()
    }
}

impl Instance {
    /// # Errors
    /// What is wrong with the file, or that it holds no picture.
    pub fn open(input: Input) -> Result<Self> {
        let set = DataSet::open(input)?;
        let known = attributes::known(&set);
        Self::of(set).map_err(|error| error.about(About { part: None, attributes: known }))
    }

    fn of(set: DataSet) -> Result<Self> {
        let described = Description::of(&set)?;
        let palette = match described.photometric {
            Photometric::Palette => Some(Palette::of(&set.attributes, &described)),
            _ => None,
        };
        let palette = palette.transpose().map_err(|text| set.input.unsupported(text))?;
        let attributes = attributes::of(&set, &described);
        let sop = set.attributes.text(tags::SOP_INSTANCE_UID).unwrap_or_default();
        let in_parts = described.frames > 1;
        Ok(Self { set, described, palette, attributes, sop, in_parts })
    }

    pub fn described(&self) -> &Description {
        &self.described
    }

    pub fn sop(&self) -> &str {
        &self.sop
    }

    pub fn set(&self) -> &DataSet {
        &self.set
    }

    /// The stored values of frame `n`, from 0.
    ///
    /// # Errors
    /// When it is damaged or not read.
    pub fn stored(&self, n: u32) -> Result<Stored> {
        let samples = frames::decode(&self.set, &self.described, n)?;
        Ok(Stored { samples, width: (self.described.allocated as usize).div_ceil(8) })
    }

    /// Frame `n`, from 0, as it is seen.
    ///
    /// # Errors
    /// Why it is not, about this frame.
    pub fn frame(&self, n: u32) -> Result<Frame> {
        self.seen(n).map_err(|error| self.about(error, Some(n)))
    }

    /// Says that an error is about frame `n`, or about the instance as a whole.
    pub fn about(&self, error: Error, n: Option<u32>) -> Error {
        let part = n.filter(|_| self.in_parts).map(|n| self.part(n));
        error.about(About { part, attributes: self.attributes.clone() })
    }

    fn part(&self, n: u32) -> Part {
        let sop = match &self.set.input.limits.pseudonyms {
            Some(pseudonyms) => pseudonyms.of("instance", &self.sop),
            None => self.sop.clone(),
        };
        Part::Instance { sop, frame: n }
    }

    fn seen(&self, n: u32) -> Result<Frame> {
        let samples = self.stored(n)?.samples;
        let mut attributes = self.attributes.clone();
        let (pixels, values) = if self.described.photometric.is_grey() {
            self.grey(&samples, n, &mut attributes)?
        } else {
            (self.coloured(&samples, n)?, None)
        };
        let pixels = pixels.ok_or_else(|| self.set.input.corrupt("fewer pixels than its header says"))?;
        Ok(Frame {
            size: [pixels.width(), pixels.height()],
            pixels,
            full: None,
            part: self.in_parts.then(|| self.part(n)),
            origin: Origin {
                format: Format::Dicom.name().to_owned(),
                lossless: self.set.syntax.lossless,
                orientation: 1,
            },
            icc: None,
            warnings: self.warnings(),
            attributes,
            values,
        })
    }

    fn grey(
        &self,
        samples: &Samples,
        n: u32,
        attributes: &mut Attributes,
    ) -> Result<(Option<RgbImage>, Option<Values>)> {
        let (input, described) = (&self.set.input, &self.described);
        let meaning = Meaning::of(&self.set.attributes, described, n as usize);
        let meaning = meaning.map_err(|text| input.corrupt(text))?;
        attributes::meaning(attributes, &meaning);
        let shown = meaning.display_values(samples, described);
        if shown.iter().any(|value| !value.is_finite()) {
            return Err(input.corrupt("its rescale and window give values that are no numbers"));
        }
        if matches!(input.limits.detail.values, Some(ValueKind::Modality)) {
            // What the model got, not what the picture shows.
            attributes.set_public("inverted", "no");
            attributes.set_public("voi", "not applied");
        }
        let pixels = colour::grey(&shown, described);
        let size = [described.columns, described.rows];
        let values = input.limits.detail.values.map(|kind| match kind {
            ValueKind::Display => Values { size, kind, data: shown },
            ValueKind::Modality => Values { size, kind, data: meaning.modality_values(samples) },
        });
        Ok((pixels, values))
    }

    fn coloured(&self, samples: &Samples, n: u32) -> Result<Option<RgbImage>> {
        let (set, described) = (&self.set, &self.described);
        if let Some(palette) = &self.palette {
            return Ok(colour::indexed(samples, described, palette));
        }
        let ycbcr = match set.syntax.codec {
            Codec::Jpeg => {
                let bytes = frames::bytes(set, described, n)?;
                codec::jpeg::is_ycbcr(&bytes, described).map_err(|fault| fault.worded(&set.input, n))?
            }
            _ => colour::is_ycbcr(described.photometric),
        };
        Ok(colour::rgb(samples, described, ycbcr))
    }

    fn warnings(&self) -> Vec<Warning> {
        let overlay = |group: u16| self.set.attributes.get(dicom_core::Tag(group, 0x3000)).is_some();
        let mut warnings = Vec::new();
        if (0x6000..=0x601E).step_by(2).any(overlay) {
            warnings.push(Warning::new(
                "overlay-not-drawn",
                "it has an overlay, which is not part of the picture",
            ));
        }
        warnings
    }
}
