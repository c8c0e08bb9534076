//! JPEG files decoded with fewer pixels.

use super::*;
use crate::Kind;
use crate::preprocess::View;
use crate::source::Detail;
use crate::spec::Resize;

fn wanting(side: u32, full: bool) -> Limits {
    let view = View { input: [side, side], resize: Resize::Stretch, crop_fraction: 1.0, multiple_of: 1 };
    Limits { detail: Detail { enough_for: Some((view, 2.0)), full, values: None }, ..Limits::default() }
}

/// A gradient of 203 x 131, turned as `orientation` says.
fn jpeg(orientation: u8) -> Arc<[u8]> {
    let picture = image::RgbImage::from_fn(203, 131, |x, y| image::Rgb([x as u8, y as u8, 90]));
    let image = turbojpeg::Image {
        pixels: picture.as_raw().as_slice(),
        width: 203,
        pitch: 609,
        height: 131,
        format: turbojpeg::PixelFormat::RGB,
    };
    let bytes = turbojpeg::compress(image, 95, turbojpeg::Subsamp::None).expect("encodes");
    // An EXIF segment with the orientation alone, behind the start of the image.
    let mut exif = b"Exif\0\0MM\0\x2A\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    exif.extend([orientation, 0, 0, 0, 0, 0, 0]);
    let length = (exif.len() as u16 + 2).to_be_bytes();
    [&bytes[..2], &[0xFF, 0xE1], &length, &exif, &bytes[2..]].concat().into()
}

fn decoded(bytes: &Arc<[u8]>, limits: &Limits) -> Frame {
    let mut frames = open("x.jpg", Arc::clone(bytes), limits).expect("opens");
    frames.next_frame().expect("a frame").expect("decodes")
}

#[test]
fn as_many_pixels_as_the_model_needs() {
    let whole = decoded(&jpeg(1), &Limits::default());
    assert_eq!((whole.pixels.dimensions(), whole.size, whole.full.is_none()), ((203, 131), [203, 131], true));
    // 131 / 4 is 33, twice 16.
    for (side, kept) in [(8, (26, 17)), (16, (51, 33)), (17, (102, 66)), (33, (102, 66)), (34, (203, 131))] {
        let frame = decoded(&jpeg(1), &wanting(side, false));
        assert_eq!((frame.pixels.dimensions(), frame.size), (kept, [203, 131]), "for {side}");
        assert!(frame.full.is_none());
        // The gradient stays one: a pixel has the colour of its centre, within rounding and compression.
        let (x, y) = (kept.0 / 2, kept.1 / 2);
        let place = |n: u32, of: u32, size: f32| (n as f32 + 0.5) / of as f32 * size - 0.5;
        let expected = [place(x, kept.0, 203.0), place(y, kept.1, 131.0), 90.0];
        let found = frame.pixels.get_pixel(x, y).0;
        let near = found.iter().zip(expected).all(|(a, b)| (f32::from(*a) - b).abs() < 6.0);
        assert!(near, "{found:?} for {expected:?}");
    }
}

#[test]
fn the_full_picture_is_there_when_it_is_drawn_on() {
    for orientation in [1, 3, 6, 8] {
        let bytes = jpeg(orientation);
        let whole = decoded(&bytes, &Limits::default());
        let frame = decoded(&bytes, &wanting(16, true));
        assert_eq!(frame.size, whole.size);
        let small = if orientation < 5 { (51, 33) } else { (33, 51) };
        assert_eq!(frame.pixels.dimensions(), small);
        assert!(frame.all_pixels() == &whole.pixels, "orientation {orientation}");
        let alone = decoded(&bytes, &wanting(16, false));
        assert!(alone.pixels == frame.pixels, "what the model sees does not depend on drawing");
    }
    // Nothing to spare: one picture serves both.
    let frame = decoded(&jpeg(1), &wanting(100, true));
    assert!(frame.full.is_none() && frame.all_pixels().dimensions() == (203, 131));
}

#[test]
fn the_limit_of_pixels_is_that_of_the_file() {
    let limits = Limits { max_pixels: 203 * 131 - 1, ..wanting(8, false) };
    let failed = open("x.jpg", jpeg(1), &limits).expect("opens").next_frame().expect("an answer");
    assert_eq!(failed.expect_err("too large").kind, Kind::TooLarge);
}
