//! Tensors as they cross the boundary between families and the runtime.

use half::f16;
use ndarray::{ArrayD, ArrayViewD, Axis, CowArray, IxDyn};
use serde::{Deserialize, Serialize};

use crate::error::{Error, Kind, Result};

/// Element types that inputs and outputs may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ElementType {
    F32,
    F16,
    U8,
    I32,
    I64,
}

impl ElementType {
    /// Bytes of one element.
    pub fn bytes(self) -> usize {
        match self {
            ElementType::U8 => 1,
            ElementType::F16 => 2,
            ElementType::F32 | ElementType::I32 => 4,
            ElementType::I64 => 8,
        }
    }
}

/// Row-major values with a shape.
#[derive(Debug, Clone, PartialEq)]
pub enum Tensor {
    F32(ArrayD<f32>),
    F16(ArrayD<f16>),
    U8(ArrayD<u8>),
    I32(ArrayD<i32>),
    I64(ArrayD<i64>),
}

#[derive(Debug, Clone, PartialEq)]
pub struct NamedTensor {
    pub name: String,
    pub value: Tensor,
}

impl NamedTensor {
    pub fn new(name: impl Into<String>, value: Tensor) -> Self {
        Self { name: name.into(), value }
    }
}

impl Tensor {
    pub fn shape(&self) -> &[usize] {
        match self {
            Tensor::F32(a) => a.shape(),
            Tensor::F16(a) => a.shape(),
            Tensor::U8(a) => a.shape(),
            Tensor::I32(a) => a.shape(),
            Tensor::I64(a) => a.shape(),
        }
    }

    pub fn element_type(&self) -> ElementType {
        match self {
            Tensor::F32(_) => ElementType::F32,
            Tensor::F16(_) => ElementType::F16,
            Tensor::U8(_) => ElementType::U8,
            Tensor::I32(_) => ElementType::I32,
            Tensor::I64(_) => ElementType::I64,
        }
    }

    /// The `count` rows of the first axis, each with a first axis of 1; `None` where it has another length.
    pub fn rows(self, count: usize) -> Option<Vec<Tensor>> {
        fn rows<T: Clone>(a: &ArrayD<T>) -> impl Iterator<Item = ArrayD<T>> {
            a.axis_chunks_iter(Axis(0), 1).map(|row| row.to_owned())
        }
        if self.shape().first() != Some(&count) {
            return None;
        }
        Some(match &self {
            Tensor::F32(a) => rows(a).map(Tensor::F32).collect(),
            Tensor::F16(a) => rows(a).map(Tensor::F16).collect(),
            Tensor::U8(a) => rows(a).map(Tensor::U8).collect(),
            Tensor::I32(a) => rows(a).map(Tensor::I32).collect(),
            Tensor::I64(a) => rows(a).map(Tensor::I64).collect(),
        })
    }

    /// The values as f32, whatever their type. Whole numbers beyond 2^24 lose digits.
    pub fn to_f32(&self) -> CowArray<'_, f32, IxDyn> {
        match self {
            Tensor::F32(a) => CowArray::from(a.view()),
            Tensor::F16(a) => CowArray::from(a.mapv(f16::to_f32)),
            Tensor::U8(a) => CowArray::from(a.mapv(f32::from)),
            Tensor::I32(a) => CowArray::from(a.mapv(|v| v as f32)),
            Tensor::I64(a) => CowArray::from(a.mapv(|v| v as f32)),
        }
    }

    /// A view of an f32 tensor.
    ///
    /// # Errors
    /// `ModelOutput` for another element type; `name` says which tensor.
    pub fn as_f32(&self, name: &str) -> Result<ArrayViewD<'_, f32>> {
        match self {
            Tensor::F32(a) => Ok(a.view()),
            other => Err(Error::new(
                Kind::ModelOutput,
                format!("tensor {name} holds {:?}, expected f32", other.element_type()),
            )),
        }
    }

    /// The values as f32, converted where they are float16.
    pub fn into_f32(self, name: &str) -> Result<ArrayD<f32>> {
        match self {
            Tensor::F32(a) => Ok(a),
            Tensor::F16(a) => Ok(a.mapv(f16::to_f32)),
            other => {
                other.as_f32(name)?;
                unreachable!("as_f32 refuses every other type")
            }
        }
    }
}
