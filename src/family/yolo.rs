//! What the YOLO families share: how their exporters prepare pictures, which output holds the boxes, and
//! what metadata and shapes say of it.

use serde::de::DeserializeOwned;

use super::reading::{Certainty, USUAL_SIDE, float_axes, picture};
use super::{NamedTensor, Outputs, Recipe};
use crate::error::{Error, Kind, Result};
use crate::onnx::exporter::{self, Ultralytics};
use crate::onnx::{Dim, Header, Value};
use crate::spec::{InputSpec, Layout};

/// Input pixels per cell, as the sets of detection heads have them: most models; P6; tiny; P2.
const STRIDES: [&[u32]; 4] = [&[8, 16, 32], &[8, 16, 32, 64], &[16, 32], &[4, 8, 16, 32]];

/// Mask coefficients and prototypes of YOLO's segmentation heads (`Segment(nm=32)`).
const PROTOTYPES: i64 = 32;

/// The output that holds the boxes, and what the file says about it.
pub struct Found<'a> {
    pub header: &'a Header,
    pub output: &'a Value,
    /// Without the batch; `None` where open.
    pub axes: [Option<usize>; 2],
    pub input: InputSpec,
    pub notes: Option<Ultralytics>,
}

impl<'a> Found<'a> {
    /// `None` where the model is not like a YOLO: no picture, several such outputs, or another task.
    pub fn of(header: &'a Header) -> Option<Self> {
        let notes = Ultralytics::of(header);
        if foreign(header).is_some() {
            return None;
        }
        let (index, axes) = boxes(header)?;
        if !is_rows(header.outputs.get(index)?, header.picture_input(None).ok()?) {
            return None;
        }
        let usual = InputSpec { std: [255.0; 3], ..InputSpec::default() };
        let mut input = picture(header, 3, usual)?;
        if input.dynamic_size {
            input.multiple_of = notes.as_ref().and_then(|n| n.stride).filter(|s| *s > 0).unwrap_or(32);
            let whole = |size: &[u32; 2]| size.iter().all(|side| *side > 0 && side % input.multiple_of == 0);
            let noted = notes.as_ref().and_then(|notes| notes.size);
            let side = USUAL_SIDE.next_multiple_of(input.multiple_of.min(USUAL_SIDE));
            input.size = noted.filter(whole).unwrap_or([side, side]);
            if !whole(&input.size) {
                input.multiple_of = 1;
            }
        }
        Some(Self { header, output: header.outputs.get(index)?, axes, input, notes })
    }

    /// Whether the export's notes are for `task`; `None` without notes.
    pub fn noted(&self, task: &str) -> Option<bool> {
        self.notes.as_ref().map(|notes| notes.task == task)
    }

    /// Whether input and output are called as given; exporters give these names.
    pub fn named(&self, input: &str, outputs: &[&str]) -> bool {
        self.header.inputs.iter().any(|value| value.name == input)
            && outputs.contains(&self.output.name.as_str())
    }

    /// Boxes per grid cell, 1 or 3, if `count` is one of those for the input's size.
    pub fn per_cell(&self, count: usize) -> Option<usize> {
        let cells = |strides: &&[u32]| {
            let [width, height] = self.input.size;
            let cells = |s: &u32| width.div_ceil(*s) as usize * height.div_ceil(*s) as usize;
            strides.iter().map(cells).sum::<usize>()
        };
        let of = |each: usize| STRIDES.iter().any(|strides| cells(strides) * each == count);
        [1, 3].into_iter().find(|each| of(*each)).filter(|_| !self.input.dynamic_size)
    }

    /// Names from Ultralytics' notes, or from those of YOLOv5's exporter.
    pub fn names(&self) -> Vec<String> {
        match (&self.notes, self.header.metadata.get("names")) {
            (Some(notes), _) => notes.names.clone(),
            (None, Some(text)) => exporter::names(text),
            (None, None) => Vec::new(),
        }
    }

    /// Whether it is the RT-DETR of Ultralytics' package: by its head, or by its description before 8.4.
    pub fn detr(&self) -> bool {
        let head = self.notes.as_ref().and_then(|notes| notes.head.as_deref());
        let described = self.header.metadata.get("description").map(|text| text.to_lowercase());
        head == Some("RTDETRDecoder")
            || self.notes.is_some() && described.is_some_and(|t| t.contains("rtdetr"))
    }

    /// By names where they are the exporter's, else by shape.
    pub fn certainty(&self, named: bool) -> Certainty {
        if named { Certainty::Names } else { Certainty::Shape }
    }

    /// Whether the file comes from TensorFlow, whose exports of these models give boxes as shares of the
    /// picture (Ultralytics and YOLOv5: `export_saved_model`).
    pub fn of_tensorflow(&self) -> bool {
        self.input.layout == Layout::Nhwc || self.header.producer.starts_with("tf2onnx")
    }
}

/// The only float output of rows or columns: [1, a, b] or [a, b].
fn boxes(header: &Header) -> Option<(usize, [Option<usize>; 2])> {
    let mut found = header.outputs.iter().enumerate().filter_map(|(index, output)| {
        let batchless = output.shape.as_ref()?.len() == 2;
        let axes = float_axes(output)?;
        let first = |value: &Value| value.shape.as_ref()?.first()?.fixed()?.try_into().ok();
        match axes.as_slice() {
            [a, b] => Some((index, [*a, *b])),
            [b] if batchless => Some((index, [first(output), *b])),
            _ => None,
        }
    });
    found.next().filter(|_| found.next().is_none())
}

