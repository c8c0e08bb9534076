//! Small data sets written by hand: explicit, little-endian.

/// An element: group, number, representation, value.
pub fn element(tag: [u16; 2], vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::new();
    tag.iter().for_each(|half| bytes.extend(half.to_le_bytes()));
    bytes.extend(vr);
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(if vr == b"UI" || vr == b"OB" { 0 } else { b' ' });
    }
    if matches!(vr, b"OB" | b"OW" | b"SQ" | b"UN" | b"UT") {
        bytes.extend([0, 0]);
        bytes.extend((value.len() as u32).to_le_bytes());
    } else {
        bytes.extend((value.len() as u16).to_le_bytes());
    }
    bytes.extend(value);
    bytes
}

pub fn short(tag: [u16; 2], value: u16) -> Vec<u8> {
    element(tag, b"US", &value.to_le_bytes())
}

/// Preamble and file meta information.
pub fn head(syntax: &str) -> Vec<u8> {
    let mut bytes = vec![0; 128];
    bytes.extend(b"DICM");
    bytes.extend(element([2, 2], b"UI", b"1.2.840.10008.5.1.4.1.1.7"));
    bytes.extend(element([2, 0x10], b"UI", syntax.as_bytes()));
    bytes
}

/// Attributes of a grey picture of 8 bits, without its pixels.
pub fn grey(sop: &str, rows: u16, columns: u16) -> Vec<u8> {
    [
        element([8, 0x16], b"UI", b"1.2.840.10008.5.1.4.1.1.7"),
        element([8, 0x18], b"UI", sop.as_bytes()),
        element([0x10, 0x10], b"PN", b"Doe^Jane"),
        short([0x28, 2], 1),
        element([0x28, 4], b"CS", b"MONOCHROME2"),
        short([0x28, 0x10], rows),
        short([0x28, 0x11], columns),
        short([0x28, 0x100], 8),
        short([0x28, 0x101], 8),
        short([0x28, 0x102], 7),
        short([0x28, 0x103], 0),
    ]
    .concat()
}

/// A whole file of 4x4 pixels.
pub fn file(sop: &str) -> Vec<u8> {
    let pixels: Vec<u8> = (0..16).map(|n| n * 16).collect();
    [head("1.2.840.10008.1.2.1"), grey(sop, 4, 4), element([0x7FE0, 0x10], b"OB", &pixels)].concat()
}
