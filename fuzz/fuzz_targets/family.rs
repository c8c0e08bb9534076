//! Families given arbitrary tensors: whatever the model answers, boxes are finite and within the frame.
#![no_main]

use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;
use ndarray::{ArrayD, IxDyn};
use vision::engine::{NamedTensor, Tensor};
use vision::family::{self, Outputs, Recipe};
use vision::observation::{MAX_CANDIDATES, Observation};
use vision::onnx::{Header, Value};
use vision::preprocess::Mapping;
use vision::spec::{Labels, Resize, Spec};

/// Elements of all tensors of a case.
const MOST: usize = 1 << 14;

#[derive(Debug, Arbitrary)]
struct Case<'a> {
    family: u8,
    strides: Vec<u32>,
    bins: u8,
    centre_offset: f32,
    size: [u16; 2],
    frame: [u32; 2],
    resize: u8,
    labels: u8,
    /// Shapes as the family expects them instead of those of `outputs`.
    fitting: bool,
    outputs: Vec<Output>,
    values: &'a [u8],
}

#[derive(Debug, Arbitrary)]
struct Output {
    kind: u8,
    shape: Vec<u16>,
}

impl Case<'_> {
    fn spec(&self) -> Option<Spec> {
        let family = self.name();
        let mut spec: Spec = toml::from_str(&format!(
            "name = \"fuzz\"\ntask = \"detect\"\nfamily = \"{family}\"\n[input]\nsize = [64, 64]"
        ))
        .expect("a description");
        spec.labels = Labels::List((0..self.labels).map(|n| n.to_string()).collect());
        spec.decode = self.decode();
        Some(spec)
    }

    fn name(&self) -> &'static str {
        let names: Vec<&str> = family::FAMILIES.iter().map(|entry| entry.name).collect();
        names[usize::from(self.family) % names.len()]
    }

    /// The table of the family's own; its switches are bits of `bins`.
    fn decode(&self) -> toml::Table {
        let strides: Vec<toml::Value> = self.strides.iter().take(4).map(|s| i64::from(*s).into()).collect();
        let bit = |n: u8| toml::Value::from(self.bins >> n & 1 == 1);
        let orders = ["xyxy-score-class", "class-score-xyxy", "batch-xyxy-class-score"];
        let entries: Vec<(&str, toml::Value)> = match self.name() {
            "nanodet" => vec![
                ("strides", strides.into()),
                ("bins", i64::from(self.bins).into()),
                ("centre-offset", f64::from(self.centre_offset).into()),
            ],
            "yolov5" => vec![("multi-label", bit(0)), ("normalised", bit(1))],
            "yolov8" => vec![("multi-label", bit(0)), ("normalised", bit(1)), ("transposed", bit(2)), ("nms", bit(3))],
            "yolox" => vec![("multi-label", bit(0)), ("decoded", bit(1)), ("strides", strides.into())],
            "yolo-end2end" => vec![("order", orders[usize::from(self.bins) % 3].into())],
            "yolo-obb" => vec![("multi-label", bit(0)), ("end-to-end", bit(1))],
            _ => Vec::new(),
        };
        entries.into_iter().map(|(key, value)| (key.to_owned(), value)).collect()
    }

    /// Shapes that the family takes; those of grids for families with strides.
    fn fitting_shapes(&self, size: [u32; 2]) -> Vec<Vec<usize>> {
        let strides = self.strides.iter().take(4).filter(|stride| **stride > 0);
        let (labels, some) = (usize::from(self.labels.max(1)), usize::from(self.family / 8) + 1);
        let bit = |n: u8| self.bins >> n & 1 == 1;
        match self.name() {
            "nanodet" => strides
                .flat_map(|stride| {
                    let cells = size[0].div_ceil(*stride) as usize * size[1].div_ceil(*stride) as usize;
                    [vec![1, cells, usize::from(self.labels)], vec![1, cells, 4 * usize::from(self.bins)]]
                })
                .collect(),
            "yolox" => {
                let cells = |stride: &u32| (size[0] / stride) as usize * (size[1] / stride) as usize;
                vec![vec![1, strides.map(cells).sum(), labels + 5]]
            }
            "yolov8" if bit(2) => vec![vec![1, some, labels + 4]],
            "yolov8" => vec![vec![1, labels + 4, some]],
            "yolo-end2end" => vec![vec![some, if self.bins % 3 == 2 { 7 } else { 6 }]],
            "yolo-obb" if bit(1) => vec![vec![1, some, 7]],
            "yolo-obb" => vec![vec![1, labels + 5, some]],
            "efficient-nms" => vec![vec![1, 1], vec![1, some, 4], vec![1, some], vec![1, some]],
            _ => vec![vec![1, some, labels + 5]],
        }
    }

    /// As exporters call them, where the family goes by names.
    fn output(&self, index: usize) -> String {
        let names = ["num_dets", "det_boxes", "det_scores", "det_classes"];
        let named = names.get(index).filter(|_| self.name() == "efficient-nms");
        named.map_or_else(|| format!("out{index}"), |name| (*name).to_owned())
    }

    fn shapes(&self, size: [u32; 2]) -> Vec<Vec<usize>> {
        if !self.fitting {
            let shape = |output: &Output| output.shape.iter().take(5).map(|n| usize::from(*n)).collect();
            return self.outputs.iter().take(8).map(shape).collect();
        }
        self.fitting_shapes(size)
    }

    fn tensors(&self, size: [u32; 2]) -> Option<Vec<NamedTensor>> {
        let shapes = self.shapes(size);
        // Sides of zero count as one, as ndarray has it.
        let count =
            |shape: &Vec<usize>| shape.iter().try_fold(1usize, |n, side| n.checked_mul((*side).max(1)));
        let total = shapes.iter().try_fold(0usize, |n, shape| n.checked_add(count(shape)?))?;
        if total > MOST {
            return None;
        }
        let mut values = self.values.chunks(4).cycle();
        let mut next = || {
            let mut word = [0; 4];
            if let Some(chunk) = values.next() {
                word[..chunk.len()].copy_from_slice(chunk);
            }
            f32::from_le_bytes(word)
        };
        let mut tensor = |(index, shape): (usize, Vec<usize>)| {
            let kind = if self.fitting { 0 } else { self.outputs[index].kind };
            let count = shape.iter().product();
            let value = match kind % 8 {
                1 => Tensor::U8(ArrayD::from_elem(IxDyn(&shape), 3)),
                2 => Tensor::I32(ArrayD::from_elem(IxDyn(&shape), -1)),
                3 => Tensor::I64(ArrayD::from_elem(IxDyn(&shape), i64::MAX)),
                _ => {
                    let values = (0..count).map(|_| next()).collect();
                    // An empty shape may still overflow; the runtime gives none like that.
                    Tensor::F32(ArrayD::from_shape_vec(IxDyn(&shape), values).ok()?)
                }
            };
            Some(NamedTensor::new(self.output(index), value))
        };
        shapes.into_iter().enumerate().map(&mut tensor).collect()
    }
}

