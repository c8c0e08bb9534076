//! Classes of the whole picture: a panel in the top left corner, a line a class with its score as a bar.

use image::RgbImage;

use super::palette::{BLACK, Colour, WHITE, class_colour, mix};
use super::shape::{Area, fill, frame};
use super::{Scale, Style, text};
use crate::prediction::Class;

/// At most this share of the picture's height is covered.
const SHARE: f32 = 0.5;

/// Length of a full bar in line heights.
const BAR: f32 = 2.5;

/// Draws as many classes as there is room for, the best first.
pub fn draw(image: &mut RgbImage, classes: &[Class], scale: &Scale, style: &Style) {
    let whole = frame(image);
    let (edge, padding) = (scale.tag_edge(), scale.tag_padding());
    let line = scale.text.ceil() as i64 + 2 * edge;
    let room = ((whole.height() as f32 * SHARE) as i64 - 2 * padding) / line.max(1);
    let bar = (scale.text * BAR) as i64;
    let widest = whole.width() - bar - 3 * padding;
    let shown: Vec<(&Class, String)> = classes
        .iter()
        .take(room.max(0) as usize)
        .filter_map(|class| Some((class, words(class, style, scale.text, widest)?)))
        .collect();
    let Some(longest) = shown.iter().map(|(_, words)| text::width(words, scale.text)).max() else { return };
    let panel = Area::new(0, 0, bar + longest + 3 * padding, shown.len() as i64 * line + 2 * padding);
    // Not black, so that the panel is seen on a black picture too.
    fill(image, &panel.grown(edge), WHITE);
    fill(image, &panel, ground());
    for (row, (class, words)) in shown.iter().enumerate() {
        let top = padding + row as i64 * line;
        let height = scale.text.ceil() as i64;
        let length = (bar as f32 * class.score.clamp(0.0, 1.0)).round() as i64;
        let track = Area::new(padding, top + edge, padding + bar, top + edge + height);
        fill(image, &track, mix(ground(), WHITE, 0.15));
        fill(image, &Area { x1: padding + length.max(1), ..track }, class_colour(class.class));
        text::draw(image, words, 2 * padding + bar, top + edge, scale.text, WHITE);
    }
}

fn ground() -> Colour {
    mix(BLACK, WHITE, 0.08)
}

fn words(class: &Class, style: &Style, size: f32, room: i64) -> Option<String> {
    let label = if style.labels { text::drawable(&class.label, class.class) } else { String::new() };
    let score = if style.scores { format!("{:.2}", class.score) } else { String::new() };
    text::fitted(&label, &score, size, room)
}
