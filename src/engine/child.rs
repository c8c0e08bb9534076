//! Asking other programs: their answer within a time limit and a size limit.

use std::io::{self, Read};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

/// More than any answer that is asked for here; what comes after is not read.
const MAX_ANSWER: u64 = 1 << 20;
const POLL: Duration = Duration::from_millis(5);
/// Grandchildren may keep a pipe open after the program ended; they are not waited for.
const AFTER_EXIT: Duration = Duration::from_millis(500);

pub struct Answer {
    pub status: ExitStatus,
    pub stdout: Vec<u8>,
    pub stderr: Vec<u8>,
}

impl Answer {
    /// The last line on stderr that says something; programs put their reason there.
    pub fn reason(&self) -> String {
        let text = String::from_utf8_lossy(&self.stderr);
        let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        last.map_or_else(|| self.status.to_string(), str::to_owned)
    }
}

/// Runs `command` without input and collects its answer.
///
/// # Errors
/// `NotFound` when there is no such program, `TimedOut` when it ran past `limit` and was ended.
pub fn ask(command: &mut Command, limit: Duration) -> io::Result<Answer> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = collect(child.stdout.take());
    let stderr = collect(child.stderr.take());
    let status = wait(&mut child, limit)?;
    let read = |pipe: Receiver<Vec<u8>>| pipe.recv_timeout(AFTER_EXIT).unwrap_or_default();
    Ok(Answer { status, stdout: read(stdout), stderr: read(stderr) })
}

fn wait(child: &mut Child, limit: Duration) -> io::Result<ExitStatus> {
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status);
        }
        if started.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!("no answer within {} s", limit.as_secs_f32()),
            ));
        }
        std::thread::sleep(POLL);
    }
}

/// Reads a pipe beside the wait, so that a talkative program does not block on it; one that never stops talking is
/// ended by its pipe.
pub fn collect(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    gathered(pipe, false)
}

/// The same of a program whose words are beside the point: what is too much is read all the same, because its pipe
/// closing would end it in the middle of its work.
pub fn overhear(pipe: Option<impl Read + Send + 'static>) -> Receiver<Vec<u8>> {
    gathered(pipe, true)
}

fn gathered(pipe: Option<impl Read + Send + 'static>, to_the_end: bool) -> Receiver<Vec<u8>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before a failure is still an answer.
            let mut pipe = pipe.take(MAX_ANSWER);
            let _ = pipe.read_to_end(&mut bytes);
            if to_the_end {
                let _ = io::copy(&mut pipe.into_inner(), &mut io::sink());
            }
        }
        // Nobody listens any more after a time-out.
        let _ = sender.send(bytes);
    });
    receiver
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn shell(script: &str) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        command
    }

    #[test]
    fn gives_both_streams_and_the_reason() {
        let answer =
            ask(&mut shell("echo out; echo why >&2; exit 3"), Duration::from_secs(20)).expect("runs");
        assert_eq!((answer.stdout.as_slice(), answer.status.code()), (&b"out\n"[..], Some(3)));
        assert_eq!(answer.reason(), "why");
    }

    #[test]
    fn a_program_that_does_not_end_is_ended() {
        let started = Instant::now();
        let error = ask(&mut shell("exec sleep 60"), Duration::from_millis(200)).err().expect("ended");
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        assert!(started.elapsed() < Duration::from_secs(20));
    }

    #[test]
    fn a_program_that_leaves_a_child_behind_is_not_waited_for() {
        let started = Instant::now();
        let answer = ask(&mut shell("sleep 30 & echo here"), Duration::from_secs(20)).expect("runs");
        assert!(answer.status.success());
        assert!(started.elapsed() < Duration::from_secs(10));
    }

    #[test]
    fn endless_output_is_cut() {
        let answer = ask(&mut shell("yes"), Duration::from_secs(20)).expect("ended by its pipe");
        assert_eq!(answer.stdout.len() as u64, MAX_ANSWER);
    }
}
