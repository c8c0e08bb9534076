//! Rows of scores by hand, and what headers of real exports are read as.

use ndarray::{ArrayD, IxDyn};

use super::*;
use crate::engine::{NamedTensor, Tensor};
use crate::onnx::Dim;
use crate::spec::{Labels, Spec};

fn value(name: &str, element: i64, shape: &[i64]) -> Value {
    let shape = shape.iter().map(|&n| if n > 0 { Dim::Fixed(n) } else { Dim::Unknown }).collect();
    Value { name: name.into(), element: Some(Element(element)), shape: Some(shape) }
}

/// 1 is f32 and 2 u8 in onnx.proto's TensorProto.DataType.
fn header(input: &[i64], output: (&str, i64, &[i64]), made_by: &str) -> Header {
    let squashed = [(output.0.to_owned(), made_by.to_owned())].into_iter().filter(|(_, by)| by == "Softmax");
    let outputs = vec![value(output.0, output.1, output.2)];
    Header {
        inputs: vec![value("x", 1, input)],
        outputs,
        probabilities: squashed.collect(),
        ..Header::default()
    }
}

fn spec(decode: &str, labels: usize) -> Spec {
    Spec {
        labels: Labels::List((0..labels).map(|n| format!("c{n}")).collect()),
        ..toml::from_str(&format!(
            "name = \"m\"\ntask = \"classify\"\nfamily = \"classifier\"\n[input]\nsize = [224, 224]\n[decode]\n{decode}"
        ))
        .unwrap()
    }
}

fn built(header: &Header, decode: &str, labels: usize) -> Result<Classifier> {
    let spec = spec(decode, labels);
    Classifier::new(&Recipe { spec: &spec, header, size: [224, 224], labels })
}

/// Classes with their scores, whether several may hold, and the number of warnings.
type Decoded = (Vec<(u32, f32)>, bool, usize);

fn decoded(classifier: &Classifier, value: Tensor) -> Result<Decoded> {
    let mapping = Mapping::centre_crop([500, 300], [224, 224], 0.875);
    let outputs = Outputs::new(vec![NamedTensor::new("y", value)]);
    let (observation, warnings) = classifier.decode(&outputs, &mapping)?;
    let Observation::Classes { scores, multi_label } = observation else { panic!("{observation:?}") };
    let rounded = |s: &ClassScore| (s.class, (s.score * 1e4).round() / 1e4);
    Ok((scores.iter().map(rounded).collect(), multi_label, warnings.len()))
}

fn f32s(shape: &[usize], values: &[f32]) -> Tensor {
    Tensor::F32(ArrayD::from_shape_vec(IxDyn(shape), values.to_vec()).unwrap())
}

#[test]
fn logits_and_probabilities_by_hand() {
    let header = header(&[1, 3, 224, 224], ("y", 1, &[1, 3]), "Gemm");
    // exp(0), exp(1), exp(3) = 1, 2.71828, 20.0855; sum 23.8038.
    let logits = built(&header, "scores = \"logits\"", 3).unwrap();
    let found = decoded(&logits, f32s(&[1, 3], &[0.0, 1.0, 3.0])).unwrap();
    assert_eq!(found, (vec![(2, 0.8438), (1, 0.1142), (0, 0.042)], false, 0));
    // 1 / (1 + exp(-x)): 0.5, 0.7311, 0.9526.
    let sigmoid = built(&header, "scores = \"sigmoid-logits\"", 3).unwrap();
    let found = decoded(&sigmoid, f32s(&[1, 3], &[0.0, 1.0, 3.0])).unwrap();
    assert_eq!(found, (vec![(2, 0.9526), (1, 0.7311), (0, 0.5)], true, 0));
    let plain = built(&header, "scores = \"probabilities\"\nmulti-label = true", 3).unwrap();
    let found = decoded(&plain, f32s(&[3], &[0.25, 0.5, f32::NAN])).unwrap();
    assert_eq!(found, (vec![(1, 0.5), (0, 0.25)], true, 1));
}

#[test]
fn quantised_rows_and_axes_of_one() {
    let header = header(&[1, 224, 224, 3], ("y", 2, &[1, 3]), "QLinearSoftmax");
    let classifier = built(&header, "scores = \"probabilities\"", 3).unwrap();
    let row = Tensor::U8(ArrayD::from_shape_vec(IxDyn(&[1, 3]), vec![51, 0, 204]).unwrap());
    assert_eq!(decoded(&classifier, row.clone()).unwrap().0, [(2, 0.8), (0, 0.2), (1, 0.0)]);
    let halved = built(&header, "scores = \"probabilities\"\nscale = 0.001", 3).unwrap();
    assert_eq!(decoded(&halved, row).unwrap().0[0], (2, 0.204));
    let square = decoded(&classifier_of(&[1, 3, 1, 1]), f32s(&[1, 3, 1, 1], &[0.1, 0.2, 0.7])).unwrap();
    assert_eq!(square.0, [(2, 0.7), (1, 0.2), (0, 0.1)]);
}

