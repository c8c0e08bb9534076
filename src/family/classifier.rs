//! Classifiers: one score a class for the whole picture, as probabilities or as logits.

use ndarray::ArrayViewD;
use serde::Deserialize;

use super::reading::{Certainty, Reading, USUAL_CLASSIFIER_SIDE, picture};
use super::{Entry, Family, ModelInput, Outputs, Recipe, not_finite};
use crate::engine::ElementType;
use crate::error::{Error, Kind, Result};
use crate::frame::Warning;
use crate::observation::{ClassScore, Observation, bound_classes};
use crate::onnx::exporter::{self, Ultralytics};
use crate::onnx::{Element, Header, Value};
use crate::preprocess::Mapping;
use crate::spec::{Colour, InputSpec, Interpolation, Resize, Task};

pub const ENTRY: Entry = Entry {
    name: "classifier",
    task: Task::Classify,
    about: "one [1,classes] output of probabilities or logits, axes of 1 aside",
    recognise,
    build: |recipe| Ok(Box::new(Classifier::new(recipe)?)),
};

/// ImageNet's statistics in RGB order, pixels 0..255 (torchvision, references/classification/presets.py).
const IMAGENET_MEAN: [f32; 3] = [123.675, 116.28, 103.53];
const IMAGENET_STD: [f32; 3] = [58.395, 57.12, 57.375];

/// What the numbers of the output are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Scores {
    /// 0 to 1, as they are.
    Probabilities,
    /// Softmax makes them probabilities: one class of all.
    Logits,
    /// The logistic function makes each a probability of its own.
    SigmoidLogits,
}

/// The `[decode]` table of the description.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Decode {
    scores: Scores,
    /// Whether each class is a yes or no of its own; so for `sigmoid-logits` where it is not said.
    multi_label: Option<bool>,
    /// Name of the output, where there are several.
    output: Option<String>,
    /// What a whole number of a quantised output is worth; 1/255 for u8 where it is not said.
    scale: Option<f32>,
}

struct Classifier {
    input: ModelInput,
    decode: Decode,
    output: String,
    classes: Option<usize>,
    multi_label: bool,
}

/// The number of classes of an output that is a row of scores; `None` for what is none or leaves it open.
fn classes(output: &Value) -> Option<usize> {
    let kind = output.element.and_then(Element::supported)?;
    let axes = output.shape.as_ref()?;
    let number = matches!(kind, ElementType::F32 | ElementType::F16 | ElementType::U8);
    // The batch may be open; [1,1000,1,1] and [1,1,1,1000] are rows too.
    let mut sizes = axes.iter().skip(usize::from(axes.len() > 1)).map(|axis| axis.fixed());
    let count = sizes.try_fold(1i64, |product, size| match (product, size?) {
        (1, size) => Some(size),
        (product, 1) => Some(product),
        _ => None,
    })?;
    usize::try_from(count).ok().filter(|count| number && *count > 1)
}

fn recognise(header: &Header) -> Option<Reading> {
    let ultralytics = Ultralytics::of(header).filter(|notes| notes.task == "classify");
    let output = header.outputs.iter().find(|output| classes(output).is_some())?;
    if header.outputs.len() > 1 && ultralytics.is_none() {
        return None;
    }
    let count = classes(output)?;
    let names = ultralytics.as_ref().map_or_else(Vec::new, |notes| notes.names.clone());
    let names = if names.is_empty() { noted_names(header, count) } else { names };
    let (scores, certainty, doubt) = scores(header, output);
    let certainty = if ultralytics.is_some() { Certainty::Metadata } else { certainty };
    let input = usual_input(header, ultralytics.is_some())?;
    let why = format!("{output} is a score for each of {count} classes");
    let mut reading = Reading::new(certainty, why, input);
    reading.decode.insert("scores".into(), scores.into());
    reading.classes = Some(count);
    reading.names = names;
    reading.doubts.extend(doubt);
    if ultralytics.is_none() {
        reading.doubts.push(normalisation(&reading.input));
    }
    Some(reading)
}

/// Names of the classes in the metadata of whoever notes them there.
fn noted_names(header: &Header, count: usize) -> Vec<String> {
    let notes =
        ["names", "classes", "labels", "class_names"].iter().filter_map(|key| header.metadata.get(*key));
    notes.map(|text| exporter::names(text)).find(|names| names.len() == count).unwrap_or_default()
}

