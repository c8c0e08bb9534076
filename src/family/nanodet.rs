//! NanoDet and PicoDet: class scores and box edges as distributions, a pair of outputs per stride.
//!
//! References: `nanodet/model/head/gfl_head.py` and `integral()` in RangiLyu/nanodet (Apache-2.0);
//! `ppdet/modeling/heads/pico_head.py` in PaddlePaddle/PaddleDetection (Apache-2.0).

mod recognise;

use ndarray::{ArrayView2, CowArray, Ix2};
use serde::Deserialize;

use super::grid::{self, BINS, Grid};
use super::scores::{Scale, Span};
use super::{Entry, Family, ModelInput, Outputs, Recipe, not_finite};
use crate::engine::ElementType;
use crate::error::{Error, Kind, Result};
use crate::explain::Proposal;
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, Observation, bound_candidates};
use crate::onnx::{Dim, Element, Value};
use crate::preprocess::Mapping;
use crate::spec::Task;

pub(super) use recognise::{BGR_MEAN, BGR_STD, CONF, SIDE};

pub const ENTRY: Entry = Entry {
    name: "nanodet",
    task: Task::Detect,
    about: "NanoDet, PicoDet: per stride a [1,n,classes] score and a [1,n,4*bins] distance output, in any order",
    recognise: recognise::recognise,
    build: |recipe| Ok(Box::new(NanoDet::new(recipe)?)),
};

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    /// Input pixels per grid cell, one per pair of outputs.
    strides: Vec<u32>,
    /// Bins of the distance distribution (`reg_max` + 1); where absent, the output of a pair that has
    /// not as many columns as there are labels tells.
    bins: Option<usize>,
    /// A cell's centre is (index + centre-offset) * stride.
    centre_offset: f32,
    /// Whether scores still need a sigmoid.
    #[serde(default)]
    logits: bool,
}

struct NanoDet {
    input: ModelInput,
    decode: Decode,
    classes: usize,
}

/// A score or distance output, `[cells, values]`.
struct Rows<'a> {
    name: &'a str,
    values: CowArray<'a, f32, Ix2>,
}

impl Rows<'_> {
    fn columns(&self) -> usize {
        self.values.shape()[1]
    }
}

impl NanoDet {
    fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec;
        let decode: Decode = toml::Value::Table(spec.decode.clone()).try_into().map_err(|e| {
            let wanted = "[decode] needs strides and centre-offset, and may have bins and logits";
            Error::new(Kind::ModelInvalid, format!("{}: {wanted}", spec.name)).because(e)
        })?;
        let invalid = |what: &str| Err(Error::new(Kind::ModelInvalid, format!("{}: {what}", spec.name)));
        let bins_fit = decode.bins.is_none_or(|bins| BINS.contains(&bins));
        if !bins_fit || decode.strides.is_empty() || decode.strides.contains(&0) {
            return invalid("[decode] strides must be 1 or more, bins 2 to 64");
        }
        if decode.bins.is_none() && recipe.labels == 0 {
            return invalid(
                "without labels [decode] needs bins, so that scores and distances can be told apart",
            );
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
            header_fits(recipe, Grid::new(recipe.size, stride), decode.bins.map(|bins| 4 * bins))?;
        }
        Ok(Self { input: ModelInput::new(recipe)?, decode, classes: recipe.labels })
    }

    fn grids(&self) -> impl Iterator<Item = Grid> {
        self.decode.strides.iter().map(|&stride| Grid::new(self.input.size, stride))
    }

    /// The score and distance rows of a grid: exports give them in mixed order, so they are told
    /// apart by their number of rows and columns.
    fn pair<'a>(&self, rows: &'a [Rows], grid: Grid) -> Option<(ArrayView2<'a, f32>, ArrayView2<'a, f32>)> {
        let of_grid = || rows.iter().filter(|rows| rows.values.shape()[0] == grid.cells());
        let other = |rows: &&Rows| rows.columns() != self.classes;
        let edges = match self.decode.bins {
            Some(bins) => 4 * bins,
            None => of_grid().find(other).map_or(self.classes, Rows::columns),
        };
        if edges % 4 != 0 || !BINS.contains(&(edges / 4)) {
            return None;
        }
        let distances = if edges == self.classes {
            // As many classes as edges: their names, else scores first as all exporters give them.
            let fits = || of_grid().filter(|rows| rows.columns() == edges);
            fits().find(|rows| recognise::of_distances(rows.name)).or_else(|| fits().nth(1))
        } else {
            of_grid().find(|rows| rows.columns() == edges)
        }?;
        let scores = of_grid().find(|rows| {
            !std::ptr::eq(*rows, distances) && (rows.columns() != edges || edges == self.classes)
        })?;
        Some((scores.values.view(), distances.values.view()))
    }

    /// Why a grid has no pair.
    fn no_pair(&self, outputs: &Outputs, grid: Grid) -> Error {
        let edges = self.decode.bins.map_or_else(|| "4 * bins".to_owned(), |bins| (4 * bins).to_string());
        let classes = match self.decode.bins {
            Some(_) => "classes".to_owned(),
            None => format!("{} classes, as labels say", self.classes),
        };
        let message = format!(
            "stride {}: no pair of outputs [1, {cells}, {classes}] and [1, {cells}, {edges}]; found {}",
            grid.stride,
            outputs.shapes(),
            cells = grid.cells()
        );
        Error::new(Kind::ModelOutput, message)
    }
}

