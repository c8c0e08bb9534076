//! An open input: frames decoded one at a time, worked on by several workers, closed by the last.

use std::sync::Mutex;

use crate::digest::Key;
use crate::error::{Error, FaultOf, Result, poisoned};
use crate::frame::{Attributes, Frame, Part};
use crate::record::Failure;
use crate::run::journal::Stat;
use crate::source::video::Reel;
use crate::source::{Frames, Remarks};

use super::decode::{Decoder, Step};
use super::film::Film;
use super::manifest::{Entry, Manifest};

/// Shared by the workers on one input.
pub struct Stream {
    /// Index into the run's inputs.
    pub index: usize,
    pub digest: Key,
    pub stat: Stat,
    pub format: String,
    /// In the hands of a decoder while it decodes; gone after the last.
    frames: Mutex<Option<Box<dyn Frames>>>,
    state: Mutex<State>,
    /// The annotated video that its frames go into.
    pub film: Option<Film>,
    reel: Option<Reel>,
}

#[derive(Default)]
struct State {
    /// Frames decoded so far; the next one's number.
    decoded: u64,
    /// Frames in the hands of workers.
    outstanding: u64,
    ended: bool,
    shared: bool,
    closed: bool,
    entries: Vec<(u64, Entry)>,
    failure: Option<Failure>,
    truncated: bool,
    remarks: Remarks,
}

/// What sorts entries: a frame's own number, else that of its decoding.
fn order(entry: &Entry, number: u64) -> u64 {
    match entry.part {
        Some(Part::Frame { n, .. }) => u64::from(n),
        _ => number,
    }
}

impl State {
    /// Keeps why some frame, or the rest, cannot be decoded: with the item, where it is known which one that is.
    /// Of the whole input the first reason stands.
    fn fail(&mut self, error: &Error) {
        self.failure.get_or_insert_with(|| Failure::from(error));
        if let Some(entry) = Entry::failed(error) {
            self.entries.push((self.decoded, entry));
            self.decoded += 1;
        }
    }
}

/// The next step of a stream.
pub enum Next {
    /// Frame and its number.
    Frame(u64, Box<Frame>),
    /// A frame that cannot be decoded, which the stream keeps; others may follow.
    Failed,
    End,
}

impl Stream {
    pub fn new(index: usize, digest: Key, stat: Stat, format: String, frames: Box<dyn Frames>) -> Self {
        let reel = frames.reel();
        let (frames, state) = (Mutex::new(Some(frames)), Mutex::default());
        Self { index, digest, stat, format, frames, state, film: None, reel }
    }

    /// Adds frames that need not be decoded, and the video to be made.
    pub fn with(mut self, entries: Vec<Entry>, film: Option<Film>) -> Self {
        self.film = film;
        if let Ok(mut state) = self.state.lock() {
            state.entries = entries.into_iter().map(|entry| (order(&entry, 0), entry)).collect();
        }
        self
    }

    /// Decodes the next frame. Only one worker decodes at a time; the numbering follows the input.
    /// Waiting for another worker's turn to end is no part of the deadline. `saw` is told what is known of the frame, or of
    /// what failed in its place, before the input can be closed.
    ///
    /// # Errors
    /// What ended the input: it gives no more frames.
    pub fn advance(&self, name: &str, decoder: &mut dyn Decoder, saw: &dyn Fn(&Attributes)) -> Result<Next> {
        let mut slot = self.frames.lock().map_err(|_| poisoned("stream"))?;
        let Some(frames) = slot.take() else { return Ok(Next::End) };
        let step = decoder.next(name, frames);
        match step.as_ref().map(|step| step.frame.as_ref()) {
            Ok(Some(Ok(frame))) => saw(&frame.attributes),
            Ok(Some(Err(error))) => error.item().into_iter().for_each(|about| saw(&about.attributes)),
            _ => {}
        }
        let mut state = self.state()?;
        let Step { frames, frame } = match step {
            Ok(step) => step,
            Err(error) => {
                state.ended = true;
                if error.fault_of() == FaultOf::Environment {
                    // The run ends here, not the input: nobody may close it.
                    state.closed = true;
                } else {
                    state.fail(&error);
                }
                return Err(error);
            }
        };
        if frame.is_some() && frames.may_have_more() {
            *slot = Some(frames);
        } else {
            state.ended = true;
            state.remarks = frames.remarks();
        }
        Ok(match frame {
            None => Next::End,
            // Kept under the same lock as the end: another worker may close the input at once.
            Some(Err(error)) => {
                state.fail(&error);
                Next::Failed
            }
            Some(Ok(frame)) => {
                state.outstanding += 1;
                state.decoded += 1;
                Next::Frame(state.decoded - 1, Box::new(frame))
            }
        })
    }

