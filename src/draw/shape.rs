//! Filled rectangles and outlines of boxes, upright and turned.

use image::{Rgb, RgbImage};
use imageproc::drawing::draw_filled_rect_mut;
use imageproc::rect::Rect;

use crate::draw::palette::{Colour, mix};
use crate::geometry::Quad;

/// A rectangle of whole pixels: left and top inclusive, right and bottom exclusive. May reach
/// outside the picture; drawing is cut to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Area {
    pub x0: i64,
    pub y0: i64,
    pub x1: i64,
    pub y1: i64,
}

impl Area {
    pub fn new(x0: i64, y0: i64, x1: i64, y1: i64) -> Self {
        Self { x0, y0, x1, y1 }
    }

    pub fn width(&self) -> i64 {
        (self.x1 - self.x0).max(0)
    }

    pub fn height(&self) -> i64 {
        (self.y1 - self.y0).max(0)
    }

    /// Larger by `by` pixels on every side; smaller where `by` is negative.
    pub fn grown(&self, by: i64) -> Self {
        Self::new(self.x0 - by, self.y0 - by, self.x1 + by, self.y1 + by)
    }

    pub fn intersection(&self, other: &Self) -> Self {
        Self::new(self.x0.max(other.x0), self.y0.max(other.y0), self.x1.min(other.x1), self.y1.min(other.y1))
    }

    /// Number of pixels that both cover.
    pub fn overlap(&self, other: &Self) -> i64 {
        let common = self.intersection(other);
        common.width() * common.height()
    }
}

/// The whole picture.
pub fn frame(image: &RgbImage) -> Area {
    Area::new(0, 0, i64::from(image.width()), i64::from(image.height()))
}

/// Fills what of `area` lies in the picture.
pub fn fill(image: &mut RgbImage, area: &Area, colour: Colour) {
    let area = area.intersection(&frame(image));
    let (width, height) = (area.width() as u32, area.height() as u32);
    if width > 0 && height > 0 {
        // Within the picture, whose sides fit i32 in any frame that fits memory.
        let rect = Rect::at(area.x0 as i32, area.y0 as i32).of_size(width, height);
        draw_filled_rect_mut(image, rect, Rgb(colour));
    }
}

/// Draws the outline of `area`, `width` pixels wide, inwards from its edges.
pub fn stroke(image: &mut RgbImage, area: &Area, width: i64, colour: Colour) {
    let Area { x0, y0, x1, y1 } = *area;
    if area.width() <= 2 * width || area.height() <= 2 * width {
        return fill(image, area, colour);
    }
    fill(image, &Area::new(x0, y0, x1, y0 + width), colour);
    fill(image, &Area::new(x0, y1 - width, x1, y1), colour);
    fill(image, &Area::new(x0, y0 + width, x0 + width, y1 - width), colour);
    fill(image, &Area::new(x1 - width, y0 + width, x1, y1 - width), colour);
}

/// Draws the outline of `corners`, `width` pixels wide, half of it to each side.
pub fn outline(image: &mut RgbImage, corners: &Quad, width: f32, colour: Colour) {
    let next = corners.0.iter().cycle().skip(1);
    corners.0.iter().zip(next).for_each(|(from, to)| line(image, *from, *to, width, colour));
}

/// A filled disc with a smooth edge.
pub fn disc(image: &mut RgbImage, [cx, cy]: [f32; 2], radius: f32, colour: Colour) {
    if !(cx.is_finite() && cy.is_finite()) {
        return;
    }
    for y in pixels(cy - radius - 0.5, cy + radius + 0.5, image.height()) {
        for x in pixels(cx - radius - 0.5, cx + radius + 0.5, image.width()) {
            let far = (x as f32 + 0.5 - cx).hypot(y as f32 + 0.5 - cy);
            let share = (radius + 0.5 - far).clamp(0.0, 1.0);
            let pixel = image.get_pixel_mut(x, y);
            pixel.0 = mix(pixel.0, colour, share);
        }
    }
}

