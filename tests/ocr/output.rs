//! What is written: records, text, tables, pictures; and what a second run uses.

use serde_json::Value;

use crate::common::{Ran, vision};
use crate::{Reading, json, picture};

/// Lines as they were set on a page of the tests.
fn set(name: &str) -> Vec<String> {
    let truth = json("pictures/truth.json");
    let page = truth["pictures"]
        .as_array()
        .expect("pictures")
        .iter()
        .find(|picture| picture["file"] == name)
        .cloned();
    let lines = page.expect("the page")["lines"].clone();
    lines
        .as_array()
        .expect("lines")
        .iter()
        .map(|line| line["text"].as_str().expect("text").to_owned())
        .collect()
}

#[test]
fn the_text_alone_goes_to_standard_output_and_to_files() {
    let Some(reading) = Reading::new() else { return };
    let expected = set("signs.png").join("\n") + "\n";
    let one = reading.run([&picture("signs.png"), "--text", "--format", "text,csv"]).expect(0);
    assert_eq!(one.out, expected);
    assert!(one.err.contains("3 lines"), "the closing words go elsewhere: {}", one.err);
    let file =
        std::fs::read_to_string(reading.scratch.path("run/text/pictures/signs.txt")).expect("a text file");
    assert_eq!(file, expected);
    let csv = std::fs::read_to_string(reading.scratch.path("run/results.csv")).expect("a table");
    assert_eq!(csv.lines().count(), 4);
    assert!(csv.contains(&format!(",0,{},", set("signs.png")[0])), "{csv}");

    let two = reading.run([&picture("signs.png"), &picture("chinese.png"), "--text", "--resume"]).expect(0);
    let chinese = set("chinese.png").join("\n");
    assert_eq!(two.out, format!("==> signs.png <==\n{expected}\n==> chinese.png <==\n{chinese}\n"));
    reading.run([&picture("signs.png"), "--text", "--stdout"]).expect(1);
}

#[test]
fn other_thresholds_need_no_model() {
    let Some(reading) = Reading::new() else { return };
    reading.run([&picture("scan.png"), "--no-images"]).expect(0);
    assert_eq!(reading.texts("scan.png"), set("scan.png"));
    let again = ["--no-images", "--conf", "0.999999", "--runtime", "/nowhere/libonnxruntime.so"];
    let ran = reading.run([picture("scan.png").as_str()].into_iter().chain(again)).expect(0);
    ran.says("all from stored observations");
    assert!(reading.texts("scan.png").len() < set("scan.png").len());
    reading.run([&picture("scan.png"), "--no-images", "--box-conf", "0.99"]).expect(0);
    assert!(reading.texts("scan.png").is_empty());
    reading.run([&picture("scan.png"), "--no-images", "--alternatives", "0"]).expect(0);
    let letters = |line: &Value| line["characters"].as_array().expect("characters").clone();
    let lines = reading.lines()["scan.png"].clone();
    assert!(lines.iter().flat_map(letters).all(|letter| letter.get("alternatives").is_none()));
    // Another model's threshold for turning lines makes other observations.
    let ran = reading.run([&picture("scan.png"), "--no-images", "--orienter", "none"]).expect(1);
    ran.says("another job");
}

