//! The page in a real browser: marks where things are, slider, filters, keys, and nothing that runs but ours.

use serde_json::{Value, json};

use crate::chromium::Browser;
use crate::common::{Ran, Scratch, photo, picture, sample, vision, with_exif_orientation};
use crate::{HOSTILE, Page};

/// Sample photos, one with a hostile name, one that is broken; reported at 0.35.
fn samples(s: &Scratch) {
    for name in ["cars.jpg", "cows.jpg", "opera.jpg", "wine.jpg", "macaw.png", "giraffe.jpg"] {
        s.file(format!("p/street/{name}"), &std::fs::read(sample(name)).expect("a sample"));
    }
    s.file(format!("p/{HOSTILE}"), &photo());
    s.file("p/broken.jpg", &photo()[..3000]);
    s.detect(["p", "--report", "--no-images", "--conf", "0.35"]).expect(2);
}

/// How many things pass `least` in a page's data.
fn passing(page: &Page, least: f64) -> usize {
    page.rows.iter().map(|row| page.passing(row, &|_| least).len()).sum()
}

#[track_caller]
fn status(browser: &mut Browser, items: usize, things: usize) {
    browser.settle();
    let text = browser.value("document.getElementById('status').textContent");
    let word = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let wanted = format!("{} of 8 · {} found", word(items, "item"), word(things, "thing"));
    assert_eq!(text, json!(wanted));
}

#[test]
fn names_stay_text_and_nothing_else_runs() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    samples(&s);
    browser.open(&s.path("run"), [1280, 860]);
    browser.pictures();
    let shown = browser.value("[...document.querySelectorAll('.card .name')].map(name => name.textContent)");
    assert!(shown.as_array().expect("names").contains(&json!(HOSTILE)), "{shown}");
    assert_eq!(browser.value("document.title"), json!("detect p – vision"));
    // Opened one by one, with everything that is said of each.
    for number in 0..8 {
        browser.value(&format!("openZoom({number}); 0"));
        browser.settle();
    }
    browser.value("zoom.close(); 0");
    assert_eq!(
        browser.value("document.querySelectorAll('img[onerror], script:not([src]):not([type])').length"),
        json!(1)
    );
    // What got in nevertheless would not run: the policy knows our program's digest only.
    let ran = "(() => { const s = document.createElement('script'); s.textContent = 'window.ran = 1'; \
               document.body.append(s); return window.ran === undefined; })()";
    browser.was_quiet();
    assert_eq!(browser.value(ran), json!(true));
    let reached = "fetch('data:text/plain,x').then(() => 'reached', () => 'refused')";
    assert_eq!(browser.value(reached), json!("refused"));
}

/// Where the marks of an item lie on the screen and where they should, by the picture's own place.
const MARKS: &str = "(() => {
  const row = visible[PLACE].row, holder = document.querySelector(HOLDER);
  const image = holder.querySelector('img'), frame = image.getBoundingClientRect();
  const scale = Math.min(frame.width / image.naturalWidth, frame.height / image.naturalHeight);
  const [wide, high] = [image.naturalWidth * scale, image.naturalHeight * scale];
  const [left, top] = [frame.left + (frame.width - wide) / 2, frame.top + (frame.height - high) / 2];
  return [...holder.querySelectorAll('[data-overlay=box]')].map(group => {
    const n = Number(group.dataset.thing), [x1, y1, x2, y2] = row.b.slice(4 * n, 4 * n + 4);
    const mark = group.querySelector('.mark'), point = mark.ownerSVGElement.createSVGPoint();
    const at = (x, y) => { point.x = x; point.y = y; const p = point.matrixTransform(mark.getScreenCTM()); return [p.x, p.y]; };
    const box = mark.getBBox();
    return { is: [...at(box.x, box.y), ...at(box.x + box.width, box.y + box.height)],
      wanted: [left + x1 / row.size[0] * wide, top + y1 / row.size[1] * high,
        left + x2 / row.size[0] * wide, top + y2 / row.size[1] * high] };
  });
})()";

#[track_caller]
fn marks_are_right(browser: &mut Browser, place: usize, holder: &str) -> usize {
    let marks =
        browser.value(&MARKS.replace("PLACE", &place.to_string()).replace("HOLDER", &format!("'{holder}'")));
    let marks = marks.as_array().expect("marks").clone();
    for mark in &marks {
        let numbers = |key: &str| -> Vec<f64> { serde_json::from_value(mark[key].clone()).expect("numbers") };
        let off = numbers("is").iter().zip(numbers("wanted")).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(off < 1.0, "{off} pixels off: {mark}");
    }
    marks.len()
}

