//! The structure of a data set, walked before anything is read of it: lengths, depth and counts within bounds, and
//! where the pixels are.

use std::ops::Range;

use dicom_core::Tag;
use dicom_core::VR;
use dicom_core::dictionary::{DataDictionary, DataDictionaryEntry};
use dicom_dictionary_std::StandardDataDictionary;

/// Sequences within sequences. Enhanced objects and structured reports of the standard need fewer than ten.
const MAX_DEPTH: usize = 48;
/// Elements before the pixels: an enhanced object of 10,000 frames has about 40 of them a frame.
const MAX_ELEMENTS: usize = 1_000_000;
/// Bytes before the pixels. Each may become a text of its own, which takes 24 times as many.
const MAX_ATTRIBUTES: usize = 32 << 20;

/// How elements are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Encoding {
    pub explicit: bool,
    pub big: bool,
}

impl Encoding {
    pub const IMPLICIT: Self = Self { explicit: false, big: false };
    pub const EXPLICIT: Self = Self { explicit: true, big: false };
    pub const BIG: Self = Self { explicit: true, big: true };
}

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// End of the attributes that precede the pixels, or of the last that is whole.
    pub attributes_end: usize,
    pub pixels: Option<Pixels>,
    /// Whether the attributes are all of them.
    pub whole: bool,
    /// What is wrong, with the pixels or before them.
    pub fault: Option<Fault>,
}

/// Where pixels are, in bytes of the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pixels {
    /// `words`: written in units of two bytes (OW), which big-endian files turn around.
    Native { bytes: Range<usize>, words: bool },
    Encapsulated {
        /// Of each frame's first fragment, from the first of all; empty where the file has none.
        offsets: Vec<u64>,
        fragments: Vec<Range<usize>>,
    },
    /// Pixels as floating-point numbers, (7FE0,0008) and (7FE0,0009).
    Float,
}

/// Why a walk ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    Cut(String),
    Corrupt(String),
    TooLarge(String),
}

impl From<String> for Fault {
    fn from(text: String) -> Self {
        Self::Corrupt(text)
    }
}

/// An element's header.
pub struct Element {
    pub tag: [u16; 2],
    /// Unknown for items, and where representations are implicit.
    pub vr: Option<[u8; 2]>,
    /// `None`: of undefined length.
    pub length: Option<usize>,
}

/// A place in the file.
pub struct Cursor<'a> {
    bytes: &'a [u8],
    pub at: usize,
    encoding: Encoding,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8], at: usize, encoding: Encoding) -> Self {
        Self { bytes, at, encoding }
    }

    fn take<const N: usize>(&mut self) -> Result<[u8; N], String> {
        let found = self.bytes.get(self.at..).and_then(|rest| rest.first_chunk::<N>());
        let found = *found.ok_or_else(|| format!("it ends within the element at byte {}", self.at))?;
        self.at += N;
        Ok(found)
    }

    fn u16(&mut self) -> Result<u16, String> {
        let bytes = self.take()?;
        Ok(if self.encoding.big { u16::from_be_bytes(bytes) } else { u16::from_le_bytes(bytes) })
    }

    fn u32(&mut self) -> Result<u32, String> {
        let bytes = self.take()?;
        Ok(if self.encoding.big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) })
    }

    /// The header of the next element; the cursor is then at its value.
    ///
    /// # Errors
    /// When the file ends within it, or it has no value representation.
    pub fn element(&mut self) -> Result<Element, String> {
        let begin = self.at;
        let tag = [self.u16()?, self.u16()?];
        let (vr, length) = if tag[0] == 0xFFFE || !self.encoding.explicit {
            (None, self.u32()?)
        } else {
            let vr: [u8; 2] = self.take()?;
            if !super::head::is_vr(vr) {
                let [group, element] = tag;
                return Err(format!(
                    "element ({group:04X},{element:04X}) at byte {begin} has no value representation"
                ));
            }
            let long = matches!(
                &vr,
                b"OB"
                    | b"OD"
                    | b"OF"
                    | b"OL"
                    | b"OV"
                    | b"OW"
                    | b"SQ"
                    | b"SV"
                    | b"UC"
                    | b"UN"
                    | b"UR"
                    | b"UT"
                    | b"UV"
            );
            let length = if long {
                self.take::<2>()?;
                self.u32()?
            } else {
                u32::from(self.u16()?)
            };
            (Some(vr), length)
        };
        Ok(Element { tag, vr, length: (length != u32::MAX).then_some(length as usize) })
    }
}