#[test]
fn every_character_has_a_score_a_place_and_other_readings() {
    let Some(reading) = Reading::new() else { return };
    reading.run([&picture("letter-de-small.png"), "--no-images", "--alternatives", "4"]).expect(0);
    let mut alternatives = 0;
    for line in &reading.lines()["letter-de-small.png"] {
        let letters = line["characters"].as_array().expect("characters");
        let text: String = letters.iter().map(|letter| letter["text"].as_str().expect("text")).collect();
        assert_eq!(text.trim(), line["text"]);
        let places: Vec<f64> = letters.iter().map(|letter| letter["at"].as_f64().expect("a place")).collect();
        assert!(places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
        assert!(places[0] < 0.1 && places[places.len() - 1] > 0.9, "{places:?}");
        let score = letters.iter().map(|letter| letter["score"].as_f64().expect("a score")).sum::<f64>();
        assert!((score / letters.len() as f64 - line["score"].as_f64().expect("a score")).abs() < 1e-5);
        alternatives += letters
            .iter()
            .filter_map(|letter| letter["alternatives"].as_array())
            .map(Vec::len)
            .sum::<usize>();
    }
    assert!(alternatives > 0, "a page without any doubt");
}

#[test]
fn the_picture_stands_beside_what_was_read() {
    let Some(reading) = Reading::new() else { return };
    reading.run([&picture("letter-en.png"), &picture("chinese.png")]).expect(0);
    let original = image::open(picture("letter-en.png")).expect("opens").to_rgb8();
    let drawn = image::open(reading.scratch.path("run/images/letter-en.png")).expect("drawn").to_rgb8();
    assert_eq!(drawn.dimensions(), (original.width() * 2, original.height()));
    // As much ink on the sheet in the first line's box as words have, and none below the page's last line.
    let first = &reading.lines()["letter-en.png"][0]["box"];
    let [x1, y1, x2, y2] = [0, 1, 2, 3].map(|n| first[n].as_f64().expect("a number") as u32);
    let dark = |x1: u32, y1: u32, x2: u32, y2: u32| {
        let pixels = (y1..y2).flat_map(|y| (x1..x2).map(move |x| (x, y)));
        let count = pixels.filter(|(x, y)| drawn.get_pixel(*x, *y).0.iter().all(|v| *v < 90)).count();
        count as f64 / f64::from((x2 - x1) * (y2 - y1))
    };
    let (on_page, on_sheet) =
        (dark(x1, y1, x2, y2), dark(x1 + original.width(), y1, x2 + original.width(), y2));
    assert!(
        on_sheet > 0.3 * on_page && on_sheet < 1.7 * on_page,
        "{on_sheet} of the sheet, {on_page} of the page"
    );
    assert_eq!(dark(original.width(), original.height() - 20, drawn.width(), original.height()), 0.0);
    // No Chinese in the font: numbers, hence little ink.
    let first = &reading.lines()["chinese.png"][0]["box"];
    let [x1, y1, x2, y2] = [0, 1, 2, 3].map(|n| first[n].as_f64().expect("a number") as u32);
    let drawn = image::open(reading.scratch.path("run/images/chinese.png")).expect("drawn").to_rgb8();
    let half = drawn.width() / 2;
    let dark =
        (x1 + half + 60..x2 + half - 3).any(|x| (y1 + 3..y2 - 3).any(|y| drawn.get_pixel(x, y).0[0] < 90));
    assert!(!dark, "something is written where the font has nothing");
}

#[test]
fn what_does_not_fit_is_said() {
    let Some(reading) = Reading::new() else { return };
    let page = picture("signs.png");
    for (arguments, why) in [
        (&["--model", "pp-ocrv6-rec"][..], "expected one of family pp-ocr-det"),
        (&["--recogniser", "pp-ocrv6-det"], "expected one of family pp-ocr-rec"),
        (&["--recogniser", "nanodet-g-416"], "vision detect"),
        (&["--format", "coco"], "cannot hold what `vision ocr` gives"),
        (&["--crops"], "--crops cuts out boxes"),
        (&["--flip"], "--flip and --ensemble join boxes"),
        (&["--box-conf", "0.1"], "from 0.3 to 1"),
        (&["--alternatives", "9"], "from 0 to 4"),
    ] {
        reading.run([page.as_str()].iter().chain(arguments)).expect(1).says(why);
    }
    assert!(!reading.scratch.path("run").exists());
    reading.run([&page, "--no-images", "--fail-on", "text>=3"]).expect(3).says("--fail-on text>=3");
}

#[test]
fn missing_models_are_said_with_the_command_that_fetches_them() {
    let scratch = crate::common::Scratch::new();
    let mut command = vision();
    command.current_dir(scratch.path("")).env("XDG_DATA_HOME", scratch.path("empty"));
    let ran = Ran::of(command.args(["ocr", &picture("signs.png")])).expect(1);
    ran.says("pp-ocrv6-det is not here yet; fetch it with: vision models pull pp-ocrv6\n");
}
