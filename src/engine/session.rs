//! Engines: a model on a device, and the sessions that run it there.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};

use super::accelerator::{self, Profile};
use super::batch::{Batcher, Run, WAIT, is_out_of_memory};
use super::bound::Bound;
use super::library::Found;
use super::run::OwnSession;
use super::weights::Shared;
use super::{Device, Gpus, Infer, Provider, Runtime};
use crate::digest::{hex, sha256};
use crate::error::{Error, Kind, Result, poisoned};

/// How an engine is to run.
#[derive(Debug, Clone)]
pub struct Setup {
    pub device: Device,
    /// Threads of a session on the CPU.
    pub threads: usize,
    /// Frames that are joined at most; `None` leaves it to the device.
    pub batch: Option<usize>,
    /// Inputs whose first axis is open, with all axes in this run, for engines that are built for shapes.
    pub inputs: Vec<(String, Vec<i64>)>,
    /// The model with a picture of bytes, where there is one.
    pub byte_input: Option<ByteInput>,
}

/// A model as [`crate::onnx::bytes`] writes it.
#[derive(Debug, Clone)]
pub struct ByteInput {
    pub model: Arc<Vec<u8>>,
    /// Whether it runs on any provider; else only where it is known to be of use, on CUDA. On the CPU nothing is
    /// uploaded. TensorRT builds engines for inputs by name, and whether it takes the first operators of this
    /// graph into its engine depends on its version.
    pub anywhere: bool,
}

impl Setup {
    /// A frame a call; on the CPU workers with sessions of their own, each with `threads` threads.
    pub fn of(device: Device, threads: usize) -> Self {
        Self { device, threads, batch: Some(1), inputs: Vec::new(), byte_input: None }
    }
}

/// Frames that an accelerator joins unless told otherwise: beyond it throughput grows little, and a batch must
/// fit beside its copy. `docs/gpu.md` measures 1 to 64.
const BATCH: usize = 16;

/// A model on a device, ready to give each worker its means to run it.
pub struct Engine {
    source: Arc<Source>,
    /// Frames that are joined at most.
    most: usize,
    sessions: Mutex<Sessions>,
    batcher: Mutex<Option<Batcher>>,
    /// Said once: why `auto` did not take an accelerator that is there.
    pub fallback: Option<String>,
}

/// What a session is made of.
struct Source {
    runtime: &'static Runtime,
    model: Vec<u8>,
    model_name: String,
    provider: Provider,
    threads: usize,
    profile: Profile,
    /// Where TensorRT keeps its engines; `None` for other providers.
    cache: Option<PathBuf>,
    /// Whether the model's picture is one of bytes.
    takes_bytes: bool,
    /// Whether a GPU had no pinned memory for us.
    unpinned: AtomicBool,
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
    /// Chooses the provider and proves that the model loads on it. `say` is told of what takes minutes.
    ///
    /// # Errors
    /// `Device` when a device asked for by name cannot be had, `ModelInvalid` when the runtime
    /// refuses the model.
    pub fn new(
        runtime: &'static Runtime,
        name: &str,
        model: &[u8],
        setup: Setup,
        say: &dyn Fn(&str),
    ) -> Result<Self> {
        let profile = Profile { inputs: setup.inputs, most: setup.batch.unwrap_or(BATCH) };
        let mut source = Source {
            runtime,
            model: model.to_vec(),
            model_name: name.to_owned(),
            provider: Provider::Cpu,
            threads: setup.threads,
            profile,
            cache: None,
            takes_bytes: false,
            unpinned: AtomicBool::new(false),
        };
        let mut fallback = None;
        match setup.device {
            Device::Cpu => {}
            Device::Cuda(gpus) => source.provider = Provider::Cuda(gpus),
            Device::TensorRt(gpus) => source.provider = Provider::TensorRt(gpus),
            Device::Auto => fallback = source.choose(),
        }
        let on_cuda = matches!(source.provider, Provider::Cuda(_));
        if let Some(byte_input) = setup.byte_input.filter(|bytes| bytes.anywhere || on_cuda) {
            source.model = Arc::unwrap_or_clone(byte_input.model);
            source.takes_bytes = true;
        }
        if let Provider::TensorRt(gpus) = source.provider {
            source.cache = source.cache_folder(gpus);
        }
        // Now, so that a missing library or a model that the runtime refuses is said before any input
        // is read.
        let proof = source.first(say)?;
        let sessions = Mutex::new(Sessions { proof: Some(proof), made: 1, shared: None });
        let usual = if source.provider == Provider::Cpu { 1 } else { BATCH };
        let most = setup.batch.unwrap_or(usual);
        Ok(Self { source: Arc::new(source), most, sessions, batcher: Mutex::default(), fallback })
    }

    pub fn provider(&self) -> Provider {
        self.source.provider
    }

    pub fn threads(&self) -> usize {
        self.source.threads
    }

    /// Frames that are joined at most: as asked for, and now, after what the device's memory allowed.
    pub fn batch(&self) -> (usize, usize) {
        let now = self.batcher.lock().ok().and_then(|batcher| Some(batcher.as_ref()?.most()));
        (self.most, now.unwrap_or(self.most))
    }

    /// Whether it is the model with a picture of bytes that runs.
    pub fn takes_bytes(&self) -> bool {
        self.source.takes_bytes
    }

    /// The settings that results or speed depend on, for `run.json`; what is known of memory when the devices
    /// have started.
    pub fn settings(&self) -> serde_json::Value {
        let mut settings = accelerator::settings(self.source.provider);
        if self.source.provider != Provider::Cpu {
            settings["pinned_memory"] = (!self.source.unpinned.load(Ordering::Relaxed)).into();
        }
        settings
    }

    /// The library in use.
    pub fn found(&self) -> &Found {
        &self.source.runtime.found
    }

