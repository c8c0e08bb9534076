//! Models for triage of DICOM images: gates first, then exact values instead of 8-bit pixels, then scores.

use fast_image_resize::images::Image;
use fast_image_resize::{FilterType, PixelType, ResizeAlg, ResizeOptions, Resizer};
use ndarray::{Array4, ArrayD, s};

use super::{Entry, Family, ModelInput, Outputs, Recipe};
use crate::engine::{Infer, ModelId, NamedTensor, Tensor};
use crate::error::{Error, Kind, Result};
use crate::frame::{Attributes, Frame, ValueKind, Values, Warning};
use crate::observation::{Observation, Triaged};
use crate::preprocess::{Mapping, View};
use crate::spec::triage::{Accepts, Activation, Crop, Triage};
use crate::spec::{Resize, Spec, Task};

pub const ENTRY: Entry = Entry {
    name: "triage",
    task: Task::Triage,
    about: "findings in DICOM images with scores of their own; its description says what it accepts",
    recognise: |_| None,
    build: |recipe| Ok(Box::new(Model::new(recipe)?)),
};

struct Model {
    input: ModelInput,
    triage: Triage,
    labels: usize,
}

impl Model {
    fn new(recipe: &Recipe) -> Result<Self> {
        let spec: &Spec = recipe.spec;
        let invalid = |text: String| Error::new(Kind::ModelInvalid, format!("{}: {text}", spec.name));
        let triage = spec.triage.clone();
        let triage = triage.ok_or_else(|| invalid("a model for triage needs a table [triage]".into()))?;
        let input = ModelInput::new(recipe)?;
        if let Some(name) = &triage.output
            && !recipe.header.outputs.iter().any(|output| output.name == *name)
        {
            return Err(invalid(format!("no output {name:?} as [triage] output says")));
        }
        Ok(Self { input, triage, labels: recipe.labels })
    }

    /// The values as the model is given them.
    fn tensor(&self, values: &Values) -> Result<NamedTensor> {
        let internal =
            |e: &dyn std::fmt::Display| Error::new(Kind::Internal, format!("values not scaled: {e}"));
        let [width, height] = self.input.size;
        let bytes = values.data.iter().flat_map(|value| value.to_ne_bytes()).collect();
        let source = Image::from_vec_u8(values.size[0], values.size[1], bytes, PixelType::F32);
        let source = source.map_err(|e| internal(&e))?;
        let mut target = Image::new(width, height, PixelType::F32);
        // Bilinear with a wider kernel where it shrinks, as PIL, torchvision and skimage with anti-aliasing.
        let mut options = ResizeOptions::new().resize_alg(ResizeAlg::Convolution(FilterType::Bilinear));
        if self.triage.values.crop == Crop::Centre {
            let side = values.size[0].min(values.size[1]);
            let [left, top] = values.size.map(|whole| f64::from((whole - side) / 2));
            options = options.crop(left, top, f64::from(side), f64::from(side));
        }
        Resizer::new().resize(&source, &mut target, &options).map_err(|e| internal(&e))?;
        let ([low, high], [to_low, to_high]) = (self.triage.values.from, self.triage.values.to);
        let scaled = target.buffer().as_chunks::<4>().0.iter().map(|b| f32::from_ne_bytes(*b));
        let scaled: Vec<f32> = scaled
            .map(|value| (value.clamp(low, high) - low) / (high - low) * (to_high - to_low) + to_low)
            .collect();
        let channels = self.input.spec.colour.channels();
        let mut array = Array4::<f32>::zeros((1, channels, height as usize, width as usize));
        for channel in 0..channels {
            let plane = ndarray::ArrayView2::from_shape((height as usize, width as usize), &scaled);
            array.slice_mut(s![0, channel, .., ..]).assign(&plane.map_err(|e| internal(&e))?);
        }
        Ok(NamedTensor::new(self.input.name().to_owned(), Tensor::F32(array.into_dyn())))
    }

    /// How the whole image lies in the model's input.
    fn mapping(&self, size: [u32; 2]) -> Mapping {
        let resize = match self.triage.values.crop {
            Crop::None => Resize::Stretch,
            Crop::Centre => Resize::CentreCrop,
        };
        Mapping::fit(size, self.input.size, resize)
    }

