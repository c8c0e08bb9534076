//! `labels/`: a text file an item in YOLO's format, in folders that mirror the inputs.

use std::path::PathBuf;

use super::tree::Tree;
use super::{Sink, SinkContext, numbered};
use crate::error::{Error, Kind, Result};
use crate::geometry::{Quad, Rect};
use crate::record::{InputRecord, Record};
use crate::spec::LabelSet;

const NAME: &str = "labels";

/// Marks the folder as ours to replace. Without it `labels/` may be somebody's annotations.
const MARK: &str = ".vision-labels";

/// Most lines of `classes.txt`; higher class numbers are a broken model.
const MAX_CLASSES: u32 = 10_000;

struct Yolo {
    tree: Tree,
    labels: LabelSet,
    scored: bool,
    /// Number of lines of `classes.txt`.
    classes: u32,
}

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    let classes = u32::try_from(context.labels.len()).unwrap_or(u32::MAX);
    let tree = Tree::new(context, NAME, MARK, "txt")?;
    Ok(Box::new(Yolo { tree, labels: context.labels.clone(), scored: context.scored, classes }))
}

impl Yolo {
    /// The classes' names in order of number, one a line.
    fn class_names(&self) -> String {
        let one_line = |name: &str| name.replace(['\n', '\r'], " ");
        (0..self.classes).map(|class| one_line(&self.labels.name(class)) + "\n").collect()
    }
}

impl Sink for Yolo {
    /// Every item with a prediction gets a file, an empty one where nothing was found: a
    /// background picture in YOLO's terms.
    fn item(&mut self, record: &Record) -> Result<()> {
        if record.prediction.is_none() {
            return Ok(());
        }
        let mut lines = String::new();
        for instance in numbered(record, &self.labels) {
            if instance.class >= self.labels.len().max(MAX_CLASSES as usize) as u32 {
                let message = format!(
                    "labels: class {} found; expected numbers below {MAX_CLASSES}: check the model's labels",
                    instance.class
                );
                return Err(Error::new(Kind::ModelOutput, message));
            }
            self.classes = self.classes.max(instance.class + 1);
            if let Some(place) = normalised(&instance.rect, record.size) {
                let corners = instance.corners.map(|corners| normalised_corners(&corners, record.size));
                let numbers = corners.as_ref().map_or(&place[..], |corners| &corners[..]);
                let text: String = numbers.iter().map(|v| format!("{v:.6} ")).collect();
                let score = if self.scored { format!("{:.6}", instance.score) } else { String::new() };
                lines.push_str(format!("{} {text}{score}", instance.class).trim_end());
                lines.push('\n');
            }
        }
        self.tree.write(record, lines.as_bytes())
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        self.tree.write_beside("classes.txt", self.class_names().as_bytes())?;
        Ok(vec![self.tree.finish()?])
    }
}

/// Centre and size as shares of the frame, 0 to 1, of the part of the box inside it; `None`
/// where nothing of it is.
fn normalised(rect: &Rect, size: [u32; 2]) -> Option<[f64; 4]> {
    let [width, height] = size.map(f64::from);
    let [x1, y1, x2, y2] = [rect.x1, rect.y1, rect.x2, rect.y2].map(f64::from);
    let (x1, x2) = (x1.clamp(0.0, width), x2.clamp(0.0, width));
    let (y1, y2) = (y1.clamp(0.0, height), y2.clamp(0.0, height));
    let inside = x1 < x2 && y1 < y2;
    inside.then(|| [(x1 + x2) / 2.0 / width, (y1 + y2) / 2.0 / height, (x2 - x1) / width, (y2 - y1) / height])
}

/// The corners of YOLO's oriented boxes, `x1 y1 … x4 y4` as shares of the frame. Those outside are
/// moved to its edge: the format's readers refuse numbers beyond 0 to 1.
fn normalised_corners(corners: &Quad, size: [u32; 2]) -> [f64; 8] {
    let flat = corners.0.as_flattened();
    std::array::from_fn(|at| {
        let value = flat.get(at).map_or(0.0, |v| f64::from(*v));
        (value / f64::from(size[at % 2])).clamp(0.0, 1.0)
    })
}
