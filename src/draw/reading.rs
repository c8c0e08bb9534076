//! Text that was read: its boxes on the picture, and beside it a sheet with the words where they stand.

use image::imageops::replace;
use image::{GrayImage, Rgb, RgbImage};

use super::palette::{BLACK, Colour, WHITE, class_colour, contrasting, mix};
use super::shape::{Area, fill, outline};
use super::{Scale, text};
use crate::geometry::Quad;
use crate::prediction::Line;

/// Pictures wider than this are not given a sheet beside them: the two would be more than viewers show.
const WIDEST: u32 = 12_000;

/// Width and height of a picture of this size with its sheet.
pub fn size([width, height]: [u32; 2]) -> [u32; 2] {
    if width > WIDEST { [width, height] } else { [2 * width, height] }
}

/// The words take this share of their box's height.
const FILLED: f32 = 0.85;

/// Draws the boxes, coloured by block. The sheet at the right, as large as the picture, has what they say; where
/// the font lacks a character of a line, the line's number in the results, from 1. Very wide pictures get
/// the numbers in place of the sheet.
pub fn draw(image: &mut RgbImage, lines: &[Line], scale: &Scale) {
    let (width, height) = image.dimensions();
    let line = (scale.line as f32 / 2.0).max(1.0);
    for read in lines {
        outline(image, &read.corners, line, class_colour(read.block as u32));
    }
    if width > WIDEST {
        for (number, read) in lines.iter().enumerate() {
            tag(image, number + 1, read, scale);
        }
        return;
    }
    let mut sheet = RgbImage::from_pixel(width, height, Rgb(WHITE));
    for (number, read) in lines.iter().enumerate() {
        // Faint, so that words of small boxes stay readable.
        let colour = mix(class_colour(read.block as u32), WHITE, 0.5);
        outline(&mut sheet, &read.corners, 1.0, colour);
        let number = format!("#{}", number + 1);
        write(&mut sheet, &read.corners, if text::is_drawable(&read.text) { &read.text } else { &number });
    }
    let mut both = RgbImage::new(2 * width, height);
    replace(&mut both, image, 0, 0);
    replace(&mut both, &sheet, i64::from(width), 0);
    *image = both;
}

/// The number of a line, in the corner where it begins.
fn tag(image: &mut RgbImage, number: usize, read: &Line, scale: &Scale) {
    let (text, colour) = (number.to_string(), class_colour(read.block as u32));
    let [x, y] = read.corners.0[0].map(|v| v as i64);
    let (width, height) = (text::width(&text, scale.text), scale.text.ceil() as i64);
    fill(image, &Area::new(x, y - height, x + width, y), colour);
    text::draw(image, &text, x, y - height, scale.text, contrasting(colour));
}

/// Writes `words` into a box, along its first side, as large as they fit.
fn write(image: &mut RgbImage, corners: &Quad, words: &str) {
    let Quad([a, b, _, d]) = corners;
    let (along, down) = ([b[0] - a[0], b[1] - a[1]], [d[0] - a[0], d[1] - a[1]]);
    let (width, height) = (along[0].hypot(along[1]), down[0].hypot(down[1]));
    // Also false for what is not a number.
    if !(width >= 2.0 && height >= 4.0 && width < 65_536.0 && height < 65_536.0) {
        return;
    }
    let size = height * FILLED;
    let natural = text::width(words, size).max(1) as f32;
    let size = size * (width / natural).min(1.0);
    let mask = text::mask(words, size, [width.ceil() as u32, height.ceil() as u32]);
    paint(image, corners, &mask, BLACK);
}

/// Lays `mask` into a box.
fn paint(image: &mut RgbImage, corners: &Quad, mask: &GrayImage, colour: Colour) {
    let Quad([a, b, _, d]) = corners;
    let (along, down) = ([b[0] - a[0], b[1] - a[1]], [d[0] - a[0], d[1] - a[1]]);
    let squares = [along, down].map(|side| side[0] * side[0] + side[1] * side[1]);
    let hull = corners.hull().clamp(image.width() as f32, image.height() as f32);
    for y in hull.y1 as u32..(hull.y2.ceil() as u32).min(image.height()) {
        for x in hull.x1 as u32..(hull.x2.ceil() as u32).min(image.width()) {
            let from = [x as f32 + 0.5 - a[0], y as f32 + 0.5 - a[1]];
            let share = |side: [f32; 2], square: f32| (from[0] * side[0] + from[1] * side[1]) / square;
            let place = [
                share(along, squares[0]) * mask.width() as f32,
                share(down, squares[1]) * mask.height() as f32,
            ];
            if place.iter().all(|v| *v >= 0.0)
                && let Some(coverage) = mask.get_pixel_checked(place[0] as u32, place[1] as u32)
            {
                let pixel = image.get_pixel_mut(x, y);
                pixel.0 = mix(pixel.0, colour, f32::from(coverage.0[0]) / 255.0);
            }
        }
    }
}
