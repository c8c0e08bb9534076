//! A contact sheet: small pictures in rows, with words below each.

use image::RgbImage;
use image::imageops::replace;

use super::palette::WHITE;
use super::text;

const COLUMNS: u32 = 4;
/// Between pictures and around all, pixels.
const GAP: u32 = 8;
/// Height of a line of words, pixels.
const LINE: f32 = 18.0;

/// Pictures of one width, which need not be of one height.
pub fn sheet(tiles: &[(RgbImage, String)]) -> RgbImage {
    let width = tiles.iter().map(|(picture, _)| picture.width()).max().unwrap_or(1);
    let height = tiles.iter().map(|(picture, _)| picture.height()).max().unwrap_or(1);
    let columns = COLUMNS.min(tiles.len().max(1) as u32);
    let rows = (tiles.len() as u32).div_ceil(COLUMNS).max(1);
    let cell = [width + GAP, height + LINE as u32 + GAP];
    let mut all =
        RgbImage::from_pixel(columns * cell[0] + GAP, rows * cell[1] + GAP, image::Rgb([24, 24, 24]));
    for (n, (picture, words)) in (0..).zip(tiles) {
        let [x, y] = [GAP + n % COLUMNS * cell[0], GAP + n / COLUMNS * cell[1]].map(i64::from);
        replace(&mut all, picture, x, y);
        if let Some(words) = text::fitted(words, "", LINE * 0.8, i64::from(width)) {
            text::draw(&mut all, &words, x, y + i64::from(height) + 2, LINE * 0.8, WHITE);
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_stand_in_rows_with_words_below() {
        let tile =
            |level: u8| (RgbImage::from_pixel(80, 60, image::Rgb([level; 3])), "0:01 enter".to_owned());
        let all = sheet(&[tile(100), tile(110), tile(120), tile(130), tile(140)]);
        assert_eq!(all.dimensions(), (4 * 88 + 8, 2 * 86 + 8));
        assert_eq!((all.get_pixel(8, 8).0, all.get_pixel(96, 8).0), ([100; 3], [110; 3]));
        assert_eq!(all.get_pixel(8, 8 + 86).0, [140; 3]);
        // Words, and nothing where no picture is.
        assert!((8..88).any(|x| (68..86).any(|y| all.get_pixel(x, y).0 == WHITE)));
        assert_eq!(all.get_pixel(200, 120).0, [24; 3]);
    }
}
