//! YOLO's label files: `class cx cy width height`, or `class x1 y1 x2 y2 …` for outlines, in shares of the
//! picture's sides.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use hotcoco::types::{Annotation, Segmentation};

use super::labels::PICTURES;
use super::{Place, Reading, extension, names, slashed, text};
use crate::error::{Error, Result};
use crate::eval::data::{Category, Found, Image, Object, Objects, Truth};
use crate::eval::index::Names;
use crate::eval::mean;

/// Class numbers beyond are no class numbers; every one up to the largest becomes a category.
const MAX_CLASSES: u64 = 100_000;

/// Lists that tools keep beside labels.
const LISTS: [&str; 4] = ["train.txt", "val.txt", "test.txt", "requirements.txt"];

pub fn is_label_file(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    extension(path) == "txt"
        && !names::is_list(path)
        && !LISTS.contains(&name.as_str())
        && !name.starts_with("readme")
}

pub fn truth(place: &Place, found: &Found, reading: &Reading) -> Result<Truth> {
    let mut labels: Vec<&PathBuf> = place.files.iter().filter(|file| is_label_file(file)).collect();
    // The root of a data set holds `labels/` beside `images/`.
    if labels.iter().any(|file| file.starts_with("labels")) {
        labels.retain(|file| file.starts_with("labels"));
    }
    let sizes = Sizes::new(found);
    let mut objects = Objects { category_ids: true, ..Objects::default() };
    for (id, file) in (1..).zip(labels) {
        let path = place.path.join(file);
        let rows = rows(&path, &text(&path)?)?;
        let name = slashed(&file.with_extension(""));
        let size = sizes.of(&path, &name).map(|size| size.map(f64::from));
        let known = size.or(sizes.usual).or(rows.is_empty().then_some([0.0; 2]));
        let known = known.ok_or_else(|| unknown_size(&path))?;
        objects.objects.extend(rows.into_iter().map(|row| row.object(id, known)));
        let whole = |side: f64| side.round() as u32;
        let size = (known[0] > 0.0).then(|| known.map(whole));
        objects.images.push(Image { id, name, size });
    }
    objects.categories = categories(&objects, names::names(&place.path, reading)?);
    Ok(Truth::Objects(objects))
}

fn unknown_size(path: &Path) -> Error {
    let message = format!(
        "{}: the size of its picture is known from neither the results nor a picture beside it; use results that hold \
         sizes (a run folder, or COCO with \"images\")",
        path.display()
    );
    Error::usage(message)
}

/// Every name of the list, and `class_17` for numbers that it lacks.
fn categories(objects: &Objects, names: BTreeMap<u64, String>) -> Vec<Category> {
    let mut all = names;
    for object in &objects.objects {
        let id = object.shape.category_id;
        all.entry(id).or_insert_with(|| format!("class_{id}"));
    }
    all.into_iter().map(|(id, name)| Category { id, name }).collect()
}

struct Row {
    class: u64,
    values: Vec<f64>,
}

fn rows(path: &Path, text: &str) -> Result<Vec<Row>> {
    let row = |(line, number): (&str, usize)| {
        let numbers: Option<Vec<f64>> =
            line.split_whitespace().map(|word| word.parse().ok().filter(|v: &f64| v.is_finite())).collect();
        let wrong = |why: &str| {
            let message = format!(
                "{}: line {number}: {why}; expected as YOLO's: class, centre x, centre y, width, height, or class and \
                 the outline's points, in shares (0 to 1) of the picture's sides",
                path.display()
            );
            Error::usage(message)
        };
        let numbers = numbers.ok_or_else(|| wrong("not numbers"))?;
        let (class, values) = numbers.split_first().ok_or_else(|| wrong("empty"))?;
        // Nine are the corners of an oriented box and its score.
        let fits = matches!(values.len(), 4 | 5 | 9) || (values.len() >= 6 && values.len() % 2 == 0);
        if !fits {
            return Err(wrong(&format!("{} numbers", numbers.len())));
        }
        if class.fract() != 0.0 || !(0.0..MAX_CLASSES as f64).contains(class) {
            return Err(wrong(&format!("the class is {class}")));
        }
        if values.iter().take(4).any(|v| v.abs() > 2.0) {
            return Err(wrong("coordinates in pixels"));
        }
        Ok(Row { class: *class as u64, values: values.to_vec() })
    };
    text.lines().zip(1..).filter(|(line, _)| !line.trim().is_empty()).map(row).collect()
}

