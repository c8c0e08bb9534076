//! What was read of a sheet: marked bubbles, doubtful answers, and in which bucket the page is.

use image::RgbImage;

use super::palette::Colour;
use super::palette::contrasting;
use super::shape::{Area, fill, outline, stroke};
use super::{Scale, text};
use crate::geometry::Rect;
use crate::sheet::read::page::SheetPage;
use crate::sheet::response::Bucket;

/// Of Okabe and Ito's palette, which people who see fewer colours can tell apart.
const READ: Colour = [0, 114, 178];
const DOUBTFUL: Colour = [230, 159, 0];
const REFUSED: Colour = [213, 94, 0];

/// A box around each mark that counts, a thin one around what might be one, a frame around fields that a person has
/// to see, the edge of the page as it was found, and the bucket in the corner.
pub fn draw(image: &mut RgbImage, page: &SheetPage, scale: &Scale) {
    let line = (scale.line / 2).max(1);
    let colour = match page.bucket {
        Bucket::Graded => READ,
        Bucket::Review => DOUBTFUL,
        Bucket::Rejected(_) | Bucket::NotASheet(_) => REFUSED,
    };
    if let Some(corners) = &page.corners {
        outline(image, corners, line as f32, colour);
    }
    for field in &page.fields {
        for mark in &field.marks {
            let (colour, width) = if mark.marked { (READ, line) } else { (DOUBTFUL, 1) };
            stroke(image, &area(&mark.rect).grown(width), width, colour);
        }
        if field.response.review {
            stroke(image, &area(&field.rect).grown(3 * line), line, DOUBTFUL);
        }
    }
    let words = match page.bucket.reason() {
        Some(reason) => format!("{}: {reason}", page.bucket.name()),
        None => page.bucket.name().to_owned(),
    };
    let height = scale.text.ceil() as i64;
    let padding = scale.tag_padding();
    let width = text::width(&words, scale.text) + 2 * padding;
    fill(image, &Area::new(0, 0, width, height + padding), colour);
    text::draw(image, &words, padding, padding / 2, scale.text, contrasting(colour));
}

fn area(rect: &Rect) -> Area {
    let [x0, y0, x1, y1] = [rect.x1, rect.y1, rect.x2, rect.y2].map(|v| v.round() as i64);
    Area::new(x0, y0, x1, y1)
}