fuzz_target!(|case: Case| {
    let Some(spec) = case.spec() else { return };
    let size = case.size.map(|side| u32::from(side % 8192) + 1);
    let Some(tensors) = case.tensors(size) else { return };
    let value = |name: String| Value { name, element: None, shape: None };
    let header = Header {
        inputs: vec![value("in".into())],
        outputs: tensors.iter().map(|tensor| value(tensor.name.clone())).collect(),
        ..Header::default()
    };
    let recipe = Recipe { spec: &spec, header: &header, size, labels: usize::from(case.labels) };
    let Ok(family) = family::build(&recipe) else { return };
    let resize = [Resize::Stretch, Resize::Letterbox, Resize::LetterboxTopLeft][usize::from(case.resize % 3)];
    let frame = case.frame.map(|side| side % 100_000 + 1);
    let mapping = Mapping::fit(frame, size, resize);
    let Ok((observation, _)) = family.decode(&Outputs::new(tensors), &mapping) else { return };
    let Observation::Detections { candidates, .. } = observation;
    assert!(candidates.len() <= MAX_CANDIDATES);
    assert!(candidates.windows(2).all(|pair| pair[0].score >= pair[1].score));
    for candidate in &candidates {
        let [x1, y1, x2, y2]: [f32; 4] = candidate.rect.into();
        assert!(candidate.score > 0.0 && candidate.score <= 1.0, "{candidate:?}");
        assert!(0.0 <= x1 && x1 <= x2 && x2 <= frame[0] as f32, "{candidate:?} in {frame:?}");
        assert!(candidate.corners.is_none_or(|corners| corners.is_finite()), "{candidate:?}");
        assert!(0.0 <= y1 && y1 <= y2 && y2 <= frame[1] as f32, "{candidate:?} in {frame:?}");
    }
});
