//! What can be checked before anything is opened: model, description, labels, thresholds, limits.

use std::sync::Arc;

use super::Options;
pub use super::command::Selection;
use super::shape::{batch, input_size, takes_batches};
pub use super::subject::Subject;
pub(super) use super::subject::own;
use super::{explain, tracks, upload};
use crate::engine::{ByteInput, Device, ElementType, Setup};
use crate::error::{Error, Kind, Result};
use crate::explain::Explainer;
use crate::family::{self, Family, Recipe};
use crate::input::Select;
use crate::live::Address;
use crate::live::address::printable;
use crate::looks::{Looker, Looks};
use crate::models::{self, Model};
use crate::options::InputOptions;
use crate::pipeline::tracks::Tracking;
use crate::policy::Policy;
use crate::review::{self, Decisions, Reviewed};
use crate::run::job::Job;
use crate::run::key::ObservationConfig;
use crate::source::{Detail, Limits, spare, video};
use crate::spec::Task;

/// A job ready to begin.
pub struct Prepared {
    /// What looks, as keys and `run.json` name it.
    pub subject: Subject,
    /// All models of the job in the order of [`crate::engine::ModelId`], its own first; none where nothing is to be
    /// inferred.
    pub models: Vec<Model>,
    /// How often each picture is looked at, beside once as a whole.
    pub looks: Looks,
    /// What else observations depend on.
    observing: Vec<String>,
    /// Of each model, the one with a picture of bytes.
    byte_inputs: Vec<Option<ByteInput>>,
    pub family: Box<dyn Family>,
    pub policy: Box<dyn Policy>,
    /// Of people, for this run; none without `--apply`.
    pub decisions: Arc<Decisions>,
    /// Width and height of the model's input in this run; 0 without a model of its own.
    pub size: [u32; 2],
    pub limits: Limits,
    /// Frames joined into a call at most; `None` leaves it to the device.
    pub batch: Option<usize>,
    /// How things are followed from frame to frame, where they are.
    pub tracking: Option<Tracking>,
    /// What explains the answers, where that is asked for.
    pub explainer: Option<Explainer>,
}

impl Prepared {
    pub fn new<S: Selection>(options: &Options<S>) -> Result<Self> {
        let device = options.model.device.parse::<Device>()?;
        super::asked(&options.model.workers)?;
        let (subject, mut models, size) = match options.select.subject()? {
            Some(subject) => (subject, Vec::new(), [0, 0]),
            None => {
                let model = models::resolve_as(&options.model.model, &options.model.hints())?;
                options.select.fits(&model)?;
                let size = input_size(options.model.imgsz.as_deref(), &model)?;
                (Subject::of(&model), vec![model], size)
            }
        };
        about_boxes(options)?;
        if let Some(own) = models.first() {
            models.extend(ensemble(options, own)?);
        }
        models.extend(options.select.beside(models.first())?);
        let looks = options.look.looks()?;
        let family = options.select.family(&models, size, &looks, &[])?;
        let batch = batch(&options.model.batch, models.first(), family.as_ref())?;
        let explainer = match models.split_first() {
            Some((own, beside)) => {
                explain::explainer(options.select.explain(), own, (&looks, beside.len()), batch)?
            }
            None => None,
        };
        let mut observing = options.select.observing(&models);
        observing.extend(explainer.as_ref().map(Explainer::words));
        // Numbers are masked, not bytes: a baseline of 0 is the mean colour.
        let upload = upload::asked(options.model.upload, S::TAKES_BYTES && explainer.is_none())?;
        let byte_inputs = models.iter().map(|model| upload::byte_input(upload, device, model));
        let byte_inputs = byte_inputs.collect::<Result<_>>()?;
        let mut policy = options.select.policy(&models)?;
        let decisions = Arc::new(review::read(&options.run.apply)?);
        if !options.run.apply.is_empty() {
            policy = Box::new(Reviewed { inner: policy, decisions: Arc::clone(&decisions) });
        }
        let mut limits = options.input.limits();
        limits.detail = Detail {
            enough_for: family.view().zip(spare(&options.input.decode)?),
            full: options.output.draws(),
            values: family.values(),
        };
        limits.video = options.video.settings(options.input.isolate)?;
        options.input.select()?;
        crate::sink::known(&options.output.format, S::TASK)?;
        let tracking = options.select.track().map(|track| tracks::tracking(track, policy.labels()));
        let tracking = tracking.transpose()?.flatten();
        options.output.check(tracking.as_ref().is_some_and(|tracking| tracking.zones.is_some()))?;
        if tracking.is_some() && !options.run.apply.is_empty() {
            return Err(Error::usage(
                "--apply and --track do not go together: decisions are of single frames",
            ));
        }
        Ok(Self {
            subject,
            models,
            looks,
            observing,
            byte_inputs,
            family,
            policy,
            decisions,
            size,
            limits,
            batch,
            tracking,
            explainer,
        })
    }

