//! The proof that nothing outside `private/` names a person: every file and file name is searched for the inputs' values.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Serialize;
use walkdir::WalkDir;

use crate::error::{Error, Result};

/// What was searched and found.
#[derive(Debug, Default, Serialize)]
pub struct Proof {
    pub notice: &'static str,
    /// Values searched for.
    pub values: usize,
    /// Values too short to be told from any other number or word; nothing is said about them.
    pub too_short: usize,
    pub files: usize,
    /// Files, relative to the run folder, in which a value was found; never the value itself.
    pub hits: BTreeSet<String>,
    /// No picture is written outside `private/`, so there are none to read text from.
    pub pixels: &'static str,
}

/// Below this, or all digits below [`LEAST_DIGITS`], a value is found everywhere by chance.
const LEAST: usize = 4;
const LEAST_DIGITS: usize = 6;
/// From here on a value is searched within words too.
const LONG: usize = 8;

/// Values and the parts of names, in small letters.
fn needles(values: &BTreeSet<String>) -> (BTreeSet<String>, usize) {
    let parts = |value: &String| {
        let own = value.split(['^', '=']).map(str::to_owned).collect::<Vec<_>>();
        std::iter::once(value.clone()).chain(own)
    };
    let all: BTreeSet<String> = values.iter().flat_map(parts).map(|v| v.trim().to_lowercase()).collect();
    let usable = |value: &String| {
        let digits = value.chars().all(|c| c.is_ascii_digit() || c == '.');
        value.chars().count() >= if digits { LEAST_DIGITS } else { LEAST }
    };
    let (kept, short): (BTreeSet<_>, BTreeSet<_>) =
        all.into_iter().filter(|v| !v.is_empty()).partition(usable);
    (kept, short.len())
}

/// Whether a text holds a value: anywhere where it is long, else as a word of its own.
fn holds(text: &str, value: &str) -> bool {
    let whole = value.chars().count() >= LONG;
    text.match_indices(value).any(|(at, _)| {
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        whole || (edge(text[..at].chars().next_back()) && edge(text[at + value.len()..].chars().next()))
    })
}

/// Searches a run folder and what is about to be printed.
///
/// # Errors
/// For a file that cannot be read: what is not searched is not proved.
pub fn search(out: &Path, printed: &str, values: &BTreeSet<String>) -> Result<Proof> {
    let (needles, too_short) = needles(values);
    let mut proof = Proof {
        notice: super::NOTICE,
        values: needles.len(),
        too_short,
        pixels: "none outside private/",
        ..Proof::default()
    };
    let found = |text: &str| {
        let text = text.to_lowercase();
        needles.iter().any(|value| holds(&text, value))
    };
    if found(printed) {
        proof.hits.insert("standard output".into());
    }
    let outside = |entry: &walkdir::DirEntry| entry.depth() != 1 || entry.file_name() != "private";
    for entry in WalkDir::new(out).into_iter().filter_entry(outside) {
        let entry = entry.map_err(|e| Error::write(out.display(), e.into()))?;
        let relative = entry.path().strip_prefix(out).unwrap_or(entry.path()).to_string_lossy().into_owned();
        let mut hit = found(&relative);
        if entry.file_type().is_file() {
            proof.files += 1;
            let bytes = std::fs::read(entry.path()).map_err(|e| Error::read(entry.path().display(), e))?;
            hit |= found(&String::from_utf8_lossy(&bytes));
        }
        if hit {
            proof.hits.insert(relative);
        }
    }
    Ok(proof)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_in_any_case_and_numbers_only_as_such() {
        let folder = tempfile::tempdir().unwrap();
        let values = ["Doe^Jane", "12345", "1.2.840.99.1", "ab"].map(String::from).into();
        std::fs::create_dir(folder.path().join("private")).unwrap();
        std::fs::write(folder.path().join("private/x"), "DOE JANE 1.2.840.99.1").unwrap();
        std::fs::write(folder.path().join("clean.json"), "janet 12345 does").unwrap();
        let proof = search(folder.path(), "nothing", &values).unwrap();
        assert_eq!((proof.hits.len(), proof.files, proof.too_short), (0, 1, 3), "{proof:?}");
        std::fs::write(folder.path().join("log"), "for JANE,").unwrap();
        std::fs::write(folder.path().join("uid"), "x1.2.840.99.12").unwrap();
        std::fs::create_dir(folder.path().join("of jane")).unwrap();
        let proof = search(folder.path(), "Jane", &values).unwrap();
        let hits: Vec<&str> = proof.hits.iter().map(String::as_str).collect();
        assert_eq!(hits, ["log", "of jane", "standard output", "uid"]);
    }
}
