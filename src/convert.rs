//! Results and annotations from one format into others: readers of `eval`, sinks of runs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use hotcoco::types::Segmentation;

use crate::error::{Error, Result};
use crate::eval::data::{Object, Objects};
use crate::eval::read::{self, Reading};
use crate::geometry::{Quad, Rect};
use crate::input::Identity;
use crate::prediction::{Instance, Prediction};
use crate::record::{INPUT_SCHEMA, ITEM_SCHEMA, InputRecord, ItemId, Record, Status};
use crate::sink::{self, Sink, SinkContext};
use crate::spec::{LabelSet, Labels, Task};

/// Longest line of a results.jsonl, bytes.
const MAX_LINE: u64 = 256 << 20;
/// Class numbers beyond are no class numbers; every one up to the largest gets a name.
const MAX_CLASSES: u64 = 100_000;

/// What is wanted.
pub struct Conversion<'a> {
    pub source: &'a Path,
    pub reading: Reading,
    /// Names of formats, as in [`sink::SINKS`].
    pub to: &'a [String],
    /// Existing folders on one file system: where results go, and what is not finished.
    pub out: &'a Path,
    pub temporary: &'a Path,
}

/// What was done.
pub struct Converted {
    pub format: &'static str,
    /// Relative to the folder.
    pub files: Vec<PathBuf>,
    pub items: usize,
    pub things: usize,
    pub notes: Vec<String>,
}

/// # Errors
/// `Usage` where the source is in no known format, or a wanted format cannot hold it.
pub fn convert(job: &Conversion) -> Result<Converted> {
    match records_file(job.source) {
        Some(file) => from_run(job, &file),
        None => from_data_set(job),
    }
}

/// The records, where the source is a run or its results.
fn records_file(source: &Path) -> Option<PathBuf> {
    let within = source.join(read::FILE);
    let named = source.extension().is_some_and(|extension| extension == "jsonl");
    if within.is_file() {
        return Some(within);
    }
    (named || read::is_document(source)).then(|| source.to_owned())
}

/// Everything that records hold goes over: points, corners, lines, classes.
fn from_run(job: &Conversion, file: &Path) -> Result<Converted> {
    let mut names = BTreeMap::new();
    let mut task = None;
    each(file, &mut |line| {
        if let Line::Item(record) = line {
            let prediction = record.prediction.as_ref();
            task = task.or(prediction.map(task_of));
            let things = prediction.map(Prediction::instances).unwrap_or_default().iter();
            let classes = prediction.map(Prediction::classes).unwrap_or_default().iter();
            let named = things.map(|t| (t.class, &t.label)).chain(classes.map(|c| (c.class, &c.label)));
            for (class, label) in named.filter(|(class, _)| u64::from(*class) < MAX_CLASSES) {
                names.entry(class).or_insert_with(|| label.clone());
            }
        }
        Ok(())
    })?;
    let Some(task) = task else {
        return Err(Error::usage(format!("{}: no record with a prediction", file.display())));
    };
    let labels = labels_of(names)?;
    let mut sinks = open(job, task, &labels, true)?;
    let mut done = Converted { format: "run", files: Vec::new(), items: 0, things: 0, notes: Vec::new() };
    each(file, &mut |line| match line {
        Line::Item(record) => {
            done.items += 1;
            done.things += record.prediction.as_ref().map_or(0, |p| p.found().count());
            sinks.iter_mut().try_for_each(|sink| sink.item(&record))
        }
        Line::Input(record) => sinks.iter_mut().try_for_each(|sink| sink.input(&record)),
    })?;
    finish(sinks, done)
}

fn task_of(prediction: &Prediction) -> Task {
    match prediction {
        Prediction::Detect { .. } => Task::Detect,
        Prediction::Faces { .. } => Task::Faces,
        Prediction::Classify { .. } => Task::Classify,
        Prediction::Ocr { .. } => Task::Ocr,
        Prediction::Triage { .. } => Task::Triage,
        Prediction::Sheet(_) => Task::Grade,
    }
}

