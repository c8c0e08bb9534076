//! Streams that unpack to more than a page can need, found without keeping what they unpack to.

use std::io::Read;

use flate2::read::ZlibDecoder;
use hayro::hayro_syntax::object::Object;
use hayro::hayro_syntax::{Filter, Pdf};

use crate::Result;
use crate::source::Input;

/// DEFLATE packs at most this many bytes into one (zlib's technical notes).
const DENSEST: u64 = 1_032;

/// # Errors
/// `TooLarge` for a stream that unpacks to more than four bytes for each pixel that is allowed.
pub fn check(input: &Input, pdf: &Pdf) -> Result<()> {
    let limit = input.limits.max_pixels.saturating_mul(4);
    for object in pdf.objects() {
        let Object::Stream(stream) = object else { continue };
        let filters = stream.filters();
        let packed = filters.iter().take_while(|f| matches!(f, Filter::FlateDecode)).count() as u32;
        let raw = stream.raw_data();
        let densest = DENSEST.saturating_pow(packed).saturating_mul(raw.len() as u64);
        if packed == 0 || densest <= limit {
            continue;
        }
        if unpacked(&raw, packed, limit) > limit {
            return Err(input.too_large(format_args!(
                "one of its streams unpacks to more than {limit} bytes; raise --max-pixels to read it"
            )));
        }
    }
    Ok(())
}

/// Counts up to a little more than `limit`; a damaged stream counts up to its damage.
fn unpacked(raw: &[u8], times: u32, limit: u64) -> u64 {
    let mut reader: Box<dyn Read + '_> = Box::new(raw);
    for _ in 0..times.min(8) {
        reader = Box::new(ZlibDecoder::new(reader));
    }
    let mut block = vec![0; 64 << 10];
    let mut count = 0;
    while count <= limit {
        match reader.read(&mut block) {
            Ok(0) | Err(_) => break,
            Ok(read) => count += read as u64,
        }
    }
    count
}
