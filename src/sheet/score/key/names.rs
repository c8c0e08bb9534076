//! Lists of names written shortly: `q1..20`.

/// At most so many names of one range.
const MOST: u32 = 10_000;

/// `q1..3` is q1, q2 and q3 (OMRChecker's notation); any other text is itself.
///
/// # Errors
/// What is wrong with a range.
pub fn expand(text: &str) -> Result<Vec<String>, String> {
    let Some((start, end)) = text.split_once("..") else { return Ok(vec![text.to_owned()]) };
    let digits = start.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (prefix, first) = start.split_at(digits);
    let end = end.trim_start_matches('.').strip_prefix(prefix).unwrap_or(end.trim_start_matches('.'));
    let (Ok(from), Ok(to)) = (first.parse::<u32>(), end.parse::<u32>()) else {
        return Err(format!("{text:?}: expected a range such as q1..20"));
    };
    if from > to || to - from >= MOST {
        return Err(format!("{text:?}: expected a range that goes up, of at most {MOST} names"));
    }
    Ok((from..=to).map(|n| format!("{prefix}{n}")).collect())
}

/// All names of a list of such texts.
pub fn all(texts: &[String]) -> Result<Vec<String>, String> {
    let lists = texts.iter().map(|text| expand(text)).collect::<Result<Vec<_>, _>>()?;
    Ok(lists.concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_written_out() {
        assert_eq!(expand("q9..11").unwrap(), ["q9", "q10", "q11"]);
        assert_eq!(expand("q1...q2").unwrap(), ["q1", "q2"]);
        assert_eq!(expand("Roll").unwrap(), ["Roll"]);
        for wrong in ["q3..1", "q..4", "q1..x", "q0..4000000000"] {
            assert!(expand(wrong).is_err(), "{wrong}");
        }
    }
}
