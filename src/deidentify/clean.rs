//! The basic profile applied to a data set and all of its sequences.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::header::Header;
use dicom_core::value::{DataSetSequence, PrimitiveValue, Value};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::{StandardDataDictionary, tags};
use dicom_object::InMemDicomObject;
use dicom_object::mem::InMemElement;

use super::names::Names;
use super::profile::{Action, action};
use crate::pseudonym::Pseudonyms;

/// UIDs of the standard itself: classes, transfer syntaxes, well-known frames of reference (PS3.6, annex A).
const STANDARD: &str = "1.2.840.10008.";
/// UIDs that name a vocabulary or a class, not a thing that happened; some of others than the standard.
const NAMES_OF_CODES: &[Tag] = &[
    tags::SOP_CLASS_UID,
    tags::REFERENCED_SOP_CLASS_UID,
    tags::CODING_SCHEME_UID,
    tags::CONTEXT_UID,
    tags::MAPPING_RESOURCE_UID,
];

/// What was done, in elements.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counts {
    pub removed: u32,
    pub emptied: u32,
    pub replaced: u32,
    /// UIDs, each by its own other one.
    pub uids: u32,
    /// Elements that the profile keeps and that held a name or number of the person; replaced.
    pub named: u32,
}

pub struct Cleaner<'a> {
    pub pseudonyms: &'a Pseudonyms,
    pub names: Names,
    pub counts: Counts,
}

impl Cleaner<'_> {
    /// Cleans a data set, or an item of a sequence. Recurses as deep as the file was let be when it was read.
    pub fn clean(&mut self, object: &mut InMemDicomObject, top: bool) {
        for tag in object.tags().collect::<Vec<_>>() {
            let Some(element) = object.take(tag) else { continue };
            let is_sequence = element.value().items().is_some();
            let action = decide(&element, is_sequence, top);
            if let Some(kept) = self.apply(element, action) {
                object.put(kept);
            }
        }
    }

    fn apply(&mut self, element: InMemElement, action: Option<Action>) -> Option<InMemElement> {
        let (tag, vr) = (element.tag(), element.vr());
        match action {
            Some(Action::Remove) => self.counts.removed += 1,
            Some(Action::Empty) => {
                self.counts.emptied += 1;
                let value: Value<_, _> = match vr {
                    VR::SQ => DataSetSequence::empty().into(),
                    _ => PrimitiveValue::Empty.into(),
                };
                return Some(DataElement::new(tag, known(tag, vr), value));
            }
            Some(Action::Uid) => return Some(self.uids(&element)),
            Some(action) => return self.replaced(element, action),
            None => return Some(self.unless_named(element)),
        }
        None
    }

    /// Dummies and sequences.
    fn replaced(&mut self, element: InMemElement, action: Action) -> Option<InMemElement> {
        let (tag, vr) = (element.tag(), element.vr());
        if let Some(items) = element.value().items() {
            let mut items = items.to_vec();
            for item in &mut items {
                if action == Action::Dummy { self.dummies(item) } else { self.clean(item, false) }
            }
            return Some(DataElement::new(tag, VR::SQ, DataSetSequence::from(items)));
        }
        let vr = known(tag, vr);
        match dummy(vr) {
            Some(value) => {
                self.counts.replaced += 1;
                Some(DataElement::new(tag, vr, value))
            }
            None => {
                self.counts.removed += 1;
                None
            }
        }
    }

    /// Every value of an item replaced, its structure kept.
    fn dummies(&mut self, item: &mut InMemDicomObject) {
        for tag in item.tags().collect::<Vec<_>>() {
            let Some(element) = item.take(tag) else { continue };
            let is_sequence = element.value().items().is_some();
            let action = match decide(&element, is_sequence, false) {
                Some(gone @ (Action::Remove | Action::Empty)) => gone,
                _ if element.vr() == VR::UI => Action::Uid,
                _ => Action::Dummy,
            };
            if let Some(kept) = self.apply(element, Some(action)) {
                item.put(kept);
            }
        }
    }

    fn uids(&mut self, element: &InMemElement) -> InMemElement {
        let texts = element.value().primitive().map(|value| value.to_multi_str().into_owned());
        let texts = texts.unwrap_or_default();
        self.counts.uids += 1;
        let names_a_code = NAMES_OF_CODES.contains(&element.tag());
        let mapped = texts.iter().map(|text| match text.trim_matches(['\0', ' ']) {
            "" => String::new(),
            uid if names_a_code || uid.starts_with(STANDARD) => uid.to_owned(),
            uid => self.pseudonyms.uid(uid),
        });
        let mapped: Vec<String> = mapped.collect();
        DataElement::new(element.tag(), VR::UI, PrimitiveValue::Strs(mapped.into()))
    }

    /// An element that the profile keeps, unless it says who the person is.
    fn unless_named(&mut self, element: InMemElement) -> InMemElement {
        let (tag, vr) = (element.tag(), element.vr());
        let texts = matches!(vr, VR::CS | VR::LO | VR::SH | VR::UC | VR::AE | VR::UR);
        // How pixels are stored is said in words of the standard, whatever anybody is called.
        let word =
            vr == VR::CS && (tag.0 == 0x0028 || tag == tags::SPECIFIC_CHARACTER_SET || tag == tags::MODALITY);
        if !texts || word {
            return element;
        }
        let text = element.value().primitive().map(|value| value.to_str().into_owned()).unwrap_or_default();
        let Some(value) = dummy(vr).filter(|_| self.names.are_in(&text)) else { return element };
        self.counts.named += 1;
        DataElement::new(tag, vr, value)
    }
}

