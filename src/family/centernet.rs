//! CenterNet: a heat map of object centres per class, with the size and the offset of each centre.
//!
//! References: `ctdet_decode()` in `src/lib/models/decode.py` of xingyizhou/CenterNet (MIT, "Objects as
//! Points", Zhou et al. 2019); `decode_heatmap()` in `mmdet/models/dense_heads/centernet_head.py` of
//! open-mmlab/mmdetection (Apache-2.0), which reads the same maps the same way.

mod maps;

use ndarray::{ArrayView2, ArrayView3, Ix3};
use serde::Deserialize;

use self::maps::Maps;
use super::grid::{self, Best};
use super::reading::{Certainty, picture};
use super::scores::{Scale, Span};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe, not_finite};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::geometry::Rect;
use crate::observation::{Candidate, Observation, bound_candidates};
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::{Colour, InputSpec, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "centernet",
    task: Task::Detect,
    about: "CenterNet: a [1,classes,rows,columns] heat map, [1,2,rows,columns] sizes and offsets",
    recognise,
    build: |recipe| Ok(Box::new(CenterNet::new(recipe)?)),
};

/// The `[decode]` table of the description.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Decode {
    /// Whether the heat map still needs a sigmoid.
    logits: bool,
    /// Outputs by name, where neither names nor shapes tell.
    heatmap: Option<String>,
    size: Option<String>,
    offset: Option<String>,
}

struct CenterNet {
    input: ModelInput,
    scale: Scale,
    maps: Maps,
}

/// The training size of the published weights, and least score of the official demo (`vis_thresh`).
const SIDE: u32 = 512;
const CONF: f32 = 0.3;

/// Statistics of `src/lib/datasets/dataset/coco.py`, for pixels 0 to 1 in OpenCV's order (BGR).
const MEAN: [f32; 3] = [0.408, 0.447, 0.470];
const STD: [f32; 3] = [0.289, 0.274, 0.278];

fn recognise(header: &Header) -> Option<Reading> {
    let prepared = InputSpec {
        size: [SIDE, SIDE],
        colour: Colour::Bgr,
        // `fix_res` of `base_detector.py`: an affine map that keeps the shape, centred on black.
        resize: Resize::Letterbox,
        pad: 0,
        mean: MEAN.map(|v| v * 255.0),
        std: STD.map(|v| v * 255.0),
        ..InputSpec::default()
    };
    let input = picture(header, 3, prepared)?;
    let told = maps::tell(header).filter(|_| maps::of_usual_size(header, input.size))?;
    let heatmap = header.outputs.get(told.maps.heatmap)?;
    let classes = told.classes;
    let why = match classes {
        Some(classes) => {
            format!("{heatmap} is a heat map of {classes} classes, with sizes and offsets beside it")
        }
        None => format!("{heatmap} is a heat map, with sizes and offsets beside it"),
    };
    let certainty = if told.by_names { Certainty::Names } else { Certainty::Shape };
    let mut reading = Reading::new(certainty, why, input);
    reading.input.multiple_of = if reading.input.dynamic_size { 32 } else { 1 };
    reading.classes = classes;
    reading.conf = Some(CONF);
    let logits = !header.probabilities.contains_key(&heatmap.name);
    reading.decode.insert("logits".to_owned(), logits.into());
    reading.doubts = doubts(header, &told, logits);
    Some(reading)
}

fn doubts(header: &Header, told: &maps::Told, logits: bool) -> Vec<String> {
    let mut doubts = vec![
        "pictures keep their shape and are given as the official CenterNet has them (BGR, its own mean and std); for weights of MMDetection, write colour = \"rgb\", mean = [123.675, 116.28, 103.53] and std = [58.395, 57.12, 57.375] under [input]".to_owned(),
    ];
    if !told.by_names {
        let name = |index: usize| header.outputs.get(index).map_or("", |output| output.name.as_str());
        doubts.push(format!(
            "sizes are taken to come before offsets ({:?}, {:?}); otherwise write size = … and offset = … under [decode]",
            name(told.maps.size),
            name(told.maps.offset)
        ));
    }
    if logits {
        doubts.push(
            "the heat map is taken for logits, as no sigmoid makes it in the graph; if it is of probabilities, write logits = false under [decode]".to_owned(),
        );
    }
    doubts
}

