//! A thread beside each worker that decodes for it, so that a decoder that hangs or panics costs one
//! input and not the run.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::error::{Error, Kind, Result};

type Task = Box<dyn FnOnce() -> Answer + Send>;
type Answer = std::result::Result<Box<dyn Any + Send>, Error>;

/// Threads that hang at most. Each may hold a picture's memory and a core, and a thread cannot be
/// ended, so a run stops when there are so many.
pub const MOST_ABANDONED: usize = 8;

/// Counts the threads of a run that were given up and still run.
#[derive(Debug, Default)]
pub struct Abandoned(AtomicUsize);

/// Runs closures on a thread of its own, one at a time, each within a deadline.
pub struct Companion {
    deadline: Duration,
    abandoned: Arc<Abandoned>,
    link: Option<Link>,
}

struct Link {
    tasks: Sender<Task>,
    answers: Receiver<Answer>,
    given_up: Arc<AtomicBool>,
}

impl Companion {
    pub fn new(deadline: Duration, abandoned: Arc<Abandoned>) -> Self {
        Self { deadline, abandoned, link: None }
    }

    /// Runs `task` and waits for it.
    ///
    /// # Errors
    /// `Deadline` when it took too long: its thread is left to itself and ends with the process;
    /// `DecodersHung` instead when that made one thread too many; `Panic` when it panicked;
    /// `Internal` when no thread can be started.
    pub fn run<T: Send + 'static>(
        &mut self,
        name: &str,
        task: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.run_within(self.deadline, name, task)
    }

    /// As [`Self::run`], with another deadline.
    pub fn run_within<T: Send + 'static>(
        &mut self,
        deadline: Duration,
        name: &str,
        task: impl FnOnce() -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let link = match self.link.take() {
            Some(link) => link,
            None => self.start()?,
        };
        let task: Task = Box::new(move || task().map(|value| Box::new(value) as Box<dyn Any + Send>));
        let gone = || Error::new(Kind::Internal, format!("{name}: the decoding thread ended"));
        link.tasks.send(task).map_err(|_| gone())?;
        let answer = match link.answers.recv_timeout(deadline) {
            Ok(answer) => answer,
            Err(RecvTimeoutError::Disconnected) => return Err(gone()),
            Err(RecvTimeoutError::Timeout) => return Err(self.give_up(name, &link, deadline)),
        };
        self.link = Some(link);
        let value =
            answer.map_err(|error| if error.kind == Kind::Panic { named(name, error) } else { error })?;
        value.downcast::<T>().map(|value| *value).map_err(|_| gone())
    }

    fn give_up(&self, name: &str, link: &Link, deadline: Duration) -> Error {
        let others = self.abandoned.0.fetch_add(1, Ordering::SeqCst);
        // After the count, so that the thread never takes back what is not there.
        link.given_up.store(true, Ordering::SeqCst);
        if others < MOST_ABANDONED {
            return too_long(name, deadline);
        }
        let message = format!(
            "{name}: decoding took longer than {}, as it did for {others} other inputs whose decoders still hang and cannot be ended; run the same command again with --isolate, which ends them: finished work is kept",
            humantime::format_duration(deadline)
        );
        Error::new(Kind::DecodersHung, message)
    }

    fn start(&self) -> Result<Link> {
        let (task_in, tasks) = channel::<Task>();
        let (answer_in, answers) = channel();
        let given_up = Arc::new(AtomicBool::new(false));
        let (abandoned, is_given_up) = (Arc::clone(&self.abandoned), Arc::clone(&given_up));
        let work = move || {
            for task in tasks {
                if answer_in.send(caught(task)).is_err() {
                    break;
                }
            }
            if is_given_up.load(Ordering::SeqCst) {
                // It only was slow.
                abandoned.0.fetch_sub(1, Ordering::SeqCst);
            }
        };
        std::thread::Builder::new()
            .name("vision-decode".into())
            .spawn(work)
            .map_err(|e| Error::new(Kind::Internal, "no thread for decoding could be started").because(e))?;
        Ok(Link { tasks: task_in, answers, given_up })
    }
}

/// The failure of an input whose decoding took longer than `deadline`.
pub fn too_long(name: &str, deadline: Duration) -> Error {
    let message = format!(
        "{name}: decoding took longer than {}; --deadline allows more",
        humantime::format_duration(deadline)
    );
    Error::new(Kind::Deadline, message)
}

/// Runs `task`; a panic becomes an error of kind `Panic`.
pub fn caught<T>(task: impl FnOnce() -> Result<T>) -> Result<T> {
    catch_unwind(AssertUnwindSafe(task)).unwrap_or_else(|panic| {
        let text = panic
            .downcast_ref::<&str>()
            .map(|s| (*s).to_owned())
            .or_else(|| panic.downcast_ref::<String>().cloned())
            .unwrap_or_else(|| "no message".into());
        Err(Error::new(Kind::Panic, text))
    })
}

/// The message of a caught panic with the file it happened on.
pub fn named(name: &str, error: Error) -> Error {
    if error.kind != Kind::Panic {
        return error;
    }
    Error::new(
        Kind::Panic,
        format!("{name}: a bug in vision or a decoder ({}); please report it with the file", error.message),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hang_and_a_panic_cost_one_task_each() {
        // A minute for what answers at once, however busy the machine; the hang outlasts it only in
        // a companion with a short deadline.
        let mut companion = Companion::new(Duration::from_secs(60), Arc::default());
        assert_eq!(companion.run("a", || Ok(1)).unwrap(), 1);
        let panic = companion.run::<i32>("c.jpg", || panic!("boom")).unwrap_err();
        assert_eq!(panic.kind, Kind::Panic);
        assert!(panic.message.contains("c.jpg") && panic.message.contains("boom"), "{panic}");
        assert_eq!(companion.run("d", || Ok("still there")).unwrap(), "still there");
        companion.deadline = Duration::from_millis(50);
        let (_never, wait) = channel::<()>();
        let hang = companion.run("b", move || {
            let _ = wait.recv();
            Ok(2)
        });
        assert_eq!(hang.unwrap_err().kind, Kind::Deadline);
        companion.deadline = Duration::from_secs(60);
        assert_eq!(companion.run("e", || Ok("again")).unwrap(), "again");
    }

    #[test]
    fn so_many_hang_and_no_more() {
        let abandoned = Arc::<Abandoned>::default();
        let mut companion = Companion::new(Duration::from_millis(5), Arc::clone(&abandoned));
        let (release, hold) = channel::<()>();
        let hold = Arc::new(std::sync::Mutex::new(hold));
        let mut hang = || {
            let hold = Arc::clone(&hold);
            let hung = companion.run("x", move || {
                // Ends when the sender is dropped.
                let _ = hold.lock().map(|hold| hold.recv());
                Ok(())
            });
            hung.unwrap_err().kind
        };
        for _ in 0..MOST_ABANDONED {
            assert_eq!(hang(), Kind::Deadline);
        }
        assert_eq!(hang(), Kind::DecodersHung);
        drop(release);
        // Those that were slow only are forgotten.
        let begun = std::time::Instant::now();
        while abandoned.0.load(Ordering::SeqCst) > 0 && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(5));
        }
        assert_eq!(abandoned.0.load(Ordering::SeqCst), 0);
    }
}
