//! `vision ocr`'s models, their one family, and its decisions.

use super::setup::{Selection, for_task, own};
use crate::error::{Error, Kind, Result};
use crate::family::pp_ocr::{DETECTOR, Detector, ORIENTER, Orienter, RECOGNISER, Recogniser};
use crate::family::{Entry, Family, Recipe};
use crate::looks::Looks;
use crate::models::{self, Model};
use crate::ocr::{Reader, Wanted};
use crate::options::OcrOptions;
use crate::policy::{OcrPolicy, Policy};
use crate::sink::Sink;
use crate::spec::Task;

/// Least scores where descriptions say nothing: rapidocr's text_score and box_thresh.
const CONF: f32 = 0.5;

impl Selection for OcrOptions {
    const TASK: Task = Task::Ocr;
    const MODEL: &'static str = "pp-ocrv6-det";
    const TAKES_BYTES: bool = false;

    fn policy(&self, models: &[Model]) -> Result<Box<dyn Policy>> {
        let model = own(models)?;
        let recogniser = models.get(1).and_then(|recogniser| recogniser.spec.conf);
        Ok(Box::new(OcrPolicy {
            labels: model.labels.clone(),
            conf: self.conf.or(recogniser).unwrap_or(CONF),
            box_conf: self.box_conf.or(model.spec.conf).unwrap_or(CONF),
            alternatives: self.alternatives,
        }))
    }

    fn beside(&self, model: Option<&Model>) -> Result<Vec<Model>> {
        model.map_or(Ok(()), |model| is_of(model, &DETECTOR, "--model"))?;
        let mut beside = vec![resolved(&self.recogniser, &RECOGNISER, "--recogniser")?];
        if self.orienter != "none" {
            beside.push(resolved(&self.orienter, &ORIENTER, "--orienter")?);
        }
        Ok(beside)
    }

    fn family(&self, models: &[Model], size: [u32; 2], looks: &Looks, _: &[bool]) -> Result<Box<dyn Family>> {
        let of = |model| recipe(model, None);
        let [model, recogniser, rest @ ..] = models else {
            return Err(Error::new(Kind::Internal, "no recogniser beside the detector"));
        };
        let recogniser = Recogniser::new(&of(recogniser))?;
        let bounds = (self.allow.as_deref(), self.pattern.as_deref());
        let wanted = match bounds {
            (None, None) => None,
            (allow, pattern) => Some(Wanted::new(recogniser.characters(), allow, pattern)?),
        };
        Ok(Box::new(Reader {
            detector: Detector::new(&recipe(model, Some(size)))?,
            recogniser,
            region: self.region.as_deref().map(str::parse).transpose()?,
            wanted,
            orienter: rest.first().map(|model| Orienter::new(&of(model))).transpose()?,
            tiling: looks.tiling,
        }))
    }

    /// Lines are turned before they are read, by a threshold that the classifier's description has.
    fn observing(&self, models: &[Model]) -> Vec<String> {
        let turned = models.get(2).and_then(|orienter| orienter.spec.conf);
        let turned = turned.map(|conf| format!("turned from {conf}"));
        let asked = [("region", &self.region), ("characters", &self.allow), ("pattern", &self.pattern)];
        let asked = asked.into_iter().filter_map(|(what, text)| Some(format!("{what} {}", text.as_ref()?)));
        turned.into_iter().chain(asked).collect()
    }

    fn echo(&self) -> Option<Box<dyn Sink>> {
        self.text.then(crate::sink::text::on_standard_output)
    }
}

fn recipe(model: &Model, size: Option<[u32; 2]>) -> Recipe<'_> {
    let size = size.unwrap_or(model.spec.input.size);
    Recipe { spec: &model.spec, header: &model.header, size, labels: model.labels.len() }
}

fn resolved(name: &str, family: &Entry, option: &str) -> Result<Model> {
    let model = models::resolve_as(name, &Default::default())?;
    for_task(&model, Task::Ocr)?;
    is_of(&model, family, option)?;
    Ok(model)
}

fn is_of(model: &Model, family: &Entry, option: &str) -> Result<()> {
    let found = &model.spec.family;
    if found == family.name {
        return Ok(());
    }
    let (origin, wanted) = (&model.origin, family.name);
    let message = format!("{option}: {origin} is of family {found}; expected one of family {wanted}");
    Err(Error::new(Kind::ModelMismatch, message))
}
