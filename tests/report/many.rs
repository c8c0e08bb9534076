//! Ten thousand items: data in files beside the page, opened in under two seconds, scrolled smoothly.

use serde_json::json;

use crate::Page;
use crate::chromium::Browser;
use crate::common::{Scratch, photo, sample};

const ITEMS: usize = 10_000;

/// Copies of a few photos under many names: the model looks at each content once.
fn many(s: &Scratch) {
    let photos = [
        photo(),
        std::fs::read(sample("opera.jpg")).expect("a sample"),
        std::fs::read(sample("cars.jpg")).expect("a sample"),
    ];
    let first: Vec<_> = (0..).zip(&photos).map(|(n, bytes)| s.file(format!("few/{n}.jpg"), bytes)).collect();
    for number in 0..ITEMS {
        let copy = s.path(format!("p/{:02}/{number:05}.jpg", number % 50));
        std::fs::create_dir_all(copy.parent().expect("a folder")).expect("folders");
        std::fs::hard_link(&first[number % first.len()], copy).expect("a second name");
    }
    s.detect(["p", "--report", "--no-images", "--quiet"]).expect(0);
}

#[test]
fn ten_thousand_items_open_and_scroll() {
    let s = Scratch::new();
    many(&s);
    let page = Page::of(&s.path("run"));
    assert_eq!(page.rows.len(), ITEMS);
    assert_eq!(page.html.matches("<script src=\"report/data-").count(), 5);
    assert!(page.html.len() < 200_000, "data stand beside the page");
    // Files of a former page go, small pictures of the same content are one.
    s.detect(["p", "--report", "--no-images", "--quiet", "--conf", "0.5"]).expect(0);
    let files: Vec<_> = std::fs::read_dir(s.path("run/report")).expect("a folder").flatten().collect();
    assert_eq!(files.len(), 6, "five files of data and thumbs/");

    let Some(mut browser) = Browser::start() else { return };
    // The best of three: other programs run on this machine too.
    let opened = (0..3).map(|_| {
        browser.open(&s.path("run"), [1280, 860]);
        let end = browser.value("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd");
        end.as_f64().expect("milliseconds")
    });
    let opened = opened.fold(f64::INFINITY, f64::min);
    eprintln!("10,000 items open in {opened:.0} ms");
    assert!(opened < 2000.0, "{opened} ms");
    assert_eq!(browser.value("visible.length"), json!(ITEMS));
    // Work a step of scrolling, from top to bottom; a frame has 16.7 ms.
    let steps = "(async () => {
      const times = [];
      for (let step = 0; step <= 100; step++) {
        const begun = performance.now();
        gallery.scrollTop = (gallery.scrollHeight - gallery.clientHeight) * step / 100;
        paint();
        gallery.getBoundingClientRect();
        times.push(performance.now() - begun);
        await new Promise(requestAnimationFrame);
      }
      return times.sort((a, b) => a - b)[50];
    })()";
    let step = browser.value(steps).as_f64().expect("milliseconds");
    eprintln!("a step of scrolling takes {step:.1} ms");
    assert!(step < 16.7, "{step} ms");
    assert_eq!(browser.value("Boolean(document.querySelector('[data-place=\"9999\"]'))"), json!(true));
    assert!(browser.value("document.querySelectorAll('.card').length").as_u64() < Some(100));
    let moved = "(() => { const begun = performance.now(); state.t = 0.7; measure(); refresh(true); return performance.now() - begun; })()";
    let moved = browser.value(moved).as_f64().expect("milliseconds");
    eprintln!("the slider takes {moved:.0} ms");
    assert!(moved < 500.0, "{moved} ms");
    browser.was_quiet();
}
