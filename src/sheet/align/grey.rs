//! Grey pictures for aligning and measuring: made, made smaller, and looked at between pixels.

use image::{GrayImage, Luma, RgbImage};

/// 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601), rounded, as cv2 and PIL convert.
pub fn of(pixels: &RgbImage) -> GrayImage {
    let grey = pixels.pixels().map(|pixel| {
        let [r, g, b] = pixel.0.map(u32::from);
        ((r * 19_595 + g * 38_470 + b * 7_471 + 32_768) >> 16) as u8
    });
    let (width, height) = pixels.dimensions();
    // As many values as pixels.
    GrayImage::from_raw(width, height, grey.collect()).unwrap_or_default()
}

/// Smaller by a whole factor, each pixel the mean of those that it stands for; what is left at the right and bottom
/// goes to the last pixels.
pub fn shrunk(grey: &GrayImage, factor: u32) -> GrayImage {
    if factor <= 1 {
        return grey.clone();
    }
    let (width, height) = (grey.width() / factor, grey.height() / factor);
    let (width, height) = (width.max(1), height.max(1));
    let mut sums = vec![0u32; width as usize];
    let mut out = GrayImage::new(width, height);
    for y in 0..height {
        sums.fill(0);
        let rows = y * factor..((y + 1) * factor).min(grey.height());
        let count = rows.len() as u32;
        for row in rows {
            let start = row as usize * grey.width() as usize;
            let line = &grey.as_raw()[start..start + grey.width() as usize];
            for (sum, block) in sums.iter_mut().zip(line.chunks(factor as usize)) {
                *sum += block.iter().map(|v| u32::from(*v)).sum::<u32>();
            }
        }
        let columns = factor.min(grey.width());
        for (x, sum) in sums.iter().enumerate() {
            out.put_pixel(x as u32, y, Luma([(sum / (count * columns).max(1)).min(255) as u8]));
        }
    }
    out
}

/// The factor by which the longer side comes to at least `side` pixels.
pub fn factor(size: [u32; 2], side: u32) -> u32 {
    (size[0].max(size[1]) / side.max(1)).max(1)
}

/// Between pixels, whose centres are at whole numbers and a half; the edge continues outside.
pub fn sample(grey: &GrayImage, [x, y]: [f32; 2]) -> f32 {
    let (width, height) = grey.dimensions();
    let within = |v: f32, length: u32| (v - 0.5).clamp(0.0, length.saturating_sub(1) as f32);
    let (x, y) = (within(x, width), within(y, height));
    let (left, top) = (x as u32, y as u32);
    let (right, bottom) = ((left + 1).min(width - 1), (top + 1).min(height - 1));
    let (across, down) = (x - left as f32, y - top as f32);
    let raw = grey.as_raw();
    let at = |x: u32, y: u32| f32::from(raw[y as usize * width as usize + x as usize]);
    let upper = at(left, top) * (1.0 - across) + at(right, top) * across;
    let lower = at(left, bottom) * (1.0 - across) + at(right, bottom) * across;
    upper * (1.0 - down) + lower * down
}

/// The grey value below which a share of the pixels lies.
pub fn percentile(grey: &GrayImage, share: f64) -> u8 {
    let mut counts = [0u64; 256];
    grey.as_raw().iter().for_each(|v| counts[usize::from(*v)] += 1);
    let wanted = (share * grey.as_raw().len() as f64) as u64;
    let mut below = 0;
    let found = counts.iter().position(|count| {
        below += count;
        below > wanted
    });
    found.unwrap_or(255) as u8
}

/// How bright the paper is, place by place: the brighter part of blocks of a picture, without the ink on it.
pub struct Paper {
    block: f32,
    columns: usize,
    rows: usize,
    levels: Vec<f32>,
}

