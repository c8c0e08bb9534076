//! How likely it is that a whole line was read without a mistake.

use crate::observation::TextLine;

/// 0 to 1; 0 for a line without characters.
pub fn of(line: &TextLine) -> f32 {
    if line.characters.is_empty() {
        return 0.0;
    }
    line.characters.iter().map(|character| character.score).product()
}
