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
        hex(&self.mac(kind, value)[..8])
    }

    /// The UID that stands for another one: a UUID (RFC 9562, version 8) as a number below 2.25 (PS3.5, annex B.2).
    pub fn uid(&self, uid: &str) -> String {
        let mut uuid = [0; 16];
        uuid.copy_from_slice(&self.mac("uid", uid.as_bytes())[..16]);
        uuid[6] = uuid[6] & 0x0F | 0x80;
        uuid[8] = uuid[8] & 0x3F | 0x80;
        format!("2.25.{}", u128::from_be_bytes(uuid))
    }

    fn mac(&self, kind: &str, value: &[u8]) -> [u8; 32] {
        // HMAC takes keys of any length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.0) else { return [0; 32] };
        mac.update(kind.as_bytes());
        mac.update(&[0]);
        mac.update(value);
        mac.finalize().into_bytes().into()
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
        // python3 -c "import hmac,uuid;h=bytearray(hmac.new(bytes(32),b'uid\0001.2.3','sha256').digest()[:16]);
        // h[6]=h[6]&15|128;h[8]=h[8]&63|128;print('2.25.%d'%uuid.UUID(bytes=bytes(h)).int)"
        assert_eq!(Pseudonyms::new([0; 32]).uid("1.2.3"), "2.25.234032717547690699644168155734605930849");
    }
}
