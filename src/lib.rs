//! Pictures and a model in; annotated pictures and results a script can trust out.
//!
//! The program `vision` is a thin shell around this library. [`perform::perform`] runs a whole job; the parts
//! can be used alone, here a model's description and what its file says of itself:
//!
//! ```
//! let model = vision::models::resolve("nanodet-g-416")?;
//! assert_eq!(model.spec.input.size, [416, 416]);
//! assert_eq!(model.labels.name(0), "person");
//! assert_eq!(model.header.outputs.len(), 6);
//! # Ok::<(), vision::Error>(())
//! ```

pub mod atomic;
pub mod cmd;
pub mod convert;
pub mod deidentify;
pub mod diff;
pub mod digest;
pub mod draw;
pub mod engine;
pub mod error;
pub mod eval;
pub mod explain;
pub mod family;
pub mod fetch;
pub mod ffmpeg;
pub mod frame;
#[doc(hidden)]
pub mod fuzzing;
pub mod geometry;
pub mod input;
pub mod live;
pub mod looks;
mod memory;
pub mod models;
pub mod observation;
pub mod ocr;
pub mod onnx;
pub mod options;
pub mod perform;
pub mod pipeline;
pub mod places;
pub mod policy;
pub mod prediction;
pub mod preprocess;
pub mod pseudonym;
pub mod record;
pub mod redact;
pub mod report;
pub mod review;
pub mod run;
pub mod sheet;
pub mod sink;
pub mod source;
pub mod spec;
pub mod track;
pub mod triage;
pub mod zones;

pub use error::{Error, Kind, Result};
