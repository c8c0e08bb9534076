//! Magic numbers: which format the first bytes of a file are of.

/// SOI followed by another marker.
pub fn jpeg(head: &[u8]) -> bool {
    head.starts_with(&[0xFF, 0xD8, 0xFF])
}

/// The first four of the eight signature bytes: the rest exists to notice transfers that changed
/// line ends, which is damage to report, not another format.
pub fn png(head: &[u8]) -> bool {
    head.starts_with(b"\x89PNG")
}

pub fn gif(head: &[u8]) -> bool {
    head.starts_with(b"GIF87a") || head.starts_with(b"GIF89a")
}

pub fn webp(head: &[u8]) -> bool {
    head.starts_with(b"RIFF") && head.get(8..12) == Some(b"WEBP")
}

/// Two letters alone would match text, so the size of the information header must be a known one.
pub fn bmp(head: &[u8]) -> bool {
    let size = head.get(14..18).and_then(|b| b.try_into().ok()).map(u32::from_le_bytes);
    head.starts_with(b"BM") && matches!(size, Some(12 | 16 | 40 | 52 | 56 | 64 | 108 | 124))
}

/// The header of a first entry; an empty archive holds no pictures.
pub fn zip(head: &[u8]) -> bool {
    head.starts_with(b"PK\x03\x04")
}

/// Classic TIFF (42) and BigTIFF (43) in either byte order.
pub fn tiff(head: &[u8]) -> bool {
    [b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"].iter().any(|magic| head.starts_with(*magic))
}

pub fn avif(head: &[u8]) -> bool {
    brands(head).any(|brand| matches!(brand, b"avif" | b"avis"))
}

/// Brands of ISO/IEC 23008-12 annex B; asked after [`avif`], which shares `mif1` and `msf1`.
pub fn heif(head: &[u8]) -> bool {
    brands(head).any(|brand| {
        matches!(
            brand,
            b"heic" | b"heix" | b"heim" | b"heis" | b"hevc" | b"hevx" | b"hevm" | b"hevs" | b"mif1" | b"msf1"
        )
    })
}

/// Major and compatible brands of the `ftyp` box, as far as `head` reaches.
fn brands(head: &[u8]) -> impl Iterator<Item = &[u8; 4]> {
    let size = head.first_chunk().map_or(0, |b| u32::from_be_bytes(*b) as usize).min(head.len()).min(64);
    let is_ftyp = head.get(4..8) == Some(b"ftyp") && size >= 16;
    let ftyp = if is_ftyp { head.get(8..size).unwrap_or(&[]) } else { &[] };
    // The second word is the minor version, not a brand.
    ftyp.chunks_exact(4).enumerate().filter(|(i, _)| *i != 1).filter_map(|(_, b)| b.try_into().ok())
}
