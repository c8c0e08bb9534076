//! One DICOM file on its way through: cleaned, marked as the standard asks, and written with its own pixels.

use std::io::{self, Write};
use std::ops::Range;

use dicom_core::value::{DataSetSequence, PrimitiveValue};
use dicom_core::{DataElement, Tag, VR};
use dicom_dictionary_std::tags;
use dicom_object::InMemDicomObject;
use flate2::write::DeflateEncoder;

use super::clean::{Cleaner, Counts};
use super::names::Names;
use super::profile::EDITION;
use super::{Text, comments, risk};
use crate::error::{Error, Kind, Result};
use crate::pseudonym::Pseudonyms;
use crate::source::Input;
use crate::source::dicom::{Ask, Codec, DataSet, Description, Encoding, Pixels, Syntax, file_head, plain};

/// Study, series and instance, as the crosswalk and paths name them.
pub const UIDS: [(&str, Tag); 3] = [
    ("study", tags::STUDY_INSTANCE_UID),
    ("series", tags::SERIES_INSTANCE_UID),
    ("instance", tags::SOP_INSTANCE_UID),
];

/// An instance that may be written.
pub struct Instance {
    /// With attributes that are cleaned.
    set: DataSet,
    described: Description,
    pub counts: Counts,
    /// UIDs of study, series and instance as they were and as they are; empty where there is none.
    pub uids: [[String; 2]; 3],
    /// Identifier and name of the patient as they were, and what stands for both.
    pub patient: [String; 3],
    /// Segments beside compressed pixels that were blanked.
    pub comments: u32,
    /// Whether bytes after the last pixel were left out.
    pub cut: bool,
    /// The fragments of compressed pixels.
    fragments: Vec<Vec<u8>>,
}

impl Instance {
    /// Opens and cleans a file.
    ///
    /// # Errors
    /// What is wrong with it, or why it may not be written: `Unsupported`, with the reason.
    pub fn open(input: Input, pseudonyms: &Pseudonyms, text: Text) -> Result<Self> {
        let mut set = DataSet::open(input)?;
        let described = Description::of(&set)?;
        if let Some(reason) = risk::of(&set).filter(|_| text == Text::Refuse) {
            let remedy = "look at its pixels, then use --text keep";
            return Err(refused(&set, format!("{reason} ({remedy})")));
        }
        check(&set)?;
        let uids = UIDS.map(|(_, tag)| set.attributes.text(tag).unwrap_or_default());
        let uids = uids.map(|uid| {
            let other = if uid.is_empty() { String::new() } else { pseudonyms.uid(&uid) };
            [uid, other]
        });
        let patient = patient(&set.attributes, pseudonyms);
        let names = Names::of(&set.attributes);
        let names =
            names.ok_or_else(|| refused(&set, "it holds more names and numbers than any person has"))?;
        let mut cleaner = Cleaner { pseudonyms, names, counts: Counts::default() };
        cleaner.clean(&mut set.attributes, true);
        let counts = cleaner.counts;
        mark(&mut set.attributes, &patient[2]);
        let (fragments, comments) = fragments(&set)?;
        let native = match &set.pixels {
            Some(Pixels::Native { bytes, .. }) => (bytes.end - bytes.start) as u64,
            _ => 0,
        };
        // One byte may fill up an odd number of them.
        let cut = native > described.native_bytes().next_multiple_of(2);
        Ok(Self { set, described, counts, uids, patient, comments, cut, fragments })
    }

    pub fn described(&self) -> &Description {
        &self.described
    }

    /// Writes the file: a preamble of zeros, file meta information, attributes, pixels. What followed the pixels is left
    /// out.
    ///
    /// # Errors
    /// Of the writer; `InvalidData` where an attribute cannot be written.
    pub fn write(&self, out: &mut impl Write) -> io::Result<()> {
        let Syntax { uid, encoding, deflated, .. } = self.set.syntax;
        let class = self.set.attributes.text(tags::SOP_CLASS_UID).unwrap_or_default();
        out.write_all(&file_head(&class, &self.uids[2][1], uid))?;
        if deflated {
            let mut out = DeflateEncoder::new(out, flate2::Compression::default());
            self.write_set(&mut out, encoding)?;
            out.finish()?;
            return Ok(());
        }
        self.write_set(out, encoding)
    }

