//! Below the boxes of a sequence: where things came from, and the zones and lines that count them.

use image::RgbImage;
use serde::Serialize;

use super::palette::{BLACK, WHITE, class_colour};
use super::shape::{Area, disc, fill, frame, line};
use super::{Scale, Style, text};
use crate::geometry::Rect;

/// What a frame of a sequence shows beside its instances. Points are in pixels of the picture.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Overlay {
    /// Number of a thing, and where it was, the oldest place first.
    pub tails: Vec<(u32, Vec<[f32; 2]>)>,
    pub places: Vec<Outline>,
}

/// A zone or a line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Outline {
    pub points: Vec<[f32; 2]>,
    /// A zone; else a line.
    pub closed: bool,
    /// Name and counts so far.
    pub words: String,
}

impl Overlay {
    pub fn is_empty(&self) -> bool {
        self.tails.is_empty() && self.places.is_empty()
    }
}

pub fn draw(image: &mut RgbImage, overlay: &Overlay, style: &Style) {
    let scale = Scale::new(image, style);
    let width = scale.line as f32;
    for place in &overlay.places {
        for [from, to] in edges(place) {
            line(image, from, to, width + 2.0, BLACK);
        }
        for [from, to] in edges(place) {
            line(image, from, to, width, WHITE);
        }
        if let ([from, to], false) = (place.points.as_slice(), place.closed) {
            arrow(image, *from, *to, width);
        }
    }
    for (track, points) in &overlay.tails {
        for step in points.windows(2) {
            line(image, step[0], step[1], width, class_colour(*track));
        }
    }
    overlay.places.iter().for_each(|place| label(image, place, &scale));
}

fn edges(place: &Outline) -> Vec<[[f32; 2]; 2]> {
    let steps = place.points.windows(2).map(|step| [step[0], step[1]]);
    let closing = place.points.last().zip(place.points.first()).filter(|_| place.closed);
    steps.chain(closing.map(|(last, first)| [*last, *first])).collect()
}

/// From the middle of a line to the side that is in.
fn arrow(image: &mut RgbImage, from: [f32; 2], to: [f32; 2], width: f32) {
    let (dx, dy) = (to[0] - from[0], to[1] - from[1]);
    let length = dx.hypot(dy).max(1.0);
    let middle = [(from[0] + to[0]) / 2.0, (from[1] + to[1]) / 2.0];
    let reach = (length / 8.0).clamp(4.0 * width, 12.0 * width);
    // To the right of the way from one end to the other, where y runs down.
    let tip = [middle[0] - dy / length * reach, middle[1] + dx / length * reach];
    for (extra, colour) in [(2.0, BLACK), (0.0, WHITE)] {
        line(image, middle, tip, width + extra, colour);
        disc(image, tip, 1.5 * width + extra / 2.0, colour);
    }
}

/// Name and counts at the first point, within the picture.
fn label(image: &mut RgbImage, place: &Outline, scale: &Scale) {
    let Some([x, y]) = place.points.first().copied() else { return };
    let (edge, padding, all) = (scale.tag_edge(), scale.tag_padding(), frame(image));
    let height = scale.text.ceil() as i64 + 2 * edge;
    let room = all.width() - 2 * (edge + padding);
    let Some(words) = text::fitted(&place.words, "", scale.text, room) else { return };
    let width = text::width(&words, scale.text) + 2 * (edge + padding);
    let x0 = (x as i64).clamp(0, (all.width() - width).max(0));
    let y0 = (y as i64).clamp(0, (all.height() - height).max(0));
    let area = Area::new(x0, y0, x0 + width, y0 + height);
    fill(image, &area, WHITE);
    fill(image, &area.grown(-edge), BLACK);
    text::draw(image, &words, x0 + edge + padding, y0 + edge, scale.text, WHITE);
}

/// A box of a frame of `frame` = [width, height] on a picture of any size, as a white line with a dark edge.
pub fn box_on(image: &mut RgbImage, rect: &Rect, frame: [u32; 2]) {
    let (width, height) = image.dimensions();
    let [across, down] = [width as f32 / frame[0].max(1) as f32, height as f32 / frame[1].max(1) as f32];
    // Within the picture, so that all four sides are seen.
    let (x1, x2) = (rect.x1 * across, (rect.x2 * across).min(width as f32 - 1.0));
    let (y1, y2) = (rect.y1 * down, (rect.y2 * down).min(height as f32 - 1.0));
    let corners = [[x1, y1], [x2, y1], [x2, y2], [x1, y2], [x1, y1]];
    for (thickness, colour) in [(4.0, BLACK), (2.0, WHITE)] {
        corners.windows(2).for_each(|side| line(image, side[0], side[1], thickness, colour));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tails_zones_and_lines_are_drawn_and_nothing_else() {
        let mut image = RgbImage::from_pixel(200, 160, image::Rgb([90, 90, 90]));
        let before = image.clone();
        draw(&mut image, &Overlay::default(), &Style::default());
        assert!(image == before);
        // Through the middle of pixels.
        let zone = Outline {
            points: vec![[20.5, 60.5], [100.5, 60.5], [100.5, 140.5], [20.5, 140.5]],
            closed: true,
            words: "yard 2".to_owned(),
        };
        let door =
            Outline { points: vec![[120.5, 80.5], [180.5, 80.5]], closed: false, words: "door".to_owned() };
        let overlay =
            Overlay { tails: vec![(1, vec![[120.5, 20.5], [180.5, 20.5]])], places: vec![zone, door] };
        draw(&mut image, &overlay, &Style::default());
        // The lower edge of the zone, the line with its arrow below it, the tail.
        assert_eq!((image.get_pixel(60, 140).0, image.get_pixel(150, 80).0), (WHITE, WHITE));
        assert_eq!((image.get_pixel(150, 86).0, image.get_pixel(150, 74).0), (WHITE, [90, 90, 90]));
        assert_eq!(image.get_pixel(150, 20).0, class_colour(1));
        assert_eq!(image.get_pixel(60, 110).0, [90, 90, 90], "a zone is not filled");
    }
}
