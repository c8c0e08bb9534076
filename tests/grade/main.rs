//! `vision grade` through the binary: OMRChecker's samples against its own recorded answers, and sheets drawn here.

#[path = "../common/mod.rs"]
mod common;

mod drawn;
mod faults;
mod homework;
mod omrchecker;

use std::collections::BTreeMap;
use std::ffi::OsStr;

use common::{Ran, Scratch, vision};
use serde_json::Value;

/// `vision grade` in a scratch folder with `--out run`, where no ONNX Runtime can be found.
pub fn grade<I: AsRef<OsStr>>(s: &Scratch, arguments: impl IntoIterator<Item = I>) -> Ran {
    let mut command = vision();
    command.current_dir(s.path("")).env("ORT_DYLIB_PATH", "/nowhere").env("XDG_DATA_HOME", s.path("data"));
    Ran::of(command.args(["grade", "--out", "run", "--quiet"]).args(arguments))
}

/// Predictions by path.
pub fn pages(s: &Scratch) -> BTreeMap<String, Value> {
    let items = s.results().into_iter().filter(|record| record["schema"] == "vision.item/1");
    items.map(|r| (r["item"]["path"].as_str().expect("a path").to_owned(), r["prediction"].clone())).collect()
}

/// The values of a page's field.
pub fn values(page: &Value, field: &str) -> Vec<String> {
    let fields = page["fields"].as_array().expect("fields");
    let found = fields.iter().find(|f| f["field"] == field).unwrap_or_else(|| panic!("{field} in {page}"));
    found["values"]
        .as_array()
        .expect("values")
        .iter()
        .map(|v| v.as_str().expect("a text").to_owned())
        .collect()
}