    fn write_set(&self, out: &mut impl Write, encoding: Encoding) -> io::Result<()> {
        let mut attributes = Vec::new();
        self.set
            .attributes
            .write_dataset_with_ts_options(&mut attributes, &plain(encoding), Default::default())
            .map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        out.write_all(&attributes)?;
        drop(attributes);
        match &self.set.pixels {
            Some(Pixels::Native { bytes, words }) => self.write_native(out, encoding, bytes.clone(), *words),
            Some(Pixels::Encapsulated { offsets, .. }) => self.write_fragments(out, offsets),
            // Refused when it was opened.
            Some(Pixels::Float) | None => Ok(()),
        }
    }

    fn write_native(
        &self,
        out: &mut impl Write,
        encoding: Encoding,
        bytes: Range<usize>,
        words: bool,
    ) -> io::Result<()> {
        let most = self.described.native_bytes().next_multiple_of(2);
        let length = ((bytes.end - bytes.start) as u64).min(most) as usize;
        let vr = if words { b"OW" } else { b"OB" };
        pixel_header(out, encoding, vr, length as u32)?;
        out.write_all(self.set.input.bytes.get(bytes.start..bytes.start + length).unwrap_or_default())
    }

    /// As they were: table of offsets, fragments, end (PS3.5, section A.4).
    fn write_fragments(&self, out: &mut impl Write, offsets: &[u64]) -> io::Result<()> {
        pixel_header(out, Encoding::EXPLICIT, b"OB", u32::MAX)?;
        // Where there is an extended table, which stays among the attributes, this one is empty.
        let extended = self.set.attributes.get(tags::EXTENDED_OFFSET_TABLE).is_some();
        let basic = if extended { &[] } else { offsets };
        let table: Vec<u8> = basic.iter().flat_map(|offset| (*offset as u32).to_le_bytes()).collect();
        for item in std::iter::once(&table).chain(&self.fragments) {
            out.write_all(&[0xFE, 0xFF, 0, 0xE0])?;
            out.write_all(&(item.len() as u32).to_le_bytes())?;
            out.write_all(item)?;
        }
        out.write_all(&[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0])
    }
}

fn refused(set: &DataSet, what: impl std::fmt::Display) -> Error {
    Error::new(Kind::Unsupported, format!("{}: not de-identified: {what}", set.input.name))
}

/// What cannot be written without leaving something in.
fn check(set: &DataSet) -> Result<()> {
    for (tag, name) in [(tags::SOP_CLASS_UID, "SOP class"), (tags::SOP_INSTANCE_UID, "SOP instance UID")] {
        if set.attributes.text(tag).is_none() {
            return Err(refused(set, format!("it has no {name}, which every file needs")));
        }
    }
    // Overlays of old, in bits of the pixels that are not theirs (PS3.3, section C.9.2).
    let in_pixels = |group: &u16| {
        let position = set.attributes.count(Tag(*group, 0x0102));
        !matches!(position, Ok(None | Some(0)))
    };
    if (0x6000..=0x60FE).step_by(2).any(|group| in_pixels(&group)) {
        return Err(refused(set, "an overlay lies in bits of its pixels, where text may be"));
    }
    Ok(())
}

/// Identifier, name, and the pseudonym of the person, or of the study where nobody is named.
fn patient(attributes: &InMemDicomObject, pseudonyms: &Pseudonyms) -> [String; 3] {
    let text = |tag| attributes.text(tag).unwrap_or_default();
    let (id, name) = (text(tags::PATIENT_ID), text(tags::PATIENT_NAME));
    let own = match (id.is_empty(), name.is_empty()) {
        (false, _) => pseudonyms.of("patient", &id),
        (true, false) => pseudonyms.of("patient-name", &name),
        (true, true) => pseudonyms.of("study", &text(tags::STUDY_INSTANCE_UID)),
    };
    [id, name, own]
}

