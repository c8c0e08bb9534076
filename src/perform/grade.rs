//! `vision grade`'s sheet in place of a model, and its decisions.

use super::setup::{Selection, Subject};
use crate::error::Result;
use crate::family::Family;
use crate::looks::Looks;
use crate::models::Model;
use crate::options::GradeOptions;
use crate::policy::{GradePolicy, Policy};
use crate::sheet::read::SheetReader;
use crate::sheet::read::answers::Answers;
use crate::sheet::read::decide::Rules;
use crate::sink::{Sink, SinkContext};
use crate::spec::Task;

impl Selection for GradeOptions {
    const TASK: Task = Task::Grade;
    const MODEL: &'static str = "";
    const TAKES_BYTES: bool = false;

    /// Everything that is printed is part of the digest: another layout measures other places.
    fn subject(&self) -> Result<Option<Subject>> {
        let layout = self.layout()?;
        let digest = format!("sha256:{}", layout.digest());
        Ok(Some(Subject::without_model(layout.title.clone(), "sheet", digest)))
    }

    fn policy(&self, _: &[Model]) -> Result<Box<dyn Policy>> {
        Ok(Box::new(GradePolicy::new(self.layout()?, Rules { sure: self.sure })?))
    }

    fn family(&self, _: &[Model], _: [u32; 2], _: &Looks, _: &[bool]) -> Result<Box<dyn Family>> {
        Ok(Box::new(SheetReader::new(self.layout()?)))
    }

    fn outputs(&self, _: &[Model], context: &SinkContext) -> Result<Option<Box<dyn Sink>>> {
        Ok(Some(Box::new(Answers::new(context, self.layout()?.as_ref())?)))
    }
}