/// Probabilities or logits: by the operator that makes them, else by the output's name.
fn scores(header: &Header, output: &Value) -> (&'static str, Certainty, Option<String>) {
    let name = output.name.to_lowercase();
    match header.probabilities.get(&output.name).map(String::as_str) {
        Some("Softmax") => ("probabilities", Certainty::Names, None),
        Some("Sigmoid" | "HardSigmoid") => {
            let doubt = "its scores come from a sigmoid: several classes may hold at once; if only one does, write \
                         multi-label = false under [decode]";
            ("probabilities", Certainty::Names, Some(doubt.to_owned()))
        }
        _ if ["prob", "softmax"].iter().any(|part| name.contains(part)) => {
            ("probabilities", Certainty::Names, None)
        }
        _ => {
            let doubt = format!(
                "{:?} is taken for logits of one class among all; write scores = \"probabilities\" under [decode] if it \
                 is 0 to 1 already, \"sigmoid-logits\" if several classes may hold. If it is no score but a \
                 description of the picture (an embedding), this is not its command",
                output.name
            );
            ("logits", Certainty::Shape, Some(doubt))
        }
    }
}

/// The preparation of most classifiers, by torchvision and timm, or of Ultralytics' (`classify_transforms`
/// in ultralytics/data/augment.py).
fn usual_input(header: &Header, ultralytics: bool) -> Option<InputSpec> {
    let usual = InputSpec {
        size: [USUAL_CLASSIFIER_SIDE; 2],
        resize: Resize::CentreCrop,
        interpolation: Interpolation::PilBilinear,
        mean: IMAGENET_MEAN,
        std: IMAGENET_STD,
        ..InputSpec::default()
    };
    let plain = InputSpec { mean: [0.0; 3], std: [255.0; 3], ..usual.clone() };
    if ultralytics {
        return picture(header, 3, InputSpec { crop_fraction: 1.0, ..plain });
    }
    let grey = InputSpec { colour: Colour::Grey, resize: Resize::Stretch, ..plain };
    picture(header, 3, usual).or_else(|| picture(header, 1, grey))
}

fn normalisation(input: &InputSpec) -> String {
    match input.element {
        ElementType::F32 | ElementType::F16 => format!(
            "a file does not say how pictures are normalised and cropped: taken are mean {:?} and std {:?} of pixels \
             0 to 255, and a centre crop of {}; correct mean, std, colour and resize under [input] of a description",
            input.mean, input.std, input.crop_fraction
        ),
        _ => "a file does not say how pictures are cropped: taken is a centre crop; correct resize under [input] of a \
              description"
            .to_owned(),
    }
}

