//! `vision.toml`, merged under options of the command line.
#![no_main]

use std::path::PathBuf;
use std::sync::LazyLock;

use clap::{ArgMatches, Args, Command, FromArgMatches};
use libfuzzer_sys::fuzz_target;
use vision::options::{SelectOptions, merge, seconds};
use vision::perform::Options;

static FILE: LazyLock<PathBuf> = LazyLock::new(|| vision_fuzz_file("options"));
static COMMAND: LazyLock<(Command, ArgMatches)> = LazyLock::new(|| {
    let command = Options::<SelectOptions>::augment_args(Command::new("detect"));
    let matches = command.clone().get_matches_from(["vision", "photos", "--conf", "0.7"]);
    (command, matches)
});

include!("../file.rs");

fuzz_target!(|text: &str| {
    let (command, matches) = &*COMMAND;
    std::fs::write(&*FILE, text).expect("written");
    let given = Options::<SelectOptions>::from_arg_matches(matches).expect("valid");
    if let Ok(merged) = merge(given, matches, command, Some(&FILE)) {
        assert_eq!(merged.select.conf, ["0.7"], "the command line wins");
        let _ = seconds(&merged.input.deadline);
        let _ = merged.input.select();
        let _ = merged.input.limits();
        let _ = vision::sink::known(&merged.output.format, vision::spec::Task::Detect);
    }
});
