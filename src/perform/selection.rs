//! What detection, faces and classification decide with: their options as policies.

use super::setup::{Selection, own};
use crate::error::Result;
use crate::models::{self, Model};
use crate::options::{ClassifyOptions, ExplainOptions, FacesOptions, SelectOptions, TrackOptions};
use crate::policy::{ClassifyPolicy, DetectPolicy, FacesPolicy, Policy, classes, thresholds};
use crate::spec::{Spec, Task};

impl Selection for SelectOptions {
    const TASK: Task = Task::Detect;
    const MODEL: &'static str = models::DEFAULT;

    fn policy(&self, models: &[Model]) -> Result<Box<dyn Policy>> {
        Ok(Box::new(self.boxes(own(models)?)?))
    }

    fn track(&self) -> Option<&TrackOptions> {
        Some(&self.track)
    }

    fn explain(&self) -> Option<&ExplainOptions> {
        Some(&self.explain)
    }
}

impl SelectOptions {
    fn boxes(&self, model: &Model) -> Result<DetectPolicy> {
        let labels = model.labels.clone();
        let (conf, conf_by_class) = thresholds(&self.conf, &labels)?;
        let only = classes("--classes", &self.classes, &labels)?;
        let except = classes("--exclude-classes", &self.exclude_classes, &labels)?;
        Ok(DetectPolicy {
            conf: conf.or(model.spec.conf).unwrap_or_else(Spec::usual_conf),
            conf_by_class,
            iou: self.iou.unwrap_or(model.spec.iou),
            only: (!only.is_empty()).then_some(only),
            except,
            max_det: self.max_det,
            labels,
        })
    }
}

impl Selection for FacesOptions {
    const TASK: Task = Task::Faces;
    const MODEL: &'static str = models::DEFAULT_FACES;

    fn policy(&self, models: &[Model]) -> Result<Box<dyn Policy>> {
        let boxes = SelectOptions {
            conf: self.conf.clone(),
            iou: self.iou,
            max_det: self.max_det,
            ..SelectOptions::default()
        };
        Ok(Box::new(FacesPolicy(boxes.boxes(own(models)?)?)))
    }

    fn track(&self) -> Option<&TrackOptions> {
        Some(&self.track)
    }

    fn explain(&self) -> Option<&ExplainOptions> {
        Some(&self.explain)
    }
}

impl Selection for ClassifyOptions {
    const TASK: Task = Task::Classify;
    const MODEL: &'static str = models::DEFAULT_CLASSIFIER;

    fn policy(&self, models: &[Model]) -> Result<Box<dyn Policy>> {
        let model = own(models)?;
        let labels = model.labels.clone();
        let (conf, conf_by_class) = thresholds(&self.conf, &labels)?;
        let only = classes("--classes", &self.classes, &labels)?;
        let except = classes("--exclude-classes", &self.exclude_classes, &labels)?;
        Ok(Box::new(ClassifyPolicy {
            conf: conf.or(model.spec.conf),
            conf_by_class,
            only: (!only.is_empty()).then_some(only),
            except,
            top: self.top,
            labels,
        }))
    }
    fn explain(&self) -> Option<&ExplainOptions> {
        Some(&self.explain)
    }
}
