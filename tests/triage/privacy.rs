//! Nothing outside `private/` names a person, and a planted name is found.

use std::os::unix::fs::PermissionsExt;

use crate::common::{Ran, Scratch, vision};
use crate::{json, made, outside, replaced, triage};

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

/// A name that stands in tests/ocr/pictures/letter-en.png.
const WRITTEN: &[u8; 20] = b"Streets^Coffee      ";

/// Nothing outside `private/` and nothing that is printed holds `name`, whatever its letters are.
fn unnamed(scratch: &Scratch, ran: &Ran, name: &str) {
    let name = name.to_lowercase();
    for text in [&ran.out, &ran.err] {
        assert!(!text.to_lowercase().contains(&name), "{name} is printed: {text}");
    }
    for file in outside(&scratch.path("run")) {
        let text = String::from_utf8_lossy(&std::fs::read(&file).expect("a file")).to_lowercase();
        let path = file.strip_prefix(scratch.path("run")).expect("below").display().to_string();
        assert!(!format!("{path}{text}").to_lowercase().contains(&name), "{name} is in {}", file.display());
    }
}

#[test]
fn a_folder_called_by_a_name_is_named_nowhere_and_searched_for() {
    let Some(scratch) = made(Some(2)) else { return };
    std::fs::rename(scratch.path("studies"), scratch.path("Sonnenschein")).expect("renamed");
    let ran = triage(&scratch, &["Sonnenschein"]).expect(0);
    unnamed(&scratch, &ran, "Sonnenschein");
    scratch.file("run/notes", b"sonnenschein");
    triage(&scratch, &["Sonnenschein"]).expect(3).says("names a person: notes");
}

#[test]
fn errors_before_the_first_file_name_no_input() {
    let Some(scratch) = made(Some(1)) else { return };
    let ran = triage(&scratch, &["Sonnenschein/*.dcm"]).expect(1).says("its words name an input or a person");
    unnamed(&scratch, &ran, "Sonnenschein");
    let kept = std::fs::read_to_string(scratch.path("run/private/error.txt")).expect("the words");
    assert!(kept.contains("Sonnenschein/*.dcm"), "{kept}");
    // Other errors are said.
    triage(&scratch, &["studies", "--rules", "nothing.toml"])
        .expect(1)
        .says("--rules: the file cannot be read");
}

#[test]
fn standard_error_is_searched() {
    let Some(scratch) = made(Some(1)) else { return };
    let bytes = std::fs::read(scratch.path("studies/0000.dcm")).expect("a study");
    // A word that the second run says.
    scratch.file("studies/0000.dcm", &replaced(&bytes, b"Mustermann0000^Erika", b"Continuing^Erika    "));
    triage(&scratch, &["studies"]).expect(0);
    triage(&scratch, &["studies"]).expect(3).says("names a person: standard error");
    let proof = json(&scratch.path("run/proof.json"));
    assert_eq!(
        (&proof["hits"], &proof["verdict"]),
        (&serde_json::json!(["standard error"]), &"failed".into())
    );
    assert_eq!(scratch.run_json()["exit_code"], 3);
}

#[test]
fn pictures_outside_are_read_or_no_pass() {
    let Some(scratch) = made(Some(1)) else { return };
    let bytes = std::fs::read(scratch.path("studies/0000.dcm")).expect("a study");
    scratch.file("studies/0000.dcm", &replaced(&bytes, b"Mustermann0000^Erika", WRITTEN));
    triage(&scratch, &["studies"]).expect(0).says("pictures: none outside private/");
    let picture = std::fs::read("tests/ocr/pictures/letter-en.png").expect("a picture");
    scratch.file("run/letter.png", &picture);
    let with = |data: &std::path::Path, code| {
        let mut command = vision();
        command.current_dir(scratch.path("")).env("XDG_DATA_HOME", data);
        Ran::of(command.args(["triage", "studies", "--out", "run", "--model", "model.onnx"])).expect(code)
    };
    with(&scratch.path("nothing"), 3).says("pixels not searched");
    let proof = json(&scratch.path("run/proof.json"));
    assert_eq!((&proof["verdict"], &proof["pictures"][0]), (&"incomplete".into(), &"letter.png".into()));
    let Some(data) = crate::common::ocr_data() else { return };
    with(&data, 3).says("names a person: letter.png");
    // Read, and nothing of the person is written in it.
    scratch.file("studies/0000.dcm", &bytes);
    std::fs::remove_dir_all(scratch.path("run")).expect("removed");
    scratch.file("run/letter.png", &picture);
    with(&data, 0).says("pictures: searched");
}

#[test]
fn results_are_not_continued_without_their_key() {
    let Some(scratch) = made(Some(2)) else { return };
    triage(&scratch, &["studies"]).expect(0);
    let key = std::fs::read(scratch.path("run/private/key")).expect("a key");
    std::fs::remove_file(scratch.path("run/private/key")).expect("removed");
    for arguments in [&["studies"][..], &["studies", "--resume"]] {
        triage(&scratch, arguments).expect(1).says("lead back to nobody");
        assert!(!scratch.path("run/private/key").exists());
    }
    scratch.file("run/private/key", &[7; 32]);
    triage(&scratch, &["studies", "--resume"]).expect(1).says("another key than the one");
    scratch.file("run/private/key", &key);
    triage(&scratch, &["studies"]).expect(0).says("all from stored");
    std::fs::remove_file(scratch.path("run/private/key")).expect("removed");
    triage(&scratch, &["studies", "--force"]).expect(0);
}

#[test]
fn the_page_of_the_worklist_has_pseudonyms_and_no_pictures() {
    let Some(scratch) = made(Some(4)) else { return };
    let bytes = std::fs::read(scratch.path("studies/0000.dcm")).expect("a study");
    scratch.file("studies/0000.dcm", &replaced(&bytes, b"CHEST ", b"KNEE  "));
    scratch.file("studies/Mustermann9999^Petra.dcm", b"");
    let ran = triage(&scratch, &["studies", "--report", "--include", "*.dcm"]).expect(2);
    for name in NAMES {
        unnamed(&scratch, &ran, name);
    }
    assert!(!scratch.path("run/report").exists(), "small pictures");
    let page = std::fs::read_to_string(scratch.path("run/report.html")).expect("a page");
    assert!(page.contains("<title>Worklist: NOT FOR DIAGNOSIS"));
    // A card for each study, in the order of the worklist.
    let worklist = json(&scratch.path("run/worklist.json"));
    let rows = worklist["studies"].as_array().expect("studies");
    assert_eq!(rows.len(), 5);
    let places: Vec<usize> = rows
        .iter()
        .map(|row| {
            let lead = format!("{} · {}", row["rank"], row["bucket"].as_str().expect("a bucket"));
            page.find(&format!("\"instead\":[\"{lead}\"")).expect("a card")
        })
        .collect();
    assert!(places.is_sorted());
    assert!(page.contains("body-part is KNEE, the model accepts CHEST"));
}
