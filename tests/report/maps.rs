//! Maps that explain an answer are views of the item, and load.

use std::path::Path;

use serde_json::json;

use crate::chromium::Browser;
use crate::common::{Ran, Scratch, vision};

#[test]
fn a_map_is_a_view_of_the_item() {
    let Some(mut browser) = Browser::start() else { return };
    let s = Scratch::new();
    let models = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models");
    std::fs::copy(models.join("explained.onnx"), s.path("m.onnx")).expect("a model");
    s.file(
        "m.toml",
        b"name = \"m\"\ntask = \"classify\"\nfamily = \"classifier\"\nlabels = [\"red\", \"cool\", \"nothing\"]\n\
          [input]\nsize = [32, 32]\nresize = \"stretch\"\nstd = [255, 255, 255]\n\
          [decode]\nscores = \"probabilities\"\noutput = \"scores\"\n[explain]\nfeatures = \"features\"\nweights = \"weights\"\n",
    );
    let pixels = image::RgbImage::from_fn(90, 60, |x, _| image::Rgb([if x < 30 { 250 } else { 20 }, 20, 20]));
    pixels.save(s.path("p.png")).expect("a picture");
    let mut command = vision();
    command.current_dir(s.path("")).args([
        "classify",
        "p.png",
        "--model",
        "m.onnx",
        "--out",
        "run",
        "--no-images",
    ]);
    Ran::of(command.args(["--explain", "--report"])).expect(0);
    browser.open(&s.path("run"), [1000, 700]);
    browser.pictures();
    browser.value("openZoom(0)");
    let chips =
        browser.value("[...document.querySelectorAll('#views button')].map(chip => chip.textContent)");
    assert_eq!(chips.as_array().and_then(|chips| chips.last()), Some(&json!("map 1: red")), "{chips}");
    browser.value("document.querySelector('#views button:last-child').click()");
    let image = "document.querySelector('#paper img')";
    browser
        .until(&format!("{image}.src.endsWith('/explain/p.png/001-red.png') && {image}.naturalWidth === 90"));
    let facts = browser.value("document.getElementById('about-item').textContent");
    assert!(facts.as_str().is_some_and(|text| text.contains("Mapbetter than random")), "{facts}");
    browser.screenshot("map.png");
    browser.was_quiet();
}
