//! Downloading a pinned wheel with the user's own pip, which knows their proxy and package index.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::Pin;
use crate::engine::child;
use crate::error::{Error, Kind, Result};

/// A quarter of a gigabyte over a slow line; pip has shorter limits of its own for silence.
const LIMIT: Duration = Duration::from_secs(3600);

/// A wheel on PyPI by name, version and content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wheel {
    pub name: String,
    pub version: String,
    pub pin: Pin,
    /// pip's platform tags, none for a wheel of any platform; the interpreter is pinned too, so that every
    /// Python gets this file.
    pub platforms: &'static [&'static str],
}

impl Wheel {
    /// Downloads it into `folder` and returns its path. Nothing in it is run, and nothing of what came is
    /// checked: see [`Wheel::check`].
    ///
    /// # Errors
    /// `Tool` without Python or pip, `Offline` when pip cannot download it.
    pub fn download(&self, folder: &Path) -> Result<PathBuf> {
        let answer = child::ask(&mut command(self, folder), LIMIT).map_err(|e| match e.kind() {
            std::io::ErrorKind::NotFound => no_pip(self, "python3 is not there"),
            _ => Error::new(Kind::Tool, "python3 cannot be run").because(e),
        })?;
        if !answer.status.success() {
            return Err(failure(self, &answer.reason(), &answer.stderr));
        }
        let entries = std::fs::read_dir(folder).map_err(|e| Error::read(folder.display(), e))?;
        let mut paths = entries.flatten().map(|entry| entry.path());
        paths.find(|path| path.extension().is_some_and(|e| e == "whl")).ok_or_else(|| {
            Error::new(
                Kind::Tool,
                "pip ended well but left no wheel; update it: python3 -m pip install --upgrade pip",
            )
        })
    }

    /// Size and digest against the pinned ones.
    ///
    /// # Errors
    /// `refused` for another content.
    pub fn check(&self, wheel: &Path, refused: Kind) -> Result<()> {
        let Some(found) = self.pin.differs(wheel)? else { return Ok(()) };
        let Self { name, version, .. } = self;
        let message = format!(
            "{name} {version}: the download {found}; refused, nothing was installed. Check the package index that pip uses (`pip config list`) and try again"
        );
        Err(Error::new(refused, message))
    }
}

/// Interpreter and platform are pinned, so that the same file comes whatever Python runs pip.
fn command(wheel: &Wheel, folder: &Path) -> Command {
    let mut command = Command::new("python3");
    command.args(["-m", "pip", "download", "--quiet", "--no-input", "--no-deps"]);
    command.args(["--disable-pip-version-check", "--only-binary=:all:", "--no-cache-dir"]);
    command.args(["--python-version", "3.11", "--implementation", "cp", "--abi", "cp311"]);
    for platform in wheel.platforms {
        command.args(["--platform", platform]);
    }
    command.arg("-d").arg(folder).arg(format!("{}=={}", wheel.name, wheel.version));
    command
}

fn failure(wheel: &Wheel, reason: &str, stderr: &[u8]) -> Error {
    let text = String::from_utf8_lossy(stderr);
    if text.contains("No module named pip") {
        return no_pip(wheel, "Python has no pip");
    }
    if text.contains("No space left on device") {
        return Error::new(Kind::DiskFull, "the disk is full; free some space and try again");
    }
    let Wheel { name, version, .. } = wheel;
    Error::new(
        Kind::Offline,
        format!(
            "pip could not download {name} {version} ({reason}); check the connection and pip's package index"
        ),
    )
}

fn no_pip(wheel: &Wheel, what: &str) -> Error {
    let name = &wheel.name;
    Error::new(Kind::Tool, format!("{what}, whose pip downloads {name}; install it: apt install python3-pip"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::install::package;

    #[test]
    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn pins_the_file_and_not_the_python() {
        let command = command(&package(false).expect("pinned").wheel, Path::new("/x"));
        let line: Vec<_> = command.get_args().filter_map(|a| a.to_str()).collect();
        let line = line.join(" ");
        assert!(line.ends_with(
            "--python-version 3.11 --implementation cp --abi cp311 --platform manylinux_2_28_x86_64 \
             --platform manylinux_2_27_x86_64 -d /x onnxruntime==1.32.0"
        ));
        assert!(line.contains("--only-binary=:all:"), "a source package would run its own code");
    }

    #[test]
    fn says_how_to_get_pip() {
        let wheel = package(false).expect("pinned").wheel;
        let error = failure(&wheel, "…", b"/usr/bin/python3: No module named pip\n");
        assert_eq!(error.kind, Kind::Tool);
        assert!(error.message.contains("apt install python3-pip"));
        let error = failure(&wheel, "ERROR: no such host", b"ERROR: no such host\n");
        assert_eq!((error.kind, error.exit_code()), (Kind::Offline, 4));
        assert!(error.message.contains("no such host"));
    }
}
