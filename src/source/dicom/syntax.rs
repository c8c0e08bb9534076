//! Transfer syntaxes: how a data set is encoded and by what its pixels are compressed.

use super::scan::Encoding;

/// What compresses pixels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Codec {
    Native,
    Rle,
    /// Every process of JPEG that the standard knows; the stream says which.
    Jpeg,
    JpegLs,
    /// With HTJ2K.
    Jpeg2000,
    JpegXl,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Syntax {
    pub uid: &'static str,
    pub codec: Codec,
    pub encoding: Encoding,
    pub deflated: bool,
    /// Whether it never loses anything; some syntaxes leave that open, and are then counted as losing.
    pub lossless: bool,
}

const fn encapsulated(uid: &'static str, codec: Codec, lossless: bool) -> Syntax {
    Syntax { uid, codec, encoding: Encoding::EXPLICIT, deflated: false, lossless }
}

const fn native(uid: &'static str, encoding: Encoding, deflated: bool) -> Syntax {
    Syntax { uid, codec: Codec::Native, encoding, deflated, lossless: true }
}

/// PS3.5, section 10 and annex A.
const SYNTAXES: &[Syntax] = &[
    native("1.2.840.10008.1.2", Encoding::IMPLICIT, false),
    native("1.2.840.10008.1.2.1", Encoding::EXPLICIT, false),
    native("1.2.840.10008.1.2.1.99", Encoding::EXPLICIT, true),
    native("1.2.840.10008.1.2.2", Encoding::BIG, false),
    // "Encapsulated uncompressed": each fragment holds a frame as it would be without.
    encapsulated("1.2.840.10008.1.2.1.98", Codec::Native, true),
    encapsulated("1.2.840.10008.1.2.5", Codec::Rle, true),
    encapsulated("1.2.840.10008.1.2.4.50", Codec::Jpeg, false),
    encapsulated("1.2.840.10008.1.2.4.51", Codec::Jpeg, false),
    encapsulated("1.2.840.10008.1.2.4.57", Codec::Jpeg, true),
    encapsulated("1.2.840.10008.1.2.4.70", Codec::Jpeg, true),
    encapsulated("1.2.840.10008.1.2.4.80", Codec::JpegLs, true),
    encapsulated("1.2.840.10008.1.2.4.81", Codec::JpegLs, false),
    encapsulated("1.2.840.10008.1.2.4.90", Codec::Jpeg2000, true),
    encapsulated("1.2.840.10008.1.2.4.91", Codec::Jpeg2000, false),
    encapsulated("1.2.840.10008.1.2.4.201", Codec::Jpeg2000, true),
    encapsulated("1.2.840.10008.1.2.4.202", Codec::Jpeg2000, true),
    encapsulated("1.2.840.10008.1.2.4.203", Codec::Jpeg2000, false),
    encapsulated("1.2.840.10008.1.2.4.110", Codec::JpegXl, true),
    encapsulated("1.2.840.10008.1.2.4.112", Codec::JpegXl, false),
];

impl Syntax {
    /// # Errors
    /// For a syntax that is not read, in words.
    pub fn of(uid: &str) -> Result<Self, String> {
        let known = SYNTAXES.iter().find(|syntax| syntax.uid == uid).copied();
        known.ok_or_else(|| {
            // A UID has digits and dots; what else stands there is not repeated.
            let shown: String = uid.chars().filter(|c| c.is_ascii_digit() || *c == '.').take(64).collect();
            format!("its transfer syntax {shown} is not read; docs/dicom.md lists those that are")
        })
    }

    /// Of a file that names none.
    pub fn plain(encoding: Encoding) -> Self {
        let found = SYNTAXES.iter().find(|syntax| syntax.encoding == encoding && !syntax.deflated);
        found.copied().unwrap_or(SYNTAXES[1])
    }
}
