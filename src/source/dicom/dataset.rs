//! The attributes of a data set, asked for by tag: text, numbers, sequences, with words for what cannot be read.

use std::io::Read;

use dicom_core::Tag;
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use dicom_transfer_syntax_registry::{TransferSyntax, entries};

use super::head::{self, Head};
use super::scan::{self, Encoding, Fault, Layout, Pixels};
use super::syntax::Syntax;
use super::unknown;
use crate::Result;
use crate::source::Input;
use crate::source::input::Partly;

/// A file that was opened as far as its pixels.
pub struct DataSet {
    /// With [`Input::bytes`] in which [`DataSet::pixels`] lie: those of the file, or what they inflate to.
    pub input: Input,
    pub syntax: Syntax,
    pub attributes: InMemDicomObject,
    pub pixels: Option<Pixels>,
}

impl DataSet {
    /// # Errors
    /// `Truncated`, `Corrupt`, `TooLarge` and `Unsupported`, with what was found.
    pub fn open(mut input: Input) -> Result<Self> {
        let head = head::read(&input.bytes).map_err(|text| input.corrupt(text))?;
        let Head { data_at, syntax, guessed, .. } = head;
        let known = match &syntax {
            Some(uid) => Syntax::of(uid).map_err(|text| input.unsupported(text))?,
            None => Syntax::plain(guessed),
        };
        let mut at = data_at;
        if known.deflated {
            input.bytes = inflate(&input, data_at)?.into();
            at = 0;
        }
        let encoding = known.encoding;
        let Layout { attributes_end, pixels } =
            scan::scan(&input.bytes, at, encoding).map_err(|fault| worded(&input, fault))?;
        let bytes = &input.bytes[at..attributes_end];
        let mut attributes = InMemDicomObject::read_dataset_with_ts(bytes, &plain(encoding))
            .map_err(|e| input.corrupt("its attributes cannot be read").because(e))?;
        unknown::told(&mut attributes);
        Ok(Self { input, syntax: known, attributes, pixels })
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

/// A deflated data set. It may be as long as a file may be.
fn inflate(input: &Input, at: usize) -> Result<Vec<u8>> {
    let limit = input.limits.max_bytes;
    let mut whole = Vec::new();
    let mut reader = flate2::read::DeflateDecoder::new(&input.bytes[at..]);
    (&mut reader).take(limit.saturating_add(1)).read_to_end(&mut whole).map_err(|e| match e.kind() {
        std::io::ErrorKind::UnexpectedEof => input.truncated("its deflated data end early", Partly::No),
        _ => input.corrupt("its deflated data cannot be inflated").because(e),
    })?;
    if whole.len() as u64 > limit {
        let what = format!("it inflates to more than {limit} bytes; raise --max-bytes to read it");
        return Err(input.too_large(what));
    }
    Ok(whole)
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
