//! One stream: ffmpeg runs, its pictures go to the mailbox, and when it ends it is begun again.

use std::io::{BufReader, Read};
use std::process::{Child, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant, SystemTime};

use super::{Address, Arrived, Mailbox, ppm};
use crate::error::{Error, Kind, Result};
use crate::ffmpeg::{missing, program, reason};

/// How long is waited before a connection is tried again: twice as long each time, from and to.
const WAIT: [Duration; 2] = [Duration::from_millis(500), Duration::from_secs(30)];
/// A connection that brings no picture for so long is ended: networks lose what they do not say.
const SILENCE: Duration = Duration::from_secs(15);
/// How often it is looked whether the run is over.
const TICK: Duration = Duration::from_millis(100);

/// What is told of a stream while it runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Its first picture came, of this connection.
    Connected { connection: u32 },
    /// It ended; it is tried again after a while.
    Lost { why: String, again: Duration },
    /// It is not tried again.
    GaveUp { why: String },
}

/// How a stream is read.
#[derive(Debug, Clone)]
pub struct Reading {
    /// Pixels of a frame at most.
    pub most: u64,
    /// Connections that may fail in a row; for ever without.
    pub retries: Option<u32>,
    /// Frames a second at most, and every how many.
    pub fps: Option<f64>,
    pub every: u32,
}

/// A stream that is being read. Dropped, it ends.
pub struct Source {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

struct Shared {
    number: usize,
    address: Address,
    reading: Reading,
    begun: Instant,
    mailbox: Arc<Mailbox>,
    told: Sender<(usize, Told)>,
    over: AtomicBool,
    child: Mutex<Option<Child>>,
    /// When the last picture came, or the connection was begun.
    heard: Mutex<Instant>,
}

impl Source {
    /// Begins to read; frames go to `mailbox` under `number`.
    ///
    /// # Errors
    /// `Internal` where no thread can be had.
    pub fn open(
        (number, address): (usize, Address),
        reading: Reading,
        begun: Instant,
        mailbox: Arc<Mailbox>,
        told: Sender<(usize, Told)>,
    ) -> Result<Self> {
        let (over, child, heard) = (AtomicBool::new(false), Mutex::default(), Mutex::new(Instant::now()));
        let shared = Arc::new(Shared { number, address, reading, begun, mailbox, told, over, child, heard });
        let own = Arc::clone(&shared);
        let thread = std::thread::Builder::new().name("vision-stream".into()).spawn(move || own.run());
        let thread = thread
            .map_err(|e| Error::new(Kind::Internal, "no thread for a stream could be started").because(e))?;
        Ok(Self { shared, thread: Some(thread) })
    }

