//! COCO's JSON: data sets as truth, lists of results and data sets with scores as results.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use hotcoco::types::{Annotation, Dataset, Segmentation};
use serde::Deserialize;
use serde::de::IgnoredAny;

use super::{Place, Reading, bytes};
use crate::error::{Error, Result};
use crate::eval::data::{Category, Classes, Found, FoundClass, FoundImage, Image, Object, Objects, Truth};

/// Longest outline of an object, pixels within its picture; the outline of a whole photo of 100 megapixels
/// is 40,000. What is longer is no annotation, and drawing it would take memory without bound.
const MAX_OUTLINE: f64 = 2e6;

/// Longest side of a picture, pixels.
const MAX_SIDE: u32 = 1_000_000;

/// Which of the keys of a data set are there.
#[derive(Deserialize)]
struct Keys {
    images: Option<IgnoredAny>,
    annotations: Option<IgnoredAny>,
    categories: Option<IgnoredAny>,
}

/// Which pictures are pages or frames of one file, in what `vision` writes.
#[derive(Deserialize)]
struct Parts {
    images: Vec<PartImage>,
}

#[derive(Deserialize)]
struct PartImage {
    part: Option<IgnoredAny>,
}

pub fn truth(place: &Place, _: &Found, _: &Reading) -> Result<Truth> {
    let path = &place.path;
    let objects = boxes(path)?;
    if !objects.objects.is_empty() && objects.objects.iter().all(|object| object.shape.score.is_some()) {
        let message = format!(
            "{}: every annotation has a score: these are results; expected as truth a COCO data set without scores",
            path.display()
        );
        return Err(Error::usage(message));
    }
    Ok(Truth::Objects(objects))
}

/// A data set, of people's annotations or of a model's.
pub fn boxes(path: &Path) -> Result<Objects> {
    let bytes = bytes(path)?;
    let shown = path.display();
    let not_truth = |found: &str| {
        let message = format!(
            "{shown}: {found}; expected a COCO data set with \"images\", \"annotations\" and \"categories\""
        );
        Error::usage(message)
    };
    if first_byte(&bytes) == Some(b'[') {
        return Err(not_truth("a JSON list, which COCO uses for results"));
    }
    let keys: Keys =
        serde_json::from_slice(&bytes).map_err(|e| not_truth("not such a JSON object").because(e))?;
    if keys.images.is_none() || keys.annotations.is_none() || keys.categories.is_none() {
        return Err(not_truth("a JSON object without one of these keys"));
    }
    let set: Dataset =
        serde_json::from_slice(&bytes).map_err(|e| not_truth("a field is wrong").because(e))?;
    check_sizes(path, &set)?;
    let notes = strays(&set);
    Ok(Objects {
        images: set.images.iter().map(image).collect(),
        categories: set.categories.into_iter().map(|c| Category { id: c.id, name: c.name }).collect(),
        objects: set.annotations.into_iter().map(|shape| Object { shape, difficult: false }).collect(),
        image_ids: true,
        category_ids: true,
        notes,
    })
}

/// Annotations that no evaluation looks at; pycocotools leaves them out in silence.
fn strays(set: &Dataset) -> Vec<String> {
    let images: BTreeSet<u64> = set.images.iter().map(|image| image.id).collect();
    let categories: BTreeSet<u64> = set.categories.iter().map(|category| category.id).collect();
    let stray = |a: &&Annotation| !images.contains(&a.image_id) || !categories.contains(&a.category_id);
    let count = set.annotations.iter().filter(stray).count();
    let note = format!(
        "{count} annotations of the truth are of a picture or a category that it does not list; left out"
    );
    if count > 0 { vec![note] } else { Vec::new() }
}

fn image(image: &hotcoco::types::Image) -> Image {
    let size = (image.width > 0 && image.height > 0).then_some([image.width, image.height]);
    Image { id: image.id, name: image.file_name.clone(), size }
}

pub fn results(path: &Path) -> Result<Found> {
    let bytes = bytes(path)?;
    let found = match first_byte(&bytes) {
        Some(b'[') => list(path, &bytes)?,
        _ => data_set(path, &bytes)?,
    };
    if let Some(position) = found.things.iter().position(|a| !a.score.is_some_and(f64::is_finite)) {
        let message = format!(
            "{}: result {position} (from 0) has no finite \"score\"; expected detections, each with a score",
            path.display()
        );
        return Err(Error::usage(message));
    }
    Ok(found)
}

/// COCO's format of results: pictures and classes by the data set's ids.
fn list(path: &Path, bytes: &[u8]) -> Result<Found> {
    let mut things: Vec<Annotation> =
        serde_json::from_slice(bytes).map_err(|e| not_results(path).because(e))?;
    let (mut images, mut order, mut classes) = (BTreeMap::new(), Vec::new(), Classes::default());
    for thing in &mut things {
        let next = images.len();
        let image = *images.entry(thing.image_id).or_insert(next);
        if image == next {
            order.push(FoundImage::Id(thing.image_id));
        }
        thing.image_id = image as u64;
        thing.category_id = classes.index(FoundClass { number: thing.category_id, label: None }) as u64;
    }
    Ok(Found { images: order, classes: classes.into_list(), things, ..Found::default() })
}

