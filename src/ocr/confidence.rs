//! How likely it is that a whole line was read without a mistake.

use super::ctc::Character;

/// 0 to 1; 0 for a line without characters.
pub fn of_line(characters: &[Character]) -> f32 {
    if characters.is_empty() {
        return 0.0;
    }
    characters.iter().map(|character| character.score).product()
}
