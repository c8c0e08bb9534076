//! A sheet with squares at its corners, drawn with known marks and laid on a desk at any turn.

use image::{GrayImage, Luma};
use imageproc::drawing::{draw_filled_circle_mut, draw_filled_rect_mut, draw_hollow_circle_mut};
use imageproc::geometric_transformations::{Border, Interpolation, Projection, warp_into};
use imageproc::rect::Rect;
use serde_json::{Value, json};

/// Pixels a millimetre.
const SCALE: f32 = 5.0;
/// Rows of questions, each with four bubbles.
pub const ROWS: usize = 20;
const CORNERS: [[f32; 2]; 4] = [[10.0, 10.0], [200.0, 10.0], [200.0, 287.0], [10.0, 287.0]];

fn bubble(row: usize, column: usize) -> [f32; 2] {
    // Not in the middle, so that a page upside down looks another way.
    [40.0 + 12.0 * column as f32, 40.0 + 9.0 * row as f32]
}

/// The layout in millimetres; `title` makes it another sheet.
pub fn layout(title: &str) -> Value {
    let field = |row: usize| {
        let bubbles = (0..4).map(|column| {
            let [x, y] = bubble(row, column);
            let value = ["A", "B", "C", "D"][column];
            json!({ "value": value, "place": 0, "shape": "ellipse", "rect": [x - 2.5, y - 2.5, x + 2.5, y + 2.5] })
        });
        let [x, y] = bubble(row, 0);
        json!({ "name": format!("q{}", row + 1), "kind": "choice", "area": [x - 3.0, y - 3.0, x + 40.0, y + 3.0],
                "bubbles": bubbles.collect::<Vec<_>>() })
    };
    json!({ "title": title, "pages": [{ "size": [210.0, 297.0],
            "anchors": { "Fiducials": { "centres": CORNERS, "side": 6.0 } },
            "fields": (0..ROWS).map(field).collect::<Vec<_>>() }] })
}

/// What is marked in a row: a solid circle, in column row mod 5; nothing where that is 4.
pub fn marked(row: usize) -> Option<usize> {
    Some(row % 5).filter(|column| *column < 4)
}

/// The page as printed and filled in; `corners` says which squares are there.
pub fn page(corners: [bool; 4]) -> GrayImage {
    let mut page = GrayImage::from_pixel((210.0 * SCALE) as u32, (297.0 * SCALE) as u32, Luma([245]));
    let pixels = |v: f32| (v * SCALE).round() as i32;
    for ([x, y], _) in CORNERS.iter().zip(corners).filter(|(_, there)| *there) {
        let rect = Rect::at(pixels(x - 3.0), pixels(y - 3.0)).of_size(30, 30);
        draw_filled_rect_mut(&mut page, rect, Luma([20]));
    }
    for row in 0..ROWS {
        for column in 0..4 {
            let [x, y] = bubble(row, column).map(pixels);
            draw_hollow_circle_mut(&mut page, (x, y), 12, Luma([90]));
            draw_hollow_circle_mut(&mut page, (x, y), 11, Luma([120]));
            if marked(row) == Some(column) {
                draw_filled_circle_mut(&mut page, (x, y), 9, Luma([60]));
            }
        }
    }
    page
}

/// Pages on a desk, each turned by an angle around a place of the desk, which is 1500 x 1800 pixels.
pub fn desk(pages: &[(&GrayImage, f32, f32, [f32; 2])]) -> GrayImage {
    let mut desk = GrayImage::from_pixel(1500, 1800, Luma([120]));
    for (page, angle, scale, [x, y]) in pages {
        let way = Projection::translate(-(page.width() as f32) / 2.0, -(page.height() as f32) / 2.0)
            .and_then(Projection::rotate(*angle))
            .and_then(Projection::scale(*scale, *scale))
            .and_then(Projection::translate(*x, *y));
        let mut laid = GrayImage::new(1500, 1800);
        warp_into(page, way, Interpolation::Bilinear, Border::Constant(Luma([0])), &mut laid);
        for (below, above) in desk.pixels_mut().zip(laid.pixels()).filter(|(_, above)| above.0[0] > 0) {
            *below = *above;
        }
    }
    desk
}

pub fn png(picture: &GrayImage) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).expect("encodes");
    bytes.into_inner()
}
