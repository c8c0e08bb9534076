//! A model made of arbitrary bytes: a header that may fit a family, and what it answers.

use ndarray::{ArrayD, IxDyn};

use crate::engine::{NamedTensor, Tensor};
use crate::family::{self, Entry, FAMILIES, Outputs, Recipe};
use crate::geometry::Rect;
use crate::observation::{Candidate, MAX_CANDIDATES, Observation, TextLine};
use crate::onnx::{Dim, Element, Header, Value};
use crate::spec::{InputSpec, Labels, Resize, Spec};

/// Elements of all tensors of a case.
const MOST: usize = 1 << 14;

/// Numbers drawn from bytes one after another; zeros once they end.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::from(self.next()) % limit.max(1)
    }

    fn of<T: Copy>(&mut self, list: &[T], otherwise: T) -> T {
        list.get(self.below(list.len())).copied().unwrap_or(otherwise)
    }

    fn chance(&mut self, of_256: u8) -> bool {
        self.next() < of_256
    }
}

/// Reads a model made of `bytes` as the family that they choose. The name of the family where it took
/// header and tensors; what is wrong with its answer as the error.
pub fn family(bytes: &[u8]) -> Result<Option<&'static str>, String> {
    let mut bytes = Bytes(bytes);
    let Some(entry) = FAMILIES.get(bytes.below(FAMILIES.len())) else { return Ok(None) };
    let sizes = [32, 64, 96, 128, 33, 1];
    let size = [bytes.of(&sizes, 64), bytes.of(&sizes, 64)];
    let classes = [1, 2, 3, 12, 20, 32][bytes.below(6)];
    let Some(outputs) = outputs(&mut bytes, size, classes) else { return Ok(None) };
    let header = header(&mut bytes, size, &outputs);
    let spec = spec(&mut bytes, entry, &header, size, classes);
    let recipe = Recipe { spec: &spec, header: &header, size, labels: classes };
    let Ok(family) = family::build(&recipe) else { return Ok(None) };
    let frame = [u32::from(bytes.next()) * 300 + 1, u32::from(bytes.next()) * 300 + 1];
    let mapping = spec.input.view(size).mapping(frame);
    let tensors = outputs.into_iter().filter_map(|output| output.tensor(&mut bytes)).collect();
    let outputs = Outputs::new(tensors);
    // What explanations ask, whether or not the outputs can be read.
    let near = Rect::new(0.0, 0.0, frame[0] as f32, frame[1] as f32);
    let _ = (family.class_scores(&outputs), family.proposals(&outputs, &mapping, &near));
    let Ok((observation, _)) = family.decode(&outputs, &mapping) else { return Ok(None) };
    check(&observation, frame)?;
    Ok(Some(entry.name))
}

struct Output {
    name: String,
    element: i64,
    shape: Vec<usize>,
}

/// Names that tell parts apart, and some that tell nothing.
const NAMES: [&str; 22] = [
    "output",
    "output0",
    "boxes",
    "scores",
    "labels",
    "logits",
    "pred_boxes",
    "dets",
    "num_dets",
    "hm",
    "wh",
    "reg",
    "cls_pred_stride_8",
    "dis_pred_stride_8",
    "num_detections",
    "detection_boxes",
    "detection_scores",
    "detection_classes",
    "det_boxes",
    "cls_8",
    "kps_16",
    "a",
];

