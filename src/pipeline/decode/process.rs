//! `--isolate`: inputs decoded in processes of their own, which are ended when they hang and replaced
//! when they crash.

use std::path::Path;
use std::process::Command;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::helper::{Helper, Reply};
use super::wire::Request;
use super::{Decoder, Step, advance, child, to_open};
use crate::error::{Error, Kind, Result, poisoned};
use crate::frame::Frame;
use crate::pipeline::companion::{Abandoned, Companion};
use crate::pipeline::open::{Opened, open_video, video};
use crate::source::video::{By, Container};
use crate::source::{Frames, Limits};

/// The processes of a run that have nothing to do. An open input keeps its process until its last
/// frame, so there are as many as inputs are open at once: about one a worker.
pub struct Pool {
    deadline: Duration,
    limits: Limits,
    idle: Mutex<Vec<Helper>>,
    abandoned: Arc<Abandoned>,
}

impl Pool {
    pub fn new(deadline: Duration, limits: Limits) -> Self {
        Self { deadline, limits, idle: Mutex::default(), abandoned: Arc::default() }
    }

    fn take(&self) -> Result<Helper> {
        loop {
            let idle = self.idle.lock().map_err(|_| poisoned("decoding processes"))?.pop();
            let Some(mut helper) = idle else { return Helper::start(&mut command(), self.limits.clone()) };
            // One may have been killed from outside while it waited.
            if helper.lives() {
                return Ok(helper);
            }
        }
    }

    fn put(&self, helper: Helper) {
        if let Ok(mut idle) = self.idle.lock() {
            idle.push(helper);
        }
    }
}

/// This program again, as a decoder.
fn command() -> Command {
    // The file that is running, even where another has taken its name meanwhile.
    #[cfg(target_os = "linux")]
    let program = "/proc/self/exe";
    #[cfg(not(target_os = "linux"))]
    let program = std::env::current_exe().unwrap_or_else(|_| "vision".into());
    let mut command = Command::new(program);
    command.args([child::COMMAND, &std::process::id().to_string()]);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // Ctrl-C on a terminal goes to the whole group; only the run decides what it means.
        command.arg0("vision").process_group(0);
    }
    command
}

/// A worker's way to the pool.
pub struct Processes {
    pool: Arc<Pool>,
    /// For videos, whose decoder is a process of its own anyway: ffmpeg.
    videos: Companion,
}

impl Processes {
    pub fn new(pool: Arc<Pool>) -> Self {
        let videos = Companion::new(pool.deadline, Arc::clone(&pool.abandoned));
        Self { pool, videos }
    }

    fn open_video(&mut self, name: &str, file: &Path, container: Container) -> Result<Opened> {
        let (own, path, mut limits) = (name.to_owned(), file.to_owned(), self.pool.limits.clone());
        limits.video.by = By::Ffmpeg;
        let deadline = to_open(self.pool.deadline, file);
        self.videos.run_within(deadline, name, move || open_video(&own, &path, container, &limits))
    }
}

impl Decoder for Processes {
    fn open(&mut self, name: &str, file: &Path) -> Result<Opened> {
        if let Some(container) = video(name, file) {
            return self.open_video(name, file, container);
        }
        let pool = &self.pool;
        let request = Request::Open {
            name: name.to_owned(),
            file: file.as_os_str().to_owned(),
            limits: Box::new(pool.limits.clone()),
        };
        let (helper, reply) = pool.take()?.ask(name, request, pool.deadline)?;
        match reply {
            Reply::Opened { digest, stat, format, frames: Ok(more) } => {
                let remote =
                    Remote { name: name.to_owned(), pool: Arc::clone(pool), helper: Some(helper), more };
                Ok(Opened { digest, stat, format, frames: Ok(Box::new(remote)) })
            }
            Reply::Opened { digest, stat, format, frames: Err(error) } => {
                pool.put(helper);
                Ok(Opened { digest, stat, format, frames: Err(error) })
            }
            Reply::Unread(error) => {
                pool.put(helper);
                Err(error)
            }
            Reply::Step { .. } => Err(Error::new(Kind::DecoderCrash, format!("{name}: {WRONG}"))),
        }
    }

    fn next(&mut self, name: &str, mut frames: Box<dyn Frames>) -> Result<Step> {
        if frames.reel().is_some() {
            return advance(&mut self.videos, name, frames);
        }
        // The deadline is in `Remote`.
        let frame = frames.next_frame();
        Ok(Step { frames, frame })
    }
}

const WRONG: &str = "the process that decoded it answered another question";

/// The frames of an input that a process holds open.
struct Remote {
    name: String,
    pool: Arc<Pool>,
    /// `None` after the last frame and after a failure of the process.
    helper: Option<Helper>,
    more: bool,
}

impl Frames for Remote {
    fn next_frame(&mut self) -> Option<Result<Frame>> {
        let helper = self.helper.take()?;
        match helper.ask(&self.name, Request::Next, self.pool.deadline) {
            Ok((helper, Reply::Step { frame, more })) => {
                self.more = more && frame.is_some();
                if self.more {
                    self.helper = Some(helper);
                } else {
                    self.pool.put(helper);
                }
                frame
            }
            Ok(_) => {
                self.more = false;
                Some(Err(Error::new(Kind::DecoderCrash, format!("{}: {WRONG}", self.name))))
            }
            Err(error) => {
                self.more = false;
                Some(Err(error))
            }
        }
    }

    fn may_have_more(&self) -> bool {
        self.more && self.helper.is_some()
    }
}

impl Drop for Remote {
    fn drop(&mut self) {
        if let Some(helper) = self.helper.take() {
            self.pool.put(helper);
        }
    }
}
