//! Lattices written by hand, and every path of small ones counted.

use std::collections::BTreeMap;

use ndarray::Array2;
use proptest::prelude::*;

use super::*;

fn characters() -> Vec<String> {
    ["", "O", "0", "1", "l"].map(str::to_owned).to_vec()
}

/// A row for each step: blank, O, 0, 1, l.
fn lattice(rows: &[[f32; 5]]) -> Array2<f32> {
    Array2::from_shape_fn((rows.len(), 5), |(y, x)| rows[y][x])
}

const BLANK: [f32; 5] = [0.96, 0.01, 0.01, 0.01, 0.01];
/// Looks like a letter, might be a digit.
const ROUND: [f32; 5] = [0.02, 0.9, 0.06, 0.01, 0.01];
const STROKE: [f32; 5] = [0.02, 0.01, 0.01, 0.06, 0.9];

fn text(fitting: &Fitting) -> String {
    fitting.characters.iter().map(|c| c.text.as_str()).collect()
}

#[test]
fn digits_are_read_where_only_digits_may_stand() {
    let lattice = lattice(&[STROKE, BLANK, ROUND, BLANK, ROUND, BLANK]);
    let best = |allow, pattern| {
        Wanted::new(&characters(), allow, pattern).unwrap().best(lattice.view(), &characters(), 1.0).0
    };
    assert_eq!(text(&best(None, None).unwrap()), "lOO");
    let digits = best(Some("0-9"), None).unwrap();
    assert_eq!(text(&digits), "100");
    // The likeliest of the numbers, but letters are likelier there.
    assert!(digits.share > 0.2 && digits.likelihood < 0.1, "{digits:?}");
    assert!(best(None, None).unwrap().likelihood > 0.8);
    assert_eq!(text(&best(None, Some("[0-9]{3}")).unwrap()), "100");
    assert_eq!(text(&best(None, Some("[0-9]O[0-9]")).unwrap()), "1O0");
    // Two digits fit by leaving out the least likely.
    assert_eq!(best(None, Some(r"\d{2}")).unwrap().characters.len(), 2);
    assert_eq!(best(None, Some(r"\d{5,}")), None);
}

#[test]
fn places_and_other_readings_are_told() {
    let doubtful = [0.02, 0.5, 0.46, 0.01, 0.01];
    let lattice = lattice(&[BLANK, doubtful, BLANK, STROKE]);
    let wanted = Wanted::new(&characters(), None, None).unwrap();
    let best = wanted.best(lattice.view(), &characters(), 1.0).0.unwrap();
    assert_eq!(text(&best), "Ol");
    let places: Vec<f32> = best.characters.iter().map(|c| c.at).collect();
    assert_eq!(places, [1.5 / 4.0, 3.5 / 4.0]);
    assert_eq!(best.characters[0].alternatives[0].0, "0");
}

#[test]
fn a_letter_that_comes_twice_has_a_place_and_a_score_of_its_own() {
    let faint = [0.3, 0.01, 0.08, 0.01, 0.6];
    let lattice = lattice(&[BLANK, STROKE, BLANK, faint, STROKE, BLANK, ROUND, faint, BLANK]);
    for (allow, pattern) in [(None, None), (None, Some(".*")), (Some("lO"), None)] {
        let wanted = Wanted::new(&characters(), allow, pattern).unwrap();
        let best = wanted.best(lattice.view(), &characters(), 1.0).0.unwrap();
        assert_eq!(text(&best), "llOl");
        let steps: Vec<f32> = best.characters.iter().map(|c| c.at * 9.0).collect();
        for (found, wanted) in steps.iter().zip([1.5, 4.5, 6.5, 7.5]) {
            assert!((found - wanted).abs() < 1e-4, "{steps:?}");
        }
        let scores: Vec<f32> = best.characters.iter().map(|c| c.score).collect();
        assert!(scores[..3].iter().all(|score| *score > 0.85) && scores[3] < 0.7, "{scores:?}");
    }
}

