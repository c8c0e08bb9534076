//! NanoDet-Plus: one output of rows, each some class scores and four edges as distributions.
//!
//! Reference: `nanodet/model/head/nanodet_plus_head.py` in RangiLyu/nanodet (Apache-2.0): centres of
//! cells lie at index * stride (`get_single_level_center_priors`), strides are 8, 16, 32 and 64.

use ndarray::{ArrayView2, CowArray, Ix2, s};
use serde::Deserialize;

use super::grid::{self, BINS, Grid};
use super::nanodet::{BGR_MEAN, BGR_STD, CONF, SIDE};
use super::reading::{Certainty, float_axes, picture};
use super::scores::Scale;
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe, not_finite};
use crate::error::{Error, Kind, Result};
use crate::explain::Proposal;
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, Observation, bound_candidates};
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::{Colour, InputSpec, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "nanodet-plus",
    task: Task::Detect,
    about: "NanoDet-Plus: one [1,n,classes+4*bins] output, its rows the cells of all strides",
    recognise,
    build: |recipe| Ok(Box::new(NanoDetPlus::new(recipe)?)),
};

/// The `[decode]` table of the description; what is left out is as in the published weights.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Decode {
    /// Input pixels per cell, in order of the rows.
    strides: Vec<u32>,
    /// Bins of the distance distribution (`reg_max` + 1).
    bins: usize,
    /// A cell's centre is (index + centre-offset) * stride.
    centre_offset: f32,
    /// Whether scores still need a sigmoid.
    logits: bool,
}

impl Default for Decode {
    fn default() -> Self {
        Self { strides: vec![8, 16, 32, 64], bins: 8, centre_offset: 0.0, logits: false }
    }
}

struct NanoDetPlus {
    input: ModelInput,
    decode: Decode,
    grids: Vec<Grid>,
}

/// Cells of all grids.
fn total(grids: &[Grid]) -> usize {
    grids.iter().fold(0, |sum, grid| sum.saturating_add(grid.cells()))
}

/// The grids of an input of `size` = [width, height].
fn grids(size: [u32; 2], strides: &[u32]) -> Vec<Grid> {
    strides.iter().map(|&stride| Grid::new(size, stride)).collect()
}

fn recognise(header: &Header) -> Option<Reading> {
    let [output] = header.outputs.as_slice() else { return None };
    let [rows, Some(columns)] = *float_axes(output)?.as_slice() else { return None };
    let usual = Decode::default();
    let classes = columns.checked_sub(4 * usual.bins).filter(|classes| *classes > 0)?;
    let prepared = InputSpec {
        size: [SIDE, SIDE],
        colour: Colour::Bgr,
        resize: Resize::Stretch,
        mean: BGR_MEAN,
        std: BGR_STD,
        ..InputSpec::default()
    };
    let input = picture(header, 3, prepared)?;
    // `tools/export_onnx.py` of NanoDet 1.0 and its ncnn weights.
    let named = output.name == "output" && header.inputs.iter().any(|input| input.name == "data");
    match rows {
        Some(rows) if rows == total(&grids(input.size, &usual.strides)) => {}
        None if named => {}
        _ => return None,
    }
    let why = format!(
        "{output} is {classes} scores and 4 edges of {} bins for each cell of strides 8, 16, 32, 64",
        usual.bins
    );
    let certainty = if named { Certainty::Names } else { Certainty::Shape };
    let mut reading = Reading::new(certainty, why, input);
    reading.input.multiple_of = if reading.input.dynamic_size { 32 } else { 1 };
    reading.classes = Some(classes);
    reading.conf = Some(CONF);
    reading.doubts = doubts(classes);
    if !header.probabilities.contains_key(&output.name) {
        reading.decode.insert("logits".to_owned(), true.into());
        reading.doubts.push(
            "scores are taken for logits, as no sigmoid makes them in the graph; if they are probabilities, write logits = false under [decode]"
                .to_owned(),
        );
    }
    Some(reading)
}

fn doubts(classes: usize) -> Vec<String> {
    vec![
        format!(
            "8 bins (reg_max: 7) leave {classes} classes; for another reg_max, write bins = … under [decode]"
        ),
        "pictures are stretched (keep_ratio: False); for weights trained with keep_ratio: True, write resize = \"letterbox\" and pad = 0 under [input]"
            .to_owned(),
    ]
}

