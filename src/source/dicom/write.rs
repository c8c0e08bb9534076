//! A DICOM file up to its data set: preamble, prefix, file meta information (PS3.10, section 7.1).

/// (0002,0012): which program wrote a file. A UUID made once.
const IMPLEMENTATION: &str = "2.25.167913296051339969340260767120587495014";

/// Of an instance, its class and its transfer syntax, all of them UIDs.
pub fn file_head(class: &str, instance: &str, syntax: &str) -> Vec<u8> {
    let version = concat!("VISION_", env!("CARGO_PKG_VERSION"));
    let rows: [(u16, &[u8; 2], &[u8]); 6] = [
        (1, b"OB", &[0, 1]),
        (2, b"UI", class.as_bytes()),
        (3, b"UI", instance.as_bytes()),
        (0x10, b"UI", syntax.as_bytes()),
        (0x12, b"UI", IMPLEMENTATION.as_bytes()),
        (0x13, b"SH", version.as_bytes()),
    ];
    let group: Vec<u8> = rows.iter().flat_map(|(number, vr, value)| meta(*number, vr, value)).collect();
    let length = meta(0, b"UL", &(group.len() as u32).to_le_bytes());
    [&[0; 128][..], b"DICM", &length, &group].concat()
}

/// An element of the file meta information, which is explicit and little-endian.
fn meta(number: u16, vr: &[u8; 2], value: &[u8]) -> Vec<u8> {
    let mut value = value.to_vec();
    if value.len() % 2 == 1 {
        value.push(if vr == b"SH" { b' ' } else { 0 });
    }
    let mut bytes = [&[2, 0][..], &number.to_le_bytes(), vr].concat();
    if vr == b"OB" {
        bytes.extend([0, 0]);
        bytes.extend((value.len() as u32).to_le_bytes());
    } else {
        bytes.extend((value.len() as u16).to_le_bytes());
    }
    bytes.extend(value);
    bytes
}
