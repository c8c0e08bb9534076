//! Every family of detectors of things and of faces against code that is not ours. A case is a folder `<family>/<case>` with
//! `case.json`, `outputs.npz` and `prepared.png`, made by the scripts in scripts/parity; docs/parity.md
//! has the numbers.

#[path = "../common/mod.rs"]
mod common;

mod boxes;
mod case;
mod end_to_end;
mod faces;
mod matching;
mod npz;
mod preparation;

use case::Case;
use vision::family::FAMILIES;
use vision::spec::Task;

#[test]
fn every_family_has_a_case_and_every_case_a_family() {
    let cases = Case::all();
    let detectors = || FAMILIES.iter().filter(|entry| matches!(entry.task, Task::Detect | Task::Faces));
    let without: Vec<&str> =
        detectors().map(|entry| entry.name).filter(|name| cases.iter().all(|c| c.family != *name)).collect();
    assert!(without.is_empty(), "no case in tests/parity for {without:?}; scripts/parity/README.md says how");
    let unknown: Vec<&Case> =
        cases.iter().filter(|case| detectors().all(|entry| entry.name != case.family)).collect();
    assert!(unknown.is_empty(), "cases of families that are not in the table: {unknown:?}");
}

/// Runs `check` on each of `cases`; every failure is told, not only the first.
fn each(cases: &[Case], check: impl Fn(&Case) -> Result<(), String>) {
    let failures: Vec<String> =
        cases.iter().filter_map(|case| Some(format!("{case:?}: {}", check(case).err()?))).collect();
    assert!(failures.is_empty(), "{} of {} cases:\n{}", failures.len(), cases.len(), failures.join("\n"));
}

/// Keeps numbers for scripts/parity/table.py, in the folder that `VISION_PARITY_NUMBERS` names.
fn note(case: &Case, what: &str, numbers: serde_json::Value) {
    let text = numbers.to_string();
    println!("{case:?} {what}: {text}");
    if let Some(folder) = std::env::var_os("VISION_PARITY_NUMBERS") {
        let name = format!("{}-{}-{what}.json", case.family, case.name);
        std::fs::write(std::path::Path::new(&folder).join(name), text).expect("the folder of numbers");
    }
}
