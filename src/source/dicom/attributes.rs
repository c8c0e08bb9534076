//! What is known of a DICOM picture beside its pixels: public where it is a code, sensitive where it may be a person's.

use dicom_core::header::Header;
use dicom_core::{Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;

use super::dataset::{Ask, DataSet};
use super::description::Description;
use super::meaning::{Curve, Meaning, Modality, Voi};
use crate::frame::{Attributes, Sensitive};

/// Codes of the standard: capitals, digits, space and underscore (PS3.5, CS).
const PUBLIC: &[(&str, Tag)] = &[
    ("modality", tags::MODALITY),
    ("body-part", tags::BODY_PART_EXAMINED),
    ("view", tags::VIEW_POSITION),
    ("laterality", tags::IMAGE_LATERALITY),
    ("presentation-intent", tags::PRESENTATION_INTENT_TYPE),
];

/// By the name under which a command asks for them.
const SENSITIVE: &[(&str, Tag)] = &[
    ("study", tags::STUDY_INSTANCE_UID),
    ("series", tags::SERIES_INSTANCE_UID),
    ("instance", tags::SOP_INSTANCE_UID),
    ("patient", tags::PATIENT_ID),
    ("name", tags::PATIENT_NAME),
    ("accession", tags::ACCESSION_NUMBER),
    ("study-date", tags::STUDY_DATE),
    ("study-time", tags::STUDY_TIME),
];

/// What of it is public as a pseudonym, where a run has them: kind, key, element.
pub const PSEUDONYMS: &[(&str, &str, Tag)] = &[
    ("study", "study-pseudonym", tags::STUDY_INSTANCE_UID),
    ("series", "series-pseudonym", tags::SERIES_INSTANCE_UID),
    ("instance", "instance-pseudonym", tags::SOP_INSTANCE_UID),
];

/// What all frames of a file share.
pub fn of(set: &DataSet, described: &Description) -> Attributes {
    let mut attributes = known(set);
    attributes.set_public("photometric", described.photometric.name());
    attributes.set_public("bits", described.stored.to_string());
    attributes
}

/// What is known of a file whatever its pixels are.
pub fn known(set: &DataSet) -> Attributes {
    let mut attributes = Attributes::default();
    for (key, tag) in PUBLIC {
        // What is not a code may be anything, a name among others.
        let code = set.attributes.text(*tag).filter(|text| is_code(text));
        code.map(|code| attributes.set_public(key, code));
    }
    attributes.set_public("transfer-syntax", set.syntax.uid);
    for (key, tag) in SENSITIVE {
        if let Some(text) = set.attributes.text(*tag) {
            attributes.set_sensitive(*key, Sensitive::new(text));
        }
    }
    if let Some(pseudonyms) = &set.input.limits.pseudonyms {
        for (kind, key, tag) in PSEUDONYMS {
            let text = set.attributes.text(*tag);
            text.map(|text| attributes.set_public(key, pseudonyms.of(kind, &text)));
        }
    }
    let (texts, all) = identifying(&set.attributes);
    for (n, text) in texts.into_iter().enumerate() {
        attributes.set_sensitive(format!("{IDENTIFYING}{n}"), Sensitive::new(text));
    }
    attributes.whole = set.whole && all;
    attributes
}

/// What was done to a grey frame's values.
pub fn meaning(attributes: &mut Attributes, meaning: &Meaning) {
    attributes.set_public("inverted", if meaning.inverted { "yes" } else { "no" });
    attributes.set_public(
        "modality-lut",
        match &meaning.modality {
            Modality::Linear { slope, intercept } => format!("x * {slope} + {intercept}"),
            Modality::Table(_) => "table".to_owned(),
        },
    );
    attributes.set_public(
        "voi",
        match &meaning.voi {
            Voi::Window { centre, width, curve } => {
                let curve = match curve {
                    Curve::Linear => "linear",
                    Curve::LinearExact => "linear-exact",
                    Curve::Sigmoid => "sigmoid",
                };
                format!("window {centre}/{width} {curve}")
            }
            Voi::Table(_) => "table".to_owned(),
            Voi::Whole => "whole".to_owned(),
        },
    );
    if let Some([rows, columns]) = meaning.spacing {
        attributes.set_public("spacing", format!("{rows}x{columns} mm"));
    }
}

fn is_code(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, ' ' | '_');
    (1..=16).contains(&text.len()) && text.chars().all(allowed)
}

/// Values that may identify a person or lead to one: names, numbers, free text, dates with a day, and identifiers of
/// this study, anywhere in the data set; and whether they are all. Bounded, because a hostile file may hold millions.
pub fn identifying(attributes: &InMemDicomObject) -> (Vec<String>, bool) {
    let mut found = std::collections::BTreeSet::new();
    let mut waiting = vec![attributes];
    while let Some(object) = waiting.pop() {
        for element in object.iter() {
            if found.len() >= MOST_IDENTIFYING {
                return (found.into_iter().collect(), false);
            }
            waiting.extend(element.value().items().unwrap_or(&[]));
            if names(element.tag(), element.vr()) {
                let texts = object.texts(element.tag()).into_iter();
                found.extend(texts.filter(|text| (3..=256).contains(&text.len())));
            }
        }
    }
    (found.into_iter().collect(), true)
}

/// Begins the names under which values that may identify a person are kept.
pub const IDENTIFYING: &str = "identifying-";

const MOST_IDENTIFYING: usize = 1000;

/// Whether an element's values say who or what it was. UIDs of classes and codes are the standard's own.
fn names(tag: Tag, vr: VR) -> bool {
    const UIDS: &[Tag] = &[
        tags::SOP_INSTANCE_UID,
        tags::STUDY_INSTANCE_UID,
        tags::SERIES_INSTANCE_UID,
        tags::FRAME_OF_REFERENCE_UID,
        tags::REFERENCED_SOP_INSTANCE_UID,
    ];
    const TEXTS: &[Tag] = &[
        tags::PATIENT_ID,
        tags::ACCESSION_NUMBER,
        // Other Patient IDs and Medical Record Locator, retired and still in files.
        Tag(0x0010, 0x1000),
        tags::ISSUER_OF_PATIENT_ID,
        tags::PATIENT_ADDRESS,
        tags::PATIENT_TELEPHONE_NUMBERS,
        tags::INSTITUTION_NAME,
        tags::INSTITUTION_ADDRESS,
        tags::PATIENT_COMMENTS,
        Tag(0x0010, 0x1090),
        tags::STUDY_ID,
    ];
    match vr {
        VR::PN => true,
        VR::UI => UIDS.contains(&tag),
        VR::DA => tag == tags::PATIENT_BIRTH_DATE || tag == tags::STUDY_DATE,
        _ => TEXTS.contains(&tag),
    }
}
