//! No text, too much text, text too large and too small, pictures of every shape.

use image::{GrayImage, Luma, RgbImage, imageops};

use crate::{Reading, picture};

fn saved(reading: &Reading, name: &str, image: &GrayImage) -> String {
    let path = reading.scratch.path(name);
    image.save(&path).expect("written");
    path.to_string_lossy().into_owned()
}

/// A line of the rendered pages: "While bridge every paint" and the like, 12 pixels of paper around.
fn strip(reading: &Reading, scale: f32) -> (GrayImage, String) {
    reading.run([&picture("letter-en.png"), "--no-images"]).expect(0);
    let line = reading.lines()["letter-en.png"][0].clone();
    let [x1, y1, x2, y2] = [0, 1, 2, 3].map(|n| line["box"][n].as_f64().expect("a number") as u32);
    let page = image::open(picture("letter-en.png")).expect("opens").to_luma8();
    let cut = imageops::crop_imm(&page, x1 - 12, y1 - 4, x2 - x1 + 24, y2 - y1 + 8).to_image();
    std::fs::remove_dir_all(reading.scratch.path("run")).expect("removed");
    let size = [cut.width(), cut.height()].map(|side| (side as f32 * scale) as u32);
    let scaled = imageops::resize(&cut, size[0], size[1], imageops::FilterType::CatmullRom);
    (scaled, line["text"].as_str().expect("a text").to_owned())
}

#[test]
fn pictures_without_text_have_no_lines_and_no_error() {
    let Some(reading) = Reading::new() else { return };
    let mut pictures = Vec::new();
    for (name, width, height) in [("dot", 1, 1), ("wide", 3000, 2), ("high", 2, 3000), ("small", 20, 30)] {
        pictures.push(saved(
            &reading,
            &format!("{name}.png"),
            &GrayImage::from_pixel(width, height, Luma([200])),
        ));
    }
    let noise = GrayImage::from_fn(300, 200, |x, y| Luma([(x * 7919 + y * 104_729 + x * y * 31) as u8]));
    pictures.push(saved(&reading, "noise.png", &noise));
    let ran = reading.run(pictures.iter().map(String::as_str).chain(["--text"])).expect(0);
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("==> ")).count(), 5, "{}", ran.out);
    let lines = reading.lines();
    assert!(["dot.png", "wide.png", "high.png", "small.png"].iter().all(|name| lines[*name].is_empty()));
}

#[test]
fn one_huge_line_is_read_in_pieces() {
    let Some(reading) = Reading::new() else { return };
    let (cut, text) = strip(&reading, 1.0);
    let times = 24;
    let mut long = GrayImage::from_pixel(cut.width() * times, cut.height() + 16, Luma([255]));
    for n in 0..times {
        imageops::replace(&mut long, &cut, i64::from(n * cut.width()), 8);
    }
    assert!(long.width() > 100 * long.height());
    let file = saved(&reading, "long.png", &long);
    reading.run([file.as_str(), "--no-images"]).expect(0);
    let read = reading.texts("long.png").join(" ");
    let wanted = vec![text; times as usize].join(" ");
    assert_eq!(read.replace(' ', ""), wanted.replace(' ', ""), "of {} pixels", long.width());
    assert!(reading.lines()["long.png"].len() <= 3, "hardly any cut: {:?}", reading.texts("long.png"));
}

#[test]
fn a_thousand_lines_on_a_sheet_are_all_read() {
    let Some(reading) = Reading::new() else { return };
    let (cut, text) = strip(&reading, 0.6);
    let (columns, rows) = (14, 90);
    let pitch = cut.height() + 2;
    let mut sheet = GrayImage::from_pixel(columns * (cut.width() + 20), rows * pitch + 20, Luma([255]));
    for n in 0..columns * rows {
        let (column, row) = (n % columns, n / columns);
        let at = (10 + column * (cut.width() + 20), 10 + row * pitch);
        imageops::replace(&mut sheet, &cut, i64::from(at.0), i64::from(at.1));
    }
    let file = saved(&reading, "sheet.png", &sheet);
    reading.run([file.as_str(), "--no-images", "--tile", "1500"]).expect(0);
    let texts = reading.texts("sheet.png");
    let right = texts.iter().filter(|read| **read == text).count();
    assert!(right * 100 >= 98 * (columns * rows) as usize, "{right} of {} lines", columns * rows);
}

/// An A0 sheet at 200 dpi, 6620 x 9362, as a palette of one grey: small text in a corner is lost when the sheet is
/// looked at as a whole, which scales it down to 2000 pixels.
#[test]
fn small_text_on_a_sheet_of_a0_is_found() {
    let Some(reading) = Reading::new() else { return };
    let (cut, text) = strip(&reading, 1.0);
    let mut sheet = GrayImage::from_pixel(6620, 9362, Luma([255]));
    for at in [(100, 100), (6100, 9000), (3960, 4000), (2000, 3990)] {
        let x = at.0.min(sheet.width() - cut.width());
        imageops::replace(&mut sheet, &cut, i64::from(x), i64::from(at.1));
    }
    // Large text over the edges of all tiles.
    let large =
        imageops::resize(&cut, 6000, cut.height() * 6000 / cut.width(), imageops::FilterType::CatmullRom);
    imageops::replace(&mut sheet, &large, 300, 6000);
    let file = saved(&reading, "sheet.png", &sheet);
    reading.run([file.as_str(), "--no-images"]).expect(0);
    assert_eq!(reading.texts("sheet.png"), vec![text; 5]);
}

#[test]
fn tiny_text_is_read_or_left_out() {
    let Some(reading) = Reading::new() else { return };
    let (cut, text) = strip(&reading, 0.35);
    assert!(cut.height() < 20);
    let mut page = GrayImage::from_pixel(300, 200, Luma([255]));
    imageops::replace(&mut page, &cut, 20, 80);
    let file = saved(&reading, "tiny.png", &page);
    // Letters of three pixels are nobody's.
    let (dust, _) = strip(&reading, 0.12);
    let dust = saved(&reading, "dust.png", &dust);
    reading.run([file.as_str(), &dust, "--no-images"]).expect(0);
    assert_eq!(reading.texts("tiny.png"), [text]);
    assert!(reading.texts("dust.png").len() <= 1);
}

#[test]
fn parts_of_a_file_are_read_one_by_one_and_a_broken_file_ends_nothing() {
    let Some(reading) = Reading::new() else { return };
    let page = |name: &str| image::open(picture(name)).expect("opens").to_rgb8();
    let mut tiff = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut tiff).expect("an encoder");
    for name in ["signs.png", "chinese.png"] {
        let pixels: RgbImage = page(name);
        let (width, height) = pixels.dimensions();
        encoder.write_image::<tiff::encoder::colortype::RGB8>(width, height, &pixels).expect("a page");
    }
    reading.scratch.file("p/two.tif", &tiff.into_inner());
    reading.scratch.file("p/broken.png", &std::fs::read(picture("form.png")).expect("read")[..900]);
    reading.run(["p", "--format", "text"]).expect(2);
    let text = |page: u32| {
        let file = reading.scratch.path(format!("run/text/p/two.p000{page}.txt"));
        std::fs::read_to_string(file).expect("a page's text").lines().count()
    };
    assert_eq!((text(1), text(2)), (3, 4));
    assert!(!reading.scratch.path("run/text/p/broken.txt").exists());
}
