//! `vision redact`'s models, its decisions, and the second look at what it wrote.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::closing::{Closing, Drawn};
use super::setup::{Prepared, Selection, for_task, model_family};
use super::{Options, images, perform};
use crate::error::{Error, Kind, Result};
use crate::family::Family;
use crate::ffmpeg::join::Audio;
use crate::input::{Input, Listing};
use crate::looks::{Looker, Looks};
use crate::models::{self, Model};
use crate::options::{
    InputOptions, LookOptions, OutputOptions, RedactOptions, TrackOptions, Tracker, VideoOptions,
};
use crate::pipeline::painter::Painter;
use crate::policy::{DetectPolicy, Policy, RedactPolicy, thresholds};
use crate::redact::audit::{Auditor, Redacted, Second};
use crate::redact::kinds::{self, Kind as What};
use crate::redact::{AuditTable, Cover, Finder, Member, keep};
use crate::sink::{Sink, SinkContext};
use crate::source;
use crate::spec::{LabelSet, Labels, Task};
use crate::triage::private;

/// The model of `--model` where none is named: those of the kinds.
pub const AUTO: &str = "auto";

/// IoU above which the weaker of two boxes is dropped: higher than where things are counted, because one that is half
/// behind another is to be covered too, and doubles do no harm.
const IOU: f32 = 0.6;

/// The second look lists from this share of the first's least score ...
const LISTED: f32 = 0.75;

/// ... and counts as left from this one. Beside covers CenterFace takes collars and hands for faces, in 73 photos (COCO
/// and the samples) up to a score of 0.29: an alarm that always rings is not heard.
const LEFT: f32 = 1.5;

/// Where the second look keeps its run, below `private/`: what it finds may be faces.
const AUDIT: &str = "audit";

/// Weaker detections down to this share of the least score continue tracks.
const WEAK: f32 = 0.5;

impl Selection for RedactOptions {
    const TASK: Task = Task::Detect;
    const MODEL: &'static str = AUTO;
    const TAKES_BYTES: bool = false;
    const CLOSES: bool = true;

    fn fits(&self, model: &Model) -> Result<()> {
        match kinds::serves(&kinds::kinds(&self.what)?, model).is_empty() {
            false => Ok(()),
            true if matches!(model.spec.task, Task::Detect | Task::Faces) => {
                let what = self.what.join(",");
                let message = format!(
                    "{}: has no label for --what {what}; `vision models info` shows its labels",
                    model.origin
                );
                Err(Error::new(Kind::ModelMismatch, message))
            }
            true => for_task(model, Task::Detect),
        }
    }

    fn policy(&self, _: &[Model]) -> Result<Box<dyn Policy>> {
        Ok(Box::new(self.decisions()?))
    }

    fn beside(&self, own: Option<&Model>) -> Result<Vec<Model>> {
        let kinds = kinds::kinds(&self.what)?;
        let mut beside: Vec<Model> = Vec::new();
        loop {
            let all: Vec<&Model> = own.into_iter().chain(&beside).collect();
            let missing = kinds::missing(&kinds, &all)?;
            let Some((kind, name)) = missing.first() else { break };
            let found = models::resolve(name)?;
            if kinds::serves(std::slice::from_ref(*kind), &found).is_empty() {
                let message = format!(
                    "--what class:{}: {name} has no such label; `vision models info {name}` shows its labels, and --model \
                     names another model",
                    kind.label()
                );
                return Err(Error::usage(message));
            }
            beside.push(found);
        }
        for name in &self.also {
            let other = models::resolve(name)?;
            self.fits(&other)?;
            beside.push(other);
        }
        Ok(beside)
    }

    fn family(&self, models: &[Model], size: [u32; 2], looks: &Looks, _: &[bool]) -> Result<Box<dyn Family>> {
        let kinds = kinds::kinds(&self.what)?;
        let mut members = Vec::new();
        for (n, model) in models.iter().enumerate() {
            let own = if n == 0 { size } else { model.spec.input.size };
            let mut family = model_family(model, own, false)?;
            if looks.tiling.is_some() && model.spec.task != Task::Ocr {
                family = Box::new(Looker::new(vec![family], looks.clone(), model.spec.iou));
            }
            members.push(Member { family, classes: kinds::serves(&kinds, model) });
        }
        Ok(Box::new(Finder { members, tiling: looks.tiling }))
    }