impl Paper {
    /// `block` is the side of a block in pixels: larger than a filled bubble, smaller than a shadow.
    pub fn of(grey: &GrayImage, block: f32) -> Self {
        let block = block.clamp(4.0, 4096.0).round() as u32;
        let (columns, rows) = (grey.width().div_ceil(block), grey.height().div_ceil(block));
        let mut own = Vec::with_capacity((columns * rows) as usize);
        for row in 0..rows {
            for column in 0..columns {
                own.push(bright(grey, [column * block, row * block], block));
            }
        }
        let (columns, rows) = (columns as usize, rows as usize);
        // A block full of ink is as bright as the paper around it.
        let mut levels = Vec::with_capacity(own.len());
        for row in 0..rows {
            for column in 0..columns {
                let mut near = Vec::with_capacity(9);
                for y in row.saturating_sub(1)..=(row + 1).min(rows - 1) {
                    for x in column.saturating_sub(1)..=(column + 1).min(columns - 1) {
                        near.push(own[y * columns + x]);
                    }
                }
                near.sort_by(f32::total_cmp);
                levels.push(near[near.len() * 2 / 3]);
            }
        }
        Self { block: block as f32, columns, rows, levels }
    }

    /// At a place of the picture, between the blocks' centres; at least 1.
    pub fn at(&self, [x, y]: [f32; 2]) -> f32 {
        let within = |v: f32, count: usize| (v / self.block - 0.5).clamp(0.0, (count - 1) as f32);
        let (x, y) = (within(x, self.columns), within(y, self.rows));
        let (left, top) = (x as usize, y as usize);
        let (right, bottom) = ((left + 1).min(self.columns - 1), (top + 1).min(self.rows - 1));
        let level = |x: usize, y: usize| self.levels[y * self.columns + x];
        let (across, down) = (x - left as f32, y - top as f32);
        let upper = level(left, top) * (1.0 - across) + level(right, top) * across;
        let lower = level(left, bottom) * (1.0 - across) + level(right, bottom) * across;
        (upper * (1.0 - down) + lower * down).max(1.0)
    }
}

/// The value that four fifths of a block's pixels are not brighter than.
fn bright(grey: &GrayImage, [x, y]: [u32; 2], side: u32) -> f32 {
    let (right, bottom) = ((x + side).min(grey.width()), (y + side).min(grey.height()));
    let mut counts = [0u32; 256];
    let mut all = 0;
    for row in y..bottom {
        let start = row as usize * grey.width() as usize;
        for value in &grey.as_raw()[start + x as usize..start + right as usize] {
            counts[usize::from(*value)] += 1;
            all += 1;
        }
    }
    let mut left = all / 5;
    for (value, count) in counts.iter().enumerate().rev() {
        if *count > left {
            return value as f32;
        }
        left -= count;
    }
    0.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_takes_means() {
        let grey = GrayImage::from_fn(7, 4, |x, y| Luma([(x * 10 + y) as u8]));
        let small = shrunk(&grey, 2);
        assert_eq!(small.dimensions(), (3, 2));
        // (0 + 10 + 1 + 11) / 4 = 5.5, cut.
        assert_eq!((small.get_pixel(0, 0).0[0], small.get_pixel(2, 1).0[0]), (5, 47));
        assert_eq!(shrunk(&grey, 100).dimensions(), (1, 1));
    }

    #[test]
    fn places_between_pixels_are_weighed() {
        let grey = GrayImage::from_fn(2, 2, |x, y| Luma([(100 * x + 50 * y) as u8]));
        assert_eq!(sample(&grey, [0.5, 0.5]), 0.0);
        assert_eq!(sample(&grey, [1.0, 1.0]), 75.0);
        assert_eq!(sample(&grey, [-9.0, 99.0]), 50.0);
    }

    #[test]
    fn paper_is_what_lies_around_ink_and_follows_a_shadow() {
        // Brighter to the right, with a dark bar.
        let grey = GrayImage::from_fn(200, 100, |x, y| {
            let paper = 100 + x / 2;
            Luma([if (40..52).contains(&y) && (60..80).contains(&x) { 10 } else { paper as u8 }])
        });
        let paper = Paper::of(&grey, 20.0);
        for x in [30.0, 70.0, 150.0] {
            let wanted = 100.0 + x / 2.0;
            // The brightest of what is near, so above by what a slope of half a step a pixel rises over a cell and its half.
            assert!((paper.at([x, 46.0]) - wanted).abs() < 15.0, "{x}: {} {wanted}", paper.at([x, 46.0]));
        }
    }
}
