//! Names of artefacts: the inputs' own tree, a name of its own for every item, nothing outside it.

use std::collections::{HashMap, HashSet};
use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use crate::frame::Part;
use crate::input::{Identity, Input};
use crate::sink::picture::PictureFormat;

/// Longest file name kept, in bytes: file systems allow 255, and a part and an extension follow.
const MAX_NAME: usize = 230;
/// Longest path kept, in bytes: Linux allows 4096, and the run folder stands before it.
const MAX_PATH: usize = 2000;
/// What is kept of a name that gets an id, in bytes.
const STEM: usize = 150;

/// Gives names; all inputs of the run are known to it.
///
/// An input keeps its path unless another's is the same on a file system that ignores case, or it is
/// too long, or it could be taken for an item's name; then `~` and its id follow the file name. No
/// kept path ends like that, so no two inputs meet.
pub struct Names {
    /// Whether roots get top folders of their own.
    several_roots: bool,
    /// Number of inputs by path, case ignored.
    taken: HashMap<String, u32>,
    /// Folders that inputs lie in, case ignored.
    folders: HashSet<String>,
}

impl Names {
    pub fn new(inputs: &[Input]) -> Self {
        let several_roots = inputs.windows(2).any(|pair| pair[0].identity.root != pair[1].identity.root);
        let mut names = Self { several_roots, taken: HashMap::new(), folders: HashSet::new() };
        for input in inputs {
            let tree = names.tree(&input.identity);
            for folder in tree.ancestors().skip(1) {
                if !names.folders.insert(folded(folder)) {
                    break;
                }
            }
            *names.taken.entry(folded(&tree)).or_default() += 1;
        }
        names
    }

    /// Path of an item's annotated picture below `images/`: the input's own where its extension fits
    /// the format, otherwise with the format's extension appended, again and again until no input has
    /// that name.
    pub fn picture(&self, identity: &Identity, part: Option<&Part>, format: PictureFormat) -> PathBuf {
        match format {
            PictureFormat::Jpeg => self.artefact(identity, part, ".jpg", &["jpg", "jpeg", "jpe", "jfif"]),
            PictureFormat::Png => self.artefact(identity, part, ".png", &["png"]),
        }
    }

    /// Path of a video's annotated video below `images/`, by the same rule.
    pub fn video(&self, identity: &Identity) -> PathBuf {
        self.artefact(identity, None, ".mp4", &["mp4", "m4v"])
    }

    fn artefact(&self, identity: &Identity, part: Option<&Part>, extension: &str, own: &[&str]) -> PathBuf {
        let base = self.base(identity);
        let fits = base.extension().is_some_and(|e| own.iter().any(|own| e.eq_ignore_ascii_case(own)));
        if part.is_none() && fits {
            return base;
        }
        let mut name = OsString::from(base);
        name.push(Part::suffix(part));
        loop {
            name.push(extension);
            let key = folded(Path::new(&name));
            if !self.taken.contains_key(&key) && !self.folders.contains(&key) {
                return name.into();
            }
        }
    }

    /// Without a slash at the end or two in a row: `b.png/` would not be the `b.png` that others' folder is.
    fn tree(&self, identity: &Identity) -> PathBuf {
        if self.several_roots {
            Path::new(&identity.root).join(&identity.relative).components().collect()
        } else {
            identity.relative.components().collect()
        }
    }

    fn base(&self, identity: &Identity) -> PathBuf {
        let tree = self.tree(identity);
        let id = &identity.id;
        let ordinary = tree.components().all(|part| matches!(part, Component::Normal(_)));
        let Some(name) = tree.file_name().filter(|_| ordinary && tree.as_os_str().len() <= MAX_PATH) else {
            return PathBuf::from(format!("~{id}"));
        };
        let key = folded(&tree);
        let alone = self.taken.get(&key).is_none_or(|count| *count == 1) && !self.folders.contains(&key);
        let name = name.to_string_lossy();
        if alone && name.len() <= MAX_NAME && !ends_in_part(&name) && !ends_in_id(&name) {
            return tree;
        }
        let stem = &name[..name.floor_char_boundary(STEM)];
        tree.with_file_name(format!("{stem}~{id}"))
    }
}

/// Equal for paths that are one on file systems that ignore case.
fn folded(path: &Path) -> String {
    path.to_string_lossy().to_lowercase()
}

/// Whether a name ends as [`Part::suffix`] ends names.
fn ends_in_part(name: &str) -> bool {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    stem.len() < name.len() && [".p", ".f", ".i"].iter().any(|mark| stem.to_lowercase().ends_with(mark))
}

/// Whether a name ends in `~` and 16 hexadecimal digits.
fn ends_in_id(name: &str) -> bool {
    name.rsplit_once('~').is_some_and(|(_, id)| id.len() == 16 && id.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests;
