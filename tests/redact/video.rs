//! Videos: every frame covered, also those in which nothing was found, and the sound.
//!
//! The model's box is the whole picture and its score how red it is, so a frame that is not red is one that was missed.

use std::process::Command;

use image::{Rgb, RgbImage};
use serde_json::json;

use crate::common::Scratch;
use crate::make::{ffmpeg, probe};
use crate::tools::{MEANS, model};
use crate::{items, png, redact};

const RED: Rgb<u8> = Rgb([220, 60, 60]);
/// A third as red.
const PALE: Rgb<u8> = Rgb([75, 90, 110]);
const NONE: Rgb<u8> = Rgb([5, 90, 110]);

/// `p/clip.mp4` of pictures of these colours, 25 a second, with a second of 1000 Hz and words about its owner.
fn clip(s: &Scratch, colours: &[Rgb<u8>]) {
    for (n, colour) in colours.iter().enumerate() {
        s.file(format!("f/{n}.png"), &png(&RgbImage::from_pixel(64, 64, *colour)));
    }
    std::fs::create_dir_all(s.path("p")).expect("a folder");
    ffmpeg(
        s,
        "-framerate 25 -i f/%d.png -f lavfi -i sine=frequency=1000:sample_rate=44100:duration=1 -c:v libx264 -qp 10 \
         -pix_fmt yuv420p -c:a aac -metadata title=SECRET -metadata location=+48.1+011.6/ -metadata:s:a:0 \
         handler_name=SECRET -metadata:s:v:0 handler_name=SECRET -metadata:s:a:0 title=SECRET p/clip.mp4",
    );
}

/// The colour of each frame of the redacted video.
fn colours(s: &Scratch) -> Vec<[u8; 3]> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(s.path("run/images/clip.mp4"));
    let ran = command.args(["-f", "rawvideo", "-pix_fmt", "rgb24", "-"]).output().expect("ffmpeg starts");
    let frames = ran.stdout.chunks_exact(64 * 64 * 3);
    frames.map(|frame| [0, 1, 2].map(|channel| frame[(32 * 64 + 32) * 3 + channel])).collect()
}

fn is_covered(colour: &[u8; 3]) -> bool {
    colour.iter().all(|value| *value < 16)
}

/// `vision redact p --what class:red` with a least score of a half.
fn run(s: &Scratch, arguments: &[&str]) -> crate::common::Ran {
    let means = model(s, "means", MEANS);
    redact(s, &means, &[&["p", "--what", "class:red", "--conf", "0.5"][..], arguments].concat())
}

#[test]
fn a_frame_that_was_missed_is_covered() {
    let s = Scratch::new();
    let mut all = [NONE; 20];
    all[4..14].fill(RED);
    // Missed between two that show it.
    all[8] = NONE;
    all[9] = NONE;
    clip(&s, &all);
    run(&s, &["--linger", "2"]).expect(0).says("tracked 1 sequence");
    let covered: Vec<usize> =
        colours(&s).iter().enumerate().filter(|(_, colour)| is_covered(colour)).map(|(n, _)| n).collect();
    assert_eq!(covered, (2..16).collect::<Vec<_>>());
    let filled = items(&s)[8]["ext"]["redact"].clone();
    assert_eq!((&filled["covered"], &filled["filled"]), (&json!(1), &json!(1)));
    assert_eq!(filled["output"], json!("images/clip.mp4"));

    // Without the frames around it the same frame stays as it was.
    run(&s, &["--no-track"]).expect(0);
    let covered: Vec<usize> =
        colours(&s).iter().enumerate().filter(|(_, colour)| is_covered(colour)).map(|(n, _)| n).collect();
    assert_eq!(covered, [4, 5, 6, 7, 10, 11, 12, 13]);
    // A gap longer than it may be is no gap.
    run(&s, &["--linger", "0", "--fill", "1"]).expect(0);
    assert!(!is_covered(&colours(&s)[8]));
}

#[test]
fn the_second_look_names_the_frame() {
    let s = Scratch::new();
    let mut all = [RED; 12];
    all[7] = PALE;
    clip(&s, &all);
    let look = ["--audit-conf", "0.2", "--leak", "0.25"];
    run(&s, &[&["--no-track"][..], &look].concat()).expect(3).says("1 left");
    let left: Vec<(usize, u64)> = items(&s)
        .iter()
        .enumerate()
        .map(|(n, item)| (n, item["ext"]["redact"]["audit"]["left"].as_u64().expect("a number")))
        .filter(|(_, left)| *left > 0)
        .collect();
    assert_eq!(left, [(7, 1)]);
    let rows = std::fs::read_to_string(s.path("run/audit.csv")).expect("the table");
    assert!(rows.lines().any(|row| row.starts_with("p,clip.mp4,frame 7,red,0.2")), "{rows}");
    // Followed through the video it is covered: weak detections continue a track.
    run(&s, &look).expect(0).says("nothing left");
}

#[test]
fn sound_is_kept_removed_or_lower_and_words_are_gone() {
    let s = Scratch::new();
    clip(&s, &[RED; 25]);
    let original = pitch(&s, "p/clip.mp4").expect("the original has sound");
    assert!((original - 1000.0).abs() < 20.0, "{original}");
    for (audio, expected) in [("keep", Some(1000.0)), ("remove", None), ("pitch", Some(800.0))] {
        run(&s, &["--audio", audio, "--no-audit"]).expect(0);
        let found = pitch(&s, "run/images/clip.mp4");
        match (found, expected) {
            (Some(found), Some(expected)) => assert!((found - expected).abs() < 25.0, "{audio}: {found}"),
            (found, expected) => assert_eq!(found, expected, "{audio}"),
        }
        let bytes = std::fs::read(s.path("run/images/clip.mp4")).expect("written");
        assert!(!bytes.windows(6).any(|window| window == b"SECRET"), "{audio}");
        let told = probe(&s.path("run/images/clip.mp4"), &["-show_format", "-show_streams"]).to_string();
        assert!(!told.contains("\"location"), "{told}");
        // As long as before.
        let seconds = probe(&s.path("run/images/clip.mp4"), &["-show_format"])["format"]["duration"].clone();
        let seconds: f64 = seconds.as_str().and_then(|s| s.parse().ok()).expect("a duration");
        assert!((seconds - 1.0).abs() < 0.08, "{audio}: {seconds}");
    }
}

/// The frequency of a file's sound by its zero crossings between 0.2 and 0.8 seconds; `None` without sound.
fn pitch(s: &Scratch, file: &str) -> Option<f64> {
    let mut command = Command::new("ffmpeg");
    command.args(["-v", "error", "-i"]).arg(s.path(file));
    let ran = command
        .args(["-vn", "-ac", "1", "-ar", "48000", "-f", "s16le", "-"])
        .output()
        .expect("ffmpeg starts");
    let samples: Vec<i16> =
        ran.stdout.chunks_exact(2).map(|pair| i16::from_le_bytes([pair[0], pair[1]])).collect();
    let middle = samples.get(9600..38_400)?;
    let crossings = middle.windows(2).filter(|pair| (pair[0] < 0) != (pair[1] < 0)).count();
    Some(crossings as f64 / 2.0 / 0.6)
}
