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
            r#"{"kind":"instance","sop":"1.7","frame":1}"#,
            r#"{"kind":"entry","n":4}"#
        ]
    );
    let closing = records.last().expect("a record");
    assert_eq!((&closing["status"], &closing["items"]), (&"partial".into(), &3.into()));
    assert!(closing["error"]["message"].as_str().is_some_and(|m| m.contains("same UID")));
}

/// An item of a sequence or of encapsulated pixels.
fn item(bytes: &[u8]) -> Vec<u8> {
    [&[0xFE, 0xFF, 0, 0xE0][..], &(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

const END: [u8; 8] = [0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0];

/// Pixels in fragments, without a basic table of offsets.
fn encapsulated(fragments: &[&[u8]]) -> Vec<u8> {
    let begin = [0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF];
    let fragments: Vec<u8> = fragments.iter().flat_map(|fragment| item(fragment)).collect();
    [&begin[..], &item(&[]), &fragments, &END].concat()
}

/// What `vision dicom check` says of a file.
fn checked(scratch: &Scratch, bytes: &[u8]) -> Value {
    let file = scratch.file("checked.dcm", bytes);
    let ran = crate::common::Ran::of(crate::common::vision().args(["dicom", "check"]).arg(file));
    serde_json::from_str(&ran.out).expect("JSON")
}

/// (7FE0,0001) or (7FE0,0002).
fn extended(number: u16, values: &[u64]) -> Vec<u8> {
    let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
    let head =
        [&[0xE0, 0x7F][..], &number.to_le_bytes(), b"OV\0\0", &(bytes.len() as u32).to_le_bytes()].concat();
    [head, bytes].concat()
}

/// "Encapsulated uncompressed": a fragment holds bytes as they are.
const UNCOMPRESSED: &str = "1.2.840.10008.1.2.1.98";

#[test]
fn an_extended_offset_table_says_where_frames_begin() {
    let scratch = Scratch::new();
    let set = |table: Vec<u8>, fragments: &[&[u8]]| {
        let two = element([0x28, 8], b"IS", b"2");
        [head(UNCOMPRESSED), grey("1.7", 2, 2), two, table, encapsulated(fragments)].concat()
    };
    let frames: [&[u8]; 2] = [&[0, 50, 100, 150], &[200, 250, 0, 50]];
    let table = || [extended(1, &[0, 12]), extended(2, &[4, 4])].concat();
    let found = checked(&scratch, &set(table(), &frames));
    assert_eq!(
        (&found["status"], &found["frames"], &found["stored"]["sum"]),
        (&"read".into(), &2.into(), &800.into())
    );
    // The same without it, and with a frame in two fragments that only the table tells apart.
    assert_eq!(checked(&scratch, &set(Vec::new(), &frames))["stored"], found["stored"]);
    let split: [&[u8]; 3] = [&[0, 50], &[100, 150], &[200, 250, 0, 50]];
    let parted = set([extended(1, &[0, 20]), extended(2, &[4, 4])].concat(), &split);
    assert_eq!(checked(&scratch, &parted)["stored"], found["stored"]);
    let unknown = checked(&scratch, &set(Vec::new(), &split));
    assert!(
        unknown["reason"].as_str().is_some_and(|reason| reason.contains("nothing says which")),
        "{unknown}"
    );
    let lost = checked(&scratch, &set(extended(1, &[0, u64::MAX]), &split));
    assert_eq!(lost["status"], "refused", "{lost}");
}

#[test]
fn icons_may_have_encapsulated_pixels_of_their_own() {
    let scratch = Scratch::new();
    let icon = [grey("1.8", 1, 2), encapsulated(&[&[1, 2]])].concat();
    let sequence = element([0x88, 0x200], b"SQ", &item(&icon));
    let pixels = encapsulated(&[&[0, 50, 100, 150]]);
    let found =
        checked(&scratch, &[head(UNCOMPRESSED), grey("1.7", 2, 2), sequence, pixels.clone()].concat());
    assert_eq!((&found["status"], &found["stored"]["sum"]), (&"read".into(), &300.into()), "{found}");
    // Of undefined length, as most encoders write them.
    let open = [
        0x88, 0, 0, 2, b'S', b'Q', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0xFF, 0xFF, 0xFF, 0xFF,
    ];
    let closed = [0xFE, 0xFF, 0x0D, 0xE0, 0, 0, 0, 0];
    let sequence = [&open[..], &icon, &closed, &END].concat();
    let found = checked(&scratch, &[head(UNCOMPRESSED), grey("1.7", 2, 2), sequence, pixels].concat());
    assert_eq!((&found["status"], &found["stored"]["sum"]), (&"read".into(), &300.into()), "{found}");
}

#[test]
fn pictures_of_files_called_alike_do_not_overwrite_each_other() {
    let scratch = Scratch::new();
    let files = ["a/1.dcm", "b/1.dcm"].map(|name| scratch.file(name, &file(name)));
    let mut command = crate::common::vision();
    command.args(["dicom", "check", "--png"]).arg(scratch.path("png")).args(files);
    let ran = crate::common::Ran::of(&mut command).expect(0).says("1.dcm-2.NNNN.png");
    assert_eq!(ran.out.lines().count(), 2);
    let mut names: Vec<String> = std::fs::read_dir(scratch.path("png"))
        .expect("a folder")
        .map(|entry| entry.expect("a file").file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert_eq!(names, ["1.dcm-2.0000.png", "1.dcm.0000.png"]);
}
