//! Which parts of a path may say who somebody is, and so are searched for.

use std::path::Path;

/// Shorter ones are found everywhere.
const LEAST: usize = 6;

/// Words that folders of pictures are called by, and that results use themselves. A folder called by none but these
/// tells nothing of a person.
const ORDINARY: &[&str] = &[
    "abdomen",
    "accession",
    "archive",
    "backup",
    "brain",
    "cases",
    "chest",
    "complete",
    "copies",
    "current",
    "data",
    "dataset",
    "demo",
    "desktop",
    "dicom",
    "dicomdir",
    "documents",
    "downloads",
    "emergency",
    "error",
    "evaluation",
    "examples",
    "export",
    "exports",
    "failed",
    "files",
    "findings",
    "folder",
    "frames",
    "hospital",
    "image",
    "images",
    "imaging",
    "import",
    "imports",
    "inbox",
    "incoming",
    "input",
    "inputs",
    "instance",
    "instances",
    "labels",
    "local",
    "model",
    "models",
    "negative",
    "normal",
    "outbox",
    "output",
    "outputs",
    "patient",
    "patients",
    "pelvis",
    "pending",
    "person",
    "picture",
    "pictures",
    "pneumonia",
    "positive",
    "private",
    "public",
    "queue",
    "radiology",
    "reasons",
    "reference",
    "refused",
    "report",
    "reports",
    "results",
    "sample",
    "samples",
    "scan",
    "scans",
    "series",
    "shared",
    "shoulder",
    "spine",
    "status",
    "stored",
    "studies",
    "study",
    "temporary",
    "test",
    "tests",
    "thorax",
    "today",
    "training",
    "triage",
    "triaged",
    "unread",
    "upload",
    "uploads",
    "validation",
    "vision",
    "worklist",
];

/// The parts of a path that may name a person, without their extensions.
pub fn parts(path: &Path) -> impl Iterator<Item = String> {
    let part = |part: &std::ffi::OsStr| part.to_string_lossy().into_owned();
    path.iter().map(part).filter(|part| tells(part))
}

fn tells(part: &str) -> bool {
    let words = part.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty());
    let ordinary = |word: &str| ORDINARY.contains(&word.to_lowercase().as_str()) || word.chars().count() < 4;
    let has_digits = part.contains(|c: char| c.is_ascii_digit());
    part.chars().count() >= LEAST && !is_day(part) && (has_digits || !words.into_iter().all(ordinary))
}

/// A day as `2026-01-31`, which `run.json` may hold, too, when it is that of the run.
fn is_day(part: &str) -> bool {
    let lengths: Vec<usize> = part.split('-').map(str::len).collect();
    lengths == [4, 2, 2] && part.chars().all(|c| c.is_ascii_digit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_and_words_of_folders_do_not() {
        for part in ["Mustermann", "Mustermann^Erika", "of erika", "PAT-000017", "0001.dcm", "müller-röntgen"]
        {
            assert!(tells(part), "{part}");
        }
        for part in ["studies", "Chest Studies", "inbox", "2026-01-31", "IM_01", "a", "test-images"] {
            assert!(!tells(part), "{part}");
        }
        let found: Vec<String> = parts(Path::new("studies/Doe Jane/scan.1")).collect();
        assert_eq!(found, ["Doe Jane", "scan.1"]);
    }
}
