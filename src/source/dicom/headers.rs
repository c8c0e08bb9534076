//! Who a DICOM file is of: for what stays private, and for the proof that nothing else says it.

use dicom_dictionary_std::tags;

use super::dataset::{Ask, DataSet};
use super::{attributes, is_dicom, zipped};
use crate::source::{Input, Limits};

/// What identifies an instance and its person.
pub struct Header {
    /// Of study, series and instance.
    pub uids: [String; 3],
    pub accession: String,
    pub patient: String,
    pub name: String,
    /// Everything in it that may identify a person.
    pub identifying: Vec<String>,
}

/// Of a DICOM file, or of all those in a zip file. What cannot be read has none.
pub fn headers(bytes: &[u8], limits: &Limits) -> Vec<Header> {
    let Ok(input) = Input::new("header", bytes.into(), limits) else { return Vec::new() };
    let inputs = if is_dicom(bytes) { vec![input] } else { zipped::entries(input) };
    inputs.into_iter().filter_map(|input| DataSet::open(input).ok()).map(|set| header(&set)).collect()
}

fn header(set: &DataSet) -> Header {
    let text = |tag| set.attributes.text(tag).unwrap_or_default();
    Header {
        uids: [tags::STUDY_INSTANCE_UID, tags::SERIES_INSTANCE_UID, tags::SOP_INSTANCE_UID].map(text),
        accession: text(tags::ACCESSION_NUMBER),
        patient: text(tags::PATIENT_ID),
        name: text(tags::PATIENT_NAME),
        identifying: attributes::identifying(&set.attributes),
    }
}