impl Row {
    fn object(self, image_id: u64, [width, height]: [f64; 2]) -> Object {
        let (bbox, segmentation) = match self.values[..] {
            [cx, cy, w, h] | [cx, cy, w, h, _] => {
                ([(cx - w / 2.0) * width, (cy - h / 2.0) * height, w * width, h * height], None)
            }
            ref outline => {
                let outline = if outline.len() == 9 { &outline[..8] } else { outline };
                let points: Vec<[f64; 2]> =
                    outline.chunks_exact(2).map(|p| [p[0] * width, p[1] * height]).collect();
                let polygon = points.iter().flatten().copied().collect();
                (extent(&points), Some(Segmentation::Polygon(vec![polygon])))
            }
        };
        // A value more is the score of a label that a model wrote.
        let score = if matches!(self.values.len(), 5 | 9) { self.values.last().copied() } else { None };
        let area = segmentation.is_none().then_some(bbox[2] * bbox[3]);
        let category_id = self.class;
        let shape = Annotation {
            image_id,
            category_id,
            bbox: Some(bbox),
            area,
            segmentation,
            score,
            ..Annotation::default()
        };
        Object { shape, difficult: false }
    }
}

/// Left, top, width and height of what holds all points.
fn extent(points: &[[f64; 2]]) -> [f64; 4] {
    let least = |axis: usize| points.iter().map(|p| p[axis]).fold(f64::INFINITY, f64::min);
    let most = |axis: usize| points.iter().map(|p| p[axis]).fold(f64::NEG_INFINITY, f64::max);
    [least(0), least(1), most(0) - least(0), most(1) - least(1)]
}

/// Sizes of pictures: as the results state them, else read from the picture.
struct Sizes {
    results: Names,
    sizes: Vec<[u32; 2]>,
    /// The mean, for pictures that the results lack: whatever their size, nothing was found in them. It
    /// decides only whether what was missed is small or large.
    usual: Option<[f64; 2]>,
}

impl Sizes {
    fn new(found: &Found) -> Self {
        let (names, sizes): (Vec<&str>, Vec<[u32; 2]>) = found.sizes().into_iter().unzip();
        let side = |axis: usize| mean(sizes.iter().map(|size| f64::from(size[axis])));
        let usual = side(0).zip(side(1)).map(|(width, height)| [width, height]);
        Self { results: Names::new(names.into_iter()), sizes, usual }
    }

    fn of(&self, path: &Path, name: &str) -> Option<[u32; 2]> {
        let known = self.results.find(name).and_then(|index| self.sizes.get(index)).copied();
        let read = || pictures(path).find_map(|picture| image::image_dimensions(picture).ok());
        known.or_else(|| read().map(|(width, height)| [width, height]))
    }
}

/// Pictures with the label file's name, in its folder or in the `images` that goes with its `labels`.
fn pictures(path: &Path) -> impl Iterator<Item = PathBuf> {
    let shown = path.to_string_lossy();
    let twin =
        shown.rfind("labels").map(|at| format!("{}images{}", &shown[..at], &shown[at + "labels".len()..]));
    let names = [Some(path.to_owned()), twin.map(PathBuf::from)].into_iter().flatten();
    let names = names.flat_map(|name| PICTURES.map(|extension| name.with_extension(extension)));
    names.filter(|name| name.is_file())
}