/// An open sequence or item: where it ends, if its header says so, and how what is in it is written.
struct Open {
    end: Option<usize>,
    is_item: bool,
    encoding: Encoding,
}

/// Walks a data set from `at` to its pixels or its end. What precedes a fault can still be read.
pub fn scan(bytes: &[u8], at: usize, encoding: Encoding) -> Layout {
    let mut layout = Layout { attributes_end: at, pixels: None, whole: false, fault: None };
    layout.fault = walk(bytes, encoding, &mut layout).err();
    layout
}

fn walk(bytes: &[u8], encoding: Encoding, layout: &mut Layout) -> Result<(), Fault> {
    let at = layout.attributes_end;
    let mut cursor = Cursor::new(bytes, at, encoding);
    let mut open: Vec<Open> = Vec::new();
    for _ in 0..MAX_ELEMENTS {
        while open.last().is_some_and(|inner| inner.end.is_some_and(|end| cursor.at >= end)) {
            open.pop();
        }
        cursor.encoding = open.last().map_or(encoding, |inner| inner.encoding);
        let begin = cursor.at;
        if begin - at > MAX_ATTRIBUTES {
            return Err(Fault::TooLarge(format!("more than {MAX_ATTRIBUTES} bytes precede its pixels")));
        }
        if open.is_empty() {
            layout.attributes_end = begin;
            layout.whole = begin == bytes.len();
        }
        if layout.whole {
            return Ok(());
        }
        let element = cursor.element().map_err(|text| missing(bytes, &cursor, text))?;
        if open.is_empty() && matches!(element.tag, [0x7FE0, 8 | 9 | 0x10]) {
            layout.whole = true;
            let float = element.tag[1] != 0x10;
            layout.pixels = Some(if float { Pixels::Float } else { pixels(&mut cursor, &element)? });
            return Ok(());
        }
        step(&mut cursor, &mut open, &element, begin)?;
    }
    Err(Fault::TooLarge(format!("more than {MAX_ELEMENTS} elements precede its pixels")))
}

/// A header that cannot be read is a cut where the file ends, else damage.
fn missing(bytes: &[u8], cursor: &Cursor, text: String) -> Fault {
    if bytes.len() - cursor.at.min(bytes.len()) < 12 { Fault::Cut(text) } else { Fault::Corrupt(text) }
}

/// Enters, leaves or skips an element whose header was read.
fn step(cursor: &mut Cursor, open: &mut Vec<Open>, element: &Element, begin: usize) -> Result<(), Fault> {
    let [group, number] = element.tag;
    let name = format!("({group:04X},{number:04X}) at byte {begin}");
    let end = element.length.map(|length| cursor.at.saturating_add(length));
    let outer = open.iter().rev().find_map(|outer| outer.end).unwrap_or(cursor.bytes.len());
    if end.is_some_and(|end| end > cursor.bytes.len()) {
        return Err(Fault::Cut(format!("element {name} ends beyond the file")));
    }
    if end.is_some_and(|end| end > outer) {
        return Err(Fault::Corrupt(format!("element {name} ends beyond what holds it")));
    }
    let in_sequence = open.last().is_some_and(|inner| !inner.is_item);
    let is_item = element.tag == [0xFFFE, 0xE000];
    match element.tag {
        [0xFFFE, 0xE000] if in_sequence => open.push(Open { end, is_item, encoding: cursor.encoding }),
        [0xFFFE, 0xE0DD] if in_sequence => drop(open.pop()),
        [0xFFFE, 0xE00D] if !in_sequence && !open.is_empty() => drop(open.pop()),
        [0xFFFE, _] => return Err(Fault::Corrupt(format!("item or delimiter {name} is out of place"))),
        _ if in_sequence => return Err(Fault::Corrupt(format!("element {name} lies between items"))),
        // Encapsulated pixels of an icon (PS3.3, section F.7).
        [0x7FE0, 0x10] if end.is_none() => {
            fragments(cursor)?;
            if cursor.at > outer {
                return Err(Fault::Corrupt(format!("element {name} ends beyond what holds it")));
            }
        }
        // Written implicitly (PS3.5, section 6.2.2, note 2). dicom-rs takes its first item's tag for a length of 3.5 GiB.
        _ if element.vr == Some(*b"UN") && end.is_none() => {
            return Err(Fault::Corrupt(format!(
                "element {name} is a sequence of unknown representation, which is not read"
            )));
        }
        _ if is_sequence(element) => open.push(Open { end, is_item, encoding: cursor.encoding }),
        _ => {
            whole_numbers(cursor.encoding, element).map_err(|text| format!("element {name} {text}"))?;
            cursor.at = end.unwrap_or(cursor.at);
        }
    }
    if open.len() > MAX_DEPTH {
        return Err(Fault::TooLarge(format!("sequences lie within sequences, more than {MAX_DEPTH} deep")));
    }
    Ok(())
}

