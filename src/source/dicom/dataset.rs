//! The attributes of a data set, asked for by tag: text, numbers, sequences, with words for what cannot be read.

use std::io::Read;

use dicom_core::{PrimitiveValue, Tag};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntax, entries};

use super::attributes;
use super::head::{self, Head};
use super::scan::{self, Encoding, Fault, Layout, Pixels};
use super::syntax::Syntax;
use super::unknown;
use crate::Result;
use crate::frame::About;
use crate::source::Input;
use crate::source::input::Partly;

/// Bytes that deflated data may inflate to for each of their own, beyond the first megabyte: empty pictures reach a few
/// hundred, bombs a thousand.
pub const MAX_RATIO: u64 = 600;

/// A file that was opened as far as its pixels.
pub struct DataSet {
    /// With [`Input::bytes`] in which [`DataSet::pixels`] lie: those of the file, or what they inflate to.
    pub input: Input,
    pub syntax: Syntax,
    pub attributes: InMemDicomObject,
    pub pixels: Option<Pixels>,
    /// Whether the attributes are all of them.
    pub whole: bool,
    /// What is wrong with the rest.
    fault: Option<Fault>,
}

impl DataSet {
    /// # Errors
    /// `Truncated`, `Corrupt`, `TooLarge` and `Unsupported`, with what was found; about the file where its attributes
    /// could be read.
    pub fn open(input: Input) -> Result<Self> {
        let mut set = Self::begun(input)?;
        match set.fault.take() {
            None => Ok(set),
            Some(fault) => {
                let about = About { part: None, attributes: attributes::known(&set) };
                Err(worded(&set.input, fault).about(about))
            }
        }
    }

    /// As much of it as can be read.
    fn begun(mut input: Input) -> Result<Self> {
        let head = head::read(&input.bytes).map_err(|text| input.corrupt(text))?;
        let Head { data_at, syntax, guessed, .. } = head;
        let known = match &syntax {
            Some(uid) => Syntax::of(uid).map_err(|text| input.unsupported(text))?,
            None => Syntax::plain(guessed),
        };
        let (mut at, mut cut) = (data_at, None);
        if known.deflated {
            let (bytes, fault) = inflate(&input, data_at);
            (input.bytes, at, cut) = (bytes.into(), 0, fault);
        }
        let encoding = known.encoding;
        let Layout { attributes_end, mut pixels, whole, fault } = scan::scan(&input.bytes, at, encoding);
        let fault = cut.or(fault);
        let bytes = &input.bytes[at..attributes_end];
        let attributes = InMemDicomObject::read_dataset_with_ts(bytes, &plain(encoding));
        let mut attributes = match (attributes, fault.is_some()) {
            (Ok(attributes), _) => attributes,
            (Err(_), true) => InMemDicomObject::new_empty(),
            (Err(e), false) => return Err(input.corrupt("its attributes cannot be read").because(e)),
        };
        if let Some(Pixels::Encapsulated { offsets, .. }) = &mut pixels
            && offsets.is_empty()
        {
            *offsets = extended_offsets(&attributes);
        }
        unknown::told(&mut attributes);
        let whole = whole && attributes.iter().next().is_some();
        Ok(Self { input, syntax: known, attributes, pixels, whole, fault })
    }
}

/// The Extended Offset Table, (7FE0,0001), which large files have in place of the basic one (PS3.3, section C.7.6.3.1.8).
fn extended_offsets(attributes: &InMemDicomObject) -> Vec<u64> {
    let table = attributes.get(tags::EXTENDED_OFFSET_TABLE).and_then(|element| element.value().primitive());
    match table {
        Some(PrimitiveValue::U64(offsets)) => offsets.to_vec(),
        Some(PrimitiveValue::U8(bytes)) => {
            bytes.as_chunks::<8>().0.iter().map(|b| u64::from_le_bytes(*b)).collect()
        }
        _ => Vec::new(),
    }
}

/// The transfer syntax without compression in which attributes are written so.
pub fn plain(encoding: Encoding) -> TransferSyntax {
    match encoding {
        Encoding { explicit: false, .. } => entries::IMPLICIT_VR_LITTLE_ENDIAN.erased(),
        Encoding { big: true, .. } => entries::EXPLICIT_VR_BIG_ENDIAN.erased(),
        _ => entries::EXPLICIT_VR_LITTLE_ENDIAN.erased(),
    }
}

fn worded(input: &Input, fault: Fault) -> crate::Error {
    match fault {
        Fault::Cut(text) => input.truncated(text, Partly::No),
        Fault::Corrupt(text) => input.corrupt(text),
        Fault::TooLarge(text) => input.too_large(text),
    }
}

