//! The walk that every command shares: open, decode, observe, decide, draw, record.

pub mod artist;
pub mod companion;
pub mod control;
mod crops;
pub mod decode;
mod dispense;
pub mod emit;
mod film;
pub mod manifest;
mod names;
pub mod open;
mod room;
mod stream;
pub mod tracks;
pub mod tune;
pub mod witness;
mod worker;

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use crate::engine::Infer;
use crate::error::{Error, Kind, Result};
use crate::explain::Explainer;
use crate::family::Family;
use crate::input::Input;
use crate::policy::Policy;
use crate::record::Failure;
use crate::run::journal::Journal;
use crate::run::key::Keys;
use crate::run::store::Store;
use crate::source::Limits;

use artist::Artist;
use control::Control;
use decode::Decoders;
use dispense::Dispenser;
use emit::Emitter;
use tracks::RunTracks;
use witness::Witness;

/// Everything that the workers of a run share.
pub struct Walk<'a> {
    pub inputs: &'a [Input],
    /// The run folder, to see how much room there is.
    pub folder: &'a Path,
    pub family: &'a dyn Family,
    pub explainer: Option<&'a Explainer>,
    pub policy: &'a dyn Policy,
    pub keys: &'a Keys,
    pub store: &'a Store,
    pub journal: &'a Journal,
    pub artist: Option<&'a Artist>,
    /// Of what is followed from frame to frame; decided in a walk before this one.
    pub tracks: Option<&'a RunTracks<'a>>,
    pub limits: Limits,
    /// For decoding one frame.
    pub deadline: Duration,
    /// Whether decoding runs in processes of their own. Only for the `vision` program: they are the
    /// running program again.
    pub isolate: bool,
    pub control: &'a Control,
    pub watcher: &'a dyn Watcher,
    /// What runs the model.
    pub provider: &'a str,
    /// Of a run whose results name nobody.
    pub witness: Option<&'a dyn Witness>,
    /// Whether stored observations are used; a benchmark wants them computed.
    pub reuse: bool,
}

/// A pool of `workers` threads of our own.
fn pool(workers: usize) -> Result<rayon::ThreadPool> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(workers.max(1))
        .thread_name(|number| format!("vision-{number}"))
        .build()
        .map_err(|e| Error::new(Kind::Internal, "no worker threads could be started").because(e))
}

/// Told of progress, from any worker.
pub trait Watcher: Sync {
    /// An input is finished.
    fn closed(&self, input: &Input, failure: Option<&Failure>);
    /// A frame is finished, of a video or a picture; `fresh` when it was observed now rather than taken from the
    /// store.
    fn frame(&self, fresh: bool, video: bool);
    /// A video of so many frames begins.
    fn video(&self, frames: usize);
    /// Of a picture that is explained, so many looks of so many are done.
    fn looks(&self, _done: u32, _whole: u32) {}
    /// Something that people should know.
    fn note(&self, line: &str);
}

impl Walk<'_> {
    /// Runs `workers` workers to the end or to the first reason to stop. This is the one place
    /// where work becomes parallel: a pool of our own, so that nothing blocks in rayon's global one.
    ///
    /// `means` gives each worker its way to run the model, when it first needs it.
    ///
    /// Returns the result files, relative to the run folder.
    ///
    /// # Errors
    /// What ended the run: disk full, device lost. What is finished stays recorded.
    pub fn run(
        &self,
        workers: usize,
        means: &(dyn Fn() -> Result<Box<dyn Infer>> + Sync),
        emitter: Emitter,
    ) -> Result<Vec<PathBuf>> {
        let pool = pool(workers)?;
        let decoders = Decoders::new(self.isolate, self.deadline, &self.limits);
        let dispenser = Dispenser::new(self.inputs.len());
        let emitter = Mutex::new(emitter);
        pool.broadcast(|_| {
            worker::Worker::new(self, &dispenser, &emitter, means, decoders.decoder()).run();
        });
        self.journal.sync()?;
        self.store.sync()?;
        if let Some(error) = self.control.take_error() {
            return Err(error);
        }
        emitter.into_inner().map_err(|_| crate::error::poisoned("emitter"))?.finish()
    }
}
