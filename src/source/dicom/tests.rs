//! What windows and tables mean by hand-made sums, and files with bytes turned over.

use std::sync::Arc;

use super::description::{Description, Photometric};
use super::meaning::{Curve, Meaning, Modality, Voi};
use super::samples::Samples;
use crate::source::{Limits, open};

fn described(stored: u32, signed: bool) -> Description {
    Description {
        rows: 1,
        columns: 5,
        samples: 1,
        allocated: 16,
        stored,
        high_bit: stored - 1,
        signed,
        planar: false,
        photometric: Photometric::Monochrome2,
        frames: 1,
    }
}

fn meaning(voi: Voi) -> Meaning {
    let modality = Modality::Linear { slope: 2.0, intercept: -10.0 };
    Meaning { modality, voi, inverted: false, padding: None, spacing: None }
}

fn shown(meaning: &Meaning, values: [i32; 5]) -> Vec<f32> {
    meaning.display_values(&Samples::of(values.to_vec(), 16, true), &described(16, true))
}

#[test]
fn windows_are_those_of_the_standard() {
    let window = |curve| meaning(Voi::Window { centre: 10.0, width: 20.0, curve });
    // Modality units -10, 0, 10, 19, 30. PS3.3 C.11.2.1.2.1: (x - 9.5) / 19 + 0.5 within (0, 19].
    let linear = shown(&window(Curve::Linear), [0, 5, 10, 14, 20]);
    let expected = [0.0, 0.0, 0.5 / 19.0 + 0.5, 0.0, 1.0];
    assert!(
        linear.iter().zip(expected).enumerate().all(|(n, (a, b))| n == 3 || (a - b as f32).abs() < 1e-6),
        "{linear:?}"
    );
    // 18: (18 - 9.5) / 19 + 0.5.
    assert!((linear[3] - (8.5 / 19.0 + 0.5) as f32).abs() < 1e-6);
    assert_eq!(shown(&window(Curve::LinearExact), [0, 5, 10, 15, 20]), [0.0, 0.0, 0.5, 1.0, 1.0]);
    let sigmoid = shown(&window(Curve::Sigmoid), [10, 10, 15, 15, 10]);
    // exp(-4 * 10 / 20) = 0.1353353
    assert!((sigmoid[0] - 0.5).abs() < 1e-6 && (sigmoid[2] - 1.0 / 1.135_335_3).abs() < 1e-6, "{sigmoid:?}");
}

#[test]
fn padding_is_black_and_outside_the_range_also_when_inverted() {
    let own = Meaning { padding: Some([-2000, -1000]), inverted: true, ..meaning(Voi::Whole) };
    // Without padding the range is 5 to 15.
    assert_eq!(shown(&own, [-2000, -1500, 5, 10, 15]), [0.0, 0.0, 1.0, 0.5, 0.0]);
    let values = own.modality_values(&Samples::of(vec![-2000, 5, 10, 15, -1000], 16, true));
    assert_eq!(values, [0.0, 0.0, 10.0, 20.0, 0.0]);
}

#[test]
fn signs_are_of_the_bits_stored() {
    let values =
        |bits, signed| Samples::of(vec![0x0FFF, 0xF001, 0x0800], bits, signed).iter().collect::<Vec<_>>();
    assert_eq!(values(12, true), [-1, 1, -2048]);
    assert_eq!(values(12, false), [4095, 1, 2048]);
    assert_eq!(Samples::of(vec![-1], 32, false).get(0), Some(u32::MAX.into()));
}

