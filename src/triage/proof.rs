//! The proof that nothing outside `private/` names a person: every file, file name and message is searched for the
//! values that the inputs hold.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use aho_corasick::AhoCorasick;
use serde::Serialize;
use walkdir::WalkDir;

use crate::error::{Error, Kind, Result};
use crate::source::{HEAD, sniff};

/// What was searched and found.
#[derive(Debug, Serialize)]
pub struct Proof {
    pub notice: &'static str,
    pub verdict: Verdict,
    /// Values searched for.
    pub values: usize,
    /// Values too short to be told from any other number or word; nothing is said about them.
    pub too_short: usize,
    /// Inputs of which not all values could be read; nothing is said about what else they hold.
    pub unproven: usize,
    pub files: usize,
    /// Files, relative to the run folder, in which a value was found; never the value itself.
    pub hits: BTreeSet<String>,
    /// Pictures outside `private/`, where `vision triage` writes none.
    pub pictures: Vec<String>,
    /// What became of their text: `none outside private/`, `searched`, or why they were not searched.
    pub pixels: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// No value was found, and everything was searched for every value.
    Passed,
    /// No value was found; something could not be read or searched.
    Incomplete,
    Failed,
}

/// Text that is read in a picture, by the picture; why none can be read.
pub type ReadText<'a> = &'a dyn Fn(&[PathBuf]) -> Result<Vec<(PathBuf, String)>>;

/// What is about to be printed, or was, by name.
pub type Said<'a> = &'a [(&'a str, &'a str)];

impl Proof {
    /// Whether something outside `private/` names a person, or may: a picture that nobody can search.
    pub fn is_breach(&self) -> bool {
        !self.hits.is_empty() || (!self.pictures.is_empty() && self.pixels != SEARCHED)
    }

    /// Adds what was found since.
    pub fn judge(&mut self) {
        let searched = self.pictures.is_empty() || self.pixels == SEARCHED;
        self.verdict = match (self.hits.is_empty(), searched && self.unproven == 0) {
            (false, _) => Verdict::Failed,
            (true, true) => Verdict::Passed,
            (true, false) => Verdict::Incomplete,
        };
    }
}

const SEARCHED: &str = "searched";

/// Below this, or all digits below [`LEAST_DIGITS`], a value is found everywhere by chance.
const LEAST: usize = 4;
const LEAST_DIGITS: usize = 6;
/// From here on a value is searched within words too.
const LONG: usize = 8;
/// Bytes of a file that are searched at once.
const PIECE: usize = 1 << 20;

/// What is searched for.
pub struct Needles {
    values: Vec<String>,
    search: AhoCorasick,
    too_short: usize,
    /// Bytes of the longest.
    longest: usize,
}

impl Needles {
    /// Of values and the parts of names, in small letters.
    ///
    /// # Errors
    /// `Internal` for more than can be searched for.
    pub fn of(values: &BTreeSet<String>) -> Result<Self> {
        let parts = |value: &String| {
            let own = value.split(['^', '=']).map(str::to_owned).collect::<Vec<_>>();
            std::iter::once(value.clone()).chain(own)
        };
        let all: BTreeSet<String> = values.iter().flat_map(parts).map(|v| v.trim().to_lowercase()).collect();
        let usable = |value: &String| {
            let digits = value.chars().all(|c| c.is_ascii_digit() || c == '.');
            value.chars().count() >= if digits { LEAST_DIGITS } else { LEAST }
        };
        let (values, short): (Vec<_>, Vec<_>) = all.into_iter().filter(|v| !v.is_empty()).partition(usable);
        let search = AhoCorasick::new(&values)
            .map_err(|e| Error::new(Kind::Internal, "too many values to search for").because(e))?;
        let longest = values.iter().map(String::len).max().unwrap_or(0);
        Ok(Self { values, search, too_short: short.len(), longest })
    }

    /// Whether a text holds a value: anywhere where it is long, else as a word of its own.
    pub fn found_in(&self, text: &str) -> bool {
        self.within(&text.to_lowercase(), true, true)
    }

    /// The same of a piece of a text in small letters: what touches an end that is none is found in the piece beside it.
    fn within(&self, text: &str, first: bool, last: bool) -> bool {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        self.search.find_overlapping_iter(text).any(|found| {
            let (before, after) =
                (text[..found.start()].chars().next_back(), text[found.end()..].chars().next());
            let known = (before.is_some() || first) && (after.is_some() || last);
            let long = self.values[found.pattern().as_usize()].chars().count() >= LONG;
            long || known && edge(before) && edge(after)
        })
    }

    /// Whether a file holds a value.
    fn found_in_file(&self, path: &Path) -> Result<bool> {
        let mut file = File::open(path).map_err(|e| Error::read(path.display(), e))?;
        // Small letters may be longer than large ones, and a character has up to four bytes.
        let carry = self.longest * 4 + 8;
        let (mut bytes, mut first) = (Vec::with_capacity(PIECE + carry), true);
        loop {
            let read = (&mut file).take(PIECE as u64).read_to_end(&mut bytes);
            let last = read.map_err(|e| Error::read(path.display(), e))? < PIECE;
            if self.within(&String::from_utf8_lossy(&bytes).to_lowercase(), first, last) {
                return Ok(true);
            }
            if last {
                return Ok(false);
            }
            bytes.drain(..bytes.len().saturating_sub(carry));
            first = false;
        }
    }
}

