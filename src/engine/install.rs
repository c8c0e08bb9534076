//! Installing ONNX Runtime: the pinned wheel, checked, its libraries put into the data folder whole.

use std::path::{Path, PathBuf};

use super::library::{is_library, libraries_in};
use crate::error::{Error, Kind, Result};
use crate::fetch::pip::Wheel;
use crate::fetch::wheel::Archive;
use crate::fetch::{Incoming, Pin, cannot_write};

const LICENCES: [&str; 2] = ["LICENSE", "ThirdPartyNotices.txt"];

/// A build of ONNX Runtime.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    pub wheel: Wheel,
    /// Limit of what is unpacked from it.
    pub unpacked_limit: u64,
    /// Name of its folder below the folder of runtimes.
    pub folder: String,
}

/// What an installation did; the folder holds the libraries and their licences.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Installed {
    Already(PathBuf),
    New(PathBuf),
}

impl Installed {
    pub fn folder(&self) -> &Path {
        match self {
            Installed::Already(folder) | Installed::New(folder) => folder,
        }
    }
}

/// The package for this machine. Digests and sizes are those of the files on PyPI.
///
/// # Errors
/// `Runtime` where no wheel is pinned for the processor or system.
pub fn package(cuda: bool) -> Result<Package> {
    const CPU: &str = "1.32.0";
    // Built for CUDA 13 and cuDNN 9.
    const CUDA: &str = "1.31.1";
    let x86 = &["manylinux_2_28_x86_64", "manylinux_2_27_x86_64"];
    let arm = &["manylinux_2_28_aarch64", "manylinux_2_27_aarch64"];
    let (version, digest, bytes, platforms) = match (std::env::consts::OS, std::env::consts::ARCH, cuda) {
        ("linux", "x86_64", false) => {
            (CPU, "5a34fc4dfeb5a7b4a74c95dcba1e773d722abda720b474edf1b0c419dc6d163d", 27_773_237, x86)
        }
        ("linux", "aarch64", false) => {
            (CPU, "2303372a85299b6757b0e11e1cbf13e410ddf7e10c37f4b37e99d1c90e7daf7c", 23_195_070, arm)
        }
        ("linux", "x86_64", true) => {
            (CUDA, "e26c475fe361b2015f45b4b824bd13f0bb20204e59b62814e6f0acd5f3d491a6", 255_560_985, x86)
        }
        (os, processor, _) => return Err(not_pinned(os, processor, cuda)),
    };
    let name = if cuda { "onnxruntime-gpu" } else { "onnxruntime" }.to_owned();
    let pin = Pin { digest: format!("sha256:{digest}"), bytes };
    Ok(Package {
        wheel: Wheel { name, version: version.to_owned(), pin, platforms },
        unpacked_limit: if cuda { 1 << 30 } else { 256 << 20 },
        folder: if cuda { format!("{version}-cuda") } else { version.to_owned() },
    })
}

fn not_pinned(os: &str, processor: &str, cuda: bool) -> Error {
    let build = if cuda { "CUDA build of " } else { "" };
    let message = format!(
        "no {build}ONNX Runtime is pinned for {os} on {processor}; get one from your system or from PyPI and name its library with --runtime"
    );
    Error::new(Kind::Runtime, message)
}

/// The folder of an installed `package`, where it is there.
pub fn installed(package: &Package, runtimes: &Path) -> Option<PathBuf> {
    let folder = runtimes.join(&package.folder);
    (!libraries_in(&folder).is_empty()).then_some(folder)
}

/// Installs `package` below `runtimes`, whole or not at all. `fetch` puts the wheel into the
/// folder given and returns its path; nothing is believed about what it brings. Two
/// installations at once: the second waits and finds the first one's.
///
/// # Errors
/// `Runtime` for a wheel that is not the pinned one or not as it should be, the errors of
/// `fetch`, `OutputFolder` and `DiskFull` for the data folder, `Busy` when another installation
/// does not end.
pub fn install(
    package: &Package,
    runtimes: &Path,
    fetch: impl FnOnce(&Package, &Path) -> Result<PathBuf>,
) -> Result<Installed> {
    install_whole(package, runtimes, fetch).map_err(|mut error| {
        if matches!(error.kind, Kind::Offline | Kind::OutputFolder) {
            error.message.push_str(", or name an ONNX Runtime library with --runtime");
        }
        error
    })
}

fn install_whole(
    package: &Package,
    runtimes: &Path,
    fetch: impl FnOnce(&Package, &Path) -> Result<PathBuf>,
) -> Result<Installed> {
    if let Some(folder) = installed(package, runtimes) {
        return Ok(Installed::Already(folder));
    }
    let incoming = Incoming::begin(runtimes)?;
    if let Some(folder) = installed(package, runtimes) {
        return Ok(Installed::Already(folder));
    }
    let wheel = fetch(package, incoming.path())?;
    package.wheel.check(&wheel, Kind::Runtime)?;
    let unpacked = incoming.folder("unpacked")?;
    unpack(&wheel, &unpacked, package.unpacked_limit)?;
    let target = runtimes.join(&package.folder);
    put(&unpacked, &target, incoming.path()).map_err(|e| cannot_write(&target, e))?;
    Ok(Installed::New(target))
}

/// Unpacks `wheel`'s libraries and licences flat into `folder`, at most `limit` bytes of them.
fn unpack(wheel: &Path, folder: &Path, limit: u64) -> Result<()> {
    let mut archive = Archive::open(wheel, Kind::Runtime)?;
    archive.unpack(folder, limit, |path| kept(path).map(str::to_owned))?;
    if libraries_in(folder).is_empty() {
        return archive.refuse("it holds no libonnxruntime");
    }
    open_to_all(folder).map_err(|e| cannot_write(folder, e))
}

/// The file name under which an entry is kept; `None` for Python's own files.
fn kept(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("onnxruntime/")?;
    if LICENCES.contains(&inside) {
        return Some(inside);
    }
    let name = inside.strip_prefix("capi/").filter(|name| !name.contains('/'))?;
    let provider = name.starts_with("libonnxruntime_providers_") && name.ends_with(".so");
    (provider || is_library(name)).then_some(name)
}

/// Temporary folders are private to the user; an installed runtime need not be.
#[cfg(unix)]
fn open_to_all(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn open_to_all(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Renames the finished folder to its place; what stood there without a library goes.
fn put(unpacked: &Path, target: &Path, incoming: &Path) -> std::io::Result<()> {
    let first = std::fs::rename(unpacked, target);
    if first.is_ok() || !target.exists() {
        return first;
    }
    if !libraries_in(target).is_empty() {
        // Another installation was faster where the lock could not be had: same content.
        return Ok(());
    }
    std::fs::rename(target, incoming.join("replaced"))?;
    std::fs::rename(unpacked, target)
}

#[cfg(test)]
#[path = "install_tests.rs"]
mod tests;
