//! `coco.json`: detections as a COCO data set that `pycocotools.coco.COCO` loads.

use std::io::Write;
use std::path::PathBuf;

use serde::Serialize;
use serde_json::json;

use super::spool::{self, Elements, Spool};
use super::{Sink, SinkContext, numbered};
use crate::atomic::AtomicFile;
use crate::error::{Error, Kind, Result};
use crate::frame::Part;
use crate::geometry::{Quad, Rect};
use crate::prediction::{Instance, Keypoint};
use crate::record::{InputRecord, Record};
use crate::spec::LabelSet;

const NAME: &str = "coco.json";

/// Most categories beyond the label set that a file may hold; more are a broken model.
const MAX_UNNAMED: usize = 10_000;

struct Coco {
    target: PathBuf,
    out: AtomicFile,
    images: Elements,
    annotations: Spool,
    labels: LabelSet,
    scored: bool,
    /// Classes seen for which the label set has no name.
    unnamed: std::collections::BTreeSet<u32>,
    /// Names of the points of each class that has some.
    keypoints: std::collections::BTreeMap<u32, Vec<String>>,
}

/// `id` runs from 1 in input order; `item` and `root` tell apart items that share a path.
#[derive(Serialize)]
struct Image<'a> {
    id: u64,
    file_name: &'a str,
    width: u32,
    height: u32,
    root: &'a str,
    item: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<&'a Part>,
}

#[derive(Serialize)]
struct Annotation {
    /// From 1: pycocotools' matching takes 0 for "no match".
    id: u64,
    image_id: u64,
    category_id: u64,
    /// Left, top, width, height in pixels.
    bbox: [f64; 4],
    area: f64,
    iscrowd: u8,
    #[serde(skip_serializing_if = "Option::is_none")]
    score: Option<f32>,
    /// Of an oriented box: its corners as one polygon, x and y in turn.
    #[serde(skip_serializing_if = "Option::is_none")]
    segmentation: Option<[[f64; 8]; 1]>,
    #[serde(flatten)]
    keypoints: Option<Points>,
}

/// x, y and v of each point in turn; v is 2 for one within the picture, 1 for one beyond its edge.
#[derive(Serialize)]
struct Points {
    keypoints: Vec<serde_json::Value>,
    num_keypoints: usize,
}

impl Points {
    fn of(points: &[Keypoint], [width, height]: [u32; 2]) -> Option<Self> {
        let within = |v: f32, side: u32| (0.0..f64::from(side)).contains(&f64::from(v));
        let values = |p: &Keypoint| {
            let seen = if within(p.x, width) && within(p.y, height) { 2 } else { 1 };
            [json!(thousandths(f64::from(p.x))), json!(thousandths(f64::from(p.y))), json!(seen)]
        };
        let keypoints = points.iter().flat_map(values).collect();
        (!points.is_empty()).then_some(Self { keypoints, num_keypoints: points.len() })
    }
}

#[derive(Serialize)]
struct Category<'a> {
    id: u64,
    name: &'a str,
    supercategory: &'a str,
    /// Names, and lines between them, of which there are none; both only where the class has points.
    #[serde(skip_serializing_if = "Option::is_none")]
    keypoints: Option<&'a Vec<String>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    skeleton: Option<[u8; 0]>,
}

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    let target = context.folder.join(NAME);
    let mut out = AtomicFile::create(context.temporary, &target)?;
    // No date: the same run gives the same bytes.
    let info = json!({ "description": context.generator, "version": "1.0" });
    write!(out, "{{\"info\":{info},\"licenses\":[],\"images\":[")
        .map_err(|e| Error::write(target.display(), e))?;
    Ok(Box::new(Coco {
        target,
        out,
        images: Elements::new(),
        annotations: Spool::new(context.temporary)?,
        labels: context.labels.clone(),
        scored: context.scored,
        unnamed: Default::default(),
        keypoints: Default::default(),
    }))
}

