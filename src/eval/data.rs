//! Truth and results in one form, whatever files they came from.

use std::collections::BTreeMap;

use hotcoco::types::Annotation;

use crate::geometry::Quad;

/// What is known to be right.
pub enum Truth {
    Objects(Objects),
    /// One label a picture: file name or path, label.
    Labels(Vec<(String, String)>),
    Text(Vec<TextPicture>),
}

/// A picture with its lines of text, in order of reading.
pub struct TextPicture {
    /// File name or relative path.
    pub name: String,
    pub lines: Vec<TrueLine>,
}

pub struct TrueLine {
    pub text: String,
    /// Pixels of the picture, where they are known.
    pub corners: Option<Quad>,
}

/// A line that was read.
pub struct FoundLine {
    pub text: String,
    pub corners: Quad,
    /// How likely all of it is right, where the results say so.
    pub confidence: Option<f64>,
}

/// Pictures with the objects in them.
#[derive(Default)]
pub struct Objects {
    pub images: Vec<Image>,
    pub categories: Vec<Category>,
    pub objects: Vec<Object>,
    /// Whether ids of images are the data set's own, so that results may name pictures by them.
    pub image_ids: bool,
    /// The same of categories.
    pub category_ids: bool,
    pub notes: Vec<String>,
}

pub struct Image {
    pub id: u64,
    /// File name or relative path; a name without extension where the format knows no more.
    pub name: String,
    /// Width and height, pixels.
    pub size: Option<[u32; 2]>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub id: u64,
    pub name: String,
}

pub struct Object {
    /// Geometry as COCO writes it: `bbox` is left, top, width, height in pixels.
    pub shape: Annotation,
    /// Pascal VOC's `difficult`: neither right nor wrong to find.
    pub difficult: bool,
}

/// What a model answered.
#[derive(Default)]
pub struct Found {
    pub images: Vec<FoundImage>,
    pub classes: Vec<FoundClass>,
    /// Of a detector. `shape.image_id` and `shape.category_id` index `images` and `classes`;
    /// every `shape.score` is there and finite.
    pub things: Vec<Annotation>,
    /// Of a classifier.
    pub answers: Vec<Answer>,
    /// Of a reader: index into `images`, and its lines in order of reading.
    pub texts: Vec<(usize, Vec<FoundLine>)>,
    /// Whether `images` holds every picture the model saw, also those in which it found nothing.
    pub lists_images: bool,
    pub notes: Vec<String>,
}

pub enum FoundImage {
    /// A data set's own id, in files that hold no names.
    Id(u64),
    Name {
        name: String,
        size: Option<[u32; 2]>,
        /// The file, where this is one of its pages or frames.
        part_of: Option<String>,
    },
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct FoundClass {
    /// A data set's category id or a model's class index.
    pub number: u64,
    pub label: Option<String>,
}

pub struct Answer {
    /// Index into [`Found::images`].
    pub image: usize,
    /// Index into [`Found::classes`] and score, best first.
    pub classes: Vec<(usize, f64)>,
}

impl Found {
    /// Sizes of the pictures that have one, by name.
    pub fn sizes(&self) -> BTreeMap<&str, [u32; 2]> {
        let named = self.images.iter().filter_map(|image| match image {
            FoundImage::Name { name, size, .. } => size.map(|size| (name.as_str(), size)),
            FoundImage::Id(_) => None,
        });
        named.collect()
    }
}

/// Gives each different class an index, in order of appearance.
#[derive(Default)]
pub struct Classes(BTreeMap<FoundClass, usize>);

impl Classes {
    pub fn index(&mut self, class: FoundClass) -> usize {
        let next = self.0.len();
        *self.0.entry(class).or_insert(next)
    }

    pub fn into_list(self) -> Vec<FoundClass> {
        let mut classes: Vec<(FoundClass, usize)> = self.0.into_iter().collect();
        classes.sort_by_key(|(_, index)| *index);
        classes.into_iter().map(|(class, _)| class).collect()
    }
}
