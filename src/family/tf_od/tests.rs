//! Headers as tf2onnx writes them; tensors by hand for a 200x100 frame.

use super::super::written::*;
use super::*;
use crate::engine::NamedTensor;
use crate::error::Kind;
use crate::spec::Labels;

fn exported(suffix: &str) -> Header {
    let named = |name: &str, shape: &[i64]| value(&format!("{name}{suffix}"), F32, shape);
    header(
        &[value("input_tensor", U8, &[1, -1, -1, 3])],
        &[
            named("detection_boxes", &[-1, -1, 4]),
            named("detection_classes", &[-1, -1]),
            named("detection_scores", &[-1, -1]),
            named("num_detections", &[-1]),
            named("raw_detection_boxes", &[1, -1, 4]),
        ],
    )
}

/// Three rows, of which two count, called as in `names`.
fn tensors(names: [&str; 4], first_class: f32) -> Vec<NamedTensor> {
    let [boxes, classes, scores, count] = names;
    vec![
        // Top, left, bottom, right.
        floats(boxes, &[1, 3, 4], &[0.1, 0.2, 0.5, 0.6, 0.0, 0.0, 1.0, 0.5, 0.0, 0.0, 1.0, 1.0]),
        floats(classes, &[1, 3], &[first_class, first_class + 17.0, first_class]),
        floats(scores, &[1, 3], &[0.6, 0.9, 0.8]),
        floats(count, &[1], &[2.0]),
    ]
}

fn mapping() -> Mapping {
    Mapping::fit([200, 100], [640, 640], Resize::Stretch)
}

const NAMES: [&str; 4] = ["detection_boxes", "detection_classes", "detection_scores", "num_detections"];

#[test]
fn names_tell_it() {
    for suffix in ["", ":0"] {
        let reading = read(&ENTRY, &exported(suffix));
        assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(91)));
        let input = &reading.input;
        assert_eq!((input.element, input.layout, input.dynamic_size), (ElementType::U8, Layout::Nhwc, true));
        assert_eq!((input.size, input.resize), ([1333, 800], Resize::ShortestEdge));
        understood(&ENTRY, &exported(suffix), "coco-91");
    }
    let mut open = exported("");
    open.inputs[0] = value("image_tensor", U8, &[-1, -1, -1, -1]);
    assert_eq!(read(&ENTRY, &open).input.layout, Layout::Nhwc);
}

#[test]
fn rows_are_top_left_bottom_right_and_classes_count_from_one() {
    let family = understood(&ENTRY, &exported(""), "coco-91");
    let (found, _) = decode(&*family, tensors(NAMES, 1.0), &mapping());
    assert_eq!(found.len(), 2, "{found:?}");
    assert_near(&found[0], 18, 0.9, [0.0, 0.0, 100.0, 100.0]);
    assert_near(&found[1], 1, 0.6, [40.0, 10.0, 120.0, 50.0]);
    let reading = read(&ENTRY, &exported(""));
    let own = Labels::List(vec!["cat".to_owned(), "dog".to_owned()]);
    let family = build(&described(&ENTRY, &reading, own), &exported("")).unwrap();
    let (found, _) = decode(&*family, tensors(NAMES, 1.0), &mapping());
    assert_eq!([found[0].class, found[1].class], [17, 0]);
}

#[test]
fn without_names_the_order_of_outputs_tells_it() {
    let lite = |names: [&str; 4], ranks: [&[i64]; 4]| {
        let outputs: Vec<_> = names.iter().zip(ranks).map(|(name, shape)| value(name, F32, shape)).collect();
        header(&[value("serving_default_input:0", F32, &[1, 320, 320, 3])], &outputs)
    };
    let (boxes, row, one): (&[i64], &[i64], &[i64]) = (&[1, 3, 4], &[1, 3], &[1]);
    // Each case: the header, and its names in order of boxes, classes, scores, count.
    let cases = [
        (lite(["a", "b", "c", "d"], [boxes, row, row, one]), ["a", "b", "c", "d"]),
        (lite(["s:0", "s:1", "s:2", "s:3"], [row, boxes, one, row]), ["s:1", "s:3", "s:0", "s:2"]),
        (lite(["s:0", "s:1", "s:2", "s:3"], [one, row, row, boxes]), ["s:3", "s:2", "s:1", "s:0"]),
    ];
    for (header, names) in cases {
        let reading = read(&ENTRY, &header);
        assert_eq!((reading.certainty, reading.doubts.len()), (Certainty::Shape, 3));
        assert_eq!((reading.input.mean, reading.input.size), ([127.5; 3], [320, 320]));
        let family = understood(&ENTRY, &header, "coco-91");
        let (found, _) = decode(&*family, tensors(names, 0.0), &mapping());
        // TFLite's first class is 0, COCO's first id is 1.
        assert_near(&found[1], 1, 0.6, [40.0, 10.0, 120.0, 50.0]);
    }
    let post = "TFLite_Detection_PostProcess";
    let names = [post, &format!("{post}:1"), &format!("{post}:2"), &format!("{post}:3")];
    let reading = read(&ENTRY, &lite(names, [boxes, row, row, one]));
    assert_eq!(reading.certainty, Certainty::Names);
}

#[test]
fn a_saved_models_outputs_stand_in_order_of_the_alphabet() {
    let shapes: [&[i64]; 8] =
        [&[1, 3], &[1, 3, 4], &[1, 3], &[1, 3, 91], &[1, 3], &[1], &[1, 9, 4], &[1, 9, 91]];
    let names: Vec<String> = (0..8).map(|n| format!("StatefulPartitionedCall:{n}")).collect();
    let outputs: Vec<_> = names.iter().zip(shapes).map(|(name, shape)| value(name, F32, shape)).collect();
    let header = header(&[value("input_tensor:0", U8, &[1, -1, -1, 3])], &outputs);
    let family = understood(&ENTRY, &header, "coco-91");
    let (found, _) =
        decode(&*family, tensors([1, 2, 4, 5].map(|n: usize| names[n].as_str()), 1.0), &mapping());
    assert_near(&found[0], 18, 0.9, [0.0, 0.0, 100.0, 100.0]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut header = exported("");
    let spec = described(&ENTRY, &read(&ENTRY, &header), Labels::default());
    header.outputs[1] = value("detection_classes", F32, &[1, 100, 91]);
    let error = build(&spec, &header).err().expect("no classes");
    assert_eq!(error.kind, Kind::ModelMismatch);
    assert!(error.message.contains("detection_classes [1,n]"), "{}", error.message);
    // A class that is no whole number.
    let mut odd = tensors(NAMES, 1.0);
    odd[1] = floats("detection_classes", &[1, 3], &[1.5, 2.0, 1.0]);
    let (found, warnings) = decode(&*understood(&ENTRY, &exported(""), "coco-91"), odd, &mapping());
    assert_eq!((found.len(), warnings.len()), (1, 1));
}