/// Names by class number, gaps filled. Where all of them are COCO's, its list: its ids have gaps, which the numbers
/// do not show.
fn labels_of(names: BTreeMap<u32, String>) -> Result<LabelSet> {
    let coco = LabelSet::new(&Labels::BuiltIn("coco-80".into()))?;
    if !names.is_empty()
        && names.iter().all(|(class, name)| coco.name(*class) == *name && (*class as usize) < coco.len())
    {
        return Ok(coco);
    }
    let count = names.last_key_value().map_or(0, |(class, _)| class + 1);
    let name = |class| names.get(&class).cloned().unwrap_or_else(|| format!("class_{class}"));
    LabelSet::new(&Labels::List((0..count).map(name).collect()))
}

enum Line {
    Item(Box<Record>),
    Input(InputRecord),
}

#[derive(serde::Deserialize)]
struct Document {
    records: Vec<Record>,
    #[serde(default)]
    inputs: Vec<InputRecord>,
}

/// Calls `take` with each record of a results.jsonl, one in memory at a time, or of a results.json.
fn each(file: &Path, take: &mut dyn FnMut(Line) -> Result<()>) -> Result<()> {
    let shown = file.display();
    let missing = |e| Error::usage(format!("{shown}: cannot be read")).because(e);
    let mut reader = BufReader::new(File::open(file).map_err(missing)?);
    if read::is_document(file) {
        let wrong = |e| Error::usage(format!("{shown}: not a results.json of vision")).because(e);
        let document: Document = serde_json::from_reader(reader).map_err(wrong)?;
        document.records.into_iter().try_for_each(|record| take(Line::Item(record.into())))?;
        return document.inputs.into_iter().try_for_each(|record| take(Line::Input(record)));
    }
    for number in 1.. {
        let mut line = String::new();
        let read = (&mut reader).take(MAX_LINE).read_line(&mut line).map_err(missing)?;
        if read == 0 {
            break;
        }
        if line.trim().is_empty() {
            continue;
        }
        let wrong = |e| Error::usage(format!("{shown}: line {number} is not a record of vision")).because(e);
        // The closing record is the shorter one; its schema tells them apart.
        match line.starts_with("{\"schema\":\"vision.input/") {
            true => take(Line::Input(serde_json::from_str(&line).map_err(wrong)?))?,
            false => take(Line::Item(serde_json::from_str(&line).map_err(wrong)?))?,
        }
    }
    Ok(())
}

fn open(job: &Conversion, task: Task, labels: &LabelSet, scored: bool) -> Result<Vec<Box<dyn Sink>>> {
    let context = SinkContext {
        folder: job.out,
        temporary: job.temporary,
        labels,
        tracked: false,
        scored,
        generator: concat!("vision ", env!("CARGO_PKG_VERSION")).to_owned(),
    };
    sink::open(job.to, task, &context)
}

fn finish(sinks: Vec<Box<dyn Sink>>, mut done: Converted) -> Result<Converted> {
    for sink in sinks {
        done.files.extend(sink.finish()?);
    }
    Ok(done)
}

fn from_data_set(job: &Conversion) -> Result<Converted> {
    let (format, mut set) = read::boxes(job.source, &job.reading)?;
    let scored = set.objects.iter().any(|object| object.shape.score.is_some());
    let (labels, class_of) = classes(format, &set)?;
    let mut sinks = open(job, Task::Detect, &labels, scored)?;
    let mut done =
        Converted { format, files: Vec::new(), items: 0, things: 0, notes: std::mem::take(&mut set.notes) };
    let mut by_image: BTreeMap<u64, Vec<&Object>> = BTreeMap::new();
    set.objects.iter().for_each(|object| by_image.entry(object.shape.image_id).or_default().push(object));
    let root = root_of(job.source);
    let mut lost = Lost::default();
    for image in &set.images {
        let Some(size) = image.size else {
            let message = format!(
                "{}: the size of {} is not known; expected it in the source, or the picture beside it",
                job.source.display(),
                image.name
            );
            return Err(Error::usage(message));
        };
        let mut instances: Vec<Instance> = (by_image.get(&image.id).into_iter().flatten())
            .filter_map(|object| lost.instance(object, &labels, class_of(object.shape.category_id)?))
            .collect();
        if scored {
            instances.sort_by(|a, b| b.score.total_cmp(&a.score));
        }
        let named = read::is_picture(&image.name);
        lost.extensions += usize::from(!named);
        let path = if named { image.name.clone() } else { format!("{}.jpg", image.name) };
        done.items += 1;
        done.things += instances.len();
        let (record, closing) = record(&root, &path, size, instances);
        for sink in &mut sinks {
            sink.item(&record)?;
            sink.input(&closing)?;
        }
    }
    done.notes.extend(lost.notes());
    finish(sinks, done)
}

