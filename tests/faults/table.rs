//! docs/robustness.md against the tests: every row names tests, and every test it names exists.

use std::collections::BTreeSet;
use std::path::Path;

/// Names of functions that are tests, in tests/ and src/.
fn tests() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut names = BTreeSet::new();
    for entry in ["tests", "src"].iter().flat_map(|f| walkdir::WalkDir::new(root.join(f))).flatten() {
        if entry.path().extension().is_none_or(|e| e != "rs") {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("a source file");
        let mut is_test = false;
        for line in text.lines().map(str::trim) {
            is_test |= line == "#[test]";
            let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) else { continue };
            names.extend(rest.split('(').next().map(str::to_owned));
            is_test = false;
        }
    }
    names
}

/// The table's rows: number and the words in code style of the last column.
fn rows() -> Vec<(u32, Vec<String>)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/robustness.md");
    let text = std::fs::read_to_string(path).expect("docs/robustness.md");
    let row = |line: &str| {
        let cells: Vec<&str> = line.strip_prefix('|')?.trim_end().strip_suffix('|')?.split('|').collect();
        let number = cells.first()?.trim().parse().ok()?;
        let named = cells.last()?.split('`').skip(1).step_by(2).map(str::to_owned).collect();
        Some((number, named))
    };
    text.lines().filter_map(row).collect()
}

#[test]
fn every_test_that_the_table_names_exists() {
    let tests = tests();
    for (number, named) in rows() {
        for name in named {
            assert!(tests.contains(&name), "row {number} names the test {name}, which does not exist");
        }
    }
}

#[test]
fn every_row_has_a_test_and_every_test_of_a_row_is_in_it() {
    let rows = rows();
    let numbers: Vec<u32> = rows.iter().map(|(number, _)| *number).collect();
    assert_eq!(numbers, (1..=40).collect::<Vec<_>>());
    for (number, named) in &rows {
        // 33 and 36 need an accelerator.
        assert!(!named.is_empty() || [33, 36].contains(number), "row {number} names no test");
    }
    for test in tests().iter().filter(|test| test.starts_with("row_")) {
        let number: u32 = test[4..6].parse().expect("a row's number");
        let named = rows.iter().find(|(n, _)| *n == number).map(|(_, named)| named);
        assert!(named.is_some_and(|named| named.contains(test)), "{test} is missing in row {number}");
    }
}
