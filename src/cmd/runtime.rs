//! `vision runtime`: installing ONNX Runtime and saying which library is used.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::builder::FalseyValueParser;
use clap::{Args as ClapArgs, Subcommand};
use serde_json::json;

use super::say::{columns, megabytes, say, say_json};
use super::{Entry, printing, with_options};
use crate::engine::install::{self, Installed, Package};
use crate::engine::library;
use crate::engine::library::{Found, Places, Search};
use crate::error::{Error, Kind, Result};
use crate::places;

pub const ENTRY: Entry = Entry {
    command: || with_options::<Args>("runtime", "Find or install ONNX Runtime"),
    run: |matches| printing::<Args>(matches, run),
};

#[derive(Debug, ClapArgs)]
pub struct Args {
    #[command(subcommand)]
    pub action: Action,
}

#[derive(Debug, Subcommand)]
pub enum Action {
    /// Download the pinned ONNX Runtime with pip, check it and keep its libraries
    Install(Install),
    /// Say which library is used, its version and its providers
    Info(Info),
}

#[derive(Debug, Default, ClapArgs)]
pub struct Install {
    /// The build for NVIDIA GPUs (CUDA 13, cuDNN 9), a large download
    #[arg(long)]
    pub cuda: bool,
    /// Download nothing
    #[arg(long, env = "VISION_OFFLINE", value_parser = FalseyValueParser::new())]
    pub offline: bool,
}

#[derive(Debug, Default, ClapArgs)]
pub struct Info {
    /// ONNX Runtime's shared library, or the folder that holds it
    #[arg(long, value_name = "PATH")]
    pub runtime: Option<PathBuf>,
    /// For scripts
    #[arg(long)]
    pub json: bool,
}

/// # Errors
/// `Runtime` when no library serves or the wheel is refused, `Offline`, `Tool` without pip,
/// `OutputFolder` and `DiskFull` for the data folder.
pub fn run(args: &Args, out: &mut dyn Write) -> Result<u8> {
    match &args.action {
        Action::Install(args) => {
            let folder = places::runtime_folder().ok_or_else(no_home)?;
            let fetch = |package: &Package, into: &Path| package.wheel.download(into);
            install(args, &install::package(args.cuda)?, &folder, fetch, out)
        }
        Action::Info(args) => info(args, &Places::of_this_machine(args.runtime.as_deref()).search(), out),
    }
}

fn no_home() -> Error {
    Error::new(Kind::OutputFolder, "no home folder to install into; set HOME or XDG_DATA_HOME")
}

fn install(
    args: &Install,
    package: &Package,
    runtimes: &Path,
    fetch: impl FnOnce(&Package, &Path) -> Result<PathBuf>,
    out: &mut dyn Write,
) -> Result<u8> {
    let (name, version) = (&package.wheel.name, &package.wheel.version);
    if args.offline && install::installed(package, runtimes).is_none() {
        let message = format!(
            "{name} {version} is not installed and --offline (or VISION_OFFLINE) forbids the download; run `vision runtime install` with a connection, or name a library with --runtime"
        );
        return Err(Error::new(Kind::Offline, message));
    }
    let announced = |package: &Package, folder: &Path| {
        let (size, target) = (megabytes(package.wheel.pin.bytes), runtimes.join(&package.folder));
        say(out, &format!("Downloading {name} {version} ({size}) with pip, for {}\n", target.display()))?;
        fetch(package, folder)
    };
    let installed = install::install(package, runtimes, announced)?;
    let folder = installed.folder().display();
    let line = match installed {
        Installed::Already(_) => format!("{name} {version} is already installed: {folder}\n"),
        Installed::New(_) => format!("{name} {version} installed: {folder}\n"),
    };
    say(out, &line)?;
    let Found { path, version, .. } = serves(installed.folder())?;
    say(out, &format!("ONNX Runtime {version} serves: {}\n", path.display()))?;
    Ok(0)
}

/// Loads the installed library once: a system too old for it shows here, not at the first run.
fn serves(folder: &Path) -> Result<Found> {
    library::find(Some(folder)).map_err(|error| {
        let folder = folder.display();
        let message = format!(
            "the installed library does not serve; remove {folder} and install again, or name another library with --runtime"
        );
        Error::new(Kind::Runtime, message).because(error)
    })
}

fn info(args: &Info, search: &Search, out: &mut dyn Write) -> Result<u8> {
    let result = search.clone().into_result();
    if args.json {
        let error = result.as_ref().err().map(|e| e.message.clone());
        let answer = json!({ "found": search.found, "tried": search.tried, "error": error });
        say_json(out, &answer)?;
        return result.map(|_| 0);
    }
    match result {
        Ok(found) => {
            say(out, &columns(&describe(&found)))?;
            Ok(0)
        }
        Err(error) => {
            let row = |place: &library::Tried| {
                vec![place.how.to_string(), format!("{} {}", place.what, place.outcome)]
            };
            let rows: Vec<_> = search.tried.iter().map(row).collect();
            say(out, &format!("Looked for ONNX Runtime\n{}", columns(&rows)))?;
            Err(error)
        }
    }
}

fn describe(found: &Found) -> Vec<Vec<String>> {
    let row = |name: &str, value: String| vec![name.to_owned(), value];
    vec![
        row("runtime", format!("ONNX Runtime {}", found.version)),
        row("library", found.path.display().to_string()),
        row("found", found.how.to_string()),
        row("providers", provider_names(&found.providers)),
    ]
}

/// `CUDA, CPU`: the names without what all of them end with.
pub(super) fn provider_names(providers: &[String]) -> String {
    let short = |name: &String| name.trim_end_matches("ExecutionProvider").to_owned();
    providers.iter().map(short).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
#[path = "runtime_tests.rs"]
mod tests;
