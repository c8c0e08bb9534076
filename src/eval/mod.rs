//! Measuring results against truth: COCO's and Pascal VOC's metrics, accuracy, confusion, calibration.
//!
//! [`run`] reads both sides whatever format they are in ([`read`]), pairs their pictures and classes
//! ([`pair`]) and computes what the task asks for. Nothing here opens a model or a picture (but for the
//! size of pictures where YOLO labels need it).

pub mod calibration;
pub mod classify;
pub mod coco;
pub mod confusion;
pub mod data;
pub mod index;
pub mod mot;
pub mod pair;
pub mod plots;
pub mod read;
mod report;
pub mod text;
pub mod voc;

use std::collections::BTreeSet;
use std::path::Path;

use hotcoco::types::{Annotation, Segmentation};
use serde::Serialize;

use self::calibration::Calibration;
use self::classify::Classified;
use self::coco::{Coco, Overlap};
use self::confusion::Confusion;
use self::data::{Found, Objects, TextPicture, Truth};
use self::read::Reading;
use self::text::{Sums, Text};
use self::voc::Voc;
use crate::error::{Error, Result};

pub const SCHEMA: &str = "vision.eval/1";

/// Results whose lowest score is above were cut, and lack the low end of the precision-recall curve.
const CUT: f64 = 0.1;

/// Usual limits of the results of a picture: that of `vision detect`, and a larger one.
const LIMITS: [usize; 2] = [300, 1000];

#[derive(Debug, Clone, Default)]
pub struct Options {
    pub reading: Reading,
    /// None: what both sides hold, masks before boxes.
    pub overlap: Option<Overlap>,
    pub max_det: Option<usize>,
    pub sigmas: Option<Vec<f64>>,
    /// Least score of what counts for the confusion matrix.
    pub conf: f64,
    /// VOC metrics also for truth of other formats.
    pub voc: bool,
}

/// One side as it was read.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    pub format: &'static str,
    pub pictures: usize,
    /// Objects, detections, labels or answers.
    pub things: usize,
    pub classes: usize,
}

#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// [`SCHEMA`].
    pub schema: &'static str,
    pub truth: Side,
    pub results: Side,
    /// What was left out or assumed.
    pub notes: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub coco: Option<Coco>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub voc: Option<Voc>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub classification: Option<Classified>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<Text>,
    /// Of detections: right at IoU 0.5. Of classes: the best answer. Of text: lines without a mistake.
    pub calibration: Option<Calibration>,
    pub confusion: Option<Confusion>,
}

/// Evaluates the results at `results` against the truth at `truth`.
///
/// # Errors
/// `Usage` where one of them cannot be read or they have no picture or class in common.
pub fn run(truth: &Path, results: &Path, options: &Options) -> Result<Report> {
    let (found_format, found) = read::results(results)?;
    let (truth_format, truth) = read::truth(truth, results, &found, &options.reading)?;
    let lines = found.texts.iter().map(|(_, lines)| lines.len()).sum::<usize>();
    let answers = found.things.len().max(found.answers.len()).max(lines);
    let found_side = Side {
        format: found_format,
        pictures: found.images.len(),
        things: answers,
        classes: found.classes.len(),
    };
    match truth {
        Truth::Objects(objects) => detections(truth_format, objects, found_side, found, options),
        Truth::Text(pictures) => texts(truth_format, pictures, found_side, &found),
        Truth::Labels(labels) => labelled(truth_format, &labels, found_side, &found),
    }
}

