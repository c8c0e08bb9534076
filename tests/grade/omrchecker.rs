//! All sample sets of OMRChecker that have recorded results.

use std::collections::BTreeMap;
use std::path::Path;

use super::common::{Scratch, shared};
use super::{grade, pages};

/// Folder of the recorded results, pictures, template, and what OMRChecker writes for an empty field and for an empty
/// place of a number.
const SETS: [(&str, &str, &str, &str, &str); 16] = [
    ("community_Shamanth", "community/Shamanth", "community/Shamanth", "", ""),
    ("sample3/colored-thick-sheet", "sample3/colored-thick-sheet", "sample3/colored-thick-sheet", "", ""),
    ("sample3/xeroxed-thin-sheet", "sample3/xeroxed-thin-sheet", "sample3/xeroxed-thin-sheet", "", ""),
    (
        "answer_key_weighted_answers/images",
        "answer-key/weighted-answers/images",
        "answer-key/weighted-answers",
        "",
        "",
    ),
    ("answer_key_using_csv", "answer-key/using-csv", "answer-key/using-csv", "", ""),
    ("community_Sandeep_1507", "community/Sandeep-1507", "community/Sandeep-1507", "", "no"),
    ("community_Antibodyy", "community/Antibodyy", "community/Antibodyy", "", ""),
    ("community_ibrahimkilic", "community/ibrahimkilic", "community/ibrahimkilic", "no", ""),
    ("community_UPSC_mock/scan-angles", "community/UPSC-mock/scan-angles", "community/UPSC-mock", "", ""),
    ("community_UPSC_mock", "community/UPSC-mock/answer_key.jpg", "community/UPSC-mock", "", ""),
    ("community_UmarFarootAPS/scans", "community/UmarFarootAPS/scans", "community/UmarFarootAPS", "", ""),
    ("sample1/MobileCamera", "sample1/MobileCamera", "sample1", "", ""),
    ("sample2/AdrianSample", "sample2/AdrianSample", "sample2", "", ""),
    ("sample4", "sample4", "sample4", "", ""),
    ("sample5/ScanBatch1", "sample5/ScanBatch1", "sample5", "", ""),
    ("sample5/ScanBatch2", "sample5/ScanBatch2", "sample5", "", ""),
];

/// Fields in all sets, and how many of them are to be as recorded.
const FIELDS: usize = 1761;
const LEAST: f64 = 0.995;

#[test]
fn samples_give_the_recorded_answers() {
    let Some(root) = shared("omr/omrchecker") else { return };
    let (mut fields, mut differences) = (0, Vec::new());
    for (recorded, pictures, template, empty, place) in SETS {
        let s = Scratch::new();
        let samples = root.join("samples");
        grade(
            &s,
            [
                samples.join(pictures).as_os_str(),
                "--sheet".as_ref(),
                samples.join(template).as_os_str(),
                "--no-images".as_ref(),
            ],
        )
        .expect(0);
        let results = root.join("expected").join(recorded).join("Results/Results.csv");
        let ours = pages(&s);
        for (file, answers) in recorded_answers(&results) {
            fields += answers.len();
            let page = &ours[&file];
            for (field, wanted) in answers {
                let found = answer(page, &field).replace('_', place);
                let found = if found.is_empty() { empty } else { &found };
                if found != wanted {
                    let review = if needs_review(page, &field) { "for a person" } else { "sure" };
                    differences.push((
                        format!("{recorded} {file} {field}: recorded {wanted:?}, read {found:?} ({review})"),
                        review,
                    ));
                }
            }
        }
    }
    let shown: Vec<&str> = differences.iter().map(|(text, _)| text.as_str()).collect();
    println!("{} of {fields} fields differ\n{}", differences.len(), shown.join("\n"));
    assert_eq!(fields, FIELDS);
    assert!((fields - differences.len()) as f64 >= LEAST * fields as f64, "{}", shown.join("\n"));
    // docs/grading.md tells of each: none is read with confidence against the record.
    assert!(differences.iter().all(|(_, review)| *review == "for a person"), "{}", shown.join("\n"));
}

/// By file and field.
fn recorded_answers(file: &Path) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut reader = csv::Reader::from_path(file).expect("recorded results");
    let header = reader.headers().expect("a header").clone();
    let rows = reader.records().map(|row| row.expect("a row"));
    rows.map(|row| {
        let cells = header.iter().zip(row.iter()).skip(4);
        (row[0].to_owned(), cells.map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
    })
    .collect()
}

fn answer(page: &serde_json::Value, field: &str) -> String {
    match page["fields"].as_array().is_some_and(|fields| fields.iter().any(|f| f["field"] == field)) {
        true => super::values(page, field).concat(),
        false => "(not read)".to_owned(),
    }
}

fn needs_review(page: &serde_json::Value, field: &str) -> bool {
    let fields = page["fields"].as_array().into_iter().flatten();
    fields.filter(|f| f["field"] == field).all(|f| f["review"] == true)
}
