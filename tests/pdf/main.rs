//! PDF files as inputs: scans come out pixel for pixel, pages are drawn, and what means harm ends in a record.
//! The files are made by `make.py`; poppler reads the scans as `scan.png`, too.

#[path = "../common/mod.rs"]
mod common;

use std::path::{Path, PathBuf};

use common::{Ran, Scratch, vision};
use serde_json::Value;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/pdf").join(name)
}

/// The pixels that the program sees, from the picture that it draws nothing on.
fn seen(scratch: &Scratch, name: &str, picture: &str) -> image::RgbImage {
    scratch.detect([file(name).as_os_str(), "--conf".as_ref(), "1".as_ref(), "--force".as_ref()]).expect(0);
    let path = scratch.path(format!("run/images/{picture}"));
    image::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display())).to_rgb8()
}

fn scan() -> image::RgbImage {
    image::open(file("scan.png")).expect("the scan").to_rgb8()
}

#[test]
fn scans_in_one_bit_come_out_pixel_for_pixel() {
    let scratch = Scratch::new();
    for name in ["ccitt.pdf", "jbig2.pdf", "flate.pdf"] {
        let picture = seen(&scratch, name, &format!("{name}.png"));
        assert_eq!(picture.dimensions(), (401, 303), "{name}");
        assert!(picture == scan(), "{name}: other pixels than scan.png");
    }
}

#[test]
fn pages_that_lie_turned_come_out_upright() {
    let scratch = Scratch::new();
    let picture = seen(&scratch, "turned.pdf", "turned.pdf.png");
    // /Rotate is clockwise (ISO 32000-1, table 30).
    assert!(picture == image::imageops::rotate90(&scan()));
}

/// A page of 2 by 3 inches with a blue square of an inch, half an inch from the left and the bottom.
#[test]
fn pages_that_are_no_scans_are_drawn_at_200_dots_per_inch() {
    let scratch = Scratch::new();
    let picture = seen(&scratch, "drawn.pdf", "drawn.pdf.png");
    assert_eq!(picture.dimensions(), (400, 600));
    for (x, y, blue) in
        [(200, 400, true), (102, 302, true), (298, 498, true), (98, 400, false), (200, 502, false)]
    {
        let wanted = if blue { [0, 0, 255] } else { [255; 3] };
        assert_eq!(picture.get_pixel(x, y).0, wanted, "{x}, {y}");
    }
    let record = &scratch.results()[0];
    assert_eq!(record["warnings"][0]["code"], "drawn");
}

/// The closing record of an input that failed.
fn failed(arguments: &[&str], name: &str) -> Value {
    let scratch = Scratch::new();
    let ran = Ran::of(
        vision()
            .current_dir(scratch.path(""))
            .args(["detect", "--out", "run"])
            .arg(file(name))
            .args(arguments),
    );
    assert!(matches!(ran.code, Some(1 | 2)), "{name}: {:?}\n{}", ran.code, ran.err);
    let closing = scratch.results().into_iter().find(|r| r["schema"] == "vision.input/1");
    closing.unwrap_or_else(|| panic!("{name}: no closing record"))["error"].clone()
}

#[test]
fn what_means_harm_ends_in_a_record() {
    let small: &[&str] = &["--max-pixels", "10000000"];
    let cases: &[(&str, &[&str], &str, &str)] = &[
        ("truncated.pdf", &[], "truncated", "its end is missing"),
        ("encrypted.pdf", &[], "unsupported", "opens with a password only"),
        ("no-pages.pdf", &[], "corrupt", "no pages"),
        ("page-tree-loop.pdf", &[], "corrupt", "no pages"),
        ("huge-page.pdf", &[], "corrupt", "no pages"),
        ("bomb.pdf", small, "too-large", "unpacks to more than 40000000 bytes"),
        ("huge-picture.pdf", small, "too-large", "pixels"),
        ("bad-picture.pdf", &[], "corrupt", "a picture on page 1 cannot be decoded"),
    ];
    for (name, arguments, kind, said) in cases {
        let error = failed(arguments, name);
        assert_eq!(error["kind"], *kind, "{name}: {error}");
        let message = error["message"].as_str().expect("a message");
        assert!(message.contains(said), "{name}: {message}");
    }
}

#[test]
fn a_form_that_shows_itself_is_a_page() {
    Scratch::new().detect([file("form-loop.pdf")]).expect(0);
}

/// Every file of the folder with bytes changed or cut off: none may crash the program or count as a bug.
#[test]
fn damage_is_never_a_bug() {
    let scratch = Scratch::new();
    for name in ["ccitt.pdf", "jbig2.pdf", "flate.pdf", "encrypted.pdf", "form-loop.pdf"] {
        let bytes = std::fs::read(file(name)).expect("a file");
        for step in 1..6 {
            let mut damaged = bytes.clone();
            for at in (step * 7..bytes.len()).step_by(97) {
                damaged[at] = damaged[at].wrapping_mul(31).wrapping_add(step as u8);
            }
            damaged[..5].copy_from_slice(b"%PDF-");
            scratch.file(format!("in/{step}-{name}"), &damaged);
        }
    }
    let ran = scratch.detect(["in", "--no-images", "--lenient", "--deadline", "60s"]);
    assert!(matches!(ran.code, Some(0..=2)), "{:?}\n{}", ran.code, ran.err);
    for (path, record) in scratch.inputs() {
        assert_ne!(record["error"]["fault_of"], "bug", "{path}: {record}");
    }
}