impl Classifier {
    fn new(recipe: &Recipe) -> Result<Self> {
        let spec = recipe.spec;
        let invalid = |message: String| Error::new(Kind::ModelInvalid, format!("{}: {message}", spec.name));
        let decode: Decode = toml::Value::Table(spec.decode.clone()).try_into().map_err(|e| {
            let wanted = "[decode] needs scores = \"probabilities\", \"logits\" or \"sigmoid-logits\"";
            invalid(wanted.to_owned()).because(e)
        })?;
        if decode.scale.is_some_and(|scale| !(scale.is_normal() && scale > 0.0)) {
            return Err(invalid("[decode] scale must be a number over 0".to_owned()));
        }
        let output = output(recipe, decode.output.as_deref())?;
        let classes = classes(output);
        if let Some(found) = classes.filter(|count| recipe.labels > 0 && *count != recipe.labels) {
            let message = format!(
                "{}: {output} has {found} classes, its description has {} labels; correct labels (a list, or --labels FILE)",
                spec.name, recipe.labels
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        let sigmoid =
            recipe.header.probabilities.get(&output.name).is_some_and(|made_by| made_by == "Sigmoid");
        let multi_label = decode.multi_label.unwrap_or(decode.scores == Scores::SigmoidLogits || sigmoid);
        let output = output.name.clone();
        Ok(Self { input: ModelInput::new(recipe)?, decode, output, classes, multi_label })
    }

    /// A score a class, 0 to 1.
    fn scores(&self, outputs: &Outputs) -> Result<Vec<f32>> {
        let output = outputs.named(&self.output)?;
        let values = output.value.to_f32();
        let whole = !matches!(output.value.element_type(), ElementType::F32 | ElementType::F16);
        let scale = self.decode.scale.unwrap_or(if whole { 1.0 / 255.0 } else { 1.0 });
        let row: Vec<f32> =
            row(values.view(), self.classes, &output.name)?.iter().map(|v| v * scale).collect();
        self.probabilities(&row)
    }

    /// The scores of a row as probabilities.
    fn probabilities(&self, row: &[f32]) -> Result<Vec<f32>> {
        match self.decode.scores {
            Scores::Probabilities => {
                // Rounding aside; further out is no probability, and guessing would be silent.
                if let Some(value) = row.iter().find(|v| **v < -0.01 || **v > 1.01) {
                    let message = format!(
                        "output {} holds {value}, expected probabilities from 0 to 1; write scores = \"logits\" (or \
                         \"sigmoid-logits\") under [decode] of the model's description",
                        self.output
                    );
                    return Err(Error::new(Kind::ModelOutput, message));
                }
                Ok(row.to_vec())
            }
            Scores::Logits => Ok(softmax(row)),
            Scores::SigmoidLogits => Ok(row.iter().map(|v| 1.0 / (1.0 + (-v).exp())).collect()),
        }
    }
}

/// The output of scores: the one named, else the only one that is a row.
fn output<'a>(recipe: &'a Recipe, name: Option<&str>) -> Result<&'a Value> {
    let outputs = &recipe.header.outputs;
    let found = || outputs.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mismatch = |what: &str| {
        Error::new(Kind::ModelMismatch, format!("{}: {what}; found {}", recipe.spec.name, found()))
    };
    if let Some(name) = name {
        let named = outputs.iter().find(|output| output.name == name);
        return named.ok_or_else(|| mismatch(&format!("no output {name:?} as [decode] output says")));
    }
    // A shape that the file leaves open may be a row.
    let open =
        |output: &&Value| output.shape.as_ref().is_none_or(|s| s.iter().skip(1).any(|d| d.fixed().is_none()));
    let mut rows = outputs.iter().filter(|output| classes(output).is_some());
    match (rows.next(), rows.next(), outputs.as_slice()) {
        (Some(row), None, _) => Ok(row),
        (None, _, [only]) if open(&only) => Ok(only),
        (Some(_), Some(_), _) => {
            Err(mismatch("several outputs could be the scores; say which: output = … under [decode]"))
        }
        _ => Err(mismatch("family classifier expects an output [1,classes]")),
    }
}

fn softmax(row: &[f32]) -> Vec<f32> {
    let max = row.iter().copied().filter(|v| v.is_finite()).fold(f32::NEG_INFINITY, f32::max);
    let weights: Vec<f32> = row.iter().map(|v| (v - max).exp()).collect();
    let sum: f32 = weights.iter().filter(|w| w.is_finite()).sum();
    weights.iter().map(|weight| weight / sum).collect()
}

impl Family for Classifier {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    fn class_scores(&self, outputs: &Outputs) -> Result<Option<Vec<f32>>> {
        self.scores(outputs).map(Some)
    }

    fn decode(&self, outputs: &Outputs, _: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let numbered = self.scores(outputs)?.into_iter().enumerate();
        let mut scores: Vec<ClassScore> =
            numbered.map(|(class, score)| ClassScore { class: class as u32, score }).collect();
        let dropped = bound_classes(&mut scores);
        let observation = Observation::Classes { scores, multi_label: self.multi_label };
        Ok((observation, not_finite(dropped).into_iter().collect()))
    }
}

/// The values of a row, whatever axes of 1 it has.
fn row<'a>(values: ArrayViewD<'a, f32>, classes: Option<usize>, name: &str) -> Result<Vec<f32>> {
    let shape = values.shape();
    let longest = shape.iter().copied().max().unwrap_or(1);
    if values.len() != longest || longest < 2 || classes.is_some_and(|count| count != longest) {
        let wanted = classes.map_or_else(|| "classes".to_owned(), |count| count.to_string());
        let message = format!("output {name} has the shape {shape:?}; expected [1,{wanted}]");
        return Err(Error::new(Kind::ModelOutput, message));
    }
    Ok(values.iter().copied().collect())
}

#[cfg(test)]
mod tests;