    /// Ends a connection that has been silent for too long; to be called now and then.
    pub fn watch(&self) {
        if self.shared.heard().elapsed() > SILENCE {
            self.shared.kill();
        }
    }
}

impl Drop for Source {
    fn drop(&mut self) {
        self.shared.over.store(true, Ordering::SeqCst);
        self.shared.kill();
        if let Some(thread) = self.thread.take() {
            // A panic in there has been said on standard error.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        let (mut failed, mut connection, mut next) = (0, 0, Next::default());
        while !self.is_over() {
            let before = next.n;
            let why = self.connect(connection, &mut next);
            connection += 1;
            failed = if next.n > before { 0 } else { failed + 1 };
            if self.is_over() {
                break;
            }
            if self.reading.retries.is_some_and(|retries| failed > retries) {
                self.tell(Told::GaveUp { why });
                break;
            }
            let again = WAIT[0].saturating_mul(1 << failed.min(10)).min(WAIT[1]);
            self.tell(Told::Lost { why, again });
            let until = Instant::now() + again;
            while Instant::now() < until && !self.is_over() {
                std::thread::sleep(TICK);
            }
        }
        self.mailbox.close();
    }

    /// Reads one connection to its end; says why it ended.
    fn connect(&self, connection: u32, next: &mut Next) -> String {
        let mut command = program("ffmpeg");
        command.args(["-nostdin"]);
        self.address.input(&mut command);
        // Colours as of files.
        let filter = "scale=flags=bicubic:in_color_matrix=bt601,format=rgb24";
        command.args(["-map", "0:v:0", "-vf", filter, "-fps_mode", "passthrough"]);
        command.args(["-c:v", "ppm", "-f", "image2pipe", "pipe:1"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        self.hear();
        let mut child = match command.spawn() {
            Ok(child) => child,
            Err(e) => return missing("ffmpeg", e).message,
        };
        let (pictures, said) = (child.stdout.take(), crate::engine::child::overhear(child.stderr.take()));
        *self.child.lock().unwrap_or_else(PoisonError::into_inner) = Some(child);
        if self.is_over() {
            self.kill();
        }
        let ended = match pictures {
            Some(pictures) => self.read(BufReader::with_capacity(1 << 20, pictures), connection, next),
            None => None,
        };
        let silent = self.heard().elapsed() > SILENCE;
        self.kill();
        let said = said.recv().unwrap_or_default();
        match (ended, silent) {
            (Some(why), _) => why,
            (None, true) => format!("nothing came for {} s", SILENCE.as_secs()),
            (None, false) => self.words(&said),
        }
    }

    /// What ffmpeg said, without the secrets of the address.
    fn words(&self, said: &[u8]) -> String {
        let telling =
            ["refused", "401", "403", "404", "Unauthorized", "No such", "Invalid data", "timed out"];
        let why = self.address.clean(&reason(said, &telling));
        let own = format!("{}: ", self.address.shown());
        let why = why.replace(&own, "");
        if why.is_empty() { "it ended".to_owned() } else { why }
    }

    /// Hands on pictures until none comes.
    fn read(&self, mut pictures: BufReader<impl Read>, connection: u32, next: &mut Next) -> Option<String> {
        let mut first = true;
        loop {
            let picture = match ppm::next(&mut pictures, self.reading.most) {
                Ok(Some(picture)) => picture,
                Ok(None) => return None,
                Err(_) => return Some(format!("a frame of more than {} pixels", self.reading.most)),
            };
            self.hear();
            if first {
                self.tell(Told::Connected { connection });
                first = false;
            }
            let since = self.begun.elapsed();
            if let Some(n) = next.take(since, &self.reading) {
                let arrived = Arrived { n, at: SystemTime::now(), since, pixels: picture, dropped: 0 };
                self.mailbox.put(self.number, arrived);
            }
        }
    }

    fn tell(&self, told: Told) {
        // Nobody listens when the run is over.
        let _ = self.told.send((self.number, told));
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    fn hear(&self) {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now();
    }

    fn heard(&self) -> Instant {
        *self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn kill(&self) {
        let child = self.child.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(mut child) = child {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// Which of the frames that come are wanted.
#[derive(Debug, Default)]
struct Next {
    /// Number of the next frame.
    n: u32,
    /// The cell of 1/fps seconds that the last wanted frame came in.
    cell: Option<i64>,
}

impl Next {
    /// The number of the frame that comes now, where it is wanted.
    fn take(&mut self, since: Duration, reading: &Reading) -> Option<u32> {
        let n = self.n;
        self.n = self.n.saturating_add(1);
        let cell = reading.fps.map(|fps| (since.as_secs_f64() * fps).floor() as i64);
        let again = cell.is_some() && cell == self.cell;
        let wanted = n.is_multiple_of(reading.every.max(1)) && !again;
        if wanted {
            self.cell = cell;
        }
        wanted.then_some(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_are_chosen_as_they_come() {
        let taken = |fps, every| {
            let (mut next, reading) = (Next::default(), Reading { most: 1, retries: None, fps, every });
            let at = (0..10).map(|n| Duration::from_millis(n * 100));
            at.filter_map(|since| next.take(since, &reading)).collect::<Vec<_>>()
        };
        assert_eq!(taken(None, 1).len(), 10);
        assert_eq!(taken(None, 4), [0, 4, 8]);
        assert_eq!(taken(Some(2.5), 1), [0, 4, 8]);
    }
}