/// Outputs like those of detectors, `None` when they would be large.
fn outputs(bytes: &mut Bytes, size: [u32; 2], classes: usize) -> Option<Vec<Output>> {
    let (names, shapes) = shapes(bytes, size, classes);
    let count = |shape: &Vec<usize>| shape.iter().try_fold(1usize, |n, side| n.checked_mul((*side).max(1)));
    let total = shapes.iter().try_fold(0usize, |n, shape| n.checked_add(count(shape)?))?;
    if total > MOST {
        return None;
    }
    let named = |(index, shape)| {
        let usual = names.get(index).cloned().unwrap_or_else(|| format!("out{index}"));
        // A name of their own is what some families go by.
        let often = if names.is_empty() { 64 } else { 4 };
        let name = if bytes.chance(often) { bytes.of(&NAMES, "a").to_owned() } else { usual };
        // onnx.proto: FLOAT, UINT8, INT32, INT64, FLOAT16.
        let element = if bytes.chance(24) { bytes.of(&[2, 6, 7, 10], 1) } else { 1 };
        Output { name, element, shape }
    };
    Some(shapes.into_iter().enumerate().map(named).collect())
}

/// Shapes, and names where a family knows its outputs by them alone.
fn shapes(bytes: &mut Bytes, size: [u32; 2], classes: usize) -> (Vec<String>, Vec<Vec<usize>>) {
    match bytes.below(8) {
        5 => yunet(size),
        6 => {
            let rows = [(8, 3), (16, 2), (32, 2), (64, 3)]
                .map(|(stride, each)| (size[0].div_ceil(stride) * size[1].div_ceil(stride) * each) as usize);
            let rows: usize = rows.iter().sum();
            (vec!["scores".to_owned(), "boxes".to_owned()], vec![vec![1, rows, 2], vec![1, rows, 4]])
        }
        7 => {
            let [columns, rows] = size.map(|side| (side / 4) as usize);
            (Vec::new(), [1, 2, 2, 10].map(|channels| vec![1, channels, rows, columns]).into())
        }
        kind => (Vec::new(), of_things(kind, bytes, size, classes)),
    }
}

fn yunet(size: [u32; 2]) -> (Vec<String>, Vec<Vec<usize>>) {
    let kinds = [("cls", 1), ("obj", 1), ("bbox", 4), ("kps", 10)];
    let outputs = kinds.iter().flat_map(|(kind, columns)| {
        [8, 16, 32].map(|stride| {
            let cells = (size[0] / stride * (size[1] / stride)) as usize;
            (format!("{kind}_{stride}"), vec![1, cells, *columns])
        })
    });
    outputs.unzip()
}

fn of_things(kind: usize, bytes: &mut Bytes, size: [u32; 2], classes: usize) -> Vec<Vec<usize>> {
    let cells = |stride: u32| (size[0].div_ceil(stride) * size[1].div_ceil(stride)) as usize;
    let cells = [8, 16, 32, 64].map(cells);
    let three = cells[0] + cells[1] + cells[2];
    let columns = [
        1,
        2,
        3,
        4,
        5,
        6,
        7,
        classes,
        classes + 1,
        4 + classes,
        5 + classes,
        6 + classes,
        32,
        44,
        32 + classes,
    ];
    let sides = |stride: u32| [(size[1] / stride) as usize, (size[0] / stride) as usize];
    match kind {
        0 => {
            let rows = [three, three + cells[3], 3 * three, 10, 0];
            let any = [&columns[..], &rows, &cells].concat();
            let count = 1 + bytes.below(4);
            (0..count).map(|_| (0..bytes.below(5)).map(|_| bytes.of(&any, 1)).collect()).collect()
        }
        1 => {
            let pair = [bytes.of(&columns, 1), bytes.of(&columns, 1)];
            let cells = &cells[..3 + bytes.below(2)];
            pair.iter().flat_map(|columns| cells.iter().map(|cells| vec![1, *cells, *columns])).collect()
        }
        2 => {
            let [rows, columns] = sides(4);
            [classes, 2, 2].map(|channels| vec![1, channels, rows, columns]).into()
        }
        3 => {
            let [rows, columns] = sides(bytes.of(&[8, 16, 32], 16));
            vec![vec![1, 5 + classes, rows, columns]]
        }
        _ => {
            let rows = bytes.of(&[three, three + cells[3], 3 * three], three);
            let columns = bytes.of(&columns, 1);
            vec![if bytes.chance(128) { vec![1, rows, columns] } else { vec![1, columns, rows] }]
        }
    }
}

