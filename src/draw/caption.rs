//! Words below a picture, for pictures that leave this program's own formats.

use image::{RgbImage, imageops};

use super::palette::WHITE;
use super::text;

/// Narrower pictures are shown larger, by whole numbers, so that words fit.
const LEAST_WIDTH: u32 = 480;
/// Least height of a line in pixels, and the space around words.
const LINE: f32 = 18.0;
const SPACE: i64 = 6;

/// The picture, enlarged where it is narrow, with a line of white on black for each of `words` below it. Words that are
/// wider than the picture are cut.
pub fn captioned(picture: &RgbImage, words: &[String]) -> RgbImage {
    let times = LEAST_WIDTH.div_ceil(picture.width().max(1)).max(1);
    let (width, height) = (picture.width() * times, picture.height() * times);
    // On large pictures words are larger, too.
    let size = LINE.max(width as f32 / 40.0);
    let line = size as i64 + SPACE;
    let below = (line * words.len() as i64 + SPACE) as u32;
    let mut canvas = RgbImage::new(width, height + below);
    let shown = imageops::resize(picture, width, height, imageops::FilterType::Nearest);
    imageops::replace(&mut canvas, &shown, 0, 0);
    for (n, words) in words.iter().enumerate() {
        let top = i64::from(height) + SPACE + line * n as i64;
        text::draw(&mut canvas, &text::drawable(words, 0), SPACE, top, size, WHITE);
    }
    canvas
}
