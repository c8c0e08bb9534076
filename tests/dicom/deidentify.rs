//! De-identification: against two de-identifiers of others, with names planted everywhere, and done again.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::common::{Ran, Scratch, records, vision};
use crate::golden::{files, python};
use crate::made::{element, file, grey, head, short};

fn deidentify(scratch: &Scratch, arguments: &[&str]) -> Ran {
    let mut command = vision();
    command.current_dir(scratch.path("")).args(["dicom", "deidentify"]);
    Ran::of(command.args(arguments))
}

/// Every file below a folder.
fn below(folder: &Path) -> Vec<PathBuf> {
    let (mut waiting, mut files) = (vec![folder.to_owned()], Vec::new());
    while let Some(folder) = waiting.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { waiting.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    files
}

/// Many files of the set are of the same instance, so they go round by round, each instance once a round.
fn rounds(
    files: &BTreeMap<String, PathBuf>,
    check: &mut dyn FnMut(&Path, &BTreeMap<String, PathBuf>),
) -> usize {
    let (mut left, mut written) = (files.clone(), 0);
    loop {
        let scratch = Scratch::new();
        let mut command = vision();
        command.args(["dicom", "deidentify", "--text", "keep", "--out"]).arg(scratch.path("run"));
        Ran::of(command.args(left.values()));
        let crosswalk = std::fs::read_to_string(scratch.path("run/private/crosswalk.csv")).expect("a table");
        let own: BTreeMap<_, _> = left
            .iter()
            .filter(|(_, path)| crosswalk.contains(&format!(",{},", path.display())))
            .map(|(name, path)| (name.clone(), path.clone()))
            .collect();
        if own.is_empty() {
            return written;
        }
        check(&scratch.path("run"), &own);
        written += own.len();
        left.retain(|name, _| !own.contains_key(name));
    }
}

#[test]
fn nothing_is_left_that_others_remove() {
    let Some(files) = files() else { return };
    let python = python().expect("python");
    let found = Command::new(&python).args(["-c", "import dicognito, dicomanonymizer"]).output();
    assert!(found.expect("python").status.success(), "{python} has no dicognito: run scripts/python-env.sh");
    let written = rounds(&files, &mut |run, own| {
        let mut command = Command::new(&python);
        let ran = Ran::of(command.arg("scripts/deidentify_check.py").arg(run).args(own.values())).expect(0);
        let lines = ran.out.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
        for line in lines {
            match line["file"].as_str() {
                Some(_) => {
                    assert_eq!(line["wrong"], serde_json::json!([]), "{line}");
                    let nothing = serde_json::json!({"dicom-anonymizer": [], "dicognito": []});
                    assert_eq!(line["left"], nothing, "{line}");
                }
                None => {
                    assert_eq!(line["several"], serde_json::json!([]), "{line}");
                    assert!(line["uids"].as_u64() >= Some(3), "{line}");
                }
            }
        }
    });
    // The others hold no picture, are damaged, or have JPEG 2000 in boxes.
    assert_eq!(written, 58);
}

/// A data set with a name wherever one fits; `jpeg` beside its pixels, too.
fn planted(uid: &str) -> Vec<u8> {
    let name = b"Zyxwvut^Quentin";
    let item = |body: &[u8]| [&[0xFE, 0xFF, 0, 0xE0][..], &(body.len() as u32).to_le_bytes(), body].concat();
    let nested = element(
        [0x08, 0x1110],
        b"SQ",
        &item(
            &[
                element([8, 0x1155], b"UI", uid.as_bytes()),
                element([0x10, 0x10], b"PN", name),
                element([0x40, 0xA730], b"SQ", &item(&element([0x40, 0xA160], b"UT", b"Seen: Zyxwvut"))),
            ]
            .concat(),
        ),
    );
    let mut bytes = head("1.2.840.10008.1.2.1");
    bytes[..16].copy_from_slice(b"Zyxwvut Quentin ");
    let mut set = [
        element([8, 5], b"CS", b"ISO_IR 100"),
        element([8, 0x16], b"UI", b"1.2.840.10008.5.1.4.1.1.7"),
        element([8, 0x18], b"UI", uid.as_bytes()),
        element([8, 0x60], b"CS", b"OT"),
        // Kept by the profile, and here it names the person.
        element([8, 0x70], b"LO", b"Made for QUENTIN"),
        element([8, 0x90], b"PN", b"Zyxwvut^Doctor"),
        nested,
        element([9, 0x10], b"LO", b"ZYXWVUT"),
        element([9, 0x1001], b"UN", b"Quentin"),
        element([0x10, 0x10], b"PN", name),
        element([0x10, 0x20], b"LO", b"ZYX-000123"),
        element([0x18, 0x15], b"CS", b"CHEST"),
        element([0x20, 0xD], b"UI", b"1.2.3.44444.1"),
        element([0x20, 0xE], b"UI", b"1.2.3.44444.2"),
    ]
    .concat();
    let own = grey(uid, 4, 4);
    let pixel_module = own.windows(4).position(|w| w == [0x28, 0, 2, 0]).expect("samples per pixel");
    set.extend(&own[pixel_module..]);
    set.extend(element([0x28, 0x1055], b"LO", b"for Zyxwvut"));
    set.extend(element([0x5000, 0x3000], b"OW", b"Zyxwvut "));
    set.extend(element([0x6000, 0x3000], b"OW", b"Zyxwvut "));
    set.extend(element([0x6000, 0x4000], b"LT", b"Zyxwvut "));
    // More than the pixels need, and something behind them.
    let pixels = [&[9; 16][..], b"Quentin "].concat();
    set.extend(element([0x7FE0, 0x10], b"OB", &pixels));
    set.extend(element([0xFFFC, 0xFFFC], b"OB", b"Zyxwvut "));
    [bytes, set].concat()
}

#[test]
fn a_name_planted_anywhere_is_nowhere() {
    let scratch = Scratch::new();
    scratch.file("in/Zyxwvut/scan^Quentin.dcm", &planted("1.2.3.44444.7"));
    let ran = deidentify(&scratch, &["in", "--out", "run", "--text", "keep"]).expect(0);
    let words = ["zyxwvut", "quentin", "zyx-000123", "1.2.3.44444"];
    let says = |text: &str| words.iter().any(|word| text.to_lowercase().contains(word));
    assert!(!says(&ran.out) && !says(&ran.err), "{} {}", ran.out, ran.err);
    let run = scratch.path("run");
    let mut instances = 0;
    for path in below(&run) {
        let relative = path.strip_prefix(&run).expect("below").to_string_lossy().into_owned();
        if relative.starts_with("private/") {
            continue;
        }
        let bytes = std::fs::read(&path).expect("a file");
        assert!(!says(&relative) && !says(&String::from_utf8_lossy(&bytes)), "{relative} names the person");
        if relative.starts_with("instances/") {
            instances += 1;
            // What does not name anybody stays.
            assert!(String::from_utf8_lossy(&bytes).contains("CHEST"));
            assert!(bytes.ends_with(&[9; 16]), "the pixels and nothing behind them");
        }
    }
    assert_eq!(instances, 1);
    let own = records(&run.join("results.jsonl"))[0]["ext"]["deidentify"].clone();
    assert_eq!((&own["elements"]["named"], &own["cut"]), (&2.into(), &true.into()), "{own}");
    let crosswalk = std::fs::read_to_string(run.join("private/crosswalk.csv")).expect("a table");
    assert!(
        crosswalk.contains("Zyxwvut^Quentin") && crosswalk.contains("1.2.3.44444.7,2.25."),
        "{crosswalk}"
    );
}

#[test]
fn what_may_name_people_by_its_nature_is_refused() {
    let scratch = Scratch::new();
    let class = |bytes: Vec<u8>, uid: &str| {
        let old = b"1.2.840.10008.5.1.4.1.1.7\0";
        let at = bytes.windows(old.len()).rposition(|w| w == old).expect("a class");
        let mut new = uid.as_bytes().to_vec();
        new.resize(old.len(), 0);
        [&bytes[..at], &new, &bytes[at + old.len()..]].concat()
    };
    // A capture of a screen; a report; an overlay in the pixels' spare bits; no picture at all.
    scratch.file("in/a", &file("1.1"));
    scratch.file("in/b", &class(file("1.2"), "1.2.840.10008.5.1.4.1.1.88"));
    let overlay = [
        head("1.2.840.10008.1.2.1"),
        grey("1.3", 4, 4),
        short([0x6000, 0x102], 8),
        element([0x7FE0, 0x10], b"OB", &[0; 16]),
    ];
    scratch.file("in/c", &overlay.concat());
    scratch.file("in/d", &[head("1.2.840.10008.1.2.1"), element([8, 0x18], b"UI", b"1.4")].concat());
    let ran = deidentify(&scratch, &["in", "--out", "run"]).expect(1);
    assert!(!ran.err.contains("Doe"), "{}", ran.err);
    assert!(!scratch.path("run/instances").exists());
    let reasons = |run: &str| -> Vec<String> {
        let all = records(&scratch.path(run).join("results.jsonl"));
        all.iter().filter_map(|r| r["error"]["message"].as_str().map(str::to_owned)).collect()
    };
    let expected = [
        ("a", "images of its class may have text"),
        ("b", "images of its class"),
        ("c", "images of"),
        ("d", "holds no picture"),
    ];
    for ((name, reason), found) in expected.iter().zip(reasons("run")) {
        assert!(found.contains(reason), "{name}: {found}");
    }
    deidentify(&scratch, &["in", "--out", "kept", "--text", "keep"]).expect(2);
    let found = reasons("kept");
    assert!(found.len() == 2 && found[0].contains("an overlay lies in bits"), "{found:?}");
    // Another job in the same folder is not mixed in.
    deidentify(&scratch, &["in/a", "--out", "kept"]).expect(1).says("holds another job");
}

#[test]
fn done_again_only_what_is_missing() {
    let scratch = Scratch::new();
    for (name, uid) in [("a", "1.1"), ("b", "1.2"), ("c", "1.3")] {
        scratch.file(format!("in/{name}"), &file(uid));
    }
    scratch.file("in/cut", &file("1.4")[..200]);
    let arguments = ["in", "--out", "run", "--text", "keep"];
    deidentify(&scratch, &arguments).expect(2);
    let run = scratch.path("run");
    let instances = below(&run.join("instances"));
    assert_eq!(instances.len(), 3);
    let state = || -> Vec<Vec<u8>> {
        let files = ["results.jsonl", "private/crosswalk.csv"].map(|name| run.join(name));
        instances.iter().chain(&files).map(|path| std::fs::read(path).expect("a file")).collect()
    };
    let (before, times) =
        (state(), instances.iter().map(|path| path.metadata().unwrap().modified().unwrap()));
    let times: Vec<_> = times.collect();
    deidentify(&scratch, &arguments).expect(2).says("4 files done before");
    assert_eq!(state(), before);
    // Killed in the middle: an instance is missing, the journal's last line is torn.
    std::fs::remove_file(&instances[1]).expect("removed");
    let journal = run.join("private/journal.jsonl");
    let lines = std::fs::read(&journal).expect("a journal");
    std::fs::write(&journal, &lines[..lines.len() - 20]).expect("torn");
    deidentify(&scratch, &arguments).expect(2);
    assert_eq!(state(), before);
    assert_eq!(instances[0].metadata().unwrap().modified().unwrap(), times[0]);
    // Anew, with the same key.
    deidentify(&scratch, &[&arguments[..], &["--force"]].concat()).expect(2);
    assert_eq!(state(), before);
}

#[test]
fn archives_give_an_instance_an_entry() {
    use std::io::Write;
    let scratch = Scratch::new();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in
        [("Doe/1", file("1.1")), ("Doe/2", file("1.2")), ("Doe/3", file("1.3")[..150].to_vec())]
    {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).expect("an entry");
        archive.write_all(&bytes).expect("bytes");
    }
    scratch.file("study.zip", archive.finish().expect("a zip").get_ref());
    deidentify(&scratch, &["study.zip", "--out", "run", "--text", "keep"]).expect(2);
    let all = records(&scratch.path("run/results.jsonl"));
    assert_eq!((all.len(), &all[2]["status"]), (3, &"partial".into()));
    assert_ne!(all[0]["item"]["part"]["sop"], all[1]["item"]["part"]["sop"]);
    assert_eq!(below(&scratch.path("run/instances")).len(), 2);
}
