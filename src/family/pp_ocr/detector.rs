//! Where lines of text are: a map of probabilities, read by [`crate::ocr::boxes`].

use ndarray::{Ix3, s};
use serde::Deserialize;

use super::only_output;
use crate::engine::NamedTensor;
use crate::error::{Error, Kind, Result};
use crate::family::{Entry, Family, ModelInput, Outputs, Recipe};
use crate::frame::{Frame, Warning};
use crate::geometry::Quad;
use crate::observation::{Observation, TextLine, bound_lines};
use crate::ocr::boxes::{self, Settings};
use crate::ocr::crop;
use crate::preprocess::{Mapping, onto};
use crate::spec::{InputSpec, Task};

pub const DETECTOR: Entry = Entry {
    name: "pp-ocr-det",
    task: Task::Ocr,
    about: "PP-OCR's detector of lines (DB): a [1,1,height,width] map of where text is",
    recognise: |_| None,
    build: |recipe| Ok(Box::new(Detector::new(recipe)?)),
};

/// The longer side of what the network sees, where the shorter one's least allows it: rapidocr's max_side_len.
const MOST_SIDE: f64 = 2000.0;

/// Pictures longer than this many times their height (rapidocr's width_height_ratio) get black edges, so that
/// scaling the shorter side up does not make the longer one endless.
const LONG: f64 = 8.0;

/// Pictures lower than this get edges too: rapidocr's min_height.
const LOW: f64 = 30.0;

/// More pixels than this take gigabytes in the network; larger `--imgsz` are scaled down.
const MOST_PIXELS: f64 = 16e6;

/// A line no larger than this in pixels of the frame is a speck.
const SPECK: u32 = 3;

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case", default)]
struct Decode {
    /// Pixels of the map over this are text.
    threshold: f32,
    /// How far boxes grow beyond their map: this times area / circumference.
    unclip_ratio: f32,
    /// Whether pixels of the map are thickened by one before they are joined.
    dilate: bool,
}

impl Default for Decode {
    fn default() -> Self {
        Self { threshold: 0.3, unclip_ratio: 1.6, dilate: true }
    }
}

pub struct Detector {
    input: ModelInput,
    /// The description's preparation, with the black edges of long pictures.
    spec: InputSpec,
    settings: Settings,
    /// The least shorter side, pixels of the network's input.
    least: f64,
}

impl Detector {
    /// # Errors
    /// `ModelMismatch` for other outputs than one map, `ModelInvalid` for numbers that make no sense.
    pub fn new(recipe: &Recipe) -> Result<Self> {
        let name = &recipe.spec.name;
        let invalid = |message: String| Error::new(Kind::ModelInvalid, format!("{name}: {message}"));
        let decode: Decode = toml::Value::Table(recipe.spec.decode.clone()).try_into().map_err(|e| {
            invalid("[decode] may have threshold, unclip-ratio and dilate".to_owned()).because(e)
        })?;
        let sound = (0.0..1.0).contains(&decode.threshold) && (0.0..=10.0).contains(&decode.unclip_ratio);
        if !sound {
            return Err(invalid("[decode] threshold must be 0 to 1, unclip-ratio 0 to 10".to_owned()));
        }
        only_output(recipe, 4, "[1,1,height,width]")?;
        let Decode { threshold, unclip_ratio, dilate } = decode;
        let input = ModelInput::new(recipe)?;
        let spec = InputSpec { pad: 0, ..input.spec.clone() };
        let least = f64::from(recipe.size[0].min(recipe.size[1]));
        Ok(Self { input, spec, settings: Settings { threshold, unclip_ratio, dilate }, least })
    }

    /// How a frame of that size lies in the network's input.
    fn mapping(&self, frame: [u32; 2]) -> Mapping {
        let [width, height] = frame.map(|side| f64::from(side.max(1)));
        let edged = |side: f64, other: f64| match other {
            _ if other > LONG * side => other / LONG * 2.0,
            _ if side <= LOW => 2.0 * LOW,
            _ => side,
        };
        let canvas = [edged(width, height), edged(height, width)];
        let (shorter, longer) = (canvas[0].min(canvas[1]), canvas[0].max(canvas[1]));
        let mut scale = (MOST_SIDE / longer).min(1.0);
        if shorter * scale < self.least {
            scale = self.least / shorter;
        }
        scale = scale.min((MOST_PIXELS / (shorter * longer)).sqrt());
        let multiple = f64::from(self.spec.multiple_of.max(1));
        let input = canvas.map(|side| {
            let whole = (side * scale).floor() / multiple;
            (whole.round_ties_even().max(1.0) * multiple) as u32
        });
        let content: [u32; 2] = std::array::from_fn(|axis| {
            let exact = [width, height][axis] / canvas[axis] * f64::from(input[axis]);
            (exact.round() as u32).clamp(1, input[axis])
        });
        let offset = std::array::from_fn(|axis| ((input[axis] - content[axis]) / 2) as i32);
        Mapping { frame, input, content, offset }
    }

    /// Corners in whole pixels of the frame, in order of the picture; `None` for a speck.
    fn to_frame(corners: Quad, mapping: &Mapping) -> Option<Quad> {
        let [width, height] = mapping.frame.map(|side| side as f32);
        let corners = corners.map(|point| {
            let [x, y] = mapping.point_to_frame(point);
            [x.round().clamp(0.0, width), y.round().clamp(0.0, height)]
        });
        crop::size(&corners).iter().all(|side| *side > SPECK).then_some(corners)
    }
}

impl Family for Detector {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn prepare(&self, frame: &Frame) -> Result<(Vec<NamedTensor>, Mapping)> {
        let mapping = self.mapping(frame.size);
        let tensor = onto(&frame.pixels, &mapping, &self.spec)?;
        Ok((vec![NamedTensor::new(self.input.name(), tensor)], mapping))
    }

    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let output = outputs.at(0)?;
        let maps = output.numbers::<Ix3>("[1, height, width]")?;
        let [width, height] = mapping.input.map(|side| side as usize);
        if maps.dim() != (1, height, width) {
            let message = format!(
                "output {} has the shape {:?}; expected [1, 1, {height}, {width}], a map of the input's size",
                output.name,
                output.value.shape()
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        let found = boxes::lines(maps.slice(s![0, .., ..]), &self.settings);
        let lines = found
            .into_iter()
            .filter(|line| (TextLine::FLOOR..=1.001).contains(&line.score))
            .filter_map(|line| {
                let corners = Self::to_frame(line.corners, mapping)?;
                Some(TextLine::unread(corners, line.score.min(1.0)))
            });
        let mut lines: Vec<TextLine> = lines.collect();
        let warnings = bound_lines(&mut lines).into_iter().collect();
        Ok((Observation::Text { lines }, warnings))
    }
}

#[cfg(test)]
mod tests;
