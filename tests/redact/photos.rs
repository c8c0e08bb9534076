//! Pictures: which pixels are covered, records, what a second run does, what is refused.

use std::path::Path;

use image::Rgb;
use serde_json::json;

use crate::common::{Scratch, vision};
use crate::{faces, ground, in_ellipse, items, picture, png, redact, walk, with_picture};

const FIRST: [f32; 4] = [12.0, 8.0, 36.0, 40.0];
/// Cut at the edge of the picture.
const SECOND: [f32; 4] = [49.6, 4.0, 64.0, 28.0];

#[test]
fn faces_are_covered_and_nothing_else() {
    let s = with_picture();
    let before = std::fs::read(s.path("p/group.png")).expect("the original");
    redact(&s, &faces(), &["p"]).expect(0).says("2 face").says("nothing left");
    let (covered, ground) = (picture(&s, "run/images/group.png"), ground());
    let (mut black, mut doubtful) = (0, 0);
    for (x, y, pixel) in covered.enumerate_pixels() {
        let hidden = [0.19, 0.21].map(|m| in_ellipse(FIRST, m, x, y) || in_ellipse(SECOND, m, x, y));
        match hidden {
            [true, true] => {
                black += 1;
                assert_eq!(pixel.0, [0; 3], "{x} {y}");
            }
            [false, false] => assert_eq!(pixel, ground.get_pixel(x, y), "{x} {y}"),
            _ => doubtful += 1,
        }
    }
    assert!(black > 1500 && doubtful < 100, "{black} {doubtful}");
    assert_eq!(std::fs::read(s.path("p/group.png")).expect("the original"), before);

    let record = &items(&s)[0];
    let told = &record["ext"]["redact"];
    assert_eq!(
        (&told["effect"], &told["shape"], &told["margin"], &told["covered"], &told["output"]),
        (&json!("solid"), &json!("auto"), &json!(0.2), &json!(2), &json!("images/group.png"))
    );
    let digest = hex(&std::fs::read(faces()).expect("the model"));
    assert_eq!(told["models"], json!([{ "what": ["face"], "name": "faces", "digest": digest }]));
    // The constant model finds its faces again, below the covers.
    let found = told["audit"]["found"].as_array().expect("a list");
    assert_eq!((found.len(), &told["audit"]["left"]), (2, &json!(0)));
    assert!(found.iter().all(|f| f["covered"] == json!(1.0) && f["left"] == json!(false)), "{found:?}");
    let schema = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schema/record.schema.json");
    let schema: serde_json::Value =
        serde_json::from_slice(&std::fs::read(schema).expect("the schema")).expect("JSON");
    let schema = jsonschema::validator_for(&schema).expect("a valid schema");
    s.results().iter().for_each(|record| assert!(schema.is_valid(record), "{record:#}"));
}

fn hex(bytes: &[u8]) -> String {
    use sha2::{Digest, Sha256};
    let digits: String = Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{digits}")
}

#[test]
fn a_kept_region_stays_and_is_told() {
    let s = with_picture();
    let keep = ["--keep", "20,20,10,10"];
    redact(&s, &faces(), &["p", keep[0], keep[1]]).expect(0).says("1 face");
    let covered = picture(&s, "run/images/group.png");
    assert_eq!(covered.get_pixel(24, 24), ground().get_pixel(24, 24));
    assert_eq!(covered.get_pixel(54, 24).0, [0; 3]);
    let told = &items(&s)[0]["ext"]["redact"];
    assert_eq!((&told["covered"], &told["kept"]), (&json!(1), &json!(1)));
    let kept = told["audit"]["found"].as_array().expect("found").iter().find(|f| f["kept"] == json!(true));
    assert_eq!(kept.expect("it is seen again")["left"], json!(false));
}

#[test]
fn other_covers_need_no_model_and_leave_no_old_picture() {
    let s = with_picture();
    redact(&s, &faces(), &["p", "--report", "--conf", "0.8"]).expect(0);
    let thumb = walk(&s.path("run/report/thumbs"));
    assert_eq!(thumb.len(), 1);
    let bright = |x: u32| image::open(&thumb[0]).expect("a picture").to_rgb8().get_pixel(x, 24).0[2] > 60;
    assert!(!bright(24) && bright(54), "only the first face is found at that score");
    // Lower, both: picture and small picture are made again, of what is stored.
    let ran = redact(&s, &faces(), &["p", "--report", "--effect", "pixelate"]).expect(0);
    ran.says("all from stored observations");
    let covered = picture(&s, "run/images/group.png");
    let mut colours: Vec<[u8; 3]> = (2..31).map(|y| covered.get_pixel(54, y).0).collect();
    assert!(colours.iter().flatten().all(|value| value % 16 == 8), "{colours:?}");
    colours.dedup();
    assert!(colours.len() <= 4, "{colours:?}");
    assert!(bright(24), "pixelated it is not black");
    let page = std::fs::read_to_string(s.path("run/report.html")).expect("the page");
    assert!(!page.contains("\"original\",\""), "a page of what is hidden has no way to it");
    assert!(page.contains("\"Left\"") && page.contains("Most left first"));
}