#[test]
fn marks_lie_where_the_things_are() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    // Stored lying on its side, with the note that it is: a browser turns it as we do.
    let cars = image::open(sample("cars.jpg")).expect("a sample").rotate270().to_rgb8();
    s.file("p/street/turned.jpg", &with_exif_orientation(&cars, 6));
    samples(&s);
    let page = Page::of(&s.path("run"));
    let size = &page.row("street/turned.jpg")["size"];
    assert_eq!(size, &page.row("street/cars.jpg")["size"], "turned back");
    browser.open(&s.path("run"), [1280, 1200]);
    browser.pictures();
    let mut seen = 0;
    for (place, row) in page.rows.iter().enumerate().filter(|(_, row)| row["error"].is_null()) {
        let things = page.passing(row, &|_| 0.35).len();
        assert_eq!(
            marks_are_right(&mut browser, place, &format!("[data-place=\"{place}\"] .picture")),
            things
        );
        browser.value(&format!("openZoom({place}); 0"));
        browser.until("paper.querySelector('img').complete && paper.querySelector('img').naturalWidth > 0");
        assert_eq!(browser.value("looking.view"), json!("original"), "nothing is burnt in");
        let natural = browser
            .value("[paper.querySelector('img').naturalWidth, paper.querySelector('img').naturalHeight]");
        assert_eq!(natural, row["size"], "upright as boxes are");
        assert_eq!(marks_are_right(&mut browser, place, "#paper"), things);
        browser.key("+");
        browser.key("+");
        marks_are_right(&mut browser, place, "#paper");
        browser.key("Escape");
        seen += things;
    }
    assert!(seen > 10, "{seen}");
    // Independent of our own arithmetic: the giraffe's box in the original's pixels, as a person sees it.
    let giraffe = page.passing(page.row("street/giraffe.jpg"), &|_| 0.35);
    assert!(
        giraffe.iter().any(|(label, _, [x1, _, x2, _])| label == "giraffe" && x2 - x1 > 300.0),
        "{giraffe:?}"
    );
    browser.was_quiet();
}

#[test]
fn the_slider_filters_and_queues_count_right() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    samples(&s);
    let page = Page::of(&s.path("run"));
    browser.open(&s.path("run"), [1280, 860]);
    status(&mut browser, 8, passing(&page, 0.35));
    // By keyboard on the slider itself, then with the page's own keys.
    browser.value("document.getElementById('slider').focus(); 0");
    browser.key("ArrowRight");
    assert_eq!(browser.value("state.t"), json!(0.351));
    for least in [0.05, 0.2, 0.6, 0.9] {
        browser.value(&format!("setThreshold({least}); 0"));
        status(&mut browser, 8, passing(&page, least));
    }
    browser.value("document.activeElement.blur(); setThreshold(0.5); 0");
    browser.key("]");
    assert_eq!(browser.value("state.t"), json!(0.51));
    browser.value("document.getElementById('reset').click(); 0");
    status(&mut browser, 8, passing(&page, 0.35));
    // A class.
    browser.value("[...document.querySelectorAll('#class-list button')].find(b => b.textContent.startsWith('cow')).click(); 0");
    browser.settle();
    let names = browser.value("[...document.querySelectorAll('.card .name')].map(name => name.textContent)");
    assert_eq!(names, json!(["cows.jpg"]));
    browser.value("document.getElementById('all-classes').click(); 0");
    // A queue, the search, a range, a folder.
    browser.value("document.querySelector('#queues .failed').click(); 0");
    status(&mut browser, 1, 0);
    assert!(
        browser
            .value("document.querySelector('.card .says').textContent")
            .as_str()
            .is_some_and(|t| t.contains("cut off"))
    );
    browser.value("document.querySelector('#queues .all').click(); 0");
    browser.value("document.getElementById('search').focus(); 0");
    for letter in ["o", "p", "e", "r", "a"] {
        browser.key(letter);
    }
    status(&mut browser, 1, page.passing(page.row("street/opera.jpg"), &|_| 0.35).len());
    browser.value(
        "clearFilters(); document.querySelector('[data-column=folder] select').value = '=p/street'; 0",
    );
    browser
        .value("document.querySelector('[data-column=folder] select').dispatchEvent(new Event('change')); 0");
    browser.settle();
    assert_eq!(browser.value("visible.length"), json!(6));
    // Sorted by number, most first; what failed has none.
    browser.value("clearFilters(); sort = document.getElementById('sort'); sort.value = 'count'; sort.dispatchEvent(new Event('change')); 0");
    let counts: Vec<Value> =
        serde_json::from_value(browser.value("visible.map(item => item.count)")).expect("counts");
    assert!(counts.windows(2).all(|pair| pair[0].as_u64() >= pair[1].as_u64()), "{counts:?}");
    browser.was_quiet();
}

