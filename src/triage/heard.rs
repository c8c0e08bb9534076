//! What goes to standard error, from this program, its libraries and its helpers, kept in `private/` to be searched.

use std::fs::File;
use std::io::{self, PipeReader, PipeWriter, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::thread::JoinHandle;

/// Says that everything before it was heard. No text holds it.
const END: &[u8] = b"\0vision triage heard all\0";

/// Standard error leads through here until [`Heard::end`].
pub struct Heard {
    /// Where standard error led before.
    before: OwnedFd,
    end: PipeWriter,
    passing: Option<JoinHandle<io::Result<()>>>,
}

impl Heard {
    /// Everything is passed on as it comes and written to `log`.
    ///
    /// # Errors
    /// When standard error cannot be led elsewhere.
    pub fn begin(log: File) -> io::Result<Self> {
        let (reader, end) = io::pipe()?;
        let before = io::stderr().as_fd().try_clone_to_owned()?;
        let on = File::from(before.try_clone()?);
        let passing =
            std::thread::Builder::new().name("standard-error".into()).spawn(move || pass(reader, on, log))?;
        rustix::stdio::dup2_stderr(&end)?;
        Ok(Self { before, end, passing: Some(passing) })
    }

    /// Standard error leads where it led before; the log is whole.
    ///
    /// # Errors
    /// Where the log could not be written.
    pub fn end(mut self) -> io::Result<()> {
        self.close()
    }

    fn close(&mut self) -> io::Result<()> {
        let Some(passing) = self.passing.take() else { return Ok(()) };
        rustix::stdio::dup2_stderr(&self.before)?;
        // Helpers may live on and hold the pipe open, so its end is said.
        self.end.write_all(END)?;
        passing.join().unwrap_or_else(|_| Err(io::Error::other("standard error was lost")))
    }
}

impl Drop for Heard {
    fn drop(&mut self) {
        // After an error, which is said.
        let _ = self.close();
    }
}

fn pass(mut reader: PipeReader, mut on: File, mut log: File) -> io::Result<()> {
    // The last bytes, of which it cannot be told yet whether they begin the end.
    let (mut held, mut piece, mut written) = (Vec::new(), [0; 1 << 14], Ok(()));
    loop {
        let count = reader.read(&mut piece)?;
        held.extend_from_slice(&piece[..count]);
        let ended = held.windows(END.len()).position(|window| window == END);
        let kept = (1..END.len()).rev().find(|n| held.ends_with(&END[..*n])).unwrap_or(0);
        let ready = ended.unwrap_or(if count == 0 { held.len() } else { held.len() - kept });
        // Whoever listened may be gone; that is no reason to stop.
        let _ = on.write_all(&held[..ready]);
        written = written.and_then(|()| log.write_all(&held[..ready]));
        held.drain(..ready);
        if ended.is_some() || count == 0 {
            return written;
        }
    }
}