    /// The job's own model.
    ///
    /// # Errors
    /// `Internal` where it has none.
    pub fn model(&self) -> Result<&Model> {
        own(&self.models)
    }

    /// How one of the job's models is to run.
    pub fn setup_of(&self, model: &Model, device: Device, threads: usize) -> Setup {
        let takes = takes_batches(model, self.family.as_ref());
        let which = self.models.iter().position(|other| std::ptr::eq(model, other));
        let own = which == Some(0) && self.size != [0, 0];
        let [width, height] = if own { self.size } else { model.spec.input.size }.map(i64::from);
        let inputs = if takes { model.header.open_inputs([width, height]) } else { Vec::new() };
        let byte_input = which.and_then(|which| self.byte_inputs.get(which)?.clone());
        Setup { device, threads, batch: if takes { self.batch } else { Some(1) }, inputs, byte_input }
    }

    /// Prepares bytes for those of the models, in order, whose engines take them: the one place where the
    /// element type of a description gives way.
    ///
    /// # Errors
    /// As [`family::build`], which has built the same before.
    pub fn give_bytes<S: Selection>(&mut self, select: &S, takes: &[bool]) -> Result<()> {
        // What was written was for the engines.
        self.byte_inputs.clear();
        self.family = select.family(&self.models, self.size, &self.looks, takes)?;
        Ok(())
    }

    pub fn config(&self, precision: &str) -> ObservationConfig {
        ObservationConfig {
            model: self.subject.digest.clone(),
            spec: self.subject.spec_digest.clone(),
            input_size: self.size,
            provider: precision.to_owned(),
            looks: self.looks_in_words(),
            decode: self.decode_in_words(),
            choice: self.limits.video.choice.to_string(),
        }
    }

    /// How large JPEG files are decoded; empty where in full.
    pub(super) fn decode_in_words(&self) -> String {
        let spare = self.limits.detail.enough_for.map(|(_, spare)| spare);
        spare.map(|spare| format!("at least {spare} times what the model sees")).unwrap_or_default()
    }

    /// What an observation depends on beside the model; empty where each picture is looked at once.
    pub(super) fn looks_in_words(&self) -> String {
        let mut words = Vec::new();
        if let Some(tiling) = &self.looks.tiling {
            words.push(format!("tiles of {} overlap {}", tiling.side, tiling.overlap));
        }
        if self.looks.flip {
            words.push("mirrored".to_owned());
        }
        // The models' own suppression is part of what comes together.
        let beside = self.beside();
        if let Some(own) = self.models.first()
            && (!words.is_empty() || !beside.is_empty())
        {
            words.push(format!("iou {}", own.spec.iou));
        }
        words.extend(self.observing.iter().cloned());
        words.extend(beside.iter().map(|model| format!("with {} {}", model.digest, model.spec_digest)));
        words.join(", ")
    }

    /// The models that look beside what the job is named after.
    fn beside(&self) -> &[Model] {
        if self.subject.is_model { self.models.get(1..).unwrap_or_default() } else { &self.models }
    }

    pub fn job<S: Selection>(&self, command: &str, options: &Options<S>) -> Job {
        let absolute = |name: &std::ffi::OsString| match std::path::absolute(name) {
            _ if Address::of(name).is_ok_and(|address| address.is_some()) => {
                printable(name).to_string_lossy().into_owned()
            }
            Ok(path) if name != "-" => path.to_string_lossy().into_owned(),
            _ => name.to_string_lossy().into_owned(),
        };
        let hidden = |name: &std::ffi::OsString| match &options.input.pseudonyms {
            Some(pseudonyms) => pseudonyms.of("argument", &absolute(name)),
            None => absolute(name),
        };
        Job {
            version: 1,
            command: command.to_owned(),
            inputs: options.input.inputs.iter().map(hidden).collect(),
            model: self.subject.name.clone(),
            model_digest: self.subject.digest.clone(),
            spec_digest: self.subject.spec_digest.clone(),
            input_size: self.size,
            looks: self.looks_in_words(),
            decode: self.decode_in_words(),
            device: options.model.device.clone(),
            provider: None,
            pseudonyms: options.input.pseudonyms.as_ref().map(crate::pseudonym::Pseudonyms::check),
        }
    }
}

