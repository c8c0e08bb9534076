//! The sample class: from scans to grades, against what was meant when its sheets were filled (truth.csv).

use std::collections::BTreeMap;
use std::path::Path;

use crate::common::{Ran, Scratch, vision};
use crate::{grade, pages};

fn table(name: &str) -> Vec<BTreeMap<String, String>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/homework").join(name);
    let mut reader = csv::Reader::from_path(path).expect("a table");
    reader.deserialize().collect::<Result<_, _>>().expect("rows")
}

#[test]
fn what_counts_without_a_person_is_what_was_meant() {
    let s = Scratch::new();
    let homework = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/homework");
    grade(&s, [&format!("{homework}/scans"), "--sheet", homework, "--no-images", "--report"]).expect(0);
    let read = pages(&s);
    assert_eq!(read.len(), 12);
    let (mut counted, mut written) = (0, 0);
    for row in table("truth.csv") {
        let (scan, name) = (&row["scan"], &row["field"]);
        let fields = read[scan]["fields"].as_array().expect("fields");
        let field = fields.iter().find(|field| field["field"] == **name).expect("the field");
        if ["q19", "q20"].contains(&name.as_str()) {
            // Written digits are for a person.
            assert!(field["review"] == true && field["flags"][0] == "unread", "{scan} {name}: {field}");
            written += 1;
            continue;
        }
        let values = field["values"].as_array().expect("values").iter().filter_map(|value| value.as_str());
        let values = values.collect::<Vec<_>>().join("|");
        if field["review"] == false {
            assert_eq!(values, row["values"], "{scan} {name}: {field}");
            counted += 1;
        }
    }
    assert!(written == 24 && counted >= 180, "{counted} of 228 marked fields without a person");
    let key = [
        "--key".to_owned(),
        format!("{homework}/key.csv"),
        "--roster".to_owned(),
        format!("{homework}/roster.csv"),
    ];
    Ran::of(vision().current_dir(s.path("")).args(["grade", "regrade", "run"]).args(key))
        .expect(0)
        .says("13 students")
        .says("1 absent");
    let text = std::fs::read_to_string(s.path("run/grades.csv")).expect("grades");
    let absent = text.lines().find(|line| line.contains("absent")).expect("who was not there");
    assert!(absent.contains("Mia Novak"), "{absent}");
    // What is written by hand is open, so that no total is final.
    assert!(!text.contains(",final,"), "{text}");
}
