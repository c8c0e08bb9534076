//! EXIF orientation: reading it and turning pixels upright.

use image::RgbImage;
use image::metadata::Orientation;

/// The orientation 1 to 8 in an EXIF block, with or without the `Exif\0\0` that JPEG puts before
/// it; 1 when there is none or it cannot be read.
pub fn exif_orientation(exif: &[u8]) -> u8 {
    let tiff = exif.strip_prefix(b"Exif\0\0").unwrap_or(exif);
    Orientation::from_exif_chunk(tiff).map_or(1, Orientation::to_exif)
}

/// Side of the squares in which pixels are moved, so that a transposition reads and writes within
/// the nearest cache: 64 rows of 64 RGB pixels are 12 KiB.
const BLOCK: usize = 64;

/// Width and height once a picture is upright: orientations from 5 on swap them.
pub fn upright_size([width, height]: [u32; 2], orientation: u8) -> [u32; 2] {
    if (5..=8).contains(&orientation) { [height, width] } else { [width, height] }
}

/// Applies an EXIF orientation (CIPA DC-008, tag 274). 1 and unknown values cost nothing.
pub fn upright(stored: RgbImage, orientation: u8) -> RgbImage {
    let (w, h) = (stored.width() as isize, stored.height() as isize);
    let last = w * h - 1;
    // Output pixel (x, y) is stored pixel `first + x * right + y * down` in row-major order.
    let (first, right, down) = match orientation {
        2 => (w - 1, -1, w),
        3 => (last, -1, -w),
        4 => (last - (w - 1), 1, -w),
        5 => (0, w, 1),
        6 => (last - (w - 1), -w, 1),
        7 => (last, -w, -1),
        8 => (w - 1, w, -1),
        _ => return stored,
    };
    let (width, height) =
        if orientation >= 5 { (stored.height(), stored.width()) } else { stored.dimensions() };
    let mut turned = RgbImage::new(width, height);
    let source = stored.as_raw().as_chunks::<3>().0;
    let target = turned.as_chunks_mut::<3>().0;
    let (width, height) = (width as usize, height as usize);
    for top in (0..height).step_by(BLOCK) {
        for left in (0..width).step_by(BLOCK) {
            for y in top..(top + BLOCK).min(height) {
                let x_range = left..(left + BLOCK).min(width);
                let mut from = first + left as isize * right + y as isize * down;
                for pixel in &mut target[y * width..][x_range] {
                    *pixel = source[from as usize];
                    from += right;
                }
            }
        }
    }
    turned
}
