//! Running a session: tensors in, tensors out.

use std::sync::Mutex;

use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, TensorElementType, TensorRef, ValueType};

use super::{Infer, ModelId, NamedTensor, Tensor};
use crate::error::{Error, Kind, Result, poisoned};

/// A session that only its worker uses; the lock is never contended.
pub struct OwnSession {
    session: Mutex<Session>,
}

impl OwnSession {
    pub fn new(session: Session) -> Self {
        Self { session: Mutex::new(session) }
    }
}

impl Infer for OwnSession {
    fn infer(&self, _: ModelId, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>> {
        let mut session = self.session.lock().map_err(|_| poisoned("session"))?;
        run(&mut session, inputs)
    }
}

/// One call.
///
/// # Errors
/// `ModelOutput` when the runtime refuses the inputs, fails, or gives an output that no tensor here can be.
pub fn run(session: &mut Session, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>> {
    let inputs = inputs
        .iter()
        .map(|input| Ok((input.name.as_str(), borrowed(&input.value)?)))
        .collect::<std::result::Result<Vec<_>, ort::Error>>()
        .map_err(failed)?;
    let outputs = session.run(inputs).map_err(failed)?;
    outputs.iter().map(|(name, value)| owned(name, &value)).collect()
}

pub(super) fn failed(error: ort::Error) -> Error {
    Error::new(Kind::ModelOutput, "the model failed to run").because(error)
}

fn borrowed(tensor: &Tensor) -> std::result::Result<SessionInputValue<'_>, ort::Error> {
    Ok(match tensor {
        Tensor::F32(a) => TensorRef::from_array_view(a.view())?.into(),
        Tensor::F16(a) => TensorRef::from_array_view(a.view())?.into(),
        Tensor::U8(a) => TensorRef::from_array_view(a.view())?.into(),
        Tensor::I32(a) => TensorRef::from_array_view(a.view())?.into(),
        Tensor::I64(a) => TensorRef::from_array_view(a.view())?.into(),
    })
}

/// A copy of an output.
pub(super) fn owned(name: &str, value: &DynValue) -> Result<NamedTensor> {
    let failed =
        |e: ort::Error| Error::new(Kind::ModelOutput, format!("output {name} cannot be read")).because(e);
    let element = match value.dtype() {
        ValueType::Tensor { ty, .. } => *ty,
        other => {
            return Err(Error::new(Kind::ModelOutput, format!("output {name} is no tensor but {other:?}")));
        }
    };
    let tensor = match element {
        TensorElementType::Float32 => {
            Tensor::F32(value.try_extract_array::<f32>().map_err(failed)?.to_owned())
        }
        TensorElementType::Float16 => {
            Tensor::F16(value.try_extract_array::<half::f16>().map_err(failed)?.to_owned())
        }
        TensorElementType::Uint8 => Tensor::U8(value.try_extract_array::<u8>().map_err(failed)?.to_owned()),
        TensorElementType::Int32 => Tensor::I32(value.try_extract_array::<i32>().map_err(failed)?.to_owned()),
        TensorElementType::Int64 => Tensor::I64(value.try_extract_array::<i64>().map_err(failed)?.to_owned()),
        other => {
            return Err(Error::new(
                Kind::ModelOutput,
                format!("output {name} has elements of type {other:?}"),
            ));
        }
    };
    Ok(NamedTensor::new(name, tensor))
}
