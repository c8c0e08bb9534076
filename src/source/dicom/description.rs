//! What a data set says of its pixels (PS3.3, section C.7.6.3), checked before anything is decoded.

use dicom_dictionary_std::tags;

use super::dataset::{Ask, DataSet, name};
use super::scan::Pixels;
use crate::Result;
use crate::source::Input;

/// (0028,0004), those that are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Photometric {
    Monochrome1,
    Monochrome2,
    Palette,
    Rgb,
    YbrFull,
    YbrFull422,
    /// JPEG 2000's own transforms, which its decoder undoes.
    YbrIct,
    YbrRct,
}

const PHOTOMETRICS: &[(&str, Photometric)] = &[
    ("MONOCHROME1", Photometric::Monochrome1),
    ("MONOCHROME2", Photometric::Monochrome2),
    ("PALETTE COLOR", Photometric::Palette),
    ("RGB", Photometric::Rgb),
    ("YBR_FULL", Photometric::YbrFull),
    ("YBR_FULL_422", Photometric::YbrFull422),
    ("YBR_ICT", Photometric::YbrIct),
    ("YBR_RCT", Photometric::YbrRct),
];

impl Photometric {
    pub fn name(self) -> &'static str {
        PHOTOMETRICS.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }

    pub fn is_grey(self) -> bool {
        matches!(self, Self::Monochrome1 | Self::Monochrome2)
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Description {
    pub rows: u32,
    pub columns: u32,
    /// 1 or 3.
    pub samples: usize,
    /// 1, 8, 16 or 32.
    pub allocated: u32,
    /// 1 to `allocated`.
    pub stored: u32,
    /// `stored` - 1 to `allocated` - 1.
    pub high_bit: u32,
    pub signed: bool,
    /// Of three samples: a plane each, instead of pixel by pixel.
    pub planar: bool,
    pub photometric: Photometric,
    pub frames: u32,
}

impl Description {
    /// # Errors
    /// `Unsupported` for what holds no picture or one that is not read; `Corrupt` for what contradicts itself;
    /// `TooLarge`.
    pub fn of(set: &DataSet) -> Result<Self> {
        let DataSet { input, attributes, pixels, .. } = set;
        match pixels {
            None => return Err(input.unsupported(nothing_to_see(set))),
            Some(Pixels::Float) => {
                return Err(input.unsupported("its pixels are floating-point numbers, which are not read"));
            }
            Some(_) => {}
        }
        let count = |tag| attributes.count(tag).map_err(|text| input.corrupt(text));
        let needed = |tag| count(tag)?.ok_or_else(|| input.corrupt(format_args!("{} is missing", name(tag))));
        let flag = |tag| match count(tag)?.unwrap_or(0) {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(input.corrupt(format_args!("{} is {other}; 0 and 1 are known", name(tag)))),
        };
        let (rows, columns) = (needed(tags::ROWS)?, needed(tags::COLUMNS)?);
        input.check_pixels(columns, rows)?;
        let allocated = needed(tags::BITS_ALLOCATED)?;
        let stored = count(tags::BITS_STORED)?.unwrap_or(allocated);
        let described = Self {
            rows,
            columns,
            samples: needed(tags::SAMPLES_PER_PIXEL)? as usize,
            allocated,
            stored,
            high_bit: count(tags::HIGH_BIT)?.unwrap_or(stored.saturating_sub(1)),
            signed: flag(tags::PIXEL_REPRESENTATION)?,
            planar: flag(tags::PLANAR_CONFIGURATION)?,
            photometric: photometric(set)?,
            frames: count(tags::NUMBER_OF_FRAMES)?.unwrap_or(1).max(1),
        };
        let groups = attributes.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).len();
        if groups != 0 && groups < described.frames as usize {
            let frames = described.frames;
            return Err(
                input.corrupt(format_args!("{groups} functional groups of {frames} frames cannot be"))
            );
        }
        described.check(input)?;
        Ok(described)
    }

    fn check(&self, input: &Input) -> Result<()> {
        let Self { samples, allocated, stored, high_bit, photometric, signed, .. } = *self;
        if !matches!(allocated, 1 | 8 | 16 | 32) {
            return Err(input.unsupported(format_args!(
                "it has {allocated} bits allocated a sample; 1, 8, 16 and 32 are read"
            )));
        }
        if !(1..=allocated).contains(&stored) || high_bit < stored - 1 || high_bit >= allocated {
            return Err(input.corrupt(format_args!(
                "{stored} bits stored of {allocated} allocated, up to bit {high_bit}, cannot be"
            )));
        }
        let one = photometric.is_grey() || photometric == Photometric::Palette;
        if samples != if one { 1 } else { 3 } {
            return Err(input
                .corrupt(format_args!("{} with {samples} samples a pixel cannot be", photometric.name())));
        }
        if signed && !photometric.is_grey() {
            return Err(input.unsupported("its samples of colour are signed, which no picture needs"));
        }
        Ok(())
    }

    /// Bytes of all frames without compression.
    pub fn native_bytes(&self) -> u64 {
        (u64::from(self.frames) * super::frames::native_bits(self)).div_ceil(8)
    }

    /// Pixels of a frame.
    pub fn pixels(&self) -> usize {
        self.rows as usize * self.columns as usize
    }

    /// Samples of a frame.
    pub fn count(&self) -> usize {
        self.pixels() * self.samples
    }
}

fn photometric(set: &DataSet) -> Result<Photometric> {
    let tag = tags::PHOTOMETRIC_INTERPRETATION;
    let text = set.attributes.text(tag);
    let text = text.ok_or_else(|| set.input.corrupt(format_args!("{} is missing", name(tag))))?;
    let known = PHOTOMETRICS.iter().find(|(name, _)| *name == text);
    known.map(|(_, known)| *known).ok_or_else(|| {
        // Only the standard's own words (PS3.3 C.7.6.3.1.2) are said again: others may be a person's.
        let others = ["HSV", "ARGB", "CMYK", "YBR_PARTIAL_422", "YBR_PARTIAL_420", "XYB"];
        let shown = others.into_iter().find(|other| *other == text).unwrap_or("(none of the standard's)");
        set.input.unsupported(format_args!("its photometric interpretation {shown} is not read"))
    })
}

/// What a file without pixels is, by its SOP class.
fn nothing_to_see(set: &DataSet) -> String {
    use dicom_core::dictionary::UidDictionary;
    let class = set.attributes.text(tags::SOP_CLASS_UID);
    let class = class.and_then(|uid| {
        let entry = dicom_dictionary_std::StandardSopClassDictionary.by_uid(&uid).map(|entry| entry.name);
        entry.map(str::to_owned)
    });
    format!("it holds no picture: it is a {}", class.as_deref().unwrap_or("data set without pixels"))
}