/// A data set whose annotations have scores, as `vision detect --format coco` writes: pictures and classes
/// by name.
fn data_set(path: &Path, bytes: &[u8]) -> Result<Found> {
    let keys: Keys = serde_json::from_slice(bytes).map_err(|e| not_results(path).because(e))?;
    if keys.images.is_none() || keys.annotations.is_none() {
        return Err(not_results(path));
    }
    let set: Dataset = serde_json::from_slice(bytes).map_err(|e| not_results(path).because(e))?;
    let parts: Parts = serde_json::from_slice(bytes).map_err(|e| not_results(path).because(e))?;
    check_sizes(path, &set)?;
    let images: BTreeMap<u64, u64> = set.images.iter().map(|i| i.id).zip(0..).collect();
    let names: BTreeMap<u64, String> = set.categories.into_iter().map(|c| (c.id, c.name)).collect();
    let mut classes = Classes::default();
    let mut things = set.annotations;
    for (position, thing) in things.iter_mut().enumerate() {
        let Some(image) = images.get(&thing.image_id) else {
            let (path, id) = (path.display(), thing.image_id);
            let message = format!(
                "{path}: annotation {position} (from 0) is of image {id}, which is not among \"images\""
            );
            return Err(Error::usage(message));
        };
        thing.image_id = *image;
        let label = names.get(&thing.category_id).cloned();
        thing.category_id = classes.index(FoundClass { number: thing.category_id, label }) as u64;
    }
    let named = |(image, part): (Image, PartImage)| {
        let part_of = part.part.map(|_| image.name.clone());
        FoundImage::Name { name: image.name, size: image.size, part_of }
    };
    let images = set.images.iter().map(image).zip(parts.images).map(named).collect();
    Ok(Found { images, classes: classes.into_list(), things, lists_images: true, ..Found::default() })
}

fn not_results(path: &Path) -> Error {
    let message = format!(
        "{}: not COCO results (nor a results.json of vision); expected a list of {{\"image_id\", \"category_id\", \"bbox\" or \"segmentation\" or \
         \"keypoints\", \"score\"}}, or a data set (\"images\", \"annotations\") whose annotations have scores",
        path.display()
    );
    Error::usage(message)
}

fn first_byte(bytes: &[u8]) -> Option<u8> {
    bytes.iter().copied().find(|b| !b.is_ascii_whitespace())
}

/// Refuses data sets with two pictures or two categories of one id, and impossible pictures.
fn check_sizes(path: &Path, set: &Dataset) -> Result<()> {
    let twice = |kind: &str, id: u64| {
        let message = format!("{}: two {kind} have the id {id}; ids must be distinct", path.display());
        Error::usage(message)
    };
    let mut seen = BTreeSet::new();
    if let Some(image) = set.images.iter().find(|image| !seen.insert(image.id)) {
        return Err(twice("images", image.id));
    }
    let mut seen = BTreeSet::new();
    if let Some(category) = set.categories.iter().find(|category| !seen.insert(category.id)) {
        return Err(twice("categories", category.id));
    }
    let large = set.images.iter().find(|image| image.width.max(image.height) > MAX_SIDE);
    if let Some(image) = large {
        let (path, id, width, height) = (path.display(), image.id, image.width, image.height);
        let message =
            format!("{path}: image {id} is {width}x{height} pixels; expected sides up to {MAX_SIDE}");
        return Err(Error::usage(message));
    }
    Ok(())
}

/// Refuses outlines whose drawing would take memory without bound. `size` is that of the picture.
///
/// # Errors
/// `Usage` naming the annotation's place in its file.
pub fn check_outline(shape: &Annotation, size: Option<[u32; 2]>, position: usize) -> Result<()> {
    let Some(Segmentation::Polygon(polygons)) = &shape.segmentation else { return Ok(()) };
    let [width, height] = size.unwrap_or_default().map(f64::from);
    let clamped = |point: &[f64]| [point[0].clamp(-1.0, width + 1.0), point[1].clamp(-1.0, height + 1.0)];
    let length = |polygon: &Vec<f64>| -> f64 {
        let points: Vec<[f64; 2]> = polygon.chunks_exact(2).map(clamped).collect();
        let edges = points.iter().zip(points.iter().cycle().skip(1));
        edges.map(|(a, b)| 1.0 + (a[0] - b[0]).abs().max((a[1] - b[1]).abs())).sum()
    };
    let outline: f64 = polygons.iter().map(length).sum();
    if outline > MAX_OUTLINE {
        let message = format!(
            "annotation {position} (from 0): an outline of {outline:.0} pixels; expected at most {MAX_OUTLINE:.0}"
        );
        return Err(Error::usage(message));
    }
    Ok(())
}
