//! A description for a model that comes without one, told from its header, with what it was told by.

use crate::error::{Error, Kind, Result};
use crate::family::{Entry, FAMILIES, Reading, reading::Certainty};
use crate::onnx::Header;
use crate::spec::{LabelSet, Labels, Spec};

/// What was found out about a model without a description.
#[derive(Debug, Clone, PartialEq)]
pub struct Understood {
    pub spec: Spec,
    /// Why it was read that way, one sentence.
    pub why: String,
    /// What else would fit, and how to say so; a sentence each.
    pub doubts: Vec<String>,
    /// How many classes the header shows; `None` where it leaves that open.
    pub classes: Option<usize>,
    /// The one of `doubts` about the classes' names, which names given by the user settle.
    pub unnamed: Option<String>,
}

impl Understood {
    /// Takes the names that the user gives.
    ///
    /// # Errors
    /// `ModelMismatch` for another number of names than the header has classes; the message does not name
    /// the model.
    pub(super) fn name_classes(&mut self, labels: &Labels) -> Result<()> {
        let given = LabelSet::new(labels)?.len();
        if let Some(classes) = self.classes.filter(|classes| *classes != given) {
            let message = format!(
                "it has {classes} classes as family {}, and --labels gives {given} names; give {classes}, or say with --spec \
                 how it is read",
                self.spec.family
            );
            return Err(Error::new(Kind::ModelMismatch, message));
        }
        if let Some(settled) = self.unnamed.take() {
            self.doubts.retain(|doubt| *doubt != settled);
        }
        Ok(())
    }
}

/// Reads the header as the family that fits best; with `family`, as that one only.
///
/// # Errors
/// `ModelMismatch` when no family fits; the message says what was found, but does not name the model.
pub fn understand(name: &str, header: &Header, family: Option<&str>) -> Result<Understood> {
    let asked = |entry: &&Entry| family.is_none_or(|family| entry.name == family);
    let mut readings: Vec<(&Entry, Reading)> =
        FAMILIES.iter().filter(asked).filter_map(|entry| Some((entry, (entry.recognise)(header)?))).collect();
    // Stable: among equals the table's order decides.
    readings.sort_by_key(|(_, reading)| std::cmp::Reverse(reading.certainty));
    let mut readings = readings.into_iter();
    let Some((entry, mut reading)) = readings.next() else { return Err(unknown(header, family)) };
    let mut doubts = std::mem::take(&mut reading.doubts);
    for (other, also) in readings.filter(|(_, also)| also.certainty == reading.certainty) {
        doubts.push(format!("--spec {} fits as well: {}", other.name, also.why));
    }
    let shown = reading.classes.filter(|_| !reading.assumed);
    let (classes, (labels, unnamed)) = (shown, labels(&reading));
    doubts.extend(unnamed.clone());
    let spec = Spec {
        name: name.to_owned(),
        about: format!("no description; read as {}", entry.name),
        task: entry.task,
        family: entry.name.to_owned(),
        labels,
        licence: String::new(),
        origin: String::new(),
        conf: reading.conf,
        iou: reading.iou.unwrap_or_else(Spec::usual_iou),
        input: reading.input,
        triage: None,
        explain: None,
        decode: reading.decode,
    };
    let by = match reading.certainty {
        Certainty::Metadata => "its metadata",
        Certainty::Names => "the names of its inputs and outputs",
        Certainty::Shape => "the shapes of its inputs and outputs",
    };
    let why = format!("family {} by {by}: {}", entry.name, reading.why);
    Ok(Understood { spec, why, doubts, classes, unnamed })
}

/// Names from the metadata, or the data set that has that many classes; and the doubt that remains.
fn labels(reading: &Reading) -> (Labels, Option<String>) {
    if !reading.names.is_empty() {
        // The built-in list also has the data set's own numbers, which coco.json is to have.
        let built_in = |list: &&(usize, &str)| {
            let labels = Labels::BuiltIn(list.1.to_owned());
            LabelSet::new(&labels).is_ok_and(|set| set.names() == reading.names)
        };
        let labels = match LISTS.iter().find(built_in) {
            Some((_, list)) => Labels::BuiltIn((*list).to_owned()),
            None => Labels::List(reading.names.clone()),
        };
        return (labels, None);
    }
    let known = reading.classes.and_then(|count| LISTS.iter().find(|(size, _)| *size == count));
    match (reading.classes, known) {
        (_, Some((count, list))) => {
            let doubt = format!(
                "{count} classes without names are taken for {list}; give others with --labels FILE (a name a line)"
            );
            (Labels::BuiltIn((*list).to_owned()), Some(doubt))
        }
        (count, None) => {
            let count = count.map_or_else(String::new, |count| format!("{count} "));
            let doubt = format!(
                "its {count}classes have no names and are called class_0, class_1, …; give names with --labels FILE (a name a line, or coco-80)"
            );
            (Labels::default(), Some(doubt))
        }
    }
}

/// Data sets that are known by their number of classes.
const LISTS: [(usize, &str); 4] =
    [(80, "coco-80"), (91, "coco-91"), (1000, "imagenet-1000"), (1001, "imagenet-1001")];

fn unknown(header: &Header, family: Option<&str>) -> Error {
    let list = |values: &[crate::onnx::Value]| super::open::list(values);
    let what = match family {
        Some(family) => format!("cannot be read as {family}"),
        None => "is like no family that is known".to_owned(),
    };
    let task = crate::family::foreign(header).map_or_else(String::new, |task| format!(" ({task})"));
    let message = format!(
        "no description, and what it has {what}{task}: inputs {} and outputs {}",
        list(&header.inputs),
        list(&header.outputs)
    );
    Error::new(Kind::ModelMismatch, message)
}
