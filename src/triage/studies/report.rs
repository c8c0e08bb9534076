//! A Structured Report: Imaging Measurement Report (PS3.16, TID 1500), a measurement group for each image.

use dicom_core::DataElement;
use dicom_core::VR;
use dicom_core::value::PrimitiveValue;
use dicom_dictionary_std::{tags, uids};
use dicom_object::InMemDicomObject;

use super::Algorithm;
use super::parts::{Object, code, items, of_study, put, reference, short};
use crate::prediction::Finding;
use crate::pseudonym::Pseudonyms;
use crate::source::dicom::{Ask, Instance};
use crate::triage::NOTICE;

/// Of codes that no standard has: labels of models (PS3.3, section 8.2: private schemes begin with 99).
const OWN: &str = "99VISION";

/// An image that was looked at.
pub struct Evidence {
    original: InMemDicomObject,
    frame: Option<u32>,
    findings: Vec<Finding>,
}

impl Evidence {
    pub fn of(instance: &Instance, frame: u32, findings: &[Finding]) -> Self {
        let several = instance.described().frames > 1;
        let original = instance.set().attributes.clone();
        Self { original, frame: several.then_some(frame + 1), findings: findings.to_vec() }
    }

    fn text(&self, tag: dicom_core::Tag) -> String {
        self.original.text(tag).unwrap_or_default()
    }

    fn reference(&self) -> InMemDicomObject {
        reference(&self.text(tags::SOP_CLASS_UID), &self.text(tags::SOP_INSTANCE_UID))
    }
}

/// `None` where no image was looked at.
pub fn report(images: &[Evidence], algorithm: &Algorithm, pseudonyms: &Pseudonyms) -> Option<Object> {
    let first = images.first()?;
    let mut attributes = of_study(&first.original, uids::ENHANCED_SR_STORAGE, "SR", "Triage findings");
    let none = Vec::new;
    items(&mut attributes, tags::REFERENCED_PERFORMED_PROCEDURE_STEP_SEQUENCE, none());
    items(&mut attributes, tags::PERFORMED_PROCEDURE_CODE_SEQUENCE, none());
    put(&mut attributes, tags::COMPLETION_FLAG, VR::CS, "COMPLETE");
    put(&mut attributes, tags::VERIFICATION_FLAG, VR::CS, "UNVERIFIED");
    put(&mut attributes, tags::PRELIMINARY_FLAG, VR::CS, "PRELIMINARY");
    items(&mut attributes, tags::CURRENT_REQUESTED_PROCEDURE_EVIDENCE_SEQUENCE, vec![evidence(images)]);
    let mut template = InMemDicomObject::new_empty();
    put(&mut template, tags::MAPPING_RESOURCE, VR::CS, "DCMR");
    put(&mut template, tags::TEMPLATE_IDENTIFIER, VR::CS, "1500");
    items(&mut attributes, tags::CONTENT_TEMPLATE_SEQUENCE, vec![template]);
    let groups = images.iter().map(|image| group(image, algorithm, pseudonyms)).collect();
    let observer = pseudonyms.uid("observer: vision triage");
    let content = vec![
        // TID 1204, TID 1001 and 1004, procedure, groups.
        coded(
            MODIFIES,
            ["121049", "DCM", "Language of Content Item and Descendants"],
            ["en-US", "RFC5646", "English (United States)"],
        ),
        coded(OBSERVES, ["121005", "DCM", "Observer Type"], ["121007", "DCM", "Device"]),
        uid(OBSERVES, ["121012", "DCM", "Device Observer UID"], &observer),
        text(OBSERVES, ["121013", "DCM", "Device Observer Name"], "vision"),
        text(OBSERVES, ["121014", "DCM", "Device Observer Manufacturer"], "vision"),
        text(OBSERVES, ["121015", "DCM", "Device Observer Model Name"], "vision triage"),
        coded(MODIFIES, ["121058", "DCM", "Procedure reported"], ["363679005", "SCT", "Imaging procedure"]),
        container(["126010", "DCM", "Imaging Measurements"], groups),
    ];
    let root = container(["126000", "DCM", "Imaging Measurement Report"], content);
    for element in root.iter().filter(|element| {
        use dicom_core::header::Header;
        // The root has no relation to anything.
        element.tag() != tags::RELATIONSHIP_TYPE
    }) {
        attributes.put(element.clone());
    }
    Some(Object { kind: "report", attributes })
}

