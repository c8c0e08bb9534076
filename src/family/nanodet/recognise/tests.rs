//! Headers of real exports, as Python's `onnx` prints them, and of what is another's.

use super::*;
use crate::family::by_hand::{Shapes, header, value};

/// Six or eight outputs in the order of the file.
fn of(outputs: &Shapes, probabilities: &[&str]) -> Header {
    let probabilities = probabilities.iter().map(|name| ((*name).to_owned(), "Sigmoid".to_owned())).collect();
    Header { probabilities, ..header([416, 416], outputs) }
}

const M: [(&str, &[i64]); 6] = [
    ("cls_pred_stride_8", &[1, 2704, 80]),
    ("cls_pred_stride_16", &[1, 676, 80]),
    ("cls_pred_stride_32", &[1, 169, 80]),
    ("dis_pred_stride_8", &[1, 2704, 32]),
    ("dis_pred_stride_16", &[1, 676, 32]),
    ("dis_pred_stride_32", &[1, 169, 32]),
];

fn whole(reading: &Reading, key: &str) -> Option<i64> {
    reading.decode.get(key).and_then(toml::Value::as_integer)
}

#[test]
fn nanodet_m_by_its_names() {
    let reading =
        recognise(&of(&M, &["cls_pred_stride_8", "cls_pred_stride_16", "cls_pred_stride_32"])).unwrap();
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(80)));
    assert_eq!((whole(&reading, "bins"), reading.decode.get("logits")), (Some(8), None));
    assert_eq!((reading.input.resize, reading.input.pad), (Resize::Letterbox, 0));
    assert_eq!((reading.input.colour, reading.input.mean), (Colour::Bgr, BGR_MEAN));
    // Older exports leave the sigmoid out.
    let reading = recognise(&of(&M, &[])).unwrap();
    assert_eq!(reading.decode.get("logits").and_then(toml::Value::as_bool), Some(true));
    assert!(reading.doubts.iter().any(|doubt| doubt.contains("logits = false")), "{:?}", reading.doubts);
}

#[test]
fn nanodet_g_without_any_size() {
    let open: &[i64] = &[-1, -1, -1];
    let names =
        ["Identity_2:0", "Identity_5:0", "Identity_1:0", "Identity:0", "Identity_4:0", "Identity_3:0"];
    let reading =
        recognise(&of(&names.map(|name| (name, open)), &["Identity:0", "Identity_1:0", "Identity_2:0"]))
            .unwrap();
    assert_eq!((reading.certainty, reading.classes), (Certainty::Shape, Some(80)));
    assert_eq!((whole(&reading, "bins"), reading.decode.get("logits")), (None, None));
    assert_eq!((reading.input.resize, reading.input.colour), (Resize::Stretch, Colour::Bgr));
    assert!(reading.doubts.iter().any(|doubt| doubt.contains("80 are assumed")));
}

#[test]
fn picodet_by_its_four_levels() {
    let names: Vec<String> = (0..8).map(|n| format!("save_infer_model/scale_{n}.tmp_1")).collect();
    let outputs: Vec<(&str, &[i64])> = names
        .iter()
        .enumerate()
        .map(|(n, name)| (name.as_str(), if n < 4 { &[-1, -1, 80][..] } else { &[-1, -1, 32] }))
        .collect();
    let reading = recognise(&of(&outputs, &[])).unwrap();
    assert_eq!(
        (reading.certainty, reading.classes, whole(&reading, "bins")),
        (Certainty::Names, Some(80), Some(8))
    );
    assert_eq!((reading.input.resize, reading.input.colour), (Resize::Stretch, Colour::Rgb));
    assert_eq!((reading.input.mean[0], reading.input.std[2]), (123.675, 57.375));
    let strides = reading.decode["strides"].as_array().unwrap();
    assert_eq!(strides.last().and_then(toml::Value::as_integer), Some(64));
}

#[test]
fn scores_are_told_from_edges_by_sigmoids_names_and_usual_bins() {
    let told = |columns: [i64; 2], names: [&str; 2], probabilities: &[&str]| {
        let cells = [2704, 676, 169];
        let named: Vec<(String, [i64; 3])> = (0..2)
            .flat_map(|half| (0..3).map(move |level| (half, level)))
            .map(|(half, level)| (format!("{}{level}", names[half]), [1, cells[level], columns[half]]))
            .collect();
        let outputs: Vec<(&str, &[i64])> =
            named.iter().map(|(name, shape)| (name.as_str(), &shape[..])).collect();
        let reading = recognise(&of(&outputs, probabilities))?;
        let ambiguous = reading.doubts.iter().any(|doubt| doubt.contains("first half"));
        Some((reading.classes?, whole(&reading, "bins")?, ambiguous))
    };
    // Distances first.
    assert_eq!(told([32, 20], ["a", "b"], &[]), Some((20, 8, false)));
    assert_eq!(told([32, 20], ["dis", "cls"], &[]), Some((20, 8, false)));
    // 17 bins, as the original Generalized Focal Loss has, are told by what made the scores.
    assert_eq!(told([68, 80], ["a", "b"], &[]), None);
    assert_eq!(told([68, 80], ["a", "b"], &["b0", "b1", "b2"]), Some((80, 17, false)));
    // 32 classes or 8 bins: the order decides, and that is said.
    assert_eq!(told([32, 32], ["a", "b"], &[]), Some((32, 8, true)));
    assert_eq!(told([44, 32], ["a", "b"], &[]), Some((44, 8, true)));
    assert_eq!(told([32, 44], ["a", "b"], &["b0", "b1", "b2"]), Some((44, 8, false)));
    // Plain boxes are no distributions.
    assert_eq!(told([80, 4], ["cls", "bbox"], &[]), None);
    assert_eq!(told([4, 80], ["a", "b"], &[]), None);
}

#[test]
fn what_is_another_familys_is_left_alone() {
    // YOLO rows, a map, five outputs, cells of other strides, one row too many.
    assert!(recognise(&of(&[("output0", &[1, 84, 8400])], &[])).is_none());
    assert!(recognise(&of(&[("758", &[1, 85, 22, 22])], &[])).is_none());
    assert!(recognise(&of(&M[..5], &[])).is_none());
    let mut other = of(&M, &[]);
    other.outputs[2] = value("cls_pred_stride_32", &[1, 170, 80]);
    assert!(recognise(&other).is_none());
    let mut whole_numbers = of(&M, &[]);
    // onnx.proto: 7 is INT64.
    whole_numbers.outputs[0].element = Some(crate::onnx::Element(7));
    assert!(recognise(&whole_numbers).is_none());
    // Without a picture.
    let mut without = of(&M, &[]);
    without.inputs = vec![value("x", &[1, 128])];
    assert!(recognise(&without).is_none());
}

#[test]
fn open_sides_are_a_multiple_of_the_coarsest_shared_stride() {
    let open = M.map(|(name, shape)| (name, [1, -1, shape[2]]));
    let outputs: Vec<(&str, &[i64])> = open.iter().map(|(name, shape)| (*name, &shape[..])).collect();
    let reading = recognise(&header([-1, -1], &outputs)).unwrap();
    assert_eq!(
        (reading.input.size, reading.input.dynamic_size, reading.input.multiple_of),
        ([416, 416], true, 32)
    );
}
