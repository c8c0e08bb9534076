//! SHA-256 and its hexadecimal form, in one place: digests of inputs, models and observations.

use sha2::{Digest, Sha256};

/// 32 bytes of SHA-256.
pub type Key = [u8; 32];

pub fn sha256(bytes: &[u8]) -> Key {
    Sha256::digest(bytes).into()
}

pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The 32 bytes of 64 hex digits.
pub fn unhex(text: &str) -> Option<Key> {
    let text = text.as_bytes();
    let mut key = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in key.iter_mut().zip(text.chunks_exact(2)) {
        let digit = |c: u8| (c as char).to_digit(16);
        *byte = (digit(pair[0])? << 4 | digit(pair[1])?) as u8;
    }
    Some(key)
}

/// Of everything that a reader gives.
///
/// # Errors
/// The reader's own.
pub fn sha256_of(reader: &mut impl std::io::Read) -> std::io::Result<Key> {
    let mut hash = Sha256::new();
    let mut block = vec![0; 1 << 20];
    loop {
        match reader.read(&mut block) {
            Ok(0) => return Ok(hash.finalize().into()),
            Ok(read) => hash.update(&block[..read]),
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
}
