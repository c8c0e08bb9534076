//! Kill -9 at random moments within videos: what is continued ends as if nothing had happened.
//!
//! `VISION_KILL_ROUNDS` is the number of kills (6 by default), `VISION_KILL_SEED` repeats a run.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use crate::common::{Ran, Scratch};
use crate::make::{ffmpeg, framemd5, moving};
use crate::tools::command;

/// xorshift64* (Vigna 2016): the moments need no better.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) % end
    }
}

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().unwrap_or_else(|_| panic!("{name}={text}")))
}

fn job(s: &Scratch, out: &str) -> Command {
    let mut command = command(s, ["in", "--conf", "0.1", "--quiet", "--out", out]);
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

/// Frames that the journal names, each once.
fn journalled(run: &Path) -> usize {
    let text = std::fs::read_to_string(run.join(".vision/journal.jsonl")).unwrap_or_default();
    let events = text.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let frames = events.filter(|event| event["part"]["kind"] == "frame");
    frames.map(|event| event["key"].to_string()).collect::<std::collections::HashSet<_>>().len()
}

/// What the videos of a run show and when, and its results.
fn outcome(run: &Path) -> (Vec<Vec<String>>, Vec<u8>) {
    let videos = ["long.mkv.mp4", "short.mp4"].map(|name| framemd5(&run.join("images").join(name), &[]));
    (videos.into(), std::fs::read(run.join("results.jsonl")).expect("results"))
}

#[test]
fn killed_within_a_video_the_job_ends_as_if_uninterrupted() {
    let rounds = number("VISION_KILL_ROUNDS", 6);
    let seed = number("VISION_KILL_SEED", u64::from(std::process::id()) << 20 | rounds);
    println!("VISION_KILL_SEED={seed}");
    let mut random = Random(seed.max(1));
    let s = Scratch::new();
    std::fs::create_dir(s.path("in")).expect("a folder");
    // Four pieces and a bit, with a frame rate that changes; and a short one with sound.
    moving(&s, "160x120", 1100, "even.mkv", "-c:v libx264 -preset ultrafast");
    let vfr =
        "-vf setpts='if(lt(N,300),N,300+(N-300)*2)/25/TB' -fps_mode vfr -c:v libx264 -preset ultrafast -bf 2";
    ffmpeg(&s, &format!("-i even.mkv {vfr} in/long.mkv"));
    ffmpeg(&s, "-i even.mkv -f lavfi -i sine=d=12 -frames:v 300 -c:v copy -c:a aac in/short.mp4");
    let begun = Instant::now();
    Ran::of(&mut job(&s, "whole")).expect(0);
    let duration = begun.elapsed();
    let whole = outcome(&s.path("whole"));
    assert_eq!(whole.0.iter().map(|video| video.len() >= 300).collect::<Vec<_>>(), [true; 2]);

    let (mut kills, mut jobs) = (0, 0);
    while kills < rounds {
        let run = s.path(format!("run-{jobs}"));
        for _ in 0..1 + random.below(4) {
            let before = journalled(&run);
            let mut child = job(&s, &format!("run-{jobs}")).spawn().expect("starts");
            std::thread::sleep(duration.mul_f64(random.below(1000) as f64 / 1000.0));
            kills += u64::from(child.try_wait().expect("a status").is_none());
            child.kill().expect("killed");
            child.wait().expect("a status");
            // Never a half file: a video that is there is that of an uninterrupted run.
            for (name, video) in ["long.mkv.mp4", "short.mp4"].iter().zip(&whole.0) {
                let path = run.join("images").join(name);
                assert!(!path.exists() || framemd5(&path, &[]) == *video, "{name} differs");
            }
            assert!(journalled(&run) >= before, "journalled work is lost");
        }
        let left = 1400_usize.saturating_sub(journalled(&run));
        Ran::of(&mut job(&s, &format!("run-{jobs}"))).expect(0);
        assert!(outcome(&run) == whole, "job {jobs} ended differently");
        let json: serde_json::Value =
            serde_json::from_slice(&std::fs::read(run.join("run.json")).expect("run.json")).expect("JSON");
        let fresh = json["items"]["observed_now"].as_u64().expect("a number") as usize;
        assert!(fresh <= left, "{fresh} frames were observed again although {left} were left");
        std::fs::remove_dir_all(&run).expect("removed");
        jobs += 1;
    }
    println!("{kills} kills in {jobs} jobs of {duration:?}");
}