/// A line with smooth edges, half its width longer at both ends, so that lines meet in full corners.
pub fn line(image: &mut RgbImage, from: [f32; 2], to: [f32; 2], width: f32, colour: Colour) {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = dx.hypot(dy);
    if !length.is_finite() {
        return;
    }
    let (dx, dy) = if length > 0.0 { (dx / length, dy / length) } else { (1.0, 0.0) };
    let (x0, y0) = ((from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0);
    // How far a pixel's centre may be from the middle, along and across, to be touched at all.
    let (along, across) = (length / 2.0 + width / 2.0 + 0.5, width / 2.0 + 0.5);
    let reach_y = along * dy.abs() + across * dx.abs();
    for y in pixels(y0 - reach_y, y0 + reach_y, image.height()) {
        let v = y as f32 + 0.5 - y0;
        // Both |u·dx + v·dy| < along and |v·dx - u·dy| < across.
        let (a, b) = within(dx, v * dy, along);
        let (c, d) = within(-dy, v * dx, across);
        for x in pixels(x0 + a.max(c), x0 + b.min(d), image.width()) {
            let u = x as f32 + 0.5 - x0;
            let inside = |far: f32, limit: f32| (limit - far.abs()).clamp(0.0, 1.0);
            let share = inside(u * dx + v * dy, along) * inside(v * dx - u * dy, across);
            let pixel = image.get_pixel_mut(x, y);
            pixel.0 = mix(pixel.0, colour, share);
        }
    }
}

/// The u for which |factor·u + rest| <= limit.
fn within(factor: f32, rest: f32, limit: f32) -> (f32, f32) {
    if factor.abs() < 1e-6 {
        let all = (f32::NEG_INFINITY, f32::INFINITY);
        return if rest.abs() <= limit { all } else { (f32::INFINITY, f32::NEG_INFINITY) };
    }
    let (a, b) = ((-limit - rest) / factor, (limit - rest) / factor);
    (a.min(b), a.max(b))
}

/// The pixels from `from` to `to` that the picture has.
fn pixels(from: f32, to: f32, size: u32) -> std::ops::Range<u32> {
    let side = size as f32;
    from.floor().clamp(0.0, side) as u32..to.ceil().clamp(0.0, side) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    /// One character a pixel: `.` untouched, `#` drawn.
    fn picture(image: &RgbImage) -> Vec<String> {
        image.rows().map(|row| row.map(|p| if p.0[0] > 0 { '#' } else { '.' }).collect()).collect()
    }

    #[test]
    fn an_outline_is_drawn_inwards() {
        let mut image = RgbImage::new(6, 5);
        stroke(&mut image, &Area::new(1, 0, 6, 5), 1, [9, 9, 9]);
        assert_eq!(picture(&image), [".#####", ".#...#", ".#...#", ".#...#", ".#####"]);
    }

    #[test]
    fn drawing_is_cut_to_the_picture() {
        let mut image = RgbImage::new(4, 3);
        fill(&mut image, &Area::new(-5, 1, 2, 99), [9, 9, 9]);
        assert_eq!(picture(&image), ["....", "##..", "##.."]);
        fill(&mut image, &Area::new(3, 2, 3, 9), [9, 9, 9]);
        fill(&mut image, &Area::new(7, 7, 9, 9), [9, 9, 9]);
        assert_eq!(picture(&image), ["....", "##..", "##.."]);
    }

    #[test]
    fn a_disc_is_round_and_cut_to_the_picture() {
        let mut image = RgbImage::new(7, 5);
        disc(&mut image, [3.5, 2.5], 1.0, [255; 3]);
        assert_eq!(picture(&image), [".......", "..###..", "..###..", "..###..", "......."]);
        assert_eq!((image.get_pixel(3, 2).0[0], image.get_pixel(2, 1).0[0] < 60), (255, true));
        disc(&mut image, [-3.0, f32::NAN], 9.0, [255; 3]);
        disc(&mut image, [0.0, 5.0], 1.0, [255; 3]);
        // The second pixel's centre is 1.58 away.
        assert_eq!(picture(&image)[4], "#......");
    }

    #[test]
    fn a_box_too_small_for_its_outline_is_filled() {
        let mut image = RgbImage::new(4, 3);
        stroke(&mut image, &Area::new(1, 1, 3, 2), 2, [9, 9, 9]);
        assert_eq!(picture(&image), ["....", ".##.", "...."]);
    }
}
