//! The same picture in, through the program with the real model: boxes of the reference in the sample
//! photos, and average precision on labelled photos.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::case::{Case, Found, Weights, root};
use crate::common::{Ran, Scratch, python, shared};
use crate::matching::iou;
use crate::{each, note};
use vision::spec::Task;

/// Of the reference's boxes, and the overlap that counts as the same box (issue 4).
const LEAST_FOUND: f64 = 0.99;
const SAME_BOX: f32 = 0.9;
/// Of average precision.
const TOLERANCE: f64 = 0.003;

/// Trained cases of detectors of things with their models; none where there is no shared data.
fn trained() -> Vec<(Case, PathBuf)> {
    let cases = Case::all()
        .into_iter()
        .filter(|case| case.weights == Weights::Trained && case.task() == Some(Task::Detect));
    cases.filter_map(|case| shared(&format!("models/{}", case.model)).map(|path| (case, path))).collect()
}

/// `vision detect` of `pictures` with the case's model and IoU into `run`.
fn detect(s: &Scratch, case: &Case, model: &Path, pictures: &Path, more: &[&str]) {
    let iou = case.iou.to_string();
    let mut arguments: Vec<std::ffi::OsString> =
        vec![pictures.into(), "--model".into(), model.into(), "--iou".into(), iou.into()];
    if let Some(spec) = &case.spec {
        let path = root().join(spec);
        arguments.extend(["--spec".into(), if path.is_file() { path.into() } else { spec.into() }]);
    }
    if let Some(labels) = &case.labels {
        arguments.extend(["--labels".into(), labels.into()]);
    }
    arguments.extend(["--no-images", "--quiet"].iter().chain(more).map(Into::into));
    s.detect(arguments).expect(0);
}

fn each_trained(check: impl Fn(&Case, &Path) -> Result<(), String>) {
    let (cases, models): (Vec<Case>, Vec<PathBuf>) = trained().into_iter().unzip();
    each(&cases, |case| {
        let at = cases.iter().position(|other| std::ptr::eq(other, case)).expect("one of them");
        check(case, &models[at])
    });
}

#[test]
fn boxes_of_the_reference_in_the_sample_photos_are_found() {
    each_trained(|case, model| {
        let s = Scratch::new();
        detect(&s, case, model, &root().join("samples/photos"), &["--conf", "0.25"]);
        let (mut all, mut missed) = (0, Vec::new());
        for record in s.results().iter().filter(|r| r["schema"] != "vision.input/1") {
            let path = record["item"]["path"].as_str().expect("a path");
            let name = path.rsplit('/').next().expect("a name");
            for found in case.samples.get(name).into_iter().flatten() {
                all += 1;
                if !is_among(found, &record["prediction"]["instances"]) {
                    missed.push(format!("{name} {found:?}"));
                }
            }
        }
        let expected: usize = case.samples.values().map(Vec::len).sum();
        if all != expected || all < 20 {
            return Err(format!("{all} of {expected} boxes compared"));
        }
        let share = (all - missed.len()) as f64 / all as f64;
        note(case, "samples", serde_json::json!({ "boxes": all, "matched": share }));
        if share >= LEAST_FOUND { Ok(()) } else { Err(format!("{share} of {all} found; {missed:?}")) }
    });
}

fn is_among(found: &Found, instances: &Value) -> bool {
    instances.as_array().into_iter().flatten().any(|own| {
        let rect: [f32; 4] = serde_json::from_value(own["box"].clone()).expect("a box");
        own["class"] == found.class && iou(&rect, &found.rect) >= SAME_BOX
    })
}

#[test]
fn average_precision_is_the_reference_s() {
    let (Some(photos), Some(python)) = (shared("photos/coco64"), python()) else { return };
    each_trained(|case, model| {
        let s = Scratch::new();
        detect(&s, case, model, &photos.join("images"), &["--conf", "0.001", "--format", "coco"]);
        let measure = |file: &Path| -> f64 {
            let mut command = std::process::Command::new(&python);
            command.arg(root().join("scripts/coco_ap.py")).arg(photos.join("instances.json")).arg(file);
            let out = Ran::of(&mut command).expect(0).out;
            out.split_whitespace().nth(1).and_then(|text| text.parse().ok()).expect("AP and its value")
        };
        let file = s.path("run/coco.json");
        let own = measure(&file);
        let mut wanted = vec![(own, case.ap.ok_or("no ap")?, "the reference")];
        if let Some(published) = &case.published {
            // Boxes under a score change none over it, so a higher least score is a filter.
            let mut coco: Value =
                serde_json::from_slice(&std::fs::read(&file).expect("coco.json")).expect("JSON");
            let all = coco["annotations"].as_array_mut().expect("annotations");
            all.retain(|a| a["score"].as_f64() >= Some(published.conf));
            let above = s.file("above.json", coco.to_string().as_bytes());
            wanted.push((measure(&above), published.ap, "the published value"));
        }
        let numbers: Vec<f64> = wanted.iter().map(|(own, ..)| *own).collect();
        note(case, "ap", serde_json::json!({ "ours": numbers[0], "published-conf": numbers.get(1) }));
        let off = wanted.iter().find(|(own, other, _)| (own - other).abs() > TOLERANCE);
        off.map_or(Ok(()), |(own, other, whose)| Err(format!("AP {own}, {whose} {other}")))
    });
}
