//! Joins the frames of waiting workers into batches: prepare pool, queue, device threads, and back.
//!
//! A worker that calls [`Infer::infer`] waits here; a device thread takes as many waiting calls of one shape as
//! it may, runs them as one and gives each its rows. Callers never know.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{Infer, ModelId, NamedTensor};
use crate::error::{Error, Kind, Result, poisoned};

/// How long the first of a batch waits for others: little against a batch's milliseconds, long against the time
/// between two pictures of a busy pool.
pub const WAIT: Duration = Duration::from_millis(3);

/// Runs a batch on a device: the inputs of each frame, all of the same names, types and shapes. The outputs are
/// those of all frames, joined along their first axes. Only the device's own thread calls it.
pub type Run = Box<dyn FnMut(&[&[NamedTensor]]) -> Result<Vec<NamedTensor>> + Send>;

/// A frame's outputs, or why there are none.
type Answer = Result<Vec<NamedTensor>>;

struct Request {
    inputs: Vec<NamedTensor>,
    answer: SyncSender<Answer>,
    since: Instant,
}

#[derive(Default)]
struct Queue {
    waiting: VecDeque<Request>,
    closed: bool,
}

struct Shared {
    queue: Mutex<Queue>,
    changed: Condvar,
    /// Frames in a batch at most; falls when the device's memory does not suffice.
    most: AtomicUsize,
    wait: Duration,
}

/// The queue before one or several devices. Dropping it lets the devices finish and ends their threads.
pub struct Batcher {
    shared: Arc<Shared>,
    devices: Vec<JoinHandle<()>>,
}

impl Batcher {
    /// `most` frames a batch, one thread for each of `devices`.
    ///
    /// # Errors
    /// When no thread can be started.
    pub fn new(most: usize, wait: Duration, devices: Vec<Run>) -> Result<Self> {
        let shared = Arc::new(Shared {
            queue: Mutex::default(),
            changed: Condvar::new(),
            most: AtomicUsize::new(most.max(1)),
            wait,
        });
        let mut batcher = Self { shared, devices: Vec::new() };
        for mut run in devices {
            let shared = Arc::clone(&batcher.shared);
            let serve = move || {
                while let Some(batch) = shared.take() {
                    shared.perform(batch, &mut run)
                }
            };
            let started = std::thread::Builder::new().name("vision-device".to_owned()).spawn(serve);
            let failed = |e| Error::new(Kind::Internal, "no device thread could be started").because(e);
            batcher.devices.push(started.map_err(failed)?);
        }
        Ok(batcher)
    }

    /// A worker's way in.
    pub fn caller(&self) -> Caller {
        Caller { shared: Arc::clone(&self.shared) }
    }

    /// Frames a batch at most, now: fewer than at the start when memory ran out.
    pub fn most(&self) -> usize {
        self.shared.most.load(Ordering::Relaxed)
    }
}

impl Drop for Batcher {
    fn drop(&mut self) {
        if let Ok(mut queue) = self.shared.queue.lock() {
            queue.closed = true;
        }
        self.shared.changed.notify_all();
        for device in self.devices.drain(..) {
            // Its callers have been told already.
            let _ = device.join();
        }
    }
}

/// Hands one frame in and waits for its rows.
pub struct Caller {
    shared: Arc<Shared>,
}

impl Infer for Caller {
    fn infer(&self, _: ModelId, inputs: &[NamedTensor]) -> Result<Vec<NamedTensor>> {
        answered(&self.hand_in(std::slice::from_ref(&inputs))?.remove(0))
    }

    fn infer_many(&self, _: ModelId, frames: &[Vec<NamedTensor>]) -> Result<Vec<Vec<NamedTensor>>> {
        self.hand_in(frames)?.iter().map(answered).collect()
    }
}

impl Caller {
    /// Puts frames into the queue; their answers come in the same order.
    fn hand_in<F: AsRef<[NamedTensor]>>(&self, frames: &[F]) -> Result<Vec<Receiver<Answer>>> {
        let mut results = Vec::with_capacity(frames.len());
        {
            let mut queue = self.shared.locked()?;
            if queue.closed {
                return Err(Error::new(Kind::Internal, "the device is closed"));
            }
            for inputs in frames {
                let (answer, result) = sync_channel(1);
                queue.waiting.push_back(Request {
                    inputs: inputs.as_ref().to_vec(),
                    answer,
                    since: Instant::now(),
                });
                results.push(result);
            }
        }
        self.shared.changed.notify_all();
        Ok(results)
    }
}

fn answered(result: &Receiver<Answer>) -> Answer {
    result.recv().map_err(|_| Error::new(Kind::Internal, "the thread of the device ended"))?
}

