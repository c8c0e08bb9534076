//! Headers as transformers' and Optimum's exporters write them; tensors by hand for a 200x100 frame.

use super::super::written::*;
use super::*;
use crate::error::Kind;
use crate::spec::Labels;

fn exported(queries: i64, columns: i64, side: i64) -> Header {
    header(
        &[value("pixel_values", F32, &[-1, 3, side, side])],
        &[value("logits", F32, &[-1, queries, columns]), value("pred_boxes", F32, &[-1, queries, 4])],
    )
}

fn mapping() -> Mapping {
    Mapping::fit([200, 100], [400, 400], Resize::Stretch)
}

/// The logit of a probability.
fn logit(p: f32) -> f32 {
    (p / (1.0 - p)).ln()
}

#[test]
fn columns_tell_how_logits_are_read() {
    let told = |queries, columns| {
        let reading = read(&ENTRY, &exported(queries, columns, 640));
        let scores = reading.decode["scores"].as_str().expect("text").to_owned();
        (scores, reading.classes, reading.input.mean[0] > 0.0, reading.doubts.len())
    };
    // DETR, YOLOS; stretched because the size is fixed, which is the one doubt.
    assert_eq!(told(100, 92), ("softmax-no-object".to_owned(), Some(91), true, 1));
    // Conditional and Deformable DETR.
    assert_eq!(told(300, 91), ("sigmoid".to_owned(), Some(91), true, 1));
    // RT-DETR, D-FINE, and those trained on Objects365.
    assert_eq!(told(300, 80), ("sigmoid".to_owned(), Some(80), false, 0));
    assert_eq!(told(300, 366), ("sigmoid".to_owned(), Some(366), false, 0));
    // Fine-tuned: both ways are said.
    assert_eq!(told(100, 4), ("softmax-no-object".to_owned(), Some(3), true, 3));
    assert_eq!(told(300, 4), ("sigmoid".to_owned(), Some(4), false, 2));
    assert_eq!(told(300, -1), ("sigmoid".to_owned(), None, false, 2));
}

#[test]
fn open_sizes_keep_the_pictures_aspect_ratio_where_detr_was_trained_so() {
    let detr = read(&ENTRY, &exported(100, 92, -1)).input;
    assert_eq!((detr.size, detr.resize, detr.dynamic_size), ([1333, 800], Resize::ShortestEdge, true));
    let rt_detr = read(&ENTRY, &exported(300, 80, -1)).input;
    assert_eq!((rt_detr.size, rt_detr.resize), ([640, 640], Resize::Stretch));
}

#[test]
fn a_mask_is_no_second_picture() {
    let mut header = exported(100, 92, -1);
    header.inputs.push(value("pixel_mask", I64, &[-1, 64, 64]));
    let reading = read(&ENTRY, &header);
    assert_eq!(reading.input.name.as_deref(), Some("pixel_values"));
    understood(&ENTRY, &header, "coco-91");
    // Grounding DINO and OWL-ViT take text as well.
    header.inputs.push(value("input_ids", I64, &[1, 16]));
    assert!(recognise(&header).is_none());
}

#[test]
fn logits_alone_are_a_classifiers() {
    let mut header = exported(100, 92, -1);
    header.outputs.truncate(1);
    assert!(recognise(&header).is_none());
}

#[test]
fn softmax_leaves_out_no_object() {
    let family = understood(&ENTRY, &exported(-1, 92, 400), "coco-91");
    let mut logits = vec![0.0; 2 * 92];
    // Query 0: class 17 has e^5 of 91 + e^5; query 1: "no object" has nearly all.
    logits[17] = 5.0;
    logits[92 + 91] = 20.0;
    let tensors = vec![
        floats("logits", &[1, 2, 92], &logits),
        floats("pred_boxes", &[1, 2, 4], &[0.5, 0.5, 0.5, 0.2, 0.5, 0.5, 1.0, 1.0]),
    ];
    let (found, _) = decode(&*family, tensors, &mapping());
    let score = 5f32.exp() / (91.0 + 5f32.exp());
    assert_eq!(found.len(), 1, "{found:?}");
    assert_near(&found[0], 17, score, [50.0, 40.0, 150.0, 60.0]);
}

#[test]
fn sigmoid_gives_a_query_several_classes_and_as_many_results_as_queries() {
    let header = exported(2, 3, 400);
    let mut spec = described(&ENTRY, &read(&ENTRY, &header), Labels::default());
    spec.decode.insert("scores".to_owned(), "sigmoid".into());
    let family = build(&spec, &header).unwrap();
    let tensors = |scores: [f32; 6]| {
        vec![
            floats("logits", &[1, 2, 3], &scores.map(logit)),
            floats("pred_boxes", &[1, 2, 4], &[0.25, 0.5, 0.5, 1.0, 0.75, 0.5, 0.5, 0.5]),
        ]
    };
    let (found, _) = decode(&*family, tensors([0.1, 0.9, 0.8, 0.7, 0.2, 0.3]), &mapping());
    assert_eq!(found.len(), 2);
    assert_near(&found[0], 1, 0.9, [0.0, 0.0, 100.0, 100.0]);
    assert_near(&found[1], 2, 0.8, [0.0, 0.0, 100.0, 100.0]);
    // Equal scores: the earlier query, then the earlier class.
    let (found, _) = decode(&*family, tensors([0.1, 0.5, 0.1, 0.5, 0.5, 0.5]), &mapping());
    assert_eq!([found[0].class, found[1].class], [1, 0]);
    let (found, warnings) = decode(&*family, tensors([f32::NAN, 0.9, 0.1, 0.1, 0.1, 0.1]), &mapping());
    assert_eq!((found.len(), warnings.len()), (2, 1));
}

#[test]
fn what_does_not_fit_is_refused() {
    let header = exported(300, 80, 640);
    let reading = read(&ENTRY, &header);
    let three = Labels::List(["a", "b", "c"].map(str::to_owned).to_vec());
    let error = build(&described(&ENTRY, &reading, three), &header).err().expect("80 classes");
    assert_eq!(error.kind, Kind::ModelMismatch);
    assert!(error.message.contains("3 labels for outputs of 80 classes"), "{}", error.message);
    let mut spec = described(&ENTRY, &reading, Labels::default());
    spec.decode.insert("logits".to_owned(), "other".into());
    let error = build(&spec, &header).err().expect("no such output");
    assert!(error.message.contains("an output other [1,queries,classes]"), "{}", error.message);
    spec.decode.insert("scores".to_owned(), "softmax".into());
    assert_eq!(build(&spec, &header).err().expect("no such way").kind, Kind::ModelInvalid);
    // Another number of boxes than of queries.
    let tensors =
        vec![floats("logits", &[1, 2, 80], &[0.0; 160]), floats("pred_boxes", &[1, 1, 4], &[0.0; 4])];
    let family = understood(&ENTRY, &header, "coco-80");
    let error = family.decode(&Outputs::new(tensors), &mapping()).unwrap_err();
    assert_eq!(error.kind, Kind::ModelOutput);
}