/// What is done to an element: by the table, else by what it is. `None` keeps it.
fn decide(element: &InMemElement, is_sequence: bool, top: bool) -> Option<Action> {
    let (tag, vr) = (element.tag(), element.vr());
    let Tag(group, number) = tag;
    let curve_or_overlay = matches!(group, 0x5000..=0x50FF | 0x6000..=0x60FF);
    // Pixels within items are of icons and the like; at the top they are not among the attributes.
    let pixels = group == 0x7FE0 && !(top && is_offset_table(tag));
    let private = group % 2 == 1;
    // Group lengths are retired and would be wrong; the character set is the data set's.
    let structure = group < 0x0008 || number == 0 || (!top && tag == tags::SPECIFIC_CHARACTER_SET);
    let waveform = tag == tags::WAVEFORM_SEQUENCE;
    if private || curve_or_overlay || pixels || structure || waveform {
        return Some(Action::Remove);
    }
    if let Some(action) = action(tag, is_sequence) {
        return Some(action);
    }
    if StandardDataDictionary.by_tag(tag).is_none() {
        return Some(Action::Remove);
    }
    match vr {
        VR::SQ if is_sequence => Some(Action::Clean),
        VR::UI => Some(Action::Uid),
        // Nobody knows what is in it.
        VR::UN | VR::SQ => Some(Action::Remove),
        // People, times and free text that the table forgot, or that a file has in the wrong place.
        VR::PN | VR::DA | VR::DT | VR::TM | VR::LT | VR::ST | VR::UT => Some(Action::Dummy),
        _ => None,
    }
}

fn is_offset_table(tag: Tag) -> bool {
    tag == tags::EXTENDED_OFFSET_TABLE || tag == tags::EXTENDED_OFFSET_TABLE_LENGTHS
}

/// The dictionary's representation where the file has none.
fn known(tag: Tag, vr: VR) -> VR {
    match vr {
        VR::UN => StandardDataDictionary.by_tag(tag).map_or(VR::UN, |entry| entry.vr().relaxed()),
        vr => vr,
    }
}

/// A value that any reader takes for one and that says nothing. `None` for representations without one.
fn dummy(vr: VR) -> Option<PrimitiveValue> {
    Some(match vr {
        VR::AE | VR::CS | VR::LO | VR::LT | VR::PN | VR::SH | VR::ST | VR::UC | VR::UT => "REMOVED".into(),
        VR::AS => "000Y".into(),
        VR::DA => "19000101".into(),
        VR::DT => "19000101000000".into(),
        VR::TM => "000000".into(),
        VR::DS | VR::IS => "0".into(),
        // RFC 2606 keeps this domain for nobody.
        VR::UR => "http://removed.invalid".into(),
        VR::FD => 0.0_f64.into(),
        VR::FL => 0.0_f32.into(),
        VR::SL => 0_i32.into(),
        VR::SS => 0_i16.into(),
        VR::UL => 0_u32.into(),
        VR::US => 0_u16.into(),
        VR::OB => PrimitiveValue::U8(vec![0, 0].into()),
        _ => return None,
    })
}
