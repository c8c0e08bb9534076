//! Which questions a block holds: `"1-40, 45"`.

/// A sheet with more would not be one that people fill in; it bounds what a hostile file costs.
pub const MOST: usize = 2_000;

/// The numbers in the order in which they are written, or what is wrong.
pub fn numbers(text: &str) -> Result<Vec<u32>, String> {
    let mut found = Vec::new();
    for part in text.split(',').map(str::trim) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |word: &str| {
            word.trim().parse::<u32>().map_err(|_| {
                format!(
                    "questions = {text:?}: {:?} is no number; write \"1-40\" or \"1-10, 15\"",
                    word.trim()
                )
            })
        };
        let (first, last) = (number(first)?, number(last)?);
        if last < first {
            return Err(format!(
                "questions = {text:?}: {first}-{last} runs backwards; write \"{last}-{first}\""
            ));
        }
        if (last - first) as usize >= MOST - found.len().min(MOST) {
            return Err(format!("questions = {text:?}: more than {MOST} questions on one sheet"));
        }
        found.extend(first..=last);
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_and_single_numbers() {
        assert_eq!(numbers("1-3, 7,9 - 10"), Ok(vec![1, 2, 3, 7, 9, 10]));
        assert_eq!(numbers("5"), Ok(vec![5]));
    }

    #[test]
    fn slips_are_named() {
        for (text, said) in [("1-x", "\"x\" is no number"), ("9-3", "write \"3-9\""), ("", "no number")] {
            let error = numbers(text).expect_err(text);
            assert!(error.contains(said), "{error}");
        }
        assert!(numbers("1-4000000000").is_err());
        assert!(numbers("1-1500, 1501-2500").is_err());
    }
}
