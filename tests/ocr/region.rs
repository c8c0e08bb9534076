//! Parts of pictures, characters that may stand there, and patterns.

use crate::common::records;
use crate::{Reading, picture};

#[test]
fn a_region_is_read_as_one_line() {
    let Some(reading) = Reading::new() else { return };
    // The third sign, in shares of a picture of 540 x 288.
    let arguments = ["--region", "4%,66%,50%,25%", "--text", "--no-images", "--quiet"];
    let ran = reading.run([picture("signs.png").as_str()].into_iter().chain(arguments)).expect(0);
    assert_eq!(ran.out, "+49 964 6109681\n");
    let lines = reading.lines()["signs.png"].clone();
    assert_eq!(lines.len(), 1);
    let wanted = [0.04 * 540.0, 0.66 * 288.0, 0.54 * 540.0, 0.91 * 288.0].map(|v: f64| v.round());
    assert_eq!(lines[0]["box"], serde_json::json!(wanted));
    reading.run([&picture("signs.png"), "--region", "900,900,10,10", "--text", "--resume"]).expect(0);
    assert!(reading.texts("signs.png").is_empty());
    let record = &records(&reading.scratch.path("run/results.jsonl"))[0];
    assert_eq!(
        record["warnings"][0]["message"],
        "the region 900,900,10,10 lies outside this picture of 540x288"
    );
    reading.run([&picture("signs.png"), "--region", "1,2,3"]).expect(1).says("left,top,width,height");
}

#[test]
fn only_what_fits_is_read() {
    let Some(reading) = Reading::new() else { return };
    let form = picture("form.png");
    reading.run([&form, "--no-images"]).expect(0);
    let all = reading.texts("form.png");
    // Whole lines of the form that have the pattern, as they are without it.
    for (pattern, fits) in [
        (
            r"\d{6}",
            (|text: &str| text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit())) as fn(&str) -> bool,
        ),
        (r"\d+,\d{2} EUR", |text| text.ends_with(" EUR")),
        (r"[A-Z][a-z]+", |text| text.chars().all(char::is_alphabetic)),
    ] {
        let expected: Vec<&String> = all.iter().filter(|text| fits(text)).collect();
        assert!(!expected.is_empty(), "{pattern}: {all:?}");
        reading.run([&form, "--no-images", "--force", "--pattern", pattern]).expect(0);
        let found = reading.lines()["form.png"].clone();
        // Others may be bent to the pattern, and are unlikely then.
        let sure = found.iter().filter(|line| line["confidence"].as_f64().expect("a number") > 0.5);
        let sure: Vec<&str> = sure.map(|line| line["text"].as_str().expect("a text")).collect();
        assert_eq!(sure, expected, "{pattern}");
    }
    reading.run([&form, "--no-images", "--force", "--allow", "0-9"]).expect(0);
    assert!(reading.texts("form.png").iter().all(|text| text.chars().all(|c| c.is_ascii_digit())));
    // The same bounds again: nothing to do. Others: another job.
    reading.run([&form, "--no-images", "--allow", "0-9"]).expect(0).says("all from stored observations");
    reading.run([&form, "--no-images", "--allow", "0-8"]).expect(1);
    reading.run([&form, "--pattern", "("]).expect(1).says("not a regular expression");
    // Characters stand one behind the other, those that come twice too.
    reading.run([&form, "--no-images", "--force", "--pattern", ".*"]).expect(0);
    for line in &reading.lines()["form.png"] {
        let places = line["characters"].as_array().expect("characters").iter();
        let places: Vec<f64> = places.map(|c| c["at"].as_f64().expect("a number")).collect();
        assert!(places.is_sorted_by(|a, b| a < b), "{line}");
    }
    reading.run([&form, "--force", "--allow", "\u{E000}"]).expect(1).says("knows none of the characters");
}
