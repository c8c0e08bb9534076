//! How likely it is that what was read is a student's id.

use crate::sheet::score::Places;
use crate::sheet::score::Scan;

/// One place where an id stands: bubbles, digits by hand, a code.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    pub field: String,
    /// As read, the likeliest.
    pub value: String,
    /// Probability of the whole value.
    pub confidence: f32,
    pub places: Option<Places>,
}

/// A person marks or writes another digit than their own about once in a thousand: no reading is surer than that.
const FLOOR: f64 = 1e-3;

/// The share of pages by people who are not on the list.
const STRANGERS: f64 = 0.01;

/// Digits and what else ids are written with; a reading says nothing where each is as likely.
const SYMBOLS: f64 = 10.0;

/// Where a page says whose it is. Fields that are empty say nothing.
pub fn sources(scan: &Scan, identity: &[String]) -> Vec<Source> {
    let of = |field: &String| {
        let response = scan.response(field);
        let places = scan.places.get(field).filter(|places| !places.is_empty()).cloned();
        let read = response.map(|r| r.values.concat()).filter(|value| !value.is_empty());
        let value = read.or_else(|| places.as_ref().map(likeliest)).filter(|value| !value.is_empty())?;
        let confidence = response.map_or(1.0, |r| r.confidence);
        Some(Source { field: field.clone(), value, confidence, places })
    };
    identity.iter().filter_map(of).collect()
}

fn likeliest(places: &Places) -> String {
    let best = |place: &Vec<(String, f32)>| {
        place.iter().max_by(|a, b| a.1.total_cmp(&b.1)).map(|(text, _)| text.clone())
    };
    places.iter().filter_map(best).collect()
}

impl Source {
    /// log P(read | the id is this).
    pub fn of(&self, id: &str) -> f64 {
        let symbols: Vec<String> = id.chars().map(String::from).collect();
        if let Some(places) = self.places.as_ref().filter(|places| places.len() == symbols.len()) {
            return places.iter().zip(&symbols).map(|(place, symbol)| of_place(place, symbol).ln()).sum();
        }
        let read: Vec<String> = self.value.chars().map(String::from).collect();
        let confidence = f64::from(self.confidence).clamp(FLOOR, 1.0);
        if read.len() != symbols.len() {
            return FLOOR.ln() * distance(&read, &symbols) as f64;
        }
        // The confidence of all places is the product of theirs.
        let each = confidence.powf(1.0 / read.len().max(1) as f64).min(1.0 - FLOOR);
        let other = ((1.0 - each) / (SYMBOLS - 1.0)).max(FLOOR);
        read.iter().zip(&symbols).map(|(a, b)| if a == b { each.ln() } else { other.ln() }).sum()
    }

    fn length(&self) -> usize {
        self.places.as_ref().map_or_else(|| self.value.chars().count(), Vec::len)
    }
}

/// What is left open is any digit as likely as another.
fn of_place(place: &[(String, f32)], symbol: &str) -> f64 {
    let of = |wanted: &str| place.iter().find(|(text, _)| text == wanted).map_or(0.0, |(_, p)| f64::from(*p));
    (of(symbol) + of("") / SYMBOLS).clamp(FLOOR, 1.0)
}

/// log P(read | it is nobody's on the list): any number, and few such pages.
pub fn stranger(sources: &[Source]) -> f64 {
    let longest = sources.iter().map(Source::length).max().unwrap_or(0);
    // A stranger's sources agree with each other: the number is unknown once.
    let spread = longest as f64 * (1.0 / SYMBOLS).ln();
    let disagree = sources.iter().skip(1).filter(|source| source.value != sources[0].value).count() as f64;
    spread + STRANGERS.ln() + disagree * FLOOR.ln()
}

/// Levenshtein's: symbols to put in, leave out or exchange.
fn distance(a: &[String], b: &[String]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, left) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, right) in b.iter().enumerate() {
            let exchanged = diagonal + usize::from(left != right);
            diagonal = row[j + 1];
            row[j + 1] = exchanged.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(a: f64, b: f64) {
        assert!((a - b).abs() < 1e-6, "{a} {b}");
    }

    #[test]
    fn likelihoods_by_hand() {
        let place =
            |list: &[(&str, f32)]| list.iter().map(|(text, p)| ((*text).to_owned(), *p)).collect::<Vec<_>>();
        let places = vec![place(&[("1", 0.9), ("7", 0.1)]), place(&[("", 1.0)]), place(&[("3", 1.0)])];
        let source = Source { field: "id".into(), value: "13".into(), confidence: 0.9, places: Some(places) };
        near(source.of("123"), (0.9f64 * 0.1).ln());
        near(source.of("773"), (0.1f64 * 0.1).ln());
        near(source.of("129"), (0.9f64 * 0.1 * FLOOR).ln());
        let plain = Source { places: None, value: "123".into(), confidence: 0.729, ..source };
        // 0.9 a place; a wrong one is one of nine others.
        near(plain.of("123"), 0.729f64.ln());
        near(plain.of("124"), (0.81 * (0.1 / 9.0f64)).ln());
        near(plain.of("1234"), FLOOR.ln());
        near(stranger(&[plain]), (1e-3f64 * 0.01).ln());
    }
}
