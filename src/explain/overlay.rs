//! A map over the picture that it explains.

use image::{Rgb, RgbImage};

use super::colour::colour;
use crate::preprocess::Mapping;

/// A number for each pixel of a model's input: how much it speaks for the answer.
#[derive(Debug, Clone, Copy)]
pub struct Map<'a> {
    /// Width and height, pixels.
    pub size: [usize; 2],
    /// In rows from the top.
    pub values: &'a [f32],
    /// How the picture lies in the model's input.
    pub mapping: &'a Mapping,
}

/// How much of the colour of the least and of the greatest value covers the picture.
const LEAST: f32 = 0.25;
const MOST: f32 = 0.75;
/// How bright a part of the picture is left that the model did not see.
const UNSEEN: f32 = 0.35;

impl Map<'_> {
    /// Where the picture lies in the map: left, top, right, bottom, in pixels of the map.
    pub fn seen(&self) -> [usize; 4] {
        let side = |axis: usize| {
            let begin = i64::from(self.mapping.offset[axis]);
            let end = begin + i64::from(self.mapping.content[axis]);
            let within = |place: i64| place.clamp(0, self.size[axis] as i64) as usize;
            [within(begin), within(end)]
        };
        let ([left, right], [top, bottom]) = (side(0), side(1));
        [left, top, right, bottom]
    }

    /// The least and the greatest value where the picture is.
    pub fn range(&self) -> [f32; 2] {
        let [left, top, right, bottom] = self.seen();
        let rows =
            (top..bottom).flat_map(|y| &self.values[y * self.size[0] + left..y * self.size[0] + right]);
        rows.fold([f32::INFINITY, f32::NEG_INFINITY], |[least, most], v| [least.min(*v), most.max(*v)])
    }

    /// The value at a place of the map in pixels, between the middles of its pixels; `None` outside the picture.
    fn at(&self, [x, y]: [f32; 2]) -> Option<f32> {
        let [left, top, right, bottom] = self.seen();
        let within = left as f32 <= x && x < right as f32 && top as f32 <= y && y < bottom as f32;
        if !within {
            return None;
        }
        let tap = |place: f32, begin: usize, end: usize| {
            let place = (place - 0.5).clamp(begin as f32, (end - 1) as f32);
            let first = place as usize;
            (first, (first + 1).min(end - 1), place - first as f32)
        };
        let ((x0, x1, share_x), (y0, y1, share_y)) = (tap(x, left, right), tap(y, top, bottom));
        let value = |x: usize, y: usize| self.values[y * self.size[0] + x];
        let row = |y: usize| value(x0, y) + share_x * (value(x1, y) - value(x0, y));
        Some(row(y0) + share_y * (row(y1) - row(y0)))
    }
}

/// The picture in grey with the map over it: dark violet where it is least, light yellow where it is most. `frame`
/// is the upright picture in any size; what the model did not see (cut off by a centre crop) is dark.
pub fn overlay(frame: &RgbImage, map: &Map) -> RgbImage {
    let (width, height) = frame.dimensions();
    let [least, most] = map.range();
    let span = most - least;
    let Mapping { content, offset, .. } = map.mapping;
    let to_map = |axis: usize, pixel: u32, side: u32| {
        let share = (pixel as f32 + 0.5) / side as f32;
        share * content[axis] as f32 + offset[axis] as f32
    };
    RgbImage::from_fn(width, height, |x, y| {
        let grey = luma(frame.get_pixel(x, y));
        let value = map.at([to_map(0, x, width), to_map(1, y, height)]);
        let Some(value) = value else { return Rgb([(grey * UNSEEN) as u8; 3]) };
        let share = if span > 0.0 { (value - least) / span } else { 0.0 };
        let cover = LEAST + (MOST - LEAST) * share;
        Rgb(colour(share).map(|own| (grey * (1.0 - cover) + f32::from(own) * cover).round() as u8))
    })
}

/// ITU-R BT.601, 0 to 255.
fn luma(Rgb([red, green, blue]): &Rgb<u8>) -> f32 {
    0.299 * f32::from(*red) + 0.587 * f32::from(*green) + 0.114 * f32::from(*blue)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Resize;

    #[test]
    fn a_map_lies_where_the_model_saw_the_picture() {
        // 40 x 20 in an input of 8 x 8: letterboxed to 8 x 4 with two rows of padding above and below.
        let mapping = Mapping::fit([40, 20], [8, 8], Resize::Letterbox);
        let values: Vec<f32> = (0..64).map(|n| if n == 2 * 8 { 1.0 } else { 0.0 }).collect();
        // The padding's own values count for nothing.
        let values: Vec<f32> =
            values.iter().enumerate().map(|(n, v)| if n < 16 { 9.0 } else { *v }).collect();
        let map = Map { size: [8, 8], values: &values, mapping: &mapping };
        assert_eq!((map.seen(), map.range()), ([0, 2, 8, 6], [0.0, 1.0]));
        let drawn = overlay(&RgbImage::from_pixel(40, 20, Rgb([100; 3])), &map);
        let cover = |share: f32, cover: f32| {
            colour(share).map(|own| (100.0 * (1.0 - cover) + f32::from(own) * cover).round() as u8)
        };
        assert_eq!(drawn.get_pixel(0, 0).0, cover(1.0, MOST), "the top left pixel of the picture");
        assert_eq!(drawn.get_pixel(39, 19).0, cover(0.0, LEAST));
    }

    #[test]
    fn what_a_crop_cut_off_is_dark() {
        let mapping = Mapping::centre_crop([40, 20], [8, 8], 1.0);
        let map = Map { size: [8, 8], values: &[0.0; 64], mapping: &mapping };
        let drawn = overlay(&RgbImage::from_pixel(40, 20, Rgb([100; 3])), &map);
        assert_eq!(drawn.get_pixel(0, 10).0, [35; 3]);
        assert_ne!(drawn.get_pixel(20, 10).0, [35; 3]);
    }
}
