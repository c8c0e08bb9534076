//! The reader of handwritten digits, as `vision classify` runs it: preparation, orientation of grey values, labels.

mod common;

use ab_glyph::{FontRef, PxScale};
use common::{Ran, Scratch, vision};
use image::{GrayImage, Luma, imageops};

/// A digit of a font in the middle of 28 x 28 pixels, dark on light: no handwriting, but nobody doubts what it is.
fn drawn(digit: usize) -> GrayImage {
    let font = FontRef::try_from_slice(include_bytes!("../assets/DejaVuSans.ttf")).expect("a font");
    let mut picture = GrayImage::from_pixel(64, 64, Luma([255]));
    let text = digit.to_string();
    imageproc::drawing::draw_text_mut(&mut picture, Luma([0]), 20, 20, PxScale::from(28.0), &font, &text);
    let ink: Vec<(u32, u32)> =
        picture.enumerate_pixels().filter(|(.., p)| p.0[0] < 128).map(|(x, y, _)| (x, y)).collect();
    let middle = |of: fn(&(u32, u32)) -> u32| {
        (ink.iter().map(of).min().expect("ink") + ink.iter().map(of).max().expect("ink")) / 2
    };
    imageops::crop_imm(&picture, middle(|p| p.0) - 14, middle(|p| p.1) - 14, 28, 28).to_image()
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
