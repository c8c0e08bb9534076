//! Giving out work in input order: first the open streams, then the next input.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::stream::Stream;
use crate::digest::Key;

/// A worker's next piece of work.
pub enum Task {
    /// Open the input of this index; [`Dispenser::opened`] is due afterwards.
    Open(usize),
    /// Decode and work on the next frame of an open input.
    Advance(Arc<Stream>),
}

/// At most one stream a worker is open at a time, because a worker that finds one advances it before
/// it opens another: memory is bounded by the number of workers.
pub struct Dispenser {
    count: usize,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    next: usize,
    /// Inputs that a worker is opening just now: each may turn out to have frames for others.
    opening: usize,
    streams: VecDeque<Arc<Stream>>,
    /// Videos being worked on, and the inputs of the same bytes that wait until they are done.
    claimed: HashMap<Key, Vec<usize>>,
    /// Inputs whose wait is over.
    again: VecDeque<usize>,
    stopped: bool,
}

impl Dispenser {
    /// For inputs 0 to `count` - 1.
    pub fn new(count: usize) -> Self {
        Self { count, state: Mutex::default(), changed: Condvar::new() }
    }

    /// The next task; waits while another worker may still find some. `None` when all is given out.
    pub fn next(&self) -> Option<Task> {
        let mut state = self.state();
        loop {
            state.streams.retain(|stream| stream.has_more());
            if let Some(idle) = state.streams.iter().find(|stream| stream.is_idle()) {
                return Some(Task::Advance(Arc::clone(idle)));
            }
            if let Some(index) = state.again.pop_front() {
                state.opening += 1;
                return Some(Task::Open(index));
            }
            if state.next < self.count {
                state.next += 1;
                state.opening += 1;
                return Some(Task::Open(state.next - 1));
            }
            // No input is left: queue at a stream that another worker is decoding.
            if let Some(busy) = state.streams.front() {
                return Some(Task::Advance(Arc::clone(busy)));
            }
            if state.opening == 0 && state.claimed.values().all(Vec::is_empty) || state.stopped {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// An input given out by [`Task::Open`] has no more to give than what was shared.
    pub fn opened(&self) {
        self.state().opening -= 1;
        self.changed.notify_all();
    }

    /// Takes the bytes of a video for the input of this index. `false` where another input has them just now: then this
    /// one comes again when they are done, and finds what was made of them.
    pub fn claim(&self, digest: &Key, index: usize) -> bool {
        let mut state = self.state();
        let waiting = state.claimed.get_mut(digest).map(|waiting| waiting.push(index));
        if waiting.is_none() {
            state.claimed.insert(*digest, Vec::new());
        }
        waiting.is_none()
    }

    /// Gives back what was claimed, if it was.
    pub fn release(&self, digest: &Key) {
        let mut state = self.state();
        let waiting = state.claimed.remove(digest).unwrap_or_default();
        state.again.extend(waiting);
        self.changed.notify_all();
    }

    /// Lets nobody wait any more.
    pub fn stop(&self) {
        self.state().stopped = true;
        self.changed.notify_all();
    }

    /// Lets other workers help with a stream.
    pub fn share(&self, stream: Arc<Stream>) {
        self.state().streams.push_back(stream);
        self.changed.notify_all();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way; after a panic elsewhere the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
