//! Nothing outside `private/` names a person, and a planted name is found.

use std::os::unix::fs::PermissionsExt;

use crate::{json, made, outside, triage};

/// As scripts/triage/pneumonia_dicom.py makes them up, and a name in a path.
const NAMES: &[&str] = &["Mustermann", "Erika", "PAT-00", "ACC000", "19700102", "Petra"];

#[test]
fn outside_private_there_are_pseudonyms_only() {
    let Some(scratch) = made(Some(6)) else { return };
    let bytes = std::fs::read(scratch.path("studies/0001.dcm")).expect("a study");
    std::fs::remove_file(scratch.path("studies/0001.dcm")).expect("removed");
    scratch.file("studies/Mustermann^Petra 1/scan.Petra", &bytes);
    scratch.file("studies/Mustermann^Petra 1/cut.dcm", &bytes[..bytes.len() - 9]);
    let ran = triage(&scratch, &["studies", "studies/Mustermann^Petra 1"]).expect(2);
    for name in NAMES {
        for text in [&ran.out, &ran.err] {
            assert!(!text.contains(name), "{name} is printed: {text}");
        }
        for file in outside(&scratch.path("run")) {
            let bytes = std::fs::read(&file).expect("a file");
            let text = format!(
                "{}{}",
                file.strip_prefix(scratch.path("")).unwrap().display(),
                String::from_utf8_lossy(&bytes)
            );
            assert!(!text.contains(name), "{name} is in {}", file.display());
        }
    }
    let proof = json(&scratch.path("run/proof.json"));
    assert_eq!(proof["hits"], serde_json::json!([]));
    assert!(proof["values"].as_u64() > Some(20), "{proof}");
    let private = std::fs::metadata(scratch.path("run/private")).expect("a folder");
    assert_eq!(private.permissions().mode() & 0o777, 0o700);
    let key = std::fs::metadata(scratch.path("run/private/key")).expect("a key");
    assert_eq!(key.permissions().mode() & 0o777, 0o600);
    let room = std::fs::read_to_string(scratch.path("run/private/worklist.csv")).expect("a worklist");
    // A file that cannot be read is found by its path.
    assert!(room.contains("cut.dcm"), "{room}");
    assert!(room.contains("ACC0000000") && room.contains("NOT FOR DIAGNOSIS"), "{room}");
    // The same job again: the same pseudonyms, nothing looked at twice.
    let before = std::fs::read(scratch.path("run/worklist.json")).expect("a worklist");
    triage(&scratch, &["studies", "studies/Mustermann^Petra 1"]).expect(2);
    assert_eq!(before, std::fs::read(scratch.path("run/worklist.json")).expect("a worklist"));
}

#[test]
fn a_planted_name_fails_the_run() {
    let Some(scratch) = made(Some(3)) else { return };
    triage(&scratch, &["studies"]).expect(0);
    scratch.file("run/notes/of mustermann0002.txt", b"seen");
    scratch.file("run/notes/log", b"called ERIKA, twice");
    triage(&scratch, &["studies"]).expect(3).says("names a person: notes/log, notes/of mustermann0002.txt");
}
