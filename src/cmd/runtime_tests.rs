//! What `vision runtime` says, with made-up packages and places.

use super::*;
use crate::engine::library::Source;
use crate::fetch::Pin;
use crate::fetch::pip::Wheel;

fn package() -> Package {
    let pin = Pin { digest: String::new(), bytes: 27_773_237 };
    let (name, version) = ("onnxruntime".to_owned(), "9.9.9".to_owned());
    let wheel = Wheel { name, version, pin, platforms: &[] };
    Package { wheel, unpacked_limit: 0, folder: "9.9.9".to_owned() }
}

fn text(out: Vec<u8>) -> String {
    String::from_utf8(out).expect("UTF-8")
}

#[test]
fn offline_downloads_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let args = Install { offline: true, ..Install::default() };
    let mut out = Vec::new();
    let never = |_: &Package, _: &Path| panic!("downloaded");
    let error = install(&args, &package(), folder.path(), never, &mut out).expect_err("installed");
    assert_eq!((error.kind, error.exit_code()), (Kind::Offline, 4));
    assert!(out.is_empty() && std::fs::read_dir(folder.path()).expect("readable").next().is_none());
}

#[test]
fn says_what_it_fetches_before_it_does() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut out = Vec::new();
    let fails = |_: &Package, _: &Path| Err(Error::new(Kind::Tool, "no pip"));
    let error = install(&Install::default(), &package(), folder.path(), fails, &mut out);
    assert_eq!(error.expect_err("installed").kind, Kind::Tool);
    let said = text(out);
    assert!(said.starts_with("Downloading onnxruntime 9.9.9 (27.8 MB) with pip, for "), "{said}");
    assert_eq!(said.lines().count(), 1);
}

#[test]
fn an_installed_library_that_does_not_serve_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(folder.path().join("9.9.9")).expect("made");
    std::fs::write(folder.path().join("9.9.9/libonnxruntime.so"), b"text").expect("written");
    let mut out = Vec::new();
    let never = |_: &Package, _: &Path| panic!("downloaded");
    let args = Install { offline: true, ..Install::default() };
    let error = install(&args, &package(), folder.path(), never, &mut out).expect_err("serves");
    assert!(text(out).contains("is already installed"));
    assert!(error.message.contains("remove ") && error.chain().contains("a text file"), "{}", error.chain());
}

#[test]
fn info_without_a_runtime_lists_every_place() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("libonnxruntime.so"), b"MZ").expect("written");
    let places = Places {
        executable_folder: Some(folder.path().to_owned()),
        runtime_folder: Some(folder.path().join("none")),
        python: vec!["/no/such/python3".into()],
        ..Places::default()
    };
    let search = places.search();
    let mut out = Vec::new();
    let error = info(&Info::default(), &search, &mut out).expect_err("found");
    assert_eq!(error.exit_code(), 4);
    let said = text(out);
    for part in
        ["beside the program", "a Windows library", "vision runtime install", "/no/such/python3 is not there"]
    {
        assert!(said.contains(part), "{part}: {said}");
    }
    let mut out = Vec::new();
    info(&Info { json: true, runtime: None }, &search, &mut out).expect_err("found");
    let answer: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
    assert_eq!(answer["found"], serde_json::Value::Null);
    assert_eq!(answer["tried"].as_array().map(Vec::len), Some(3));
    assert!(answer["error"].as_str().is_some_and(|e| e.contains("vision runtime install")));
}

#[test]
fn info_names_library_version_and_providers() {
    let found = Found {
        path: "/opt/libonnxruntime.so.1.32.0".into(),
        version: "1.32.0".to_owned(),
        how: Source::Option,
        providers: vec!["CUDAExecutionProvider".to_owned(), "CPUExecutionProvider".to_owned()],
    };
    let search = Search { found: Some(found), tried: Vec::new() };
    let mut out = Vec::new();
    assert_eq!(info(&Info::default(), &search, &mut out).ok(), Some(0));
    let expected = "runtime    ONNX Runtime 1.32.0\nlibrary    /opt/libonnxruntime.so.1.32.0\n\
                    found      given by --runtime\nproviders  CUDA, CPU\n";
    assert_eq!(text(out), expected);
}

#[test]
fn the_environment_forbids_downloads_too() {
    use clap::{Args as _, FromArgMatches as _};
    // clap reads the variable when the command is built; the definition is what can be checked
    // without changing this process's environment.
    let command = Install::augment_args(clap::Command::new("install"));
    let offline = command.get_arguments().find(|a| a.get_id() == "offline").expect("--offline");
    assert_eq!(offline.get_env(), Some(std::ffi::OsStr::new("VISION_OFFLINE")));
    let parsed = Install::from_arg_matches(&command.get_matches_from(["install", "--offline", "--cuda"]));
    assert!(parsed.is_ok_and(|args| args.offline && args.cuda));
}
