//! Class names of YOLO data sets: `classes.txt`, `*.names`, or the `names` of a `data.yaml`.

use std::collections::BTreeMap;
use std::path::Path;

use super::{Reading, extension, text};
use crate::error::{Error, Result};

/// Most classes a list of names may hold.
const MAX_NAMES: usize = 100_000;

/// Names by number: of the file given, else of what lies in `folder` or up to two folders above, where
/// data sets keep it; empty where there is none.
pub fn names(folder: &Path, reading: &Reading) -> Result<BTreeMap<u64, String>> {
    if let Some(given) = &reading.names {
        let names = of(given)?;
        if names.is_empty() {
            let message = format!("--names {}: no class names found; expected one a line", given.display());
            return Err(Error::usage(message));
        }
        return Ok(names);
    }
    for place in folder.ancestors().take(3) {
        let Ok(entries) = std::fs::read_dir(place) else { continue };
        let mut files: Vec<_> = entries.flatten().map(|entry| entry.path()).filter(|p| is_list(p)).collect();
        files.sort();
        for file in files {
            let names = of(&file)?;
            if !names.is_empty() {
                return Ok(names);
            }
        }
    }
    Ok(BTreeMap::new())
}

/// Whether a file is by its name a list of class names.
pub fn is_list(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let listed = ["classes.txt", "labels.txt", "names.txt"].contains(&name.as_str());
    listed || ["names", "yaml", "yml"].contains(&extension(path).as_str())
}

fn of(path: &Path) -> Result<BTreeMap<u64, String>> {
    let text = text(path)?;
    let names = match extension(path).as_str() {
        "yaml" | "yml" => yaml(&text),
        _ => {
            text.trim_end().lines().zip(0..).map(|(line, number)| (number, line.trim().to_owned())).collect()
        }
    };
    if names.len() > MAX_NAMES {
        let message = format!("{}: {} names; expected at most {MAX_NAMES}", path.display(), names.len());
        return Err(Error::usage(message));
    }
    Ok(names)
}

/// The `names` of a YOLO `data.yaml`, in the three ways in which tools write them: `names: [a, b]`, a list of
/// `- a` and a map of `0: a`.
fn yaml(text: &str) -> BTreeMap<u64, String> {
    let mut lines = text.lines().skip_while(|line| !line.starts_with("names:"));
    let Some(first) = lines.next().and_then(|line| line.strip_prefix("names:")) else {
        return BTreeMap::new();
    };
    let within = |line: &&str| line.is_empty() || line.starts_with([' ', '\t', '-', '#', ']', '}']);
    let body: Vec<&str> = std::iter::once(first).chain(lines.take_while(within)).map(uncommented).collect();
    let joined = body.join("\n");
    let inline = joined.trim().trim_start_matches(['[', '{']).trim_end_matches([']', '}']);
    let entries: Vec<&str> = match joined.trim().starts_with(['[', '{']) {
        true => inline.split(',').collect(),
        false => joined.lines().collect(),
    };
    let entries = entries.iter().map(|entry| entry.trim()).filter(|entry| !entry.is_empty());
    let named = entries.zip(0..).map(|(entry, position)| {
        let entry = entry.strip_prefix('-').unwrap_or(entry).trim();
        let numbered = entry.split_once(':').and_then(|(n, name)| Some((n.trim().parse().ok()?, name)));
        let (number, name) = numbered.unwrap_or((position, entry));
        (number, name.trim().trim_matches(['"', '\'']).to_owned())
    });
    named.collect()
}

fn uncommented(line: &str) -> &str {
    line.split(" #").next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_three_ways_of_writing_names() {
        let expected: BTreeMap<u64, String> = [(0, "cat".to_owned()), (1, "traffic light".to_owned())].into();
        assert_eq!(yaml("nc: 2\nnames: ['cat', \"traffic light\"]\n"), expected);
        assert_eq!(yaml("names:\n  - cat\n  - traffic light  # lamp\npath: x\n"), expected);
        assert_eq!(yaml("names:\n- cat\n- traffic light\n"), expected);
        assert_eq!(yaml("names:\n  0: cat\n  1: traffic light\ntrain: a\n"), expected);
        assert_eq!(yaml("names: [cat,\n  traffic light]\n"), expected);
        assert_eq!(yaml("train: images\n"), BTreeMap::new());
    }
}
