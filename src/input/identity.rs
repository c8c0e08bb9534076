//! Who an input is: its root's label and its path below the root, never where it lies today.

use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::digest::{Key, hex};
use crate::record::InputId;

/// A folder that inputs are found under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Root {
    /// Name of the folder, made distinct among the roots of a run.
    pub label: String,
    pub folder: PathBuf,
}

/// The stable part of an input's identity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// 16 hex digits of SHA-256 over label and path.
    pub id: String,
    pub root: String,
    /// Below the root.
    pub relative: PathBuf,
}

impl Identity {
    pub fn new(root: &str, relative: &Path) -> Self {
        let mut hash = Sha256::new();
        hash.update(root.as_bytes());
        hash.update([0]);
        hash.update(relative.as_os_str().as_encoded_bytes());
        Self { id: hex(&hash.finalize()[..8]), root: root.to_owned(), relative: relative.to_owned() }
    }

    /// Of an input that results call by a pseudonym.
    pub fn hidden(pseudonym: &str) -> Self {
        Self::new("inputs", Path::new(pseudonym))
    }

    /// Root and path for people and for messages in results.
    pub fn shown(&self) -> String {
        format!("{}/{}", self.root, self.relative.to_string_lossy())
    }

    /// As it stands in records.
    pub fn record(&self, content: Option<(&Key, u64)>) -> InputId {
        let exact = self.relative.to_str();
        InputId {
            id: self.id.clone(),
            root: self.root.clone(),
            path: self.relative.to_string_lossy().into_owned(),
            path_bytes: exact.is_none().then(|| hex(self.relative.as_os_str().as_encoded_bytes())),
            digest: content.map(|(digest, _)| format!("sha256:{}", hex(digest))),
            bytes: content.map(|(_, bytes)| bytes),
        }
    }
}

/// Gives each root a label of its own: `photos`, `photos-2`, …
pub fn labelled(folders: &[PathBuf]) -> Vec<Root> {
    let mut roots: Vec<Root> = Vec::new();
    for folder in folders {
        let name = folder.file_name().map_or_else(|| "root".into(), |n| n.to_string_lossy().into_owned());
        let taken = |label: &str| roots.iter().any(|r| r.label == label);
        let label = if taken(&name) {
            let numbered = (2..).map(|n| format!("{name}-{n}")).find(|label| !taken(label));
            numbered.unwrap_or(name)
        } else {
            name
        };
        roots.push(Root { label, folder: folder.clone() });
    }
    roots
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_distinct() {
        let folders = ["/a/photos", "/b/photos", "/c/photos-2", "/"].map(PathBuf::from);
        let labels: Vec<String> = labelled(&folders).into_iter().map(|r| r.label).collect();
        assert_eq!(labels, ["photos", "photos-2", "photos-2-2", "root"]);
    }

    #[test]
    fn identity_is_root_and_path_not_place() {
        // printf 'photos\0a/b.jpg' | sha256sum | cut -c1-16
        assert_eq!(Identity::new("photos", Path::new("a/b.jpg")).id, "6a60a2a40aced06e");
    }
}