/// Searches a run folder and what is about to be printed or was. `unproven`: inputs that could not be read in whole.
///
/// # Errors
/// For a file that cannot be read: what is not searched is not proved.
pub fn search(out: &Path, said: Said, needles: &Needles, unproven: usize, read: ReadText) -> Result<Proof> {
    let mut proof = Proof {
        notice: super::NOTICE,
        verdict: Verdict::Passed,
        values: needles.values.len(),
        too_short: needles.too_short,
        unproven,
        files: 0,
        hits: BTreeSet::new(),
        pictures: Vec::new(),
        pixels: "none outside private/".to_owned(),
    };
    let heard = said.iter().filter(|(_, text)| needles.found_in(text));
    proof.hits.extend(heard.map(|(name, _)| (*name).to_owned()));
    let outside =
        |entry: &walkdir::DirEntry| entry.depth() != 1 || entry.file_name() != super::private::FOLDER;
    let mut pictures = Vec::new();
    for entry in WalkDir::new(out).sort_by_file_name().into_iter().filter_entry(outside) {
        let entry = entry.map_err(|e| Error::write(out.display(), e.into()))?;
        let relative = below(out, entry.path());
        let mut hit = needles.found_in(&relative);
        if entry.file_type().is_file() {
            proof.files += 1;
            hit |= needles.found_in_file(entry.path())?;
            if is_picture(entry.path())? {
                pictures.push(entry.into_path());
            }
        }
        if hit {
            proof.hits.insert(relative);
        }
    }
    if !pictures.is_empty() {
        proof.pixels = match read(&pictures) {
            Ok(texts) => {
                let named = texts.iter().filter(|(_, text)| needles.found_in(text));
                proof.hits.extend(named.map(|(picture, _)| below(out, picture)));
                SEARCHED.to_owned()
            }
            Err(error) => format!("not searched: {}", error.message),
        };
        proof.pictures = pictures.iter().map(|picture| below(out, picture)).collect();
    }
    proof.judge();
    Ok(proof)
}

fn below(out: &Path, path: &Path) -> String {
    path.strip_prefix(out).unwrap_or(path).to_string_lossy().into_owned()
}

/// By its first bytes: whatever may show text.
fn is_picture(path: &Path) -> Result<bool> {
    let mut head = Vec::with_capacity(HEAD);
    let read = File::open(path).and_then(|file| file.take(HEAD as u64).read_to_end(&mut head));
    read.map_err(|e| Error::read(path.display(), e))?;
    Ok(sniff(&head).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn searched(folder: &Path, printed: &str, values: &[&str]) -> Proof {
        let values = values.iter().map(|value| (*value).to_owned()).collect();
        let none: ReadText = &|_| Err(Error::new(Kind::ModelNotFound, "no OCR"));
        search(folder, &[("standard output", printed)], &Needles::of(&values).unwrap(), 0, none).unwrap()
    }

    #[test]
    fn names_are_found_in_any_case_and_numbers_only_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let values = ["Doe^Jane", "12345", "1.2.840.99.1", "ab"];
        std::fs::create_dir(folder.path().join("private")).unwrap();
        std::fs::write(folder.path().join("private/x"), "DOE JANE 1.2.840.99.1").unwrap();
        std::fs::write(folder.path().join("clean.json"), "janet 12345 does").unwrap();
        let proof = searched(folder.path(), "nothing", &values);
        assert_eq!((proof.hits.len(), proof.files, proof.too_short), (0, 1, 3), "{proof:?}");
        assert_eq!(proof.verdict, Verdict::Passed);
        std::fs::write(folder.path().join("log"), "for JANE,").unwrap();
        std::fs::write(folder.path().join("uid"), "x1.2.840.99.12").unwrap();
        std::fs::create_dir(folder.path().join("of jane")).unwrap();
        let proof = searched(folder.path(), "Jane", &values);
        let hits: Vec<&str> = proof.hits.iter().map(String::as_str).collect();
        assert_eq!(hits, ["log", "of jane", "standard output", "uid"]);
        assert_eq!(proof.verdict, Verdict::Failed);
    }

    #[test]
    fn a_name_is_found_wherever_a_large_file_is_cut_into_pieces() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("log");
        for at in [0, 5, PIECE - 9, PIECE - 4, PIECE - 1, PIECE, PIECE + 3, 2 * PIECE - 2, 2 * PIECE + 10] {
            for (word, found) in
                [(" Jane ", true), ("xJane ", false), (" Janex", false), ("xMustermannx", true)]
            {
                let mut text = vec![b'.'; 2 * PIECE + 40];
                text[at..at + word.len()].copy_from_slice(word.as_bytes());
                std::fs::write(&file, &text).unwrap();
                let proof = searched(folder.path(), "", &["Jane", "Mustermann"]);
                assert_eq!(proof.hits.len(), usize::from(found), "{word:?} at {at}");
            }
        }
    }

    #[test]
    fn pictures_that_nobody_can_read_are_no_pass() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("a"), b"\x89PNG\r\n\x1a\n").unwrap();
        let proof = searched(folder.path(), "", &["Jane"]);
        assert_eq!((proof.verdict, proof.pixels.as_str()), (Verdict::Incomplete, "not searched: no OCR"));
        assert!(proof.is_breach());
    }
}