/// Whether an output of two axes is rows without a batch: the first axis is a number of rows, or an open one
/// that is not the picture's own first axis. `[batch,1000]` is a classifier's; final boxes alone (of 6 or 7
/// values) come in an open number.
fn is_rows(output: &Value, picture: &Value) -> bool {
    let Some([first, values]) = output.shape.as_deref() else { return true };
    let first_of_picture = picture.shape.as_ref().and_then(|shape| shape.first());
    let own_name = match (first, first_of_picture) {
        (Dim::Named(own), Some(Dim::Named(batch))) => own != batch,
        (_, Some(batch)) => batch.fixed().is_some(),
        (_, None) => false,
    };
    match first.fixed() {
        Some(rows) => rows > 1,
        None => matches!(values.fixed(), Some(6 | 7)) && own_name,
    }
}

/// What the model is for, if another command's: for errors. Detection and oriented boxes are ours.
pub fn foreign(header: &Header) -> Option<String> {
    let task = Ultralytics::of(header).map(|notes| notes.task);
    let ours = |task: &str| matches!(task, "detect" | "obb");
    if let Some(task) = task.filter(|task| !ours(task)) {
        let task = task.replace(char::is_control, "\u{fffd}");
        return Some(format!("its metadata say that it is an export for the task {task:?}"));
    }
    let prototypes = |output: &&Value| {
        let shape = output.shape.as_deref().unwrap_or_default();
        shape.len() == 4 && shape[1].fixed() == Some(PROTOTYPES)
    };
    let masks = header.outputs.iter().find(prototypes).filter(|_| boxes(header).is_some())?;
    Some(format!("its output {masks} holds mask prototypes: it is an export for the task \"segment\""))
}

/// The `[decode]` table of a description.
///
/// # Errors
/// `ModelInvalid` for a key or value that the family has not.
pub fn decode<T: DeserializeOwned>(recipe: &Recipe) -> Result<T> {
    toml::Value::Table(recipe.spec.decode.clone()).try_into().map_err(|e: toml::de::Error| {
        let message = format!("{}: [decode] of family {}", recipe.spec.name, recipe.spec.family);
        Error::new(Kind::ModelInvalid, format!("{message}: {}", e.message().replace('\n', ", ")))
    })
}

/// Where the boxes are, and their axes as far as the header fixes them.
pub struct Place {
    pub index: usize,
    pub axes: [Option<usize>; 2],
}

impl Place {
    /// # Errors
    /// `ModelMismatch` for a model of another task or with other outputs: found, expected.
    pub fn new(recipe: &Recipe, expected: &str) -> Result<Self> {
        let header = recipe.header;
        let refuse = |found: String| {
            let (name, family) = (&recipe.spec.name, &recipe.spec.family);
            Err(Error::new(Kind::ModelMismatch, format!("{name}: {found}; family {family} {expected}")))
        };
        if let Some(task) = foreign(header) {
            return refuse(format!("{task}, which `vision {}` is not for", recipe.spec.task));
        }
        match boxes(header) {
            Some((index, axes)) => Ok(Self { index, axes }),
            // Nothing is known before it runs.
            None if header.outputs.first().is_some_and(|output| output.shape.is_none()) => {
                Ok(Self { index: 0, axes: [None; 2] })
            }
            None => {
                let found: Vec<String> = header.outputs.iter().map(Value::to_string).collect();
                refuse(format!("outputs {} found", found.join(", ")))
            }
        }
    }

    pub fn tensor<'a>(&self, outputs: &'a Outputs) -> Result<&'a NamedTensor> {
        outputs.at(self.index)
    }
}

/// The number of classes of `values` numbers a box, of which `others` are no scores.
///
/// # Errors
/// `kind`: too few values, or other labels than classes.
pub fn classes(kind: Kind, values: usize, others: usize, what: &str, labels: usize) -> Result<usize> {
    let classes = values.checked_sub(others).filter(|classes| *classes > 0);
    match classes {
        Some(classes) if labels == 0 || labels == classes => Ok(classes),
        Some(classes) => Err(Error::new(
            kind,
            format!(
                "{values} values a box found: {what} and {classes} scores, but {labels} labels; give as many with \
                 --labels FILE (a name a line), or correct the family"
            ),
        )),
        None => Err(Error::new(kind, format!("{values} values a box found; expected {what} and scores"))),
    }
}

/// The same for the header, where it fixes the number.
pub fn fits(recipe: &Recipe, values: Option<usize>, others: usize, what: &str) -> Result<()> {
    let Some(values) = values else { return Ok(()) };
    classes(Kind::ModelMismatch, values, others, what, recipe.labels).map(|_| ()).map_err(|mut error| {
        error.message = format!("{}: {}", recipe.spec.name, error.message);
        error
    })
}

/// Factors from the values of boxes to pixels of an input of `size`.
pub fn scale(normalised: bool, size: [u32; 2]) -> [f32; 2] {
    if normalised { size.map(|side| side as f32) } else { [1.0; 2] }
}

/// The doubt about exports that came through TensorFlow.
pub const SHARES: &str = "it comes from TensorFlow, so its boxes are taken for shares of the picture; if all \
     are tiny or outside, write normalised = false under [decode] of a description";
