//! The order of names as people count: numbers in them by value.

use std::path::Path;

/// A key whose order puts `a2` before `a10`, folder by folder.
pub fn natural(path: &Path) -> Vec<Vec<(u128, String)>> {
    path.components().map(|part| runs(&part.as_os_str().to_string_lossy())).collect()
}

/// Runs of digits with their value, and of other characters with none.
fn runs(name: &str) -> Vec<(u128, String)> {
    let characters: Vec<char> = name.chars().collect();
    let runs = characters.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit());
    let run = |run: &[char]| {
        let text: String = run.iter().collect();
        (if run[0].is_ascii_digit() { text.parse().unwrap_or(u128::MAX) } else { 0 }, text)
    };
    runs.map(run).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_in_names_count_by_value() {
        let mut names = ["f10.png", "f9.png", "a/f2.png", "f09.png", "f.png", "f1.png", "a/f10.png"];
        names.sort_by_cached_key(|name| natural(Path::new(name)));
        assert_eq!(names, ["a/f2.png", "a/f10.png", "f1.png", "f09.png", "f9.png", "f10.png", "f.png"]);
    }
}
