//! Whether the model is needed at all, and on what it runs.

use super::Options;
use super::setup::Prepared;
use crate::engine::{Device, Engine, Infer, ModelId, NamedTensor, Provider, Runtime};
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
    pub provider: Provider,
    pub fallback: Option<String>,
    /// Inputs that are not in the store.
    pub todo: usize,
}

/// Loads the runtime unless everything is in the store from a run on the same device.
pub fn choose<S: clap::Args>(
    options: &Options<S>,
    prepared: &Prepared,
    before: Option<&Job>,
    listing: &Listing,
    journal: &Journal,
    store: &Store,
) -> Result<Chosen> {
    let limits = prepared.limits.to_string();
    let todo = |provider: Provider| {
        let keys = Keys::new(&prepared.config(provider.precision()));
        let stored = |input: &&Input| !is_stored(input, &keys, journal, store, &limits);
        listing.inputs.iter().filter(stored).count()
    };
    let device: Device = options.model.device.parse()?;
    // What `auto` came to last time, on the word of the folder's own job file.
    let remembered =
        before.filter(|job| job.device == options.model.device).and_then(|job| job.provider.as_deref());
    if let Some(provider) = remembered.and_then(provider_named)
        && todo(provider) == 0
    {
        return Ok(Chosen { engines: Vec::new(), provider, fallback: None, todo: 0 });
    }
    if options.run.dry_run {
        let provider = remembered.and_then(provider_named).unwrap_or(Provider::Cpu);
        return Ok(Chosen { engines: Vec::new(), provider, fallback: None, todo: todo(provider) });
    }
    let runtime = Runtime::load(options.model.runtime.as_deref())?;
    let mut engines = Vec::new();
    for model in std::iter::once(&prepared.model).chain(&prepared.beside) {
        // Those beside the first run where it runs: one precision for all.
        let device = engines.first().map_or(device, |first: &Engine| first.provider().into());
        engines.push(Engine::new(runtime, &model.spec.name, &model.bytes, device)?);
    }
    let provider = engines.first().map_or(Provider::Cpu, Engine::provider);
    let fallback = engines.first().and_then(|engine| engine.fallback.clone());
    Ok(Chosen { engines, provider, fallback, todo: todo(provider) })
}

fn provider_named(name: &str) -> Option<Provider> {
    match name.parse::<Device>().ok()? {
        Device::Cpu => Some(Provider::Cpu),
        Device::Cuda(index) => Some(Provider::Cuda(index)),
        Device::TensorRt(index) => Some(Provider::TensorRt(index)),
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
    /// A worker's means to run the models.
    pub fn worker(&self) -> Result<Box<dyn Infer>> {
        match self.engines.as_slice() {
            [engine] => engine.worker(),
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
        match self.members.get(model.0) {
            Some(member) => member.infer(ModelId::default(), inputs),
            None => Err(Error::new(Kind::Internal, format!("model {} of {}", model.0, self.members.len()))),
        }
    }
}

/// Number of workers: one per core on CPU; on an accelerator a few, so that it is fed while others
/// prepare.
///
/// # Errors
/// `Usage` for anything but `auto` and 1 to 1024.
pub fn workers(text: &str, provider: Provider) -> Result<usize> {
    if text == "auto" {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        return Ok(if provider == Provider::Cpu { cores } else { cores.min(4) });
    }
    let number = text.parse::<usize>().ok().filter(|n| (1..=1024).contains(n));
    number.ok_or_else(|| Error::usage(format!("--workers {text}: expected auto or a number from 1 to 1024")))
}