impl Shared {
    fn locked(&self) -> Result<MutexGuard<'_, Queue>> {
        self.queue.lock().map_err(|_| poisoned("batch queue"))
    }

    /// The next batch: calls of the shape of the one that waits longest, once there are enough of them or it
    /// has waited long enough. `None` at the end.
    fn take(&self) -> Option<Vec<Request>> {
        let mut queue = self.queue.lock().ok()?;
        loop {
            let most = self.most.load(Ordering::Relaxed);
            let Some(first) = queue.waiting.front() else {
                if queue.closed {
                    return None;
                }
                queue = self.changed.wait(queue).ok()?;
                continue;
            };
            let (waited, key) = (first.since.elapsed(), shapes(&first.inputs));
            let same = |request: &Request| shapes(&request.inputs) == key;
            let fit: Vec<bool> = queue.waiting.iter().map(same).collect();
            let count = fit.iter().filter(|fits| **fits).count();
            if count >= most || waited >= self.wait || queue.closed {
                return Some(picked(&mut queue.waiting, &fit, most));
            }
            queue = self.changed.wait_timeout(queue, self.wait - waited).ok()?.0;
        }
    }

    /// Runs a batch and answers each call. A batch that does not fit the device's memory is halved, and all
    /// later ones are no larger; one that fails otherwise is run frame by frame, so that a bad frame costs only
    /// itself.
    fn perform(&self, mut batch: Vec<Request>, run: &mut Run) {
        if batch.len() == 1 {
            let Some(request) = batch.pop() else { return };
            let result = run(&[&request.inputs]).map_err(alone);
            // A caller that is gone needs no answer.
            let _ = request.answer.send(result);
            return;
        }
        let frames: Vec<&[NamedTensor]> = batch.iter().map(|request| request.inputs.as_slice()).collect();
        let failure = match run(&frames).map(|outputs| split(outputs, batch.len())) {
            Ok(Some(rows)) => {
                for (request, row) in batch.into_iter().zip(rows) {
                    let _ = request.answer.send(Ok(row));
                }
                return;
            }
            Ok(None) => {
                // Its outputs have no row a frame: such a model takes one at a time.
                self.most.store(1, Ordering::Relaxed);
                None
            }
            Err(error) => Some(error),
        };
        let half = match failure {
            Some(error) if is_out_of_memory(&error) => {
                let half = batch.len() / 2;
                self.most.fetch_min(half, Ordering::Relaxed);
                half
            }
            _ => 1,
        };
        while !batch.is_empty() {
            let rest = batch.split_off(half.min(batch.len()));
            self.perform(std::mem::replace(&mut batch, rest), run);
        }
    }
}

/// Takes the first `most` of those that fit out of the queue; the others keep their order.
fn picked(waiting: &mut VecDeque<Request>, fit: &[bool], most: usize) -> Vec<Request> {
    let (mut batch, mut rest) = (Vec::new(), VecDeque::new());
    for (request, fits) in waiting.drain(..).zip(fit) {
        if *fits && batch.len() < most {
            batch.push(request);
        } else {
            rest.push_back(request);
        }
    }
    *waiting = rest;
    batch
}

/// Out of memory with a single frame: nothing is left to try.
fn alone(error: Error) -> Error {
    if !is_out_of_memory(&error) {
        return error;
    }
    let message =
        "the device has no memory for even one picture; a smaller --imgsz needs less, --device cpu none";
    Error::new(Kind::Device, message).because(error.chain())
}

/// ONNX Runtime has no code for it; these are the words of its arenas, of CUDA and of cuDNN.
pub fn is_out_of_memory(error: &Error) -> bool {
    let text = error.chain().to_lowercase();
    ["out of memory", "failed to allocate memory", "memory_allocation", "alloc_failed", "bad allocation"]
        .iter()
        .any(|words| text.contains(words))
}

/// What must be equal within a batch: names, types and shapes.
fn shapes(inputs: &[NamedTensor]) -> Vec<(&str, super::ElementType, &[usize])> {
    inputs.iter().map(|i| (i.name.as_str(), i.value.element_type(), i.value.shape())).collect()
}

/// The rows of each frame; `None` where an output has not one a frame.
fn split(outputs: Vec<NamedTensor>, frames: usize) -> Option<Vec<Vec<NamedTensor>>> {
    let mut all: Vec<Vec<NamedTensor>> = (0..frames).map(|_| Vec::with_capacity(outputs.len())).collect();
    for NamedTensor { name, value } in outputs {
        let rows = value.rows(frames)?;
        all.iter_mut().zip(rows).for_each(|(frame, row)| frame.push(NamedTensor::new(name.clone(), row)));
    }
    Some(all)
}

#[cfg(test)]
mod tests;
