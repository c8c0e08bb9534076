//! Whether the model is needed at all, and on what it runs.

use super::setup::Prepared;
use super::{Options, arrange};
use crate::engine::{self, Device, Engine, Infer, ModelId, NamedTensor, Provider, Runtime};
use crate::error::{Error, Kind, Result};
use crate::input::{Input, Listing};
use crate::pipeline::manifest::Manifest;
use crate::run::job::Job;
use crate::run::journal::Journal;
use crate::run::key::Keys;
use crate::run::store::Store;

/// The engine of a run, or the knowledge that none is needed.
pub struct Chosen {
    /// One a model, in the order of [`ModelId`]; empty when none is needed.
    engines: Vec<Engine>,
    /// Whether the job has models, needed or not.
    infers: bool,
    pub provider: Provider,
    pub fallback: Option<String>,
    /// Inputs that are not in the store.
    pub todo: usize,
    pub workers: usize,
}

/// Loads the runtime unless everything is in the store from a run on the same device.
pub fn choose<S: clap::Args>(
    options: &Options<S>,
    prepared: &Prepared,
    before: Option<&Job>,
    listing: &Listing,
    journal: &Journal,
    store: &Store,
    say: &dyn Fn(&str),
) -> Result<Chosen> {
    let limits = prepared.limits.to_string();
    let left = |provider: Provider| {
        let keys = Keys::new(&prepared.config(provider.precision()));
        let stored = |input: &&Input| !is_stored(input, &keys, journal, store, &limits);
        listing.inputs.iter().filter(stored).collect::<Vec<_>>()
    };
    let todo = |provider| left(provider).len();
    let asked = arrange::asked(&options.model.workers)?;
    let idle = asked.unwrap_or_else(arrange::cores);
    let device: Device = options.model.device.parse()?;
    // What `auto` came to last time, on the word of the folder's own job file.
    let remembered =
        before.filter(|job| job.device == options.model.device).and_then(|job| job.provider.as_deref());
    if let Some(provider) = remembered.and_then(provider_named)
        && todo(provider) == 0
    {
        return Ok(Chosen::idle(prepared, provider, 0, idle));
    }
    if options.run.dry_run {
        let provider = remembered.and_then(provider_named).unwrap_or(Provider::Cpu);
        return Ok(Chosen::idle(prepared, provider, todo(provider), idle));
    }
    if prepared.models.is_empty() {
        let workers = asked.unwrap_or_else(|| idle.min(arrange::most_by_memory(0, Provider::Cpu)));
        return Ok(Chosen::idle(prepared, Provider::Cpu, todo(Provider::Cpu), workers));
    }
    let runtime = Runtime::load(options.model.runtime.as_deref())?;
    let few = left(Provider::Cpu);
    let tuned = match (asked, device) {
        (None, Device::Cpu | Device::Auto) if prepared.batch.is_none_or(|batch| batch <= 1) => {
            arrange::tuned(runtime, prepared, few.len(), say)
        }
        _ => None,
    };
    let threads = match (asked, tuned) {
        // One session computes for all.
        _ if prepared.batch.is_some_and(|batch| batch > 1) => arrange::cores(),
        (_, Some(tuned)) => tuned.threads,
        (None, None) => arrange::threads_for(&few),
        (Some(_), None) => 1,
    };
    let mut engines = Vec::new();
    for model in &prepared.models {
        // Those beside the first run where it runs: one precision for all.
        let device = engines.first().map_or(device, |first: &Engine| first.provider().into());
        let setup = prepared.setup_of(model, device, threads);
        engines.push(Engine::new(runtime, &model.spec.name, &model.bytes, setup, say)?);
    }
    let provider = engines.first().map_or(Provider::Cpu, Engine::provider);
    let fallback = engines.first().and_then(|engine| engine.fallback.clone());
    let todo = todo(provider);
    let usual = match (tuned, engines.first()) {
        (Some(tuned), Some(engine)) if engine.batch().0 <= 1 => tuned.workers,
        (_, Some(engine)) => arrange::workers(None, engine),
        (_, None) => 1,
    };
    let weights = prepared.models.iter().map(|model| model.bytes.len() as u64).sum();
    let workers = asked.unwrap_or_else(|| usual.clamp(1, arrange::most_by_memory(weights, provider)));
    Ok(Chosen { engines, infers: true, provider, fallback, todo, workers })
}