/// A deflated data set, as far as it can be inflated, and what is wrong with the rest.
fn inflate(input: &Input, at: usize) -> (Vec<u8>, Option<Fault>) {
    let packed = &input.bytes[at..];
    let by_ratio = (packed.len() as u64).saturating_mul(MAX_RATIO).saturating_add(1 << 20);
    let limit = input.limits.max_bytes.min(by_ratio);
    let mut whole = Vec::new();
    let mut reader = flate2::read::DeflateDecoder::new(packed);
    let fault = match (&mut reader).take(limit.saturating_add(1)).read_to_end(&mut whole) {
        Err(e) if e.kind() == std::io::ErrorKind::UnexpectedEof => {
            Some(Fault::Cut("its deflated data end early".into()))
        }
        Err(_) => Some(Fault::Corrupt("its deflated data cannot be inflated".into())),
        Ok(_) if whole.len() as u64 > limit && limit < by_ratio => Some(Fault::TooLarge(format!(
            "it inflates to more than {limit} bytes; raise --max-bytes to read it"
        ))),
        Ok(_) if whole.len() as u64 > limit => {
            let what = format!("it inflates to more than {MAX_RATIO} times its size, as no picture does");
            Some(Fault::TooLarge(what))
        }
        Ok(_) => None,
    };
    (whole, fault)
}

/// Questions to a data set or an item of a sequence. Empty values are none.
pub trait Ask {
    fn text(&self, tag: Tag) -> Option<String>;
    /// Every value of a text.
    fn texts(&self, tag: Tag) -> Vec<String>;
    /// # Errors
    /// A value that is no number, in words.
    fn number(&self, tag: Tag) -> Result<Option<f64>, String>;
    /// # Errors
    /// A value that is no number, in words.
    fn numbers(&self, tag: Tag) -> Result<Vec<f64>, String>;
    /// # Errors
    /// A value that is no whole number from 0, in words.
    fn count(&self, tag: Tag) -> Result<Option<u32>, String>;
    fn items(&self, tag: Tag) -> &[InMemDicomObject];
}

impl Ask for InMemDicomObject {
    fn text(&self, tag: Tag) -> Option<String> {
        self.texts(tag).into_iter().next().filter(|text| !text.is_empty())
    }

    fn texts(&self, tag: Tag) -> Vec<String> {
        let Some(value) = self.get(tag).and_then(|element| element.value().primitive()) else {
            return Vec::new();
        };
        let trimmed = |text: &str| text.trim_matches(['\0', ' ']).to_owned();
        value.to_multi_str().iter().map(|text| trimmed(text)).collect()
    }

    fn number(&self, tag: Tag) -> Result<Option<f64>, String> {
        Ok(self.numbers(tag)?.first().copied())
    }

    fn numbers(&self, tag: Tag) -> Result<Vec<f64>, String> {
        let Some(value) = self.get(tag).and_then(|element| element.value().primitive()) else {
            return Ok(Vec::new());
        };
        // Not what it holds: that may be a person's.
        let wrong = || format!("{} holds no number", name(tag));
        if value.to_str().trim_matches(['\0', ' ']).is_empty() {
            return Ok(Vec::new());
        }
        let numbers = value.to_multi_float64().map_err(|_| wrong())?;
        if numbers.iter().all(|number| number.is_finite()) { Ok(numbers) } else { Err(wrong()) }
    }

    fn count(&self, tag: Tag) -> Result<Option<u32>, String> {
        let Some(number) = self.number(tag)? else { return Ok(None) };
        if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
            return Err(format!("{} is {number}, expected a whole number from 0", name(tag)));
        }
        Ok(Some(number as u32))
    }

    fn items(&self, tag: Tag) -> &[InMemDicomObject] {
        self.get(tag).and_then(|element| element.value().items()).unwrap_or(&[])
    }
}

/// An item that holds for one frame: its own, else the one that all frames share (PS3.3, section C.7.6.16).
pub fn functional(attributes: &InMemDicomObject, frame: usize, group: Tag) -> Option<&InMemDicomObject> {
    let own = attributes.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE).get(frame);
    let shared = attributes.items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE).first();
    [own, shared].into_iter().flatten().find_map(|groups| groups.items(group).first())
}

/// A tag as people look it up: its keyword, else its numbers.
pub fn name(tag: Tag) -> String {
    use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
    let entry = dicom_dictionary_std::StandardDataDictionary.by_tag(tag);
    entry.map_or_else(|| format!("({:04X},{:04X})", tag.0, tag.1), |entry| entry.alias().to_owned())
}
