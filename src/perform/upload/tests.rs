//! Bytes and their normalisation in the graph against f32 as prepared: the outputs are equal to the bit, on the
//! CPU.

use std::path::{Path, PathBuf};

use super::super::{Options, Prepared, Selection};
use crate::engine::{ElementType, Engine, ModelId, NamedTensor, Runtime, Tensor};
use crate::error::Kind;
use crate::frame::{Attributes, Frame, Origin};
use crate::options::{ClassifyOptions, SelectOptions, Upload};

fn photo() -> Frame {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("samples/photos/astronaut.jpg");
    let pixels = image::open(file).expect("the sample").to_rgb8();
    Frame {
        size: [pixels.width(), pixels.height()],
        pixels,
        full: None,
        part: None,
        origin: Origin { format: "jpeg".to_owned(), lossless: false, orientation: 1 },
        icc: None,
        warnings: Vec::new(),
        attributes: Attributes::default(),
        values: None,
    }
}

/// A model of the shared data, `None` (said) where there is none and none was asked for.
fn shared(name: &str) -> Option<String> {
    let asked = std::env::var_os("VISION_SHARED").map(PathBuf::from);
    let root = asked.clone().unwrap_or_else(|| concat!(env!("CARGO_MANIFEST_DIR"), "/../shared").into());
    let file = root.join("data/models").join(name);
    if asked.is_none() && !file.exists() {
        println!("skipped: no shared data");
        return None;
    }
    Some(file.to_string_lossy().into_owned())
}

fn options<S: Selection>(model: &str, upload: Upload) -> Options<S> {
    let mut options = Options::with_defaults(["photo.jpg".into()]).expect("options");
    (options.model.model, options.model.upload) = (model.to_owned(), upload);
    options
}

fn setup(prepared: &Prepared, device: &str) -> crate::engine::Setup {
    prepared.setup_of(prepared.model().expect("a model"), device.parse().expect("a device"), 1)
}

/// The picture's tensor and the outputs.
fn outputs<S: Selection>(model: &str, upload: Upload) -> (Tensor, Vec<NamedTensor>) {
    let mut prepared = Prepared::new(&options::<S>(model, upload)).expect("prepared");
    let runtime = Runtime::load(None).expect("a runtime");
    let own = prepared.model().expect("a model");
    let setup = prepared.setup_of(own, "cpu".parse().expect("a device"), 1);
    let engine = Engine::new(runtime, model, &own.bytes, setup, &|_| ()).expect("an engine");
    assert_eq!(engine.takes_bytes(), upload == Upload::U8);
    prepared.give_bytes(&S::default(), &[engine.takes_bytes()]).expect("the family");
    let (tensors, _) = prepared.family.prepare(&photo()).expect("tensors");
    let outputs = engine.worker().expect("a worker").infer(ModelId::default(), &tensors).expect("runs");
    (tensors[0].value.clone(), outputs)
}

/// Every number as its bits, so that no number is equal to another.
fn bits(outputs: &[NamedTensor]) -> Vec<(String, Vec<usize>, Vec<u64>)> {
    let one = |output: &NamedTensor| {
        let bits = match &output.value {
            Tensor::F32(a) => a.iter().map(|v| u64::from(v.to_bits())).collect(),
            Tensor::I64(a) => a.iter().map(|v| v.cast_unsigned()).collect(),
            other => panic!("{other:?}"),
        };
        (output.name.clone(), output.value.shape().to_vec(), bits)
    };
    outputs.iter().map(one).collect()
}

#[track_caller]
fn same<S: Selection>(model: &str) {
    let (pixels, expected) = outputs::<S>(model, Upload::F32);
    let (bytes, found) = outputs::<S>(model, Upload::U8);
    assert_eq!((pixels.element_type(), bytes.element_type()), (ElementType::F32, ElementType::U8));
    assert_eq!(pixels.shape(), bytes.shape());
    assert!(bits(&found) == bits(&expected), "{model}");
}

#[test]
fn the_bundled_models_calculate_the_same() {
    same::<SelectOptions>("nanodet-g-416");
    same::<ClassifyOptions>("efficientnet-lite0-224");
}

#[test]
fn models_of_other_families_calculate_the_same() {
    for name in ["yolox-nano-416.onnx", "deimv2-femto-416.onnx"] {
        let Some(model) = shared(name) else { return };
        same::<SelectOptions>(&model);
    }
}

#[test]
fn auto_is_the_model_as_it_is_where_nothing_is_uploaded() {
    for device in ["cpu", "tensorrt"] {
        let mut options = options::<SelectOptions>("nanodet-g-416", Upload::Auto);
        options.model.device = device.to_owned();
        let prepared = Prepared::new(&options).expect("prepared");
        assert!(setup(&prepared, device).byte_input.is_none(), "{device}");
        options.model.device = "cuda".to_owned();
        let prepared = Prepared::new(&options).expect("prepared");
        let byte_input = setup(&prepared, "cuda").byte_input.expect("bytes");
        assert!(!byte_input.anywhere);
        assert_eq!(
            crate::onnx::read(&byte_input.model).expect("readable").inputs[0].to_string(),
            "input_1:0 u8 [1,3,416,416]"
        );
    }
}

#[test]
fn bytes_that_cannot_be_had_are_an_error_only_when_asked_for() {
    let Some(model) = shared("agpl-yolov5n-fp16.onnx") else { return };
    let asked = |upload| {
        let mut options = options::<SelectOptions>(&model, upload);
        options.model.device = "cuda".to_owned();
        Prepared::new(&options)
    };
    let error = asked(Upload::U8).map(|_| ()).expect_err("accepted");
    assert_eq!(error.kind, Kind::Usage);
    assert!(error.message.contains("takes no f32"), "{}", error.message);
    let prepared = asked(Upload::Auto).expect("prepared");
    assert!(setup(&prepared, "cuda").byte_input.is_none());
}
