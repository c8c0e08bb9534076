//! Cut-off files of every format but JPEG, strict and lenient.

use super::{decode, decode_with, golden_file, golden_folder, lenient, only};
use crate::Kind;
use crate::source::Limits;

fn kinds(bytes: &[u8], limits: &Limits) -> Vec<Option<Kind>> {
    decode_with(bytes, limits).into_iter().map(|r| r.err().map(|e| e.kind)).collect()
}

#[test]
fn half_a_file_is_truncated() {
    for file in [
        "rgb-lzw.tif",
        "rgba.tif",
        "cmyk.tif",
        "still.bmp",
        "palette.bmp",
        "still.gif",
        "still-lossless.webp",
        "animated-lossless.webp",
        "animated.png",
    ] {
        let bytes = golden_file(file);
        let found = kinds(&bytes[..bytes.len() / 2], &Limits::default());
        assert_eq!(found.last(), Some(&Some(Kind::Truncated)), "{file}: {found:?}");
    }
}

/// A 64 x 64 grey gradient as PNG, plain or interlaced.
fn gradient(interlaced: bool) -> Vec<u8> {
    let name = if interlaced { "gradient-interlaced.png" } else { "gradient.png" };
    golden_file(name)
}

#[test]
fn lenient_png_keeps_the_rows_before_the_damage() {
    let bytes = gradient(false);
    let cut = &bytes[..bytes.len() / 2];
    assert_eq!(kinds(cut, &Limits::default()), [Some(Kind::Truncated)]);
    let frame = decode_with(cut, &lenient()).remove(0).unwrap();
    assert_eq!(frame.warnings[0].code, "truncated");
    let whole = only(&bytes);
    let row = 64 * 3;
    let same = frame.pixels.chunks_exact(row).zip(whole.pixels.chunks_exact(row)).take_while(|(a, b)| a == b);
    let same = same.count();
    assert!((16..48).contains(&same), "{same} rows");
    assert!(frame.pixels.as_raw()[63 * row..].iter().all(|v| *v == 255), "missing rows are white");
}

/// The first passes of an interlaced picture cover all of it coarsely.
#[test]
fn lenient_interlaced_png_is_coarse_but_complete() {
    let bytes = gradient(true);
    let frame = decode_with(&bytes[..bytes.len() * 3 / 4], &lenient()).remove(0).unwrap();
    let whole = only(&bytes);
    let pairs = frame.pixels.as_raw().iter().zip(whole.pixels.as_raw());
    let mean = pairs.map(|(a, b)| f64::from(a.abs_diff(*b))).sum::<f64>() / (64.0 * 64.0 * 3.0);
    assert!(mean < 20.0, "differs by {mean} on average");
}

#[test]
fn frames_before_the_damage_are_given() {
    let bytes = golden_file("animated.gif");
    let cut = &bytes[..bytes.len() - 40];
    let strict = kinds(cut, &Limits::default());
    assert_eq!(strict.first(), Some(&None));
    assert_eq!(strict.last(), Some(&Some(Kind::Truncated)), "{strict:?}");
    let kept = decode_with(cut, &lenient());
    assert!(kept.iter().all(Result::is_ok));
    let marked: Vec<bool> = kept.iter().flatten().map(|f| !f.warnings.is_empty()).collect();
    assert_eq!(marked.iter().filter(|m| **m).count(), 1, "{marked:?}");
    assert_eq!(marked.last(), Some(&true));
}

#[test]
fn a_lenient_tiff_keeps_what_its_strips_hold() {
    // Pixels first, directory last would be lost with the tail; the test writer puts it first.
    let page = super::samples::Page { data: (0..=255).collect(), ..super::samples::Page::grey(8, 16, 16) };
    let bytes = super::samples::file(&[page]);
    let cut = &bytes[..bytes.len() - 128];
    assert_eq!(kinds(cut, &Limits::default()), [Some(Kind::Truncated)]);
    let frame = decode_with(cut, &lenient()).remove(0).unwrap();
    assert_eq!(frame.warnings[0].code, "truncated");
    assert_eq!(frame.pixels.get_pixel(15, 7).0, [127; 3]);
    assert_eq!(frame.pixels.get_pixel(15, 15).0, [0; 3]);
}

/// Strict: a frame of a cut file is the whole file's frame, or there is an error instead.
#[test]
fn whatever_a_cut_leaves_is_complete_or_an_error() {
    for entry in std::fs::read_dir(golden_folder()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let whole = decode(&bytes);
        // A prime step: all kinds of positions, a fraction of the time.
        for length in (1..bytes.len()).step_by(if bytes.len() > 4000 { 37 } else { 3 }) {
            let cut = &bytes[..length];
            assert!(decode_with(cut, &lenient()).len() <= whole.len() + 1, "{}", path.display());
            let found = decode(cut);
            let all_there = found.iter().all(Result::is_ok);
            let name = path.display();
            assert!(!all_there || found.len() == whole.len(), "{name} cut to {length} loses frames silently");
            for (found, whole) in found.iter().zip(&whole) {
                if let (Ok(found), Ok(whole)) = (found, whole) {
                    let same = found.pixels == whole.pixels;
                    assert!(same, "{} cut to {length} of {} passes as complete", path.display(), bytes.len());
                }
            }
        }
    }
}

/// Found by fuzzing: the decoder's crate panics when it is asked for frames of such a file.
#[test]
fn frames_of_a_webp_that_is_no_animation_are_none() {
    let mut bytes = golden_file("animated-lossless.webp");
    assert_eq!(bytes[12..16], *b"VP8X");
    // The animation flag of VP8X (WebP container specification, "Extended File Format").
    bytes[20] &= !0x02;
    let found = kinds(&bytes, &Limits::default());
    assert!(found.len() == 1 && found[0].is_some(), "{found:?}");
}
