//! The newest frames of all streams: whoever puts one in never waits, and what is not fetched in time is dropped.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use image::RgbImage;

/// Frames of a stream that wait: one more than is being looked at, so that nobody waits for the network.
const ROOM: usize = 2;

/// A frame as it came.
pub struct Arrived {
    /// Its number among all that came, from 0.
    pub n: u32,
    /// When it came, and how long after the run began.
    pub at: SystemTime,
    pub since: Duration,
    pub pixels: RgbImage,
    /// Frames dropped since the one fetched before it.
    pub dropped: u32,
}

/// Of one stream.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Frames that were wanted and came.
    pub arrived: u64,
    /// Of those, how many nobody had time for.
    pub dropped: u64,
}

pub struct Mailbox {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    waiting: Vec<VecDeque<Arrived>>,
    /// Dropped since the frame fetched last.
    dropped: Vec<u32>,
    counts: Vec<Counts>,
    /// The stream whose turn it is.
    turn: usize,
    /// Streams that may still bring something.
    open: usize,
}

impl Mailbox {
    /// For so many streams.
    pub fn new(streams: usize) -> Self {
        let state = State {
            waiting: (0..streams).map(|_| VecDeque::new()).collect(),
            dropped: vec![0; streams],
            counts: vec![Counts::default(); streams],
            turn: 0,
            open: streams,
        };
        Self { state: Mutex::new(state), changed: Condvar::new() }
    }

    /// Puts a frame of a stream in; the oldest makes room.
    pub fn put(&self, stream: usize, arrived: Arrived) {
        let mut state = self.state();
        state.counts[stream].arrived += 1;
        if state.waiting[stream].len() >= ROOM {
            state.waiting[stream].pop_front();
            state.dropped[stream] += 1;
            state.counts[stream].dropped += 1;
        }
        state.waiting[stream].push_back(arrived);
        self.changed.notify_all();
    }

    /// A stream brings nothing more.
    pub fn close(&self) {
        self.state().open -= 1;
        self.changed.notify_all();
    }

    /// Whether everything is fetched that will ever come.
    pub fn is_over(&self) -> bool {
        let state = self.state();
        state.open == 0 && state.waiting.iter().all(VecDeque::is_empty)
    }

    /// The oldest frame of the stream whose turn it is; `None` where none comes in time.
    pub fn next(&self, patience: Duration) -> Option<(usize, Arrived)> {
        let mut state = self.state();
        if state.waiting.iter().all(VecDeque::is_empty) && state.open > 0 {
            let waited = self.changed.wait_timeout(state, patience);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        let count = state.waiting.len();
        let order = (0..count).map(|n| (state.turn + n) % count.max(1));
        let stream = order.into_iter().find(|stream| !state.waiting[*stream].is_empty())?;
        state.turn = (stream + 1) % count;
        let arrived = state.waiting[stream].pop_front()?;
        let dropped = std::mem::take(&mut state.dropped[stream]);
        Some((stream, Arrived { dropped, ..arrived }))
    }

    pub fn counts(&self, stream: usize) -> Counts {
        self.state().counts[stream]
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(n: u32) -> Arrived {
        let (at, since) = (SystemTime::UNIX_EPOCH, Duration::ZERO);
        Arrived { n, at, since, pixels: RgbImage::new(1, 1), dropped: 0 }
    }

    #[test]
    fn the_newest_frames_stay_and_the_others_are_counted() {
        let mailbox = Mailbox::new(2);
        (0..5).for_each(|n| mailbox.put(0, frame(n)));
        mailbox.put(1, frame(0));
        let next = || mailbox.next(Duration::ZERO).map(|(stream, frame)| (stream, frame.n, frame.dropped));
        // In turns: a fast stream does not keep a slow one waiting.
        assert_eq!(next(), Some((0, 3, 3)));
        assert_eq!(next(), Some((1, 0, 0)));
        assert_eq!(next(), Some((0, 4, 0)));
        assert_eq!(next(), None);
        assert_eq!(mailbox.counts(0), Counts { arrived: 5, dropped: 3 });
        assert!(!mailbox.is_over());
        (0..2).for_each(|_| mailbox.close());
        assert!(mailbox.is_over());
    }
}
