//! COCO's metrics for boxes, masks and keypoints, by the crate `hotcoco`, whose numbers are pycocotools'.

mod metrics;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use hotcoco::detection::{AccumulatedEval, EvalImg};
use hotcoco::params::{IouType, Params};
use hotcoco::types::{Annotation, Category, Dataset, Image};
use hotcoco::{COCO, COCOeval};
use serde::Serialize;

use self::metrics::{Metrics, curves, metrics};
use super::calibration::Scored;
use super::confusion::Confusion;
use super::data::Objects;
use super::read;
use crate::error::{Error, Result};

/// Precision is kept for every class, threshold and recall: 200 KB a class. LVIS has 1203 classes.
const MAX_CATEGORIES: usize = 5000;

/// What is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Overlap {
    /// Boxes.
    Bbox,
    /// Masks.
    Segm,
    /// Keypoints, by object keypoint similarity.
    Keypoints,
}

#[derive(Debug, Clone)]
pub struct Settings {
    pub overlap: Overlap,
    /// Most results of a class a picture that count [100; keypoints: 20].
    pub max_det: Option<usize>,
    /// Spread of each keypoint [COCO's 17].
    pub sigmas: Option<Vec<f64>>,
    /// Least score for the confusion matrix.
    pub conf: f64,
}

#[derive(Debug, Clone, Serialize)]
pub struct CocoClass {
    pub id: u64,
    pub name: String,
    /// Objects that are no crowd.
    pub objects: usize,
    pub found: usize,
    #[serde(flatten)]
    pub metrics: Metrics,
    /// Precision at IoU 0.5 for recalls 0, 0.01, … 1; empty without objects.
    #[serde(skip)]
    pub curve: Vec<f64>,
}

#[derive(Debug, Clone, Serialize)]
pub struct Coco {
    /// `bbox`, `segm` or `keypoints`, as pycocotools names them.
    pub iou_type: String,
    pub max_dets: Vec<usize>,
    pub metrics: Metrics,
    pub classes: Vec<CocoClass>,
    /// Mean precision over classes for recalls 0, 0.01, … 1, by IoU.
    #[serde(skip)]
    pub curves: Vec<(f64, Vec<f64>)>,
    /// Every result that counts, and whether it was right at IoU 0.5.
    #[serde(skip)]
    pub scored: Vec<Scored>,
    #[serde(skip)]
    pub confusion: Confusion,
}

/// `found` holds results with scores, image and category ids as in `objects`.
///
/// # Errors
/// `Usage` where the data cannot be compared so: no picture sizes for masks, too many classes, outlines
/// beyond reason, another number of keypoints than `sigmas`.
pub fn evaluate(objects: &Objects, found: Vec<Annotation>, settings: &Settings) -> Result<Coco> {
    check(objects, &found, settings)?;
    let failed = |e: hotcoco::error::Error| Error::usage(format!("COCO metrics: {e}"));
    let counts = counts(objects, &found);
    let truth = COCO::from_dataset(data_set(objects));
    let found = truth.load_res_anns(found).map_err(failed)?;
    let kind = match settings.overlap {
        Overlap::Bbox => IouType::Bbox,
        Overlap::Segm => IouType::Segm,
        Overlap::Keypoints => IouType::Keypoints,
    };
    let mut eval = COCOeval::new(truth, found, kind);
    eval.params.max_dets = max_dets(&eval.params.max_dets, settings.max_det);
    if let Some(sigmas) = &settings.sigmas {
        eval.params.kpt_oks_sigmas.clone_from(sigmas);
    }
    eval.evaluate().map_err(failed)?;
    eval.accumulate();
    let Some(numbers) = eval.accumulated() else {
        return Err(Error::usage("COCO metrics: nothing to compare"));
    };
    let all: Vec<usize> = (0..numbers.shape.k).collect();
    let classes = objects_classes(objects, &counts, numbers, &eval.params);
    Ok(Coco {
        iou_type: kind.to_string(),
        max_dets: eval.params.max_dets.clone(),
        metrics: metrics(numbers, &eval.params, &all),
        classes,
        curves: curves(numbers, &eval.params),
        scored: scored(&eval),
        confusion: Confusion::of_detections(&without_ignored(&eval), settings.conf),
    })
}

fn check(objects: &Objects, found: &[Annotation], settings: &Settings) -> Result<()> {
    let count = objects.categories.len();
    if count > MAX_CATEGORIES {
        return Err(Error::usage(format!("{count} classes in the truth; expected at most {MAX_CATEGORIES}")));
    }
    if settings.overlap == Overlap::Segm {
        let sizes: BTreeMap<u64, _> = objects.images.iter().map(|image| (image.id, image.size)).collect();
        let size = |shape: &Annotation| sizes.get(&shape.image_id).copied().flatten();
        let shapes = objects.objects.iter().map(|object| &object.shape);
        for (position, shape) in shapes.enumerate().chain(found.iter().enumerate()) {
            read::check_outline(shape, size(shape), position)?;
        }
    }
    if settings.overlap == Overlap::Keypoints {
        let expected = settings.sigmas.as_ref().map_or(17, Vec::len);
        let shapes = objects.objects.iter().map(|object| &object.shape).chain(found);
        let other = shapes.filter_map(|shape| shape.keypoints.as_ref()).find(|k| k.len() != 3 * expected);
        if let Some(other) = other {
            let found = other.len();
            let message = format!(
                "an object with {found} numbers of keypoints; expected {expected} x (x, y, visibility); for other \
                 skeletons than COCO's give --sigmas, one number a keypoint"
            );
            return Err(Error::usage(message));
        }
    }
    Ok(())
}

