//! What a decoding process and the run that started it say to each other over two pipes.
//!
//! A message is its length (4 bytes, little-endian) and a postcard header; after the header of a
//! frame come its ICC profile and its pixels as they are. Both sides belong to one program, so there
//! are no versions; but the process may have been led astray by a file, so the run believes no size.

use std::ffi::OsString;
use std::io::{self, Read, Write};

use image::RgbImage;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::digest::Key;
use crate::error::{Error, FaultOf, Kind};
use crate::frame::{About, Attributes, Frame, Origin, Part, Sensitive, ValueKind, Values, Warning};
use crate::run::journal::Stat;
use crate::source::{Limits, MAX_PROFILE};

/// Most bytes of a header. Paths and warnings have kilobytes.
const MAX_HEADER: usize = 1 << 20;

#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    Open { name: String, file: OsString, limits: Box<Limits> },
    Next,
}

/// A request with its number, which the answer repeats.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asked {
    pub number: u64,
    pub request: Request,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Answer {
    pub number: u64,
    pub said: Said,
}

#[derive(Debug, Serialize, Deserialize)]
pub enum Said {
    /// The file was read. `frames` says whether a frame may follow, or what is wrong.
    Opened {
        digest: Key,
        stat: Stat,
        format: String,
        frames: Result<bool, Fault>,
    },
    /// The file could not be read.
    Unread(Fault),
    /// A profile and pixels follow.
    Frame {
        head: Box<Head>,
        more: bool,
    },
    /// An error in place of a frame.
    Failed {
        fault: Fault,
        more: bool,
    },
    End,
}

/// An error without its causes, which stand in its message.
#[derive(Debug, Serialize, Deserialize)]
pub struct Fault {
    kind: Kind,
    message: String,
    about: Option<Box<Item>>,
}

/// Which item an error stands for.
#[derive(Debug, Serialize, Deserialize)]
struct Item {
    #[serde(with = "crate::frame::part_text")]
    part: Option<Part>,
    known: Known,
}

/// Attributes.
#[derive(Debug, Serialize, Deserialize)]
struct Known {
    public: Vec<(String, String)>,
    sensitive: Vec<(String, String)>,
    whole: bool,
}

impl From<&Attributes> for Known {
    fn from(attributes: &Attributes) -> Self {
        let revealed = |(key, value): (&str, &Sensitive)| (key.to_owned(), value.reveal().to_owned());
        let sensitive = attributes.all_sensitive().map(revealed).collect();
        Self { public: attributes.facts(), sensitive, whole: attributes.whole }
    }
}

impl From<Known> for Attributes {
    fn from(known: Known) -> Self {
        let mut attributes = Self::default();
        attributes.whole = known.whole;
        for (key, value) in known.public {
            let key = crate::frame::PUBLIC_ATTRIBUTES.iter().find(|own| **own == key);
            key.map(|key| attributes.set_public(key, value));
        }
        for (key, value) in known.sensitive {
            attributes.set_sensitive(key, Sensitive::new(value));
        }
        attributes
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        let item = |about: &About| Item { part: about.part.clone(), known: (&about.attributes).into() };
        Self { kind: error.kind, message: error.chain(), about: error.item().map(item).map(Box::new) }
    }
}

impl Fault {
    /// The error, where it is one that a file can cause: no process ends the run.
    pub fn check(self) -> io::Result<Error> {
        match self.kind.fault_of() {
            FaultOf::Input | FaultOf::Bug => {
                let error = Error::new(self.kind, self.message);
                Ok(match self.about {
                    Some(item) => error.about(About { part: item.part, attributes: item.known.into() }),
                    None => error,
                })
            }
            _ => Err(invalid("an error that no file causes")),
        }
    }
}

/// A frame without its profile and pixels.
#[derive(Debug, Serialize, Deserialize)]
pub struct Head {
    /// Width and height of the pixels that follow.
    pixels: [u32; 2],
    size: [u32; 2],
    /// Whether all pixels follow too.
    full: bool,
    #[serde(with = "crate::frame::part_text")]
    part: Option<Part>,
    origin: Origin,
    /// Bytes of the profile.
    icc: Option<u32>,
    warnings: Vec<Warning>,
    known: Known,
    /// Whether numbers behind the pixels follow too.
    values: Option<ValueKind>,
}

