//! A decoder as workers see it: it opens inputs and gives their frames, each step within a deadline;
//! in a thread of this process, or in a process of its own (`--isolate`).

pub mod child;
mod fault;
mod helper;
mod process;
mod wire;

#[cfg(all(test, unix))]
mod tests;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::companion::{Abandoned, Companion};
use super::open::{Opened, open};
use crate::error::Result;
use crate::frame::Frame;
use crate::source::{Frames, Limits};

pub(super) use fault::injected;
use process::{Pool, Processes};

/// Opens inputs and takes their frames. An error of the environment ends the run; any other is the
/// input's own.
pub trait Decoder {
    /// Reads, recognises and opens a file; `name` is how messages call it.
    fn open(&mut self, name: &str, file: &Path) -> Result<Opened>;

    /// The next frame of an open input, which any decoder of the run may take on. On an error the
    /// input is lost.
    fn next(&mut self, name: &str, frames: Box<dyn Frames>) -> Result<Step>;
}

/// A frame, the error that stands in its place, or the end; and the frames that may follow.
pub struct Step {
    pub frames: Box<dyn Frames>,
    pub frame: Option<Result<Frame>>,
}

/// What the decoders of a run share.
pub enum Decoders {
    Threads { deadline: Duration, limits: Limits, abandoned: Arc<Abandoned> },
    Processes(Arc<Pool>),
}

impl Decoders {
    /// `isolate` chooses processes. `deadline` is for one step.
    pub fn new(isolate: bool, deadline: Duration, limits: &Limits) -> Self {
        let limits = limits.clone();
        if isolate {
            Self::Processes(Arc::new(Pool::new(deadline, limits)))
        } else {
            Self::Threads { deadline, limits, abandoned: Arc::default() }
        }
    }

    /// The decoder of one worker.
    pub fn decoder(&self) -> Box<dyn Decoder> {
        match self {
            Self::Threads { deadline, limits, abandoned } => Box::new(Threads {
                companion: Companion::new(*deadline, Arc::clone(abandoned)),
                deadline: *deadline,
                limits: limits.clone(),
            }),
            Self::Processes(pool) => Box::new(Processes::new(Arc::clone(pool))),
        }
    }
}

/// The bytes of a video that are read within one deadline: digest and timeline take as long as the file is.
const A_DEADLINE: u64 = 1 << 30;

/// How long opening `file` may take.
fn to_open(deadline: Duration, file: &Path) -> Duration {
    let bytes = std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    deadline.saturating_mul(u32::try_from(1 + bytes / A_DEADLINE).unwrap_or(u32::MAX))
}

/// The next frame of `frames`, after those that nobody needs: each second's worth of them is a step of its own.
fn advance(companion: &mut Companion, name: &str, mut frames: Box<dyn Frames>) -> Result<Step> {
    loop {
        let step = companion.run(name, move || {
            let more = frames.pass_over();
            let frame = if more { None } else { frames.next_frame() };
            Ok((Step { frames, frame }, more))
        });
        match step? {
            (step, true) => frames = step.frames,
            (step, false) => return Ok(step),
        }
    }
}

/// Decodes in a thread beside the worker.
struct Threads {
    companion: Companion,
    deadline: Duration,
    limits: Limits,
}

impl Decoder for Threads {
    fn open(&mut self, name: &str, file: &Path) -> Result<Opened> {
        let (own, file, limits) = (name.to_owned(), file.to_owned(), self.limits.clone());
        let deadline = to_open(self.deadline, &file);
        self.companion.run_within(deadline, name, move || open(own, file, &limits))
    }

    fn next(&mut self, name: &str, frames: Box<dyn Frames>) -> Result<Step> {
        advance(&mut self.companion, name, frames)
    }
}