/// Labels, and the class of a category. COCO's numbering stays in the ids, YOLO's in the numbers.
fn classes(format: &str, set: &Objects) -> Result<(LabelSet, impl Fn(u64) -> Option<u32> + use<>)> {
    let by_id: BTreeMap<u64, &str> = set.categories.iter().map(|c| (c.id, c.name.as_str())).collect();
    let most = by_id.last_key_value().map_or(0, |(id, _)| id + 1);
    if most > MAX_CLASSES {
        return Err(Error::usage(format!("category {}: expected ids below {MAX_CLASSES}", most - 1)));
    }
    let ids: Vec<u64> = if format == "YOLO" { (0..most).collect() } else { by_id.keys().copied().collect() };
    let name = |id: &u64| by_id.get(id).map_or_else(|| format!("class_{id}"), |name| (*name).to_owned());
    // Below MAX_CLASSES, as was just checked.
    let small = ids.iter().map(|id| u32::try_from(*id).unwrap_or_default()).collect();
    let labels = LabelSet::with_ids(ids.iter().map(name).collect(), small);
    let numbers: BTreeMap<u64, u32> = ids.into_iter().zip(0..).collect();
    Ok((labels, move |id| numbers.get(&id).copied()))
}

/// The name that the results of a source go under.
fn root_of(source: &Path) -> String {
    let whole = source.canonicalize().unwrap_or_else(|_| source.to_owned());
    whole.file_stem().map_or_else(|| "source".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// What the other formats have no place for.
#[derive(Default)]
struct Lost {
    crowds: usize,
    outlines: usize,
    extensions: usize,
}

impl Lost {
    fn instance(&mut self, object: &Object, labels: &LabelSet, class: u32) -> Option<Instance> {
        let shape = &object.shape;
        if shape.iscrowd {
            self.crowds += 1;
            return None;
        }
        let [x, y, width, height] = shape.bbox?;
        let corners = match &shape.segmentation {
            Some(Segmentation::Polygon(polygons)) => quad(polygons),
            _ => None,
        };
        self.outlines += usize::from(shape.segmentation.is_some() && corners.is_none());
        // Thousandths of a pixel, as in records.
        let thousandths = |value: f64| ((value * 1e3).round() / 1e3) as f32;
        let rect: [f32; 4] = [x, y, x + width, y + height].map(thousandths);
        Some(Instance {
            class,
            label: labels.name(class).into_owned(),
            score: shape.score.unwrap_or(1.0) as f32,
            rect: Rect::from(rect),
            corners,
            keypoints: Vec::new(),
            track: None,
            filled: false,
            children: Vec::new(),
        })
    }

    fn notes(&self) -> Vec<String> {
        let rows = [
            (self.crowds, "crowds (iscrowd) are left out"),
            (self.outlines, "outlines are boxes now"),
            (self.extensions, "pictures have no extension in the source; .jpg is taken"),
        ];
        rows.into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect()
    }
}

/// Four corners are an oriented box.
fn quad(polygons: &[Vec<f64>]) -> Option<Quad> {
    let [polygon] = polygons else { return None };
    let corners: [f64; 8] = polygon.as_slice().try_into().ok()?;
    Some(Quad(std::array::from_fn(|at| [corners[2 * at] as f32, corners[2 * at + 1] as f32])))
}

fn record(root: &str, path: &str, size: [u32; 2], instances: Vec<Instance>) -> (Record, InputRecord) {
    let input = Identity::new(root, Path::new(path)).record(None);
    let record = Record {
        schema: ITEM_SCHEMA.into(),
        item: ItemId { input: input.clone(), part: None },
        size,
        orientation: 1,
        prediction: Some(Prediction::Detect { instances }),
        warnings: Vec::new(),
        error: None,
        decision: None,
        ext: serde_json::Map::new(),
    };
    let closing =
        InputRecord { schema: INPUT_SCHEMA.into(), input, items: 1, status: Status::Done, error: None };
    (record, closing)
}
