//! The page of `vision diff`, and of pages of a TIFF: columns and queues that the page does not know by name.

use serde_json::json;

use crate::Page;
use crate::chromium::Browser;
use crate::common::{Ran, Scratch, sample, vision};

#[test]
fn the_page_of_a_comparison_has_columns_and_queues_of_its_own() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    for name in ["cars.jpg", "cows.jpg", "opera.jpg", "wine.jpg"] {
        s.file(format!("p/{name}"), &std::fs::read(sample(name)).expect("a sample"));
    }
    for (out, conf) in [("low", "0.35"), ("high", "0.6")] {
        let arguments = ["detect", "p", "--report", "--no-images", "--out", out, "--conf", conf];
        Ran::of(vision().current_dir(s.path("")).args(arguments)).expect(0);
    }
    Ran::of(vision().current_dir(s.path("")).args(["diff", "low", "high", "--out", "d"])).expect(0);
    let page = Page::of(&s.path("d"));
    assert!(page.header["threshold"].is_null());
    assert!(page.rows.iter().all(|row| s.path("d").join(row["thumb"].as_str().expect("a picture")).exists()));
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        browser.open(&s.path("d"), [1280, 860]);
        browser.pictures();
        browser.screenshot(&format!("diff-{scheme}.png"));
    }
    assert_eq!(
        browser
            .value("document.getElementById('threshold').hidden && document.getElementById('review').hidden"),
        json!(true)
    );
    let queue = "[...document.querySelectorAll('#queues button')].find(chip => chip.textContent === 'Most lost first')";
    browser.value(&format!("{queue}.click(); 0"));
    let lost = browser.value("visible.map(item => valueOf(item, 'lost'))");
    let lost: Vec<u64> = serde_json::from_value(lost).expect("numbers");
    assert!(
        lost.len() == page.rows.len() && lost.windows(2).all(|pair| pair[0] >= pair[1]) && lost[0] > 0,
        "{lost:?}"
    );
    // What was lost is a class like others: chosen, the gallery shows it alone.
    browser.value("[...document.querySelectorAll('#class-list button')].find(b => b.textContent.startsWith('lost: car')).click(); 0");
    browser.settle();
    assert_eq!(browser.value("visible.map(item => item.title)"), json!(["cars.jpg"]));
    browser.value("openZoom(0); 0");
    browser.until("paper.querySelector('img').complete && paper.querySelector('img').naturalWidth > 0");
    assert_eq!(browser.value("looking.view"), json!("original"));
    browser.screenshot("diff-zoom.png");
    browser.open(&s.path("d"), [390, 844]);
    browser.pictures();
    browser.screenshot("diff-phone.png");
    let fits = "document.documentElement.scrollWidth <= innerWidth && document.getElementById('gallery').clientHeight > 300";
    assert_eq!(browser.value(fits), json!(true), "the gallery has most of a phone's screen");
    browser.value("document.getElementById('side').open = true; 0");
    assert_eq!(browser.value("document.documentElement.scrollWidth <= innerWidth"), json!(true));
    browser.screenshot("diff-phone-filters.png");
    browser.was_quiet();
}

#[test]
fn pages_of_a_tiff_have_their_own_column() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    let mut tiff = std::io::Cursor::new(Vec::new());
    let mut encoder = tiff::encoder::TiffEncoder::new(&mut tiff).expect("an encoder");
    for name in ["cows.jpg", "giraffe.jpg", "cars.jpg"] {
        let page = image::open(sample(name)).expect("a sample").to_rgb8();
        let (width, height) = page.dimensions();
        encoder.write_image::<tiff::encoder::colortype::RGB8>(width, height, page.as_raw()).expect("a page");
    }
    s.file("p/scan.tif", &tiff.into_inner());
    s.file("p/one.jpg", &std::fs::read(sample("wine.jpg")).expect("a sample"));
    s.detect(["p", "--report", "--no-images", "--conf", "0.4"]).expect(0);
    browser.open(&s.path("run"), [1280, 860]);
    assert_eq!(browser.value("visible.map(item => valueOf(item, 'page') ?? null)"), json!([null, 1, 2, 3]));
    browser.value("sort = document.getElementById('sort'); sort.value = 'page'; sort.dispatchEvent(new Event('change')); 0");
    browser.value("document.getElementById('direction').click(); 0");
    assert_eq!(
        browser.value("visible.map(item => item.title)"),
        json!(["scan.tif · page 3", "scan.tif · page 2", "scan.tif · page 1", "one.jpg"])
    );
    let least = "document.querySelector('[data-column=page] input')";
    browser.value(&format!("{least}.value = 2; {least}.dispatchEvent(new Event('input')); 0"));
    assert_eq!(browser.value("visible.length"), json!(2));
    // A decision about a page is of that page alone.
    browser.value("openZoom(visible.findIndex(item => item.title.endsWith('page 2'))); 0");
    browser.key("r");
    let decided = browser.value("everything().map(decision => decision.item)");
    let results = s.results();
    let id = results
        .iter()
        .find_map(|r| r["item"]["part"]["n"].as_u64().map(|_| r["item"]["id"].as_str().expect("an id")));
    assert_eq!(decided, json!([format!("{}.p0002", id.expect("a page"))]));
    browser.was_quiet();
}