    fn observing(&self, _: &[Model]) -> Vec<String> {
        vec![format!("for {}", self.what.join(","))]
    }

    fn outputs(&self, _: &[Model], context: &SinkContext) -> Result<Option<Box<dyn Sink>>> {
        match self.no_audit {
            true => Ok(None),
            false => Ok(Some(Box::new(AuditTable::create(context)?))),
        }
    }

    fn track(&self) -> Option<&TrackOptions> {
        self.track.as_ref()
    }

    /// A second walk is worth its time only where something moves.
    fn follows(&self, listing: &Listing) -> bool {
        listing.inputs.iter().any(may_move)
    }

    fn painter(&self) -> Result<Option<Box<dyn Painter>>> {
        Ok(Some(Box::new(Cover::new(self)?)))
    }

    fn audio(&self) -> Audio {
        self.audio
    }

    fn closing(options: &Options<Self>, drawn: &Drawn) -> Result<Option<Box<dyn Closing>>> {
        let select = &options.select;
        let models = told(select, drawn.prepared)?;
        let (second, auditors) = second(options, drawn)?;
        Ok(Some(Box::new(Redacted {
            cover: Cover::new(select)?,
            policy: select.decisions()?,
            auditors: auditors.unwrap_or_else(|| models.clone()),
            models,
            conf: select.audited_from()?,
            leak: select.left_from()?,
            second,
            artist: drawn.artist.clone(),
            at: (String::new(), 0),
            left: (0, 0),
        })))
    }
}

impl RedactOptions {
    /// Completes options that follow from others.
    ///
    /// # Errors
    /// `Usage` for kinds, thresholds and regions that make no sense.
    pub fn complete(&mut self) -> Result<()> {
        let conf = self.least()?;
        self.track = (!self.no_track && !self.audit_only).then(|| TrackOptions {
            track: Some(Tracker::ByteTrack),
            // Whatever is covered begins a track.
            track_high: Some(conf),
            track_new: Some(conf),
            track_low: Some(conf * WEAK),
            track_buffer: Some(self.fill.max(1)),
            fill: Some(self.fill),
            linger: self.linger,
            tail: Some(0),
            ..TrackOptions::default()
        });
        if self.audit_only {
            let listed = self.audited_from()?;
            // What counts as left follows from the scores that are replaced here.
            self.leaks = self.left_from()?;
            self.conf = listed.iter().map(|(label, score)| format!("{label}={score}")).collect();
            self.also = self.audit_model.clone();
        }
        keep(&self.keep)?;
        Cover::new(self)?;
        Ok(())
    }

    /// The models to begin with where none is named.
    ///
    /// # Errors
    /// `Usage` for a kind that no model is known for.
    pub fn first_model(&self) -> Result<&'static str> {
        let kinds = kinds::kinds(&self.what)?;
        kinds.first().map_or(Ok(models::DEFAULT_FACES), What::model)
    }

    fn decisions(&self) -> Result<RedactPolicy> {
        let kinds = kinds::kinds(&self.what)?;
        let names = kinds.iter().map(|kind| kind.label().to_owned()).collect();
        let labels = LabelSet::new(&Labels::List(names))?;
        let (conf, own) = thresholds(&self.conf, &labels)?;
        let of = |(class, kind): (u32, &What)| (class, conf.unwrap_or_else(|| kind.conf()));
        let mut conf_by_class: BTreeMap<u32, f32> = (0u32..).zip(&kinds).map(of).collect();
        conf_by_class.extend(own);
        let least = conf_by_class.values().copied().fold(1.0, f32::min);
        Ok(RedactPolicy {
            boxes: DetectPolicy {
                labels,
                conf: least,
                conf_by_class,
                iou: IOU,
                only: None,
                except: Default::default(),
                // Nothing that was found stays uncovered because there is much of it.
                max_det: usize::MAX,
            },
            keep: keep(&self.keep)?,
        })
    }

    fn least(&self) -> Result<f32> {
        Ok(self.decisions()?.boxes.conf)
    }

    /// By label the score from which the second look lists things.
    fn audited_from(&self) -> Result<BTreeMap<String, f32>> {
        self.scores(self.audit_conf, LISTED)
    }

    /// By label the score from which things count as left.
    fn left_from(&self) -> Result<BTreeMap<String, f32>> {
        if self.leaks.is_empty() { self.scores(self.leak, LEFT) } else { Ok(self.leaks.clone()) }
    }

    fn scores(&self, asked: Option<f32>, share: f32) -> Result<BTreeMap<String, f32>> {
        let boxes = self.decisions()?.boxes;
        let own = |conf: f32| ((conf * share).min(1.0) * 1000.0).round() / 1000.0;
        let of = |(class, conf): (&u32, &f32)| {
            (boxes.labels.name(*class).into_owned(), asked.unwrap_or(own(*conf)))
        };
        Ok(boxes.conf_by_class.iter().map(of).collect())
    }
}

