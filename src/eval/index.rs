//! Pictures by path, by file name and by name without extension.

use std::collections::BTreeMap;

/// File names to look up by name or path, with or without extension.
pub struct Names {
    paths: Vec<String>,
    bases: BTreeMap<String, Vec<usize>>,
    stems: BTreeMap<String, Vec<usize>>,
}

/// What looking up a name gives.
#[derive(Debug, PartialEq, Eq)]
pub enum Match {
    One(usize),
    None,
    /// Several of that name in folders that do not settle it.
    Several,
}

impl Names {
    pub fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let paths: Vec<String> = names.map(|name| name.replace('\\', "/")).collect();
        let (mut bases, mut stems) = (BTreeMap::<_, Vec<usize>>::new(), BTreeMap::<_, Vec<usize>>::new());
        for (index, path) in paths.iter().enumerate() {
            bases.entry(base(path).to_owned()).or_default().push(index);
            stems.entry(stem(base(path)).to_owned()).or_default().push(index);
        }
        Self { paths, bases, stems }
    }

    pub fn find(&self, name: &str) -> Option<usize> {
        match self.look_up(name) {
            Match::One(index) => Some(index),
            _ => None,
        }
    }

    /// By the whole path where it is there; else by the file name; else by the name without extension.
    pub fn look_up(&self, name: &str) -> Match {
        let path = name.replace('\\', "/");
        let (base, stem) = (base(&path), stem(base(&path)));
        let steps = [(&self.bases, base), (&self.bases, stem), (&self.stems, base), (&self.stems, stem)];
        let Some(candidates) = steps.iter().find_map(|(index, key)| index.get(*key)) else {
            return Match::None;
        };
        if let [only] = candidates[..] {
            return Match::One(only);
        }
        let exact = |index: &&usize| self.paths[**index] == path;
        if let Some(index) = candidates.iter().find(exact) {
            return Match::One(*index);
        }
        let mut ends =
            candidates.iter().filter(|index| ends_alike(folder(&self.paths[**index]), folder(&path)));
        match (ends.next(), ends.next()) {
            (Some(index), None) => Match::One(*index),
            _ => Match::Several,
        }
    }
}

/// The last part of a path.
pub fn base(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or_default()
}

/// Without its extension.
pub fn stem(base: &str) -> &str {
    base.rsplit_once('.').map_or(base, |(stem, _)| stem)
}

fn folder(path: &str) -> &str {
    path.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// Whether the shorter of two folders is the end of the longer.
fn ends_alike(one: &str, other: &str) -> bool {
    !one.is_empty()
        && !other.is_empty()
        && one.split('/').rev().zip(other.split('/').rev()).all(|(a, b)| a == b)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_found_by_path_name_and_stem() {
        let names = Names::new(["a/1.jpg", "b/1.jpg", "x/2.png", "3.v2", "d/4"].into_iter());
        assert_eq!(names.look_up("a/1.jpg"), Match::One(0));
        assert_eq!(names.look_up("data/b/1.jpg"), Match::One(1));
        assert_eq!(names.look_up("1.jpg"), Match::Several);
        assert_eq!(names.look_up("c/1.jpg"), Match::Several);
        assert_eq!(names.look_up("2.jpg"), Match::One(2));
        assert_eq!(names.look_up("any\\2.png"), Match::One(2));
        // A dot within a name without extension is no extension.
        assert_eq!(names.look_up("3.v2.jpg"), Match::One(3));
        assert_eq!(names.look_up("4.jpg"), Match::One(4));
        assert_eq!(names.look_up("5.jpg"), Match::None);
    }
}