fn classifier_of(output: &[i64]) -> Classifier {
    let header = header(&[1, 3, 224, 224], ("y", 1, output), "Softmax");
    built(&header, "scores = \"probabilities\"", 3).unwrap()
}

#[test]
fn what_is_no_row_of_scores_is_refused() {
    let classifier = classifier_of(&[1, 3]);
    for (value, says) in [
        (f32s(&[1, 4], &[0.0; 4]), "expected [1,3]"),
        (f32s(&[3, 3], &[0.0; 9]), "expected [1,3]"),
        (f32s(&[1, 3], &[9.0, -2.0, 1.0]), "scores = \"logits\""),
    ] {
        let error = decoded(&classifier, value).unwrap_err();
        assert!(error.kind == Kind::ModelOutput && error.message.contains(says), "{}", error.message);
    }
    let header = header(&[1, 3, 224, 224], ("y", 1, &[1, 3]), "Gemm");
    for (decode, labels, kind, says) in [
        ("", 3, Kind::ModelInvalid, "[decode] needs scores"),
        ("scores = \"logits\"\nscale = 0.0", 3, Kind::ModelInvalid, "scale"),
        ("scores = \"logits\"", 4, Kind::ModelMismatch, "has 3 classes, its description has 4 labels"),
        ("scores = \"logits\"\noutput = \"z\"", 3, Kind::ModelMismatch, "no output \"z\""),
    ] {
        let Err(error) = built(&header, decode, labels) else { panic!("{decode} was accepted") };
        assert!(error.kind == kind && error.message.contains(says), "{}", error.message);
    }
    let boxes = self::header(&[1, 3, 224, 224], ("y", 1, &[1, 84, 8400]), "Concat");
    assert!(built(&boxes, "scores = \"logits\"", 0).is_err());
}

#[test]
fn headers_without_a_description() {
    let softmax = header(&[1, 3, 224, 224], ("y", 1, &[0, 1000]), "Softmax");
    let reading = recognise(&softmax).expect("a classifier");
    assert_eq!((reading.certainty, reading.classes), (Certainty::Names, Some(1000)));
    assert_eq!(reading.decode["scores"].as_str(), Some("probabilities"));
    let logits = recognise(&header(&[1, 3, 224, 224], ("y", 1, &[1, 10]), "Gemm")).expect("a classifier");
    assert_eq!((logits.certainty, logits.decode["scores"].as_str()), (Certainty::Shape, Some("logits")));
    let grey = recognise(&header(&[1, 1, 28, 28], ("y", 1, &[1, 10]), "Add")).expect("a classifier");
    assert_eq!((grey.input.colour, grey.input.size), (Colour::Grey, [28, 28]));
    for (input, output) in [
        (&[1, 3, 640, 640][..], &[1, 84, 8400][..]),
        (&[1, 3, 64, 64], &[1, 1]),
        (&[1, 3, 64, 64], &[1, 0]),
        (&[1, 128], &[1, 10]),
    ] {
        assert!(recognise(&header(input, ("y", 1, output), "Add")).is_none(), "{input:?} {output:?}");
    }
}

#[test]
fn notes_of_exporters_give_names() {
    let mut noted = header(&[1, 3, 64, 64], ("output0", 1, &[1, 2]), "Softmax");
    let notes = [("task", "classify"), ("names", "{0: 'cat', 1: 'dog'}"), ("imgsz", "[64, 64]")];
    noted.metadata = notes.map(|(k, v)| (k.to_owned(), v.to_owned())).into();
    let reading = recognise(&noted).expect("Ultralytics' classifier");
    assert_eq!((reading.certainty, reading.names), (Certainty::Metadata, vec!["cat".into(), "dog".into()]));
    assert_eq!((reading.input.crop_fraction, reading.input.std), (1.0, [255.0; 3]));
    assert!(reading.doubts.is_empty());
}

#[test]
fn a_row_of_an_open_batch_is_a_classifiers_and_nobody_elses() {
    for count in [5, 6, 7, 10, 85, 1000, 1001] {
        for name in ["output", "output0", "logits", "probabilities"] {
            let mut header = header(&[0, 3, 224, 224], (name, 1, &[0, count]), "Gemm");
            header.inputs[0].name = "images".into();
            header.outputs[0].shape = Some(vec![Dim::Named("batch_size".into()), Dim::Fixed(count)]);
            let families: Vec<&str> = crate::family::FAMILIES
                .iter()
                .filter(|entry| (entry.recognise)(&header).is_some())
                .map(|entry| entry.name)
                .collect();
            assert_eq!(families, ["classifier"], "{name} {count}");
        }
    }
}
