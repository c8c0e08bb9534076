//! Explaining: which parts of a picture a model's answer rests on, and whether the map of them can be believed.

mod bench;
mod cam;
mod canvas;
mod colour;
mod faithful;
mod masks;
mod methods;
pub mod npy;
mod overlay;
mod random;
mod target;
mod told;

use std::cell::Cell;

use serde::{Deserialize, Serialize};

pub use cam::Cam;
pub use canvas::Baseline;
pub use faithful::{Faithfulness, Verdict};
pub use overlay::{Map, overlay};
pub use target::{Proposal, Target};
pub use told::verdicts;

use crate::engine::{Infer, ModelId, Tensor};
use crate::error::{Error, Kind, Result};
use crate::family::{Family, Outputs};
use crate::frame::Frame;
use crate::geometry::Rect;
use crate::observation::Observation;
use crate::preprocess::Mapping;
use bench::Bench;
use canvas::Canvas;
use faithful::Measure;
use masks::Masks;

/// Changes whenever the same settings give other maps; part of every observation key of a run that explains.
const VERSION: u32 = 1;

/// How maps are made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Method {
    /// The model's own map where its description names one, else RISE for classes, D-RISE for things
    #[default]
    Auto,
    /// Cover a square of the picture after the other
    Occlusion,
    /// Random masks, for classes of the whole picture
    Rise,
    /// Random masks, for things that a detector finds
    Drise,
    /// The model's own class activation map, in one look
    Cam,
}

/// All that maps depend on beside the picture and the model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Settings {
    /// Never `Auto`.
    pub method: Method,
    pub class: Option<u32>,
    /// Explained things or classes of a picture, at most.
    pub targets: usize,
    pub masks: usize,
    /// Cells of a mask's side, also of the random maps.
    pub grid: u32,
    /// Probability of a cell to be kept.
    pub keep: f32,
    /// Side of a square and the way to the next, pixels of the model's input; by default a seventh of its longer
    /// side, and half of that.
    pub patch: Option<u32>,
    pub stride: Option<u32>,
    pub baseline: Baseline,
    pub seed: u64,
    /// Steps of insertion and deletion.
    pub steps: usize,
    /// Random maps beside each; 0 measures nothing.
    pub random: usize,
    /// IoU above which two boxes are one thing.
    pub iou: f32,
}

impl Settings {
    /// Side and stride of occlusion's squares for an input of `size`.
    pub fn patch(&self, size: [usize; 2]) -> (usize, usize) {
        let patch = self.patch.map_or(size[0].max(size[1]).div_ceil(7), |patch| patch as usize).max(1);
        let stride = self.stride.map_or(patch.div_ceil(2), |stride| stride as usize).max(1);
        (patch, stride)
    }
}

/// What is known of a frame's answers beside the observation, as the store keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explained {
    /// How the frame lies in the maps.
    pub mapping: Mapping,
    /// Width and height of the maps: those of the model's input.
    pub size: [usize; 2],
    /// How often the model looked.
    pub looks: u32,
    pub maps: Vec<Explanation>,
}

/// The map of one answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Explanation {
    pub class: u32,
    /// The model's score for the whole picture.
    pub score: f32,
    /// Of a thing, in pixels of the upright frame.
    pub rect: Option<Rect>,
    /// In rows from the top.
    pub values: Vec<f32>,
    pub faithfulness: Option<Faithfulness>,
}

impl Explained {
    /// One of the maps, ready to be laid over the frame.
    pub fn map<'a>(&'a self, explanation: &'a Explanation) -> Map<'a> {
        Map { size: self.size, values: &explanation.values, mapping: &self.mapping }
    }
}

/// Explains a model's answers, frame by frame.
#[derive(Debug, Clone)]
pub struct Explainer {
    pub settings: Settings,
    /// The model's own map, where the description names one and the method is `Cam`.
    pub cam: Option<Cam>,
    /// Versions of a picture handed to the engine at once, as asked for.
    pub batch: Option<usize>,
}

/// The same where nothing is asked for, and the bytes that they have together at most.
const BATCH: usize = 16;
const BATCH_BYTES: usize = 256 << 20;

/// Makes the random maps others than the masks of the same seed.
const NOISE: u64 = u64::MAX;

impl Explainer {
    /// What observations depend on, in words.
    pub fn words(&self) -> String {
        // Numbers and words only: they always serialise.
        let settings = serde_json::to_string(&self.settings).unwrap_or_default();
        format!("explained {VERSION} {settings}")
    }

