//! The built-in catalogue is sound, and what is written beside the weights is what it says.

use super::*;
use crate::models::{Hints, open_in};

#[test]
fn every_entry_is_sound_and_says_where_it_comes_from() {
    let all = load(None).expect("sound");
    let names: Vec<_> = all.iter().map(Entry::name).collect();
    let expected =
        ["centerface", "deimv2-femto", "pp-ocrv6-det", "pp-ocrv6-rec", "pp-ocrv6-cls", "yolox-nano"];
    assert_eq!(names, expected);
    for entry in &all {
        let Spec { licence, origin, about, .. } = &entry.description;
        assert!(["MIT", "Apache-2.0"].contains(&licence.as_str()), "{}: {licence}", entry.name());
        assert!(origin.starts_with("https://") && !about.is_empty(), "{}", entry.name());
    }
    assert_eq!(find("pp-ocrv6").len(), 3);
    assert_eq!(find("centerface").len(), 1);
    assert!(find("nanodet-g-416").is_empty());
}

#[test]
fn what_is_written_beside_the_weights_reads_back_the_same() {
    for entry in load(None).expect("sound") {
        let text = entry.description_text().expect("TOML");
        let again: Spec = toml::from_str(&text).expect("readable");
        assert_eq!(again, entry.description);
        let weights = format!("# Weights: {}", entry.source);
        assert!(text.contains(&weights) && text.contains("# Written by `vision models pull"), "{text}");
    }
}

#[test]
fn names_of_the_catalogue_are_descriptions_and_hints() {
    let hints = Hints { spec: Some("yolox-nano".to_owned()), labels: None };
    let spec = hints.description().expect("no family").expect("a description");
    assert_eq!((spec.family.as_str(), spec.input.pad), ("yolox", 114));
    let group = Hints { spec: Some("pp-ocrv6".to_owned()), labels: None };
    assert!(group.description().expect("no family").is_err(), "three descriptions are none");
    let missing = open_in("centerface".as_ref(), &Hints::default(), None).expect_err("missing");
    assert!(missing.message.contains("vision models pull centerface"), "{}", missing.message);
    let several = open_in("pp-ocrv6".as_ref(), &Hints::default(), None).expect_err("several");
    assert!(several.message.contains("pp-ocrv6-rec, pp-ocrv6-cls; name one"), "{}", several.message);
}

#[test]
fn the_documentation_has_a_row_for_every_entry() {
    let text = include_str!("../../../docs/models.md");
    for entry in load(None).expect("sound") {
        let start = format!("| `{}` |", entry.name());
        let row = text.lines().find(|line| line.starts_with(&start)).expect("a row of each");
        let digest = entry.source.file().map_or("", |file| file.digest.trim_start_matches("sha256:"));
        assert!(row.contains(digest) && row.contains(&entry.description.licence), "{row}");
        if let Source::Pip { package, version, .. } = &entry.source {
            assert!(row.contains(&format!("PyPI `{package}` {version}")), "{row}");
        }
    }
}
