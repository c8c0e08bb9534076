//! Arrays as NumPy's .npy files, version 1.0 (numpy.lib.format).

/// Little-endian f32 of `size` = [width, height], in rows from the top: an array of shape (height, width).
pub fn encode([width, height]: [usize; 2], values: &[f32]) -> Vec<u8> {
    let words = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({height}, {width}), }}");
    // Magic, version and length are 10 bytes; the head ends with a newline at a multiple of 64.
    let length = (10 + words.len() + 1).next_multiple_of(64) - 10;
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((length as u16).to_le_bytes());
    bytes.extend(format!("{words:<0$}\n", length - 1).into_bytes());
    bytes.extend(values.iter().flat_map(|value| value.to_le_bytes()));
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_as_numpy_writes_it() {
        // numpy.save of np.zeros((2, 3), '<f4'), NumPy 2.4.
        let bytes = encode([3, 2], &[0.0; 6]);
        assert_eq!(bytes.len(), 128 + 24);
        assert_eq!(&bytes[..10], b"\x93NUMPY\x01\x00\x76\x00");
        assert!(bytes[10..].starts_with(b"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }  "));
        assert_eq!(bytes[127], b'\n');
    }
}