/// What the header says of the outputs must leave room for a grid's pair: said at load rather than at
/// the first picture.
///
/// # Errors
/// `ModelMismatch`: what was found and what was expected.
fn header_fits(recipe: &Recipe, grid: Grid, edges: Option<usize>) -> Result<()> {
    let cells = grid.cells();
    let may_be = |axis: &Dim, size: usize| axis.fixed().is_none_or(|n| n == size as i64);
    let fits = |output: &&Value| match output.shape.as_deref() {
        None => true,
        Some([batch, rows, _]) => may_be(batch, 1) && may_be(rows, cells),
        // Without a batch axis.
        Some([rows, _]) => may_be(rows, cells),
        Some(_) => false,
    };
    let wide = |output: &&Value| {
        let last = output.shape.as_ref().and_then(|shape| shape.last());
        last.zip(edges).is_none_or(|(axis, edges)| may_be(axis, edges))
    };
    let float = |output: &&Value| {
        matches!(output.element.and_then(Element::supported), Some(ElementType::F32 | ElementType::F16))
    };
    let rows: Vec<&Value> = recipe.header.outputs.iter().filter(float).filter(fits).collect();
    if rows.len() >= 2 && rows.iter().any(wide) {
        return Ok(());
    }
    let found: Vec<String> = recipe.header.outputs.iter().map(ToString::to_string).collect();
    let edges = edges.map_or_else(|| "4*bins".to_owned(), |edges| edges.to_string());
    let message = format!(
        "{}: stride {} needs outputs f32 [1,{cells},classes] and f32 [1,{cells},{edges}]; found {}; correct size, \
         strides and bins in its description or the family",
        recipe.spec.name,
        grid.stride,
        found.join(", ")
    );
    Err(Error::new(Kind::ModelMismatch, message))
}

impl Family for NanoDet {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let rows = rows(outputs);
        let (mut candidates, mut span) = (Vec::<Candidate>::new(), Span::EMPTY);
        for grid in self.grids() {
            let (scores, distances) = self.pair(&rows, grid).ok_or_else(|| self.no_pair(outputs, grid))?;
            let found = grid::scan(scores, Scale::new(self.decode.logits));
            span.join(found.span);
            candidates.extend(found.best.iter().map(|best| {
                best.candidate(grid.rect(distances.row(best.cell), best.cell, self.decode.centre_offset))
            }));
        }
        span.bears_out(Scale::new(self.decode.logits))?;
        let dropped = span.not_numbers + bound_candidates(&mut candidates);
        for candidate in &mut candidates {
            candidate.rect = mapping.to_frame(&candidate.rect);
        }
        let observation = Observation::Detections { candidates, needs_nms: true };
        Ok((observation, not_finite(dropped).into_iter().collect()))
    }

    fn proposals(&self, outputs: &Outputs, mapping: &Mapping, near: &Rect) -> Result<Vec<Proposal>> {
        let rows = rows(outputs);
        let (scale, offset) = (Scale::new(self.decode.logits), self.decode.centre_offset);
        let mut all = Vec::new();
        for grid in self.grids() {
            let pair = self.pair(&rows, grid).ok_or_else(|| self.no_pair(outputs, grid))?;
            all.extend(grid::proposals(pair, scale, (&grid, offset), (mapping, near)));
        }
        Ok(all)
    }
}

/// Outputs of another rank are no grid's.
fn rows(outputs: &Outputs) -> Vec<Rows<'_>> {
    let rows = outputs.iter().filter_map(|output| {
        Some(Rows { name: &output.name, values: output.numbers::<Ix2>("[cells, values]").ok()? })
    });
    rows.collect()
}

#[cfg(test)]
mod tests;
