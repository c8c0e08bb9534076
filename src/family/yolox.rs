//! YOLOX: rows of objectness and class scores, with boxes relative to the cells of a grid per stride.
//!
//! Reference: `decode_outputs` in Megvii-BaseDetection/YOLOX `yolox/models/yolo_head.py` and its
//! `demo/ONNXRuntime`; pictures as `yolox/data/data_augment.py` `preproc` makes them.

use ndarray::{ArrayView2, Ix2};
use serde::Deserialize;

use super::cells::{self, Seen};
use super::yolo::{self, Found, Place};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::{Error, Kind, Result};
use crate::explain::Proposal;
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, Observation};
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::{Colour, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "yolox",
    task: Task::Detect,
    about: "YOLOX: [1,n,5+classes] rows of offsets from grid cells, objectness, scores",
    recognise,
    build: |recipe| Ok(Box::new(Yolox::new(recipe)?)),
};

/// Offsets, logarithmic sizes and objectness.
const OTHERS: usize = 5;
const WHAT: &str = "4 of the box, its objectness";

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    /// Whether boxes are in pixels already (`--decode_in_inference`).
    decoded: bool,
    /// Every class over the floor instead of a box's best.
    multi_label: bool,
    /// Input pixels per grid cell.
    strides: Vec<u32>,
}

impl Default for Decode {
    fn default() -> Self {
        Self { decoded: false, multi_label: false, strides: STRIDES.to_vec() }
    }
}

const STRIDES: [u32; 3] = [8, 16, 32];
/// `demo_process(p6=True)` of the reference.
const P6: u32 = 64;

struct Yolox {
    input: ModelInput,
    place: Place,
    decode: Decode,
    grids: Vec<Grid>,
    labels: usize,
}

/// One stride's cells, in rows from the top left.
struct Grid {
    first: usize,
    columns: usize,
    cells: usize,
    stride: f32,
}

/// The grids of an input of that size. Cells cut off at the edge are none, as in the reference.
fn grids([width, height]: [u32; 2], strides: &[u32]) -> Vec<Grid> {
    let mut first = 0;
    let grid = |stride: &u32| {
        let (columns, rows) = ((width / stride) as usize, (height / stride) as usize);
        let grid = Grid { first, columns, cells: columns * rows, stride: *stride as f32 };
        first += grid.cells;
        grid
    };
    strides.iter().map(grid).collect()
}

fn cells_of(grids: &[Grid]) -> usize {
    grids.iter().map(|grid| grid.cells).sum()
}

fn recognise(header: &Header) -> Option<Reading> {
    let found = Found::of(header)?;
    let [Some(boxes), Some(values)] = found.axes else { return None };
    let classes = values.checked_sub(OTHERS).filter(|classes| *classes > 0)?;
    let p6 = [STRIDES[0], STRIDES[1], STRIDES[2], P6];
    let fits = |strides: &&[u32]| boxes == cells_of(&grids(found.input.size, strides));
    let strides = [&STRIDES[..], &p6[..]].into_iter().find(fits)?;
    if found.notes.is_some() || found.input.dynamic_size {
        return None;
    }
    let why = format!(
        "{} is 4 numbers, objectness and {classes} scores for each cell of the strides {strides:?}",
        found.output
    );
    let certainty = found.certainty(found.named("images", &["output"]));
    let mut reading = Reading::new(certainty, why, found.input.clone());
    // Since 0.1.1 pixels are left as they are: no mean, no standard deviation, BGR.
    reading.input.colour = Colour::Bgr;
    reading.input.resize = Resize::LetterboxTopLeft;
    reading.input.std = [1.0; 3];
    reading.classes = Some(classes);
    if strides.len() > STRIDES.len() {
        let strides: Vec<toml::Value> = strides.iter().map(|stride| i64::from(*stride).into()).collect();
        reading.decode.insert("strides".into(), strides.into());
    }
    reading.doubts.push(DECODED.into());
    Some(reading)
}

const DECODED: &str = "its boxes are taken for offsets in grid cells; if the export has --decode_in_inference, write \
     decoded = true under [decode] of a description (boxes are huge otherwise)";

impl Yolox {
    fn new(recipe: &Recipe) -> Result<Self> {
        let decode: Decode = yolo::decode(recipe)?;
        let name = &recipe.spec.name;
        if decode.strides.is_empty() || decode.strides.len() > 8 || decode.strides.contains(&0) {
            let message = format!("{name}: [decode] strides must be 1 to 8 numbers of 1 or more");
            return Err(Error::new(Kind::ModelInvalid, message));
        }
        let place = Place::new(recipe, "expects [1, cells, 5 + classes]")?;
        yolo::fits(recipe, place.axes[1], OTHERS, WHAT)?;
        let grids = grids(recipe.size, &decode.strides);
        let (found, cells) = (place.axes[0], cells_of(&grids));
        if found.is_some_and(|found| found != cells) && !decode.decoded {
            let message = format!(
                "{name}: {} boxes found; an input of {:?} with strides {:?} has {cells}: correct size or [decode] strides, \
                 or the family",
                found.unwrap_or_default(),
                recipe.size,
                decode.strides
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        Ok(Self { input: ModelInput::new(recipe)?, place, decode, grids, labels: recipe.labels })
    }

    fn rect(&self, rows: ArrayView2<f32>, cell: usize) -> Rect {
        let value = |column: usize| rows[[cell, column]];
        let numbers = [value(0), value(1), value(2), value(3)];
        if self.decode.decoded {
            return cells::centred(numbers);
        }
        let within = |grid: &&Grid| (grid.first..grid.first + grid.cells).contains(&cell);
        let Some(grid) = self.grids.iter().find(within) else { return cells::centred([f32::NAN; 4]) };
        let at = cell - grid.first;
        let (column, row) = ((at % grid.columns) as f32, (at / grid.columns) as f32);
        let [x, y, width, height] = numbers;
        let s = grid.stride;
        cells::centred([(x + column) * s, (y + row) * s, width.exp() * s, height.exp() * s])
    }
}

impl Family for Yolox {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let rows = self.place.tensor(outputs)?.numbers::<Ix2>("[cells, 5 + classes]")?;
        yolo::classes(Kind::ModelOutput, rows.ncols(), OTHERS, WHAT, self.labels)?;
        let cells = cells_of(&self.grids);
        if rows.nrows() != cells && !self.decode.decoded {
            let message = format!("{} boxes found; the grids have {cells} cells", rows.nrows());
            return Err(Error::new(Kind::ModelOutput, message));
        }
        let scores = cells::by_cell(rows.view(), OTHERS, Some(4), self.decode.multi_label);
        let found = cells::candidates(scores, |Seen { cell, class, score }| {
            Candidate::new(self.rect(rows.view(), cell), class, score)
        });
        Ok(cells::detections(found, true, mapping))
    }

    fn proposals(&self, outputs: &Outputs, mapping: &Mapping, near: &Rect) -> Result<Vec<Proposal>> {
        let rows = self.place.tensor(outputs)?.numbers::<Ix2>("[cells, 5 + classes]")?;
        yolo::classes(Kind::ModelOutput, rows.ncols(), OTHERS, WHAT, self.labels)?;
        let rect = |cell| self.rect(rows.view(), cell);
        Ok(cells::proposals(rows.view(), (OTHERS, Some(4)), (mapping, near), rect))
    }
}

#[cfg(test)]
mod tests;