/// Whether a file may hold a sequence of frames, by its first bytes; a file that cannot be read says so when it is opened.
fn may_move(input: &Input) -> bool {
    use std::io::Read;
    let mut head = Vec::with_capacity(source::HEAD);
    let read = std::fs::File::open(&input.file)
        .and_then(|file| file.take(source::HEAD as u64).read_to_end(&mut head));
    if input.failure.is_some() || read.is_err() {
        return false;
    }
    let still = ["jpeg", "bmp", "tiff", "heif", "dicom"];
    source::sniff(&head).is_some_and(|format| !still.contains(&format.name()))
}

/// Names and digests of models, and what each looks for.
fn told(select: &RedactOptions, prepared: &Prepared) -> Result<Value> {
    let kinds = kinds::kinds(&select.what)?;
    let of = |model: &Model| {
        let mut what: Vec<&str> = Vec::new();
        for (_, kind) in kinds::serves(&kinds, model) {
            what.extend(kinds.get(kind as usize).map(What::label).filter(|label| !what.contains(label)));
        }
        json!({ "what": what, "name": model.spec.name, "digest": model.digest })
    };
    Ok(prepared.models.iter().map(of).collect())
}

/// Looks at what was written, in a run of its own; its models as records say them.
fn second(options: &Options<RedactOptions>, drawn: &Drawn) -> Result<(Second, Option<Value>)> {
    let select = &options.select;
    if select.audit_only {
        return Ok((Second::Inputs, None));
    }
    let written = images(drawn.folder.root());
    if select.no_audit || options.output.no_images || !written.is_dir() || drawn.control.stopped().is_some() {
        return Ok((Second::None, None));
    }
    let mut again = options.clone();
    again.input = InputOptions {
        inputs: vec![written.into_os_string()],
        include: Vec::new(),
        exclude: Vec::new(),
        hidden: true,
        shard: None,
        limit: None,
        ..again.input
    };
    again.look = LookOptions {
        tile: Some(select.audit_tile.clone()).filter(|tile| tile != "none"),
        ..LookOptions { overlap: options.look.overlap, ..LookOptions::default() }
    };
    again.video = VideoOptions { video_decoder: again.video.video_decoder, ..VideoOptions::default() };
    again.select.audit_only = true;
    again.select.complete()?;
    again.run.out = private::folder(drawn.folder.root())?.join(AUDIT);
    (again.run.resume, again.run.force) = (true, false);
    again.run.fail_on.clear();
    again.run.apply.clear();
    again.output =
        OutputOptions { no_images: true, crops: select.residual_crops, ..OutputOptions::default() };
    again.select.no_audit = true;
    let auditor = Auditor::default();
    again.select.keep.clear();
    (drawn.note)("second look at what was written");
    let models = told(select, &Prepared::new(&again)?)?;
    perform("redact", &again, &mut std::io::empty(), drawn.control, Some(Box::new(auditor.clone())))?;
    if drawn.control.stopped().is_some() {
        return Ok((Second::None, None));
    }
    Ok((Second::Written(auditor.finish()?), Some(models)))
}
