//! Whether text may be burned into the pixels of an instance: what cannot be excluded is a reason.

use dicom_dictionary_std::{tags, uids};
use serde::{Deserialize, Serialize};

use crate::source::dicom::{Ask, DataSet};

/// What happens to instances with text in their pixels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Text {
    /// Instances in which text cannot be excluded are refused
    #[default]
    Refuse,
    /// Pixels stay as they are: somebody has looked at all of them
    Keep,
}

/// Classes whose pixels a scanner or detector makes. All others may be screens, photographs or scans of paper, or have
/// text by habit, as ultrasound has.
const OF_SCANNERS: &[&str] = &[
    uids::COMPUTED_RADIOGRAPHY_IMAGE_STORAGE,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::DIGITAL_MAMMOGRAPHY_X_RAY_IMAGE_STORAGE_FOR_PRESENTATION,
    uids::DIGITAL_MAMMOGRAPHY_X_RAY_IMAGE_STORAGE_FOR_PROCESSING,
    uids::BREAST_TOMOSYNTHESIS_IMAGE_STORAGE,
    uids::CT_IMAGE_STORAGE,
    uids::ENHANCED_CT_IMAGE_STORAGE,
    uids::MR_IMAGE_STORAGE,
    uids::ENHANCED_MR_IMAGE_STORAGE,
    uids::NUCLEAR_MEDICINE_IMAGE_STORAGE,
    uids::POSITRON_EMISSION_TOMOGRAPHY_IMAGE_STORAGE,
    uids::ENHANCED_PET_IMAGE_STORAGE,
    uids::RT_DOSE_STORAGE,
    uids::SEGMENTATION_STORAGE,
];

/// Modalities of scanners. A class alone says little of old files, which have "CT" for a photograph of a screen.
const MODALITIES: &[&str] = &["CR", "DX", "MG", "CT", "MR", "NM", "PT", "RTDOSE", "SEG"];

/// Why text cannot be excluded; `None` where it can.
pub fn of(set: &DataSet) -> Option<String> {
    let text = |tag| set.attributes.text(tag).unwrap_or_default();
    if text(tags::BURNED_IN_ANNOTATION) == "YES" {
        return Some("its header says that text is burned into its pixels".into());
    }
    let types = set.attributes.texts(tags::IMAGE_TYPE);
    // Made from others after the examination, or a copy of a screen (PS3.3, section C.7.6.1.1.2).
    if types.iter().any(|word| word == "SECONDARY" || word.contains("SCREEN") || word.contains("REPORT")) {
        return Some("it is a secondary image, into which text may be burned".into());
    }
    if !OF_SCANNERS.contains(&text(tags::SOP_CLASS_UID).as_str()) {
        return Some("images of its class may have text burned into their pixels".into());
    }
    if !MODALITIES.contains(&text(tags::MODALITY).as_str()) {
        return Some("images of its modality may have text burned into their pixels".into());
    }
    None
}