    /// When a part is shown, seconds from the first frame.
    pub fn seconds(&self, part: Option<&Part>) -> Option<f64> {
        match (&self.reel, part?) {
            (Some(reel), Part::Frame { n, .. }) => Some(reel.seconds(*n)),
            (None, Part::Frame { pts, time_base: [numerator, denominator], .. }) => {
                Some(*pts as f64 * f64::from(*numerator) / f64::from(*denominator))
            }
            _ => None,
        }
    }

    /// Whether another frame may be had.
    pub fn has_more(&self) -> bool {
        self.state.lock().is_ok_and(|state| !state.ended)
    }

    /// Whether another frame may be had and nobody was told yet; `true` once.
    pub fn begins_to_share(&self) -> bool {
        self.state.lock().is_ok_and(|mut state| {
            let begins = !state.ended && !state.shared;
            state.shared |= begins;
            begins
        })
    }

    /// Whether nobody decodes just now.
    pub fn is_idle(&self) -> bool {
        self.frames.try_lock().is_ok()
    }

    /// Keeps the outcome of frame `number`.
    pub fn finish(&self, number: u64, entry: Entry, truncated: bool) -> Result<()> {
        let mut state = self.state()?;
        state.outstanding -= 1;
        state.truncated |= truncated;
        state.entries.push((order(&entry, number), entry));
        Ok(())
    }

    /// Gives a frame back undone, when the run stops or fails.
    pub fn give_up(&self) {
        if let Some(film) = &self.film {
            film.give_up();
        }
        if let Ok(mut state) = self.state.lock() {
            state.outstanding -= 1;
            // Without this frame the input is not finished: nobody may close it.
            state.closed = true;
        }
    }

    /// The input's manifest, once, when every frame is done.
    pub fn close(&self, limits: &str) -> Option<Manifest> {
        let mut state = self.state.lock().ok()?;
        if !state.ended || state.outstanding > 0 || state.closed {
            return None;
        }
        state.closed = true;
        let mut entries = std::mem::take(&mut state.entries);
        entries.sort_by_key(|(number, _)| *number);
        let failure = state.failure.take();
        let Remarks { lost, warnings } = std::mem::take(&mut state.remarks);
        let dependent = failure.is_some() || state.truncated || !warnings.is_empty();
        Some(Manifest {
            format: self.format.clone(),
            items: entries.into_iter().map(|(_, entry)| entry).collect(),
            lost,
            warnings,
            failure,
            limits: dependent.then(|| limits.to_owned()),
        })
    }

    fn state(&self) -> Result<std::sync::MutexGuard<'_, State>> {
        self.state.lock().map_err(|_| poisoned("stream"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;
    use crate::error::Kind;
    use crate::frame::Origin;
    use crate::pipeline::decode::Step;
    use crate::pipeline::open::Opened;

    /// One frame, then an error in the place of the next.
    struct Broken(u32);

    impl Frames for Broken {
        fn next_frame(&mut self) -> Option<Result<Frame>> {
            self.0 += 1;
            match self.0 {
                1 => Some(Ok(Frame {
                    pixels: image::RgbImage::new(1, 1),
                    size: [1, 1],
                    full: None,
                    part: None,
                    origin: Origin { format: "gif".into(), lossless: true, orientation: 1 },
                    icc: None,
                    warnings: Vec::new(),
                    attributes: Attributes::default(),
                    values: None,
                })),
                2 => Some(Err(Error::new(Kind::Corrupt, "broken"))),
                _ => None,
            }
        }

        fn may_have_more(&self) -> bool {
            self.0 < 2
        }
    }

    struct Direct;

    impl Decoder for Direct {
        fn open(&mut self, name: &str, _: &Path) -> Result<Opened> {
            Err(Error::new(Kind::NotFound, name))
        }

        fn next(&mut self, _: &str, mut frames: Box<dyn Frames>) -> Result<Step> {
            let frame = frames.next_frame();
            Ok(Step { frames, frame })
        }
    }

    #[test]
    fn a_failure_stands_whoever_closes_the_input() {
        let stat = Stat { bytes: 1, mtime: 0, ctime: 0, inode: 0 };
        let stream = Stream::new(0, [0; 32], stat, "gif".into(), Box::new(Broken(0)));
        let Ok(Next::Frame(number, _)) = stream.advance("x", &mut Direct, &|_| {}) else { panic!("a frame") };
        // A second worker meets the failure and has not yet gone on when the first finishes its frame.
        assert!(matches!(stream.advance("x", &mut Direct, &|_| {}), Ok(Next::Failed)));
        stream
            .finish(
                number,
                Entry {
                    part: None,
                    size: [1, 1],
                    orientation: 1,
                    seconds: None,
                    failure: None,
                    facts: Vec::new(),
                },
                false,
            )
            .unwrap();
        let manifest = stream.close("limits").expect("the last frame is done");
        assert_eq!(manifest.failure.map(|failure| failure.kind), Some(Kind::Corrupt));
        assert_eq!(manifest.items.len(), 1);
        assert!(stream.close("limits").is_none(), "closed once");
    }
}
