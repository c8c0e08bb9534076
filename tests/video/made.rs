//! Annotated videos: what plays, with which times, pixels and sound.

use serde_json::Value;

use crate::common::{Scratch, shared};
use crate::make::{difference, ffmpeg, framemd5, moving, probe, still, times};
use crate::tools::means;

fn stream(s: &Scratch, name: &str, kind: &str) -> Value {
    probe(&s.path(name), &["-show_streams", "-select_streams", kind])["streams"][0].clone()
}

#[test]
fn an_annotated_video_plays_in_browsers_with_the_original_s_times_and_sound() {
    let s = Scratch::new();
    // An odd size and a frame rate that changes.
    let vfr = "-vf setpts='if(lt(N,10),N,10+(N-10)*3)/25/TB' -fps_mode vfr";
    ffmpeg(
        &s,
        &format!(
            "-f lavfi -i testsrc=s=97x63:r=25:d=1.2 -f lavfi -i sine=d=2 {vfr} -c:v libx264 -pix_fmt yuv444p -c:a aac v.mp4"
        ),
    );
    means(&s, ["v.mp4", "--conf", "0.2"]).expect(0);
    let video = stream(&s, "run/images/v.mp4", "v:0");
    assert_eq!((&video["codec_name"], &video["pix_fmt"]), (&"h264".into(), &"yuv420p".into()));
    assert_eq!((&video["width"], &video["height"]), (&98.into(), &64.into()));
    assert_eq!(times(&s.path("run/images/v.mp4")), times(&s.path("v.mp4")));
    // The same packets of sound.
    let sound = |name: &str| framemd5(&s.path(name), &["-map", "0:a", "-c", "copy"]);
    assert_eq!(sound("run/images/v.mp4"), sound("v.mp4"));
    // The index stands before the pictures, so that playing can begin at once.
    let bytes = std::fs::read(s.path("run/images/v.mp4")).expect("a video");
    let at = |name: &[u8]| bytes.windows(4).position(|window| window == name);
    assert!(at(b"moov") < at(b"mdat"));
    assert!(!s.path("run/.vision/films/").join("x").exists());
}

#[test]
fn frames_without_anything_on_them_look_like_the_original() {
    let s = Scratch::new();
    moving(
        &s,
        "160x120",
        12,
        "v.mp4",
        "-c:v libx264 -crf 12 -colorspace bt709 -color_primaries bt709 -color_trc bt709",
    );
    means(&s, ["v.mp4", "--conf", "1", "--video-quality", "12"]).expect(0);
    for frame in [0, 7, 11] {
        let (original, ours) =
            (still(&s, &s.path("v.mp4"), frame), still(&s, &s.path("run/images/v.mp4"), frame));
        assert!(difference(&original, &ours) < 3.0, "frame {frame}: {}", difference(&original, &ours));
    }
    let tag = |name: &str| stream(&s, name, "v:0")["color_space"].clone();
    assert_eq!(tag("run/images/v.mp4"), tag("v.mp4"));
}

#[test]
fn a_part_of_a_video_begins_at_zero_with_its_own_sound() {
    let s = Scratch::new();
    moving(&s, "64x48", 100, "silent.mp4", "-c:v libx264");
    ffmpeg(&s, "-i silent.mp4 -f lavfi -i sine=d=4 -c:v copy -c:a aac v.mp4");
    means(&s, ["v.mp4", "--from", "1", "--to", "3", "--every", "5"]).expect(0);
    let found = times(&s.path("run/images/v.mp4"));
    assert_eq!(found, (0..10).map(|n| n * 200_000).collect::<Vec<_>>());
    let length =
        stream(&s, "run/images/v.mp4", "a:0")["duration"].as_str().and_then(|d| d.parse::<f64>().ok());
    assert!(length.is_some_and(|length| (1.9..2.1).contains(&length)), "{length:?}");
}

