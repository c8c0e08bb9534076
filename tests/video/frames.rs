//! Which frames become items, with which times and pixels.

use serde_json::{Value, json};

use crate::common::{Scratch, photo};
use crate::make::{ffmpeg, moving, recorded, times};
use crate::tools::{closing, items, means};

const RECORDS: &[&str] = &["--video", "none", "--quiet"];

#[test]
fn every_frame_is_an_item_with_the_time_at_which_it_is_shown() {
    let s = Scratch::new();
    // B frames, an odd size, and a frame rate that changes after ten frames.
    let vfr = "-vf setpts='if(lt(N,10),N,10+(N-10)*3)/25/TB' -fps_mode vfr";
    ffmpeg(
        &s,
        &format!("-f lavfi -i testsrc=s=97x63:r=25:d=1.2 {vfr} -pix_fmt yuv444p -c:v libx264 -bf 2 v.mkv"),
    );
    ffmpeg(&s, "-i v.mkv -c:v mpeg2video -pix_fmt yuv420p v.ts");
    ffmpeg(&s, "-i v.mkv -c:v libvpx -auto-alt-ref 1 -lag-in-frames 8 v.webm");
    ffmpeg(&s, "-i v.mkv -c:v mpeg4 -bf 0 -r 25 v.avi");
    // Sound first, video after it, and an edit list that hides the first frames.
    ffmpeg(&s, "-ss 0.3 -i v.mkv -f lavfi -i sine=d=1 -map 1:a -map 0:v -c:v copy -c:a aac v.mp4");
    // A name that says nothing.
    std::fs::copy(s.path("v.mkv"), s.path("video")).expect("copied");
    let names = ["v.mkv", "v.ts", "v.webm", "v.avi", "v.mp4", "video"];
    means(&s, names.iter().chain(RECORDS)).expect(0);
    for name in names {
        let found = items(&s, name);
        let expected = times(&s.path(name));
        assert_eq!(recorded(&found), expected, "{name}");
        assert!(expected.len() > 18 && closing(&s, name)["status"] == "done", "{name}");
        assert_eq!(found[0]["size"], json!([97, 63]), "{name}");
        let numbers: Vec<&Value> = found.iter().map(|item| &item["item"]["part"]["n"]).collect();
        assert!((0..expected.len()).all(|n| *numbers[n] == json!(n)), "{name}: {numbers:?}");
    }
}

#[test]
fn opencv_and_ffmpeg_give_the_same_results() {
    let s = Scratch::new();
    moving(&s, "201x101", 20, "v.mp4", "-c:v libx264 -bf 2 -colorspace bt709");
    ffmpeg(&s, "-i v.mp4 -c:v libvpx w.webm");
    ffmpeg(&s, "-i v.mp4 -c:v mjpeg -pix_fmt yuvj444p x.avi");
    let results = |out: &str, options: &[&str]| {
        means(&s, ["v.mp4", "w.webm", "x.avi", "--out", out].iter().chain(RECORDS).chain(options)).expect(0);
        std::fs::read_to_string(s.path(out).join("results.jsonl")).expect("results")
    };
    let opencv = results("opencv", &[]);
    assert_eq!(opencv.lines().count(), 63);
    assert!(opencv == results("ffmpeg", &["--video-decoder", "ffmpeg"]), "ffmpeg differs");
    assert!(opencv == results("isolated", &["--isolate"]), "--isolate differs");
}

#[test]
fn frames_are_chosen_by_time_number_and_rate() {
    let s = Scratch::new();
    moving(&s, "64x48", 50, "v.mp4", "-c:v libx264 -g 12 -sc_threshold 0");
    let chosen = |options: &[&str]| -> Vec<u64> {
        means(&s, ["v.mp4"].iter().chain(RECORDS).chain(options)).expect(0);
        let found = items(&s, "v.mp4");
        found.iter().filter_map(|item| item["item"]["part"]["n"].as_u64()).collect()
    };
    assert_eq!(chosen(&[]), (0..50).collect::<Vec<_>>());
    // At 25 frames a second.
    assert_eq!(chosen(&["--from", "0.4", "--to", "600ms"]), [10, 11, 12, 13, 14]);
    assert_eq!(chosen(&["--every", "20"]), [0, 20, 40]);
    assert_eq!(chosen(&["--fps", "5", "--from", "0:01"]), [25, 30, 35, 40, 45]);
    assert_eq!(chosen(&["--keyframes"]), [0, 12, 24, 36, 48]);
    // Nothing was looked at twice.
    assert_eq!(s.run_json()["items"]["observed_now"], 0);
    means(&s, ["v.mp4", "--from", "1:00"])
        .expect(1)
        .says("none of its 50 frames is chosen; it is 2.0 s long");
    means(&s, ["v.mp4", "--from", "2", "--to", "1"]).expect(1).says("the end is not after the beginning");
    means(&s, ["v.mp4", "--from", "soon"]).expect(1).says("not a time; examples: 12.5");
    means(&s, ["v.mp4", "--fps", "0"]).expect(1).says("expected a number above 0");
}

#[test]
fn videos_and_photos_are_one_job() {
    let s = Scratch::new();
    s.file("in/a.jpg", &photo());
    std::fs::create_dir_all(s.path("in/b")).expect("a folder");
    moving(&s, "64x48", 5, "in/b/v.mov", "-c:v libx264");
    ffmpeg(&s, "-f lavfi -i sine=d=0.2 -c:a aac in/sound.m4a");
    means(&s, ["in", "--format", "json,csv"]).expect(0).says("1 m4a");
    let found: Vec<String> = s.inputs().into_iter().map(|(path, _)| path).collect();
    assert_eq!(found, ["a.jpg", "b/v.mov"]);
    assert!(s.path("run/images/b/v.mov.mp4").is_file() && s.path("run/images/a.jpg").is_file());
}
