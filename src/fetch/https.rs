//! Downloading a single file over HTTPS with the user's own curl, which knows their proxy and certificates.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use super::wheel::copy_limited;
use super::{Pin, cannot_write};
use crate::engine::child;
use crate::error::{Error, Kind, Result};

/// Seconds until a server must have answered.
const CONNECT: &str = "20";
/// A minute at less than this many bytes a second is a line that is gone.
const SLOWEST: [&str; 2] = ["1000", "60"];
/// Seconds for all of it: a large model over a slow line.
const LONGEST: &str = "3600";

/// Downloads what `url` gives into the new file `target`, content checked.
///
/// # Errors
/// `Tool` without curl, `Offline` when curl cannot download it or the line is cut, `ModelRefused` for more
/// than is pinned or another content; `OutputFolder` and `DiskFull`.
pub fn download(url: &str, pin: &Pin, target: &Path) -> Result<()> {
    let refused = |found: String| {
        let message = format!("{url}: the download {found}; refused, nothing was installed");
        Err(Error::new(Kind::ModelRefused, message))
    };
    let file = File::create_new(target).map_err(|e| cannot_write(target, e))?;
    let mut curl = command(url, pin.bytes).spawn().map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => no_curl(url),
        _ => Error::new(Kind::Tool, "curl cannot be run").because(e),
    })?;
    let said = child::collect(curl.stderr.take());
    let unread = |e| Error::new(Kind::Tool, "curl's answer cannot be read").because(e);
    // Counted here: a server that does not state a size is not held to curl's limit by older versions.
    let copied = match curl.stdout.take() {
        Some(mut pipe) => copy_limited(&mut pipe, file, target, pin.bytes, unread),
        None => Ok(Some(0)),
    };
    if !matches!(copied, Ok(Some(_))) {
        // It may have ended by itself already.
        let _ = curl.kill();
    }
    let status = curl.wait().map_err(|e| Error::new(Kind::Tool, "curl cannot be waited for").because(e))?;
    if copied?.is_none() || status.code() == Some(TOO_LARGE) {
        return refused(format!("has more than the {} bytes expected", pin.bytes));
    }
    if !status.success() {
        return Err(failure(url, &reason(said.recv_timeout(AFTER_EXIT).unwrap_or_default(), status.code())));
    }
    match pin.differs(target)? {
        None => Ok(()),
        Some(found) => refused(found),
    }
}

/// curl's exit status for what exceeds `--max-filesize` (man curl, "Exit codes").
const TOO_LARGE: i32 = 63;
/// What curl said is read by then.
const AFTER_EXIT: Duration = Duration::from_secs(1);

/// HTTPS from first to last, no settings but the environment's, nothing larger than `limit`.
fn command(url: &str, limit: u64) -> Command {
    let mut command = Command::new("curl");
    // First, or the user's file of settings is read, which may allow anything.
    command.args(["--disable", "--silent", "--show-error", "--fail", "--globoff", "--no-buffer"]);
    command.args(["--proto", "=https", "--proto-redir", "=https", "--tlsv1.2"]);
    command.args(["--location", "--max-redirs", "5", "--max-filesize", &limit.to_string()]);
    command.args(["--connect-timeout", CONNECT, "--max-time", LONGEST]);
    command.args(["--speed-limit", SLOWEST[0], "--speed-time", SLOWEST[1]]);
    command.args(["--output", "-", "--url", url]);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// curl's own sentence: `curl: (6) Could not resolve host: …`.
fn reason(said: Vec<u8>, code: Option<i32>) -> String {
    let text = String::from_utf8_lossy(&said);
    let line = text.lines().map(str::trim).find(|line| line.starts_with("curl: "));
    line.map_or_else(|| format!("it ended with {code:?}"), str::to_owned)
}

fn failure(url: &str, reason: &str) -> Error {
    let message = format!(
        "{url} could not be downloaded ({reason}); check the connection, or fetch the file elsewhere and `vision models add` it"
    );
    Error::new(Kind::Offline, message)
}

fn no_curl(url: &str) -> Error {
    Error::new(Kind::Tool, format!("curl is not there, which downloads {url}; install it: apt install curl"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curl_is_held_to_https_and_the_size() {
        let command = command("https://example.org/m.onnx", 12);
        let line: Vec<_> = command.get_args().filter_map(|a| a.to_str()).collect();
        assert_eq!(line.first(), Some(&"--disable"), "no settings of the user's: {line:?}");
        let line = line.join(" ");
        for part in ["--proto =https --proto-redir =https", "--max-filesize 12", "--fail", "--max-time 3600"]
        {
            assert!(line.contains(part), "{part}: {line}");
        }
        assert!(line.ends_with("--url https://example.org/m.onnx"));
    }

    #[test]
    fn other_protocols_are_refused_by_curl_itself() {
        let folder = tempfile::tempdir().expect("a folder");
        let secret = folder.path().join("secret");
        std::fs::write(&secret, b"x").expect("written");
        let pin = Pin { digest: format!("sha256:{}", "0".repeat(64)), bytes: 1 };
        for url in [format!("file://{}", secret.display()), "http://127.0.0.1:1/m.onnx".to_owned()] {
            let target = folder.path().join("got");
            let error = download(&url, &pin, &target).expect_err("downloaded");
            // Without curl on the machine nothing is downloaded either.
            assert!(matches!(error.kind, Kind::Offline | Kind::Tool), "{}", error.chain());
            assert_eq!(std::fs::read(&target).expect("the begun file"), b"");
            std::fs::remove_file(target).expect("removed");
        }
    }
}
