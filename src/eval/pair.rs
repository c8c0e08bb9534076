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

/// Which picture of the truth each picture of the results is.
pub struct Pictures {
    /// For each picture of the results an index into the truth.
    pub pairs: Vec<Option<usize>>,
    /// Pictures of the truth of which the results hold several pages or frames: which one the truth is of
    /// cannot be known.
    pub left_out: BTreeSet<usize>,
    pub notes: Vec<String>,
}

/// Pairs the pictures of both sides.
///
/// # Errors
/// `Usage` where the results hold no picture, none matches, or where several could be meant.
pub fn images(names: &[&str], ids: Option<&[u64]>, found: &Found) -> Result<Pictures> {
    if found.images.is_empty() {
        return Err(Error::usage("the results hold no picture: nothing to evaluate"));
    }
    let index = Names::new(names.iter().copied());
    let by_id = id_index(names, ids);
    let mut taken: BTreeMap<usize, &FoundImage> = BTreeMap::new();
    let (mut pairs, mut unknown, mut left_out) =
        (vec![None; found.images.len()], Vec::new(), BTreeSet::new());
    // Whole pictures first: a film beside a photo of the same name does not take its place.
    let mut order: Vec<usize> = (0..found.images.len()).collect();
    order.sort_by_key(|position| part_of(&found.images[*position]).is_some());
    for position in order {
        let image = &found.images[position];
        let is_part = part_of(image).is_some();
        let pair = match look_up(&index, &by_id, image) {
            Match::One(pair) => pair,
            Match::Several if !is_part => return Err(ambiguous(&shown(image))),
            Match::Several | Match::None => {
                unknown.push(shown(image));
                continue;
            }
        };
        match taken.get(&pair) {
            None => {
                taken.insert(pair, image);
                pairs[position] = Some(pair);
            }
            Some(other) if part_of(other).is_some() => _ = left_out.insert(pair),
            Some(_) if is_part => unknown.push(shown(image)),
            Some(other) => return Err(twice(names[pair], &shown(other), &shown(image))),
        }
    }
    pairs.iter_mut().for_each(|pair| *pair = pair.filter(|index| !left_out.contains(index)));
    let taken: BTreeSet<usize> = taken.into_keys().collect();
    if !names.is_empty() && (taken.is_empty() || left_out.len() == names.len()) {
        return Err(if taken.is_empty() { none_match(names, &unknown) } else { only_parts(names) });
    }
    let mut notes = unmatched(names, &taken, &unknown, found.lists_images);
    notes.extend(several_parts(names, &left_out));
    Ok(Pictures { pairs, left_out, notes })
}

fn part_of(image: &FoundImage) -> Option<&str> {
    match image {
        FoundImage::Name { part_of, .. } => part_of.as_deref(),
        FoundImage::Id(_) => None,
    }
}

fn shown(image: &FoundImage) -> String {
    match image {
        FoundImage::Id(id) => format!("image_id {id}"),
        FoundImage::Name { name, .. } => name.clone(),
    }
}

/// A page or frame by its own name, else by that of its file.
fn look_up(index: &Names, by_id: &BTreeMap<u64, usize>, image: &FoundImage) -> Match {
    match image {
        FoundImage::Id(id) => by_id.get(id).map_or(Match::None, |i| Match::One(*i)),
        FoundImage::Name { name, part_of, .. } => match (index.look_up(name), part_of) {
            (Match::None, Some(file)) => index.look_up(file),
            (matched, _) => matched,
        },
    }
}

fn several_parts(names: &[&str], left_out: &BTreeSet<usize>) -> Option<String> {
    let shown: Vec<&str> = left_out.iter().map(|index| names[*index]).collect();
    (!shown.is_empty()).then(|| {
        format!(
            "{} pictures of the truth have several pages or frames in the results, of which the truth does not say \
             which it is of; left out: {}",
            shown.len(),
            some_of(&shown)
        )
    })
}

fn only_parts(names: &[&str]) -> Error {
    let message = format!(
        "every picture of the truth has several pages or frames in the results ({}); expected pictures of one",
        some_of(names)
    );
    Error::usage(message)
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
    let mut pairs: Vec<Option<u64>> =
        found.iter().map(|class| category(objects, class, &mut notes)).collect();
    let numbered = by_number(objects, found, &mut pairs);
    let shown =
        |class: &FoundClass| class.label.clone().unwrap_or_else(|| format!("category_id {}", class.number));
    let unknown: Vec<String> =
        found.iter().zip(&pairs).filter(|(_, pair)| pair.is_none()).map(|(class, _)| shown(class)).collect();
    if !found.is_empty() && pairs.iter().all(Option::is_none) {
        let names: Vec<&str> = objects.categories.iter().map(|c| c.name.as_str()).collect();
        let message = format!(
            "no class of the results is in the truth: the results have {}, the truth {}; expected the same names \
             (vision detect --labels gives a model its names, --names FILE gives YOLO labels theirs)",
            some_of(&unknown),
            some_of(&names)
        );
        return Err(Error::usage(message));
    }
    if !notes.is_empty() {
        notes = vec![format!("classes matched by another name: {}", notes.join(", "))];
    }
    notes.extend(numbered);
    if !unknown.is_empty() {
        let count = unknown.len();
        notes.push(format!(
            "{count} classes of the results are not in the truth and are left out: {}",
            some_of(&unknown)
        ));
    }
    Ok((pairs, notes))
}

/// Pairs by number where the truth has no names of its own: only `class_17`, made from its numbers. Returns
/// what to say of it.
fn by_number(objects: &Objects, found: &[FoundClass], pairs: &mut [Option<u64>]) -> Option<String> {
    let made_up = |category: &Category| category.name == format!("class_{}", category.id);
    if !objects.category_ids || !objects.categories.iter().all(made_up) {
        return None;
    }
    let known: BTreeSet<u64> = objects.categories.iter().map(|category| category.id).collect();
    let mut said = Vec::new();
    for (class, pair) in found.iter().zip(pairs).filter(|(_, pair)| pair.is_none()) {
        *pair = known.get(&class.number).copied();
        if let (Some(id), Some(label)) = (*pair, &class.label) {
            said.push(format!("{id} = {label}"));
        }
    }
    (!said.is_empty()).then(|| {
        format!(
            "the truth has no class names: classes paired by number, {}; --names FILE gives YOLO labels their names",
            some_of(&said)
        )
    })
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
