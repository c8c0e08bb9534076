//! Files that cannot be read: nothing of them is left out, and nothing is charged to another study.

use std::io::Write;

use serde_json::Value;
use zip::write::SimpleFileOptions;

use crate::common::Scratch;
use crate::{json, made, replaced, row_of, triage};

/// The number of a study whose score is below the operating point, and of one above it.
fn negative_and_positive(scratch: &Scratch) -> [usize; 2] {
    let scores = json(&scratch.path("reference.json"))["scores"].as_array().expect("scores").clone();
    [false, true].map(|wanted| {
        let found = scores.iter().position(|score| (score.as_f64() >= Some(0.5)) == wanted);
        found.expect("one of each")
    })
}

fn study(scratch: &Scratch, n: usize) -> Vec<u8> {
    std::fs::read(scratch.path(format!("studies/{n:04}.dcm"))).expect("a study")
}

fn zipped(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(*name, SimpleFileOptions::default()).expect("an entry");
        archive.write_all(bytes).expect("bytes");
    }
    archive.finish().expect("a zip").into_inner()
}

#[test]
fn broken_entries_of_an_archive_are_charged_to_their_own_studies() {
    let Some(scratch) = made(Some(12)) else { return };
    let [negative, positive] = negative_and_positive(&scratch);
    let (whole, cut) = (study(&scratch, negative), study(&scratch, positive));
    let entries: [(&str, &[u8]); 5] = [
        ("a/1.dcm", &whole),
        ("b/1.dcm", &cut[..cut.len() - 9]),
        ("c/1.dcm", b"no picture"),
        ("a/2.dcm", &whole),
        ("read me.txt", b"text"),
    ];
    scratch.file("in/day.zip", &zipped(&entries));
    for isolate in [&[][..], &["--isolate", "--force"]] {
        triage(&scratch, &[&["in"], isolate].concat()).expect(2);
        let worklist = json(&scratch.path("run/worklist.json"));
        let rows = worklist["studies"].as_array().expect("studies");
        assert_eq!(rows.len(), 3, "{worklist:#}");
        // The second of the same instance is a fault of that study, and so is its own cut of the other.
        let own = row_of(&scratch, &worklist, negative);
        assert_eq!(own["bucket"], "not-triaged");
        assert!(own["reasons"].to_string().contains("entry 4: an instance of the same UID"), "{own}");
        let other = row_of(&scratch, &worklist, positive);
        assert!(other["reasons"].to_string().contains("cut off"), "{other}");
        assert_eq!(other["reasons"].as_array().map(Vec::len), Some(1));
        let nobody = rows.iter().find(|row| row["study"].is_null()).expect("a row of nobody");
        assert!(nobody["reasons"].to_string().contains("entry 3: it is not DICOM"), "{nobody}");
        // Each has a record of its own.
        let failed: Vec<Value> = scratch
            .results()
            .into_iter()
            .filter(|r| r["item"].is_object() && r["error"].is_object())
            .collect();
        let parts: Vec<&Value> = failed.iter().map(|record| &record["item"]["part"]["n"]).collect();
        assert_eq!(parts, [2, 3, 4]);
        assert_eq!(failed[0]["ext"]["triage"]["study-pseudonym"], other["study"]);
        let schema =
            jsonschema::validator_for(&json("docs/schema/record.schema.json".as_ref())).expect("a schema");
        assert!(failed.iter().all(|record| schema.is_valid(record)), "{failed:#?}");
    }
}

#[test]
fn a_file_cut_in_its_pixels_is_of_its_study_and_its_names_are_searched_for() {
    let Some(scratch) = made(Some(12)) else { return };
    let [negative, _] = negative_and_positive(&scratch);
    let whole = study(&scratch, negative);
    let name = format!("Mustermann{negative:04}^Erika");
    let renamed = replaced(&whole, name.as_bytes(), b"Unbekannt-Xaver^Emil");
    scratch.file("in/whole.dcm", &whole);
    scratch.file("in/cut.dcm", &renamed[..whole.len() - 9]);
    triage(&scratch, &["in"]).expect(2).says("1 not triaged, 0 negative");
    let worklist = json(&scratch.path("run/worklist.json"));
    assert_eq!(worklist["studies"].as_array().map(Vec::len), Some(1), "{worklist:#}");
    let row = &worklist["studies"][0];
    assert_eq!(
        (&row["images"].as_array().map(Vec::len), &row["failed"].as_array().map(Vec::len)),
        (&Some(2), &Some(1))
    );
    let proof = json(&scratch.path("run/proof.json"));
    assert_eq!((&proof["unproven"], &proof["verdict"]), (&0.into(), &"passed".into()));
    let crosswalk = std::fs::read_to_string(scratch.path("run/private/crosswalk.csv")).expect("a crosswalk");
    assert!(crosswalk.contains("Unbekannt-Xaver^Emil"), "{crosswalk}");
    scratch.file("run/notes", b"of unbekannt-xaver");
    triage(&scratch, &["in"]).expect(3).says("names a person: notes");
    // Of one that is cut in its attributes nothing is proved, and it says so.
    std::fs::remove_file(scratch.path("run/notes")).expect("removed");
    scratch.file("in/cut.dcm", &renamed[..whole.len() - 900]);
    triage(&scratch, &["in"]).expect(2).says("not all values of 1 inputs could be read");
    let proof = json(&scratch.path("run/proof.json"));
    assert_eq!((&proof["unproven"], &proof["verdict"]), (&1.into(), &"incomplete".into()));
}

#[test]
fn what_may_be_a_study_by_its_name_has_a_row() {
    let Some(scratch) = made(Some(2)) else { return };
    let bytes = study(&scratch, 0);
    scratch.file("in/empty", b"");
    scratch.file("in/1.2.840.99.5", &bytes[..60]);
    scratch.file("in/notes.txt", b"no study");
    let texts: Vec<(String, &[u8])> = (0..40).map(|n| (format!("{n}.txt"), &b"text"[..])).collect();
    let mut entries: Vec<(&str, &[u8])> = texts.iter().map(|(name, text)| (name.as_str(), *text)).collect();
    entries.push(("last", &bytes));
    scratch.file("in/late.zip", &zipped(&entries));
    scratch.file("in/none.zip", &zipped(&entries[..40]));
    triage(&scratch, &["in"]).expect(2).says("3 not triaged").says("1 not media");
    let worklist = json(&scratch.path("run/worklist.json"));
    assert_eq!(worklist["studies"].as_array().map(Vec::len), Some(4), "{worklist:#}");
    let kinds: Vec<String> =
        scratch.inputs().iter().filter_map(|(_, r)| r["error"]["kind"].as_str().map(str::to_owned)).collect();
    assert_eq!(kinds.iter().filter(|kind| *kind == "not-media").count(), 2, "{kinds:?}");
    assert!(kinds.contains(&"empty".to_owned()));
    let room = std::fs::read_to_string(scratch.path("run/private/worklist.csv")).expect("a worklist");
    assert!(room.contains("1.2.840.99.5") && room.contains("none.zip"), "{room}");
}
