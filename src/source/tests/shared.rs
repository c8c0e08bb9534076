//! The shared collections: PngSuite, EXIF orientations, HEIC and AVIF.

use std::path::Path;

use super::{decode, decode_with, only, shared};
use crate::source::Limits;

fn files(folder: &Path, extensions: &[&str]) -> Vec<std::path::PathBuf> {
    let mut found: Vec<_> = walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .filter(|path| path.extension().is_some_and(|e| extensions.iter().any(|x| e == *x)))
        .collect();
    found.sort();
    assert!(!found.is_empty(), "no files in {}", folder.display());
    found
}

/// Damaged files are errors, all others decode: whether their pixels are right is tested in
/// `golden`.
#[test]
fn png_suite_is_sorted_into_sound_and_damaged() {
    let Some(folder) = shared("broken/pngsuite/tests") else { return };
    let mut wrong = Vec::new();
    for path in files(&folder, &["png"]) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let frames = decode(&std::fs::read(&path).unwrap());
        let failed = frames.iter().any(Result::is_err);
        if failed != name.starts_with('x') {
            wrong.push(format!(
                "{name}: {:?}",
                frames.iter().map(|f| f.as_ref().err().map(|e| e.chain())).collect::<Vec<_>>()
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The same picture stored in nine ways: no tag, then orientations 1 to 8.
#[test]
fn every_orientation_comes_out_the_same_way_up() {
    let Some(folder) = shared("photos/exif-orientation") else { return };
    let read = |n: usize| only(&std::fs::read(folder.join(format!("Landscape_{n}.jpg"))).unwrap());
    let reference = read(0);
    assert_eq!(reference.origin.orientation, 1);
    for n in 1..=8 {
        let frame = read(n);
        assert_eq!(usize::from(frame.origin.orientation), n);
        assert_eq!(frame.size, reference.size, "Landscape_{n}");
        let mean = difference(&frame, &reference);
        assert!(mean < 6.0, "Landscape_{n} differs by {mean} on average");
    }
}

#[test]
#[cfg(feature = "heif")]
fn heic_and_avif_decode_upright() {
    let Some(folder) = shared("photos/avif-heic") else { return };
    let read = |name: &str| only(&std::fs::read(folder.join(name)).unwrap());
    let upright = read("kimono.avif");
    let rotated = read("kimono.rotate90.avif");
    assert_eq!(upright.origin.format, "avif");
    assert_eq!(upright.size, [722, 1024]);
    // Stored sideways with a rotation in the container: the same picture once that is applied.
    assert_eq!(rotated.size, upright.size);
    let mean = difference(&upright, &rotated);
    assert!(mean < 3.5, "the rotated picture differs by {mean} on average");
    assert_eq!(read("example.heic").origin.format, "heif");
    // Pillow 13: means of red, green and blue of both AVIF files.
    for (file, size, expected) in [
        ("kimono.avif", [722, 1024], [173.72, 174.27, 161.30]),
        ("fox.profile0.10bpc.yuv420.avif", [1204, 800], [50.46, 56.16, 56.40]),
    ] {
        let frame = read(file);
        assert_eq!(frame.size, size);
        for (channel, expected) in expected.into_iter().enumerate() {
            let values = frame.pixels.pixels().map(|p| f64::from(p.0[channel]));
            let mean = values.sum::<f64>() / f64::from(size[0] * size[1]);
            assert!((mean - expected).abs() < 2.0, "{file} channel {channel}: {mean}, Pillow {expected}");
        }
    }
}

#[test]
#[cfg(feature = "heif")]
fn cut_heic_and_avif_are_complete_or_an_error() {
    let Some(folder) = shared("photos/avif-heic") else { return };
    for name in ["kimono.avif", "example.heic"] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        let whole = only(&bytes).pixels;
        for parts in 1..20 {
            match decode(&bytes[..bytes.len() * parts / 20]).remove(0) {
                // What is cut off may belong to another picture of the file.
                Ok(frame) => assert!(frame.pixels == whole, "{name} at {parts}/20"),
                Err(error) => assert_eq!(error.kind, crate::Kind::Truncated, "{}", error.chain()),
            }
        }
    }
}

/// Mean absolute difference of two pictures of one size.
fn difference(a: &crate::frame::Frame, b: &crate::frame::Frame) -> f64 {
    let pairs = a.pixels.as_raw().iter().zip(b.pixels.as_raw());
    let sum: u64 = pairs.map(|(a, b)| u64::from(a.abs_diff(*b))).sum();
    sum as f64 / a.pixels.as_raw().len() as f64
}

#[test]
#[cfg(not(feature = "heif"))]
fn heif_names_the_feature_that_is_missing() {
    let error = super::error(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", &super::Limits::default());
    assert_eq!(error.kind, crate::Kind::Unsupported);
    assert!(error.message.contains("--features heif"), "{error}");
}

/// Why there is no second JPEG decoder to fall back on: zune-jpeg, `image`'s, reads nothing that
/// libjpeg-turbo does not.
#[test]
fn a_second_jpeg_decoder_would_read_nothing_more() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut folders = vec![root.join("tests/golden"), root.join("fuzz/corpus"), root.join("samples/photos")];
    folders.extend(shared("photos"));
    let (mut read, mut refused) = (0, Vec::new());
    for path in folders.iter().flat_map(|folder| files(folder, &["jpg"])) {
        let bytes = std::fs::read(&path).unwrap();
        let second = image::codecs::jpeg::JpegDecoder::new(std::io::Cursor::new(&bytes))
            .and_then(image::DynamicImage::from_decoder);
        if second.is_err() {
            continue;
        }
        read += 1;
        let limits = Limits { lenient: true, ..Limits::default() };
        if decode_with(&bytes, &limits).iter().any(Result::is_err) {
            refused.push(path);
        }
    }
    assert!(read >= 20, "only {read} files were read");
    assert!(refused.is_empty(), "{refused:?}");
}
