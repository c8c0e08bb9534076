//! Sessions: one per worker on CPU, usually on one thread each.

use std::path::Path;
use std::sync::{Arc, Mutex};

use ort::ep;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, TensorElementType, TensorRef, ValueType};

use super::library::Found;
use super::weights::Shared;
use super::{Device, Infer, ModelId, NamedTensor, Provider, Runtime, Tensor};
use crate::error::{Error, Kind, Result, poisoned};

/// A model on a device, ready to give each worker its means to run it.
pub struct Engine {
    runtime: &'static Runtime,
    model: Vec<u8>,
    model_name: String,
    provider: Provider,
    /// Threads that one session calculates with.
    threads: usize,
    sessions: Mutex<Sessions>,
    /// Said once: why `auto` did not take an accelerator that is there.
    pub fallback: Option<String>,
}

/// The sessions that were made.
#[derive(Default)]
struct Sessions {
    /// The one that proved that the model loads; the first worker takes it.
    proof: Option<Session>,
    made: usize,
    /// What those after the second have in common; `None` inside where nothing can be shared.
    shared: Option<Option<Shared>>,
}

/// Graphs that the runtime may write down, in bytes: beyond it protobuf cannot hold them.
const MAX_WRITTEN: usize = 1 << 30;

impl Engine {
    /// Chooses the provider and proves that the model loads on it. On the CPU each session calculates with
    /// `threads` threads.
    ///
    /// # Errors
    /// `Device` when a device asked for by name cannot be had, `ModelInvalid` when the runtime
    /// refuses the model.
    pub fn new(
        runtime: &'static Runtime,
        name: &str,
        model: &[u8],
        device: Device,
        threads: usize,
    ) -> Result<Self> {
        let mut engine = Self {
            runtime,
            model: model.to_vec(),
            model_name: name.to_owned(),
            provider: Provider::Cpu,
            threads,
            sessions: Mutex::default(),
            fallback: None,
        };
        match device {
            Device::Cpu => {}
            Device::Cuda(index) => engine.provider = Provider::Cuda(index),
            Device::TensorRt(index) => engine.provider = Provider::TensorRt(index),
            Device::Auto => engine.choose(),
        }
        // Now, so that a missing library or a model that the runtime refuses is said before any input
        // is read.
        let proof = engine.plain()?;
        engine.sessions = Mutex::new(Sessions { proof: Some(proof), made: 1, shared: None });
        Ok(engine)
    }

    /// CUDA where the runtime has it and a session can be made; otherwise the CPU, with the reason
    /// when a GPU seems to be there.
    fn choose(&mut self) {
        let gpu = Path::new("/dev/nvidia0").exists() || Path::new("/dev/nvidiactl").exists();
        if !gpu {
            return;
        }
        self.provider = Provider::Cuda(0);
        if let Err(error) = self.plain() {
            self.provider = Provider::Cpu;
            self.fallback =
                Some(format!("a GPU is there but cannot be used, running on the CPU: {}", error.chain()));
        }
    }

    pub fn provider(&self) -> Provider {
        self.provider
    }

    pub fn threads(&self) -> usize {
        self.threads
    }

    /// The library in use.
    pub fn found(&self) -> &Found {
        &self.runtime.found
    }

    /// A worker's own means to run the model.
    pub fn worker(&self) -> Result<Box<dyn Infer>> {
        Ok(Box::new(OwnSession { session: Mutex::new(self.session()?) }))
    }

    /// One after another, as creating sessions on a GPU must be; the first ones plainly, as most jobs need
    /// no more, all others with the weights in common.
    fn session(&self) -> Result<Session> {
        let mut sessions = self.sessions.lock().map_err(|_| poisoned("session"))?;
        if let Some(proof) = sessions.proof.take() {
            return Ok(proof);
        }
        sessions.made += 1;
        if sessions.made == 2 || self.provider != Provider::Cpu {
            return self.plain();
        }
        let shared = sessions.shared.get_or_insert_with(|| self.share());
        // What cannot be shared works alone as well.
        let sharing = shared.as_ref().and_then(|shared| self.sharing(shared).ok());
        sharing.map_or_else(|| self.plain(), Ok)
    }