/// A value of numbers holds whole ones. The reader of attributes leaves the rest of a number where it is and takes it for
/// the next element, whose length then is anything.
fn whole_numbers(encoding: Encoding, element: &Element) -> Result<(), String> {
    let by_tag = || {
        let entry = StandardDataDictionary.by_tag(Tag(element.tag[0], element.tag[1]));
        entry.map_or(VR::UN, |entry| entry.vr().relaxed())
    };
    let written = || element.vr.and_then(VR::from_binary).unwrap_or(VR::UN);
    let vr = if encoding.explicit { written() } else { by_tag() };
    let size = match vr {
        VR::OW | VR::SS | VR::US => 2,
        VR::AT | VR::FL | VR::OF | VR::OL | VR::SL | VR::UL => 4,
        VR::FD | VR::OD | VR::OV | VR::SV | VR::UV => 8,
        _ => 1,
    };
    match element.length {
        Some(length) if length % size != 0 => {
            Err(format!("has {length} bytes, no whole number of values of {size} bytes ({})", vr.to_string()))
        }
        _ => Ok(()),
    }
}

fn is_sequence(element: &Element) -> bool {
    let known = || {
        let entry = StandardDataDictionary.by_tag(Tag(element.tag[0], element.tag[1]));
        entry.is_some_and(|entry| entry.vr().exact() == Some(VR::SQ))
    };
    match element.vr {
        Some(vr) => &vr == b"SQ" || element.length.is_none(),
        None => element.length.is_none() || known(),
    }
}

fn pixels(cursor: &mut Cursor, element: &Element) -> Result<Pixels, Fault> {
    let Some(length) = element.length else { return fragments(cursor) };
    let end = cursor.at.saturating_add(length);
    if end > cursor.bytes.len() {
        let there = cursor.bytes.len() - cursor.at;
        return Err(Fault::Cut(format!("its pixels have {length} bytes, {there} of them are there")));
    }
    // Implicit representations are OW (PS3.5, section A.1).
    Ok(Pixels::Native { bytes: cursor.at..end, words: element.vr.is_none_or(|vr| &vr == b"OW") })
}

/// Items of encapsulated pixels: the table of offsets, then fragments (PS3.5, section A.4).
fn fragments(cursor: &mut Cursor) -> Result<Pixels, Fault> {
    let (mut offsets, mut fragments) = (None, Vec::new());
    loop {
        let begin = cursor.at;
        let item =
            cursor.element().map_err(|_| Fault::Cut("the fragments of its pixels have no end".to_owned()))?;
        let length = match (item.tag, item.length) {
            ([0xFFFE, 0xE0DD], _) => break,
            ([0xFFFE, 0xE000], Some(length)) => length,
            ([group, number], _) => {
                let what =
                    format!("({group:04X},{number:04X}) at byte {begin} stands for a fragment of pixels");
                return Err(Fault::Corrupt(what));
            }
        };
        let end = cursor.at.saturating_add(length);
        let value = cursor.bytes.get(cursor.at..end);
        let value =
            value.ok_or_else(|| Fault::Cut(format!("the fragment at byte {begin} ends beyond the file")))?;
        if offsets.is_none() {
            let basic = value.as_chunks::<4>().0.iter().map(|b| u64::from(u32::from_le_bytes(*b)));
            offsets = Some(basic.collect());
        } else {
            fragments.push(cursor.at..end);
        }
        cursor.at = end;
    }
    Ok(Pixels::Encapsulated { offsets: offsets.unwrap_or_default(), fragments })
}
