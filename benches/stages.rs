//! Each stage of the walk alone: decode, prepare, read the model's outputs, decide, draw, encode.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use vision::draw::{Style, annotate};
use vision::engine::{NamedTensor, Tensor};
use vision::family::{self, Outputs, Recipe};
use vision::frame::Frame;
use vision::geometry::Rect;
use vision::models;
use vision::prediction::{Instance, Prediction};
use vision::preprocess::Mapping;
use vision::sink::picture::{PictureFormat, encode};
use vision::source::{self, Detail, Limits};

fn sample() -> Arc<[u8]> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/samples/photos/astronaut.jpg");
    std::fs::read(path).expect("the sample photo").into()
}

fn decoded(bytes: &Arc<[u8]>) -> Frame {
    let mut frames = source::open("astronaut.jpg", Arc::clone(bytes), &Limits::default()).expect("opens");
    frames.next_frame().expect("a frame").expect("decodes")
}

/// Outputs of the bundled model's shapes: scores near the floor with a few high ones.
fn outputs() -> Vec<NamedTensor> {
    let mut outputs = Vec::new();
    for (stride, cells) in [(8, 52 * 52), (16, 26 * 26), (32, 13 * 13)] {
        let scores = ndarray::ArrayD::from_shape_fn(vec![1, cells, 80], |at| {
            if (at[1] * 7 + at[2]) % 997 == 0 { 0.6 } else { 0.0005 }
        });
        let distances = ndarray::ArrayD::from_shape_fn(vec![1, cells, 44], |at| (at[2] % 11) as f32 * 0.3);
        outputs.push(NamedTensor::new(format!("s{stride}"), Tensor::F32(scores)));
        outputs.push(NamedTensor::new(format!("d{stride}"), Tensor::F32(distances)));
    }
    outputs
}

fn for_the_model(family: &dyn vision::family::Family) -> Limits {
    let enough_for = family.view().zip(source::spare("auto").expect("a word"));
    Limits { detail: Detail { enough_for, full: false, values: None }, ..Limits::default() }
}

fn stages(c: &mut Criterion) {
    let bytes = sample();
    let frame = decoded(&bytes);
    let model = models::resolve(models::DEFAULT).expect("the bundled model");
    let recipe = Recipe { spec: &model.spec, header: &model.header, size: [416, 416], labels: 80 };
    let family = family::build(&recipe).expect("the family");
    let mapping = Mapping::fit(frame.size, [416, 416], model.spec.input.resize);
    let outputs = Outputs::new(outputs());

    c.bench_function("decode a 512x512 JPEG", |b| b.iter(|| decoded(black_box(&bytes))));
    let large = image::imageops::resize(&frame.pixels, 3072, 3072, image::imageops::FilterType::Triangle);
    let large: Arc<[u8]> = encode(&large, PictureFormat::Jpeg, 90, None).expect("encodes").into();
    for (name, limits) in [("in full", Limits::default()), ("for 416x416", for_the_model(family.as_ref()))] {
        c.bench_function(&format!("decode a 3072x3072 JPEG {name}"), |b| {
            b.iter(|| {
                let mut frames = source::open("large.jpg", Arc::clone(&large), &limits).expect("opens");
                frames.next_frame().expect("a frame").expect("decodes")
            })
        });
    }
    c.bench_function("prepare a 512x512 picture for 416x416", |b| {
        b.iter(|| family.prepare(black_box(&frame)).expect("prepares"))
    });
    c.bench_function("read NanoDet's outputs", |b| b.iter(|| family.decode(&outputs, &mapping)));

    let instance = |n: u8| Instance {
        class: u32::from(n),
        label: "teddy bear".into(),
        score: 0.5,
        rect: Rect::new(f32::from(n) * 20.0, 30.0, f32::from(n) * 20.0 + 120.0, 300.0),
        corners: None,
        keypoints: Vec::new(),
        track: None,
        filled: false,
        children: Vec::new(),
    };
    let prediction = Prediction::Detect { instances: (0..10).map(instance).collect() };
    c.bench_function("draw ten boxes", |b| {
        b.iter_batched(
            || frame.pixels.clone(),
            |mut picture| annotate(&mut picture, &prediction, &Style::default()),
            criterion::BatchSize::LargeInput,
        );
    });
    c.bench_function("encode JPEG quality 90", |b| {
        b.iter(|| encode(black_box(&frame.pixels), PictureFormat::Jpeg, 90, None).expect("encodes"));
    });
}

criterion_group!(benches, stages);
criterion_main!(benches);
