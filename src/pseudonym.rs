//! Names that lead back to a person only with a key: HMAC-SHA256 of what they stand for.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;

use crate::digest::hex;

/// The key of a run's pseudonyms. It is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pseudonyms([u8; 32]);

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms")
    }
}

impl Pseudonyms {
    pub fn new(key: [u8; 32]) -> Self {
        Self(key)
    }

    /// Tells this key from others and says nothing else of it.
    pub fn check(&self) -> String {
        self.of("key", "")
    }

    /// The pseudonym of `value` as a `kind` (`study`, `file`, …): 16 hex digits. Equal values of different kinds
    /// have different ones.
    pub fn of(&self, kind: &str, value: &str) -> String {
        self.of_bytes(kind, value.as_bytes())
    }

    pub fn of_bytes(&self, kind: &str, value: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return String::new() };
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value);
        hex(&mac.finalize().into_bytes()[..8])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_to_another_hmac() {
        // python3 -c "import hmac;print(hmac.new(bytes(32),b'study\0001.2.3','sha256').hexdigest()[:16])"
        assert_eq!(Pseudonyms::new([0; 32]).of("study", "1.2.3"), "6ab3edadfecbd1c8");
        assert_ne!(
            Pseudonyms::new([0; 32]).of("series", "1.2.3"),
            Pseudonyms::new([0; 32]).of("study", "1.2.3")
        );
        assert_eq!(format!("{:?}", Pseudonyms::new([7; 32])), "Pseudonyms");
    }
}
