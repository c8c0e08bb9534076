//! What one run leaves for the next, and one input for another: nothing of other options, everything of the same bytes.

use serde_json::{Value, json};

use crate::common::{Scratch, records};
use crate::make::{ffmpeg, framemd5, moving, probe, times};
use crate::tools::{closing, items, means};

const RECORDS: &[&str] = &["--video", "none", "--quiet"];

fn packet_times(s: &Scratch, name: &str) -> Vec<f64> {
    let packets = probe(&s.path(name), &["-show_packets", "-select_streams", "v:0"]);
    let time = |packet: &Value| packet["pts_time"].as_str().and_then(|t| t.parse().ok()).expect("a time");
    packets["packets"].as_array().expect("packets").iter().map(time).collect()
}

#[test]
fn lenient_marks_a_cut_off_video_in_its_own_run_alone() {
    let s = Scratch::new();
    moving(&s, "64x48", 30, "whole.mkv", "-c:v libx264 -bf 0 -g 10");
    let bytes = std::fs::read(s.path("whole.mkv")).expect("a video");
    s.file("v.mkv", &bytes[..bytes.len() * 7 / 10]);
    let strict = |out: &str| means(&s, ["v.mkv", "--out", out].iter().chain(RECORDS)).expect(2);
    let lenient = |out: &str| means(&s, ["v.mkv", "--lenient", "--out", out].iter().chain(RECORDS)).expect(0);
    let results = |out: &str| std::fs::read_to_string(s.path(out).join("results.jsonl")).expect("results");
    strict("strict");
    lenient("lenient");
    let (marked, plain) = (results("lenient"), results("strict"));
    assert_eq!(marked.matches("\"truncated\"").count(), 1, "in the first record");
    assert_eq!(records(&s.path("lenient/results.jsonl"))[0]["warnings"][0]["code"], "truncated");
    // Each after the other, in one folder: as if it had been alone.
    lenient("run");
    strict("run");
    assert_eq!(results("run"), plain);
    lenient("run");
    assert_eq!(results("run"), marked);
    // Without its first frame, too.
    means(&s, ["v.mkv", "--lenient", "--from", "0.2", "--out", "run"].iter().chain(RECORDS)).expect(0);
    assert_eq!(items(&s, "v.mkv")[0]["warnings"][0]["code"], "truncated");
}

/// A camera that began anew: the same times again in one file.
#[test]
fn joined_recordings_keep_every_frame_and_go_on() {
    let s = Scratch::new();
    // Different pictures with the same times and B frames.
    for (name, source) in [("a.ts", "mandelbrot"), ("b.ts", "testsrc")] {
        ffmpeg(
            &s,
            &format!(
                "-f lavfi -i {source}=s=64x48:r=25 -frames:v 20 -pix_fmt yuv420p -c:v libx264 -bf 2 {name}"
            ),
        );
    }
    let both = ["a.ts", "b.ts"].map(|name| std::fs::read(s.path(name)).expect("a video"));
    s.file("v.mpg", &both.concat());
    means(&s, ["v.mpg", "--quiet", "--conf", "0.9", "--track"]).expect(0);
    let found = items(&s, "v.mpg");
    assert_eq!((found.len(), &closing(&s, "v.mpg")["status"]), (40, &json!("done")));
    let pts: Vec<u64> = found.iter().filter_map(|i| i["item"]["part"]["pts"].as_u64()).collect();
    assert_eq!(pts[..20], pts[20..], "the file's own times");
    assert!(pts[..20].is_sorted());
    let seconds: Vec<f64> = found.iter().filter_map(|i| i["ext"]["track"]["seconds"].as_f64()).collect();
    let even = (0..40).all(|n| (seconds[n] - n as f64 * 0.04).abs() < 1e-6);
    assert!(even, "{seconds:?}");
    let made = times(&s.path("run/images/v.mpg.mp4"));
    assert!(made.windows(2).all(|pair| pair[1] - pair[0] == 40_000), "{made:?}");
    // Each frame is the one that it should be, by pictures of the two parts alone.
    means(&s, ["v.mpg", "a.ts", "b.ts", "--quiet", "--conf", "0.9", "--video", "frames", "--out", "alone"])
        .expect(0);
    let picture = |name: &str, n: usize| {
        std::fs::read(s.path(format!("alone/images/{name}.f{n:06}.jpg"))).expect("a picture")
    };
    for n in 0..20 {
        assert!(picture("v.mpg", n) == picture("a.ts", n), "frame {n}");
        assert!(picture("v.mpg", 20 + n) == picture("b.ts", n), "frame {}", 20 + n);
    }
}

#[test]
fn gaps_of_days_stay_in_the_annotated_video() {
    let s = Scratch::new();
    let gap = "-vf setpts='if(lt(N,3),N,N+144000*25)/25/TB' -fps_mode vfr";
    ffmpeg(&s, &format!("-f lavfi -i testsrc=s=64x48:r=25 -frames:v 6 {gap} -c:v libx264 -bf 0 v.mkv"));
    means(&s, ["v.mkv", "--quiet", "--conf", "0.9"]).expect(0);
    assert_eq!(
        packet_times(&s, "run/images/v.mkv.mp4"),
        [0.0, 0.04, 0.08, 144_000.12, 144_000.16, 144_000.2]
    );
}

