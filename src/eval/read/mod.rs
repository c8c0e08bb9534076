//! Readers of truth and of results: a table each, a reader per format.

mod coco;
mod labels;
pub mod mot;
mod names;
mod run;
mod text;
mod voc;
mod yolo;

pub use coco::check_outline;
pub use run::{FILE, is_document};

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::data::{Found, Objects, Truth};
use crate::error::{Error, Result};

/// Settings of readers.
#[derive(Debug, Clone, Default)]
pub struct Reading {
    /// Class names of YOLO labels, one a line or in a `data.yaml`.
    pub names: Option<PathBuf>,
    /// VOC corners as they stand, instead of as 1-based pixels that belong to the box.
    pub voc_edges: bool,
}

/// A format of truth.
pub struct TruthEntry {
    pub name: &'static str,
    pub about: &'static str,
    fits: fn(&Place) -> bool,
    read: fn(&Place, &Found, &Reading) -> Result<Truth>,
}

/// Every format of truth, tried in this order; a new one is a file beside this one and a row here.
pub const TRUTHS: &[TruthEntry] = &[
    TruthEntry {
        name: "text",
        about: "a .json of pictures and their lines of text",
        fits: text::fits,
        read: text::truth,
    },
    TruthEntry {
        name: "COCO",
        about: "a .json with images, annotations and categories",
        fits: |place| place.extension == "json",
        read: coco::truth,
    },
    TruthEntry {
        name: "CSV",
        about: "a .csv with the columns file and label",
        fits: |place| place.extension == "csv",
        read: labels::table,
    },
    TruthEntry {
        name: "VOC",
        about: "a folder of Pascal VOC .xml files",
        fits: |place| place.count("xml") > 0,
        read: voc::truth,
    },
    TruthEntry {
        name: "YOLO",
        about: "a folder of YOLO .txt files",
        fits: |place| place.files.iter().any(|file| yolo::is_label_file(file)),
        read: yolo::truth,
    },
    TruthEntry {
        name: "folders",
        about: "a folder with a subfolder of pictures per class",
        fits: |place| place.files.iter().any(|file| labels::is_labelled_picture(file)),
        read: labels::tree,
    },
];

/// A format of results.
pub struct FoundEntry {
    pub name: &'static str,
    pub about: &'static str,
    fits: fn(&Path) -> bool,
    read: fn(&Path) -> Result<Found>,
}

/// Every format of results, tried in this order.
pub const RESULTS: &[FoundEntry] = &[
    FoundEntry {
        name: "run",
        about: "a run folder of vision",
        fits: |path| path.join(run::FILE).is_file(),
        read: |path| run::results(&path.join(run::FILE)),
    },
    FoundEntry {
        name: "jsonl",
        about: "a results.jsonl",
        fits: |path| extension(path) == "jsonl",
        read: run::results,
    },
    FoundEntry {
        name: "json",
        about: "a results.json of vision",
        fits: |path| extension(path) == "json" && run::is_document(path),
        read: run::document,
    },
    FoundEntry {
        name: "COCO",
        about: "a COCO results .json (a list, or a data set whose annotations have scores)",
        fits: |path| extension(path) == "json",
        read: coco::results,
    },
];

/// A path given as truth, and what lies below it where it is a folder.
pub struct Place {
    pub path: PathBuf,
    extension: String,
    /// Files below the folder, relative to it, in order of name.
    pub files: Vec<PathBuf>,
}

impl Place {
    /// `results` may lie in the folder of the truth.
    fn new(path: &Path, results: &Path) -> Result<Self> {
        let stat = std::fs::metadata(path).map_err(|e| missing(path, e))?;
        let mut files = Vec::new();
        if stat.is_dir() {
            let results = results.canonicalize().ok();
            let walk = WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
            for entry in
                walk.filter_entry(|entry| entry.depth() == 0 || !is_foreign(entry, results.as_deref()))
            {
                let entry = entry.map_err(|e| Error::usage(format!("{}: {e}", path.display())))?;
                if entry.file_type().is_file() {
                    files.push(entry.path().strip_prefix(path).unwrap_or(entry.path()).to_owned());
                }
            }
        }
        let extension = if stat.is_dir() { String::new() } else { extension(path) };
        Ok(Self { path: path.to_owned(), extension, files })
    }

    fn count(&self, wanted: &str) -> usize {
        self.with_extension(wanted).count()
    }

    fn with_extension<'a>(&'a self, wanted: &'a str) -> impl Iterator<Item = &'a PathBuf> {
        self.files.iter().filter(move |file| extension(file) == wanted)
    }

    /// What was found, for a message.
    fn contents(&self) -> String {
        let mut counts = std::collections::BTreeMap::<String, usize>::new();
        for file in &self.files {
            *counts.entry(extension(file)).or_default() += 1;
        }
        let shown: Vec<String> = counts.iter().take(6).map(|(e, n)| format!("{n} .{e}")).collect();
        match (self.files.is_empty(), self.path.is_dir()) {
            (_, false) => "a file of another kind".to_owned(),
            (true, true) => "an empty folder".to_owned(),
            (false, true) => format!("a folder with {} files", shown.join(", ")),
        }
    }
}

