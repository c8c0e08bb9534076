//! How a DICOM file begins: preamble or none, file meta information or none, and so how its data set is encoded.

use super::scan::{Cursor, Encoding};

/// "DICM" stands behind a preamble of this many bytes (PS3.10, section 7.1).
const PREAMBLE: usize = 128;

/// Where the data set begins and what is known of it before it is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// First byte of the data set.
    pub data_at: usize,
    /// (0002,0010), without padding.
    pub syntax: Option<String>,
    /// (0002,0002).
    pub class: Option<String>,
    /// Of the data set, where no transfer syntax says it: told from its first element.
    pub guessed: Encoding,
}

/// Whether these first bytes are of DICOM: "DICM" in its place, or a first element as data sets without a
/// preamble have it.
pub fn is_dicom(head: &[u8]) -> bool {
    head.get(PREAMBLE..PREAMBLE + 4) == Some(b"DICM")
        || head.starts_with(b"DICM\x02\0")
        || starts_with_element(head)
}

/// A first element of group 0002 or 0008 with a value representation, or with a length that a first element
/// may have. Text and pictures of other formats do not begin so.
fn starts_with_element(head: &[u8]) -> bool {
    let Some(&[a, b, c, d, e, f, g, h]) = head.first_chunk() else { return false };
    let (group, element) = match [a, b] {
        [2 | 8, 0] => (u16::from_le_bytes([a, b]), u16::from_le_bytes([c, d])),
        [0, 2 | 8] => (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d])),
        _ => return false,
    };
    // Data sets begin with a group length, the character set, the image type, a class, an instance or a date.
    let first: &[u16] =
        if group == 2 { &[0, 1, 2, 3, 0x10] } else { &[0, 1, 5, 6, 8, 0x12, 0x16, 0x18, 0x20] };
    let length = u32::from_le_bytes([e, f, g, h]);
    first.contains(&element) && (is_vr([e, f]) || [a, b] == [group as u8, 0] && (1..=256).contains(&length))
}

/// Whether two bytes are a value representation (PS3.5, table 6.2-1).
pub fn is_vr(bytes: [u8; 2]) -> bool {
    const ALL: &[u8] = b"AEASATCSDADSDTFDFLISLOLTOBODOFOLOVOWPNSHSLSQSSSTSVTMUCUIULUNURUSUTUV";
    ALL.chunks_exact(2).any(|vr| vr == bytes)
}

/// Reads what stands before the data set.
///
/// # Errors
/// What is wrong with the file meta information, in words.
pub fn read(bytes: &[u8]) -> Result<Head, String> {
    let start = match bytes {
        _ if bytes.get(PREAMBLE..PREAMBLE + 4) == Some(b"DICM") => PREAMBLE + 4,
        _ if bytes.starts_with(b"DICM") => 4,
        _ => 0,
    };
    let mut head = Head { data_at: start, syntax: None, class: None, guessed: Encoding::EXPLICIT };
    // Always explicit and little-endian (PS3.10, section 7.1). Its group length is often wrong, so it ends where
    // the group does.
    let mut cursor = Cursor::new(bytes, start, Encoding::EXPLICIT);
    while bytes.get(head.data_at..head.data_at + 2) == Some(&[2, 0]) {
        let element = cursor.element()?;
        let length = element.length.ok_or("its file meta information holds a sequence")?;
        let end = cursor.at.checked_add(length).filter(|end| *end <= bytes.len());
        let value =
            bytes.get(cursor.at..end.ok_or("it ends within its file meta information")?).unwrap_or(&[]);
        let text = || String::from_utf8_lossy(value).trim_end_matches(['\0', ' ']).to_owned();
        match element.tag {
            [2, 0x10] => head.syntax = Some(text()).filter(|uid| !uid.is_empty()),
            [2, 2] => head.class = Some(text()),
            _ => {}
        }
        cursor.at += length;
        head.data_at = cursor.at;
    }
    head.guessed = guess(bytes.get(head.data_at..).unwrap_or(&[]));
    Ok(head)
}

/// From the first element: a group number below 256 shows the order of its bytes, two letters of a value
/// representation that it is explicit.
fn guess(data: &[u8]) -> Encoding {
    let Some(&[a, b, _, _, e, f, ..]) = data.first_chunk::<8>() else { return Encoding::EXPLICIT };
    Encoding { explicit: is_vr([e, f]), big: a == 0 && b != 0 }
}
