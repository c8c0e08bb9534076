//! How the page looks and reads: contrast in light and dark, names for all controls, phone width.

use serde_json::{Value, json};

use crate::chromium::Browser;
use crate::common::{Scratch, photo, sample};

fn samples(s: &Scratch) {
    for name in [
        "admiral.jpg",
        "astronaut.jpg",
        "cars.jpg",
        "coffee.jpg",
        "cows.jpg",
        "giraffe.jpg",
        "macaw.png",
        "opera.jpg",
        "wine.jpg",
    ] {
        s.file(format!("photos/{name}"), &std::fs::read(sample(name)).expect("a sample"));
    }
    s.file("photos/scans/cut.jpg", &photo()[..3000]);
    s.detect(["photos", "--report", "--conf", "0.35"]).expect(2);
}

/// Text whose contrast to what is behind it is under WCAG 2.2's 4.5, with the ratio.
const FAINT: &str = "(() => {
  const rgb = text => text.match(/[\\d.]+/g).map(Number);
  const light = ([r, g, b]) => [r, g, b].map(c => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, at) => sum + c * [0.2126, 0.7152, 0.0722][at], 0);
  const behind = element => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgb(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const faint = [];
  for (const element of document.querySelectorAll('body *')) {
    const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
    if (!own || element.closest('svg, script, style, option') || !element.checkVisibility()) continue;
    const [a, b] = [light(rgb(getComputedStyle(element).color)), light(behind(element))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    if (ratio < 4.5) faint.push(`${element.id || element.className || element.tagName} ${element.textContent.trim().slice(0, 20)} ${ratio.toFixed(2)}`);
  }
  return faint;
})()";

/// Controls that a screen reader has no name for.
const NAMELESS: &str = "[...document.querySelectorAll('button, input, select, [role=img]')]
  .filter(control => control.checkVisibility() && !control.getAttribute('aria-label') && !control.textContent.trim()
    && !(control.labels && control.labels.length)).map(control => control.outerHTML.slice(0, 80))";

#[test]
fn text_can_be_read_and_controls_have_names_in_light_and_dark() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    samples(&s);
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        browser.open(&s.path("run"), [1280, 860]);
        browser.pictures();
        browser.value("document.getElementById('about').open = true; 0");
        assert_eq!(browser.value(FAINT), json!([]), "{scheme}");
        assert_eq!(browser.value(NAMELESS), json!([]), "{scheme}");
        browser.value("document.getElementById('about').open = false; 0");
        browser.screenshot(&format!("gallery-{scheme}.png"));
        browser.value("openZoom(visible.findIndex(item => item.title === 'opera.jpg')); 0");
        browser.until("paper.querySelector('img').complete");
        assert_eq!(browser.value(FAINT), json!([]), "{scheme}, opened");
        assert_eq!(browser.value(NAMELESS), json!([]), "{scheme}, opened");
        browser.screenshot(&format!("zoom-{scheme}.png"));
    }
    browser.was_quiet();
}

#[test]
fn it_fits_a_phone() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    samples(&s);
    browser.open(&s.path("run"), [390, 844]);
    browser.pictures();
    let fits = "document.documentElement.scrollWidth <= innerWidth && document.getElementById('gallery').clientHeight > 300";
    assert_eq!(browser.value(fits), json!(true), "the gallery has most of the screen");
    assert_eq!(browser.value("document.getElementById('side').open"), json!(false));
    browser.screenshot("phone.png");
    browser.value("document.getElementById('side').open = true; 0");
    browser.screenshot("phone-filters.png");
    assert_eq!(browser.value("document.documentElement.scrollWidth <= innerWidth"), json!(true));
    browser.value("openZoom(0); 0");
    browser.until("paper.querySelector('img').complete");
    let room: Vec<Value> =
        serde_json::from_value(browser.value("[stage.clientWidth, stage.clientHeight]")).expect("a size");
    assert!(room[0].as_u64() >= Some(380) && room[1].as_u64() >= Some(300), "{room:?}");
    browser.screenshot("phone-zoom.png");
    browser.was_quiet();
}
