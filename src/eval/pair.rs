//! Which picture and which class of the results is which of the truth.

use std::collections::{BTreeMap, BTreeSet};

use super::data::{Category, Found, FoundClass, FoundImage, Objects};
use super::index::{Match, Names, base, stem};
use super::some_of;
use crate::error::{Error, Result};

/// COCO's names of classes that Pascal VOC names otherwise.
const SYNONYMS: [(&str, &str); 6] = [
    ("aeroplane", "airplane"),
    ("motorbike", "motorcycle"),
    ("sofa", "couch"),
    ("tvmonitor", "tv"),
    ("pottedplant", "potted plant"),
    ("diningtable", "dining table"),
];

/// The index in the truth of each picture of the results, and what to say of the rest.
///
/// # Errors
/// `Usage` where no picture matches, or where several could be meant.
pub fn images(
    names: &[&str],
    ids: Option<&[u64]>,
    found: &Found,
) -> Result<(Vec<Option<usize>>, Vec<String>)> {
    let index = Names::new(names.iter().copied());
    let by_id = id_index(names, ids);
    let mut taken = BTreeMap::new();
    let (mut pairs, mut unknown) = (Vec::new(), Vec::new());
    for image in &found.images {
        let (shown, matched) = match image {
            FoundImage::Id(id) => {
                (format!("image_id {id}"), by_id.get(id).map_or(Match::None, |i| Match::One(*i)))
            }
            FoundImage::Name { name, .. } => (name.clone(), index.look_up(name)),
        };
        let pair = match matched {
            Match::One(index) => Some(index),
            Match::None => None,
            Match::Several => return Err(ambiguous(&shown)),
        };
        match pair {
            None => unknown.push(shown),
            Some(pair) => {
                if let Some(other) = taken.insert(pair, shown.clone()) {
                    return Err(twice(names[pair], &other, &shown));
                }
            }
        }
        pairs.push(pair);
    }
    if taken.is_empty() && !(found.images.is_empty() || names.is_empty()) {
        return Err(none_match(names, &unknown));
    }
    let notes = unmatched(names, &taken.into_keys().collect(), &unknown, found.lists_images);
    Ok((pairs, notes))
}

/// By the data set's ids; where it has none, by file names that are numbers, as COCO's are.
fn id_index(names: &[&str], ids: Option<&[u64]>) -> BTreeMap<u64, usize> {
    match ids {
        Some(ids) => ids.iter().copied().zip(0..).collect(),
        None => {
            let number = |name: &&str| stem(base(name)).parse().ok();
            names.iter().zip(0..).filter_map(|(name, index)| Some((number(name)?, index))).collect()
        }
    }
}

fn unmatched(names: &[&str], taken: &BTreeSet<usize>, unknown: &[String], listed: bool) -> Vec<String> {
    let mut notes = Vec::new();
    let absent: Vec<&str> =
        names.iter().enumerate().filter(|(i, _)| !taken.contains(i)).map(|(_, name)| *name).collect();
    if !absent.is_empty() {
        let (count, all) = (absent.len(), names.len());
        let where_ =
            if listed { "are not in the results and count as without result" } else { "have no result" };
        notes.push(format!("{count} of {all} pictures of the truth {where_}: {}", some_of(&absent)));
    }
    if !unknown.is_empty() {
        let count = unknown.len();
        notes.push(format!(
            "{count} pictures of the results are not in the truth and are left out: {}",
            some_of(unknown)
        ));
    }
    notes
}

fn ambiguous(name: &str) -> Error {
    let message = format!(
        "{name}: several pictures of the truth have that name, in folders that do not settle which is meant; run \
         vision over the folder that the truth's paths start from"
    );
    Error::usage(message)
}

fn twice(truth: &str, one: &str, other: &str) -> Error {
    let message = format!("{truth}: two pictures of the results match it, {one} and {other}; expected one");
    Error::usage(message)
}

fn none_match(names: &[&str], unknown: &[String]) -> Error {
    let message = format!(
        "no picture of the results is in the truth: the results name {}, the truth {}; expected the same file names",
        some_of(unknown),
        some_of(names)
    );
    Error::usage(message)
}

/// The category of each class of the results, and what to say of the rest.
///
/// # Errors
/// `Usage` where no class has a category.
pub fn classes(objects: &Objects, found: &[FoundClass]) -> Result<(Vec<Option<u64>>, Vec<String>)> {
    let mut notes = Vec::new();
    let pairs: Vec<Option<u64>> = found.iter().map(|class| category(objects, class, &mut notes)).collect();
    let shown =
        |class: &FoundClass| class.label.clone().unwrap_or_else(|| format!("category_id {}", class.number));
    let unknown: Vec<String> =
        found.iter().zip(&pairs).filter(|(_, pair)| pair.is_none()).map(|(class, _)| shown(class)).collect();
    if !found.is_empty() && pairs.iter().all(Option::is_none) {
        let names: Vec<&str> = objects.categories.iter().map(|c| c.name.as_str()).collect();
        let message = format!(
            "no class of the results is in the truth: the results have {}, the truth {}; expected the same names \
             (vision detect --labels gives a model its names)",
            some_of(&unknown),
            some_of(&names)
        );
        return Err(Error::usage(message));
    }
    if !notes.is_empty() {
        notes = vec![format!("classes matched by another name: {}", notes.join(", "))];
    }
    if !unknown.is_empty() {
        let count = unknown.len();
        notes.push(format!(
            "{count} classes of the results are not in the truth and are left out: {}",
            some_of(&unknown)
        ));
    }
    Ok((pairs, notes))
}

fn category(objects: &Objects, class: &FoundClass, renamed: &mut Vec<String>) -> Option<u64> {
    let by_number = || {
        let known = objects.category_ids.then_some(&objects.categories);
        known.and_then(|categories| categories.iter().find(|c| c.id == class.number)).map(|c| c.id)
    };
    let Some(label) = &class.label else { return by_number() };
    if let Some(same) = objects.categories.iter().find(|c| c.name == *label) {
        return Some(same.id);
    }
    let alike: Vec<&Category> =
        objects.categories.iter().filter(|c| canonical(&c.name) == canonical(label)).collect();
    if let [only] = alike[..] {
        renamed.push(format!("{label} = {}", only.name));
        return Some(only.id);
    }
    let unnamed = *label == class.number.to_string() || *label == format!("class_{}", class.number);
    if unnamed { by_number() } else { None }
}

/// Lower case, words apart, VOC's names as COCO's.
pub fn canonical(name: &str) -> String {
    let plain = name.trim().to_lowercase().replace(['_', '-'], " ");
    SYNONYMS.iter().find(|(voc, _)| *voc == plain).map_or(plain, |(_, coco)| (*coco).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn class_names_of_voc_and_coco_are_the_same() {
        assert_eq!(canonical("TVmonitor"), canonical("tv"));
        assert_eq!(canonical("dining_table"), canonical("diningtable"));
        assert_ne!(canonical("cat"), canonical("cattle"));
    }
}