impl NanoDetPlus {
    fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec;
        let decode: Decode = toml::Value::Table(spec.decode.clone()).try_into().map_err(|e| {
            let wanted = "[decode] may have strides, bins, centre-offset and logits";
            Error::new(Kind::ModelInvalid, format!("{}: {wanted}", spec.name)).because(e)
        })?;
        if !BINS.contains(&decode.bins) || decode.strides.is_empty() || decode.strides.contains(&0) {
            let message = format!("{}: [decode] strides must be 1 or more, bins 2 to 64", spec.name);
            return Err(Error::new(Kind::ModelInvalid, message));
        }
        let grids = grids(recipe.size, &decode.strides);
        header_fits(recipe, total(&grids), 4 * decode.bins)?;
        Ok(Self { input: ModelInput::new(recipe)?, decode, grids })
    }

    /// The grid of a row, and the cell in it.
    fn cell(&self, row: usize) -> Option<(&Grid, usize)> {
        let mut cell = row;
        for grid in &self.grids {
            match cell.checked_sub(grid.cells()) {
                Some(rest) => cell = rest,
                None => return Some((grid, cell)),
            }
        }
        None
    }
}

/// # Errors
/// `ModelMismatch`: what was found and what was expected.
fn header_fits(recipe: &Recipe, cells: usize, edges: usize) -> Result<()> {
    let outputs = &recipe.header.outputs;
    let open = outputs.first().is_some_and(|output| output.shape.is_none());
    let fits = || {
        let [output] = outputs.as_slice() else { return false };
        // Of three axes, or two without the batch's.
        let axes = match (output.shape.as_deref(), float_axes(output)) {
            (Some([rows, columns]), Some(_)) => [rows.fixed(), columns.fixed()],
            (Some([_, rows, columns]), Some(_)) => [rows.fixed(), columns.fixed()],
            _ => return open && outputs.len() == 1,
        };
        let [rows, columns] = axes.map(|axis| axis.and_then(|n| usize::try_from(n).ok()));
        rows.is_none_or(|rows| rows == cells) && columns.is_none_or(|columns| columns > edges)
    };
    if fits() {
        return Ok(());
    }
    let found: Vec<String> = outputs.iter().map(ToString::to_string).collect();
    let message = format!(
        "{}: family nanodet-plus needs one output f32 [1,{cells},classes+{edges}]; found {}; correct size, strides \
         and bins in its description or the family",
        recipe.spec.name,
        found.join(", ")
    );
    Err(Error::new(Kind::ModelMismatch, message))
}

impl NanoDetPlus {
    /// # Errors
    /// `ModelOutput` for another shape: found, expected.
    fn rows<'a>(&self, outputs: &'a Outputs) -> Result<CowArray<'a, f32, Ix2>> {
        let edges = 4 * self.decode.bins;
        let rows = outputs.at(0)?.numbers::<Ix2>("[cells, scores and edges]")?;
        let (cells, columns) = rows.dim();
        if cells != total(&self.grids) || columns <= edges {
            let message = format!(
                "an output [1, {}, classes + {edges}] is expected; found {}",
                total(&self.grids),
                outputs.shapes()
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        Ok(rows)
    }

    /// Scores and distances.
    fn split<'a>(&self, rows: &'a CowArray<f32, Ix2>) -> (ArrayView2<'a, f32>, ArrayView2<'a, f32>) {
        let columns = rows.ncols();
        rows.view().split_at(ndarray::Axis(1), columns - 4 * self.decode.bins)
    }
}

impl Family for NanoDetPlus {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let rows = self.rows(outputs)?;
        let (scores, distances) = self.split(&rows);
        let scale = Scale::new(self.decode.logits);
        let found = grid::scan(scores, scale);
        found.span.bears_out(scale)?;
        let boxed = |best: &grid::Best| {
            let (grid, cell) = self.cell(best.cell)?;
            let rect = grid.rect(distances.slice(s![best.cell, ..]), cell, self.decode.centre_offset);
            Some(best.candidate(rect))
        };
        let mut candidates: Vec<Candidate> = found.best.iter().filter_map(boxed).collect();
        let dropped = found.span.not_numbers + bound_candidates(&mut candidates);
        for candidate in &mut candidates {
            candidate.rect = mapping.to_frame(&candidate.rect);
        }
        let observation = Observation::Detections { candidates, needs_nms: true };
        Ok((observation, not_finite(dropped).into_iter().collect()))
    }

    fn proposals(&self, outputs: &Outputs, mapping: &Mapping, near: &Rect) -> Result<Vec<Proposal>> {
        let rows = self.rows(outputs)?;
        let (scores, distances) = self.split(&rows);
        let (scale, offset) = (Scale::new(self.decode.logits), self.decode.centre_offset);
        let (mut first, mut all) = (0, Vec::new());
        for grid in &self.grids {
            let own = s![first..first + grid.cells(), ..];
            let pair = (scores.slice(own), distances.slice(own));
            all.extend(grid::proposals(pair, scale, (grid, offset), (mapping, near)));
            first += grid.cells();
        }
        Ok(all)
    }
}

#[cfg(test)]
mod tests;