    fn plain(&self) -> Result<Session> {
        let failed = |e: ort::Error| self.failure(&e);
        let builder = Session::builder(&self.runtime.environment).map_err(failed)?;
        let builder =
            builder.with_optimization_level(GraphOptimizationLevel::All).map_err(|e| failed(e.into()))?;
        let mut builder = self.configured(builder).map_err(failed)?;
        builder.commit_from_memory(&self.model).map_err(failed)
    }

    /// The graph as the runtime optimises it, for this processor and this process only.
    fn share(&self) -> Option<Shared> {
        if self.model.len() > MAX_WRITTEN {
            return None;
        }
        let folder = tempfile::tempdir().ok()?;
        let file = folder.path().join("optimised.onnx");
        let builder = Session::builder(&self.runtime.environment).ok()?;
        let builder = builder.with_optimization_level(GraphOptimizationLevel::All).ok()?;
        let mut builder = self.configured(builder.with_optimized_model_path(&file).ok()?).ok()?;
        builder.commit_from_memory(&self.model).ok()?;
        Shared::of(std::fs::read(&file).ok()?)
    }

    fn sharing(&self, shared: &Shared) -> std::result::Result<Session, ort::Error> {
        let builder = Session::builder(&self.runtime.environment)?;
        // It is optimised already.
        let mut builder = builder.with_optimization_level(GraphOptimizationLevel::Disable)?;
        for (name, value) in &shared.weights {
            builder = builder.with_initializer(name, Arc::clone(value))?;
        }
        let builder = builder.with_prepacked_weights(&shared.prepacked)?;
        self.configured(builder)?.commit_from_memory(&shared.graph)
    }

    /// With as many workers as cores, one thread a session is the highest throughput, and the
    /// runtime's own pool would only compete with ours. No spinning for the same reason.
    fn configured(&self, builder: SessionBuilder) -> std::result::Result<SessionBuilder, ort::Error> {
        let builder = builder
            .with_intra_threads(self.threads)?
            .with_inter_threads(1)?
            .with_parallel_execution(false)?
            .with_config_entry("session.intra_op.allow_spinning", "0")?;
        Ok(match self.provider {
            Provider::Cpu => builder,
            Provider::Cuda(index) => builder.with_execution_providers([cuda(index)])?,
            Provider::TensorRt(index) => builder.with_execution_providers([
                ep::TensorRT::default()
                    .with_device_id(index as i32)
                    .with_fp16(true)
                    .build()
                    .error_on_failure(),
                cuda(index),
            ])?,
        })
    }

    fn failure(&self, error: &ort::Error) -> Error {
        let text = error.to_string();
        if self.provider == Provider::Cpu {
            let message = format!("{}: ONNX Runtime refuses the model", self.model_name);
            return Error::new(Kind::ModelInvalid, message).because(text);
        }
        let message = format!(
            "--device {}: not available with {} ({}); `vision runtime install --cuda` fetches a runtime with CUDA, \
             --device auto uses the CPU instead",
            self.provider,
            self.runtime.found.path.display(),
            self.runtime.found.version,
        );
        Error::new(Kind::Device, message).because(text)
    }
}

/// TF32 is off: documentation and source of the provider disagree on its default, and results should
/// not depend on that.
fn cuda(index: u32) -> ep::ExecutionProviderDispatch {
    ep::CUDA::default().with_device_id(index as i32).with_tf32(false).build().error_on_failure()
}

/// A session that only its worker uses; the lock is never contended.
struct OwnSession {
    session: Mutex<Session>,
}

impl Infer for OwnSession {
    fn infer(&self, _: ModelId, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>> {
        let mut session = self.session.lock().map_err(|_| poisoned("session"))?;
        let failed = |e: ort::Error| Error::new(Kind::ModelOutput, "the model failed to run").because(e);
        let inputs = inputs
            .iter()
            .map(|input| Ok((input.name.as_str(), borrowed(&input.value)?)))
            .collect::<std::result::Result<Vec<_>, ort::Error>>()
            .map_err(failed)?;
        let outputs = session.run(inputs).map_err(failed)?;
        outputs.iter().map(|(name, value)| owned(name, &value)).collect()
    }
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

fn owned(name: &str, value: &DynValue) -> Result<NamedTensor> {
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
