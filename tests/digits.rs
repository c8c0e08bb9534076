//! The reader of handwritten digits, as `vision classify` runs it: preparation, orientation of grey values, labels.

mod common;

use ab_glyph::{Font, FontRef};
use common::{Ran, Scratch, vision};
use image::{GrayImage, Luma};

/// A digit of a font in the middle of 28 x 28 pixels, dark on light: no handwriting, but nobody doubts what it is.
fn drawn(digit: u32) -> GrayImage {
    let font = FontRef::try_from_slice(include_bytes!("../assets/DejaVuSans.ttf")).expect("a font");
    let digit = char::from_digit(digit, 10).expect("a digit");
    let outline = font.outline_glyph(font.glyph_id(digit).with_scale(28.0)).expect("an outline");
    let bounds = outline.px_bounds();
    let [left, top] = [bounds.width(), bounds.height()].map(|side| (28 - side as u32) / 2);
    let mut picture = GrayImage::from_pixel(28, 28, Luma([255]));
    outline.draw(|x, y, ink| picture.put_pixel(left + x, top + y, Luma([(255.0 * (1.0 - ink)) as u8])));
    picture
}

#[test]
fn printed_digits_are_read_with_their_labels() {
    let s = Scratch::new();
    std::fs::create_dir(s.path("p")).expect("a folder");
    for digit in 0..10 {
        drawn(digit).save(s.path(format!("p/{digit}.png"))).expect("a file");
    }
    let arguments = ["classify", "p", "--model", "digits-28", "--no-images", "--top", "1", "--out", "run"];
    Ran::of(vision().current_dir(s.path("")).args(arguments)).expect(0);
    let read: Vec<(String, String)> = s
        .results()
        .iter()
        .filter(|record| record["schema"] == "vision.item/1")
        .map(|record| {
            let label = &record["prediction"]["classes"][0]["label"];
            (
                record["item"]["path"].as_str().unwrap_or_default().to_owned(),
                label.as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect();
    let wanted: Vec<(String, String)> =
        (0..10).map(|digit| (format!("{digit}.png"), digit.to_string())).collect();
    assert_eq!(read, wanted);
}
