//! Pages in every way that people scan them, and what is no page: each ends in one bucket with its reason.

use image::{GrayImage, Luma};
use serde_json::Value;

use super::common::{Scratch, sample};
use super::drawn::{ROWS, desk, layout, marked, page, png};
use super::{grade, pages, values};

const ALL: [bool; 4] = [true; 4];

/// One picture, graded by the drawn layout.
fn graded(bytes: &[u8]) -> Value {
    let s = Scratch::new();
    s.file("in/page.png", bytes);
    s.file("layout.json", layout("drawn").to_string().as_bytes());
    grade(&s, ["in", "--sheet", "layout.json"]).expect(0);
    pages(&s).remove("page.png").expect("a page")
}

#[track_caller]
fn all_right(page: &Value) {
    for row in 0..ROWS {
        let wanted: Vec<String> =
            marked(row).map(|c| ["A", "B", "C", "D"][c].to_owned()).into_iter().collect();
        assert_eq!(values(page, &format!("q{}", row + 1)), wanted, "{page}");
    }
}

#[test]
fn pages_are_read_at_any_turn() {
    let page = page(ALL);
    for angle in [0.0, 0.2, 1.5, std::f32::consts::PI, -0.7] {
        let read = graded(&png(&desk(&[(&page, angle, 0.8, [750.0, 900.0])])));
        assert_eq!(read["bucket"], "graded", "{angle}: {read}");
        all_right(&read);
    }
}

#[test]
fn an_empty_page_is_empty() {
    let mut blank = page(ALL);
    // Wiped out within the rings.
    for row in 0..ROWS {
        if let Some(column) = marked(row) {
            let at = ((40 + 12 * column as i32) * 5, (40 + 9 * row as i32) * 5);
            imageproc::drawing::draw_filled_circle_mut(&mut blank, at, 9, Luma([245]));
        }
    }
    let read = graded(&png(&blank));
    assert_eq!(read["bucket"], "graded", "{read}");
    for row in 0..ROWS {
        assert_eq!(values(&read, &format!("q{}", row + 1)), [""; 0]);
    }
}

#[test]
fn a_cut_corner_is_read_and_shown_to_a_person() {
    let read = graded(&png(&desk(&[(&page([true, true, false, true]), 0.1, 0.8, [750.0, 900.0])])));
    assert_eq!(
        (&read["bucket"], &read["quality"][0]),
        (&"review".into(), &"corner-missing".into()),
        "{read}"
    );
    all_right(&read);
    let two = graded(&png(&desk(&[(&page([true, true, false, false]), 0.1, 0.8, [750.0, 900.0])])));
    assert_eq!((&two["bucket"], &two["reason"]), (&"not-a-sheet".into(), &"no-marks".into()), "{two}");
}

#[test]
fn what_is_no_page_says_so() {
    let blank = GrayImage::from_pixel(1000, 1400, Luma([250]));
    let read = graded(&png(&blank));
    assert_eq!((&read["bucket"], &read["reason"]), (&"not-a-sheet".into(), &"blank".into()));
    for photo in ["cows.jpg", "coffee.jpg", "opera.jpg"] {
        let read = graded(&std::fs::read(sample(photo)).expect("a photo of the samples"));
        assert_eq!(
            (&read["bucket"], &read["reason"]),
            (&"not-a-sheet".into(), &"no-marks".into()),
            "{photo}"
        );
    }
}

#[test]
fn another_sheet_with_the_same_corners_is_refused() {
    let s = Scratch::new();
    s.file("in/page.png", &png(&page(ALL)));
    let mut other = layout("other");
    for (n, field) in other["pages"][0]["fields"].as_array_mut().expect("fields").iter_mut().enumerate() {
        for (m, bubble) in field["bubbles"].as_array_mut().expect("bubbles").iter_mut().enumerate() {
            let (x, y) = (110.0 + 17.0 * m as f32, 62.0 + 7.0 * n as f32);
            bubble["rect"] = serde_json::json!([x, y, x + 5.0, y + 5.0]);
        }
    }
    s.file("layout.json", other.to_string().as_bytes());
    grade(&s, ["in", "--sheet", "layout.json"]).expect(0);
    let read = pages(&s).remove("page.png").expect("a page");
    assert_eq!((&read["bucket"], &read["reason"]), (&"rejected".into(), &"no-bubbles".into()), "{read}");
}

#[test]
fn options_without_use_and_missing_sheets_are_said() {
    let s = Scratch::new();
    s.file("in/page.png", &png(&page(ALL)));
    grade(&s, ["in"]).expect(1).says("--sheet");
    grade(&s, ["in", "--sheet", "none.json"]).expect(1).says("no such file");
    s.file("layout.json", layout("drawn").to_string().as_bytes());
    grade(&s, ["in", "--sheet", "layout.json", "--model", "x.onnx"]).expect(1).says("has no use for it");
    s.file("bad.json", b"{\"pages\": []}");
    grade(&s, ["in", "--sheet", "bad.json"]).expect(1).says("bad.json");
}

#[test]
fn a_second_run_with_another_threshold_looks_at_no_picture_again() {
    let s = Scratch::new();
    s.file("in/page.png", &png(&page(ALL)));
    s.file("layout.json", layout("drawn").to_string().as_bytes());
    grade(&s, ["in", "--sheet", "layout.json", "--no-images"]).expect(0);
    grade(&s, ["in", "--sheet", "layout.json", "--no-images", "--sure", "1"]).expect(0);
    assert_eq!(s.run_json()["items"]["observed_now"], 0);
    assert_eq!(pages(&s)["page.png"]["bucket"], "review");
    grade(&s, ["in", "--sheet", "layout.json", "--no-images", "--fail-on", "review", "--sure", "1"])
        .expect(3);
}
