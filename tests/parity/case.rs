//! A case as the scripts write it, and the family built for it as the program would.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::Deserialize;
use vision::family::{self, FAMILIES, Family, Recipe};
use vision::frame::Frame;
use vision::models::understand;
use vision::onnx::{Dim, Element, Header, Value};
use vision::source::{self, Limits};
use vision::spec::{LabelSet, Spec, Task};

#[derive(Deserialize)]
pub struct Case {
    /// The folder's name.
    #[serde(skip)]
    pub name: String,
    #[serde(skip)]
    pub folder: PathBuf,
    pub family: String,
    /// File in the shared test data, for trained weights; otherwise how the model was made.
    pub model: String,
    /// Whether `model` is a name of the catalogue instead.
    #[serde(default)]
    pub pull: bool,
    pub weights: Weights,
    /// What `--spec` would be given: a family, or a description's path from the project's root. The
    /// model is understood from its header where absent.
    pub spec: Option<String>,
    /// What `--labels` is given, where the header does not say how many classes there are.
    pub labels: Option<String>,
    pub photo: Option<String>,
    /// Width and height.
    pub frame: [u32; 2],
    /// Width and height of the model's input.
    pub size: [u32; 2],
    header: HeaderText,
    pub conf: f32,
    pub iou: f32,
    pub detections: Vec<Found>,
    pub prepared: Option<Prepared>,
    /// What the reference finds in the sample photos, by file name.
    #[serde(default)]
    pub samples: BTreeMap<String, Vec<Found>>,
    /// Of faces, in the labelled photos that show people.
    #[serde(default)]
    pub people: BTreeMap<String, Vec<Found>>,
    /// The reference's average precision on the labelled photos, over a score of 0.001.
    pub ap: Option<f64>,
    /// The one in the shared data's table.
    pub published: Option<Published>,
}

#[derive(Deserialize, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "kebab-case")]
pub enum Weights {
    Trained,
    Random,
}

/// What the reference found.
#[derive(Debug, Clone, Deserialize)]
pub struct Found {
    #[serde(rename = "box")]
    pub rect: [f32; 4],
    pub class: u32,
    pub score: f32,
    /// Of an oriented box.
    pub corners: Option<[[f32; 2]; 4]>,
    /// Of a face.
    pub landmarks: Option<[[f32; 2]; 5]>,
}

/// How `prepared.png` becomes the reference's tensor: (pixel - mean) / std.
#[derive(Deserialize)]
pub struct Prepared {
    /// Width and height that the preparation was asked for.
    pub size: [u32; 2],
    pub mean: [f32; 3],
    pub std: [f32; 3],
}

#[derive(Deserialize)]
pub struct Published {
    pub ap: f64,
    /// Least score of the boxes that it was measured with.
    pub conf: f64,
}

#[derive(Deserialize)]
struct HeaderText {
    producer: String,
    inputs: Vec<ValueText>,
    outputs: Vec<ValueText>,
    /// Outputs with numbers straight from a sigmoid or softmax.
    probabilities: BTreeSet<String>,
    metadata: BTreeMap<String, String>,
}

#[derive(Deserialize)]
struct ValueText {
    name: String,
    element: String,
    shape: Vec<Axis>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Axis {
    Fixed(i64),
    Named(String),
    Unknown(()),
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.family, self.name)
    }
}

pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

impl Case {
    /// In order of family and name; only those whose `family/name` contains `VISION_PARITY_CASE`, where
    /// that is set.
    pub fn all() -> Vec<Self> {
        let folders = |path: &Path| {
            let entries =
                std::fs::read_dir(path).expect("a folder").map(|entry| entry.expect("an entry").path());
            let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
            folders.sort();
            folders
        };
        let wanted = std::env::var("VISION_PARITY_CASE").unwrap_or_default();
        let families = folders(&root().join("tests/parity"));
        let cases = families.iter().flat_map(|family| folders(family)).map(|folder| Self::read(&folder));
        let cases: Vec<Self> = cases.filter(|case| format!("{case:?}").contains(&wanted)).collect();
        assert!(!cases.is_empty(), "no cases");
        cases
    }

    fn read(folder: &Path) -> Self {
        let text = std::fs::read(folder.join("case.json")).expect("case.json");
        let mut case: Self =
            serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
        let name = |path: &Path| path.file_name().expect("a name").to_string_lossy().into_owned();
        assert_eq!(name(folder.parent().expect("a parent")), case.family, "{}", folder.display());
        case.name = name(folder);
        folder.clone_into(&mut case.folder);
        case
    }

    /// The task of its family; none for a family that is not in the table.
    pub fn task(&self) -> Option<Task> {
        FAMILIES.iter().find(|entry| entry.name == self.family).map(|entry| entry.task)
    }

    pub fn header(&self) -> Header {
        let values = |list: &[ValueText]| list.iter().map(ValueText::value).collect();
        Header {
            producer: self.header.producer.clone(),
            inputs: values(&self.header.inputs),
            outputs: values(&self.header.outputs),
            probabilities: self
                .header
                .probabilities
                .iter()
                .map(|name| (name.clone(), "Sigmoid".to_owned()))
                .collect(),
            metadata: self.header.metadata.clone(),
            ..Header::default()
        }
    }

    /// The description in force: the one it names, else what the header is understood as.
    pub fn spec(&self) -> Result<Spec, String> {
        let family = match self.spec.as_deref() {
            Some(path) if path.ends_with(".toml") => {
                let text = std::fs::read_to_string(root().join(path)).expect("the description");
                return toml::from_str(&text).map_err(|e| e.to_string());
            }
            family => family,
        };
        let understood = understand(&self.name, &self.header(), family).map_err(|e| e.to_string())?;
        match understood.spec.family == self.family {
            true => Ok(understood.spec),
            false => Err(format!("understood as {}: {}", understood.spec.family, understood.why)),
        }
    }

    pub fn family(&self, spec: &Spec) -> Result<Box<dyn Family>, String> {
        let labels = LabelSet::new(&spec.labels).map_err(|e| e.to_string())?.len();
        let recipe = Recipe { spec, header: &self.header(), size: self.size, labels };
        family::build(&recipe).map_err(|e| e.to_string())
    }

    /// The photo, decoded as the program does.
    pub fn frame(&self) -> Option<Frame> {
        let path = root().join(self.photo.as_ref()?);
        let bytes: Arc<[u8]> = std::fs::read(&path).expect("the photo").into();
        let mut frames = source::open("photo", bytes, &Limits::default()).expect("a picture");
        Some(frames.next_frame().expect("a frame").expect("decodes"))
    }
}

impl ValueText {
    fn value(&self) -> Value {
        let axis = |axis: &Axis| match axis {
            Axis::Fixed(size) => Dim::Fixed(*size),
            Axis::Named(name) => Dim::Named(name.clone()),
            Axis::Unknown(()) => Dim::Unknown,
        };
        // Numbers of onnx.proto, TensorProto.DataType.
        let element = match self.element.as_str() {
            "f32" => 1,
            "u8" => 2,
            "i32" => 6,
            "i64" => 7,
            "bool" => 9,
            "f16" => 10,
            other => panic!("element {other}"),
        };
        let shape = Some(self.shape.iter().map(axis).collect());
        Value { name: self.name.clone(), element: Some(Element(element)), shape }
    }
}