fn detections(
    format: &'static str,
    mut objects: Objects,
    results: Side,
    mut found: Found,
    options: &Options,
) -> Result<Report> {
    if found.things.is_empty() && !found.texts.is_empty() {
        let message =
            "the results are texts and the truth holds objects; expected as truth a .json of lines of text";
        return Err(Error::usage(message));
    }
    if found.things.is_empty() && !found.answers.is_empty() {
        let message = "the results are classifications and the truth holds objects; expected detections as \
                       results, or as truth a CSV of file,label or a folder per class";
        return Err(Error::usage(message));
    }
    let most = most_results(&found);
    let (things, mut notes) = paired(&mut objects, &mut found)?;
    let objects = &objects;
    notes.extend(cut(&things, most));
    let overlap = options.overlap.unwrap_or_else(|| both_hold(objects, &things));
    let voc = (options.voc || format == "VOC") && overlap == Overlap::Bbox;
    let voc = voc.then(|| voc::evaluate(objects, &things, 0.5));
    let settings = coco::Settings {
        overlap,
        max_det: options.max_det,
        sigmas: options.sigmas.clone(),
        conf: options.conf,
    };
    let mut coco = coco::evaluate(objects, things, &settings)?;
    let calibration = calibration::noted(&std::mem::take(&mut coco.scored), &mut notes);
    let confusion = Some(std::mem::take(&mut coco.confusion));
    let truth = Side {
        format,
        pictures: objects.images.len(),
        things: objects.objects.len(),
        classes: objects.categories.len(),
    };
    let (coco, classification, text) = (Some(coco), None, None);
    Ok(Report {
        schema: SCHEMA,
        truth,
        results,
        notes,
        coco,
        voc,
        classification,
        text,
        calibration,
        confusion,
    })
}

/// The largest number of results that a picture has.
fn most_results(found: &Found) -> usize {
    let mut counts = vec![0; found.images.len()];
    for thing in &found.things {
        if let Some(count) = counts.get_mut(thing.image_id as usize) {
            *count += 1;
        }
    }
    counts.into_iter().max().unwrap_or(0)
}

/// What to say of results without low scores; `most` is the largest number of results of a picture.
fn cut(things: &[Annotation], most: usize) -> Option<String> {
    let lowest = things.iter().filter_map(|thing| thing.score).fold(f64::INFINITY, f64::min);
    if things.is_empty() || lowest <= CUT {
        return None;
    }
    let limited = LIMITS.contains(&most);
    let and =
        if limited { format!(" and --max-det above {most}, which a picture reaches") } else { String::new() };
    Some(format!(
        "the lowest score of the results is {lowest:.3}: AP needs low scores too; run vision detect with --conf \
         0.001{and}"
    ))
}

/// Results with the truth's ids; those without counterpart are left out and said.
fn paired(objects: &mut Objects, found: &mut Found) -> Result<(Vec<Annotation>, Vec<String>)> {
    let mut notes = objects.notes.clone();
    notes.append(&mut found.notes);
    let names: Vec<&str> = objects.images.iter().map(|image| image.name.as_str()).collect();
    let ids: Vec<u64> = objects.images.iter().map(|image| image.id).collect();
    let pictures = pair::images(&names, objects.image_ids.then_some(&ids[..]), found)?;
    notes.extend(pictures.notes);
    let images = pictures.pairs;
    let left_out: BTreeSet<u64> = pictures.left_out.iter().map(|index| ids[*index]).collect();
    objects.images.retain(|image| !left_out.contains(&image.id));
    objects.objects.retain(|object| !left_out.contains(&object.shape.image_id));
    let (classes, more) = pair::classes(objects, &found.classes)?;
    notes.extend(more);
    let counterpart = |mut thing: Annotation| {
        let image = images.get(thing.image_id as usize).copied().flatten()?;
        let class = classes.get(thing.category_id as usize).copied().flatten()?;
        (thing.image_id, thing.category_id) = (*ids.get(image)?, class);
        Some(thing)
    };
    let things = std::mem::take(&mut found.things);
    Ok((things.into_iter().filter_map(counterpart).collect(), notes))
}

/// What objects and results can be compared by: keypoints, else masks, else boxes.
fn both_hold(objects: &Objects, things: &[Annotation]) -> Overlap {
    let both = |holds: fn(&Annotation) -> bool| {
        things.first().is_some_and(holds) && objects.objects.iter().any(|object| holds(&object.shape))
    };
    if both(|shape| shape.keypoints.as_ref().is_some_and(|k| !k.is_empty())) {
        Overlap::Keypoints
    } else if both(has_mask) {
        Overlap::Segm
    } else {
        Overlap::Bbox
    }
}

