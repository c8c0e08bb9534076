//! `vision ocr` through the binary, with the models that a user gets. pictures/ holds rendered pages and their
//! truth (scripts/ocr/pages.py), reference.json what rapidocr reads on them (scripts/ocr/reference.py).

#[path = "../common/mod.rs"]
mod common;

mod output;
mod parity;
mod region;
mod robust;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use common::{Ran, Scratch, records, vision};
use serde_json::Value;

/// `vision ocr` in a scratch folder with `--out run`.
pub struct Reading {
    pub scratch: Scratch,
    data: PathBuf,
}

impl Reading {
    /// `None` where the models cannot be had.
    pub fn new() -> Option<Self> {
        Some(Self { data: common::ocr_data()?, scratch: Scratch::new() })
    }

    pub fn run<I: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = I>) -> Ran {
        let mut command = vision();
        command.current_dir(self.scratch.path("")).env("XDG_DATA_HOME", &self.data);
        Ran::of(command.args(["ocr", "--out", "run"]).args(arguments))
    }

    /// The lines of each item by the file's name and part.
    pub fn lines(&self) -> BTreeMap<String, Vec<Value>> {
        let items = records(&self.scratch.path("run/results.jsonl"));
        let items = items.into_iter().filter(|record| record["schema"] == "vision.item/1");
        let name = |record: &Value| record["item"]["path"].as_str().expect("a path").to_owned();
        items.map(|r| (name(&r), r["prediction"]["lines"].as_array().expect("lines").clone())).collect()
    }

    /// The text of an item's lines.
    pub fn texts(&self, item: &str) -> Vec<String> {
        let lines = &self.lines()[item];
        lines.iter().map(|line| line["text"].as_str().expect("a text").to_owned()).collect()
    }
}

pub fn pictures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ocr/pictures")
}

pub fn picture(name: &str) -> String {
    pictures().join(name).to_string_lossy().into_owned()
}

pub fn json(path: impl AsRef<Path>) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ocr").join(path);
    serde_json::from_slice(&std::fs::read(&path).expect("the file")).expect("JSON")
}
