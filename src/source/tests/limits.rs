//! Limits: sizes before memory, parts, bytes; and what is no picture at all.

use super::{decode_with, error, golden_file, golden_folder};
use crate::Kind;
use crate::source::{Format, Limits, sniff};

#[test]
fn nothing_and_strangers_are_named() {
    let empty = error(b"", &Limits::default());
    assert_eq!((empty.kind, empty.message.as_str()), (Kind::Empty, "test: the file is empty"));
    let text = error(b"BMore text than picture, as one would expect", &Limits::default());
    assert_eq!(text.kind, Kind::NotMedia);
    let limits = Limits { max_bytes: 100, ..Limits::default() };
    let large = error(&golden_file("still.bmp"), &limits);
    assert_eq!(large.kind, Kind::TooLarge);
    assert!(large.message.contains("--max-bytes"), "{large}");
}

#[test]
fn formats_are_known_by_their_bytes() {
    let heif = |brands: &[u8]| [&[0, 0, 0, 8 + brands.len() as u8], &b"ftyp"[..], brands].concat();
    assert_eq!(sniff(&heif(b"mif1\0\0\0\0mif1avif")), Some(Format::Avif));
    assert_eq!(sniff(&heif(b"mif1\0\0\0\0mif1heic")), Some(Format::Heif));
    let mp4 = Format::Video(crate::source::video::Container::Mp4);
    assert_eq!(sniff(&heif(b"isom\0\0\0\0isommp42")), Some(mp4));
    assert_eq!(sniff(b"RIFF\0\0\0\0WAVE"), None);
    assert_eq!(sniff(b""), None);
    for (file, format) in [
        ("baseline-420.jpg", Format::Jpeg),
        ("animated.png", Format::Png),
        ("still.gif", Format::Gif),
        ("still-alpha.webp", Format::Webp),
        ("palette.bmp", Format::Bmp),
        ("pages.tif", Format::Tiff),
    ] {
        assert_eq!(sniff(&golden_file(file)[..64]), Some(format), "{file}");
    }
}

#[test]
fn every_format_checks_its_size_first() {
    let limits = Limits { max_pixels: 200, ..Limits::default() };
    for entry in std::fs::read_dir(golden_folder()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|e| e == "tsv") {
            continue;
        }
        for result in decode_with(&std::fs::read(&path).unwrap(), &limits) {
            let refused = result.unwrap_err();
            assert_eq!(refused.kind, Kind::TooLarge, "{}: {}", path.display(), refused.chain());
            for word in ["--max-pixels", "at most 200", "x"] {
                assert!(refused.message.contains(word), "{refused}");
            }
        }
    }
}

/// Headers of 50,000 x 50,000 pixels (65,500 for JPEG) in files of a few hundred bytes.
#[test]
fn header_bombs_are_refused() {
    let patched = |file: &str, at: usize, new: &[u8]| {
        let mut bytes = golden_file(file);
        bytes[at..at + new.len()].copy_from_slice(new);
        bytes
    };
    let jpeg = golden_file("baseline-420.jpg");
    let sof = jpeg.windows(2).position(|pair| pair == [0xFF, 0xC0]).unwrap();
    let side = 50_000u32;
    let mut ihdr = [&b"IHDR"[..], &side.to_be_bytes(), &side.to_be_bytes(), &[8, 6, 0, 0, 0]].concat();
    ihdr.extend(crc32fast::hash(&ihdr).to_be_bytes());
    for bomb in [
        patched("baseline-420.jpg", sof + 5, &[0xFF, 0xDC, 0xFF, 0xDC]),
        patched("animated.png", 12, &ihdr),
        patched("still.gif", 6, &[0x50, 0xC3, 0x50, 0xC3]),
        patched("still.bmp", 18, &[side.to_le_bytes(), side.to_le_bytes()].concat()),
    ] {
        let refused = error(&bomb, &Limits::default());
        assert_eq!(refused.kind, Kind::TooLarge, "{}", refused.chain());
        assert!(refused.message.contains("--max-pixels"), "{refused}");
    }
}

#[test]
fn parts_up_to_the_cap_are_given_then_one_error() {
    let limits = Limits { max_parts: 2, ..Limits::default() };
    for file in ["animated.png", "animated.gif", "animated-lossless.webp", "pages.tif"] {
        let all = decode_with(&golden_file(file), &limits);
        let kinds: Vec<_> = all.iter().map(|r| r.as_ref().err().map(|e| e.kind)).collect();
        assert_eq!(kinds, [None, None, Some(Kind::TooLarge)], "{file}");
        assert!(all[2].as_ref().is_err_and(|e| e.message.contains("--max-pages")));
    }
}