/// A small file of a syntax.
fn file(syntax: &str, pixels: &[u8]) -> Vec<u8> {
    let element = |tag: [u8; 4], vr: &[u8; 2], value: &[u8]| {
        let length = (value.len() as u16).to_le_bytes();
        [&tag[..], vr, &length, value].concat()
    };
    let short = |low: u8, value: u16| element([0x28, 0, low, u8::from(low < 1)], b"US", &value.to_le_bytes());
    let mut bytes = [&[0; 128][..], b"DICM"].concat();
    bytes.extend(element([2, 0, 0x10, 0], b"UI", syntax.as_bytes()));
    bytes.extend(short(2, 1));
    bytes.extend(element([0x28, 0, 4, 0], b"CS", b"MONOCHROME2 "));
    for (low, value) in [(0x10, 4), (0x11, 4)] {
        bytes.extend(short(low, value));
    }
    for (low, value) in [(0u8, 8u16), (1, 8), (2, 7), (3, 0)] {
        bytes.extend(element([0x28, 0, low, 1], b"US", &value.to_le_bytes()));
    }
    bytes.extend(pixels);
    bytes
}

/// Found by fuzzing: the reader of attributes left the rest of such a number where it was, took it for an element and its
/// length, 2.9 GB, for what it had to reserve.
#[test]
fn half_a_number_is_refused_before_anything_is_reserved() {
    let half = [0x28, 0, 0x30, 0, b'F', b'D', 2, 0, 0xFE, 0xFF];
    let pixels = [&[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 16, 0, 0, 0][..], &[7; 16]].concat();
    let whole = file("1.2.840.10008.1.2.1\0", &[&half[..], &pixels].concat());
    let failed = open("half", Arc::from(&whole[..]), &Limits::default()).err().expect("refused");
    assert!(failed.to_string().contains("(0028,0030)") && failed.to_string().contains("2 bytes"), "{failed}");
    // Of an implicit data set the dictionary says what it is.
    let mut implicit =
        [&[0; 128][..], b"DICM", &[2, 0, 0x10, 0, b'U', b'I', 18, 0], b"1.2.840.10008.1.2\0"].concat();
    implicit.extend([8, 0, 0x16, 0, 2, 0, 0, 0, b'1', 0, 0x28, 0, 0x10, 0, 3, 0, 0, 0, 4, 0, 0]);
    let failed = open("half", Arc::from(&implicit[..]), &Limits::default()).err().expect("refused");
    assert!(failed.to_string().contains("(0028,0010)"), "{failed}");
}

#[test]
fn turned_bytes_panic_nowhere_and_stay_within_limits() {
    let native = [&[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 16, 0, 0, 0][..], &[7; 16]].concat();
    let mut rle = vec![1, 0, 0, 0, 64, 0, 0, 0];
    rle.resize(64, 0);
    rle.extend([15, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 0]);
    let fragment = [&[0xFE, 0xFF, 0, 0xE0, rle.len() as u8, 0, 0, 0][..], &rle].concat();
    let packed = [
        &[0xE0, 0x7F, 0x10, 0, b'O', b'B', 0, 0, 0xFF, 0xFF, 0xFF, 0xFF, 0xFE, 0xFF, 0, 0xE0, 0, 0, 0, 0][..],
        &fragment,
        &[0xFE, 0xFF, 0xDD, 0xE0, 0, 0, 0, 0],
    ]
    .concat();
    let limits = Limits { max_pixels: 10_000, max_bytes: 1 << 16, max_parts: 5, ..Limits::default() };
    let frames = |bytes: &[u8]| -> usize {
        let Ok(mut frames) = open("turned", Arc::from(bytes), &limits) else { return 0 };
        std::iter::from_fn(|| frames.next_frame()).take(10).filter(Result::is_ok).count()
    };
    for whole in [file("1.2.840.10008.1.2.1\0", &native), file("1.2.840.10008.1.2.5\0", &packed)] {
        assert_eq!(frames(&whole), 1);
        for at in 132..whole.len() {
            for value in [0, 1, 0x7F, 0x80, 0xFF, whole[at] ^ 0x20] {
                let mut turned = whole.clone();
                turned[at] = value;
                assert!(frames(&turned) <= 5);
            }
            assert_eq!(frames(&whole[..at]), 0, "cut at {at}");
        }
    }
}