    /// The method's name in results.
    pub fn method(&self) -> &'static str {
        match (self.settings.method, &self.cam) {
            (_, Some(cam)) => cam.name(),
            (Method::Occlusion, None) => "occlusion",
            (Method::Drise, None) => "drise",
            (Method::Rise | Method::Auto | Method::Cam, None) => "rise",
        }
    }

    /// The maps of a frame's best answers, of which `observation` says that there are some. `told` hears how many
    /// looks of how many are done.
    ///
    /// # Errors
    /// As of observing.
    pub fn explain(
        &self,
        family: &dyn Family,
        frame: &Frame,
        observation: &Observation,
        infer: &dyn Infer,
        told: &dyn Fn(u32, u32),
    ) -> Result<Explained> {
        if !answers(observation) {
            let mapping = Mapping { frame: frame.size, input: [0; 2], content: [0; 2], offset: [0; 2] };
            return Ok(Explained { mapping, size: [0; 2], looks: 0, maps: Vec::new() });
        }
        let settings = &self.settings;
        let (inputs, mapping) = family.prepare(frame)?;
        let outputs = Outputs::new(infer.infer(ModelId::default(), &inputs)?);
        let picture = inputs.first().ok_or_else(|| Error::new(Kind::Internal, "a model without an input"))?;
        let input =
            family.input().ok_or_else(|| Error::new(Kind::Internal, "nothing is asked of a model"))?;
        let canvas = Canvas::new(&picture.value, input.spec.layout)?;
        let observed = family.decode(&outputs, &mapping)?.0;
        let look = (&observed, &outputs, &mapping);
        let targets = target::targets(family, look, settings.class, (settings.targets, settings.iou))?;
        let whole = self.looks(canvas.size, targets.len());
        let bench = Bench {
            family,
            infer,
            inputs: &inputs,
            canvas: &canvas,
            mapping: &mapping,
            targets: &targets,
            batch: self.batch(&picture.value),
            looks: Cell::new(1),
            told: &|done| told(done, whole),
        };
        let maps = self.maps(&bench, &outputs)?;
        let faithfulness = self.measured(&bench, &maps)?;
        let explanation =
            |((target, values), faithfulness): ((&Target, Vec<f32>), Option<Faithfulness>)| Explanation {
                class: target.class,
                score: target.score,
                rect: target.thing.as_ref().map(|thing| thing.rect),
                values,
                faithfulness,
            };
        let maps = targets.iter().zip(maps).zip(faithfulness).map(explanation).collect();
        Ok(Explained { mapping, size: canvas.size, looks: bench.looks.get(), maps })
    }

    fn batch(&self, picture: &Tensor) -> usize {
        let bytes = picture.shape().iter().product::<usize>() * picture.element_type().bytes();
        let usual = (BATCH_BYTES / bytes.max(1)).clamp(1, BATCH);
        self.batch.map_or(usual, |batch| batch.max(usual))
    }

    fn maps(&self, bench: &Bench, outputs: &Outputs) -> Result<Vec<Vec<f32>>> {
        let settings = &self.settings;
        if bench.targets.is_empty() {
            return Ok(Vec::new());
        }
        if let Some(cam) = &self.cam {
            let map = |target: &Target| cam.map(outputs, target.class as usize, bench.canvas.size);
            return bench.targets.iter().map(map).collect();
        }
        let other = bench.canvas.baseline(settings.baseline);
        match settings.method {
            Method::Occlusion => methods::occlusion(bench, settings.patch(bench.canvas.size), &other),
            Method::Auto | Method::Rise | Method::Drise | Method::Cam => {
                let masks = Masks::new(settings.seed, settings.grid, bench.canvas.size);
                methods::rise(bench, &masks, (settings.masks, f64::from(settings.keep)), &other)
            }
        }
    }

    fn measured(&self, bench: &Bench, maps: &[Vec<f32>]) -> Result<Vec<Option<Faithfulness>>> {
        let settings = &self.settings;
        if settings.random == 0 || maps.is_empty() {
            return Ok(vec![None; maps.len()]);
        }
        let zero = bench.canvas.baseline(Baseline::Zero);
        let blurred = bench.canvas.baseline(Baseline::Blur);
        let seen = Map { size: bench.canvas.size, values: &[], mapping: bench.mapping }.seen();
        let measure = Measure { seen, steps: settings.steps, zero: &zero, blurred: &blurred };
        let noise = Masks::new(settings.seed ^ NOISE, settings.grid, bench.canvas.size);
        Ok(measure.of(bench, maps, (&noise, settings.random))?.into_iter().map(Some).collect())
    }

    /// How often the model looks at a picture with so many targets.
    fn looks(&self, size: [usize; 2], targets: usize) -> u32 {
        let settings = &self.settings;
        let (patch, stride) = settings.patch(size);
        let masked = match (&self.cam, settings.method) {
            _ if targets == 0 => 0,
            (Some(_), _) => 0,
            (None, Method::Occlusion) => 1 + methods::squares_of(size, patch, stride),
            (None, _) => settings.masks,
        };
        let measuring = settings.random > 0 && targets > 0;
        let measured = if measuring { faithful::looks(settings.steps, targets, settings.random) } else { 0 };
        (1 + masked + measured) as u32
    }
}

/// Whether there can be something to explain.
fn answers(observation: &Observation) -> bool {
    match observation {
        Observation::Detections { .. } | Observation::Classes { .. } => true,
        Observation::Triage(triaged) => triaged.refused.is_none(),
        Observation::Text { .. } | Observation::Sheet(_) => false,
    }
}
