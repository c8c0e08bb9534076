//! What grey stored values mean: modality units, then a window or a table, then what is bright.

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::dataset::{Ask, functional};
use super::description::{Description, Photometric};
use super::lut::Lut;
use super::samples::Samples;

/// Stored values to modality units (Hounsfield, optical density, …).
#[derive(Debug, Clone, PartialEq)]
pub enum Modality {
    Linear { slope: f64, intercept: f64 },
    Table(Lut),
}

/// (0028,1056).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Curve {
    Linear,
    LinearExact,
    Sigmoid,
}

/// Modality units to brightness, 0 to 1.
#[derive(Debug, Clone, PartialEq)]
pub enum Voi {
    Window {
        centre: f64,
        width: f64,
        curve: Curve,
    },
    Table(Lut),
    /// Nothing is said: all that the stored bits can hold, of 8 bits without rescaling; else from the least to the
    /// greatest value of the frame.
    Whole,
}

/// Everything that makes a frame's values visible.
#[derive(Debug, Clone, PartialEq)]
pub struct Meaning {
    pub modality: Modality,
    pub voi: Voi,
    /// The least stored value is white (MONOCHROME1).
    pub inverted: bool,
    /// Stored values that are no picture, both ends included.
    pub padding: Option<[i64; 2]>,
    /// Of rows and columns, millimetres; where they are said.
    pub spacing: Option<[f64; 2]>,
}

impl Meaning {
    /// Of frame `n`, from 0.
    ///
    /// # Errors
    /// For values that make no sense, in words.
    pub fn of(attributes: &InMemDicomObject, described: &Description, n: usize) -> Result<Self, String> {
        let group = |tag: Tag| functional(attributes, n, tag).unwrap_or(attributes);
        let transformation = group(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE);
        let modality = modality(transformation, described)?;
        let inverted = described.photometric == Photometric::Monochrome1;
        if let Some(shape) = attributes.text(tags::PRESENTATION_LUT_SHAPE)
            && (shape == "INVERSE") != inverted
        {
            // PS3.3, section C.11.6: one means the other.
            return Err(format!(
                "PresentationLUTShape {} contradicts {}",
                if inverted { "IDENTITY" } else { "INVERSE" },
                described.photometric.name()
            ));
        }
        Ok(Self {
            voi: voi(group(tags::FRAME_VOILUT_SEQUENCE), described, &modality)?,
            modality,
            inverted,
            padding: padding(attributes, described)?,
            spacing: spacing(attributes, group(tags::PIXEL_MEASURES_SEQUENCE))?,
        })
    }

    /// Whether a stored value is no part of the picture.
    pub fn is_padding(&self, stored: i64) -> bool {
        self.padding.is_some_and(|[low, high]| (low..=high).contains(&stored))
    }

    /// Modality units of each pixel; padding gets the least of the others, as air around a body.
    pub fn modality_values(&self, samples: &Samples) -> Vec<f32> {
        let mut values: Vec<f32> = samples.iter().map(|stored| self.modality.apply(stored) as f32).collect();
        if self.padding.is_some() {
            let own = samples.iter().zip(&values).filter(|(stored, _)| !self.is_padding(*stored));
            let least = own.map(|(_, value)| *value).fold(f32::INFINITY, f32::min);
            let least = if least.is_finite() { least } else { 0.0 };
            let padded = samples.iter().zip(&mut values).filter(|(stored, _)| self.is_padding(*stored));
            padded.for_each(|(_, value)| *value = least);
        }
        values
    }

    /// Brightness of each pixel, 0 black to 1 white; padding is black.
    pub fn display_values(&self, samples: &Samples, described: &Description) -> Vec<f32> {
        let whole = self.whole(samples, described);
        let shown = |stored: i64| {
            if self.is_padding(stored) {
                return 0.0;
            }
            let bright = self.voi.apply(self.modality.apply(stored), whole);
            (if self.inverted { 1.0 - bright } else { bright }) as f32
        };
        // A table of every value costs less than the arithmetic for each pixel.
        if described.stored <= 12 && samples.len() > 1 << described.stored {
            let first = if described.signed { -(1i64 << (described.stored - 1)) } else { 0 };
            let table: Vec<f32> = (first..first + (1 << described.stored)).map(shown).collect();
            let at = |stored: i64| usize::try_from(stored - first).ok().and_then(|n| table.get(n)).copied();
            return samples.iter().map(|stored| at(stored).unwrap_or_else(|| shown(stored))).collect();
        }
        samples.iter().map(shown).collect()
    }

    /// The range that [`Voi::Whole`] shows.
    fn whole(&self, samples: &Samples, described: &Description) -> [f64; 2] {
        if self.voi != Voi::Whole {
            return [0.0, 1.0];
        }
        if described.stored == 8 && !described.signed && self.modality == Modality::IDENTITY {
            return [0.0, 255.0];
        }
        let values =
            samples.iter().filter(|stored| !self.is_padding(*stored)).map(|v| self.modality.apply(v));
        values.fold([f64::INFINITY, f64::NEG_INFINITY], |[low, high], v| [low.min(v), high.max(v)])
    }
}

