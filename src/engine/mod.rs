//! Running models: the only place that names `ort`. Families see [`Infer`] and nothing else.

mod accelerator;
pub mod batch;
mod bound;
pub(crate) mod child;
pub mod device;
mod elf;
mod gpus;
pub mod install;
pub mod library;
pub mod probe;
mod python;
mod run;
mod runtime;
pub mod session;
pub mod tensor;
mod weights;

pub(crate) use accelerator::{is_there, settings};
pub use device::{Device, Provider};
pub(crate) use elf::check_head;
pub use gpus::Gpus;
pub use runtime::Runtime;
pub use session::{ByteInput, Engine, Setup};
pub use tensor::{ElementType, NamedTensor, Tensor};

use crate::error::Result;

/// Runs a model: blocking, thread-safe, any number of calls per frame. On CPU it is the worker's
/// own session; on an accelerator a batcher joins waiting callers. Families never know which.
pub trait Infer: Send + Sync {
    /// `inputs` by name, each with a leading batch axis of 1 where the model has one. Returns the
    /// outputs in the order of the model's header.
    ///
    /// # Errors
    /// `ModelOutput` when the runtime refuses the inputs or fails; `Device` when an accelerator
    /// is out of memory after every remedy.
    fn infer(&self, model: ModelId, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>>;

    /// Many frames of one shape, for whoever has them at once: where frames are joined, these are. The outputs
    /// come in the order of the frames.
    ///
    /// # Errors
    /// As [`Infer::infer`]; the first one.
    fn infer_many(&self, model: ModelId, frames: &[Vec<NamedTensor>]) -> Result<Vec<Vec<NamedTensor>>> {
        frames.iter().map(|inputs| self.infer(model, inputs)).collect()
    }
}

/// Which of a job's models to run; a job with one model uses `ModelId::default()`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ModelId(pub usize);
