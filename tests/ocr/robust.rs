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

/// Single words of form.png by what they say, cut out with the paper around.
fn words(reading: &Reading) -> Vec<(GrayImage, String)> {
    reading.run([&picture("form.png"), "--no-images"]).expect(0);
    let page = image::open(picture("form.png")).expect("opens").to_luma8();
    let lines = reading.lines()["form.png"].clone();
    std::fs::remove_dir_all(reading.scratch.path("run")).expect("removed");
    let cut = |line: &serde_json::Value| {
        let [x1, y1, x2, y2] = [0, 1, 2, 3].map(|n| line["box"][n].as_f64().expect("a number") as u32);
        let cut =
            imageops::crop_imm(&page, x1.saturating_sub(4), y1.saturating_sub(2), x2 - x1 + 8, y2 - y1 + 4);
        (cut.to_image(), line["text"].as_str().expect("a text").to_owned())
    };
    lines.iter().map(cut).filter(|(_, text)| !text.contains(' ')).collect()
}

/// A list 40 times as long as wide: the view of the whole sees one region, or a few, and tiles see the lines.
#[test]
fn thousands_of_lines_are_read_in_their_order() {
    let Some(reading) = Reading::new() else { return };
    let words = words(&reading);
    let widest = words.iter().map(|(cut, _)| cut.width()).max().expect("words");
    let highest = words.iter().map(|(cut, _)| cut.height()).max().expect("words");
    let (columns, rows) = (3, 700);
    let mut sheet = GrayImage::from_pixel(columns * (widest + 40), rows * (highest + 6), Luma([255]));
    let mut wanted = Vec::new();
    for n in 0..columns * rows {
        let (column, row) = (n % columns, n / columns);
        // Another order in each row, so that a line lost or moved is seen.
        let (cut, text) = &words[((n + row * row) as usize * 7) % words.len()];
        let at = [20 + column * (widest + 40), 3 + row * (highest + 6)].map(i64::from);
        imageops::replace(&mut sheet, cut, at[0], at[1]);
        wanted.push(text.clone());
    }
    assert!(sheet.height() > 30 * sheet.width());
    let file = saved(&reading, "list.png", &sheet);
    reading.run([file.as_str(), "--no-images"]).expect(0);
    let read = reading.texts("list.png");
    assert_eq!(read.len(), wanted.len());
    let wrong: Vec<_> = read.iter().zip(&wanted).filter(|(read, wanted)| read != wanted).collect();
    assert!(wrong.len() * 200 <= wanted.len(), "{} wrong: {:?}", wrong.len(), &wrong[..wrong.len().min(20)]);
}

/// Two rows of words along a strip, which the view of the whole runs together.
#[test]
fn a_long_strip_of_two_rows_has_two_rows() {
    let Some(reading) = Reading::new() else { return };
    let (cut, text) = strip(&reading, 1.0);
    let times = 12;
    let mut long = GrayImage::from_pixel(times * (cut.width() + 60), 2 * cut.height() + 20, Luma([255]));
    for n in 0..times * 2 {
        let at = [30 + n / 2 * (cut.width() + 60), 5 + n % 2 * (cut.height() + 8)].map(i64::from);
        imageops::replace(&mut long, &cut, at[0], at[1]);
    }
    let file = saved(&reading, "rows.png", &long);
    reading.run([file.as_str(), "--no-images"]).expect(0);
    let read = reading.texts("rows.png").join(" ").replace(' ', "");
    assert_eq!(read, text.replace(' ', "").repeat(2 * times as usize), "{:?}", reading.texts("rows.png"));
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
    // Nothing, or what is hardly believed.
    let sure = |line: &serde_json::Value| line["confidence"].as_f64().expect("a number") > 0.5;
    assert!(!reading.lines()["dust.png"].iter().any(sure), "{:?}", reading.texts("dust.png"));
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
