//! NanoDet: class scores and box edges as distributions, on a grid per stride.
//!
//! Reference: `nanodet/model/head/gfl_head.py` and `integral()` in RangiLyu/nanodet (Apache-2.0).

use ndarray::{ArrayView2, CowArray, Ix2};
use serde::Deserialize;

use super::{Entry, Family, ModelInput, Outputs, Recipe, not_finite};
use crate::engine::ElementType;
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, MAX_CANDIDATES, Observation, SCORE_FLOOR, bound_candidates};
use crate::onnx::{Dim, Element, Value};
use crate::preprocess::Mapping;
use crate::spec::Task;

pub const ENTRY: Entry = Entry {
    name: "nanodet",
    task: Task::Detect,
    about: "per stride a [1,n,classes] score and a [1,n,4*bins] distance output, in any order",
    recognise: |_| None,
    build: |recipe| Ok(Box::new(NanoDet::new(recipe)?)),
};

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    /// Input pixels per grid cell, one per pair of outputs.
    strides: Vec<u32>,
    /// Bins of the distance distribution (`reg_max` + 1).
    bins: usize,
    /// A cell's centre is (index + centre-offset) * stride.
    centre_offset: f32,
}

struct NanoDet {
    input: ModelInput,
    decode: Decode,
    classes: usize,
}

/// One stride's grid: columns, rows, input pixels per cell.
#[derive(Clone, Copy)]
struct Grid {
    columns: usize,
    rows: usize,
    stride: f32,
}

impl Grid {
    fn new([width, height]: [u32; 2], stride: u32) -> Self {
        let (columns, rows) = (width.div_ceil(stride) as usize, height.div_ceil(stride) as usize);
        Self { columns, rows, stride: stride as f32 }
    }
}

/// What the header says of the outputs must leave room for a grid's pair: said at load rather than at
/// the first picture.
///
/// # Errors
/// `ModelMismatch`: what was found and what was expected.
fn header_fits(recipe: &Recipe, grid: Grid, edges: usize) -> Result<()> {
    let cells = grid.columns * grid.rows;
    let outputs = &recipe.header.outputs;
    let may_be = |axis: &Dim, size: usize| axis.fixed().is_none_or(|n| n == size as i64);
    let fits = |output: &&Value| match output.shape.as_deref() {
        None => true,
        Some([batch, rows, _]) => may_be(batch, 1) && may_be(rows, cells),
        Some(_) => false,
    };
    let wide =
        |output: &Value| output.shape.as_ref().is_none_or(|s| s.last().is_some_and(|n| may_be(n, edges)));
    let rows: Vec<&Value> = outputs
        .iter()
        .filter(|output| output.element.and_then(Element::supported) == Some(ElementType::F32))
        .filter(fits)
        .collect();
    if rows.len() >= 2 && rows.iter().any(|output| wide(output)) {
        return Ok(());
    }
    let found: Vec<String> = outputs.iter().map(ToString::to_string).collect();
    let message = format!(
        "{}: stride {} needs outputs f32 [1,{cells},classes] and f32 [1,{cells},{edges}]; found {}; correct size, \
         strides and bins in its description or the family",
        recipe.spec.name,
        grid.stride,
        found.join(", ")
    );
    Err(Error::new(Kind::ModelMismatch, message))
}

