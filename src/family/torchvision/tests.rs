//! Headers as `torch.onnx.export` writes them; tensors by hand for a 200x100 frame.

use super::super::written::*;
use super::*;
use crate::error::Kind;
use crate::spec::Labels;

fn exported(names: [&str; 3]) -> Header {
    let [boxes, labels, scores] = names;
    header(
        &[value("image", F32, &[3, -1, -1])],
        &[value(boxes, F32, &[-1, 4]), value(labels, I64, &[-1]), value(scores, F32, &[-1])],
    )
}

fn tensors() -> Vec<crate::engine::NamedTensor> {
    vec![
        floats("boxes", &[2, 4], &[0.0, 0.0, 800.0, 400.0, 400.0, 200.0, 1600.0, 800.0]),
        wholes("labels", &[2], &[1, 90]),
        floats("scores", &[2], &[0.25, 0.75]),
    ]
}

/// A picture with twice the width and height of `shortest-edge` [1600, 800].
fn mapping() -> Mapping {
    Mapping::fit([200, 100], [1600, 800], Resize::ShortestEdge)
}

#[test]
fn names_or_axes_tell_it() {
    let reading = read(&ENTRY, &exported(["boxes", "labels", "scores"]));
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(91)));
    assert_eq!((reading.input.size, reading.input.resize), ([1333, 800], Resize::ShortestEdge));
    assert_eq!((reading.input.mean, reading.input.std), ([0.0; 3], [255.0; 3]));
    assert!(reading.decode.is_empty());
    // As torch.onnx.export numbers outputs without names; the model zoo's are the same.
    let header = exported(["6379", "6381", "6383"]);
    let reading = read(&ENTRY, &header);
    assert_eq!((reading.certainty, reading.decode["scores"].as_str()), (Certainty::Shape, Some("6383")));
    assert!(reading.doubts.iter().any(|doubt| doubt.contains("maskrcnn-benchmark")));
    understood(&ENTRY, &header, "coco-91");
}

#[test]
fn masks_are_said_not_to_be_read() {
    let mut header = exported(["boxes", "labels", "scores"]);
    header.outputs.push(value("masks", F32, &[-1, 1, -1, -1]));
    assert!(read(&ENTRY, &header).doubts.iter().any(|doubt| doubt.contains("masks")));
}

#[test]
fn a_batch_axis_is_another_familys() {
    let mut header = exported(["boxes", "labels", "scores"]);
    for output in &mut header.outputs {
        let shape = output.shape.as_mut().expect("a shape");
        shape.insert(0, crate::onnx::Dim::Fixed(1));
    }
    assert!(recognise(&header).is_none());
    let fixed = super::super::written::header(
        &[value("image", F32, &[1, 3, 320, 480])],
        &exported(["boxes", "labels", "scores"]).outputs,
    );
    let input = read(&ENTRY, &fixed).input;
    assert_eq!((input.size, input.resize), ([480, 320], Resize::Stretch));
}

#[test]
fn labels_are_category_ids_or_count_from_one() {
    let header = exported(["boxes", "labels", "scores"]);
    let family = understood(&ENTRY, &header, "coco-91");
    let (found, _) = decode(&*family, tensors(), &mapping());
    // Input to frame: a eighth.
    assert_near(&found[0], 90, 0.75, [50.0, 25.0, 200.0, 100.0]);
    assert_near(&found[1], 1, 0.25, [0.0, 0.0, 100.0, 50.0]);
    let reading = read(&ENTRY, &header);
    let classes = |names: &[&str]| {
        let labels = Labels::List(names.iter().map(|name| (*name).to_owned()).collect());
        let family = build(&described(&ENTRY, &reading, labels), &header).unwrap();
        decode(&*family, tensors(), &mapping()).0.iter().map(|found| found.class).collect::<Vec<_>>()
    };
    assert_eq!(classes(&["cat", "dog"]), [89, 0]);
    assert_eq!(classes(&["__background__", "cat", "dog"]), [90, 1]);
}

#[test]
fn nothing_found_is_no_error() {
    let family = understood(&ENTRY, &exported(["boxes", "labels", "scores"]), "coco-91");
    let none = vec![floats("boxes", &[0, 4], &[]), wholes("labels", &[0], &[]), floats("scores", &[0], &[])];
    let (found, warnings) = decode(&*family, none, &mapping());
    assert_eq!((found.len(), warnings.len()), (0, 0));
}

#[test]
fn what_does_not_fit_is_refused() {
    let header = exported(["boxes", "labels", "scores"]);
    let spec = described(&ENTRY, &read(&ENTRY, &header), Labels::default());
    let error = build(&spec, &exported(["a", "b", "c"])).err().expect("no such outputs");
    assert_eq!(error.kind, Kind::ModelMismatch);
    assert!(error.message.contains("boxes [n,4]") && error.message.contains("a f32"), "{}", error.message);
}
