//! The doctor's lines and exit code.

use super::*;
use crate::engine::library::{Found, Source};

fn with_runtime() -> Search {
    let found = Found {
        path: "/opt/libonnxruntime.so".into(),
        version: "1.32.0".to_owned(),
        how: Source::System,
        providers: vec!["CPUExecutionProvider".to_owned()],
    };
    Search { found: Some(found), tried: Vec::new() }
}

fn find<'a>(checks: &'a [Check], name: &str) -> &'a Check {
    checks.iter().find(|check| check.name == name).expect(name)
}

#[test]
fn every_line_is_there_and_a_machine_with_a_runtime_is_well() {
    let checks = examine(with_runtime());
    let names: Vec<_> = checks.iter().map(|check| check.name).collect();
    let wanted = [
        "runtime",
        "providers",
        "opencv",
        "ffmpeg",
        "ffprobe",
        "heif",
        "models",
        "cores",
        "memory",
        "current folder",
        "data folder",
    ];
    assert_eq!(names, wanted);
    assert_eq!(find(&checks, "providers").detail, "CPU");
    assert!(find(&checks, "models").detail.starts_with("3 built in"));
    assert_eq!(find(&checks, "opencv").state == State::Ok, cfg!(feature = "video"));
    assert_eq!(find(&checks, "heif").state == State::Ok, cfg!(feature = "heif"));
    assert_eq!(exit_code(&checks), 0, "{checks:?}");
}

#[test]
fn a_missing_runtime_is_named_with_its_remedy_and_exit_code_4() {
    let checks = examine(Search::default());
    let runtime = find(&checks, "runtime");
    assert_eq!(runtime.detail, "ONNX Runtime was not found");
    assert!(runtime.remedy.as_deref().is_some_and(|r| r.starts_with("run `vision runtime install`")));
    assert_eq!(exit_code(&checks), 4);
}

#[test]
fn optional_parts_do_not_fail() {
    let missing = Check::missing("ffmpeg", "is not there", "apt install ffmpeg");
    assert_eq!(exit_code(std::slice::from_ref(&missing)), 4);
    let checks = [Check::ok("cores", "2"), missing.optional(), Check::ok("memory", "1").optional()];
    assert_eq!(exit_code(&checks), 0);
    let text = columns(&checks.each_ref().map(row));
    let expected = "cores   ok                  2\n\
                    ffmpeg  missing (optional)  is not there: apt install ffmpeg\n\
                    memory  ok                  1\n";
    assert_eq!(text, expected);
}

#[test]
fn the_whole_command_answers_people_and_scripts() {
    // An explicit path that is not there keeps the answer the same on every machine.
    let args = |json| Args { runtime: Some("/no/such/libonnxruntime.so".into()), json };
    let mut out = Vec::new();
    assert_eq!(run(&args(false), &mut out).ok(), Some(4));
    let text = String::from_utf8(out).expect("UTF-8");
    assert!(text.contains("runtime         missing "), "{text}");
    assert!(text.lines().all(|line| line.len() > 20), "{text}");
    let mut out = Vec::new();
    assert_eq!(run(&args(true), &mut out).ok(), Some(4));
    let checks: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(checks[0]["state"], "missing");
    assert!(checks[0]["remedy"].as_str().is_some_and(|r| r.contains("vision runtime install")));
}