#[test]
fn other_outputs_for_videos() {
    let s = Scratch::new();
    moving(&s, "64x48", 6, "v.mp4", "-c:v libx264");
    means(&s, ["v.mp4", "--video", "frames", "--every", "2"]).expect(0);
    let mut names: Vec<String> = std::fs::read_dir(s.path("run/images"))
        .expect("a folder")
        .flatten()
        .map(|e| e.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["v.mp4.f000000.jpg", "v.mp4.f000002.jpg", "v.mp4.f000004.jpg"]);
    means(&s, ["v.mp4", "--video", "none", "--out", "none"]).expect(0);
    assert!(!s.path("none/images").exists());
    means(&s, ["v.mp4", "--video-encoder", "mpeg4", "--out", "old"]).expect(0);
    assert_eq!(stream(&s, "old/images/v.mp4", "v:0")["codec_name"], "mpeg4");
    means(&s, ["v.mp4", "--video-encoder", "h265"]).expect(1).says("expected auto or one of libx264");
}

#[test]
fn other_thresholds_draw_a_video_again_without_the_model() {
    let s = Scratch::new();
    moving(&s, "64x48", 10, "v.mp4", "-c:v libx264");
    let video = s.path("run/images/v.mp4");
    means(&s, ["v.mp4"]).expect(0);
    let first = framemd5(&video, &[]);
    let state = |path: &std::path::Path| std::fs::metadata(path).and_then(|m| m.modified()).expect("a time");
    let before = state(&video);
    means(&s, ["v.mp4"]).expect(0);
    assert_eq!(state(&video), before, "a second run writes nothing");
    means(&s, ["v.mp4", "--conf", "1"]).expect(0);
    assert_eq!(s.run_json()["items"]["observed_now"], 0);
    assert_ne!(framemd5(&video, &[]), first);
    std::fs::remove_file(&video).expect("removed");
    means(&s, ["v.mp4"]).expect(0);
    assert_eq!(framemd5(&video, &[]), first);
}

#[test]
fn shared_videos_keep_their_times() {
    let s = Scratch::new();
    // Sound before video, B frames; VP8 that begins 3 ms late, with Vorbis.
    for name in ["friday.mp4", "flower.webm"] {
        let Some(file) = shared(&format!("video/{name}")) else { return };
        means(&s, [file.as_os_str(), "--out".as_ref(), name.as_ref()]).expect(0);
        let video =
            s.path(name).join("images").join(if name == "friday.mp4" { name } else { "flower.webm.mp4" });
        assert_eq!(times(&video), times(&file), "{name}");
    }
}

#[test]
fn names_of_the_run_folder_are_no_addresses() {
    let s = Scratch::new();
    moving(&s, "64x48", 3, "v.mp4", "-c:v libx264");
    for out in ["o?q", "o#q", "o%q", "o'q"] {
        means(&s, ["v.mp4", "--quiet", "--out", out]).expect(0);
        assert!(s.path(out).join("images/v.mp4").is_file(), "{out}");
    }
}

/// As broadcasts do. OpenCV's reader would go on with the first size.
#[test]
fn frames_that_change_their_size_are_the_video_s_own() {
    let s = Scratch::new();
    let how = "-frames:v 20 -pix_fmt yuv420p -c:v libx264 -bf 0";
    ffmpeg(&s, &format!("-f lavfi -i mandelbrot=s=64x48:r=25 {how} a.ts"));
    ffmpeg(&s, &format!("-f lavfi -i mandelbrot=s=128x96:r=25 {how} -output_ts_offset 0.8 b.ts"));
    let both = ["a.ts", "b.ts"].map(|name| std::fs::read(s.path(name)).expect("a video")).concat();
    s.file("v.mpg", &both);
    // As many different ones as ffmpeg finds.
    let frames = framemd5(&s.path("v.mpg"), &["-vf", "scale=64:48"]);
    let sums = frames.iter().filter_map(|line| line.rsplit(',').next());
    let different = sums.collect::<std::collections::BTreeSet<_>>().len();
    assert!(frames.len() == 40 && different >= 35, "{frames:?}");
    means(&s, ["v.mpg", "--quiet", "--video", "frames"]).expect(0);
    let frame = |n: u32| std::fs::read(s.path(format!("run/images/v.mpg.f{n:06}.jpg"))).expect("a picture");
    let pictures: std::collections::BTreeSet<Vec<u8>> = (0..40).map(frame).collect();
    assert_eq!(pictures.len(), different, "no frame is another's");
}
