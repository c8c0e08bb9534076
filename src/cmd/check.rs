//! `vision models check`: run a model on one picture, say what came in and out at each step, and draw.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::Args as ClapArgs;

use super::say::{columns, say};
use crate::atomic::write_whole;
use crate::draw::{Style, annotate};
use crate::engine::{Engine, ModelId, NamedTensor, Runtime, Setup};
use crate::error::{Error, Kind, Result};
use crate::family::Outputs;
use crate::frame::Frame;
use crate::models::{self, Model};
use crate::observation::{MAX_CANDIDATES, Observation, Observed};
use crate::options::{ClassifyOptions, FacesOptions, ModelOptions, OcrOptions, SelectOptions, TriageOptions};
use crate::perform::{Options, Prepared, Selection};
use crate::pipeline::open::open;
use crate::prediction::Prediction;
use crate::sink::picture::{DEFAULT_QUALITY, PictureFormat, encode};
use crate::source::Limits;
use crate::spec::{Spec, Task};

#[derive(Debug, ClapArgs)]
pub struct CheckArgs {
    /// Path of an .onnx file or its .toml, or the name of a model
    pub model: PathBuf,
    /// A picture that shows what the model is for
    pub photo: PathBuf,
    /// Read it by this description or as this family instead
    #[arg(long, value_name = "FILE|NAME")]
    pub spec: Option<String>,
    /// Names of its classes: a text file with a name a line, or a built-in list such as coco-80
    #[arg(long, value_name = "FILE|LIST")]
    pub labels: Option<String>,
    /// auto, cpu, cuda, cuda:N, tensorrt or tensorrt:N
    #[arg(long, value_name = "DEVICE", default_value = "cpu")]
    pub device: String,
    /// Where the picture with the results drawn goes, a .png or .jpg; an older one is replaced
    #[arg(long, value_name = "FILE", default_value = "vision-check.png")]
    pub out: PathBuf,
    /// ONNX Runtime's library to use instead of the one found
    #[arg(long, value_name = "FILE", env = "ORT_DYLIB_PATH", hide_env_values = true)]
    pub runtime: Option<PathBuf>,
}

/// Lines of results that are shown.
const SHOWN: usize = 10;

/// Runs the model once; the result is the exit code.
///
/// # Errors
/// What keeps the model, the runtime or the picture from being used; `ModelOutput` when the outputs are
/// not the family's.
pub fn run(args: &CheckArgs, out: &mut dyn Write) -> Result<u8> {
    let format = picture_format(&args.out)?;
    let prepared = prepared(args)?;
    let frame = frame(&args.photo)?;
    let (tensors, mapping) = prepared.family.prepare(&frame)?;
    let mut rows = about(prepared.model()?);
    rows.extend(tensors.iter().map(|tensor| vec!["input".to_owned(), facts(tensor)]));
    let runtime = Runtime::load(args.runtime.as_deref())?;
    let device = args.device.parse()?;
    let (model, setup) = (prepared.model()?, Setup::of(device, 1));
    let engine = Engine::new(runtime, &model.spec.name, &model.bytes, setup, &|_| ())?;
    let outputs = engine.worker()?.infer(ModelId::default(), &tensors)?;
    rows.extend(outputs.iter().map(|tensor| vec!["output".to_owned(), facts(tensor)]));
    // What was learnt so far helps most when the outputs are not what the family expects.
    say(out, &columns(&rows))?;
    let (observation, warnings) = prepared.family.decode(&Outputs::new(outputs), &mapping)?;
    let hints = hints(&observation, &model.spec);
    let (part, size, origin) = (frame.part.clone(), frame.size, frame.origin.clone());
    let observed = Observed { part, size, origin, warnings: Vec::new(), observation };
    let prediction = prepared.policy.decide(&observed);
    let mut rows = found(&prediction);
    rows.extend(warnings.iter().map(|warning| vec!["warning".to_owned(), warning.message.clone()]));
    rows.extend(hints.into_iter().map(|hint| vec!["note".to_owned(), hint]));
    draw(&args.out, format, &frame, &prediction)?;
    rows.push(vec!["picture".to_owned(), args.out.display().to_string()]);
    say(out, &columns(&rows))?;
    Ok(0)
}

/// The model read for the command of its task, with that command's defaults.
fn prepared(args: &CheckArgs) -> Result<Prepared> {
    let hints = models::Hints { spec: args.spec.clone(), labels: args.labels.clone() };
    let task = models::resolve_as(&args.model, &hints)?.spec.task;
    match task {
        Task::Detect => prepared_for::<SelectOptions>(args),
        Task::Classify => prepared_for::<ClassifyOptions>(args),
        Task::Faces => prepared_for::<FacesOptions>(args),
        Task::Ocr => prepared_for::<OcrOptions>(args),
        Task::Triage => prepared_for::<TriageOptions>(args),
        Task::Grade => Err(Error::usage("a sheet is no model; `vision grade` reads it")),
    }
}