    /// A worker's means to run the model: a session of its own, or its way to the device that all share.
    pub fn worker(&self) -> Result<Box<dyn Infer>> {
        if self.source.provider == Provider::Cpu && self.most <= 1 {
            return Ok(Box::new(OwnSession::new(self.session()?)));
        }
        let mut batcher = self.batcher.lock().map_err(|_| poisoned("batcher"))?;
        if batcher.is_none() {
            *batcher = Some(self.batcher()?);
        }
        match batcher.as_ref() {
            Some(batcher) => Ok(Box::new(batcher.caller())),
            None => Err(Error::new(Kind::Internal, "the device did not start")),
        }
    }

    fn batcher(&self) -> Result<Batcher> {
        let places = accelerator::places(self.source.provider);
        let mut proof = self.sessions.lock().map_err(|_| poisoned("session"))?.proof.take();
        let mut devices: Vec<Run> = Vec::new();
        for place in places {
            let session = match proof.take() {
                Some(proof) => proof,
                None => self.source.plain(place)?,
            };
            devices.push(device(Arc::clone(&self.source), place, session));
        }
        Batcher::new(self.most, WAIT, devices)
    }

    /// One after another, as creating sessions on a GPU must be; the first ones plainly, as most jobs need
    /// no more, all others with the weights in common.
    fn session(&self) -> Result<Session> {
        let mut sessions = self.sessions.lock().map_err(|_| poisoned("session"))?;
        if let Some(proof) = sessions.proof.take() {
            return Ok(proof);
        }
        sessions.made += 1;
        if sessions.made == 2 {
            return self.source.plain(None);
        }
        let shared = sessions.shared.get_or_insert_with(|| self.source.share());
        // What cannot be shared works alone as well.
        let sharing = shared.as_ref().and_then(|shared| self.source.sharing(shared).ok());
        sharing.map_or_else(|| self.source.plain(None), Ok)
    }
}

/// What a device's thread does with a batch. A session whose memory ran out is made anew: what it holds may be
/// in pieces.
fn device(source: Arc<Source>, place: Option<u32>, session: Session) -> Run {
    let mut bound = Some(Bound::new(session, place));
    let unpinned = place.is_some() && !bound.as_ref().is_some_and(Bound::is_pinned);
    source.unpinned.fetch_or(unpinned, Ordering::Relaxed);
    Box::new(move |frames| {
        let mut own = match bound.take() {
            Some(own) => own,
            None => Bound::new(source.plain(place)?, place),
        };
        let result = own.run(frames);
        if !result.as_ref().is_err_and(is_out_of_memory) {
            bound = Some(own);
        }
        result
    })
}

impl Source {
    /// CUDA where the runtime has it and a session can be made; otherwise the CPU, with the reason
    /// when a GPU seems to be there.
    fn choose(&mut self) -> Option<String> {
        if !accelerator::is_there() {
            return None;
        }
        self.provider = Provider::Cuda(Gpus::FIRST);
        let error = self.plain(Some(0)).err()?;
        self.provider = Provider::Cpu;
        Some(format!("a GPU is there but cannot be used, running on the CPU: {}", error.chain()))
    }

    fn cache_folder(&self, gpus: Gpus) -> Option<PathBuf> {
        let digest = hex(&sha256(&self.model));
        // One kind of GPU a machine; a machine with several builds for the first.
        let gpu = gpus.iter().next().unwrap_or_default();
        accelerator::cache_folder(&digest, &self.runtime.found.version, gpu, &self.profile)
    }

    /// The session that proves the rest. TensorRT builds its engine here, alone, and once more where what it
    /// kept is damaged.
    fn first(&self, say: &dyn Fn(&str)) -> Result<Session> {
        let place = accelerator::places(self.provider).first().copied().flatten();
        let Some(cache) = &self.cache else { return self.plain(place) };
        let locked = accelerator::lock(cache).map_err(|e| Error::write(cache.display(), e))?;
        if locked.empty {
            say("TensorRT builds an engine for this model and this GPU, once; this takes minutes");
        }
        match self.plain(place) {
            Err(error) if !locked.empty => {
                say(&format!("TensorRT's engine is built again: {}", error.chain()));
                accelerator::clear(cache);
                self.plain(place)
            }
            other => other,
        }
    }

    fn plain(&self, place: Option<u32>) -> Result<Session> {
        let made = || {
            let builder = Session::builder(&self.runtime.environment)?;
            let builder = builder.with_optimization_level(GraphOptimizationLevel::All)?;
            self.configured(builder, place)?.commit_from_memory(&self.model)
        };
        made().map_err(|e: ort::Error| self.failure(&e))
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
        let mut builder = self.configured(builder.with_optimized_model_path(&file).ok()?, None).ok()?;
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
        self.configured(builder, None)?.commit_from_memory(&shared.graph)
    }

    /// With as many workers as cores, one thread a session is the highest throughput, and the
    /// runtime's own pool would only compete with ours. No spinning for the same reason.
    fn configured(
        &self,
        builder: SessionBuilder,
        place: Option<u32>,
    ) -> std::result::Result<SessionBuilder, ort::Error> {
        let builder = builder
            .with_intra_threads(self.threads)?
            .with_inter_threads(1)?
            .with_parallel_execution(false)?
            .with_config_entry("session.intra_op.allow_spinning", "0")?;
        let gpu = place.unwrap_or_default();
        Ok(match self.provider {
            Provider::Cpu => builder,
            Provider::Cuda(_) => builder.with_execution_providers([accelerator::cuda(gpu)])?,
            Provider::TensorRt(_) => builder.with_execution_providers([
                accelerator::tensorrt(gpu, self.cache.as_deref(), &self.profile),
                accelerator::cuda(gpu),
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
