//! Small pictures beside a report: named by content, so that one that is there need not be made again.

use std::path::{Path, PathBuf};

use image::RgbImage;
use image::imageops::thumbnail;

use crate::atomic::write_whole;
use crate::digest::{Key, hex};
use crate::error::Result;
use crate::frame::{Frame, Part};
use crate::sink::picture::{PictureFormat, encode};

/// Where they are, below the run folder.
pub const FOLDER: &str = "report/thumbs";
/// Longest side in pixels: a card of the page on a screen with two pixels a point.
const SIDE: u32 = 384;
/// 1 to 100; at this size artefacts of 80 are not seen, and 10,000 are about 200 MB.
const QUALITY: u8 = 80;
/// Larger profiles would outweigh the picture; those of cameras and of phones are smaller.
const MOST_ICC: usize = 4096;

/// Relative to the run folder. Made of hexadecimal digits only: whatever the input is called, this is
/// safe in a page.
pub fn name(digest: &Key, part: Option<&Part>) -> PathBuf {
    let digest = hex(digest);
    let file = format!("{}{}.jpg", &digest[2..32], Part::suffix(part));
    Path::new(FOLDER).join(&digest[..2]).join(file)
}

/// Writes the small picture of a frame.
pub fn write(temporary: &Path, target: &Path, frame: &Frame) -> Result<()> {
    // What was decoded for the model is enough, where that was a part of the pixels.
    let [width, height] = [frame.pixels.width(), frame.pixels.height()];
    let pixels = if width.max(height) >= SIDE { &frame.pixels } else { frame.all_pixels() };
    let icc = frame.icc.as_deref().filter(|profile| profile.len() <= MOST_ICC);
    write_whole(temporary, target, &encode(&smaller(pixels, SIDE), PictureFormat::Jpeg, QUALITY, icc)?)
}

/// A picture as small as the others, as JPEG.
pub fn encoded(pixels: &RgbImage) -> Result<Vec<u8>> {
    encode(&smaller(pixels, SIDE), PictureFormat::Jpeg, QUALITY, None)
}

/// The picture with no side longer than `most`.
pub fn smaller(pixels: &RgbImage, most: u32) -> RgbImage {
    let (width, height) = pixels.dimensions();
    let longest = width.max(height);
    if longest <= most {
        return pixels.clone();
    }
    let side = |side: u32| {
        let scaled = (u64::from(side) * u64::from(most) / u64::from(longest)).max(1);
        u32::try_from(scaled).unwrap_or(most)
    };
    thumbnail(pixels, side(width), side(height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sides_keep_their_proportion_and_at_least_a_pixel() {
        let size = |width, height| smaller(&RgbImage::new(width, height), SIDE).dimensions();
        assert_eq!(size(3840, 1920), (384, 192));
        assert_eq!(size(100, 60), (100, 60));
        assert_eq!(size(5000, 1), (384, 1));
    }

    #[test]
    fn names_tell_parts_apart_and_are_plain() {
        let one = name(&[0xab; 32], Some(&Part::Page { n: 1 }));
        assert_eq!(one.to_str(), Some("report/thumbs/ab/ababababababababababababababab.p0001.jpg"));
        assert_ne!(one, name(&[0xab; 32], Some(&Part::Page { n: 2 })));
        assert_ne!(one, name(&[0xab; 32], None));
    }
}