impl Coco {
    /// The data set's id; classes without a name come after the largest id of those with one.
    fn category_id(&self, class: u32) -> u64 {
        let named = self.labels.len() as u64;
        if u64::from(class) < named {
            return u64::from(self.labels.category_id(class));
        }
        let largest = (0..self.labels.len()).map(|c| self.labels.category_id(c as u32)).max();
        largest.map_or(0, |id| u64::from(id) + 1) + u64::from(class) - named
    }

    fn note_unnamed(&mut self, class: u32) -> Result<()> {
        if class as usize >= self.labels.len() {
            self.unnamed.insert(class);
        }
        if self.unnamed.len() > MAX_UNNAMED {
            let found = self.unnamed.len();
            let message = format!(
                "{NAME}: {found} classes without a name; expected at most {MAX_UNNAMED}: check the model's labels"
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        Ok(())
    }
}

impl Sink for Coco {
    /// An item that failed is no image of the data set: "nothing found" would be wrong.
    fn item(&mut self, record: &Record) -> Result<()> {
        if record.prediction.is_none() {
            return Ok(());
        }
        let (image_id, input) = (self.images.count() + 1, &record.item.input);
        let image = Image {
            id: image_id,
            file_name: &input.path,
            width: record.size[0],
            height: record.size[1],
            root: &input.root,
            item: &input.id,
            part: record.item.part.as_ref(),
        };
        self.images.push(&mut self.out, &self.target, &image)?;
        let labels = self.labels.clone();
        for Instance { class, rect, corners, score, keypoints, .. } in numbered(record, &labels) {
            self.note_unnamed(*class)?;
            if !keypoints.is_empty() {
                let names = || keypoints.iter().map(|point| point.name.clone()).collect();
                self.keypoints.entry(*class).or_insert_with(names);
            }
            let (bbox, area) = bbox(rect);
            let id = self.annotations.count() + 1;
            let category_id = self.category_id(*class);
            self.annotations.push(&Annotation {
                id,
                image_id,
                category_id,
                bbox,
                area: corners.map_or(area, |corners| thousandths(corners.area())),
                iscrowd: 0,
                score: self.scored.then_some(*score),
                segmentation: corners.map(|corners| [polygon(&corners)]),
                keypoints: Points::of(keypoints, record.size),
            })?;
        }
        Ok(())
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> Result<Vec<PathBuf>> {
        let named = 0..u32::try_from(self.labels.len()).unwrap_or(u32::MAX);
        let categories: Vec<(u64, u32, String)> = (named.chain(self.unnamed.iter().copied()))
            .map(|class| (self.category_id(class), class, self.labels.name(class).into_owned()))
            .collect();
        let categories = categories.iter().map(|(id, class, name)| {
            let keypoints = self.keypoints.get(class);
            Category { id: *id, name, supercategory: "", keypoints, skeleton: keypoints.map(|_| []) }
        });
        let categories: Vec<Category> = categories.collect();
        let failed = |e| Error::write(self.target.display(), e);
        self.out.write_all(b"\n],\"annotations\":[").map_err(failed)?;
        self.annotations.copy_to(&mut self.out, &self.target)?;
        self.out.write_all(b"\n],\"categories\":").map_err(failed)?;
        spool::value(&mut self.out, &self.target, &categories)?;
        self.out.write_all(b"}\n").map_err(failed)?;
        self.out.commit()?;
        Ok(vec![NAME.into()])
    }
}

/// Left, top, width, height in pixels, and the area.
fn bbox(rect: &Rect) -> ([f64; 4], f64) {
    // Thousandths of a pixel, the precision of records: whole numbers, so that differences of
    // edges come out exact.
    let [x1, y1, x2, y2] = [rect.x1, rect.y1, rect.x2, rect.y2].map(|v| (f64::from(v) * 1000.0).round());
    let (width, height) = ((x2 - x1).max(0.0), (y2 - y1).max(0.0));
    ([x1, y1, width, height].map(|v| v / 1000.0), (width * height / 1000.0).round() / 1000.0)
}

/// The corners one after the other, in pixels.
fn polygon(corners: &Quad) -> [f64; 8] {
    let flat = corners.0.as_flattened();
    std::array::from_fn(|at| flat.get(at).map_or(0.0, |v| thousandths(f64::from(*v))))
}

fn thousandths(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