#[test]
fn lists_of_characters_have_ranges() {
    assert_eq!(ranges("0-9A"), [('0', '9'), ('A', 'A')]);
    assert_eq!(ranges("a-"), [('a', 'a'), ('-', '-')]);
    assert_eq!(ranges("-z-a"), [('-', '-'), ('a', 'z')]);
    assert!(Wanted::new(&characters(), Some("xyz"), None).is_err());
    assert!(Wanted::new(&characters(), Some("0-9"), Some("[A-Z]+")).is_err());
    assert!(Wanted::new(&characters(), Some("O"), Some("[A-Z]+")).is_ok());
}

#[test]
fn rows_without_numbers_do_no_harm() {
    let lattice = lattice(&[[f32::NAN; 5], STROKE, [0.0; 5], [-3.0; 5], ROUND]);
    let wanted = Wanted::new(&characters(), None, None).unwrap();
    let (best, odd) = wanted.best(lattice.view(), &characters(), 1.0);
    assert_eq!((text(&best.unwrap()).as_str(), odd), ("lO", 1));
    let (empty, odd) = wanted.best(Array2::zeros((0, 5)).view(), &characters(), 1.0);
    assert_eq!((empty.unwrap().characters, odd), (vec![], 0));
}

/// The probability of every text, by going through every path.
fn counted(rows: &[[f32; 3]]) -> BTreeMap<String, f64> {
    let names = ["", "a", "b"];
    let mut texts: BTreeMap<(String, usize), f64> = [((String::new(), 0), 1.0)].into();
    for row in rows {
        let mut next = BTreeMap::new();
        for ((text, last), p) in &texts {
            for class in 0..3 {
                let longer =
                    if class != 0 && class != *last { text.clone() + names[class] } else { text.clone() };
                *next.entry((longer, class)).or_insert(0.0) += p * f64::from(row[class]);
            }
        }
        texts = next;
    }
    let mut all = BTreeMap::new();
    for ((text, _), p) in texts {
        *all.entry(text).or_insert(0.0) += p;
    }
    all
}

proptest! {
    #[test]
    fn the_likeliest_text_is_that_of_all_paths(
        rows in prop::collection::vec(prop::array::uniform3(0.05f32..1.0), 1..5),
    ) {
        let rows: Vec<[f32; 3]> = rows.into_iter().map(|row| row.map(|p| p / row.iter().sum::<f32>())).collect();
        let names = ["", "a", "b"].map(str::to_owned);
        let lattice = Array2::from_shape_fn((rows.len(), 3), |(y, x)| rows[y][x]);
        for (pattern, fits) in [
            (None, (|_: &str| true) as fn(&str) -> bool),
            (Some("a.*"), |text| text.starts_with('a')),
            (Some("b{0,2}"), |text| text.len() <= 2 && text.chars().all(|c| c == 'b')),
        ] {
            let wanted = Wanted::new(&names, None, pattern).unwrap();
            let (found, _) = wanted.best(lattice.view(), &names, 1.0);
            // What no path says cannot be read.
            let all: BTreeMap<String, f64> = counted(&rows).into_iter().filter(|(text, _)| fits(text)).collect();
            let best = all.values().copied().fold(0.0, f64::max);
            let Some(found) = found else { prop_assert!(all.is_empty()); continue };
            let own = all.get(&text(&found)).copied().unwrap_or(0.0);
            prop_assert!((own - best).abs() < 1e-6, "{:?} for {:?}", found, all);
            let likelihood = own.powf(1.0 / found.characters.len().max(1) as f64);
            prop_assert!((f64::from(found.likelihood) - likelihood).abs() < 1e-4, "{} {}", found.likelihood, likelihood);
            let places: Vec<f32> = found.characters.iter().map(|c| c.at).collect();
            prop_assert!(places.is_sorted_by(|a, b| a < b), "{:?}", places);
        }
    }
}
