//! From options and a model to what explains its answers.

use crate::error::{Error, Kind, Result};
use crate::explain::{Cam, Explainer, Method, Settings};
use crate::looks::Looks;
use crate::models::Model;
use crate::options::ExplainOptions;
use crate::policy::classes;
use crate::spec::Task;

/// What is asked for; `None` where nothing is.
///
/// # Errors
/// `Usage` for a label that the model has not, or a method that does not fit its task; `ModelInvalid` for a
/// description that names what its file has not.
pub fn explainer(
    own: Option<&ExplainOptions>,
    model: &Model,
    (looks, beside): (&Looks, usize),
    batch: Option<usize>,
) -> Result<Option<Explainer>> {
    let Some(own) = own else { return Ok(None) };
    let Some(asked) = own.explain else { return unasked(own).map(|()| None) };
    if *looks != Looks::default() || beside > 0 {
        return Err(Error::usage(
            "an explanation is of one look of one model; leave out --tile, --flip and --ensemble, or --explain",
        ));
    }
    let task = model.spec.task;
    let cam = Cam::new(model)?;
    let things = matches!(task, Task::Detect | Task::Faces);
    let method = method(asked, task, cam.as_ref(), model)?;
    let class = own.explain_class.clone();
    let class = classes("--explain-class", class.as_slice(), &model.labels)?.into_iter().next();
    let settings = Settings {
        method,
        class,
        targets: own.explain_targets.unwrap_or(if things { 3 } else { 1 }),
        masks: own.explain_masks,
        grid: own.explain_grid.unwrap_or(if method == Method::Drise { 16 } else { 7 }),
        keep: own.explain_keep,
        patch: own.explain_patch,
        stride: own.explain_stride,
        baseline: own.explain_baseline,
        seed: own.explain_seed,
        steps: own.explain_steps,
        random: own.explain_random,
        iou: model.spec.iou,
    };
    let cam = cam.filter(|_| method == Method::Cam);
    Ok(Some(Explainer { settings, cam, batch }))
}

/// Options of explanations where nothing is explained.
fn unasked(own: &ExplainOptions) -> Result<()> {
    let given = [
        ("class", own.explain_class.is_some()),
        ("targets", own.explain_targets.is_some()),
        ("grid", own.explain_grid.is_some()),
        ("patch", own.explain_patch.is_some()),
        ("stride", own.explain_stride.is_some()),
    ];
    match given.into_iter().find(|(_, given)| *given) {
        Some((name, _)) => {
            Err(Error::usage(format!("--explain-{name}: nothing is explained; add --explain")))
        }
        None => Ok(()),
    }
}

fn method(asked: Method, task: Task, cam: Option<&Cam>, model: &Model) -> Result<Method> {
    let things = matches!(task, Task::Detect | Task::Faces);
    let refuse = |text: String| Err(Error::new(Kind::Usage, text));
    match asked {
        Method::Auto if cam.is_some() => Ok(Method::Cam),
        Method::Auto if task == Task::Triage => Ok(Method::Occlusion),
        Method::Auto => Ok(if things { Method::Drise } else { Method::Rise }),
        Method::Rise if things => {
            refuse("rise explains classes of the whole picture; for things use drise".into())
        }
        Method::Drise if !things => {
            refuse("drise explains things that a detector finds; for classes use rise".into())
        }
        Method::Cam if cam.is_none() => refuse(format!(
            "cam: {} gives no map of its own; name an output under [explain] of its description (docs/explain.md), or \
             use another method",
            model.spec.name
        )),
        other => Ok(other),
    }
}
