//! Ctrl-C twice, the terminal closed, and the clock: row 26 and what belongs to it.

use std::path::Path;
use std::process::{Child, Stdio};
use std::time::Duration;

use image::ImageFormat::Png;

use crate::common::{Ran, Scratch};
use crate::tools::{command, lines, means, plain, signal, wait};

/// Waits until the run has finished something.
fn under_way(s: &Scratch) {
    wait("the first results", || lines(&s.path("run/.vision/journal.jsonl")) > 2);
}

#[test]
fn row_26_a_second_ctrl_c_stops_at_once_and_the_run_can_be_continued() {
    let s = Scratch::new();
    for n in 0..6 {
        s.file(format!("p/{n}.png"), &plain(n));
    }
    // Pictures that take seconds to draw as PNG: the first Ctrl-C alone would wait for one.
    for n in 6..8u8 {
        let large = image::RgbImage::from_fn(5000, 4000, |x, y| {
            image::Rgb([(x * y) as u8 ^ n, (x ^ y) as u8, x as u8])
        });
        let mut bytes = Vec::new();
        image::codecs::jpeg::JpegEncoder::new_with_quality(&mut bytes, 50).encode_image(&large).unwrap();
        s.file(format!("p/{n}.jpg"), &bytes);
    }
    let mut command = command(&s, ["p", "--image-format", "png", "--workers", "1"]);
    let child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    wait("the small pictures", || lines(&s.path("run/.vision/journal.jsonl")) >= 12);
    std::thread::sleep(Duration::from_millis(100));
    signal(&child, "INT");
    std::thread::sleep(Duration::from_millis(20));
    signal(&child, "INT");
    Ran::from(child.wait_with_output().unwrap()).expect(130).says("once more to stop at once");
    assert!(!s.path("run/results.jsonl").exists(), "it did not wait for the picture in hand");
    means(&s, ["p", "--no-images"]).expect(0);
    assert_eq!(s.inputs().len(), 8);
    assert!(s.run_json()["items"]["observed_now"].as_u64().unwrap() <= 2, "what was finished is kept");
}

fn closed_at_both_ends(s: &Scratch) -> Child {
    let mut command = command(s, ["p", "--no-images", "--workers", "1"]);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop((child.stdout.take(), child.stderr.take()));
    child
}

/// With the terminal goes what standard output and error lead to: every line written fails.
#[test]
fn row_26_a_closed_terminal_is_a_ctrl_c() {
    for name in ["HUP", "TERM"] {
        let s = Scratch::new();
        s.file("p/000.png", b"");
        for n in 1..900 {
            let seed = [(n % 256) as u8, (n / 256) as u8, 7];
            let mut bytes = std::io::Cursor::new(Vec::new());
            image::RgbImage::from_pixel(24, 24, image::Rgb(seed)).write_to(&mut bytes, Png).unwrap();
            s.file(format!("p/{n:03}.png"), &bytes.into_inner());
        }
        let mut child = closed_at_both_ends(&s);
        under_way(&s);
        signal(&child, name);
        assert_eq!(child.wait().unwrap().code(), Some(130), "{name}");
        assert_eq!(s.run_json()["status"], "interrupted");
        let reached = s.inputs().len();
        assert!(reached > 0 && reached < 900, "{reached}");
        means(&s, ["p", "--no-images"]).expect(2);
        assert_eq!(s.inputs().len(), 900);
    }
}

/// A closed standard error alone stops nothing, however much there would be to say.
#[test]
fn row_26_a_closed_standard_error_does_not_stop_the_run() {
    let s = Scratch::new();
    for n in 0..5 {
        s.file(format!("p/{n}-empty.png"), b"");
        s.file(format!("p/{n}.png"), &plain(n));
    }
    let mut command = command(&s, ["p"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(2));
    assert_eq!(s.inputs().len(), 10);
}

#[test]
fn row_26_the_time_of_until_is_a_stop_like_any_other() {
    let s = Scratch::new();
    for n in 0..20 {
        s.file(format!("p/{n:02}.png"), &plain(n));
    }
    means(&s, ["p", "--until", "1ms"]).expect(130).says("the time of --until is over");
    assert_eq!(s.run_json()["status"], "out-of-time");
    means(&s, ["p"]).expect(0);
    assert_eq!(s.inputs().len(), 20);
}

/// A clock that jumps changes no result because none depends on it: deadlines and `--until` use the monotonic
/// clock, and times of files are compared for equality only. Read it may be for what is said of now: `run.json`, the
/// report's head, the age of a cache, how long a folder that `vision triage` watches has been quiet, when an image was
/// triaged (worklists and DICOM objects, not results) and when a live frame arrived.
#[test]
fn no_result_depends_on_the_wall_clock() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut readers = Vec::new();
    for entry in walkdir::WalkDir::new(&root).into_iter().flatten() {
        let path = entry.path();
        let text = std::fs::read_to_string(path).unwrap_or_default();
        if path.extension().is_some_and(|e| e == "rs") && text.contains("SystemTime") {
            readers.push(path.strip_prefix(&root).unwrap().display().to_string());
        }
    }
    readers.sort();
    let wanted = [
        "cmd/cache.rs",
        "input/settle.rs",
        "live/mailbox.rs",
        "live/source.rs",
        "observation.rs",
        "perform/report.rs",
        "report/mod.rs",
        "triage/studies/parts.rs",
    ];
    assert_eq!(readers, wanted);
    // A file from the future or from 1970 is a file.
    let s = Scratch::new();
    for (n, seconds) in [0, 1, 32_503_680_000].into_iter().enumerate() {
        let path = s.file(format!("p/{n}.png"), &plain(n as u8));
        let time = std::time::UNIX_EPOCH + Duration::from_secs(seconds);
        std::fs::File::options().write(true).open(path).unwrap().set_modified(time).unwrap();
    }
    means(&s, ["p"]).expect(0);
    means(&s, ["p"]).expect(0).says("all from stored observations");
}
