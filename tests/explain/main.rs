//! `vision explain` and `--explain` through the binary.

#[path = "../common/mod.rs"]
mod common;

mod by_hand;
mod parity;
mod run;
mod triage;

use common::{Ran, Scratch, records, vision};
use serde_json::Value;

/// `vision explain` in the scratch folder with `--out run`.
pub fn explain(s: &Scratch, inputs: &[&str], settings: &[&str]) -> Ran {
    let mut command = vision();
    Ran::of(command.current_dir(s.path("")).args(["explain", "--out", "run"]).args(inputs).args(settings))
}

/// `ext.explain` of the first record.
pub fn explained(s: &Scratch) -> Value {
    records(&s.path("run/results.jsonl"))[0]["ext"]["explain"].clone()
}