fn has_mask(shape: &Annotation) -> bool {
    !matches!(&shape.segmentation, None | Some(Segmentation::Rect(_)))
        && !matches!(&shape.segmentation, Some(Segmentation::Polygon(polygons)) if polygons.is_empty())
}

fn labelled(
    format: &'static str,
    labels: &[(String, String)],
    results: Side,
    found: &Found,
) -> Result<Report> {
    if found.answers.is_empty() {
        let message = "the results hold no classification and the truth holds a label a picture; expected results of \
                       vision classify, or as truth a COCO data set, VOC .xml or YOLO .txt files";
        return Err(Error::usage(message));
    }
    let names: Vec<&str> = labels.iter().map(|(name, _)| name.as_str()).collect();
    let pictures = pair::images(&names, None, found)?;
    let mut notes = found.notes.clone();
    notes.extend(pictures.notes);
    let left_out = pictures.left_out;
    let kept = |index: usize| index - left_out.range(..index).count();
    let pairs: Vec<Option<usize>> = pictures.pairs.into_iter().map(|pair| pair.map(kept)).collect();
    let labels = labels.iter().enumerate().filter(|(index, _)| !left_out.contains(index));
    let labels: Vec<String> = labels.map(|(_, (_, label))| label.clone()).collect();
    let (mut classified, more) = classify::evaluate(&labels, found, &pairs);
    notes.extend(more);
    let (confusion, calibration) = (classified.confusion.take(), classified.calibration.take());
    let classes = classified.classes.iter().filter(|class| class.pictures > 0).count();
    let truth = Side { format, pictures: labels.len(), things: labels.len(), classes };
    let (coco, voc, classification, text) = (None, None, Some(classified), None);
    Ok(Report {
        schema: SCHEMA,
        truth,
        results,
        notes,
        coco,
        voc,
        classification,
        text,
        calibration,
        confusion,
    })
}

fn texts(format: &'static str, pictures: Vec<TextPicture>, results: Side, found: &Found) -> Result<Report> {
    if found.texts.is_empty() {
        let message = "the results hold no text and the truth does; expected results of vision ocr";
        return Err(Error::usage(message));
    }
    let names: Vec<&str> = pictures.iter().map(|picture| picture.name.as_str()).collect();
    let paired = pair::images(&names, None, found)?;
    let mut notes = found.notes.clone();
    notes.extend(paired.notes);
    let mut read: Vec<&[data::FoundLine]> = vec![&[]; pictures.len()];
    for (image, lines) in &found.texts {
        if let Some(picture) = paired.pairs.get(*image).copied().flatten() {
            read[picture] = lines;
        }
    }
    let mut sums = Sums::default();
    let kept = pictures.iter().zip(read).enumerate().filter(|(n, _)| !paired.left_out.contains(n));
    for (_, (picture, lines)) in kept {
        sums.add(&picture.lines, lines);
    }
    let mut text = sums.finish();
    if text.lines.is_none() {
        notes.push(
            "not every line of the truth has a box or corners: lines are not compared one by one".to_owned(),
        );
    }
    let calibration = calibration::noted(&std::mem::take(&mut text.scored), &mut notes);
    let lines = pictures.iter().map(|picture| picture.lines.len()).sum();
    let truth = Side { format, pictures: pictures.len() - paired.left_out.len(), things: lines, classes: 0 };
    let (coco, voc, classification, confusion) = (None, None, None, None);
    let text = Some(text);
    Ok(Report {
        schema: SCHEMA,
        truth,
        results,
        notes,
        coco,
        voc,
        classification,
        text,
        calibration,
        confusion,
    })
}

/// None without values.
fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, count) = values.fold((0.0, 0usize), |(sum, count), value| (sum + value, count + 1));
    (count > 0).then(|| sum / count as f64)
}

/// The first few names, for a message.
pub(crate) fn some_of<S: AsRef<str>>(names: &[S]) -> String {
    const SHOWN: usize = 5;
    let shown: Vec<&str> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let more = names.len().saturating_sub(SHOWN);
    let shown = if shown.is_empty() { "none".to_owned() } else { shown.join(", ") };
    if more > 0 { format!("{shown} and {more} more") } else { shown }
}