/// What was looked at, by series (PS3.3, section C.17.2.1).
fn evidence(images: &[Evidence]) -> InMemDicomObject {
    let mut series: Vec<(String, Vec<InMemDicomObject>, Vec<String>)> = Vec::new();
    for image in images {
        let (of, sop) = (image.text(tags::SERIES_INSTANCE_UID), image.text(tags::SOP_INSTANCE_UID));
        match series.iter_mut().find(|(uid, ..)| *uid == of) {
            Some((_, _, seen)) if seen.contains(&sop) => {}
            Some((_, items, seen)) => {
                items.push(image.reference());
                seen.push(sop);
            }
            None => series.push((of, vec![image.reference()], vec![sop])),
        }
    }
    let of = |(uid, instances, _): (String, Vec<InMemDicomObject>, Vec<String>)| {
        let mut item = InMemDicomObject::new_empty();
        put(&mut item, tags::SERIES_INSTANCE_UID, VR::UI, &uid);
        items(&mut item, tags::REFERENCED_SOP_SEQUENCE, instances);
        item
    };
    let mut study = InMemDicomObject::new_empty();
    put(&mut study, tags::STUDY_INSTANCE_UID, VR::UI, &images[0].text(tags::STUDY_INSTANCE_UID));
    items(&mut study, tags::REFERENCED_SERIES_SEQUENCE, series.into_iter().map(of).collect());
    study
}

/// TID 1501 with algorithm (TID 4019), image, a number and a decision for each finding.
fn group(image: &Evidence, algorithm: &Algorithm, pseudonyms: &Pseudonyms) -> InMemDicomObject {
    let (sop, frame) = (image.text(tags::SOP_INSTANCE_UID), image.frame.unwrap_or(1));
    let tracking = pseudonyms.uid(&format!("tracking {sop} {frame} {}", algorithm.version));
    let mut content = vec![
        text(OBSERVES, ["112039", "DCM", "Tracking Identifier"], &format!("vision triage, frame {frame}")),
        uid(OBSERVES, ["112040", "DCM", "Tracking Unique Identifier"], &tracking),
        text(MODIFIES, ["111001", "DCM", "Algorithm Name"], &algorithm.name),
        text(MODIFIES, ["111003", "DCM", "Algorithm Version"], &algorithm.version),
        text(CONTAINS, ["121106", "DCM", "Comment"], NOTICE),
        source(image),
    ];
    for finding in &image.findings {
        let (value, label) = (short(&finding.label, 16), short(&finding.label, 48));
        let detected = match finding.positive {
            true => ["260373001", "SCT", "Detected"],
            false => ["260415000", "SCT", "Not detected"],
        };
        content.push(number([&value, OWN, &format!("Probability of {label}")], finding.score));
        content.push(coded(CONTAINS, [&value, OWN, &label], detected));
    }
    container(["125007", "DCM", "Measurement Group"], content)
}

const CONTAINS: &str = "CONTAINS";
const MODIFIES: &str = "HAS CONCEPT MOD";
const OBSERVES: &str = "HAS OBS CONTEXT";

fn item(relation: &str, kind: &str, name: [&str; 3]) -> InMemDicomObject {
    let mut item = InMemDicomObject::new_empty();
    put(&mut item, tags::RELATIONSHIP_TYPE, VR::CS, relation);
    put(&mut item, tags::VALUE_TYPE, VR::CS, kind);
    items(&mut item, tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code(name)]);
    item
}

fn text(relation: &str, name: [&str; 3], value: &str) -> InMemDicomObject {
    let mut item = item(relation, "TEXT", name);
    put(&mut item, tags::TEXT_VALUE, VR::UT, value);
    item
}

fn uid(relation: &str, name: [&str; 3], value: &str) -> InMemDicomObject {
    let mut item = item(relation, "UIDREF", name);
    put(&mut item, tags::UID, VR::UI, value);
    item
}

fn coded(relation: &str, name: [&str; 3], value: [&str; 3]) -> InMemDicomObject {
    let mut item = item(relation, "CODE", name);
    items(&mut item, tags::CONCEPT_CODE_SEQUENCE, vec![code(value)]);
    item
}

fn number(name: [&str; 3], value: f32) -> InMemDicomObject {
    let mut measured = InMemDicomObject::new_empty();
    put(&mut measured, tags::NUMERIC_VALUE, VR::DS, &format!("{value:.6}"));
    items(&mut measured, tags::MEASUREMENT_UNITS_CODE_SEQUENCE, vec![code(["1", "UCUM", "no units"])]);
    let mut item = item(CONTAINS, "NUM", name);
    items(&mut item, tags::MEASURED_VALUE_SEQUENCE, vec![measured]);
    item
}

fn source(image: &Evidence) -> InMemDicomObject {
    let mut reference = image.reference();
    if let Some(frame) = image.frame {
        reference.put(DataElement::new(
            tags::REFERENCED_FRAME_NUMBER,
            VR::IS,
            PrimitiveValue::from(frame.to_string()),
        ));
    }
    let mut item = item(CONTAINS, "IMAGE", ["121112", "DCM", "Source of Measurement"]);
    items(&mut item, tags::REFERENCED_SOP_SEQUENCE, vec![reference]);
    item
}

fn container(name: [&str; 3], content: Vec<InMemDicomObject>) -> InMemDicomObject {
    let mut item = item(CONTAINS, "CONTAINER", name);
    put(&mut item, tags::CONTINUITY_OF_CONTENT, VR::CS, "CONTINUOUS");
    items(&mut item, tags::CONTENT_SEQUENCE, content);
    item
}
