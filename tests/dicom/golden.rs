//! Every file of pydicom's test set: stored values as pydicom has them, pictures as it shows them, or a reason.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::common::{Ran, Scratch, vision};

/// The interpreter, where it has pydicom.
pub fn python() -> Option<String> {
    let python = std::env::var("VISION_PYTHON").ok()?;
    let found = Command::new(&python).args(["-c", "import pydicom"]).output().ok()?;
    assert!(found.status.success(), "{python} has no pydicom: run scripts/python-env.sh");
    Some(python)
}

/// pydicom's files, by name.
pub fn files() -> Option<BTreeMap<String, PathBuf>> {
    let line =
        "import pydicom.data, pathlib; print(pathlib.Path(pydicom.data.__file__).parent / 'test_files')";
    let found = Command::new(python()?).args(["-c", line]).output().expect("python");
    let folder = String::from_utf8(found.stdout).expect("a path");
    let entries =
        std::fs::read_dir(folder.trim()).expect("the files").map(|entry| entry.expect("a file").path());
    let named = entries.filter(|path| path.extension().is_some_and(|e| e == "dcm"));
    Some(named.map(|path| (path.file_name().expect("a name").to_string_lossy().into_owned(), path)).collect())
}

fn checked(scratch: &Scratch, files: &BTreeMap<String, PathBuf>) -> BTreeMap<String, Value> {
    let mut command = vision();
    command.args(["dicom", "check", "--png"]).arg(scratch.path("png")).args(files.values());
    let ran = Ran::of(&mut command).expect(2);
    let lines = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let name =
        |line: &Value| line["file"].as_str().and_then(|f| f.rsplit('/').next()).expect("a name").to_owned();
    lines.map(|line| (name(&line), line)).collect()
}

/// Files of big-endian numbers, whose bytes pydicom keeps: the same values stand in another file.
const TWINS: &[(&str, &str)] = &[
    ("MR_small_bigendian.dcm", "MR_small.dcm"),
    ("MR_small_expb.dcm", "MR_small.dcm"),
    ("rtdose_expb.dcm", "rtdose.dcm"),
    ("rtdose_expb_1frame.dcm", "rtdose_1frame.dcm"),
];

/// JPEG with loss: decoders may differ by rounding. The mean of all samples, in levels of what is stored.
const LOSSY: f64 = 0.03;

#[test]
fn stored_values_are_pydicoms_or_refused() {
    let (Some(files), Some(shared)) = (files(), crate::common::shared("med/pydicom-golden.json")) else {
        return;
    };
    let golden: BTreeMap<String, Value> =
        serde_json::from_slice(&std::fs::read(shared).expect("golden values")).expect("JSON");
    let scratch = Scratch::new();
    let checked = checked(&scratch, &files);
    let table = std::fs::read_to_string("docs/dicom.md").expect("the table");
    let (mut exact, mut near) = (0, 0);
    for (name, golden_file) in &golden {
        let found = &checked[name];
        let status = found["status"].as_str().expect("a status");
        assert!(
            table.contains(&format!("| `{name}` | {status} |")),
            "{name}: docs/dicom.md says otherwise: {found}"
        );
        let twin = TWINS.iter().find(|(own, _)| own == name).map_or(name.as_str(), |(_, twin)| twin);
        let expected = &golden[twin]["raw"];
        if expected.is_null() {
            // pydicom's own inflation failed where the values were recorded; dicom-rs agrees with these.
            let known = name == "image_dfl.dcm" && found["stored"]["sum"] == 33_322_688;
            assert!(status == "refused" || known, "{name} has no pixels that pydicom can read: {found}");
            continue;
        }
        assert_eq!(status, "read", "{name}: {found}");
        if found["stored"]["sha256"] == expected["sha256"] {
            exact += 1;
            continue;
        }
        assert!(
            golden_file["ts"].as_str().is_some_and(|ts| ts.ends_with(".50") || ts.ends_with(".51")),
            "{name}: {found}"
        );
        let count: f64 =
            expected["shape"].as_array().expect("a shape").iter().filter_map(Value::as_f64).product();
        let sum = |value: &Value| value["sum"].as_f64().expect("a sum");
        let off = (sum(&found["stored"]) - sum(expected)).abs() / count;
        assert!(off <= LOSSY, "{name} is off by {off}: {found}");
        near += 1;
    }
    assert_eq!((exact, near), (47, 9));
}

#[test]
fn pictures_are_what_pydicom_shows() {
    let Some(files) = files() else { return };
    let scratch = Scratch::new();
    checked(&scratch, &files);
    let mut command = Command::new(python().expect("python"));
    command.arg("scripts/dicom_reference.py").arg(scratch.path("png")).args(files.values());
    let ran = Ran::of(&mut command).expect(0);
    let (mut compared, mut exact) = (0, 0);
    for line in ran.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON")) {
        if line["left-out"].is_string() {
            continue;
        }
        compared += 1;
        let greatest = line["greatest"].as_f64().expect("a number");
        exact += u32::from(greatest == 0.0);
        // Beyond rounding of JPEG's transform and its colours, nothing.
        assert!(greatest <= 3.0 && line["mean"].as_f64().is_some_and(|mean| mean <= 0.15), "{line}");
    }
    // 30 frames of one file are JPEG with loss.
    assert!(compared >= 70 && exact >= 40, "{compared} compared, {exact} equal");
}

#[test]
fn streams_of_other_encoders_give_back_what_was_encoded() {
    let folder = std::path::Path::new("tests/dicom/encoded");
    let sums: BTreeMap<String, Value> =
        serde_json::from_slice(&std::fs::read(folder.join("sums.json")).expect("sums")).expect("JSON");
    for (name, expected) in sums {
        let file = folder.join(format!("{name}.dcm"));
        if name == "more15" {
            // Not to be told what was meant.
            Ran::of(vision().args(["dicom", "check"]).arg(file))
                .expect(2)
                .says("more than the 12 that are stored");
            continue;
        }
        let ran = Ran::of(vision().args(["dicom", "check"]).arg(file)).expect(0);
        let found = serde_json::from_str::<Value>(&ran.out).expect("JSON")["stored"].clone();
        if name.ends_with("lossy") {
            // Of 2000 pixels, a mean within a tenth of a level.
            let off = found["sum"].as_f64().expect("a sum") - expected["sum"].as_f64().expect("a sum");
            assert!(off.abs() < 200.0, "{name}: {found} and {expected}");
        } else {
            assert_eq!(found["sha256"], expected["sha256"], "{name}");
        }
    }
}

#[test]
fn a_stream_of_more_bits_than_are_stored_is_no_white_picture() {
    let Some(files) = files() else { return };
    let bytes = std::fs::read(&files["JPGExtended.dcm"]).expect("a file");
    // BitsStored and HighBit of 12 become those of 8.
    let patched = |tag: u8, old: u8, new: u8, bytes: &[u8]| {
        let element = [0x28, 0, tag, 1, b'U', b'S', 2, 0, old, 0];
        let at = bytes.windows(10).position(|ten| ten == element).expect("the element");
        [&bytes[..at + 8], &[new], &bytes[at + 9..]].concat()
    };
    let narrow = patched(2, 11, 7, &patched(1, 12, 8, &bytes));
    let scratch = Scratch::new();
    let file = scratch.file("narrow.dcm", &narrow);
    Ran::of(vision().args(["dicom", "check"]).arg(file)).expect(2).says("more than the 8 that are stored");
}