/// Refuses options about boxes where there are none.
fn about_boxes<S: Selection>(options: &Options<S>) -> Result<()> {
    let task = S::TASK;
    if matches!(task, Task::Detect | Task::Faces) {
        return Ok(());
    }
    if options.output.crops {
        return Err(Error::usage(format!(
            "--crops cuts out boxes, which `vision {task}` does not have; leave it out"
        )));
    }
    let joined = options.look.flip || !options.look.ensemble.is_empty();
    if joined || (task != Task::Ocr && !options.look.is_plain()) {
        let which = if task == Task::Ocr { "--flip and --ensemble" } else { "--tile, --flip and --ensemble" };
        return Err(Error::usage(format!(
            "{which} join boxes, which `vision {task}` does not have; leave them out (in \
             vision.toml: write them under [detect])"
        )));
    }
    Ok(())
}

/// The models of `--ensemble`.
fn ensemble<S: Selection>(options: &Options<S>, model: &Model) -> Result<Vec<Model>> {
    let resolve = |name: &String| {
        let mut other = models::resolve_as(name, &Default::default())?;
        for_task(&other, S::TASK)?;
        // A file without names, such as YOLOv5's, is given those of the first.
        if other.labels.is_empty() {
            other.labels = model.labels.clone();
        }
        if other.labels.names() != model.labels.names() {
            let message = format!(
                "--ensemble {name}: {}; models that look together must name the same things in the same order: write \
                 labels in a .toml beside it",
                difference(&other, model)
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        Ok(other)
    };
    options.look.ensemble.iter().map(resolve).collect()
}

/// Where the labels of two models part.
fn difference(other: &Model, first: &Model) -> String {
    let (own, wanted) = (other.labels.names(), first.labels.names());
    match own.iter().zip(wanted).position(|(a, b)| a != b) {
        Some(n) => format!("its class {n} is {:?}, that of {} is {:?}", own[n], first.spec.name, wanted[n]),
        None => format!("it has {} labels, {} has {}", own.len(), first.spec.name, wanted.len()),
    }
}

/// The model's family, or several looks as one. `bytes` says which of the models take bytes; those that it does
/// not reach take what their descriptions say.
pub(super) fn looking(
    models: &[Model],
    size: [u32; 2],
    looks: &Looks,
    bytes: &[bool],
) -> Result<Box<dyn Family>> {
    let (model, beside) = (own(models)?, models.get(1..).unwrap_or_default());
    let given = |which: usize| bytes.get(which) == Some(&true);
    let own = model_family(model, size, given(0))?;
    if *looks == Looks::default() && beside.is_empty() {
        return Ok(own);
    }
    let mut members = vec![own];
    for (n, other) in beside.iter().enumerate() {
        members.push(model_family(other, other.spec.input.size, given(n + 1))?);
    }
    Ok(Box::new(Looker::new(members, looks.clone(), model.spec.iou)))
}

/// The family of one model; `bytes` says whether it is given its picture as bytes.
///
/// # Errors
/// As [`family::build`].
pub(super) fn model_family(model: &Model, size: [u32; 2], bytes: bool) -> Result<Box<dyn Family>> {
    let mut spec = model.spec.clone();
    if bytes {
        spec.input.element = ElementType::U8;
    }
    family::build(&Recipe { spec: &spec, header: &model.header, size, labels: model.labels.len() })
}

/// Refuses a model made for another command's task, before anything is opened.
pub(super) fn for_task(model: &Model, wanted: Task) -> Result<()> {
    let found = model.spec.task;
    if found == wanted {
        return Ok(());
    }
    let message = format!(
        "{}: is a model for `vision {found}` ({}), not for `vision {wanted}`; use `vision {found} --model {}`, or correct task in its description",
        model.origin, model.spec.family, model.origin
    );
    Err(Error::new(Kind::ModelMismatch, message))
}

impl InputOptions {
    pub fn select(&self) -> Result<Select> {
        Select::new(&self.include, &self.exclude, self.hidden, self.shard.as_deref(), self.limit)
    }

    pub fn limits(&self) -> Limits {
        Limits {
            max_pixels: self.max_pixels,
            max_bytes: self.max_bytes,
            max_parts: self.max_pages,
            lenient: self.lenient,
            detail: Detail::default(),
            video: video::Settings::default(),
            pseudonyms: self.pseudonyms.clone(),
        }
    }
}