/// Ids are given anew: pycocotools' matching takes an object with id 0 for none, and ids may repeat.
fn data_set(objects: &Objects) -> Dataset {
    let image = |image: &super::data::Image| Image {
        id: image.id,
        file_name: image.name.clone(),
        width: image.size.map_or(0, |size| size[0]),
        height: image.size.map_or(0, |size| size[1]),
        ..Image::default()
    };
    let annotation = |(object, id): (&super::data::Object, u64)| {
        let mut shape = object.shape.clone();
        (shape.id, shape.iscrowd) = (id, shape.iscrowd || object.difficult);
        shape
    };
    let category = |category: &super::data::Category| Category {
        id: category.id,
        name: category.name.clone(),
        ..Category::default()
    };
    Dataset {
        images: objects.images.iter().map(image).collect(),
        annotations: objects.objects.iter().zip(1..).map(annotation).collect(),
        categories: objects.categories.iter().map(category).collect(),
        ..Dataset::default()
    }
}

/// The usual limits with the last one replaced; smaller ones stay for AR.
fn max_dets(usual: &[usize], given: Option<usize>) -> Vec<usize> {
    let Some(given) = given else { return usual.to_vec() };
    let below = usual.split_last().map_or(&[][..], |(_, below)| below);
    below.iter().copied().filter(|limit| *limit < given).chain([given]).collect()
}

/// Objects and results by category id.
fn counts(objects: &Objects, found: &[Annotation]) -> BTreeMap<u64, (usize, usize)> {
    let mut counts = BTreeMap::<u64, (usize, usize)>::new();
    for object in objects.objects.iter().filter(|object| !object.shape.iscrowd && !object.difficult) {
        counts.entry(object.shape.category_id).or_default().0 += 1;
    }
    for thing in found {
        counts.entry(thing.category_id).or_default().1 += 1;
    }
    counts
}

fn objects_classes(
    objects: &Objects,
    counts: &BTreeMap<u64, (usize, usize)>,
    numbers: &AccumulatedEval,
    params: &Params,
) -> Vec<CocoClass> {
    let name = |id: u64| objects.categories.iter().find(|category| category.id == id).map(|c| c.name.clone());
    let class = |(k, id): (usize, &u64)| {
        let (objects, found) = *counts.get(id)?;
        let (area, limit) = (params.all_area_idx(), params.max_det_idx());
        let precision = |r| numbers.precision[numbers.precision_idx(0, r, k, area, limit)];
        let curve: Vec<f64> = (0..numbers.shape.r).map(precision).filter(|p| *p >= 0.0).collect();
        let metrics = metrics(numbers, params, &[k]);
        Some(CocoClass { id: *id, name: name(*id)?, objects, found, metrics, curve })
    };
    numbers.cat_ids.iter().enumerate().filter_map(class).collect()
}

/// What was matched over all areas, with every result that counts.
fn cells(eval: &COCOeval) -> impl Iterator<Item = &EvalImg> {
    let (area, limit) = (eval.params.all_area_range(), eval.params.max_det());
    eval.eval_imgs().iter().flatten().filter(move |cell| cell.area_rng == area && cell.max_det == limit)
}

/// As matched at the first threshold, IoU 0.5. What matched a crowd does not count.
fn scored(eval: &COCOeval) -> Vec<Scored> {
    let of_cell = |cell: &EvalImg| {
        let matched = cell.dt_matched.row(0).iter().zip(cell.dt_ignore.row(0));
        let counted = cell.dt_scores.iter().zip(matched).filter(|(_, (_, ignored))| !**ignored);
        counted.map(|(score, (right, _))| Scored { score: *score, right: *right }).collect::<Vec<_>>()
    };
    cells(eval).flat_map(of_cell).collect()
}

/// The same comparison without the results that matched a crowd or a difficult object at IoU 0.5: a
/// confusion matrix knows no such objects, and would take these for results where nothing is.
fn without_ignored(eval: &COCOeval) -> COCOeval {
    let of_cell = |cell: &EvalImg| {
        let ids = cell.dt_ids.iter().zip(cell.dt_ignore.row(0));
        ids.filter(|(_, ignored)| **ignored).map(|(id, _)| *id).collect::<Vec<_>>()
    };
    let ignored: BTreeSet<u64> = cells(eval).flat_map(of_cell).collect();
    let mut rest = eval.coco_dt().dataset.clone();
    rest.annotations.retain(|found| !ignored.contains(&found.id));
    let mut other = COCOeval::new(Arc::clone(eval.coco_gt()), COCO::from_dataset(rest), eval.params.iou_type);
    other.params.max_dets.clone_from(&eval.params.max_dets);
    other
}
