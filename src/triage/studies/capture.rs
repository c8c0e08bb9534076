//! A Secondary Capture: the picture with findings and the notice written below it (PS3.3, section A.8.1).

use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::{tags, uids};
use image::RgbImage;

use super::Algorithm;
use super::parts::{Object, items, of_study, put, reference, short};
use crate::draw::captioned;
use crate::prediction::Finding;
use crate::source::dicom::{Ask, Instance};
use crate::triage::NOTICE;

/// `picture` is what is shown of frame `frame` (from 0): as it is seen, or with a heatmap over it.
pub fn capture(
    instance: &Instance,
    frame: u32,
    picture: &RgbImage,
    findings: &[Finding],
    algorithm: &Algorithm,
) -> Object {
    let original = &instance.set().attributes;
    let class = uids::SECONDARY_CAPTURE_IMAGE_STORAGE;
    let mut attributes = of_study(original, class, "OT", "Triage");
    put(&mut attributes, tags::CONVERSION_TYPE, VR::CS, "WSD");
    attributes.put(DataElement::new(
        tags::IMAGE_TYPE,
        VR::CS,
        PrimitiveValue::Strs(["DERIVED", "SECONDARY", "OTHER"].map(str::to_owned).as_slice().into()),
    ));
    let derivation =
        format!("findings of {} {} written below the picture", algorithm.name, algorithm.version);
    put(&mut attributes, tags::DERIVATION_DESCRIPTION, VR::ST, &short(&derivation, 1024));
    attributes.put(DataElement::new(tags::PATIENT_ORIENTATION, VR::CS, PrimitiveValue::Empty));
    // Of a paired part of the body it must be there, and nobody knows whether it is one; empty says so.
    let side = original.get(tags::LATERALITY).cloned();
    attributes.put(side.unwrap_or_else(|| DataElement::new(tags::LATERALITY, VR::CS, PrimitiveValue::Empty)));
    let of = original.text(tags::SOP_CLASS_UID).unwrap_or_default();
    let mut source = reference(&of, instance.sop());
    if instance.in_parts && instance.described().frames > 1 {
        put(&mut source, tags::REFERENCED_FRAME_NUMBER, VR::IS, &(frame + 1).to_string());
    }
    items(&mut attributes, tags::SOURCE_IMAGE_SEQUENCE, vec![source]);
    for tag in [tags::BURNED_IN_ANNOTATION, tags::LOSSY_IMAGE_COMPRESSION] {
        original.get(tag).cloned().map(|element| attributes.put(element));
    }
    pixels(&mut attributes, &captioned(picture, &words(findings, algorithm)));
    Object { kind: "capture", attributes }
}

fn words(findings: &[Finding], algorithm: &Algorithm) -> Vec<String> {
    let notice = format!("{NOTICE} - {} {}", algorithm.name, algorithm.version);
    let said = |f: &Finding| {
        let reaches = if f.positive { "reaches" } else { "below" };
        format!("{} {:.2}, {reaches} {:.2}", f.label, f.score, f.operating_point)
    };
    std::iter::once(notice).chain(findings.iter().map(said)).collect()
}

fn pixels(attributes: &mut dicom_object::InMemDicomObject, picture: &RgbImage) {
    let shorts = [
        (tags::SAMPLES_PER_PIXEL, 3),
        (tags::PLANAR_CONFIGURATION, 0),
        (tags::ROWS, picture.height()),
        (tags::COLUMNS, picture.width()),
        (tags::BITS_ALLOCATED, 8),
        (tags::BITS_STORED, 8),
        (tags::HIGH_BIT, 7),
        (tags::PIXEL_REPRESENTATION, 0),
    ];
    for (tag, value) in shorts {
        attributes.put(DataElement::new(tag, VR::US, PrimitiveValue::from(value as u16)));
    }
    put(attributes, tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB");
    let mut bytes = picture.as_raw().clone();
    bytes.resize(bytes.len().next_multiple_of(2), 0);
    attributes.put(DataElement::new(tags::PIXEL_DATA, VR::OB, PrimitiveValue::U8(bytes.into())));
}