impl CenterNet {
    fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec;
        let decode: Decode = toml::Value::Table(spec.decode.clone()).try_into().map_err(|e| {
            let wanted = "[decode] may have logits, heatmap, size and offset";
            Error::new(Kind::ModelInvalid, format!("{}: {wanted}", spec.name)).because(e)
        })?;
        let named = [&decode.heatmap, &decode.size, &decode.offset];
        let maps = if named.iter().any(|name| name.is_some()) {
            Maps::named(recipe.header, named.map(|name| name.as_deref()))
        } else {
            maps::tell(recipe.header).map(|told| told.maps)
        };
        let maps = maps.ok_or_else(|| {
            let found: Vec<String> = recipe.header.outputs.iter().map(ToString::to_string).collect();
            let message = format!(
                "{}: family centernet needs three outputs, f32 [1,classes,rows,columns] and twice f32 \
                 [1,2,rows,columns]; found {}; name them as heatmap, size and offset under [decode] or correct the family",
                spec.name,
                found.join(", ")
            );
            Error::new(Kind::ModelMismatch, message)
        })?;
        Ok(Self { input: ModelInput::new(recipe)?, scale: Scale::new(decode.logits), maps })
    }
}

/// The box of a cell, in pixels of an input of `[width, height]`.
fn rect(sizes: ArrayView3<f32>, offsets: ArrayView3<f32>, cell: usize, input: [u32; 2]) -> Rect {
    let (_, rows, columns) = sizes.dim();
    let (row, column) = (cell / columns, cell % columns);
    let [width, height] = input.map(|side| side as f32);
    let (x_stride, y_stride) = (width / columns as f32, height / rows as f32);
    // Sizes are of a plain convolution; a comparison, as `max` would hide NaN.
    let size = |channel: usize| {
        let side = sizes[[channel, row, column]];
        if side < 0.0 { 0.0 } else { side }
    };
    let x = (column as f32 + offsets[[0, row, column]]) * x_stride;
    let y = (row as f32 + offsets[[1, row, column]]) * y_stride;
    Rect::from_centre(x, y, size(0) * x_stride, size(1) * y_stride)
}

/// Centres: cells that none of their eight neighbours of the same class exceeds, which is what the
/// reference's 3x3 maximum pooling keeps; and the span of all scores.
fn peaks(heatmap: ArrayView3<f32>, scale: Scale) -> (Vec<Best>, Span) {
    let (mut best, mut span) = (Vec::new(), Span::EMPTY);
    let floor = scale.floor();
    for (class, plane) in heatmap.outer_iter().enumerate() {
        for (row, scores) in plane.rows().into_iter().enumerate() {
            let scores = grid::contiguous(scores);
            let of_row = Span::of(&scores);
            span.join(of_row);
            if of_row.most < floor {
                continue;
            }
            for (column, &score) in scores.iter().enumerate() {
                if score.is_finite() && score >= floor && is_peak(&plane, row, column, scale) {
                    let cell = row * plane.ncols() + column;
                    best.push(Best { score: scale.probability(score), cell, class });
                }
            }
        }
    }
    grid::strongest(&mut best);
    (best, span)
}

fn is_peak(plane: &ArrayView2<f32>, row: usize, column: usize, scale: Scale) -> bool {
    let score = plane[[row, column]];
    let (last_row, last_column) = (plane.nrows() - 1, plane.ncols() - 1);
    let mut neighbours = (row.saturating_sub(1)..=(row + 1).min(last_row)).flat_map(|row| {
        (column.saturating_sub(1)..=(column + 1).min(last_column)).map(move |column| [row, column])
    });
    // Logits that differ may be the same probability once rounded, and then both are centres.
    let exceeds = |other: f32| other > score && scale.probability(other) > scale.probability(score);
    neighbours.all(|at| !exceeds(plane[at]))
}

impl Family for CenterNet {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let map = |index: usize| outputs.at(index)?.numbers::<Ix3>("[channels, rows, columns]");
        let (heatmap, sizes, offsets) =
            (map(self.maps.heatmap)?, map(self.maps.size)?, map(self.maps.offset)?);
        let (_, rows, columns) = heatmap.dim();
        if sizes.dim() != (2, rows, columns) || offsets.dim() != (2, rows, columns) {
            let message = format!(
                "sizes and offsets [1, 2, {rows}, {columns}] are expected, as the heat map is; found {}",
                outputs.shapes()
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        let (best, span) = peaks(heatmap.view(), self.scale);
        span.bears_out(self.scale)?;
        let mut candidates: Vec<Candidate> = best
            .iter()
            .map(|best| best.candidate(rect(sizes.view(), offsets.view(), best.cell, mapping.input)))
            .collect();
        let dropped = span.not_numbers + bound_candidates(&mut candidates);
        for candidate in &mut candidates {
            candidate.rect = mapping.to_frame(&candidate.rect);
        }
        // One centre an object: overlapping boxes are different objects.
        let observation = Observation::Detections { candidates, needs_nms: false };
        Ok((observation, not_finite(dropped).into_iter().collect()))
    }
}

#[cfg(test)]
mod tests;