/// A header that is true of the outputs, with some axes left open.
fn header(bytes: &mut Bytes, [width, height]: [u32; 2], outputs: &[Output]) -> Header {
    let fixed = |size: usize| Dim::Fixed(i64::try_from(size).unwrap_or(-1));
    let value = |output: &Output| {
        let open = bytes.next();
        let axis = |(index, size): (usize, &usize)| {
            if open & 0xc1 == 1 && open >> (index + 1) & 1 == 1 { Dim::Unknown } else { fixed(*size) }
        };
        Value {
            name: output.name.clone(),
            element: Some(Element(output.element)),
            shape: (open != 255).then(|| output.shape.iter().enumerate().map(axis).collect()),
        }
    };
    let outputs: Vec<Value> = outputs.iter().map(value).collect();
    let made = outputs
        .iter()
        .filter(|_| bytes.chance(128))
        .map(|output| (output.name.clone(), "Sigmoid".to_owned()))
        .collect();
    let picture = Value {
        name: bytes.of(&["x", "data", "images"], "x").to_owned(),
        element: Some(Element(1)),
        shape: Some([1, 3, i64::from(height), i64::from(width)].map(Dim::Fixed).into()),
    };
    Header { inputs: vec![picture], outputs, probabilities: made, ..Header::default() }
}

/// The description that the family itself makes of the header; where it makes none, one of bytes.
fn spec(bytes: &mut Bytes, entry: &Entry, header: &Header, size: [u32; 2], classes: usize) -> Spec {
    let reading = (entry.recognise)(header);
    let mut decode = reading.as_ref().map(|reading| reading.decode.clone()).unwrap_or_default();
    let known = reading.is_some();
    let mut insert = |key: &str, often: u8, value: toml::Value| {
        if bytes.chance(if known { often / 8 } else { often }) {
            decode.insert(key.to_owned(), value);
        }
    };
    let strides: [i64; 4] = [8, 16, 32, 64];
    insert("logits", 64, true.into());
    insert("bins", 64, 8.into());
    insert("centre-offset", 64, 0.25.into());
    insert(
        "strides",
        64,
        strides[..3].iter().map(|stride| (*stride).into()).collect::<Vec<toml::Value>>().into(),
    );
    let kinds = [
        Resize::Stretch,
        Resize::Letterbox,
        Resize::LetterboxTopLeft,
        Resize::ShortestEdge,
        Resize::Within,
        Resize::WithinPadded,
    ];
    let resize = bytes.of(&kinds, Resize::Stretch);
    Spec {
        name: "fuzz".to_owned(),
        about: String::new(),
        task: entry.task,
        family: entry.name.to_owned(),
        labels: Labels::List((0..classes).map(|n| n.to_string()).collect()),
        licence: String::new(),
        origin: String::new(),
        conf: None,
        iou: Spec::usual_iou(),
        input: InputSpec { size, resize, ..InputSpec::default() },
        triage: None,
        explain: None,
        decode,
    }
}

impl Output {
    /// Values of the bytes that are left, over and over: as they are, as scores, as logits.
    fn tensor(self, bytes: &mut Bytes) -> Option<NamedTensor> {
        let count = self.shape.iter().product();
        let shape = IxDyn(&self.shape);
        let kind = bytes.below(3);
        let mut values = bytes.0.chunks(if kind == 0 { 4 } else { 1 }).cycle();
        let mut next = || {
            let mut word = [0; 4];
            if let Some(chunk) = values.next() {
                word[..chunk.len()].copy_from_slice(chunk);
            }
            match kind {
                0 => f32::from_le_bytes(word),
                1 => f32::from(word[0]) / 255.0,
                _ => (f32::from(word[0]) - 128.0) / 16.0,
            }
        };
        let values = ArrayD::from_shape_vec(shape, (0..count).map(|_| next()).collect()).ok()?;
        let tensor = match self.element {
            2 => Tensor::U8(values.mapv(|v| v as u8)),
            6 => Tensor::I32(values.mapv(|v| v as i32)),
            7 => Tensor::I64(values.mapv(|v| v as i64)),
            10 => Tensor::F16(values.mapv(half::f16::from_f32)),
            _ => Tensor::F32(values),
        };
        Some(NamedTensor::new(self.name, tensor))
    }
}

