//! The same lines as rapidocr, the same characters, and the truth.

use serde_json::Value;
use vision::geometry::Quad;

use crate::{Reading, json, picture, pictures};

fn corners(line: &Value) -> Quad {
    serde_json::from_value(line["corners"].clone()).expect("corners")
}

fn text(line: &Value) -> &str {
    line["text"].as_str().expect("a text")
}

/// The line of `lines` that overlaps most.
fn counterpart<'a>(line: &Value, lines: &'a [Value]) -> Option<(f64, &'a Value)> {
    let scored = lines.iter().map(|other| (corners(line).iou(&corners(other)), other));
    scored.max_by(|a, b| a.0.total_cmp(&b.0))
}

/// Levenshtein's distance, row by row.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut before = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.iter().enumerate() {
            let changed = before + usize::from(x != *y);
            before = row[j + 1];
            row[j + 1] = changed.min(before + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[test]
fn lines_and_characters_are_those_of_the_reference_and_of_the_truth() {
    let Some(reading) = Reading::new() else { return };
    reading.run([pictures().as_os_str(), "--no-images".as_ref()]).expect(0);
    let ours = reading.lines();
    let reference = json("reference.json");
    let (mut lines, mut characters, mut wrong) = (0, 0, 0);
    for (name, expected) in reference.as_object().expect("an object") {
        for line in expected.as_array().expect("lines") {
            let (overlap, own) = counterpart(line, &ours[name]).unwrap_or_else(|| panic!("{name}: no lines"));
            assert!(overlap >= 0.7, "{name}: {} overlaps by {overlap}", text(line));
            lines += 1;
            characters += text(line).chars().count();
            wrong += distance(text(own), text(line));
        }
    }
    assert_eq!((ours.len(), lines), (12, 96));
    assert!(wrong * 100 <= characters, "{wrong} of {characters} characters are not the reference's");

    let truth = json("pictures/truth.json");
    let (mut characters, mut wrong) = (0, 0);
    for picture in truth["pictures"].as_array().expect("pictures") {
        let name = picture["file"].as_str().expect("a name");
        let expected = picture["lines"].as_array().expect("lines");
        assert_eq!(ours[name].len(), expected.len(), "{name}");
        for line in expected {
            let own = counterpart(line, &ours[name]).map_or("", |(_, own)| text(own));
            characters += text(line).chars().count();
            wrong += distance(own, text(line));
        }
    }
    // rapidocr reads all of them rightly too.
    assert!(wrong * 1000 <= characters, "{wrong} of {characters} characters are wrong");
}

/// The truth's lines stand in the order in which they were set.
#[test]
fn lines_come_in_order_of_reading_whichever_way_the_page_lies() {
    let Some(reading) = Reading::new() else { return };
    let names = ["letter-de-tilted", "letter-en-90", "letter-en-180", "letter-en-270", "chinese", "form"];
    let names = names.map(|name| format!("{name}.png"));
    reading.run(names.iter().map(|name| picture(name)).chain(["--no-images".to_owned()])).expect(0);
    let truth = json("pictures/truth.json");
    for picture in truth["pictures"].as_array().expect("pictures") {
        let name = picture["file"].as_str().expect("a name");
        if names.iter().any(|n| n == name) {
            let expected: Vec<&str> = picture["lines"].as_array().expect("lines").iter().map(text).collect();
            assert_eq!(reading.texts(name), expected, "{name}");
        }
    }
}

#[test]
fn columns_are_read_one_after_the_other() {
    let Some(reading) = Reading::new() else { return };
    reading.run([picture("columns.png"), "--no-images".to_owned()]).expect(0);
    let truth = json("pictures/truth.json");
    let pictures = truth["pictures"].as_array().expect("pictures");
    let page = pictures.iter().find(|picture| picture["file"] == "columns.png").expect("the page");
    let expected: Vec<&str> = page["lines"].as_array().expect("lines").iter().map(text).collect();
    assert_eq!(reading.texts("columns.png"), expected);
    let blocks: Vec<u64> =
        reading.lines()["columns.png"].iter().map(|line| line["block"].as_u64().unwrap()).collect();
    // The heading is no longer than the left column and belongs to it.
    assert_eq!((blocks[0], blocks[12], blocks[13], blocks[24]), (0, 0, 1, 1));
}

/// Turned pages: corners begin where the text begins and run clockwise as one reads.
#[test]
fn corners_tell_which_way_a_line_runs() {
    let Some(reading) = Reading::new() else { return };
    let cases = [
        ("letter-en.png", [1.0, 0.0]),
        ("letter-en-90.png", [0.0, 1.0]),
        ("letter-en-180.png", [-1.0, 0.0]),
        ("letter-en-270.png", [0.0, -1.0]),
    ];
    reading.run(cases.iter().map(|(name, _)| picture(name)).chain(["--no-images".to_owned()])).expect(0);
    for (name, [x, y]) in cases {
        let lines = &reading.lines()[name];
        assert!(lines.len() >= 5, "{name}: {} lines", lines.len());
        for line in lines {
            let Quad([a, b, _, d]) = corners(line);
            let length = (b[0] - a[0]).hypot(b[1] - a[1]);
            assert!((b[0] - a[0]) * x + (b[1] - a[1]) * y > 0.99 * length, "{name}: {line}");
            // Downwards is a quarter to the right of it.
            assert!((d[0] - a[0]) * -y + (d[1] - a[1]) * x > 0.0, "{name}: {line}");
        }
    }
}
