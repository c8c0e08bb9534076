//! From points of questions to a total and a grade.

use super::key::{Key, Question, Rounding, Section, Way};

/// Binary fractions miss decimals by their last bits: 0.1 three times is not 0.3. Bounds and halves hold within this.
const ROOM: f64 = 1e-9;

/// The total where `points` says what each question gives: sections with their best, bounds and weights, then the
/// rest, then the least total and rounding.
pub fn total(key: &Key, points: &dyn Fn(&Question) -> f64) -> f64 {
    let sections: f64 = key.sections.iter().map(|own| section(key, own, points) * own.weight).sum();
    let alone = |question: &&Question| !key.sections.iter().any(|own| own.questions.contains(&question.name));
    let rest: f64 = key.questions.iter().filter(alone).map(points).sum();
    let sum = key.least.map_or(sections + rest, |least| (sections + rest).max(least));
    key.round.map_or(sum, |rounding| rounded(sum, rounding))
}

/// Points of a section before its weight.
pub fn section(key: &Key, own: &Section, points: &dyn Fn(&Question) -> f64) -> f64 {
    let mut each: Vec<f64> = own.questions.iter().filter_map(|name| key.question(name)).map(points).collect();
    if let Some(best) = own.best {
        each.sort_by(|a, b| b.total_cmp(a));
        each.truncate(best);
    }
    let sum: f64 = each.iter().sum();
    let sum = own.least.map_or(sum, |least| sum.max(least));
    own.most.map_or(sum, |most| sum.min(most))
}

pub fn rounded(value: f64, rounding: Rounding) -> f64 {
    let steps = value / rounding.to;
    let near = steps.round();
    let half = ((steps - steps.trunc()).abs() - 0.5).abs() < ROOM;
    let whole = match rounding.way {
        _ if (steps - near).abs() < ROOM => near,
        Way::HalfUp if half => steps.trunc() + steps.signum(),
        Way::HalfEven if half => (steps / 2.0).round() * 2.0,
        Way::HalfUp | Way::HalfEven => near,
        Way::Up => steps.ceil(),
        Way::Down => steps.floor(),
    };
    whole * rounding.to
}

/// The grade of a total; `None` below all bands, or without any.
pub fn grade(key: &Key, points: f64, most: f64) -> Option<&str> {
    let percent = if most > 0.0 { points / most * 100.0 } else { 0.0 };
    let reached = |band: &&super::key::Band| match (band.percent, band.points) {
        (Some(bound), _) => percent >= bound - ROOM,
        (None, Some(bound)) => points >= bound - ROOM,
        (None, None) => false,
    };
    key.bands.iter().find(reached).map(|band| band.grade.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sheet::score::key::Band;

    fn key(points: &[f64]) -> Key {
        let named = |(number, points): (usize, &f64)| Question::new(&format!("q{}", number + 1), *points);
        Key { questions: points.iter().enumerate().map(named).collect(), ..Key::default() }
    }

    #[test]
    fn sections_with_best_bounds_and_weights() {
        let mut key = key(&[3.0, -1.0, 2.0, 5.0, -4.0]);
        let section = |name: &str, questions: &[&str], weight: f64, best| Section {
            name: name.into(),
            questions: questions.iter().map(|q| (*q).into()).collect(),
            weight,
            best,
            least: Some(0.0),
            most: Some(4.5),
        };
        // The best two of 3, -1, 2 are 5, cut to 4.5, twice; -4 is cut to 0; q4 is alone.
        key.sections =
            vec![section("I", &["q1", "q2", "q3"], 2.0, Some(2)), section("II", &["q5"], 1.0, None)];
        assert_eq!(total(&key, &|question| question.points), 9.0 + 0.0 + 5.0);
        key.least = Some(20.0);
        assert_eq!(total(&key, &|question| question.points), 20.0);
    }

    #[test]
    fn rounding_as_people_do_it() {
        let cases = [
            (2.25, 0.5, Way::HalfUp, 2.5),
            (2.25, 0.5, Way::HalfEven, 2.0),
            (2.75, 0.5, Way::HalfEven, 3.0),
            (0.1 + 0.2, 0.1, Way::Up, 0.3),
            (2.5, 1.0, Way::HalfUp, 3.0),
            (-2.5, 1.0, Way::HalfUp, -3.0),
            (3.5, 1.0, Way::HalfEven, 4.0),
            (2.1, 1.0, Way::Up, 3.0),
            (2.9, 1.0, Way::Down, 2.0),
            (1.15, 0.1, Way::HalfUp, 1.2),
        ];
        for (value, to, way, wanted) in cases {
            let found = rounded(value, Rounding { to, way });
            assert!((found - wanted).abs() < 1e-12, "{value} {way:?}: {found}");
        }
    }

    #[test]
    fn a_grade_is_reached_at_its_bound() {
        let band =
            |grade: &str, percent: f64| Band { grade: grade.into(), percent: Some(percent), points: None };
        let key = Key { bands: vec![band("A", 90.0), band("B", 80.0)], ..Key::default() };
        // 0.1 + 0.7 of 1 is 80 % for people, and 0.7999999999999999 for the machine.
        assert_eq!(
            (grade(&key, 0.1 + 0.7, 1.0), grade(&key, 0.79, 1.0), grade(&key, 9.0, 10.0)),
            (Some("B"), None, Some("A"))
        );
    }
}
