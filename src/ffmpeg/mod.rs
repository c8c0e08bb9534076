//! The user's own `ffmpeg` and `ffprobe`: called as programs, with fixed arguments, on local files only.
//!
//! Nothing of ffmpeg is linked, so the licence of a codec such as x264 (GPL) stays the user's affair, and a codec
//! that crashes takes no run with it.

pub mod encode;
pub mod encoders;
pub mod excerpt;
pub mod join;
mod nut;
pub mod probe;
pub mod sizes;

use std::ffi::OsString;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::error::{Error, Kind};

/// A program that reads files: no terminal, no network, no words but errors.
pub fn program(name: &str) -> Command {
    let mut command = Command::new(name);
    command.stdin(Stdio::null()).args(["-hide_banner", "-loglevel", "error"]);
    #[cfg(unix)]
    {
        use std::os::unix::process::CommandExt;
        // Ctrl-C on a terminal goes to the whole group; only the run decides what it means.
        command.process_group(0);
    }
    command
}

/// Takes times as they are: ffmpeg drops those that are more than 30 hours from the one before, as if they could not be
/// meant (`dts_error_threshold`, seconds).
pub fn believing(command: &mut Command) {
    command.args(["-dts_error_threshold", "1e12"]);
}

/// Adds a file as input. `demuxer` is the one for the format that we found, so that no other is tried; without
/// it ffmpeg looks for itself.
pub fn input(command: &mut Command, file: &Path, demuxer: Option<&str>) {
    // What a file refers to can be another file at most, and that only where the format allows it.
    command.args(["-protocol_whitelist", "file"]);
    if let Some(demuxer) = demuxer {
        command.args(["-f", demuxer]);
    }
    command.arg("-i").arg(named(file));
}

/// A path that can be taken neither for an option nor for an address.
pub fn named(file: &Path) -> OsString {
    let mut name = OsString::from("file:");
    name.push(file);
    name
}

/// Whether a program was ended from outside, by a person or for want of memory, and not by what it read.
pub fn was_killed(status: std::process::ExitStatus) -> bool {
    use std::os::unix::process::ExitStatusExt;
    // SIGKILL and SIGTERM (signal(7)).
    matches!(status.signal(), Some(9 | 15))
}

/// The failure of a program that does not start.
pub fn missing(name: &str, error: std::io::Error) -> Error {
    let message = match error.kind() {
        std::io::ErrorKind::NotFound => format!(
            "{name}: no such program; videos need it: install ffmpeg (Debian, Ubuntu: apt install ffmpeg), or leave \
             videos out, for example with --exclude '*.mp4'"
        ),
        _ => format!("{name}: cannot be started; `vision doctor` says more"),
    };
    Error::new(Kind::Tool, message).because(error)
}

/// What a program said on standard error, without the addresses in memory that it puts before each line
/// (`[mov,mp4 @ 0x55d0c0]`), so that the same file gives the same words: its last line, or the first that
/// holds one of `telling`.
pub fn reason(stderr: &[u8], telling: &[&str]) -> String {
    let text = String::from_utf8_lossy(stderr);
    let bare = |line: &str| match line.split_once("] ") {
        Some((head, rest)) if head.starts_with('[') => rest.trim().to_owned(),
        _ => line.trim().to_owned(),
    };
    let lines: Vec<String> = text.lines().map(bare).filter(|line| !line.is_empty()).collect();
    let telling = lines.iter().find(|line| telling.iter().any(|words| line.contains(words)));
    telling.or(lines.last()).cloned().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_hold_no_addresses() {
        let said =
            b"[mov,mp4,m4a,3gp,3g2,mj2 @ 0x55d0c0] moov atom not found\nfile:a.mp4: Invalid data found\n";
        assert_eq!(reason(said, &[]), "file:a.mp4: Invalid data found");
        assert_eq!(reason(said, &["moov"]), "moov atom not found");
        assert_eq!(reason(b"", &["x"]), "");
    }

    #[test]
    fn no_path_is_an_option_or_an_address() {
        let mut command = program("ffprobe");
        input(&mut command, Path::new("-y"), Some("mov"));
        let arguments: Vec<_> = command.get_args().map(|a| a.to_string_lossy().into_owned()).collect();
        let expected = [
            "-hide_banner",
            "-loglevel",
            "error",
            "-protocol_whitelist",
            "file",
            "-f",
            "mov",
            "-i",
            "file:-y",
        ];
        assert_eq!(arguments, expected);
    }

    #[test]
    fn a_program_that_is_not_there_is_named_with_its_remedy() {
        let error = program("no-such-ffprobe").spawn().map_err(|e| missing("ffprobe", e)).unwrap_err();
        assert_eq!(error.kind, Kind::Tool);
        assert!(error.message.contains("apt install ffmpeg"), "{error}");
    }
}
