//! PP-OCR: a detector of lines, a recogniser of what a line says and a classifier of which way up it stands.
//! Each is a family of its own; `vision ocr` puts them together ([`crate::ocr::Reader`]).
//!
//! References: PaddleOCR's `tools/infer/predict_{det,rec,cls}.py` (Apache-2.0), and the settings of the package
//! rapidocr 3.10.0 (config.yaml, Apache-2.0), whose conversions to ONNX the catalogue has.

mod detector;
mod orienter;
mod recogniser;
mod strip;

use super::Recipe;
use crate::error::{Error, Kind, Result};
use crate::onnx::Value;

pub use detector::{DETECTOR, Detector};
pub use orienter::{ORIENTER, Orienter};
pub use recogniser::{LEAST_WIDTH, Lattices, RECOGNISER, Recogniser};
pub use strip::Strip;

/// The only output, of so many axes where the header says how many.
///
/// # Errors
/// `ModelMismatch`: what was found, what was expected.
fn only_output<'a>(recipe: &'a Recipe, axes: usize, wanted: &str) -> Result<&'a Value> {
    match recipe.header.outputs.as_slice() {
        [output] if output.shape.as_ref().is_none_or(|shape| shape.len() == axes) => Ok(output),
        outputs => {
            let found: Vec<String> = outputs.iter().map(ToString::to_string).collect();
            let message = format!(
                "{}: family {} expects one output {wanted}; found {}",
                recipe.spec.name,
                recipe.spec.family,
                found.join(", ")
            );
            Err(Error::new(Kind::ModelMismatch, message))
        }
    }
}