fn prepared_for<S: Selection>(args: &CheckArgs) -> Result<Prepared> {
    let mut options = Options::<S>::with_defaults([args.photo.clone().into_os_string()])?;
    options.model = ModelOptions {
        model: args.model.to_string_lossy().into_owned(),
        spec: args.spec.clone(),
        labels: args.labels.clone(),
        device: args.device.clone(),
        ..options.model
    };
    Prepared::new(&options)
}

fn frame(photo: &Path) -> Result<Frame> {
    let name = photo.display().to_string();
    let opened = open(name.clone(), photo.to_owned(), &Limits::default())?;
    let empty = || Error::new(Kind::Empty, format!("{name}: holds no picture"));
    opened.frames?.next_frame().ok_or_else(empty)?
}

fn about(model: &Model) -> Vec<Vec<String>> {
    let spec = &model.spec;
    let row = |name: &str, text: String| vec![name.to_owned(), text];
    let mut rows = vec![row("model", model.origin.to_string())];
    match &model.understood {
        Some(understood) => {
            rows.push(row("read as", understood.why.clone()));
            rows.extend(understood.doubts.iter().map(|doubt| row("doubt", doubt.clone())));
        }
        None => rows.push(row("read as", format!("family {}, by its description", spec.family))),
    }
    rows
}

/// Name, type, shape and range of a tensor.
fn facts(tensor: &NamedTensor) -> String {
    let values = tensor.value.to_f32();
    let (mut least, mut most, mut sum, mut finite) = (f32::INFINITY, f32::NEG_INFINITY, 0f64, 0usize);
    for value in values.iter().filter(|value| value.is_finite()) {
        (least, most) = (least.min(*value), most.max(*value));
        sum += f64::from(*value);
        finite += 1;
    }
    let kind = format!("{:?}", tensor.value.element_type()).to_lowercase();
    let shape = values.shape();
    let name = &tensor.name;
    if finite == 0 {
        return format!("{name} {kind} {shape:?}, no finite values");
    }
    let odd = match values.len() - finite {
        0 => String::new(),
        odd => format!(", {odd} values not finite"),
    };
    let mean = sum / finite as f64;
    format!("{name} {kind} {shape:?}, values {least:.4} to {most:.4}, mean {mean:.4}{odd}")
}

fn found(prediction: &Prediction) -> Vec<Vec<String>> {
    let row = |text: String| vec!["found".to_owned(), text];
    let boxes = prediction.instances().iter().map(|i| {
        let [x1, y1, x2, y2] = <[f32; 4]>::from(i.rect).map(|v| v.round());
        row(format!("{} {:.2} at {x1}, {y1} to {x2}, {y2}", i.label, i.score))
    });
    let classes = prediction.classes().iter().map(|c| row(format!("{} {:.2}", c.label, c.score)));
    let mut rows: Vec<Vec<String>> = boxes.chain(classes).collect();
    let count = rows.len();
    rows.truncate(SHOWN);
    match count {
        0 => rows.push(row("nothing over the threshold".to_owned())),
        SHOWN.. if count > SHOWN => rows.push(row(format!("and {} more", count - SHOWN))),
        _ => {}
    }
    rows
}

/// What numbers like these usually mean.
fn hints(observation: &Observation, spec: &Spec) -> Vec<String> {
    let candidates = match observation {
        Observation::Detections { candidates, .. } => candidates,
        Observation::Text { lines } => return vec![format!("{} boxes of text, not read here", lines.len())],
        Observation::Classes { .. } | Observation::Triage(_) | Observation::Sheet(_) => return Vec::new(),
    };
    let conf = spec.conf.unwrap_or_else(Spec::usual_conf);
    let over = candidates.iter().filter(|c| c.score >= conf).count();
    let best = candidates.first().map_or(0.0, |c| c.score);
    let mut hints = vec![format!(
        "{} candidates, best score {best:.3}; {over} over conf {conf}, before overlapping ones go",
        candidates.len()
    )];
    if candidates.len() == MAX_CANDIDATES && over > MAX_CANDIDATES / 2 {
        hints.push(
            "so many sure candidates are a sign of scores read wrongly: see the doubts, or try another family with --spec".to_owned(),
        );
    } else if over == 0 {
        hints.push(
            "where the picture does show something, the preparation may be another: colour, mean, std and resize under [input]".to_owned(),
        );
    }
    hints
}

fn picture_format(path: &Path) -> Result<PictureFormat> {
    match path.extension().map(|e| e.to_ascii_lowercase()).and_then(|e| e.into_string().ok()).as_deref() {
        Some("png") => Ok(PictureFormat::Png),
        Some("jpg" | "jpeg") => Ok(PictureFormat::Jpeg),
        _ => Err(Error::usage(format!("--out {}: expected a name ending in .png or .jpg", path.display()))),
    }
}

fn draw(path: &Path, format: PictureFormat, frame: &Frame, prediction: &Prediction) -> Result<()> {
    let mut picture = frame.pixels.clone();
    annotate(&mut picture, prediction, &Style::default());
    let bytes = encode(&picture, format, DEFAULT_QUALITY, frame.icc.as_deref())?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    write_whole(folder, path, &bytes)
}