impl Modality {
    const IDENTITY: Self = Self::Linear { slope: 1.0, intercept: 0.0 };

    pub fn apply(&self, stored: i64) -> f64 {
        match self {
            Self::Linear { slope, intercept } => stored as f64 * slope + intercept,
            Self::Table(lut) => f64::from(lut.at(stored)),
        }
    }
}

impl Voi {
    /// PS3.3, sections C.11.2.1.2 and C.11.2.1.3.
    fn apply(&self, value: f64, [low, high]: [f64; 2]) -> f64 {
        match *self {
            Self::Window { centre, width, curve: Curve::Linear } => {
                // A width of 1 is a threshold.
                let x = value - (centre - 0.5);
                if x <= -(width - 1.0) / 2.0 {
                    0.0
                } else if x > (width - 1.0) / 2.0 {
                    1.0
                } else {
                    x / (width - 1.0) + 0.5
                }
            }
            Self::Window { centre, width, curve: Curve::LinearExact } => {
                ((value - centre) / width + 0.5).clamp(0.0, 1.0)
            }
            Self::Window { centre, width, curve: Curve::Sigmoid } => {
                1.0 / (1.0 + (-4.0 * (value - centre) / width).exp())
            }
            Self::Table(ref lut) => f64::from(lut.at(value.floor() as i64)) / lut.most(),
            Self::Whole if high > low => ((value - low) / (high - low)).clamp(0.0, 1.0),
            Self::Whole => 0.0,
        }
    }
}

fn modality(item: &InMemDicomObject, described: &Description) -> Result<Modality, String> {
    if let Some(table) = item.items(tags::MODALITY_LUT_SEQUENCE).first() {
        return Lut::read(table, described.signed).map(Modality::Table);
    }
    let slope = item.number(tags::RESCALE_SLOPE)?.unwrap_or(1.0);
    if slope == 0.0 {
        return Err("RescaleSlope is 0".into());
    }
    Ok(Modality::Linear { slope, intercept: item.number(tags::RESCALE_INTERCEPT)?.unwrap_or(0.0) })
}

fn voi(item: &InMemDicomObject, described: &Description, modality: &Modality) -> Result<Voi, String> {
    if let Some(table) = item.items(tags::VOILUT_SEQUENCE).first() {
        // Its input is signed where what the modality gives may be.
        let signed = match modality {
            Modality::Linear { slope, intercept } => described.signed || *slope < 0.0 || *intercept < 0.0,
            Modality::Table(_) => false,
        };
        return Lut::read(table, signed).map(Voi::Table);
    }
    let (centre, width) = (item.number(tags::WINDOW_CENTER)?, item.number(tags::WINDOW_WIDTH)?);
    let (Some(centre), Some(width)) = (centre, width) else { return Ok(Voi::Whole) };
    let curve = match item.text(tags::VOILUT_FUNCTION).as_deref() {
        None | Some("LINEAR") => Curve::Linear,
        Some("LINEAR_EXACT") => Curve::LinearExact,
        Some("SIGMOID") => Curve::Sigmoid,
        Some(_) => return Err("VOILUTFunction is none of LINEAR, LINEAR_EXACT, SIGMOID".into()),
    };
    if width <= 0.0 || (curve == Curve::Linear && width < 1.0) {
        return Err(format!("WindowWidth is {width}, expected 1 or more"));
    }
    Ok(Voi::Window { centre, width, curve })
}

/// (0028,0120), with (0028,0121) a range. Where representations are implicit, negative numbers are read as large
/// ones.
fn padding(attributes: &InMemDicomObject, described: &Description) -> Result<Option<[i64; 2]>, String> {
    let of = |tag| -> Result<Option<i64>, String> {
        let value = attributes.number(tag)?.map(|value| value as i64);
        let negative = |value: i64| described.signed && described.allocated == 16 && value >= 0x8000;
        Ok(value.map(|value| if negative(value) { value - 0x10000 } else { value }))
    };
    let Some(value) = of(tags::PIXEL_PADDING_VALUE)? else { return Ok(None) };
    let limit = of(tags::PIXEL_PADDING_RANGE_LIMIT)?.unwrap_or(value);
    Ok(Some([value.min(limit), value.max(limit)]))
}

fn spacing(attributes: &InMemDicomObject, measures: &InMemDicomObject) -> Result<Option<[f64; 2]>, String> {
    let pair = |item: &InMemDicomObject, tag| -> Result<Option<[f64; 2]>, String> {
        let numbers = item.numbers(tag)?;
        Ok(numbers.first_chunk::<2>().copied().filter(|pair| pair.iter().all(|side| *side > 0.0)))
    };
    Ok(match pair(measures, tags::PIXEL_SPACING)? {
        Some(found) => Some(found),
        None => pair(attributes, tags::IMAGER_PIXEL_SPACING)?,
    })
}
