//! What makes a command that looks at pictures its own: its options, its policy, and where it leaves the common way.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Options;
use super::closing::{Closing, Drawn};
use super::setup::{for_task, looking};
use super::subject::Subject;
use crate::error::Result;
use crate::family::Family;
use crate::ffmpeg::join::Audio;
use crate::input::Listing;
use crate::looks::Looks;
use crate::models::Model;
use crate::options::{ExplainOptions, TrackOptions};
use crate::pipeline::painter::Painter;
use crate::policy::Policy;
use crate::sink::{Sink, SinkContext};
use crate::spec::Task;

/// The options of a command's decisions: what makes a command that looks at pictures its own.
pub trait Selection: clap::Args + Serialize + DeserializeOwned + Default {
    /// What models of the command are for.
    const TASK: Task;
    /// The model when none is named; empty where one has to be named, or none is there to be named.
    const MODEL: &'static str;
    /// Whether its families can be given pictures as bytes.
    const TAKES_BYTES: bool = true;
    /// Whether records are completed when everything is drawn: they are written after that.
    const CLOSES: bool = false;

    /// Whether a model is for the command.
    ///
    /// # Errors
    /// `ModelMismatch` where it is not.
    fn fits(&self, model: &Model) -> Result<()> {
        for_task(model, Self::TASK)
    }

    /// What the command brings with it in place of a model of its own.
    ///
    /// # Errors
    /// As of reading it.
    fn subject(&self) -> Result<Option<Subject>> {
        Ok(None)
    }

    /// Of all models of the job, its own first.
    ///
    /// # Errors
    /// `Usage` for labels that the model does not have.
    fn policy(&self, models: &[Model]) -> Result<Box<dyn Policy>>;

    /// The models that the command needs beside its own, in order of their [`crate::engine::ModelId`].
    ///
    /// # Errors
    /// As of finding a model.
    fn beside(&self, _own: Option<&Model>) -> Result<Vec<Model>> {
        Ok(Vec::new())
    }

    /// All models as one family; `bytes` says which of them, in order, are given their picture as bytes.
    ///
    /// # Errors
    /// `ModelMismatch` where a model does not fit its family.
    fn family(
        &self,
        models: &[Model],
        size: [u32; 2],
        looks: &Looks,
        bytes: &[bool],
    ) -> Result<Box<dyn Family>> {
        looking(models, size, looks, bytes)
    }

    /// What else observations depend on, in words.
    fn observing(&self, _: &[Model]) -> Vec<String> {
        Vec::new()
    }

    /// An output that the command always has.
    ///
    /// # Errors
    /// As of its own options.
    fn outputs(&self, _models: &[Model], _: &SinkContext) -> Result<Option<Box<dyn Sink>>> {
        Ok(None)
    }

    /// What the report's page is given in place of the run's records, where it is not those.
    ///
    /// # Errors
    /// As of its own options.
    fn page(&self, _: &[Model], _: &SinkContext, page: Box<dyn Sink>) -> Result<Box<dyn Sink>> {
        Ok(page)
    }

    /// How answers are to be explained.
    fn explain(&self) -> Option<&ExplainOptions> {
        None
    }

    /// How things are to be followed from frame to frame.
    fn track(&self) -> Option<&TrackOptions> {
        None
    }

    /// Whether anything of these inputs is followed, where things are to be followed.
    fn follows(&self, _: &Listing) -> bool {
        true
    }

    /// What is drawn on pictures in place of annotations.
    ///
    /// # Errors
    /// As of its own options.
    fn painter(&self) -> Result<Option<Box<dyn Painter>>> {
        Ok(None)
    }

    /// What becomes of the sound of videos that are drawn on.
    fn audio(&self) -> Audio {
        Audio::Keep
    }

    /// What completes the records of a run that has drawn everything; only with [`Self::CLOSES`].
    ///
    /// # Errors
    /// Whatever keeps it from looking.
    fn closing(_: &Options<Self>, _: &Drawn) -> Result<Option<Box<dyn Closing>>> {
        Ok(None)
    }

    /// Takes the place of the closing words on standard output.
    fn echo(&self) -> Option<Box<dyn Sink>> {
        None
    }
}