#[test]
fn sound_that_cannot_be_decoded_costs_the_sound_alone() {
    let s = Scratch::new();
    moving(&s, "64x48", 10, "silent.avi", "-c:v libx264");
    ffmpeg(&s, "-i silent.avi -f lavfi -i sine=d=0.4 -c:v copy -c:a pcm_s16le v.avi");
    // A codec that nobody knows: the tag behind the header of the sound's format.
    let mut bytes = std::fs::read(s.path("v.avi")).expect("a video");
    let find = |what: &[u8], from: usize| {
        from + bytes[from..].windows(4).position(|window| window == what).expect("a chunk")
    };
    let tag = find(b"strf", find(b"auds", 0)) + 8;
    bytes[tag..tag + 2].fill(0x77);
    s.file("v.avi", &bytes);
    means(&s, ["v.avi", "--conf", "0.9"]).expect(0).says("v.avi: its sound is left out: Decoder");
    assert_eq!(framemd5(&s.path("run/images/v.avi.mp4"), &[]).len(), 10);
}

#[test]
fn copies_of_a_video_are_looked_at_once() {
    let s = Scratch::new();
    moving(&s, "64x48", 30, "a.mp4", "-c:v libx264");
    let bytes = std::fs::read(s.path("a.mp4")).expect("a video");
    ["p/a.mp4", "p/b.mp4", "p/c/a.mp4"].iter().for_each(|name| drop(s.file(name, &bytes)));
    means(&s, ["p", "--workers", "2"]).expect(0);
    assert_eq!(s.run_json()["items"]["observed_now"], 30);
    assert_eq!(s.results().len(), 93);
    let whole = framemd5(&s.path("run/images/a.mp4"), &[]);
    assert!(["b.mp4", "c/a.mp4"].iter().all(|name| framemd5(&s.path("run/images").join(name), &[]) == whole));
}

#[test]
fn what_other_options_made_of_a_video_does_not_stay() {
    let s = Scratch::new();
    moving(&s, "64x48", 5, "v.mp4", "-c:v libx264");
    let names = || {
        let folder = std::fs::read_dir(s.path("run/images"));
        let mut names: Vec<String> = folder
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    };
    let run = |what: &str| {
        means(&s, ["v.mp4", "--quiet", "--every", "2", "--video", what]).expect(0);
        names()
    };
    let frames = ["v.mp4.f000000.jpg", "v.mp4.f000002.jpg", "v.mp4.f000004.jpg"];
    assert_eq!(run("film"), ["v.mp4"]);
    assert_eq!(run("frames"), frames);
    assert_eq!(run("none"), Vec::<String>::new());
    assert_eq!(run("frames"), frames);
    assert_eq!(run("film"), ["v.mp4"]);
    assert_eq!(run("none"), Vec::<String>::new());
    assert_eq!(run("film"), ["v.mp4"], "drawn again");
}

/// What a container allows only in a hostile or badly cut file: OpenCV would read beyond the smaller frames.
#[test]
fn sizes_that_change_within_mp4_and_avi_are_found() {
    let s = Scratch::new();
    for (name, size, at) in [("a.ts", "128x96", "0"), ("b.ts", "64x48", "0.8")] {
        ffmpeg(
            &s,
            &format!(
                "-f lavfi -i mandelbrot=s={size}:r=25 -frames:v 20 -pix_fmt yuv420p -c:v libx264 -bf 0 -output_ts_offset {at} {name}"
            ),
        );
    }
    let both = ["a.ts", "b.ts"].map(|name| std::fs::read(s.path(name)).expect("a video"));
    s.file("ab.ts", &both.concat());
    for name in ["v.mp4", "v.avi"] {
        ffmpeg(&s, &format!("-i ab.ts -c copy {name}"));
        for decoder in ["auto", "ffmpeg"] {
            let options =
                ["--video-decoder", decoder, "--out", decoder, "--force", "--quiet", "--video", "frames"];
            means(&s, [name].iter().chain(&options)).expect(0);
        }
        for n in 0..40 {
            let frame = |out: &str| {
                std::fs::read(s.path(format!("{out}/images/{name}.f{n:06}.jpg"))).expect("a picture")
            };
            assert!(frame("auto") == frame("ffmpeg"), "{name}: frame {n}");
        }
    }
}

/// Time passes for a tracker in frames that are lost: it waits as long as it was told to, and no longer.
#[test]
fn lost_frames_count_as_frames_in_which_nothing_is_seen() {
    let s = Scratch::new();
    moving(&s, "320x240", 20, "v.avi", "-c:v mjpeg -q:v 2");
    let packets = probe(&s.path("v.avi"), &["-show_packets", "-show_entries", "packet=pos,size"]);
    let mut bytes = std::fs::read(s.path("v.avi")).expect("a video");
    for n in 8..14 {
        let field = |name: &str| {
            packets["packets"][n][name].as_str().and_then(|t| t.parse::<usize>().ok()).expect("a number")
        };
        let (at, size) = (field("pos"), field("size"));
        bytes[at..at + size].fill(0);
    }
    s.file("v.avi", &bytes);
    // The model of means gives one box as large as the picture in every frame.
    let tracks = |buffer: &str| -> std::collections::BTreeSet<u64> {
        let options = ["--track", "--track-high", "0.02", "--track-low", "0.01", "--track-new", "0.02"];
        means(&s, ["v.avi", "--track-buffer", buffer].iter().chain(&options).chain(RECORDS)).expect(2);
        let all = items(&s, "v.avi");
        assert_eq!(all.len(), 14);
        all.iter()
            .flat_map(|item| item["prediction"]["instances"].as_array().cloned().unwrap_or_default())
            .filter(|instance| instance["label"] == "red")
            .filter_map(|instance| instance["track"].as_u64())
            .collect()
    };
    assert_eq!(tracks("10").len(), 1);
    assert_eq!(tracks("3").len(), 2);
}
