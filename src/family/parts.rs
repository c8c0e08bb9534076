//! Outputs by the part they play: as the description names them, else as the exporters do.

use serde::de::DeserializeOwned;

use super::Recipe;
use crate::engine::ElementType;
use crate::error::{Error, Kind, Result};
use crate::onnx::{Dim, Element, Header, Value};
use crate::spec::{Labels, Spec};

/// One output that a family reads.
pub(super) struct Part {
    /// Its key under `[decode]`, where a description may name the output.
    pub key: &'static str,
    /// What exporters call it.
    pub usual: &'static [&'static str],
    /// Its axes without the batch's; `None` for one of any length.
    pub axes: &'static [Option<usize>],
    /// Whether its numbers can only be floats.
    pub floats: bool,
    /// The axes for people: "[queries,4]".
    pub meaning: &'static str,
}

/// The family's own numbers of a description.
///
/// # Errors
/// `ModelInvalid` for unknown keys and other types; `keys` says what there may be.
pub(super) fn decode_table<T: DeserializeOwned>(spec: &Spec, keys: &str) -> Result<T> {
    toml::Value::Table(spec.decode.clone()).try_into().map_err(|e| {
        let message = format!("{}: [decode] of family {} may have {keys}", spec.name, spec.family);
        Error::new(Kind::ModelInvalid, message).because(e)
    })
}

impl Part {
    /// The output in the header under one of its usual names; TensorFlow's converters leave `:0` there.
    pub fn usual<'a>(&self, header: &'a Header) -> Option<&'a Value> {
        let bare = |value: &Value| self.usual.contains(&value.name.trim_end_matches(":0"));
        header.outputs.iter().find(|value| bare(value))
    }

    /// The output's name, found as `given` says or under a usual name, and checked to be of its axes.
    ///
    /// # Errors
    /// `ModelMismatch`: what there is, what is needed, and how to say which it is.
    pub fn find(&self, recipe: &Recipe, given: Option<&str>) -> Result<String> {
        let header = recipe.header;
        let found = match given {
            Some(name) => header.outputs.iter().find(|value| value.name == name),
            None => self.usual(header),
        };
        if let Some(value) = found.filter(|value| self.fits(value)) {
            return Ok(value.name.clone());
        }
        let outputs: Vec<String> = header.outputs.iter().map(ToString::to_string).collect();
        let message = format!(
            "{}: family {} needs an output {} {}; found {}; correct the family, or name the output under [decode]: {} = …",
            recipe.spec.name,
            recipe.spec.family,
            given.unwrap_or(self.usual.first().unwrap_or(&self.key)),
            self.meaning,
            outputs.join(", "),
            self.key
        );
        Err(Error::new(Kind::ModelMismatch, message))
    }

    /// Whether the header leaves room for the axes, with a batch of 1 or without, and for the numbers.
    pub fn fits(&self, value: &Value) -> bool {
        Self::may_be(value, self.axes, self.floats)
    }

    /// The same of any output, for `axes` without the batch's.
    pub fn may_be(value: &Value, wanted: &[Option<usize>], floats: bool) -> bool {
        if floats && value.element.is_some() && !is_float(value) {
            return false;
        }
        let Some(shape) = &value.shape else { return true };
        let may_be = |axis: &Dim, wanted: &Option<usize>| {
            let fixed = axis.fixed().and_then(|n| usize::try_from(n).ok());
            fixed.is_none_or(|n| wanted.is_none_or(|wanted| n == wanted))
        };
        let axes = match shape.split_first() {
            Some((batch, rest)) if shape.len() == wanted.len() + 1 && may_be(batch, &Some(1)) => rest,
            _ => shape,
        };
        axes.len() == wanted.len() && axes.iter().zip(wanted).all(|(a, b)| may_be(a, b))
    }
}

/// The number of axes of an output, the batch's included.
pub(super) fn rank(value: &Value) -> Option<usize> {
    value.shape.as_ref().map(Vec::len)
}

/// The size of an output's last axis.
pub(super) fn last(value: &Value) -> Option<usize> {
    value.shape.as_ref()?.last()?.fixed().and_then(|n| usize::try_from(n).ok())
}

pub(super) fn is_float(value: &Value) -> bool {
    let element = value.element.and_then(Element::supported);
    matches!(element, Some(ElementType::F32 | ElementType::F16))
}

pub(super) fn is_whole(value: &Value) -> bool {
    let element = value.element.and_then(Element::supported);
    matches!(element, Some(ElementType::I32 | ElementType::I64))
}

/// Whether there are as many labels as classes, where both are known.
///
/// # Errors
/// `ModelMismatch`: both numbers, and what to do.
pub(super) fn labels_fit(recipe: &Recipe, classes: Option<usize>) -> Result<()> {
    match classes {
        Some(classes) if recipe.labels > 0 && recipe.labels != classes => {
            let message = format!(
                "{}: {} labels for outputs of {classes} classes; give {classes} names, under labels or with --labels FILE",
                recipe.spec.name, recipe.labels
            );
            Err(Error::new(Kind::ModelMismatch, message))
        }
        _ => Ok(()),
    }
}

/// Where the list of labels has its first class: at 1 behind an entry for the background, as coco-91 and
/// the lists of torchvision and TensorFlow have it, else at 0.
pub(super) fn first_label(labels: &Labels) -> i64 {
    const BACKGROUND: [&str; 4] = ["background", "__background__", "???", "N/A"];
    match labels {
        Labels::BuiltIn(name) => i64::from(name == "coco-91"),
        Labels::List(names) => {
            let first = names.first().map(String::as_str);
            i64::from(first.is_some_and(|first| BACKGROUND.iter().any(|b| b.eq_ignore_ascii_case(first))))
        }
    }
}
