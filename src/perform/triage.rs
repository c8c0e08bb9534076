//! `vision triage`'s decisions, and its worklist as an output of the run.

use super::setup::{Selection, own};
use crate::error::{Error, Kind, Result};
use crate::models::Model;
use crate::options::{ExplainOptions, TriageOptions};
use crate::policy::{Policy, TriagePolicy};
use crate::sink::{Sink, SinkContext};
use crate::spec::Task;
use crate::triage::{Rules, Worklist};

impl Selection for TriageOptions {
    const TASK: Task = Task::Triage;
    const MODEL: &'static str = "";
    const TAKES_BYTES: bool = false;

    fn policy(&self, models: &[Model]) -> Result<Box<dyn Policy>> {
        let model = own(models)?;
        let spec = &model.spec;
        let invalid = |text: String| Error::new(Kind::ModelInvalid, format!("{}: {text}", spec.name));
        let triage = spec.triage.as_ref();
        let triage = triage.ok_or_else(|| invalid("a model for triage needs a table [triage]".into()))?;
        triage.check(model.labels.names()).map_err(invalid)?;
        // Rules are read again where they are applied; here before anything is opened.
        self.rules(model)?;
        Ok(Box::new(TriagePolicy { labels: model.labels.clone(), findings: triage.findings.clone() }))
    }

    fn page(&self, models: &[Model], context: &SinkContext, page: Box<dyn Sink>) -> Result<Box<dyn Sink>> {
        let model = own(models)?;
        let rules = self.rules(model)?;
        Ok(Box::new(Worklist::new(context, rules, &model.spec.name, &model.digest).on(page)))
    }

    fn outputs(&self, models: &[Model], context: &SinkContext) -> Result<Option<Box<dyn Sink>>> {
        let model = own(models)?;
        let rules = self.rules(model)?;
        Ok(Some(Box::new(Worklist::new(context, rules, &model.spec.name, &model.digest))))
    }

    fn explain(&self) -> Option<&ExplainOptions> {
        Some(&self.explain)
    }
}

impl TriageOptions {
    fn rules(&self, model: &Model) -> Result<Rules> {
        let findings = model.spec.triage.iter().flat_map(|triage| triage.findings.keys());
        let findings: Vec<&str> = findings.map(String::as_str).collect();
        self.rules.as_deref().map_or_else(|| Ok(Rules::default()), |file| Rules::read(file, &findings))
    }
}
