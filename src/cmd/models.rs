//! `vision models`: which models there are, getting more, and everything one says about itself.

mod list;
mod own;
mod pull;

use std::io::Write;
use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};
use serde_json::{Value as Json, json};

use super::check::{self, CheckArgs};
use super::say::{columns, megabytes, say, say_json};
use super::{Entry, printing, with_options};
use crate::error::{Kind, Result};
use crate::models::{self, Hints, Opened, catalogue};
use crate::onnx::{Dim, Header};
use crate::spec::{InputSpec, LabelSet, Spec, Task};

pub const ENTRY: Entry = Entry {
    command: || with_options::<Args>("models", "List, fetch and keep models, and say what a model file is"),
    run: |matches| printing::<Args>(matches, run),
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    pub action: Action,
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// The models that are built in, those in your models folder, and those that can be pulled
    List {
        /// For scripts
        #[arg(long)]
        json: bool,
        /// A catalogue of your own beside the built-in one
        #[arg(long, value_name = "FILE", env = "VISION_CATALOGUE")]
        catalogue: Option<PathBuf>,
    },
    /// Fetch models of the catalogue into your models folder, checked against their digests
    Pull(pull::Pull),
    /// Copy a model file and its description into your models folder
    Add(own::Add),
    /// Remove a model from your models folder
    Remove(own::Remove),
    /// The families: ways to read a model's outputs
    Families,
    /// Run it on one picture: what goes in and comes out at each step, and the picture drawn
    Check(CheckArgs),
    /// Inputs, outputs, labels, processing, licence, and how it is understood and why
    Info {
        /// Name of a model, or path of an .onnx file or its .toml
        model: PathBuf,
        /// Read it by this description or as this family instead
        #[arg(long, value_name = "FILE|NAME")]
        spec: Option<String>,
        /// For scripts
        #[arg(long)]
        json: bool,
    },
}

/// Exit code 1 when `info` finds that the model cannot be used as it is.
///
/// # Errors
/// `ModelNotFound` and `ModelInvalid` when there is nothing to tell about; those of getting and keeping
/// models.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<u8> {
    match &args.action {
        Action::List { json, catalogue } => {
            list::list(&models::list(), &catalogue::load(catalogue.as_deref())?, *json, out)
        }
        Action::Pull(args) => pull::run(args, out),
        Action::Add(args) => own::add(args, out),
        Action::Remove(args) => own::remove(args, out),
        Action::Families => list::families(out),
        Action::Check(args) => check::run(args, out),
        Action::Info { model, spec, json } => {
            let hints = Hints { spec: spec.clone(), labels: None };
            info(&models::open(model, &hints)?, *json, out)
        }
    }
}

fn info(model: &Opened, json: bool, out: &mut dyn Write) -> Result<u8> {
    let verdict = model.verdict();
    if json {
        say_json(out, &info_json(model, verdict.as_ref().err()))?;
    } else {
        let mut text = columns(&rows(model, &verdict));
        if model.spec.as_ref().is_err_and(|error| error.kind == Kind::ModelNotFound) {
            let name = model.stem();
            let example = models::template(&name, &model.header);
            text += &format!(
                "\nAn example of a description; write it to {name}.toml and correct it:\n\n{example}"
            );
        }
        say(out, &text)?;
    }
    Ok(u8::from(verdict.is_err()))
}

fn info_json(model: &Opened, problem: Option<&String>) -> Json {
    let labels = model.spec.as_ref().ok().and_then(|spec| LabelSet::new(&spec.labels).ok());
    json!({
        "from": model.origin.to_string(),
        "digest": model.digest,
        "bytes": model.bytes.len(),
        "header": model.header,
        "description": model.spec.as_ref().ok(),
        "labels": labels.map(|labels| labels.names().to_vec()),
        "understood": model.understood.as_ref().map(|u| json!({ "why": u.why, "doubts": u.doubts })),
        "usable": problem.is_none(),
        "problem": problem,
    })
}

