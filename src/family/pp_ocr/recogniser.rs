//! What a line says: a probability for every character at every step along the line.

use ndarray::{Array3, ArrayView2, Axis, Ix3};

use super::{Strip, only_output};
use crate::engine::{Infer, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result};
use crate::family::{Entry, Family, ModelInput, Outputs, Recipe};
use crate::frame::Warning;
use crate::geometry::Quad;
use crate::observation::{Observation, TextLine};
use crate::ocr::ctc::best_path;
use crate::onnx::Header;
use crate::preprocess::Mapping;
use crate::spec::Task;

pub const RECOGNISER: Entry = Entry {
    name: "pp-ocr-rec",
    task: Task::Ocr,
    about: "PP-OCR's recogniser (CTC): [n,steps,characters]; the characters stand in the file's metadata",
    recognise: |_| None,
    build: |recipe| Ok(Box::new(Recogniser::new(recipe)?)),
};

/// The metadata's key: characters in order of class, one a line, from class 1.
const CHARACTERS: &str = "character";

/// Widths of tensors are multiples of this: the network has a step for each eight columns.
const STEP: u32 = 8;

/// Tensors are at least this wide: the width that the network was trained with. In narrower ones single letters
/// are read worse.
pub const LEAST_WIDTH: u32 = 320;

pub struct Recogniser {
    input: ModelInput,
    /// By class; the first is the blank's and empty.
    characters: Vec<String>,
}

/// What the network saw in a batch of lines.
pub struct Lattices {
    /// Lines, steps, classes.
    values: Array3<f32>,
    /// The share of the steps that each line fills.
    filled: Vec<f32>,
}

impl Lattices {
    /// Steps of a line, and the share of them that the line fills.
    pub fn of(&self, line: usize) -> (ArrayView2<'_, f32>, f32) {
        (self.values.index_axis(Axis(0), line), self.filled.get(line).copied().unwrap_or(1.0))
    }
}

impl Recogniser {
    /// # Errors
    /// `ModelMismatch` for other outputs than one lattice, or metadata without its characters.
    pub fn new(recipe: &Recipe) -> Result<Self> {
        let output = only_output(recipe, 3, "[n,steps,characters]")?;
        let classes = output.shape.as_ref().and_then(|shape| shape.last()?.fixed());
        let characters = characters(recipe.header, classes.and_then(|n| usize::try_from(n).ok()))
            .map_err(|found| {
                let message = format!(
                    "{}: {found}; expected its characters in the metadata under {CHARACTERS:?}, one a line, from class 1",
                    recipe.spec.name
                );
                Error::new(Kind::ModelMismatch, message)
            })?;
        Ok(Self { input: ModelInput::new(recipe)?, characters })
    }

    /// By class; the first is the blank's and empty.
    pub fn characters(&self) -> &[String] {
        &self.characters
    }

    /// Height of its strips.
    pub fn height(&self) -> u32 {
        self.input.size[1]
    }

    pub fn run(&self, strips: &[Strip], model: ModelId, infer: &dyn Infer) -> Result<Lattices> {
        let widest = strips.iter().map(|strip| strip.width).max().unwrap_or(1);
        let width = widest.next_multiple_of(STEP).max(LEAST_WIDTH);
        let tensor = Strip::tensor(strips, &self.input.spec, width)?;
        let outputs = infer.infer(model, &[NamedTensor::new(self.input.name(), tensor)])?;
        let filled = strips.iter().map(|strip| strip.width as f32 / width as f32).collect();
        Ok(Lattices { values: self.lattices(outputs, strips.len())?, filled })
    }

    fn lattices(&self, outputs: Vec<NamedTensor>, lines: usize) -> Result<Array3<f32>> {
        let outputs = Outputs::new(outputs);
        let shapes = outputs.shapes();
        let wrong = || {
            let classes = self.characters.len();
            let message = format!("{shapes} found; expected [{lines}, steps, {classes}]");
            Error::new(Kind::ModelOutput, message)
        };
        let output = outputs.into_iter().next().ok_or_else(wrong)?;
        let values = output.value.into_f32(&output.name)?.into_dimensionality::<Ix3>();
        let values = values.ok().filter(|v| v.dim().0 == lines && v.dim().2 == self.characters.len());
        values.ok_or_else(wrong)
    }
}

/// The characters by class; what was found where they are not there.
fn characters(header: &Header, classes: Option<usize>) -> std::result::Result<Vec<String>, String> {
    let text = header.metadata.get(CHARACTERS).ok_or("no characters found")?;
    let listed = text
        .strip_suffix('\n')
        .unwrap_or(text)
        .split('\n')
        .map(|line| line.trim_end_matches('\r').to_owned());
    let mut all: Vec<String> = std::iter::once(String::new()).chain(listed).collect();
    // They would act on the terminal that a text is printed on.
    if let Some(class) = all.iter().position(|text| text.chars().any(char::is_control)) {
        return Err(format!("a control character found for class {class}"));
    }
    // The space stands at the end of PaddleOCR's lists without being written (use_space_char).
    if classes.is_none_or(|classes| classes == all.len() + 1) {
        all.push(" ".to_owned());
    }
    match classes {
        Some(classes) if classes != all.len() => {
            Err(format!("{} characters found for {classes} classes", all.len() - 1))
        }
        _ => Ok(all),
    }
}

impl Family for Recogniser {
    fn input(&self) -> Option<&ModelInput> {
        Some(&self.input)
    }

    /// Of the whole picture as one line.
    fn decode(&self, outputs: &Outputs, mapping: &Mapping) -> Result<(Observation, Vec<Warning>)> {
        let lattice = self.lattices(outputs.iter().cloned().collect(), 1)?;
        let (characters, odd) = best_path(lattice.index_axis(Axis(0), 0), &self.characters, 1.0);
        let [width, height] = mapping.frame.map(|side| side as f32);
        let whole = Quad([[0.0, 0.0], [width, 0.0], [width, height], [0.0, height]]);
        let lines = vec![TextLine { characters, ..TextLine::unread(whole, 1.0) }];
        Ok((Observation::Text { lines }, crate::family::not_finite(odd).into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(list: Option<&str>) -> Header {
        let metadata = list.map(|list| (CHARACTERS.to_owned(), list.to_owned())).into_iter().collect();
        Header { metadata, ..Header::default() }
    }

    #[test]
    fn characters_are_counted_from_the_blank_to_the_space() {
        let listed = header(Some("a\nb\nc"));
        assert_eq!(characters(&listed, Some(5)).unwrap(), ["", "a", "b", "c", " "]);
        assert_eq!(characters(&listed, Some(4)).unwrap(), ["", "a", "b", "c"]);
        assert_eq!(characters(&listed, None).unwrap().len(), 5);
        assert_eq!(characters(&header(Some("a\r\nb\r\n")), Some(3)).unwrap(), ["", "a", "b"]);
        assert_eq!(characters(&listed, Some(9)).unwrap_err(), "3 characters found for 9 classes");
        assert!(characters(&header(None), Some(5)).is_err());
        assert!(characters(&header(Some("a\n\u{1b}[31m\nb")), Some(4)).unwrap_err().contains("class 2"));
    }
}
