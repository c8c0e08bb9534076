//! A model so simple that its maps can be worked out by hand (`explained` of tests/models/make.py): the score of `red`
//! is the mean of red over 32 x 32 pixels, `nothing` is always 0.01.

use std::path::Path;

use crate::common::Scratch;
use crate::{explain, explained};

pub const DESCRIPTION: &str = "name = \"explained\"\ntask = \"classify\"\nfamily = \"classifier\"\n\
     labels = [\"red\", \"cool\", \"nothing\"]\n\
     [input]\nsize = [32, 32]\nresize = \"stretch\"\nstd = [255, 255, 255]\n\
     [decode]\nscores = \"probabilities\"\noutput = \"scores\"\nmulti-label = true\n";

/// Black, with a red square of 8 x 8 in the block of column 1, row 2.
pub fn made(description: &str) -> Scratch {
    let s = Scratch::new();
    let model = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models/explained.onnx");
    std::fs::copy(model, s.path("m.onnx")).expect("a model");
    s.file("m.toml", description.as_bytes());
    let inside = |x, y| (8..16).contains(&x) && (16..24).contains(&y);
    let pixels =
        image::RgbImage::from_fn(32, 32, |x, y| image::Rgb([if inside(x, y) { 255 } else { 0 }, 0, 0]));
    pixels.save(s.path("p.png")).expect("a picture");
    s
}

/// The numbers of a map as the program wrote them.
fn array(s: &Scratch) -> Vec<f32> {
    let told = explained(s);
    let bytes = std::fs::read(s.path("run").join(told["maps"][0]["array"].as_str().expect("a path")));
    let bytes = bytes.expect("an array");
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00"));
    assert_eq!(bytes.len(), 128 + 4 * 32 * 32);
    bytes[128..].chunks_exact(4).map(|number| f32::from_le_bytes(number.try_into().unwrap())).collect()
}

fn number(value: &serde_json::Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value}"))
}

#[test]
fn covering_the_red_square_takes_its_whole_score() {
    let s = made(DESCRIPTION);
    let settings = ["--method", "occlusion", "--patch", "8", "--stride", "8", "--seed", "5"];
    explain(&s, &["p.png", "--model", "m.onnx"], &settings).expect(0).says("map of red better than random");
    let map = array(&s);
    for (n, value) in map.iter().enumerate() {
        let inside = (8..16).contains(&(n % 32)) && (16..24).contains(&(n / 32));
        // 64 of 1024 pixels are red.
        let expected = if inside { 64.0 / 1024.0 } else { 0.0 };
        assert!((value - expected).abs() < 1e-6, "pixel {n}: {value}");
    }
    let told = explained(&s);
    let map = &told["maps"][0];
    assert_eq!((map["label"].as_str(), number(&map["score"])), (Some("red"), 0.0625));
    assert_eq!((number(&map["least"]), number(&map["most"])), (0.0, 0.0625));
    // 24 steps of 1024 / 24 pixels: after the first 42 of the 64 are gone, after the second all. By trapezoids
    // (64/2 + 22) / 1024 / 24.
    assert!((number(&map["faithfulness"]["deletion"]) - 54.0 / 1024.0 / 24.0).abs() < 1e-6, "{map}");
    // The original, 16 squares, and 25 pictures each way for the map and five random ones; and the look before.
    assert_eq!(told["looks"], 1 + 1 + 16 + 2 * 25 * 6);
}

#[test]
fn what_the_model_does_not_look_at_has_a_useless_map() {
    let s = made(DESCRIPTION);
    let settings = ["--class", "nothing", "--masks", "20"];
    let ran = explain(&s, &["p.png", "--model", "m.onnx"], &settings).expect(0);
    ran.says("map of nothing useless (not better than random)");
    let told = explained(&s);
    assert_eq!(told["maps"][0]["faithfulness"]["verdict"], "useless");
    assert!(array(&s).iter().all(|value| (value - 0.01).abs() < 1e-6), "every pixel is worth the same");
}

/// Features of the one block with red are 1, all others 0; between the middles of blocks it is linear.
#[test]
fn the_weights_of_a_class_make_its_map_of_the_features() {
    let weighted = format!("{DESCRIPTION}[explain]\nfeatures = \"features\"\nweights = \"weights\"\n");
    let s = made(&weighted);
    explain(&s, &["p.png", "--model", "m.onnx"], &[]).expect(0);
    let (told, map) = (explained(&s), array(&s));
    assert_eq!((told["method"].as_str(), number(&told["maps"][0]["most"])), (Some("cam"), 0.878906));
    // The middle of the block is between pixels 11 and 12, each 1/16 of a block away: (15/16)^2 of 1.
    assert!((map[20 * 32 + 12] - 225.0 / 256.0).abs() < 1e-6);
    // Seven pixels on it is as near to the next block's middle.
    assert!((map[20 * 32 + 19] - 15.0 / 256.0).abs() < 1e-6);
    assert!(map[4 * 32 + 28].abs() < 1e-7);
    explain(&s, &["p.png", "--model", "m.onnx", "--force"], &["--class", "cool", "--random", "0"]).expect(0);
    assert!(array(&s).iter().all(|value| *value == 0.0), "nothing is green or blue");
    assert_eq!(explained(&s)["maps"][0].get("faithfulness"), None);
    // Without weights, the first component of the features: the same here, for every class.
    let s = made(&weighted.replace("weights = \"weights\"\n", ""));
    explain(&s, &["p.png", "--model", "m.onnx"], &["--random", "0"]).expect(0);
    assert_eq!(explained(&s)["method"], "eigen-cam");
    assert!(array(&s).iter().zip(&map).all(|(a, b)| (a - b).abs() < 1e-6));
}

#[test]
fn a_description_that_names_what_the_file_has_not_is_refused() {
    for (explain_table, said) in [
        ("features = \"layer4\"", "no output \"layer4\" as [explain] features says"),
        ("features = \"features\"\nweights = \"fc\"", "no initialiser \"fc\" as [explain] weights says"),
        ("features = \"features\"\nweights = \"bias\"", "has the shape [3], expected [classes, channels]"),
        ("weights = \"weights\"", "[explain] needs cam or features"),
    ] {
        let s = made(&format!("{DESCRIPTION}[explain]\n{explain_table}\n"));
        explain(&s, &["p.png", "--model", "m.onnx"], &[]).expect(1).says(said);
    }
}

/// Frames joined into a call, and one by one: the same maps.
#[test]
fn batches_give_the_same_maps() {
    let s = made(DESCRIPTION);
    let settings = ["--masks", "50", "--random", "3", "--steps", "7", "--seed", "3"];
    explain(&s, &["p.png", "--model", "m.onnx"], &settings).expect(0);
    let one_by_one = array(&s);
    explain(&s, &["p.png", "--model", "m.onnx", "--batch", "8", "--force"], &settings).expect(0);
    assert!(array(&s).iter().zip(&one_by_one).all(|(a, b)| (a - b).abs() < 1e-6));
}
