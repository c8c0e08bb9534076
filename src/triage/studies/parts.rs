//! What all objects of a result share: patient and study of the original, who made it, and how it is written.

use dicom_core::header::Header;
use dicom_core::value::{DataSetSequence, PrimitiveValue};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use crate::error::{Error, Kind, Result};
use crate::source::dicom::{Ask, Encoding, file_head, plain};

/// Explicit, little-endian (PS3.5, annex A.2).
const SYNTAX: &str = "1.2.840.10008.1.2.1";

/// An object without UIDs of its own.
pub struct Object {
    /// Begins its file's name.
    pub kind: &'static str,
    pub attributes: InMemDicomObject,
}

impl Object {
    /// The file, with the UIDs of the instance and of its series.
    pub fn bytes(&mut self, instance: &str, series: &str) -> Result<Vec<u8>> {
        put(&mut self.attributes, tags::SOP_INSTANCE_UID, VR::UI, instance);
        put(&mut self.attributes, tags::SERIES_INSTANCE_UID, VR::UI, series);
        let class = self.attributes.text(tags::SOP_CLASS_UID).unwrap_or_default();
        let mut bytes = file_head(&class, instance, SYNTAX);
        self.attributes
            .write_dataset_with_ts_options(&mut bytes, &plain(Encoding::EXPLICIT), Default::default())
            .map_err(|e| Error::new(Kind::Internal, "a result could not be written as DICOM").because(e))?;
        Ok(bytes)
    }
}

pub fn put(object: &mut InMemDicomObject, tag: Tag, vr: VR, text: &str) {
    object.put(DataElement::new(tag, vr, PrimitiveValue::from(text)));
}

pub fn items(object: &mut InMemDicomObject, tag: Tag, items: Vec<InMemDicomObject>) {
    object.put(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
}

/// Of the original, empty where it has none: modules Patient, General Study (type 1 and 2), and what else tells a person.
const OF_THE_STUDY: &[(Tag, VR)] = &[
    (tags::STUDY_DATE, VR::DA),
    (tags::STUDY_TIME, VR::TM),
    (tags::ACCESSION_NUMBER, VR::SH),
    (tags::REFERRING_PHYSICIAN_NAME, VR::PN),
    (tags::PATIENT_NAME, VR::PN),
    (tags::PATIENT_ID, VR::LO),
    (tags::PATIENT_BIRTH_DATE, VR::DA),
    (tags::PATIENT_SEX, VR::CS),
    (tags::STUDY_INSTANCE_UID, VR::UI),
    (tags::STUDY_ID, VR::SH),
];
/// Of the original, where it has them.
const WHERE_THERE: &[Tag] = &[tags::ISSUER_OF_PATIENT_ID, tags::STUDY_DESCRIPTION];

/// An object of the original's study.
pub fn of_study(original: &InMemDicomObject, class: &str, modality: &str, title: &str) -> InMemDicomObject {
    let mut object = InMemDicomObject::new_empty();
    object.convert_to_utf8();
    put(&mut object, tags::SOP_CLASS_UID, VR::UI, class);
    put(&mut object, tags::MODALITY, VR::CS, modality);
    for (tag, vr) in OF_THE_STUDY {
        let kept = original.get(*tag).filter(|element| element.value().primitive().is_some());
        let element = kept.cloned().unwrap_or_else(|| DataElement::new(*tag, *vr, PrimitiveValue::Empty));
        object.put(element);
    }
    for element in WHERE_THERE.iter().filter_map(|tag| original.get(*tag)) {
        debug_assert!(element.tag().0 != 0);
        object.put(element.clone());
    }
    put(&mut object, tags::MANUFACTURER, VR::LO, "vision");
    put(&mut object, tags::MANUFACTURER_MODEL_NAME, VR::LO, "vision triage");
    put(&mut object, tags::SOFTWARE_VERSIONS, VR::LO, env!("CARGO_PKG_VERSION"));
    put(&mut object, tags::DEVICE_SERIAL_NUMBER, VR::LO, "none");
    put(&mut object, tags::SERIES_DESCRIPTION, VR::LO, &format!("{title}: {}", crate::triage::NOTICE));
    put(&mut object, tags::SERIES_NUMBER, VR::IS, "9900");
    put(&mut object, tags::INSTANCE_NUMBER, VR::IS, "1");
    let (date, time) = now();
    for (tag, vr, text) in [
        (tags::INSTANCE_CREATION_DATE, VR::DA, &date),
        (tags::INSTANCE_CREATION_TIME, VR::TM, &time),
        (tags::CONTENT_DATE, VR::DA, &date),
        (tags::CONTENT_TIME, VR::TM, &time),
        (tags::SERIES_DATE, VR::DA, &date),
        (tags::SERIES_TIME, VR::TM, &time),
    ] {
        put(&mut object, tag, vr, text);
    }
    object
}

/// Date and time in UTC, as DA and TM.
fn now() -> (String, String) {
    let text = humantime::format_rfc3339_seconds(std::time::SystemTime::now()).to_string();
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    digits
        .split_at_checked(8)
        .map_or_else(Default::default, |(date, time)| (date.to_owned(), time.to_owned()))
}

/// A reference to an instance: class and UID (PS3.3, table 10-11).
pub fn reference(class: &str, instance: &str) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    put(&mut item, tags::REFERENCED_SOP_CLASS_UID, VR::UI, class);
    put(&mut item, tags::REFERENCED_SOP_INSTANCE_UID, VR::UI, instance);
    item
}

/// A code: value, scheme, meaning (PS3.3, table 8.8-1).
pub fn code([value, scheme, meaning]: [&str; 3]) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    put(&mut item, tags::CODE_VALUE, VR::SH, value);
    put(&mut item, tags::CODING_SCHEME_DESIGNATOR, VR::SH, scheme);
    put(&mut item, tags::CODE_MEANING, VR::LO, meaning);
    item
}

/// The first so many characters of a text that DICOM lets be no longer.
pub fn short(text: &str, most: usize) -> String {
    text.chars().filter(|c| !c.is_control() && *c != '\\').take(most).collect()
}
