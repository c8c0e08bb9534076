//! OMRChecker's short way of writing many labels: `q1..10`.

/// More labels than any sheet has.
const MOST: u32 = 10_000;

/// The labels that a text stands for: itself, or with `..` between numbers all from the first to the last.
///
/// # Errors
/// What is wrong with it, in words.
pub fn expanded(text: &str) -> Result<Vec<String>, String> {
    let Some((start, last)) = text.split_once("..") else { return Ok(vec![text.to_owned()]) };
    let prefix = start.trim_end_matches(|c: char| c.is_ascii_digit());
    let number = |digits: &str| digits.parse::<u32>().ok().filter(|n| *n <= MOST);
    // One dot more is allowed: `q1...10`.
    let range = number(&start[prefix.len()..]).zip(number(last.trim_start_matches('.')));
    match range.filter(|(first, last)| first < last && last - first < MOST && !prefix.is_empty()) {
        Some((first, last)) => Ok((first..=last).map(|n| format!("{prefix}{n}")).collect()),
        None => Err(format!("label {text:?}: expected a name and a range of numbers, for example q1..10")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_out() {
        assert_eq!(expanded("q9..11").unwrap(), ["q9", "q10", "q11"]);
        assert_eq!(expanded("roll").unwrap(), ["roll"]);
        assert_eq!(expanded("q5_1").unwrap(), ["q5_1"]);
        for bad in ["q10..1", "q..3", "1..3", "q1..x", "q1..99999999"] {
            assert!(expanded(bad).is_err(), "{bad}");
        }
    }
}
