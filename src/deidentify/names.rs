//! Names and numbers of a person found where nobody expects them: in elements that the profile keeps.

use dicom_object::InMemDicomObject;

use crate::source::dicom::identifying;

/// Shorter words, and numbers of fewer digits, are met everywhere by chance.
const LEAST: usize = 4;
const LEAST_DIGITS: usize = 6;

/// What identifies the person of a data set, in small letters.
pub struct Names(Vec<String>);

impl Names {
    /// `None` where there are more than are searched for.
    pub fn of(attributes: &InMemDicomObject) -> Option<Self> {
        let (values, all) = identifying(attributes);
        let parts = values.iter().flat_map(|value| value.split(['^', '=']).chain([value.as_str()]));
        let mut names: Vec<String> =
            parts.map(|part| part.trim().to_lowercase()).filter(|p| tells(p)).collect();
        names.sort();
        names.dedup();
        all.then_some(Self(names))
    }

    /// Whether a text holds one of them as a word of its own.
    pub fn are_in(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        let edge = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        self.0.iter().any(|name| {
            text.match_indices(name.as_str()).any(|(at, _)| {
                edge(text[..at].chars().next_back()) && edge(text[at + name.len()..].chars().next())
            })
        })
    }
}

fn tells(part: &str) -> bool {
    let digits = part.chars().all(|c| c.is_ascii_digit() || c == '.');
    part.chars().count() >= if digits { LEAST_DIGITS } else { LEAST }
}
