//! Texts that a file has as "unknown": whoever wrote it did not know the element, the dictionary does.

use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_core::header::Header;
use dicom_core::value::PrimitiveValue;
use dicom_core::{DataElement, VR};
use dicom_dictionary_std::StandardDataDictionary;
use dicom_object::InMemDicomObject;

/// Gives texts of unknown representation (UN) that of the dictionary, in all items too. Else their bytes would be taken
/// for numbers.
pub fn told(object: &mut InMemDicomObject) {
    for tag in object.tags().collect::<Vec<_>>() {
        let Some(element) = object.get(tag) else { continue };
        if element.value().items().is_some() {
            object.update_value(tag, |value| {
                value.items_mut().into_iter().flatten().for_each(told);
            });
            continue;
        }
        let vr = StandardDataDictionary.by_tag(tag).and_then(|entry| entry.vr().exact());
        if let (VR::UN, Some(vr), Some(value)) =
            (element.vr(), vr.filter(is_text), element.value().primitive())
        {
            let bytes = value.to_bytes();
            let text = String::from_utf8_lossy(&bytes);
            let text = text.trim_end_matches(['\0', ' ']);
            let several = !matches!(vr, VR::LT | VR::ST | VR::UT | VR::UR);
            let value = match several {
                true => PrimitiveValue::Strs(text.split('\\').map(str::to_owned).collect()),
                false => PrimitiveValue::from(text),
            };
            let element = DataElement::new(element.tag(), vr, value);
            object.put(element);
        }
    }
}

fn is_text(vr: &VR) -> bool {
    use VR::*;
    matches!(vr, AE | AS | CS | DA | DS | DT | IS | LO | LT | PN | SH | ST | TM | UC | UI | UR | UT)
}