#[test]
fn keys_move_open_zoom_and_close() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    samples(&s);
    browser.open(&s.path("run"), [1280, 860]);
    let focused = "document.activeElement.dataset.place";
    browser.key("ArrowRight");
    assert_eq!(browser.value(focused), json!("1"));
    let per_row = browser.value("grid.perRow").as_u64().expect("a number");
    browser.key("ArrowDown");
    assert_eq!(browser.value(focused), json!((1 + per_row).to_string()));
    browser.key("Enter");
    assert_eq!(browser.value("zoom.open && looking.place"), json!(1 + per_row));
    browser.key("ArrowRight");
    assert_eq!(browser.value("looking.place"), json!(2 + per_row));
    browser.key("+");
    assert_eq!(browser.value("looking.scale"), json!(1.5));
    browser.key("0");
    assert_eq!(browser.value("looking.scale"), json!(1));
    let boxes = "paper.querySelectorAll('[data-overlay=box]').length";
    assert!(browser.value(boxes).as_u64() > Some(0));
    browser.key("o");
    assert_eq!(browser.value(boxes), json!(0));
    browser.key("o");
    assert!(browser.value(boxes).as_u64() > Some(0));
    browser.key("Escape");
    assert_eq!(browser.value("zoom.open"), json!(false));
    browser.settle();
    assert_eq!(browser.value(focused), json!((2 + per_row).to_string()), "where one was looking");
    browser.key("/");
    assert_eq!(browser.value("document.activeElement.id"), json!("search"));
    browser.was_quiet();
}

/// Middles of the marks of a kind in the frame's pixels, and how many there are.
fn marks(browser: &mut Browser, kind: &str, element: &str) -> Vec<[f64; 4]> {
    let marks = format!(
        "[...document.querySelectorAll('.card [data-overlay={kind}] {element}')].map(mark => {{ \
         const b = mark.getBBox(); return [b.x, b.y, b.x + b.width, b.y + b.height]; }})"
    );
    serde_json::from_value(browser.value(&marks)).expect("marks")
}

#[test]
fn turned_boxes_and_points_are_drawn() {
    let Some(mut browser) = Browser::start() else { return };
    for (command, model, kind, element) in
        [("detect", "oriented.onnx", "quad", "polygon.mark"), ("faces", "faces.onnx", "points", "circle")]
    {
        let s = Scratch::new();
        s.file("p/a.png", &picture(1, image::ImageFormat::Png));
        let model = format!("{}/tests/models/{model}", env!("CARGO_MANIFEST_DIR"));
        let arguments = [command, "p", "--out", "run", "--report", "--model", &model];
        Ran::of(vision().current_dir(s.path("")).args(arguments)).expect(0);
        let results = s.results();
        let instances = results[0]["prediction"]["instances"].as_array().expect("instances").clone();
        browser.open(&s.path("run"), [1280, 860]);
        let drawn = marks(&mut browser, kind, element);
        let of = |instance: &Value| -> Vec<[f64; 2]> {
            let point = |p: &Value| [p["x"].as_f64().expect("x"), p["y"].as_f64().expect("y")];
            match instance["keypoints"].as_array() {
                Some(points) => points.iter().map(point).collect(),
                None => serde_json::from_value(instance["corners"].clone()).unwrap_or_default(),
            }
        };
        let wanted: Vec<[f64; 2]> = instances.iter().rev().flat_map(of).collect();
        assert!(!wanted.is_empty());
        // A turned box is known by what is around it, a point by its middle.
        let per_mark = if kind == "quad" { 4 } else { 1 };
        assert_eq!(drawn.len(), wanted.len() / per_mark, "{kind}");
        for (mark, points) in drawn.iter().zip(wanted.chunks(per_mark)) {
            let middle = [(mark[0] + mark[2]) / 2.0, (mark[1] + mark[3]) / 2.0];
            let side = |at: usize| {
                let values = points.iter().map(|p| p[at]);
                (values.clone().fold(f64::INFINITY, f64::min) + values.fold(f64::NEG_INFINITY, f64::max))
                    / 2.0
            };
            assert!(
                (middle[0] - side(0)).abs() < 0.2 && (middle[1] - side(1)).abs() < 0.2,
                "{mark:?} {points:?}"
            );
        }
    }
    browser.was_quiet();
}
