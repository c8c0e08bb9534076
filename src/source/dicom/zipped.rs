//! A zip file of DICOM files: an input whose parts are the instances in it.

use std::collections::HashSet;
use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use zip::ZipArchive;

use super::dataset::MAX_RATIO;
use super::{Instance, head, may_be_called};
use crate::frame::{About, Frame, Part};
use crate::source::{Frames, Input};
use crate::{Error, Result};

/// A study of thin slices has a few thousand files.
const MAX_ENTRIES: usize = 100_000;
/// As many of the first entries are looked at to tell whether a zip file found by walking is of DICOM.
const LOOKED_AT: usize = 32;

type Archive = ZipArchive<Cursor<Arc<[u8]>>>;

/// Whether a zip file on disk has DICOM among its first entries; other zip files are no pictures.
pub fn has_dicom(file: &Path) -> bool {
    let Ok(file) = std::fs::File::open(file) else { return false };
    let Ok(mut archive) = ZipArchive::new(std::io::BufReader::new(file)) else { return false };
    (0..archive.len().min(LOOKED_AT)).any(|index| archive.by_index(index).is_ok_and(begins_as_dicom))
}

fn begins_as_dicom(entry: impl Read) -> bool {
    let mut first = Vec::with_capacity(crate::source::HEAD);
    entry.take(crate::source::HEAD as u64).read_to_end(&mut first).is_ok() && head::is_dicom(&first)
}

pub fn open(input: Input) -> Result<Box<dyn Frames>> {
    let mut files = Files::open(input)?;
    files.current = files.following();
    if files.current.is_none() {
        return Err(files.input.not_media());
    }
    Ok(Box::new(files))
}

/// Every DICOM file in a zip file, or why one of them cannot be unpacked; one at a time.
///
/// # Errors
/// `Corrupt` and `TooLarge` for an archive that cannot be opened.
pub fn each(input: Input) -> Result<Box<dyn Iterator<Item = Result<Input>>>> {
    let mut files = Files::open(input)?;
    let count = files.archive.len();
    Ok(Box::new((0..count).filter_map(move |index| files.unpacked(index).transpose())))
}

struct Files {
    input: Input,
    archive: Archive,
    /// Next entry.
    next: usize,
    /// Bytes that the rest may inflate to.
    left: u64,
    /// Instances met, because parts are told apart by them.
    seen: HashSet<String>,
    /// An instance and its next frame, or what stands in its place.
    current: Option<Result<(Instance, u32)>>,
    shown: u32,
}

impl Frames for Files {
    fn next_frame(&mut self) -> Option<Result<Frame>> {
        let current = self.current.take()?;
        if self.shown >= self.input.limits.max_parts {
            return Some(Err(self.input.too_many_parts("frames")));
        }
        self.shown += 1;
        let (instance, n) = match current {
            Ok(current) => current,
            Err(error) => {
                self.current = self.following();
                return Some(Err(error));
            }
        };
        let frame = instance.frame(n);
        let more = n + 1 < instance.described().frames;
        self.current = if more { Some(Ok((instance, n + 1))) } else { self.following() };
        Some(frame)
    }

    fn may_have_more(&self) -> bool {
        self.current.is_some()
    }
}

impl Files {
    fn open(input: Input) -> Result<Self> {
        let archive = ZipArchive::new(input.reader())
            .map_err(|e| input.corrupt("it is no whole zip file").because(e))?;
        if archive.len() > MAX_ENTRIES {
            return Err(input.too_large(format_args!(
                "it has {} entries; at most {MAX_ENTRIES} are read",
                archive.len()
            )));
        }
        let left = input.limits.max_bytes;
        Ok(Self { input, archive, next: 0, left, seen: HashSet::new(), current: None, shown: 0 })
    }

    /// The next entry that is DICOM.
    fn following(&mut self) -> Option<Result<(Instance, u32)>> {
        while self.next < self.archive.len() {
            let index = self.next;
            self.next += 1;
            match self.entry(index) {
                Ok(Some(instance)) => return Some(Ok((instance, 0))),
                Ok(None) => {}
                Err(error) => {
                    // Its study, where its attributes can be read.
                    let attributes = error.item().map(|about| about.attributes.clone()).unwrap_or_default();
                    let part = Some(Part::Entry { n: index as u32 + 1 });
                    return Some(Err(error.about(About { part, attributes })));
                }
            }
        }
        None
    }

    /// An entry's instance; `None` for folders and for what is not DICOM. Entries are called by their number,
    /// because their names may be people's.
    fn entry(&mut self, index: usize) -> Result<Option<Instance>> {
        let Some(input) = self.unpacked(index)? else { return Ok(None) };
        let name = Arc::clone(&input.name);
        let mut instance = Instance::open(input)?;
        instance.in_parts = true;
        if !self.seen.insert(instance.sop().to_owned()) {
            let what = format!("{name}: an instance of the same UID came before it");
            return Err(instance.about(Error::new(crate::Kind::Corrupt, what), None));
        }
        Ok(Some(instance))
    }

    /// An entry's bytes.
    fn unpacked(&mut self, index: usize) -> Result<Option<Input>> {
        let name = format!("{}, entry {}", self.input.name, index + 1);
        let damaged = |e: zip::result::ZipError| {
            Error::new(crate::Kind::Corrupt, format!("{name}: it cannot be unpacked")).because(e)
        };
        let entry = self.archive.by_index(index).map_err(damaged)?;
        if !entry.is_file() {
            return Ok(None);
        }
        let (packed, said) = (entry.compressed_size(), entry.size());
        let own = entry
            .name()
            .map_or_else(|_| String::new(), |path| path.rsplit('/').next().unwrap_or_default().to_owned());
        let called = !own.starts_with('.') && may_be_called(&own);
        let most = packed.saturating_mul(MAX_RATIO).saturating_add(1 << 20).min(self.left);
        let too_large = || {
            let what = format!("{name}: it inflates to more than {most} bytes; unpack it to read it");
            Error::new(crate::Kind::TooLarge, what)
        };
        if said > most {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        let unread =
            |e| Error::new(crate::Kind::Corrupt, format!("{name}: it cannot be unpacked")).because(e);
        entry.take(most + 1).read_to_end(&mut bytes).map_err(unread)?;
        if bytes.len() as u64 > most {
            return Err(too_large());
        }
        self.left -= bytes.len() as u64;
        let is_directory =
            head::read(&bytes).is_ok_and(|head| head.class.as_deref() == Some(super::directory::CLASS));
        // A name in an archive is as little to be trusted as any; of studies nothing may be left out without a word.
        if !head::is_dicom(&bytes) && self.input.limits.pseudonyms.is_some() && called {
            return Err(Error::new(crate::Kind::NotMedia, format!("{name}: it is not DICOM")));
        }
        if !head::is_dicom(&bytes) || is_directory {
            return Ok(None);
        }
        let input = Input { name: name.into(), bytes: bytes.into(), limits: self.input.limits.clone() };
        Ok(Some(input))
    }
}
