//! Row 39 of the fault table: videos that are damaged, cut off, empty, turned, or not what their header says.

use std::process::Command;

use serde_json::json;

use crate::common::{Ran, Scratch};
use crate::make::{difference, ffmpeg, framemd5, moving, probe, still};
use crate::tools::{Mount, closing, command, failed, items, means};

const RECORDS: &[&str] = &["--video", "none", "--quiet"];

fn cut(s: &Scratch, from: &str, to: &str, tenths: usize) {
    let bytes = std::fs::read(s.path(from)).expect("a video");
    s.file(to, &bytes[..bytes.len() * tenths / 10]);
}

#[test]
fn row_39_frames_that_cannot_be_decoded_are_counted_and_the_rest_stands() {
    let s = Scratch::new();
    moving(&s, "64x48", 20, "v.avi", "-c:v mjpeg");
    // Every frame of Motion JPEG is a picture of its own; three of them become zeros.
    let packets = probe(&s.path("v.avi"), &["-show_packets", "-show_entries", "packet=pos,size"]);
    let mut bytes = std::fs::read(s.path("v.avi")).expect("a video");
    for n in [5, 6, 11] {
        let field = |name: &str| {
            packets["packets"][n][name].as_str().and_then(|t| t.parse::<usize>().ok()).expect("a number")
        };
        let (at, size) = (field("pos"), field("size"));
        bytes[at..at + size].fill(0);
    }
    s.file("v.avi", &bytes);
    for decoder in ["auto", "ffmpeg"] {
        let options = ["v.avi", "--video-decoder", decoder, "--out", "run", "--force"];
        means(&s, options.iter().chain(RECORDS)).expect(2);
        let record = closing(&s, "v.avi");
        assert_eq!(
            (&record["status"], &record["items"]),
            (&json!("partial"), &json!(17)),
            "{decoder}: {record}"
        );
        assert_eq!(record["error"]["kind"], "corrupt");
        let said = record["error"]["message"].as_str().expect("words");
        assert!(
            said.contains("3 of 20 frames cannot be decoded: 5-6, 11 (the first at 0.20 s)"),
            "{decoder}: {said}"
        );
        let numbers: Vec<u64> =
            items(&s, "v.avi").iter().filter_map(|i| i["item"]["part"]["n"].as_u64()).collect();
        assert_eq!(numbers, (0..20).filter(|n| ![5, 6, 11].contains(n)).collect::<Vec<_>>(), "{decoder}");
    }
    // Tracks: numbers and times are the video's own, whichever frames are chosen and whichever are lost.
    means(&s, ["v.avi", "--track", "--every", "2", "--from", "0.1", "--format", "mot"].iter().chain(RECORDS))
        .expect(2);
    let told: Vec<(u64, f64)> = items(&s, "v.avi")
        .iter()
        .map(|item| {
            let track = &item["ext"]["track"];
            assert_eq!(track["frame"], item["item"]["part"]["n"]);
            (track["frame"].as_u64().expect("a number"), track["seconds"].as_f64().expect("a time"))
        })
        .collect();
    let expected: Vec<(u64, f64)> = [3, 7, 9, 13, 15, 17, 19].map(|n| (n, n as f64 * 0.04)).to_vec();
    assert!(
        told.len() == 7 && told.iter().zip(&expected).all(|(a, b)| a.0 == b.0 && (a.1 - b.1).abs() < 1e-6),
        "{told:?}"
    );
}

/// Wider than H.264 goes: its records stand, and no other input is lost for it.
#[test]
fn row_39_a_video_that_cannot_be_encoded_is_recorded_and_the_run_goes_on() {
    let s = Scratch::new();
    std::fs::create_dir(s.path("p")).expect("a folder");
    ffmpeg(&s, "-f lavfi -i color=c=red:s=16500x16:r=25 -frames:v 3 -pix_fmt yuv420p -c:v ffv1 p/a.mkv");
    moving(&s, "64x48", 3, "p/b.mp4", "-c:v libx264");
    means(&s, ["p", "--quiet"]).expect(2).says("no annotated video");
    let record = closing(&s, "a.mkv");
    assert_eq!((&record["status"], &record["items"]), (&json!("partial"), &json!(3)), "{record}");
    assert_eq!(record["error"]["kind"], "tool");
    assert_eq!(closing(&s, "b.mp4")["status"], "done");
    let images: Vec<_> = std::fs::read_dir(s.path("run/images")).expect("the folder").flatten().collect();
    assert_eq!(images.len(), 1, "{images:?}");
    // Again: it is tried again, and fails again.
    means(&s, ["p", "--quiet"]).expect(2);
}

#[test]
fn row_39_what_is_there_of_a_cut_off_video_is_looked_at() {
    let s = Scratch::new();
    moving(&s, "64x48", 50, "whole.mkv", "-c:v libx264 -bf 0 -g 10");
    ffmpeg(&s, "-i whole.mkv -c copy -movflags +faststart fast.mp4");
    ffmpeg(&s, "-i whole.mkv -c copy late.mp4");
    cut(&s, "whole.mkv", "cut.mkv", 7);
    cut(&s, "fast.mp4", "cut.mp4", 7);
    // Within the pictures, before the index begins.
    cut(&s, "late.mp4", "no-index.mp4", 2);
    let names = ["cut.mkv", "cut.mp4", "no-index.mp4"];
    means(&s, names.iter().chain(RECORDS)).expect(2);
    for name in ["cut.mkv", "cut.mp4"] {
        let record = closing(&s, name);
        assert_eq!(
            (&record["status"], &record["error"]["kind"]),
            (&json!("partial"), &json!("truncated")),
            "{record}"
        );
        let found = record["items"].as_u64().expect("a number");
        assert!((15..45).contains(&found), "{name}: {found} of 50 frames from seven tenths of the bytes");
    }
    failed(&s, "no-index.mp4", "truncated");
    // Asked to take what is there.
    means(&s, ["cut.mkv", "--lenient", "--out", "run", "--force"].iter().chain(RECORDS)).expect(0);
    assert_eq!(items(&s, "cut.mkv")[0]["warnings"][0]["code"], "truncated");
}