/// Says who it is of by a pseudonym, and that and how it was de-identified (PS3.15, section E.1.1).
fn mark(attributes: &mut InMemDicomObject, patient: &str) {
    // What dummies and pseudonyms are written in; texts that stay are the same in it.
    attributes.convert_to_utf8();
    let mut put = |tag, vr, text: &str| {
        attributes.put(DataElement::new(tag, vr, PrimitiveValue::from(text)));
    };
    put(tags::PATIENT_NAME, VR::PN, patient);
    put(tags::PATIENT_ID, VR::LO, patient);
    put(tags::PATIENT_IDENTITY_REMOVED, VR::CS, "YES");
    let method = format!("vision {}, PS3.15 {EDITION} basic profile", env!("CARGO_PKG_VERSION"));
    put(tags::DEIDENTIFICATION_METHOD, VR::LO, &method);
    put(tags::LONGITUDINAL_TEMPORAL_INFORMATION_MODIFIED, VR::CS, "REMOVED");
    let mut code = InMemDicomObject::new_empty();
    // PS3.16, CID 7050.
    let rows = [
        (tags::CODE_VALUE, VR::SH, "113100"),
        (tags::CODING_SCHEME_DESIGNATOR, VR::SH, "DCM"),
        (tags::CODE_MEANING, VR::LO, "Basic Application Confidentiality Profile"),
    ];
    for (tag, vr, text) in rows {
        code.put(DataElement::new(tag, vr, PrimitiveValue::from(text)));
    }
    let codes = DataSetSequence::from(vec![code]);
    attributes.put(DataElement::new(tags::DEIDENTIFICATION_METHOD_CODE_SEQUENCE, VR::SQ, codes));
}

/// Compressed pixels without what was said beside them, and how many segments said something.
fn fragments(set: &DataSet) -> Result<(Vec<Vec<u8>>, u32)> {
    let Some(Pixels::Encapsulated { fragments, .. }) = &set.pixels else { return Ok((Vec::new(), 0)) };
    let codec = set.syntax.codec;
    let bytes = |range: &Range<usize>| set.input.bytes.get(range.clone()).unwrap_or_default();
    let (mut all, mut comments, mut at) = (Vec::new(), 0, 0);
    while at < fragments.len() {
        // A stream may go over several of them.
        let more = fragments[at + 1..].iter().take_while(|range| !begins(bytes(range), codec)).count();
        let own = &fragments[at..=at + more];
        let mut stream: Vec<u8> = own.iter().flat_map(bytes).copied().collect();
        comments += comments::blank(&mut stream, codec).map_err(|what| refused(set, what))?;
        let mut rest = stream.as_slice();
        for range in own {
            let (part, after) = rest.split_at(range.len().min(rest.len()));
            all.push(part.to_vec());
            rest = after;
        }
        at += 1 + more;
    }
    Ok((all, comments))
}

/// Whether a fragment is the first of a stream.
fn begins(fragment: &[u8], codec: Codec) -> bool {
    match codec {
        Codec::Jpeg | Codec::JpegLs => fragment.starts_with(&[0xFF, 0xD8]),
        Codec::Jpeg2000 => fragment.starts_with(&[0xFF, 0x4F]),
        Codec::JpegXl | Codec::Native | Codec::Rle => true,
    }
}

/// (7FE0,0010) up to its value.
fn pixel_header(out: &mut impl Write, encoding: Encoding, vr: &[u8; 2], length: u32) -> io::Result<()> {
    let half = |n: u16| if encoding.big { n.to_be_bytes() } else { n.to_le_bytes() };
    out.write_all(&half(0x7FE0))?;
    out.write_all(&half(0x0010))?;
    if encoding.explicit {
        out.write_all(vr)?;
        out.write_all(&[0, 0])?;
    }
    out.write_all(&if encoding.big { length.to_be_bytes() } else { length.to_le_bytes() })
}
