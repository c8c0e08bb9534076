//! One copy of a model's weights for many sessions.
//!
//! A session of its own for each worker would hold the weights, and what the runtime makes of them to
//! calculate faster, once a worker. Here the graph is written down once as the runtime optimised it, its
//! weights are read out of that, and all further sessions are given the same ones.

use std::sync::Arc;

use ort::session::builder::PrepackedWeights;
use ort::value::{DynValue, Tensor};

use crate::engine::ElementType;
use crate::onnx::{Weight, weights};

/// Tensors of fewer bytes are not worth a name.
const LEAST: usize = 1 << 10;

/// What sessions have in common.
pub struct Shared {
    /// The graph after optimisation.
    pub graph: Vec<u8>,
    pub weights: Vec<(String, Arc<DynValue>)>,
    /// Weights as the kernels want them; filled by the first session.
    pub prepacked: PrepackedWeights,
}

impl Shared {
    /// Of a graph as the runtime wrote it; `None` where it holds nothing that can be shared.
    pub fn of(graph: Vec<u8>) -> Option<Self> {
        let found = weights(&graph, LEAST).ok()?;
        let weights: Vec<_> =
            found.into_iter().filter_map(|weight| Some((weight.name.clone(), value(&weight)?))).collect();
        (!weights.is_empty()).then(|| Self { graph, weights, prepacked: PrepackedWeights::new() })
    }
}

fn value(weight: &Weight) -> Option<Arc<DynValue>> {
    fn numbers<const N: usize, T>(weight: &Weight, read: fn([u8; N]) -> T) -> (Vec<i64>, Vec<T>) {
        let numbers = weight.data.as_chunks::<N>().0.iter().map(|bytes| read(*bytes)).collect();
        (weight.shape.clone(), numbers)
    }
    let value: DynValue = match weight.element {
        ElementType::F32 => Tensor::from_array(numbers(weight, f32::from_le_bytes)).ok()?.into_dyn(),
        ElementType::F16 => Tensor::from_array(numbers(weight, half::f16::from_le_bytes)).ok()?.into_dyn(),
        ElementType::U8 => Tensor::from_array(numbers(weight, u8::from_le_bytes)).ok()?.into_dyn(),
        ElementType::I32 => Tensor::from_array(numbers(weight, i32::from_le_bytes)).ok()?.into_dyn(),
        ElementType::I64 => Tensor::from_array(numbers(weight, i64::from_le_bytes)).ok()?.into_dyn(),
    };
    Some(Arc::new(value))
}
