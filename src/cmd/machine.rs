//! What the machine has: programs, cores, memory, folders that can be written.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::doctor::Check;
use crate::engine::child;

/// Asking a program for its version takes milliseconds.
const LIMIT: Duration = Duration::from_secs(5);

/// A program of the ffmpeg package by its first line of `-version`.
pub(super) fn program(name: &'static str) -> Check {
    let remedy = "for videos: apt install ffmpeg";
    match child::ask(Command::new(name).arg("-version"), LIMIT) {
        Ok(answer) if answer.status.success() => {
            let text = String::from_utf8_lossy(&answer.stdout);
            let line = text.lines().next().unwrap_or_default();
            // `ffmpeg version 5.1.6-0+deb12u1 Copyright (c) …`
            let version = line.split(" Copyright").next().unwrap_or(line);
            Check::ok(name, version.trim_start_matches(name).trim_start_matches(" version "))
        }
        Ok(answer) => Check::missing(name, format!("does not run ({})", answer.reason()), remedy),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Check::missing(name, "is not there", remedy),
        Err(e) => Check::missing(name, format!("does not run ({e})"), remedy),
    }
}

/// Cores that this process may use, container limits included.
pub(super) fn cores() -> Check {
    let count = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Check::ok("cores", count.to_string())
}

/// Total and available memory; a container's limit counts as the total where it is lower.
pub(super) fn memory() -> Check {
    match crate::memory::of_this_machine() {
        Some(memory) => {
            let (total, available) = (gib(memory.total), gib(memory.available));
            Check::ok("memory", format!("{total} GiB, {available} GiB available"))
        }
        None => Check::ok("memory", "not known on this system"),
    }
}

fn gib(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "one decimal of a gibibyte")]
    let size = bytes as f64 / f64::from(1 << 30);
    format!("{size:.1}")
}

/// Whether a file can be made in `folder`, or, before it exists, in the nearest folder above.
/// Nothing is left behind.
pub(super) fn writable(name: &'static str, folder: &Path, remedy: &'static str) -> Check {
    let shown = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    let there = shown.ancestors().find(|folder| folder.exists()).unwrap_or(&shown);
    match tempfile::tempfile_in(there) {
        Ok(_) => Check::ok(name, format!("{} can be written", shown.display())),
        Err(e) => Check::missing(
            name,
            format!("{} cannot be written ({})", shown.display(), root_cause(&e)),
            remedy,
        ),
    }
}

/// tempfile's errors name a random path, which helps nobody.
fn root_cause(error: &std::io::Error) -> String {
    error.kind().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cmd::doctor::State;

    #[test]
    fn a_program_that_is_not_there_has_a_remedy() {
        let check = program("no-such-program-here");
        assert_eq!((check.state, check.detail.as_str()), (State::Missing, "is not there"));
        assert!(check.remedy.is_some_and(|remedy| remedy.contains("apt install ffmpeg")));
    }

    #[test]
    fn bytes_in_gibibytes() {
        assert_eq!(gib(3 << 29), "1.5");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn folders_are_tried_without_leaving_anything() {
        let folder = tempfile::tempdir().expect("a folder");
        let below = folder.path().join("not/yet/there");
        for path in [folder.path(), &below] {
            assert_eq!(writable("x", path, "remedy").state, State::Ok);
        }
        assert_eq!(std::fs::read_dir(folder.path()).expect("readable").count(), 0);
        // Not even the superuser can make files there.
        let check = writable("x", Path::new("/proc/self"), "remedy");
        assert_eq!((check.state, check.remedy.as_deref()), (State::Missing, Some("remedy")));
    }
}
