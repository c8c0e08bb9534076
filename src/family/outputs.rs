//! A model's outputs as families read them: by name or place, as numbers, with or without a batch axis.

use ndarray::{ArrayBase, ArrayD, Axis, CowArray, Dimension, IxDyn, RawData};

use crate::engine::{NamedTensor, Tensor};
use crate::error::{Error, Kind, Result};

/// The outputs of one call, in the order of the model's header.
#[derive(Debug)]
pub struct Outputs(Vec<NamedTensor>);

impl Outputs {
    pub fn new(tensors: Vec<NamedTensor>) -> Self {
        Self(tensors)
    }

    pub fn iter(&self) -> impl Iterator<Item = &NamedTensor> {
        self.0.iter()
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// # Errors
    /// `ModelOutput` when the model gave fewer.
    pub fn at(&self, index: usize) -> Result<&NamedTensor> {
        self.0.get(index).ok_or_else(|| {
            let message = format!("output {} is expected; found {}", index + 1, self.shapes());
            Error::new(Kind::ModelOutput, message)
        })
    }

    /// # Errors
    /// `ModelOutput` when no output has that name.
    pub fn named(&self, name: &str) -> Result<&NamedTensor> {
        self.0.iter().find(|output| output.name == name).ok_or_else(|| {
            let message = format!("an output {name:?} is expected; found {}", self.shapes());
            Error::new(Kind::ModelOutput, message)
        })
    }

    /// Names and shapes, for messages.
    pub fn shapes(&self) -> String {
        let shown: Vec<String> = self.0.iter().map(|o| format!("{} {:?}", o.name, o.value.shape())).collect();
        shown.join(", ")
    }
}

impl IntoIterator for Outputs {
    type Item = NamedTensor;
    type IntoIter = std::vec::IntoIter<NamedTensor>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl NamedTensor {
    /// The values as f32 with the axes of `D`, batch axis aside: exports give [1, n, m] or [n, m].
    /// Whole numbers beyond 2^24 lose digits, which no class or count reaches.
    ///
    /// # Errors
    /// `ModelOutput` when the number of axes is another one, or the batch is not 1; `wanted` says what
    /// the axes mean, for the message.
    pub fn numbers<D: Dimension>(&self, wanted: &str) -> Result<CowArray<'_, f32, D>> {
        let rank = D::NDIM.unwrap_or_default();
        let shape = self.value.shape();
        let batched = shape.len() == rank + 1 && shape[0] == 1;
        if shape.len() != rank && !batched {
            let message = format!(
                "output {} has the shape {shape:?}; expected {wanted}, with or without a batch of 1",
                self.name
            );
            return Err(Error::new(Kind::ModelOutput, message));
        }
        let failed =
            |e| Error::new(Kind::ModelOutput, format!("output {}: expected {wanted}", self.name)).because(e);
        match &self.value {
            Tensor::F32(a) => {
                single(a.view(), batched).into_dimensionality().map(CowArray::from).map_err(failed)
            }
            other => {
                single(converted(other), batched).into_dimensionality().map(CowArray::from).map_err(failed)
            }
        }
    }
}

/// Without the batch axis, which is of length 1.
fn single<S: RawData>(values: ArrayBase<S, IxDyn>, batched: bool) -> ArrayBase<S, IxDyn> {
    if batched { values.index_axis_move(Axis(0), 0) } else { values }
}

fn converted(tensor: &Tensor) -> ArrayD<f32> {
    match tensor {
        Tensor::F32(a) => a.clone(),
        Tensor::F16(a) => a.mapv(half::f16::to_f32),
        Tensor::U8(a) => a.mapv(f32::from),
        Tensor::I32(a) => a.mapv(|v| v as f32),
        Tensor::I64(a) => a.mapv(|v| v as f32),
    }
}
