//! Headers as the repositories' exporters write them; tensors by hand for a 100x50 frame in 400x400.

use super::super::written::*;
use super::*;
use crate::error::Kind;
use crate::spec::Labels;

fn exported() -> Header {
    header(
        &[value("images", F32, &[-1, 3, 400, 400]), value("orig_target_sizes", I64, &[-1, 2])],
        &[
            value("labels", I64, &[-1, -1]),
            value("boxes", F32, &[-1, -1, 4]),
            value("scores", F32, &[-1, -1]),
        ],
    )
}

fn mapping() -> Mapping {
    Mapping::fit([100, 50], [400, 400], Resize::Stretch)
}

#[test]
fn the_exporters_header_is_recognised() {
    let reading = read(&ENTRY, &exported());
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(80)));
    assert_eq!(reading.input.name.as_deref(), Some("images"));
    assert_eq!((reading.input.size, reading.input.resize), ([400, 400], Resize::Stretch));
    assert_eq!((reading.input.mean, reading.input.std), ([0.0; 3], [255.0; 3]));
    assert!(reading.doubts.iter().any(|doubt| doubt.contains("DINOv3")));
}

#[test]
fn other_names_leave_it_to_the_axes() {
    let mut header = exported();
    header.inputs.truncate(1);
    for (output, name) in header.outputs.iter_mut().zip(["12", "13", "14"]) {
        output.name = name.to_owned();
    }
    let reading = read(&ENTRY, &header);
    assert_eq!((reading.certainty, reading.decode["boxes"].as_str()), (Certainty::Shape, Some("13")));
    assert!(reading.doubts.iter().any(|doubt| doubt.contains("normalised = true")));
    let tensors = || {
        vec![
            wholes("12", &[1, 1], &[2]),
            floats("13", &[1, 1, 4], &[0.1, 0.2, 0.5, 0.6]),
            floats("14", &[1, 1], &[0.9]),
        ]
    };
    let mut spec = described(&ENTRY, &reading, Labels::default());
    spec.decode.insert("normalised".to_owned(), true.into());
    let (found, _) = decode(&*build(&spec, &header).unwrap(), tensors(), &mapping());
    assert_near(&found[0], 2, 0.9, [10.0, 10.0, 50.0, 30.0]);
    // Whole numbers alone are labels: two outputs of floats could be anything.
    header.outputs[0].element = header.outputs[2].element;
    assert!(recognise(&header).is_none());
}

#[test]
fn pixels_of_the_input_become_pixels_of_the_frame() {
    let family = understood(&ENTRY, &exported(), "coco-80");
    let tensors = vec![
        wholes("labels", &[1, 3], &[7, 0, 5]),
        // Input to frame: x / 4, y / 8. The last reaches beyond the frame, the middle one is no result.
        floats(
            "boxes",
            &[1, 3, 4],
            &[40.0, 80.0, 80.0, 160.0, 0.0, 0.0, 9.0, 9.0, -20.0, 360.0, 100.0, 440.0],
        ),
        floats("scores", &[1, 3], &[0.5, 0.0005, 0.75]),
    ];
    let (found, warnings) = decode(&*family, tensors, &mapping());
    assert_eq!((found.len(), warnings.len()), (2, 0));
    assert_near(&found[0], 5, 0.75, [0.0, 45.0, 25.0, 50.0]);
    assert_near(&found[1], 7, 0.5, [10.0, 10.0, 20.0, 20.0]);
}

#[test]
fn what_is_no_number_is_dropped_and_said() {
    let family = understood(&ENTRY, &exported(), "coco-80");
    let tensors = vec![
        wholes("labels", &[1, 3], &[1, -1, i64::MAX]),
        floats("boxes", &[1, 3, 4], &[f32::NAN, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0, 0.0, 0.0, 1.0, 1.0]),
        floats("scores", &[1, 3], &[0.5, 0.5, 0.5]),
    ];
    let (found, warnings) = decode(&*family, tensors, &mapping());
    assert_eq!((found.len(), warnings), (0, vec!["not-finite".to_owned()]));
}

#[test]
fn what_does_not_fit_is_refused() {
    let mut header = exported();
    let spec = described(&ENTRY, &read(&ENTRY, &header), Labels::default());
    header.outputs[1] = value("boxes", F32, &[1, 300, 6]);
    let error = build(&spec, &header).err().expect("six numbers are no box");
    assert_eq!(error.kind, Kind::ModelMismatch);
    assert!(
        error.message.contains("boxes [1,n,4]") && error.message.contains("boxes f32 [1,300,6]"),
        "{}",
        error.message
    );
    let mut odd = spec.clone();
    odd.decode.insert("strides".to_owned(), 3.into());
    assert_eq!(build(&odd, &exported()).err().expect("no such key").kind, Kind::ModelInvalid);
    // Fewer scores than boxes.
    let tensors = vec![
        wholes("labels", &[1, 2], &[1, 1]),
        floats("boxes", &[1, 2, 4], &[0.0; 8]),
        floats("scores", &[1, 1], &[0.5]),
    ];
    let family = build(&spec, &exported()).unwrap();
    let error = family.decode(&Outputs::new(tensors), &mapping()).unwrap_err();
    assert_eq!(error.kind, Kind::ModelOutput);
    assert!(error.message.contains("scores [1, 1]"), "{}", error.message);
}
