//! `--watch`: studies are taken when they have settled, each once, also after a restart.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::common::{Scratch, vision};
use crate::{json, made, triage};

fn watching(scratch: &Scratch) -> Child {
    let mut command = vision();
    command.current_dir(scratch.path("")).args(["triage", "inbox", "--out", "run", "--model", "model.onnx"]);
    command.args(["--watch", "2s"]).stdout(Stdio::null()).spawn().expect("the program starts")
}

fn studies_now(scratch: &Scratch) -> usize {
    let there = scratch.path("run/worklist.json").exists();
    if there { json(&scratch.path("run/worklist.json"))["studies"].as_array().map_or(0, Vec::len) } else { 0 }
}

/// Studies of the worklist once there are `count`, at the latest after half a minute.
fn studies(scratch: &Scratch, count: usize) -> usize {
    let begun = Instant::now();
    loop {
        let found = studies_now(scratch);
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

#[test]
fn what_was_triaged_stays_while_its_folder_is_busy_and_when_it_is_gone() {
    let Some(scratch) = made(Some(3)) else { return };
    let study = |n: usize| std::fs::read(scratch.path(format!("studies/{n:04}.dcm"))).expect("a study");
    scratch.file("inbox/a/1.dcm", &study(0));
    scratch.file("inbox/b/1.dcm", &study(1));
    let child = watching(&scratch);
    assert_eq!(studies(&scratch, 2), 2);
    // One is taken away; more comes into the folder of the other, again and again, while a third one settles.
    std::fs::remove_dir_all(scratch.path("inbox/a")).expect("removed");
    scratch.file("inbox/c/1.dcm", &study(2));
    let begun = Instant::now();
    while studies_now(&scratch) < 3 && begun.elapsed() < Duration::from_secs(30) {
        scratch.file("inbox/b/more", b"half a file");
        std::thread::sleep(Duration::from_millis(200));
        assert!(studies_now(&scratch) >= 2);
    }
    assert_eq!(studies_now(&scratch), 3);
    let worklist = json(&scratch.path("run/worklist.json"));
    assert!(!worklist.to_string().contains("not-triaged"), "{worklist:#}");
    assert_eq!(stopped(child), Some(130));
    // And over a restart.
    std::fs::remove_dir_all(scratch.path("inbox/b")).expect("removed");
    std::fs::remove_file(scratch.path("run/worklist.json")).expect("removed");
    let child = watching(&scratch);
    assert_eq!(studies(&scratch, 3), 3);
    stopped(child);
    let crosswalk = std::fs::read_to_string(scratch.path("run/private/crosswalk.csv")).expect("a crosswalk");
    let people = (0..3).filter(|n| crosswalk.contains(&format!("ACC{n:07}"))).count();
    assert_eq!(people, 3, "{crosswalk}");
}

#[test]
fn the_crosswalk_keeps_those_of_former_runs() {
    let Some(scratch) = made(Some(3)) else { return };
    triage(&scratch, &["studies"]).expect(0);
    std::fs::remove_file(scratch.path("studies/0001.dcm")).expect("removed");
    triage(&scratch, &["studies"]).expect(0);
    let crosswalk = std::fs::read_to_string(scratch.path("run/private/crosswalk.csv")).expect("a crosswalk");
    assert_eq!(crosswalk.lines().count(), 4, "{crosswalk}");
    // What a former run read is searched for, too.
    scratch.file("run/notes", b"Mustermann0001");
    triage(&scratch, &["studies"]).expect(3).says("names a person: notes");
}
