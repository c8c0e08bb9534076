//! Headers as `RFDETR.export` writes them; tensors by hand for a 200x100 frame.

use super::super::written::*;
use super::*;
use crate::error::Kind;
use crate::spec::Labels;

fn exported(columns: i64) -> Header {
    header(
        &[value("input", F32, &[1, 3, 384, 384])],
        &[value("dets", F32, &[1, 300, 4]), value("labels", F32, &[1, 300, columns])],
    )
}

/// Two queries; query 0 has the last column at logit 4, query 1 column 1 at logit 0.
fn tensors(columns: usize) -> Vec<crate::engine::NamedTensor> {
    let mut logits = vec![-10.0; 2 * columns];
    logits[columns - 1] = 4.0;
    logits[columns + 1] = 0.0;
    vec![
        floats("dets", &[1, 2, 4], &[0.5, 0.5, 0.5, 0.5, 0.25, 0.25, 0.5, 0.5]),
        floats("labels", &[1, 2, columns], &logits),
    ]
}

fn mapping() -> Mapping {
    Mapping::fit([200, 100], [384, 384], Resize::Stretch)
}

#[test]
fn the_exporters_header_is_recognised() {
    let mut header = exported(91);
    let reading = read(&ENTRY, &header);
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(91)));
    assert_eq!((reading.input.size, reading.input.resize), ([384, 384], Resize::Stretch));
    // 0.485 * 255 and 0.229 * 255.
    assert_eq!((reading.input.mean[0], reading.input.std[0]), (123.675, 58.395));
    assert_eq!(reading.doubts.len(), 1);
    header.outputs.push(value("masks", F32, &[1, 300, 96, 96]));
    assert!(read(&ENTRY, &header).doubts[1].contains("masks"));
    assert_eq!(read(&ENTRY, &exported(5)).classes, Some(4));
}

#[test]
fn cocos_last_column_is_a_class() {
    let family = understood(&ENTRY, &exported(91), "coco-91");
    let (found, _) = decode(&*family, tensors(91), &mapping());
    assert_near(&found[0], 90, 1.0 / (1.0 + (-4f32).exp()), [50.0, 25.0, 150.0, 75.0]);
    assert_near(&found[1], 1, 0.5, [0.0, 0.0, 100.0, 50.0]);
}

#[test]
fn other_data_sets_last_column_is_background_unless_said() {
    let header = exported(5);
    let reading = read(&ENTRY, &header);
    let names = |count: usize| Labels::List((0..count).map(|n| n.to_string()).collect());
    let mut spec = described(&ENTRY, &reading, names(4));
    let (found, _) = decode(&*build(&spec, &header).unwrap(), tensors(5), &mapping());
    assert_eq!((found.len(), found[0].class), (1, 1));
    spec.decode.insert("background-last".to_owned(), false.into());
    let error = build(&spec, &header).err().expect("5 classes");
    assert!(error.message.contains("4 labels for outputs of 5 classes"), "{}", error.message);
    spec.labels = names(5);
    let (found, _) = decode(&*build(&spec, &header).unwrap(), tensors(5), &mapping());
    assert_eq!([found[0].class, found[1].class], [4, 1]);
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut header = exported(91);
    let spec = described(&ENTRY, &read(&ENTRY, &header), Labels::default());
    // The labels of DEIM are whole numbers of one axis less.
    header.outputs[1] = value("labels", I64, &[1, 300]);
    assert!(recognise(&header).is_none());
    let error = build(&spec, &header).err().expect("no logits");
    assert_eq!(error.kind, Kind::ModelMismatch);
    assert!(error.message.contains("labels [1,queries,classes+1]"), "{}", error.message);
}