    fn scores(&self, outputs: &Outputs) -> Result<Vec<f32>> {
        let output = match &self.triage.output {
            Some(name) => outputs.named(name)?,
            None => outputs.at(0)?,
        };
        let values: ArrayD<f32> = output.value.to_f32().into_owned();
        if values.len() != self.labels {
            let message =
                format!("output {} has {} values, expected {}", output.name, values.len(), self.labels);
            return Err(Error::new(Kind::ModelOutput, message));
        }
        let scores: Vec<f32> = match self.triage.scores {
            Activation::Probabilities => values.iter().copied().collect(),
            Activation::SigmoidLogits => values.iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect(),
            Activation::Softmax => {
                let most = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let weights: Vec<f32> = values.iter().map(|v| (v - most).exp()).collect();
                let sum: f32 = weights.iter().sum();
                weights.iter().map(|weight| weight / sum).collect()
            }
        };
        // A score that is none must not become a quiet negative.
        match scores.iter().find(|score| !(-1e-3..=1.001).contains(*score)) {
            Some(score) => {
                let message = format!("output {} holds {score}, expected a score from 0 to 1", output.name);
                Err(Error::new(Kind::ModelOutput, message))
            }
            None => Ok(scores.into_iter().map(|score| score.clamp(0.0, 1.0)).collect()),
        }
    }
}

impl Family for Model {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn view(&self) -> Option<View> {
        None
    }

    fn values(&self) -> Option<ValueKind> {
        Some(self.triage.values.source)
    }

    fn class_scores(&self, outputs: &Outputs) -> Result<Option<Vec<f32>>> {
        self.scores(outputs).map(Some)
    }

    fn prepare(&self, frame: &Frame) -> Result<(Vec<NamedTensor>, Mapping)> {
        let values = frame.values.as_ref();
        let values = values.ok_or_else(|| Error::new(Kind::Internal, "a frame without its values"))?;
        Ok((vec![self.tensor(values)?], self.mapping(values.size)))
    }

    fn decode(&self, outputs: &Outputs, _: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let triaged = Triaged { scores: self.scores(outputs)?, ..Triaged::default() };
        Ok((Observation::Triage(Box::new(triaged)), Vec::new()))
    }

    fn observe(&self, frame: &Frame, infer: &dyn Infer) -> Result<(Observation, Vec<Warning>)> {
        let mut triaged = Triaged {
            facts: frame.attributes.public().map(|(key, value)| (key.to_owned(), value.to_owned())).collect(),
            ..Triaged::default()
        };
        match (refusal(&self.triage.accepts, &frame.attributes, frame.size), &frame.values) {
            (Some(reason), _) => triaged.refused = Some(reason),
            (None, None) => triaged.refused = Some("it is not a grey DICOM image".into()),
            (None, Some(values)) => {
                let [width, height] = self.input.size;
                triaged.facts.push(("resize".into(), format!("{width}x{height} bilinear")));
                let outputs = infer.infer(ModelId::default(), &[self.tensor(values)?])?;
                triaged.scores = self.scores(&Outputs::new(outputs))?;
            }
        }
        Ok((Observation::Triage(Box::new(triaged)), Vec::new()))
    }
}

/// Why a model may not look at an image.
fn refusal(accepts: &Accepts, attributes: &Attributes, size: [u32; 2]) -> Option<String> {
    let value =
        |key: &str| attributes.public().find(|(own, _)| *own == key).map(|(_, value)| value.to_owned());
    let gates = [
        ("modality", &accepts.modality),
        ("body-part", &accepts.body_part),
        ("view", &accepts.view),
        ("photometric", &accepts.photometric),
    ];
    for (key, wanted) in gates.into_iter().filter(|(_, wanted)| !wanted.is_empty()) {
        let expected = wanted.join(", ");
        match value(key) {
            Some(found) if wanted.contains(&found) => {}
            Some(found) => return Some(format!("{key} is {found}, the model accepts {expected}")),
            None => return Some(format!("{key} is not said, the model accepts {expected}")),
        }
    }
    let [width, height] = accepts.min_size;
    (size[0] < width || size[1] < height).then(|| {
        format!("it has {}x{} pixels, the model accepts {width}x{height} and more", size[0], size[1])
    })
}