impl Head {
    pub fn of(frame: &Frame) -> Self {
        Self {
            pixels: [frame.pixels.width(), frame.pixels.height()],
            size: frame.size,
            full: frame.full.is_some(),
            part: frame.part.clone(),
            origin: frame.origin.clone(),
            // A profile has at most MAX_PROFILE bytes.
            icc: frame.icc.as_ref().map(|profile| u32::try_from(profile.len()).unwrap_or(u32::MAX)),
            warnings: frame.warnings.clone(),
            known: (&frame.attributes).into(),
            values: frame.values.as_ref().map(|values| values.kind),
        }
    }
}

/// Writes a header.
///
/// # Errors
/// `InvalidData` when it is longer than any header should be, or the pipe's own.
pub fn write(out: &mut impl Write, header: &impl Serialize) -> io::Result<()> {
    let bytes = postcard::to_stdvec(header).map_err(|e| invalid(&e.to_string()))?;
    let length = u32::try_from(bytes.len()).ok().filter(|_| bytes.len() <= MAX_HEADER);
    out.write_all(&length.ok_or_else(|| invalid("a header that is too long"))?.to_le_bytes())?;
    out.write_all(&bytes)
}

/// Reads a header; `None` where the pipe ended before it.
///
/// # Errors
/// `InvalidData` for rubbish, `UnexpectedEof` when the pipe ended within it.
pub fn read<T: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<T>> {
    let mut length = [0; 4];
    let first = loop {
        match input.read(&mut length) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if first == 0 {
        return Ok(None);
    }
    input.read_exact(&mut length[first..])?;
    let length = u32::from_le_bytes(length) as usize;
    if length > MAX_HEADER {
        return Err(invalid("a header that is too long"));
    }
    let mut bytes = vec![0; length];
    input.read_exact(&mut bytes)?;
    match postcard::take_from_bytes(&bytes) {
        Ok((header, [])) => Ok(Some(header)),
        Ok(_) => Err(invalid("a header with something behind it")),
        Err(e) => Err(invalid(&e.to_string())),
    }
}

/// Writes what follows the header of a frame.
pub fn write_body(out: &mut impl Write, frame: &Frame) -> io::Result<()> {
    out.write_all(frame.icc.as_deref().unwrap_or(&[]))?;
    out.write_all(frame.pixels.as_raw())?;
    frame.full.as_ref().map_or(Ok(()), |full| out.write_all(full.as_raw()))?;
    let values = frame.values.iter().flat_map(|values| &values.data);
    let bytes: Vec<u8> = values.flat_map(|value| value.to_le_bytes()).collect();
    out.write_all(&bytes)
}

/// Reads what follows the header of a frame. Sizes are checked before memory is taken, and memory is
/// touched only as bytes come.
///
/// # Errors
/// `InvalidData` for a frame beyond the limits, `UnexpectedEof` when the pipe ended within it.
pub fn read_body(input: &mut impl Read, head: Head, limits: &Limits) -> io::Result<Frame> {
    let [width, height] = head.pixels;
    let [pixels, all] = [head.pixels, head.size].map(|[width, height]| u64::from(width) * u64::from(height));
    let enlarged = head.size[0] < width || head.size[1] < height;
    if pixels == 0 || all > limits.max_pixels || enlarged || !(1..=8).contains(&head.origin.orientation) {
        return Err(invalid("a frame of an impossible size"));
    }
    let profile = head.icc.map_or(0, |bytes| bytes as usize);
    if profile > MAX_PROFILE {
        return Err(invalid("a profile that is too long"));
    }
    let icc = bytes(input, profile as u64)?;
    let samples = bytes(input, pixels * 3)?;
    let few = || invalid("too few pixels");
    let pixels = RgbImage::from_raw(width, height, samples).ok_or_else(few)?;
    let full = match head.full {
        true => Some(RgbImage::from_raw(head.size[0], head.size[1], bytes(input, all * 3)?).ok_or_else(few)?),
        false => None,
    };
    let values = match head.values {
        Some(kind) => {
            let numbers = bytes(input, all * 4)?;
            let data = numbers.as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b)).collect();
            Some(Values { size: head.size, kind, data })
        }
        None => None,
    };
    Ok(Frame {
        pixels,
        size: head.size,
        full,
        part: head.part,
        origin: head.origin,
        icc: head.icc.map(|_| icc),
        warnings: head.warnings,
        attributes: head.known.into(),
        values,
    })
}

fn bytes(input: &mut impl Read, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let size = usize::try_from(count).map_err(|_| invalid("a frame of an impossible size"))?;
    bytes.try_reserve_exact(size).map_err(|_| io::Error::from(io::ErrorKind::OutOfMemory))?;
    input.take(count).read_to_end(&mut bytes)?;
    if bytes.len() < size { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok(bytes) }
}

pub fn invalid(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what.to_owned())
}