impl NanoDet {
    fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec;
        let decode: Decode = toml::Value::Table(spec.decode.clone()).try_into().map_err(|e| {
            let wanted = "[decode] needs strides, bins and centre-offset";
            Error::new(Kind::ModelInvalid, format!("{}: {wanted}", spec.name)).because(e)
        })?;
        if decode.bins < 2 || decode.bins > 64 || decode.strides.is_empty() || decode.strides.contains(&0) {
            let message = format!("{}: [decode] strides must be 1 or more, bins 2 to 64", spec.name);
            return Err(Error::new(Kind::ModelInvalid, message));
        }
        let outputs = recipe.header.outputs.len();
        if outputs != decode.strides.len() * 2 {
            let message = format!(
                "{}: {outputs} outputs found; family nanodet expects {} (scores and distances for {} strides); \
                 correct [decode] strides or the family",
                spec.name,
                decode.strides.len() * 2,
                decode.strides.len()
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        for &stride in &decode.strides {
            header_fits(recipe, Grid::new(recipe.size, stride), 4 * decode.bins)?;
        }
        Ok(Self { input: ModelInput::new(recipe)?, decode, classes: recipe.labels })
    }

    fn grids(&self) -> Vec<Grid> {
        self.decode.strides.iter().map(|&stride| Grid::new(self.input.size, stride)).collect()
    }

    /// The score and distance outputs of a grid: exports give them in mixed order, so they are told
    /// apart by their number of rows and columns.
    fn pair<'a>(
        &self,
        outputs: &'a Outputs,
        grid: Grid,
    ) -> Result<(CowArray<'a, f32, Ix2>, CowArray<'a, f32, Ix2>)> {
        let cells = grid.columns * grid.rows;
        let edges = 4 * self.decode.bins;
        let (mut scores, mut distances) = (None, None);
        for output in outputs.iter() {
            let Ok(view) = output.numbers::<Ix2>("[cells, values]") else { continue };
            if view.shape()[0] != cells {
                continue;
            }
            let columns = view.shape()[1];
            if columns == edges && distances.is_none() && columns != self.classes {
                distances = Some(view);
            } else if scores.is_none() && columns != edges {
                scores = Some(view);
            }
        }
        scores.zip(distances).ok_or_else(|| {
            let message = format!(
                "stride {}: no pair of outputs [1, {cells}, classes] and [1, {cells}, {edges}]; found {}",
                grid.stride,
                outputs.shapes()
            );
            Error::new(Kind::ModelOutput, message)
        })
    }

    /// Candidates of one grid, in input pixels, one per cell for its best class, as the package's own
    /// demos read it; the count of scores that were not numbers.
    fn read(
        &self,
        scores: ArrayView2<f32>,
        distances: ArrayView2<f32>,
        grid: Grid,
        out: &mut Vec<Candidate>,
    ) -> usize {
        let mut not_numbers = 0;
        let mut best: Vec<(f32, usize, usize)> = Vec::new();
        for (cell, row) in scores.rows().into_iter().enumerate() {
            let (mut top, mut top_class) = (0.0, 0);
            for (class, &score) in row.iter().enumerate() {
                if score > top && score.is_finite() {
                    (top, top_class) = (score, class);
                }
                not_numbers += usize::from(!score.is_finite());
            }
            if top >= SCORE_FLOOR {
                best.push((top, cell, top_class));
            }
        }
        // Only the best are kept in the end; their boxes alone are worth computing.
        if best.len() > MAX_CANDIDATES {
            best.select_nth_unstable_by(MAX_CANDIDATES, |a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            best.truncate(MAX_CANDIDATES);
            best.sort_unstable_by_key(|&(_, cell, class)| (cell, class));
        }
        for (score, cell, class) in best {
            let distances: Vec<f32> = distances.row(cell).iter().copied().collect();
            let rect = self.rect(&distances, cell, grid);
            out.push(Candidate::new(rect, class as u32, score));
        }
        not_numbers
    }

    /// The box of a cell: its centre and the expected distance to each edge.
    fn rect(&self, distances: &[f32], cell: usize, grid: Grid) -> Rect {
        let x = ((cell % grid.columns) as f32 + self.decode.centre_offset) * grid.stride;
        let y = ((cell / grid.columns) as f32 + self.decode.centre_offset) * grid.stride;
        let mut edges = distances.chunks_exact(self.decode.bins).map(|bins| expected_bin(bins) * grid.stride);
        let mut edge = || edges.next().unwrap_or(f32::NAN);
        let (left, top, right, bottom) = (edge(), edge(), edge(), edge());
        Rect::new(x - left, y - top, x + right, y + bottom)
    }
}

/// The mean of a softmax distribution over 0, 1, 2, … (Generalized Focal Loss, Li et al. 2020).
fn expected_bin(logits: &[f32]) -> f32 {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let (mut sum, mut mean) = (0.0, 0.0);
    for (bin, &logit) in logits.iter().enumerate() {
        let weight = (logit - max).exp();
        sum += weight;
        mean += weight * bin as f32;
    }
    mean / sum
}

impl Family for NanoDet {
    fn input(&self) -> &ModelInput {
        &self.input
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let mut candidates = Vec::new();
        let mut dropped = 0;
        for grid in self.grids() {
            let (scores, distances) = self.pair(outputs, grid)?;
            dropped += self.read(scores.view(), distances.view(), grid, &mut candidates);
        }
        dropped += bound_candidates(&mut candidates);
        for candidate in &mut candidates {
            candidate.rect = mapping.to_frame(&candidate.rect);
        }
        let observation = Observation::Detections { candidates, needs_nms: true };
        Ok((observation, not_finite(dropped).into_iter().collect()))
    }
}

#[cfg(test)]
mod tests;
