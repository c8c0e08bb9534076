//! Colours of stored values: palettes, YCbCr, RGB, down to 8 bits.

use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use image::RgbImage;

use super::description::{Description, Photometric};
use super::lut::Lut;
use super::samples::Samples;
use crate::source::convert;

/// Red, green and blue of a palette's entries.
pub struct Palette([Lut; 3]);

impl Palette {
    /// # Errors
    /// For tables that are missing or not read, in words.
    pub fn of(attributes: &InMemDicomObject, described: &Description) -> Result<Self, String> {
        if attributes.get(tags::SEGMENTED_RED_PALETTE_COLOR_LOOKUP_TABLE_DATA).is_some() {
            return Err("its palette is segmented, which is not read".into());
        }
        let table = |descriptor, data| Lut::at_tags(attributes, descriptor, data, described.signed);
        Ok(Self([
            table(
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::RED_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            )?,
            table(
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::GREEN_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            )?,
            table(
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DESCRIPTOR,
                tags::BLUE_PALETTE_COLOR_LOOKUP_TABLE_DATA,
            )?,
        ]))
    }

    /// Entries of 16 bits keep their upper eight, as dcmtk and Pillow show them.
    fn rgb(&self, value: i64) -> [u8; 3] {
        self.0.each_ref().map(|lut| {
            let entry = lut.at(value);
            (if lut.bits() > 8 { entry >> (lut.bits() - 8) } else { entry }) as u8
        })
    }
}

/// A frame of three samples a pixel. `ycbcr` says whether they are Y, Cb and Cr.
pub fn rgb(samples: &Samples, described: &Description, ycbcr: bool) -> Option<RgbImage> {
    let shift = described.stored.saturating_sub(8);
    let mut bytes: Vec<u8> = samples.iter().map(|value| (value >> shift) as u8).collect();
    if described.stored < 8 {
        let most = (1u32 << described.stored) - 1;
        bytes.iter_mut().for_each(|byte| *byte = (u32::from(*byte) * 255 / most) as u8);
    }
    let layout = if ycbcr { convert::Layout::YCbCr } else { convert::Layout::Rgb };
    convert::rgb(layout, described.columns, described.rows, bytes)
}

/// A frame of indices.
pub fn indexed(samples: &Samples, described: &Description, palette: &Palette) -> Option<RgbImage> {
    let bytes = samples.iter().flat_map(|value| palette.rgb(value)).collect();
    RgbImage::from_raw(described.columns, described.rows, bytes)
}

/// A frame of brightness, 0 to 1.
pub fn grey(values: &[f32], described: &Description) -> Option<RgbImage> {
    let bytes = values.iter().flat_map(|value| [(value * 255.0).round() as u8; 3]).collect();
    RgbImage::from_raw(described.columns, described.rows, bytes)
}

/// Whether three samples are YCbCr where nothing but the attributes says so.
pub fn is_ycbcr(photometric: Photometric) -> bool {
    matches!(photometric, Photometric::YbrFull | Photometric::YbrFull422)
}