/// What holds for every answer: bounded, in order, scores from 0 to 1, boxes within the frame.
fn check(observation: &Observation, frame: [u32; 2]) -> Result<(), String> {
    match observation {
        Observation::Detections { candidates, .. } => boxes(candidates, frame),
        Observation::Text { lines } => text(lines),
        // Sheets are read without a model.
        Observation::Sheet(_) => Ok(()),
        Observation::Triage(triaged) => {
            let sound = triaged.scores.iter().all(|score| (0.0..=1.0).contains(score));
            if sound { Ok(()) } else { Err(format!("{:?}", triaged.scores)) }
        }
        Observation::Classes { scores, .. } => {
            let sound = scores.iter().all(|s| (0.0..=1.0).contains(&s.score))
                && scores.windows(2).all(|pair| pair[0].score >= pair[1].score);
            let few = scores.len() <= MAX_CANDIDATES;
            if sound && few { Ok(()) } else { Err(format!("{} classes: {scores:?}", scores.len())) }
        }
    }
}

fn text(lines: &[TextLine]) -> Result<(), String> {
    let sound = |score: f32| (0.0..=1.0).contains(&score);
    let whole = |line: &&TextLine| {
        line.corners.is_finite() && sound(line.score) && line.characters.iter().all(|c| sound(c.score))
    };
    match lines.iter().find(|line| !whole(line)) {
        Some(line) => Err(format!("{line:?}")),
        None => Ok(()),
    }
}

fn boxes(candidates: &[Candidate], frame: [u32; 2]) -> Result<(), String> {
    if candidates.len() > MAX_CANDIDATES || candidates.windows(2).any(|pair| pair[0].score < pair[1].score) {
        return Err(format!("{} candidates, or not in order of score", candidates.len()));
    }
    let [width, height] = frame.map(|side| side as f32);
    for candidate in candidates {
        let [x1, y1, x2, y2]: [f32; 4] = candidate.rect.into();
        let [x1, x2] = [x1, x2].map(|x| x.clamp(0.0, width));
        let [y1, y2] = [y1, y2].map(|y| y.clamp(0.0, height));
        let within = candidate.is_finite()
            && 0.0 <= x1
            && x1 <= x2
            && x2 <= width
            && 0.0 <= y1
            && y1 <= y2
            && y2 <= height;
        if !(within && candidate.score > 0.0 && candidate.score <= 1.0) {
            return Err(format!("{candidate:?} in {frame:?}"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    /// Marsaglia's xorshift32: the same bytes on every machine.
    fn noise(seed: u32, length: usize) -> Vec<u8> {
        let mut state = seed.wrapping_mul(2_654_435_761) | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 17;
            state ^= state << 5;
            (state >> 8) as u8
        };
        (0..length).map(|_| next()).collect()
    }

    #[test]
    fn noise_gets_through_to_answers_and_they_hold() {
        let mut reached = BTreeSet::new();
        for seed in 0..12_000 {
            let bytes = noise(seed, 200);
            reached.extend(family(&bytes).unwrap_or_else(|wrong| panic!("seed {seed}: {wrong}")));
        }
        for family in
            ["nanodet", "nanodet-plus", "fastestdet", "centernet", "centerface", "yunet", "ultraface"]
        {
            assert!(reached.contains(family), "{family} is not among {reached:?}");
        }
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
            prop_assert!(family(&bytes).is_ok(), "{:?}", family(&bytes));
        }
    }
}