fn rows(model: &Opened, verdict: &std::result::Result<(), String>) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = |name: &str, value: String| rows.push(vec![name.to_owned(), value]);
    if let Ok(spec) = &model.spec {
        row("model", format!("{}: {}", spec.name, spec.about));
        row("task", format!("{}, family {}", kebab(&spec.task), spec.family));
        row("labels", labels(spec));
        row("licence", or_unknown(&spec.licence));
        row("origin", or_unknown(&spec.origin));
        row("thresholds", thresholds(spec));
        row("processing", processing(&spec.input));
    }
    row("file", format!("{}, {}", model.origin, megabytes(model.bytes.len() as u64)));
    row("digest", model.digest.clone());
    if model.rewritten.is_some() {
        row("header", "sizes left open, as its description says (open-header)".to_owned());
    }
    header_rows(&model.header, &mut row);
    if let Some(open) = open_axes(model) {
        row("open axes", open);
    }
    if let Some(understood) = &model.understood {
        row("understood", understood.why.clone());
        understood.doubts.iter().for_each(|doubt| row("but", doubt.clone()));
    }
    row("verdict", verdict_text(model, verdict));
    rows
}

/// In short where the rest of the answer says it already.
fn verdict_text(model: &Opened, verdict: &std::result::Result<(), String>) -> String {
    match (&model.spec, verdict) {
        (_, Ok(())) => "usable".to_owned(),
        (Err(error), _) if error.kind == Kind::ModelNotFound => {
            format!("not usable yet: no {}.toml beside it says what it expects", model.stem())
        }
        (_, Err(why)) => format!("not usable: {why}"),
    }
}

fn header_rows(header: &Header, row: &mut impl FnMut(&str, String)) {
    header.inputs.iter().for_each(|input| row("input", input.to_string()));
    header.outputs.iter().for_each(|output| row("output", output.to_string()));
    let domain = |name: &String| if name.is_empty() { "ai.onnx".to_owned() } else { name.clone() };
    let opsets: Vec<_> = header.opsets.iter().map(|(name, v)| format!("{} {v}", domain(name))).collect();
    row("opset", opsets.join(", "));
    let weights = megabytes(header.initializer_bytes);
    row("network", format!("{} operators, {weights} of weights", header.node_count));
    row("format", format!("ONNX IR {}, written by {}", header.ir_version, or_unknown(&header.producer)));
}

fn thresholds(spec: &Spec) -> String {
    match (spec.task, spec.conf) {
        (Task::Detect | Task::Faces, conf) => {
            format!("conf {}, iou {}", conf.unwrap_or_else(Spec::usual_conf), spec.iou)
        }
        (_, Some(conf)) => format!("conf {conf}"),
        (_, None) => "none; the best are shown".to_owned(),
    }
}

/// Which axes the model leaves open and what they become.
fn open_axes(model: &Opened) -> Option<String> {
    let open = |dim: &&Dim| dim.fixed().is_none();
    let shapes = model.header.inputs.iter().filter_map(|input| input.shape.as_ref());
    let names: Vec<_> = shapes.flatten().filter(open).map(Dim::to_string).collect();
    if names.is_empty() {
        return None;
    }
    let size = match &model.spec {
        Ok(spec) => {
            let [width, height] = spec.input.size;
            let other = if spec.input.dynamic_size { ", or --imgsz" } else { "" };
            format!("the description's size {width}x{height}{other}")
        }
        Err(_) => "the size that the description will give".to_owned(),
    };
    Some(format!("{}: batch from the job, picture from {size}", names.join(", ")))
}

fn processing(input: &InputSpec) -> String {
    let [width, height] = input.size;
    format!(
        "{} to {width}x{height} ({}), {}, minus mean {:?}, by std {:?}, {} {}",
        kebab(&input.resize),
        kebab(&input.interpolation),
        kebab(&input.colour),
        input.mean,
        input.std,
        kebab(&input.layout),
        kebab(&input.element),
    )
}

fn labels(spec: &Spec) -> String {
    const SHOWN: usize = 6;
    match LabelSet::new(&spec.labels) {
        Ok(set) if set.is_empty() => "none; classes are called class_0, class_1, …".to_owned(),
        Ok(set) => {
            let first = set.names().iter().take(SHOWN).cloned().collect::<Vec<_>>().join(", ");
            format!("{}: {first}{}", set.len(), if set.len() > SHOWN { ", …" } else { "" })
        }
        Err(error) => error.chain(),
    }
}

/// The name that a value has in a description.
fn kebab(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Json::String(name)) => name,
        other => format!("{other:?}"),
    }
}

fn or_unknown(text: &str) -> String {
    if text.is_empty() { "not said".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
#[path = "models_tests.rs"]
mod tests;
