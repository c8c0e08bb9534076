//! Folders, DICOMDIR, zip files, and how frames are called.

use std::io::Write;

use serde_json::Value;
use zip::write::SimpleFileOptions;

use crate::common::Scratch;
use crate::made::{element, file, grey, head};

/// Records of a classification, without pictures.
fn run(scratch: &Scratch, input: &str, code: i32) -> Vec<Value> {
    let mut command = crate::common::vision();
    command.current_dir(scratch.path("")).args(["classify", "--no-images", "--out", "run", input]);
    crate::common::Ran::of(&mut command).expect(code);
    scratch.results()
}

fn paths(records: &[Value], schema: &str) -> Vec<String> {
    let of = records.iter().filter(|record| record["schema"] == schema);
    of.map(|r| {
        r[if schema == "vision.input/1" { "input" } else { "item" }]["path"].as_str().expect("a path").into()
    })
    .collect()
}

/// A DICOMDIR that names these files.
fn directory(names: &[&[&str]]) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend(element([2, 2], b"UI", b"1.2.840.10008.1.3.10"));
    bytes.extend(element([2, 0x10], b"UI", b"1.2.840.10008.1.2.1"));
    let item = |parts: &[&str]| {
        let record = element([4, 0x1500], b"CS", parts.join("\\").as_bytes());
        [vec![0xFE, 0xFF, 0, 0xE0], (record.len() as u32).to_le_bytes().to_vec(), record].concat()
    };
    let items: Vec<u8> = names.iter().flat_map(|parts| item(parts)).collect();
    bytes.extend(element([4, 0x1220], b"SQ", &items));
    bytes
}

#[test]
fn files_need_neither_extension_nor_preamble() {
    let scratch = Scratch::new();
    scratch.file("in/a", &file("1.1"));
    scratch.file("in/b", &[grey("1.2", 1, 1), element([0x7FE0, 0x10], b"OB", &[7, 0])].concat());
    scratch.file("in/notes.txt", b"no picture");
    let records = run(&scratch, "in", 0);
    assert_eq!(paths(&records, "vision.input/1"), ["a", "b"]);
    let sizes: Vec<&Value> = records.iter().filter_map(|r| r.get("size")).collect();
    assert_eq!(sizes, [&serde_json::json!([4, 4]), &serde_json::json!([1, 1])]);
}

#[test]
fn a_directory_stands_for_its_files_and_leads_nowhere_else() {
    let scratch = Scratch::new();
    scratch.file("outside.dcm", &file("9.9"));
    // In small letters, as many systems show media.
    scratch.file("cd/img/im0001", &file("1.1"));
    let names: &[&[&str]] =
        &[&["IMG", "IM0001"], &["IMG", "GONE"], &["..", "outside.dcm"], &["/etc", "passwd"]];
    scratch.file("cd/DICOMDIR", &directory(names));
    #[cfg(unix)]
    std::os::unix::fs::symlink(scratch.path("outside.dcm"), scratch.path("link")).expect("a link");
    let records = run(&scratch, "cd/DICOMDIR", 2);
    let done: Vec<&Value> = records.iter().filter(|r| r["status"] == "done").collect();
    assert_eq!(done.len(), 1);
    assert_eq!(done[0]["input"]["path"], "img/im0001");
    let kinds: Vec<&Value> = records.iter().filter_map(|r| r["error"].get("kind")).collect();
    assert_eq!(kinds, ["not-found", "corrupt", "corrupt"]);
    assert!(!records.iter().any(|r| r["input"]["path"] == "../outside.dcm"));
}

#[test]
fn frames_of_zip_and_of_several_are_named_by_instance() {
    let scratch = Scratch::new();
    let two = [
        head("1.2.840.10008.1.2.1"),
        grey("1.7", 2, 2),
        element([0x28, 8], b"IS", b"2"),
        element([0x7FE0, 0x10], b"OB", &[0, 50, 100, 150, 200, 250, 0, 50]),
    ]
    .concat();
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in
        [("x/1", file("1.1")), ("read me", b"text".to_vec()), ("x/2", two), ("x/3", file("1.1"))]
    {
        archive.start_file(name, SimpleFileOptions::default()).expect("an entry");
        archive.write_all(&bytes).expect("bytes");
    }
    scratch.file("in/study.zip", archive.finish().expect("a zip").get_ref());
    // Not of DICOM: skipped, as any file that is no picture.
    let mut other = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    other.start_file("a.txt", SimpleFileOptions::default()).expect("an entry");
    scratch.file("in/other.zip", other.finish().expect("a zip").get_ref());
    let records = run(&scratch, "in", 2);
    let parts: Vec<String> =
        records.iter().filter_map(|r| r["item"].get("part")).map(Value::to_string).collect();
    assert_eq!(
        parts,
        [
            r#"{"kind":"instance","sop":"1.1","frame":0}"#,
            r#"{"kind":"instance","sop":"1.7","frame":0}"#,
            r#"{"kind":"instance","sop":"1.7","frame":1}"#
        ]
    );
    let closing = records.last().expect("a record");
    assert_eq!((&closing["status"], &closing["items"]), (&"partial".into(), &3.into()));
    assert!(closing["error"]["message"].as_str().is_some_and(|m| m.contains("same UID")));
}