/// Whether what lies in a folder of truth is none: a hidden folder, a run of vision, the results themselves.
fn is_foreign(entry: &walkdir::DirEntry, results: Option<&Path>) -> bool {
    let path = entry.path();
    let folder = entry.file_type().is_dir();
    let hidden = folder && entry.file_name().to_string_lossy().starts_with('.');
    let is_run = || path.join("run.json").is_file() && path.join(run::FILE).is_file();
    let is_results = || results.is_some_and(|results| path.canonicalize().is_ok_and(|path| path == results));
    hidden || folder && is_run() || is_results()
}

/// Reads the truth at `path`. Returns the format's name and what it holds. `found` gives sizes of pictures
/// to formats that lack them. What lies at `results` is not read as truth.
///
/// # Errors
/// `Usage` where nothing is there, no format fits, or the file is not what it seems.
pub fn truth(path: &Path, results: &Path, found: &Found, reading: &Reading) -> Result<(&'static str, Truth)> {
    let place = Place::new(path, results)?;
    let Some(entry) = TRUTHS.iter().find(|entry| (entry.fits)(&place)) else {
        let expected: Vec<&str> = TRUTHS.iter().map(|entry| entry.about).collect();
        let (path, contents) = (path.display(), place.contents());
        let message = format!("{path}: {contents}; expected as truth {}", expected.join(", or "));
        return Err(Error::usage(message));
    };
    Ok((entry.name, (entry.read)(&place, found, reading)?))
}

/// Reads pictures with boxes, of people or of a model, in any format but a run's. Returns the format's name and what it
/// holds; scores stand in `shape.score`.
///
/// # Errors
/// As [`truth`].
pub fn boxes(path: &Path, reading: &Reading) -> Result<(&'static str, Objects)> {
    if path.is_file() && extension(path) == "json" {
        return Ok(("COCO", coco::boxes(path)?));
    }
    match truth(path, Path::new(""), &Found::default(), reading)? {
        (name, Truth::Objects(objects)) => Ok((name, objects)),
        (name, _) => {
            let message =
                format!("{}: is {name}, which holds no boxes; expected COCO, VOC or YOLO", path.display());
            Err(Error::usage(message))
        }
    }
}

/// Whether a name ends as a picture's does.
pub fn is_picture(name: &str) -> bool {
    labels::PICTURES.contains(&extension(Path::new(name)).as_str())
}

/// Reads the results at `path`. Returns the format's name and what it holds.
///
/// # Errors
/// As [`truth`].
pub fn results(path: &Path) -> Result<(&'static str, Found)> {
    let stat = std::fs::metadata(path).map_err(|e| missing(path, e))?;
    let Some(entry) = RESULTS.iter().find(|entry| (entry.fits)(path)) else {
        let expected: Vec<&str> = RESULTS.iter().map(|entry| entry.about).collect();
        let contents =
            if stat.is_dir() { "a folder without results.jsonl" } else { "a file of another kind" };
        let message =
            format!("{}: {contents}; expected as results {}", path.display(), expected.join(", or "));
        return Err(Error::usage(message));
    };
    Ok((entry.name, (entry.read)(path)?))
}

/// The extension in lower case, empty where there is none.
fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

/// A relative path with `/`, as records write it.
fn slashed(path: &Path) -> String {
    let parts: Vec<_> = path.components().map(|c| c.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// Whether `mark` stands in the first bytes of the file at `path`.
fn begins_with(path: &Path, mark: &[u8]) -> bool {
    let mut head = Vec::new();
    let mut read =
        || std::io::Read::read_to_end(&mut std::io::Read::take(std::fs::File::open(path)?, 100), &mut head);
    path.is_file() && read().is_ok() && head.windows(mark.len()).any(|window| window == mark)
}

/// The bytes of a regular file: a pipe or a device could be endless.
fn bytes(path: &Path) -> Result<Vec<u8>> {
    let stat = std::fs::metadata(path).map_err(|e| missing(path, e))?;
    if !stat.is_file() {
        return Err(Error::usage(format!("{}: not a regular file", path.display())));
    }
    std::fs::read(path).map_err(|e| missing(path, e))
}

fn text(path: &Path) -> Result<String> {
    String::from_utf8(bytes(path)?)
        .map_err(|e| Error::usage(format!("{}: not UTF-8 text", path.display())).because(e))
}

/// Without its truth or its results, an evaluation has nothing to do: exit code 1.
fn missing(path: &Path, cause: std::io::Error) -> Error {
    let reading = Error::read(path.display(), cause);
    Error::usage(reading.message.clone()).because(reading)
}