#[test]
fn a_picture_covers_too() {
    let s = with_picture();
    s.file("smile.png", &png(&image::RgbImage::from_pixel(5, 5, Rgb([7, 200, 9]))));
    redact(&s, &faces(), &["p", "--effect", "picture:smile.png", "--shape", "box", "--margin", "0.1"])
        .expect(0);
    let covered = picture(&s, "run/images/group.png");
    // The box 12, 8, 36, 40 and a tenth of 24 and of 32 more on each side.
    for (at, inside) in
        [((10, 6), true), ((37, 42), true), ((8, 20), false), ((20, 3), false), ((20, 44), false)]
    {
        assert_eq!(covered.get_pixel(at.0, at.1).0 == [7, 200, 9], inside, "{at:?}");
    }
}

#[test]
fn orientation_is_applied_before_faces_are_looked_for() {
    let s = Scratch::new();
    // Stored on its side: red at the left is at the top when it is shown.
    let stored =
        image::RgbImage::from_fn(64, 64, |x, _| Rgb(if x < 32 { [220, 40, 40] } else { [40, 40, 220] }));
    s.file("p/side.jpg", &crate::common::with_exif_orientation(&stored, 6));
    redact(&s, &faces(), &["p"]).expect(0);
    let covered = picture(&s, "run/images/side.jpg");
    assert!(covered.get_pixel(24, 24).0.iter().all(|value| *value < 12), "{:?}", covered.get_pixel(24, 24));
    let [top, bottom] = [2, 60].map(|y| covered.get_pixel(4, y).0);
    assert!(top[0] > 180 && top[2] < 90 && bottom[2] > 180 && bottom[0] < 90, "{top:?} {bottom:?}");
}

#[test]
fn several_kinds_are_found_by_several_models() {
    let s = with_picture();
    // The bundled detector, beside a model of faces.
    redact(&s, &faces(), &["p", "--what", "face,person,class:dog", "--format", "json,csv,coco"]).expect(0);
    let models = items(&s)[0]["ext"]["redact"]["models"].clone();
    let told: Vec<_> = models.as_array().expect("models").iter().map(|m| (&m["name"], &m["what"])).collect();
    assert_eq!(
        told,
        [(&json!("faces"), &json!(["face"])), (&json!("nanodet-g-416"), &json!(["person", "dog"]))]
    );
    let coco: serde_json::Value =
        serde_json::from_slice(&std::fs::read(s.path("run/coco.json")).expect("written")).expect("JSON");
    let names: Vec<_> =
        coco["categories"].as_array().expect("a list").iter().map(|c| c["name"].clone()).collect();
    assert_eq!(names, ["face", "person", "dog"]);
}

#[test]
fn a_picture_that_cannot_be_looked_at_is_not_written() {
    let s = Scratch::new();
    s.file("p/a.png", &png(&ground()));
    s.file("p/broken.png", &png(&ground())[..200]);
    redact(&s, &faces(), &["p"]).expect(2);
    let written: Vec<_> = walk(&s.path("run/images"));
    assert_eq!(written, [s.path("run/images/a.png")]);
}

#[test]
fn what_cannot_be_done_is_said_before_anything_is_opened() {
    let s = with_picture();
    let cases: [(&[&str], &str); 7] = [
        (&["--what", "dog"], "class:dog"),
        (&["--what", "face,class:unicorn"], "has no such label"),
        (&["--effect", "fog"], "expected solid, pixelate, blur or picture:FILE"),
        (&["--keep", "1,2,3"], "X,Y,WIDTH,HEIGHT"),
        (&["--crops"], "--residual-crops"),
        (&["--flip"], "covers are not averaged"),
        (&["--margin=-1"], "expected a share from 0 to 5"),
    ];
    for (arguments, words) in cases {
        redact(&s, &faces(), &[&["p"][..], arguments].concat()).expect(1).says(words);
        assert!(!s.path("run").exists(), "{arguments:?}");
    }
    let mut command = vision();
    command.current_dir(s.path("")).args(["redact", "p", "--out", "run", "--what", "plate"]);
    crate::common::Ran::of(&mut command).expect(1).says("no model of number plates is built in");
    redact(&s, &faces(), &["p", "--what", "plate"]).expect(1).says("has no label for --what plate");
    // A model for something else altogether.
    let mut command = vision();
    command.current_dir(s.path("")).args(["redact", "p", "--out", "run", "--what", "face"]);
    let ran = crate::common::Ran::of(command.args(["--model", "efficientnet-lite0-224"]));
    ran.expect(1).says("is a model for `vision classify`");
}