fn provider_named(name: &str) -> Option<Provider> {
    match name.parse::<Device>().ok()? {
        Device::Cpu => Some(Provider::Cpu),
        Device::Cuda(gpus) => Some(Provider::Cuda(gpus)),
        Device::TensorRt(gpus) => Some(Provider::TensorRt(gpus)),
        Device::Auto => None,
    }
}

/// Whether an input needs no model: unchanged since it was finished, and everything of it stored; or
/// known to be unreadable.
fn is_stored(input: &Input, keys: &Keys, journal: &Journal, store: &Store, limits: &str) -> bool {
    if input.failure.is_some() {
        return true;
    }
    let known = journal.input(&input.identity.id).filter(|known| Some(known.stat) == input.stat);
    let Some(known) = known else { return false };
    let manifest: Option<Manifest> = store.get(&keys.manifest(&known.digest));
    manifest.is_some_and(|manifest| {
        let stored = |part| store.contains(&keys.item(&known.digest, part));
        manifest.fits(limits) && manifest.items.iter().all(|e| e.failure.is_some() || stored(e.part.as_ref()))
    })
}

impl Chosen {
    /// Without an engine.
    fn idle(prepared: &Prepared, provider: Provider, todo: usize, workers: usize) -> Self {
        let (engines, infers) = (Vec::new(), !prepared.models.is_empty());
        Self { engines, infers, provider, fallback: None, todo, workers }
    }

    /// A worker's means to run the models.
    pub fn worker(&self) -> Result<Box<dyn Infer>> {
        match self.engines.as_slice() {
            [engine] => engine.worker(),
            [] if !self.infers => Ok(Box::new(Several { members: Vec::new() })),
            [_, _, ..] => {
                let members = self.engines.iter().map(Engine::worker).collect::<Result<_>>()?;
                Ok(Box::new(Several { members }))
            }
            // The store said that nothing needs the model; an entry that has gone bad since is the
            // only way here.
            [] => Err(Error::new(
                Kind::Internal,
                "the store changed while it was used; run the same command again",
            )),
        }
    }

    /// Frames joined at most by each engine: as asked for, and at the end, after what memory allowed.
    pub fn batches(&self) -> Vec<(usize, usize)> {
        self.engines.iter().map(Engine::batch).collect()
    }

    /// Which of the models are given bytes.
    pub fn takes_bytes(&self) -> Vec<bool> {
        self.engines.iter().map(Engine::takes_bytes).collect()
    }

    /// The provider's settings and how each model is given its pictures, for `run.json`.
    pub fn settings(&self) -> serde_json::Value {
        let Some(first) = self.engines.first() else { return engine::settings(self.provider) };
        let mut settings = first.settings();
        let uploads = self.takes_bytes().into_iter().map(|bytes| if bytes { "u8" } else { "as described" });
        settings["upload"] = uploads.collect();
        settings
    }

    /// Path and version of the runtime in use.
    pub fn runtime(&self) -> Option<(String, String)> {
        let found = self.engines.first().map(Engine::found)?;
        Some((found.path.display().to_string(), found.version.clone()))
    }
}

/// The sessions of several models.
struct Several {
    members: Vec<Box<dyn Infer>>,
}

impl Infer for Several {
    fn infer(&self, model: ModelId, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>> {
        self.member(model)?.infer(ModelId::default(), inputs)
    }

    fn infer_many(&self, model: ModelId, frames: &[Vec<NamedTensor>]) -> Result<Vec<Vec<NamedTensor>>> {
        self.member(model)?.infer_many(ModelId::default(), frames)
    }
}

impl Several {
    fn member(&self, model: ModelId) -> Result<&dyn Infer> {
        let missing = || Error::new(Kind::Internal, format!("model {} of {}", model.0, self.members.len()));
        self.members.get(model.0).map(AsRef::as_ref).ok_or_else(missing)
    }
}
