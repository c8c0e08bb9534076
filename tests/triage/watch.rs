//! `--watch`: studies are taken when they have settled, each once, also after a restart.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Scratch, vision};
use crate::{json, made};

fn watching(scratch: &Scratch) -> Child {
    let mut command = vision();
    command.current_dir(scratch.path("")).args(["triage", "inbox", "--out", "run", "--model", "model.onnx"]);
    command.args(["--watch", "2s"]).stdout(Stdio::null()).spawn().expect("the program starts")
}

/// Studies of the worklist once there are `count`, at the latest after half a minute.
fn studies(scratch: &Scratch, count: usize) -> usize {
    let begun = Instant::now();
    loop {
        let there = scratch.path("run/worklist.json").exists();
        let found = if there {
            json(&scratch.path("run/worklist.json"))["studies"].as_array().map_or(0, Vec::len)
        } else {
            0
        };
        if found >= count || begun.elapsed() > Duration::from_secs(30) {
            return found;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
}

/// Ctrl-C; returns the exit code.
fn stopped(mut child: Child) -> Option<i32> {
    let killed = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(killed.success());
    child.wait().expect("it ends").code()
}

#[test]
fn studies_are_taken_when_they_are_quiet_and_once_over_restarts() {
    let Some(scratch) = made(Some(3)) else { return };
    let study = |n: usize| std::fs::read(scratch.path(format!("studies/{n:04}.dcm"))).expect("a study");
    scratch.file("inbox/a/1.dcm", &study(0));
    let child = watching(&scratch);
    assert_eq!(studies(&scratch, 1), 1);
    // A study that keeps coming is left alone.
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(4) {
        scratch.file("inbox/b/1.dcm", &study(1));
        std::thread::sleep(Duration::from_millis(200));
    }
    assert_eq!(studies(&scratch, 1), 1);
    assert_eq!(studies(&scratch, 2), 2);
    assert_eq!(stopped(child), Some(130));
    let fresh = |scratch: &Scratch| scratch.run_json()["items"]["observed_now"].clone();
    scratch.file("inbox/c/1.dcm", &study(2));
    let child = watching(&scratch);
    assert_eq!(studies(&scratch, 3), 3);
    // The two former ones came from the store.
    let begun = Instant::now();
    while fresh(&scratch) != 1 && begun.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(100));
    }
    assert_eq!(fresh(&scratch), 1);
    stopped(child);
}
