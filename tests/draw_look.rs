//! Annotated pictures of real photos, left in the build's temporary folder for people to look at.

use std::path::{Path, PathBuf};

use image::{Rgb, RgbImage, imageops};
use serde_json::Value;
use vision::draw::{Style, annotate};
use vision::prediction::{Instance, Prediction};

/// The shared test data; `None` (and a word on stdout) where there is none and none was promised.
fn shared() -> Option<PathBuf> {
    match std::env::var_os("VISION_SHARED") {
        Some(folder) => Some(folder.into()),
        None if Path::new("../shared").is_dir() => Some("../shared".into()),
        None => {
            println!("skipped: no shared data");
            None
        }
    }
}

fn save(image: &RgbImage, name: &str) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("draw");
    std::fs::create_dir_all(&folder).expect("temporary folder");
    image.save(folder.join(name)).expect("picture is written");
}

/// Ground truth of one photo as a prediction, with scores falling from 0.99, and with COCO's
/// names in the order of the file as classes.
fn truth(coco: &Value, image_id: u64, scale: f32) -> Prediction {
    let categories: Vec<(u64, &str)> = coco["categories"]
        .as_array()
        .expect("categories")
        .iter()
        .map(|c| (c["id"].as_u64().expect("id"), c["name"].as_str().expect("name")))
        .collect();
    let instances = coco["annotations"].as_array().expect("annotations").iter();
    let instances = instances.filter(|a| a["image_id"] == image_id).enumerate().map(|(n, a)| {
        let class = categories.iter().position(|(id, _)| a["category_id"] == *id).expect("category");
        let b: Vec<f32> =
            a["bbox"].as_array().expect("bbox").iter().map(|v| v.as_f64().expect("number") as f32).collect();
        Instance {
            class: class as u32,
            label: categories[class].1.to_owned(),
            score: 0.99 - n as f32 * 0.02,
            rect: [b[0], b[1], b[0] + b[2], b[1] + b[3]].map(|v| v * scale).into(),
            corners: None,
            keypoints: Vec::new(),
            track: None,
            filled: false,
            children: Vec::new(),
        }
    });
    Prediction::Detect { instances: instances.collect() }
}

/// Crowded kitchens and streets, at three sizes.
#[test]
fn photos_are_annotated_at_every_size() {
    let Some(shared) = shared() else { return };
    let folder = shared.join("data/photos/coco64");
    let text = std::fs::read(folder.join("instances.json")).expect("instances.json");
    let coco: Value = serde_json::from_slice(&text).expect("valid JSON");
    for id in [9590, 4134, 12120, 139, 632, 7511] {
        let path = folder.join(format!("images/{id:012}.jpg"));
        let photo = image::open(path).expect("photo opens").to_rgb8();
        for (name, scale) in [("small", 0.5f32), ("normal", 1.0), ("large", 6.0)] {
            if name != "normal" && id != 9590 && id != 139 {
                continue;
            }
            let [w, h] = [photo.width(), photo.height()].map(|v| (v as f32 * scale) as u32);
            let before = imageops::resize(&photo, w, h, imageops::FilterType::Triangle);
            let mut after = before.clone();
            annotate(&mut after, &truth(&coco, id, scale), &Style::default());
            assert_ne!(before, after);
            save(&after, &format!("{id}-{name}.png"));
        }
    }
}

/// Every base colour on black, grey, white and a chequered ground; boxes at all edges; children;
/// labels that need a fallback or shortening.
#[test]
fn a_chart_of_hard_cases() {
    let (width, height) = (960, 640);
    let mut image = RgbImage::from_fn(width, height, |x, y| match x * 4 / width {
        0 => Rgb([0, 0, 0]),
        1 => Rgb([128, 128, 128]),
        2 => Rgb([255, 255, 255]),
        _ if (x / 8 + y / 8) % 2 == 0 => Rgb([255, 255, 255]),
        _ => Rgb([20, 20, 20]),
    });
    let mut instances = Vec::new();
    let mut add = |class: u32, label: &str, score: f32, rect: [f32; 4]| {
        let children = Vec::new();
        instances.push(Instance {
            class,
            label: label.to_owned(),
            score,
            rect: rect.into(),
            corners: None,
            keypoints: Vec::new(),
            track: None,
            filled: false,
            children,
        });
    };
    for class in 0..28u32 {
        let (column, row) = ((class % 4) as f32, (class / 4) as f32);
        let (x, y) = (column * 240.0 + 30.0, row * 72.0 + 60.0);
        add(class, &format!("class {class}"), 0.5, [x, y, x + 150.0, y + 36.0]);
    }
    add(3, "whole frame", 0.1, [0.0, 0.0, 960.0, 640.0]);
    add(5, "right edge", 0.6, [930.0, 560.0, 990.0, 600.0]);
    add(2, "bottom", 0.6, [300.0, 600.0, 400.0, 700.0]);
    add(17, "人", 0.6, [500.0, 590.0, 560.0, 630.0]);
    add(9, "Straßenbahnhaltestellenüberdachung mit Wartebank", 0.61, [600.0, 590.0, 660.0, 630.0]);
    let mut parent = Instance {
        class: 1,
        label: "car".to_owned(),
        score: 0.8,
        rect: [20.0, 560.0, 200.0, 636.0].into(),
        corners: None,
        keypoints: Vec::new(),
        track: None,
        filled: false,
        children: Vec::new(),
    };
    parent.children.push(Instance {
        class: 4,
        label: "plate".to_owned(),
        score: 0.7,
        rect: [90.0, 600.0, 150.0, 615.0].into(),
        corners: None,
        keypoints: Vec::new(),
        track: None,
        filled: false,
        children: Vec::new(),
    });
    instances.push(parent);
    annotate(&mut image, &Prediction::Detect { instances }, &Style::default());
    save(&image, "chart.png");
    // The box round the whole frame is seen at every corner.
    assert_eq!(image.get_pixel(0, 639), image.get_pixel(959, 639));
    assert_ne!(image.get_pixel(0, 639).0, [0, 0, 0]);
}
