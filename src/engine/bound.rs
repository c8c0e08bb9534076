//! A session with memory of its own for each shape that it is called with: frames are copied once, into their
//! places in the input, and what comes out lands where it did before.
//!
//! Before a GPU the memory is page-locked ("pinned"), which it reads and writes without the processor. It is
//! handed to an ordinary run and not through `IoBinding`: that copies an input when it is bound, beside the
//! run and from pinned memory without waiting, and ONNX Runtime's way to wait for it
//! (`SynchronizeBoundInputs`) takes it for granted that some node reads each input. A run orders its own copies
//! and has ended them when it returns.

use std::collections::VecDeque;

use ndarray::ArrayD;
use ort::memory::{AllocationDevice, Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::{
    HasSelectedOutputs, OutputSelector, RunOptions, Session, SessionInputValue, SessionOutputs,
};
use ort::value::{DynTensor, Outlet, TensorElementType};

use super::batch::is_out_of_memory;
use super::run::{failed, owned};
use super::{ElementType, NamedTensor, Tensor};
use crate::error::{Error, Kind, Result};

type Ort<T> = std::result::Result<T, ort::Error>;

/// Shapes whose memory is kept: full batches, those at the end of a job, and two more. A batch of 16 pictures of
/// 640 x 640 has 79 MB.
const MOST_KEPT: usize = 4;
/// Tensors of fewer bytes stay in ordinary memory: sizes and the like are read by the processor, and copying
/// them costs nothing.
const LEAST_PINNED: usize = 1 << 16;

/// See the module. What was allocated through the session goes before it.
pub struct Bound {
    /// The shape used last is the last one.
    kept: VecDeque<Kept>,
    memory: Memory,
    session: Session,
}

/// Where tensors are allocated.
struct Memory {
    ordinary: Allocator,
    /// For what goes to a GPU and what comes back.
    pinned: Option<(Allocator, Allocator)>,
}

/// The memory of one shape.
struct Kept {
    frames: usize,
    /// Of one frame.
    shapes: Vec<(ElementType, Vec<usize>)>,
    inputs: Vec<(String, DynTensor)>,
    outputs: Outputs,
}

enum Outputs {
    /// Not run yet.
    Unknown,
    /// As they were in the last run.
    Kept(RunOptions<HasSelectedOutputs>),
    /// Their shapes depend on more than the inputs' shapes, or their types are none of ours: the runtime
    /// allocates them.
    Varying,
}

impl Bound {
    /// On the GPU of that number; `None` for the CPU.
    pub fn new(session: Session, gpu: Option<u32>) -> Self {
        let pinned = |gpu: u32, kind| {
            let info =
                MemoryInfo::new(AllocationDevice::CUDA_PINNED, gpu as i32, AllocatorType::Device, kind)?;
            Allocator::new(&session, info)
        };
        // Ordinary memory serves as well, only slower.
        let both = |gpu| pinned(gpu, MemoryType::CPUInput).ok().zip(pinned(gpu, MemoryType::CPUOutput).ok());
        let memory = Memory { ordinary: Allocator::default(), pinned: gpu.and_then(both) };
        Self { kept: VecDeque::new(), memory, session }
    }

    /// Whether what goes to the device comes from pinned memory.
    pub fn is_pinned(&self) -> bool {
        self.memory.pinned.is_some()
    }

    /// Runs frames of one shape as one batch: their first axes one after another.
    ///
    /// # Errors
    /// `ModelOutput` as [`super::run::run`]; `Internal` when frames have different shapes or none to join.
    pub fn run(&mut self, frames: &[&[NamedTensor]]) -> Result<Vec<NamedTensor>> {
        let mut kept = self.kept_for(frames)?;
        kept.fill(frames)?;
        let result = kept.run(&mut self.session, &self.memory);
        // Memory that ran out may be what is kept.
        if !result.as_ref().is_err_and(is_out_of_memory) {
            self.kept.push_back(kept);
        }
        result
    }

    /// Takes the memory of these frames' shape out of those that are kept, or allocates it.
    fn kept_for(&mut self, frames: &[&[NamedTensor]]) -> Result<Kept> {
        let found = self.kept.iter().position(|kept| kept.is_for(frames));
        if let Some(kept) = found.and_then(|at| self.kept.remove(at)) {
            return Ok(kept);
        }
        while self.kept.len() >= MOST_KEPT {
            self.kept.pop_front();
        }
        Kept::new(frames, &self.memory)
    }
}

impl Memory {
    fn tensor(&self, element: ElementType, shape: Vec<i64>, out: bool) -> Ort<DynTensor> {
        let bytes =
            shape.iter().fold(element.bytes(), |product, side| product.saturating_mul(*side as usize));
        let allocator = match &self.pinned {
            Some((towards, back)) if bytes >= LEAST_PINNED => {
                if out {
                    back
                } else {
                    towards
                }
            }
            _ => &self.ordinary,
        };
        DynTensor::new(allocator, ort_type(element), shape)
    }
}

impl Kept {
    fn new(frames: &[&[NamedTensor]], memory: &Memory) -> Result<Self> {
        let first = *frames.first().ok_or_else(|| Error::new(Kind::Internal, "a batch without frames"))?;
        let input = |input: &NamedTensor| {
            let mut shape: Vec<i64> = input.value.shape().iter().map(|side| *side as i64).collect();
            match shape.first_mut() {
                Some(axis) => *axis *= frames.len() as i64,
                None if frames.len() == 1 => {}
                None => return Err(Error::new(Kind::Internal, "a number alone cannot be joined")),
            }
            let tensor = memory.tensor(input.value.element_type(), shape, false);
            Ok((input.name.clone(), tensor.map_err(failed)?))
        };
        Ok(Self {
            frames: frames.len(),
            shapes: first.iter().map(|i| (i.value.element_type(), i.value.shape().to_vec())).collect(),
            inputs: first.iter().map(input).collect::<Result<_>>()?,
            outputs: Outputs::Unknown,
        })
    }

    fn is_for(&self, frames: &[&[NamedTensor]]) -> bool {
        let one = |frame: &[NamedTensor]| {
            let names = self.inputs.iter().map(|(name, _)| name);
            let mine = names.zip(&self.shapes);
            frame.len() == self.inputs.len()
                && frame.iter().zip(mine).all(|(input, (name, (element, shape)))| {
                    let value = &input.value;
                    input.name == *name && value.element_type() == *element && value.shape() == shape
                })
        };
        frames.len() == self.frames && frames.iter().all(|frame| one(frame))
    }

    /// Copies each frame to its place.
    fn fill(&mut self, frames: &[&[NamedTensor]]) -> Result<()> {
        for (at, frame) in frames.iter().enumerate() {
            for (input, (_, place)) in frame.iter().zip(&mut self.inputs) {
                put(&input.value, place, at).map_err(failed)?;
            }
        }
        Ok(())
    }

    fn run(&mut self, session: &mut Session, memory: &Memory) -> Result<Vec<NamedTensor>> {
        if let Outputs::Kept(options) = &self.outputs {
            let run = session.run_with_options(given(&self.inputs), options).map_err(failed);
            match run.and_then(|outputs| read(&outputs)) {
                Err(error) if !is_out_of_memory(&error) => self.outputs = Outputs::Varying,
                result => return result,
            }
        }
        let found = read(&session.run(given(&self.inputs)).map_err(failed)?)?;
        if matches!(self.outputs, Outputs::Unknown) {
            self.outputs = outputs_like(self.frames, &found, session.outputs(), memory)?;
        }
        Ok(found)
    }
}

fn given(inputs: &[(String, DynTensor)]) -> Vec<(&str, SessionInputValue<'_>)> {
    inputs.iter().map(|(name, tensor)| (name.as_str(), tensor.into())).collect()
}

fn read(outputs: &SessionOutputs) -> Result<Vec<NamedTensor>> {
    outputs.iter().map(|(name, value)| owned(name, &value)).collect()
}

/// Memory for outputs of the same shapes as `found`, where the model as declared leaves at most one axis of each
/// open beside the frames': the runtime compares no more than sizes where it copies from a device, and with one
/// axis open the size tells the shape.
fn outputs_like(
    frames: usize,
    found: &[NamedTensor],
    declared: &[Outlet],
    memory: &Memory,
) -> Result<Outputs> {
    let clear = |(output, declared): (&NamedTensor, &Outlet)| {
        let (found, declared) = (output.value.shape(), declared.dtype().tensor_shape());
        // A 1 may as well count what was found.
        let joined = usize::from(frames > 1 && found.first() == Some(&frames));
        declared.is_some_and(|declared| {
            let open = declared.iter().skip(joined).filter(|side| **side < 0).count();
            open <= 1 && declared.len() == found.len() && !found.contains(&0)
        })
    };
    if found.len() != declared.len() || !found.iter().zip(declared).all(clear) {
        return Ok(Outputs::Varying);
    }
    let mut selector = OutputSelector::default();
    for output in found {
        let shape = output.value.shape().iter().map(|side| *side as i64).collect();
        let tensor = memory.tensor(output.value.element_type(), shape, true).map_err(failed)?;
        selector = selector.preallocate(&output.name, tensor);
    }
    Ok(Outputs::Kept(RunOptions::new().map_err(failed)?.with_outputs(selector)))
}

fn ort_type(element: ElementType) -> TensorElementType {
    match element {
        ElementType::F32 => TensorElementType::Float32,
        ElementType::F16 => TensorElementType::Float16,
        ElementType::U8 => TensorElementType::Uint8,
        ElementType::I32 => TensorElementType::Int32,
        ElementType::I64 => TensorElementType::Int64,
    }
}

/// Copies a frame's tensor to the place of frame number `at`.
fn put(from: &Tensor, into: &mut DynTensor, at: usize) -> Ort<()> {
    fn copy<T: Copy>(from: &ArrayD<T>, into: &mut [T], at: usize) -> Ort<()> {
        let place = into.get_mut(at * from.len()..(at + 1) * from.len());
        let place = place.ok_or_else(|| ort::Error::new("a frame of another size than its place"))?;
        match from.as_slice() {
            Some(values) => place.copy_from_slice(values),
            None => place.iter_mut().zip(from).for_each(|(place, value)| *place = *value),
        }
        Ok(())
    }
    match from {
        Tensor::F32(a) => copy(a, into.try_extract_tensor_mut()?.1, at),
        Tensor::F16(a) => copy(a, into.try_extract_tensor_mut()?.1, at),
        Tensor::U8(a) => copy(a, into.try_extract_tensor_mut()?.1, at),
        Tensor::I32(a) => copy(a, into.try_extract_tensor_mut()?.1, at),
        Tensor::I64(a) => copy(a, into.try_extract_tensor_mut()?.1, at),
    }
}

#[cfg(test)]
mod tests;