#[test]
fn row_39_videos_without_frames_or_without_video_are_recorded() {
    let s = Scratch::new();
    ffmpeg(&s, "-f lavfi -i testsrc=s=64x64 -t 0 -c:v libx264 -movflags +empty_moov none.mp4");
    ffmpeg(&s, "-f lavfi -i sine=d=0.2 -c:a aac sound.mp4");
    s.file("empty.mp4", b"");
    s.file("text.mp4", b"not a video, only called one");
    s.file("rubbish.mkv", &[b"\x1A\x45\xDF\xA3".as_slice(), &[0x5A; 4000]].concat());
    means(&s, ["none.mp4", "sound.mp4", "empty.mp4", "text.mp4", "rubbish.mkv"]).expect(1);
    failed(&s, "none.mp4", "corrupt");
    failed(&s, "sound.mp4", "unsupported");
    failed(&s, "empty.mp4", "empty");
    failed(&s, "text.mp4", "not-media");
    failed(&s, "rubbish.mkv", "corrupt");
}

#[test]
fn row_39_rotation_is_applied_once() {
    let s = Scratch::new();
    moving(&s, "96x64", 5, "plain.mp4", "-c:v libx264 -crf 10");
    // A phone's tags; ffmpeg's own turning is the judge.
    for (decoder, tag, orientation) in
        [("auto", 90, 8), ("ffmpeg", 90, 8), ("auto", 270, 6), ("auto", 180, 3)]
    {
        ffmpeg(&s, &format!("-i plain.mp4 -c copy -metadata:s:v rotate={tag} turned.mp4"));
        means(&s, ["turned.mp4", "--video-decoder", decoder, "--conf", "1", "--force", "--out", "run"])
            .expect(0);
        let record = &items(&s, "turned.mp4")[0];
        let size = if tag == 180 { json!([96, 64]) } else { json!([64, 96]) };
        assert_eq!(
            (&record["size"], &record["orientation"]),
            (&size, &json!(orientation)),
            "{decoder} {tag}"
        );
        let (judge, ours) =
            (still(&s, &s.path("turned.mp4"), 2), still(&s, &s.path("run/images/turned.mp4"), 2));
        assert!(difference(&judge, &ours) < 4.0, "{decoder} {tag}: {}", difference(&judge, &ours));
    }
}

#[test]
fn row_39_without_ffmpeg_the_remedy_is_said_before_anything_begins() {
    let s = Scratch::new();
    moving(&s, "64x48", 5, "v.mp4", "-c:v libx264");
    std::fs::copy(s.path("v.mp4"), s.path("video")).expect("copied");
    std::fs::create_dir(s.path("bin")).expect("a folder");
    let without = |name: &str, options: &[&str]| {
        let mut command = command(&s, [name, "--out", &format!("out-{name}")].iter().chain(options));
        Ran::of(command.env("PATH", s.path("bin")))
    };
    without("v.mp4", &[]).expect(4).says("ffprobe: no such program").says("apt install ffmpeg");
    // A name that does not say it.
    without("video", &[]).expect(4).says("apt install ffmpeg");
    let find = Command::new("sh").args(["-c", "command -v ffprobe"]).output().expect("a shell").stdout;
    let ffprobe = String::from_utf8(find).expect("a path");
    std::os::unix::fs::symlink(ffprobe.trim(), s.path("bin/ffprobe")).expect("a link");
    without("v.mp4", &[]).expect(4).says("ffmpeg: no such program");
    if cfg!(feature = "video") {
        without("v.mp4", &["--video", "none"]).expect(0);
    }
}

#[test]
fn row_21_a_disk_full_of_a_video_ends_the_run_resumably() {
    let s = Scratch::new();
    moving(&s, "320x240", 40, "v.mp4", "-c:v libx264");
    let Some(mount) = Mount::new(s.path("disk"), "size=64m") else { return };
    let run = |code: i32| means(&s, ["v.mp4", "--out", "disk/run", "--video-quality", "1"]).expect(code);
    run(0);
    let length = |name: &str| std::fs::metadata(s.path("disk/run").join(name)).map_or(0, |m| m.len());
    let (video, store) = (length("images/v.mp4"), length(".vision/store/observations.pack"));
    let whole = framemd5(&s.path("disk/run/images/v.mp4"), &[]);
    std::fs::remove_dir_all(s.path("disk/run")).expect("removed");
    // Room for the pieces, but not for the video that is made of them.
    let room = (store + video + video / 2) / 1024;
    mount.again(&format!("size={room}k"));
    run(4).says("the disk is full");
    assert!(!s.path("disk/run/images/v.mp4").exists());
    mount.again("size=64m");
    run(0);
    assert_eq!(framemd5(&s.path("disk/run/images/v.mp4"), &[]), whole);
}
