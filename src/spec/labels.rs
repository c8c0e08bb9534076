//! Class names, built-in or given, and the category ids of data sets that number with gaps.

use std::borrow::Cow;

use crate::error::{Error, Kind, Result};
use crate::spec::Labels;

/// The names of a model's classes in order of index.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LabelSet {
    names: Vec<String>,
    /// Data-set ids by class index, where they differ from the index.
    category_ids: Option<Vec<u32>>,
}

impl LabelSet {
    /// Names of the lists that are built in.
    pub const BUILT_IN: &[&str] = &["coco-80", "coco-91", "imagenet-1000", "imagenet-1001"];

    /// # Errors
    /// `ModelInvalid` when a built-in list of that name does not exist.
    pub fn new(labels: &Labels) -> Result<Self> {
        match labels {
            Labels::List(names) => Ok(Self { names: names.clone(), category_ids: None }),
            Labels::BuiltIn(name) if name == "coco-80" => Ok(Self {
                names: COCO_80.iter().map(|(_, n)| (*n).to_owned()).collect(),
                category_ids: Some(COCO_80.iter().map(|(id, _)| *id).collect()),
            }),
            Labels::BuiltIn(name) if name == "coco-91" => Ok(Self { names: coco_91(), category_ids: None }),
            Labels::BuiltIn(name) if name == "imagenet-1000" => {
                Ok(Self { names: IMAGENET.lines().map(str::to_owned).collect(), category_ids: None })
            }
            // TensorFlow's models count from 1 and keep 0 for "none of them".
            Labels::BuiltIn(name) if name == "imagenet-1001" => {
                let names = std::iter::once("background").chain(IMAGENET.lines());
                Ok(Self { names: names.map(str::to_owned).collect(), category_ids: None })
            }
            Labels::BuiltIn(name) => Err(Error::new(
                Kind::ModelInvalid,
                format!(
                    "labels = \"{name}\": no built-in list of that name; built in are: {}. Give the names as a list otherwise",
                    Self::BUILT_IN.join(", ")
                ),
            )),
        }
    }

    /// Names with the ids that a data set gives them.
    pub fn with_ids(names: Vec<String>, ids: Vec<u32>) -> Self {
        Self { names, category_ids: Some(ids) }
    }

    pub fn len(&self) -> usize {
        self.names.len()
    }

    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The name, or `class_17` where the model has more classes than names.
    pub fn name(&self, class: u32) -> Cow<'_, str> {
        match self.names.get(class as usize) {
            Some(name) => Cow::Borrowed(name),
            None => Cow::Owned(format!("class_{class}")),
        }
    }

    /// Index of `name`: a label as it stands, in any case, or a number.
    pub fn index(&self, name: &str) -> Option<u32> {
        let named = self.names.iter().position(|n| n.eq_ignore_ascii_case(name));
        let number = || name.strip_prefix("class_").unwrap_or(name).parse().ok();
        named.and_then(|i| u32::try_from(i).ok()).or_else(number)
    }

    /// The data set's id of a class; COCO numbers its 80 classes from 1 to 90.
    pub fn category_id(&self, class: u32) -> u32 {
        self.category_ids.as_ref().and_then(|ids| ids.get(class as usize)).copied().unwrap_or(class)
    }
}

/// ILSVRC 2012's classes in order of WordNet id, a name a line, in torchvision's wording (BSD-3-Clause).
const IMAGENET: &str = include_str!("labels/imagenet-1000.txt");

/// COCO's names by category id, 0 to 90, as models give them that number as the data set does. Ids that
/// no picture has (0, 12, 26, …) are called as classes without a name are.
fn coco_91() -> Vec<String> {
    let name = |id: u32| COCO_80.iter().find(|(known, _)| *known == id).map(|(_, name)| (*name).to_owned());
    (0..91).map(|id| name(id).unwrap_or_else(|| format!("class_{id}"))).collect()
}

/// COCO's 80 "thing" classes with their category ids, from the data set's instances_val2017.json.
const COCO_80: [(u32, &str); 80] = [
    (1, "person"),
    (2, "bicycle"),
    (3, "car"),
    (4, "motorcycle"),
    (5, "airplane"),
    (6, "bus"),
    (7, "train"),
    (8, "truck"),
    (9, "boat"),
    (10, "traffic light"),
    (11, "fire hydrant"),
    (13, "stop sign"),
    (14, "parking meter"),
    (15, "bench"),
    (16, "bird"),
    (17, "cat"),
    (18, "dog"),
    (19, "horse"),
    (20, "sheep"),
    (21, "cow"),
    (22, "elephant"),
    (23, "bear"),
    (24, "zebra"),
    (25, "giraffe"),
    (27, "backpack"),
    (28, "umbrella"),
    (31, "handbag"),
    (32, "tie"),
    (33, "suitcase"),
    (34, "frisbee"),
    (35, "skis"),
    (36, "snowboard"),
    (37, "sports ball"),
    (38, "kite"),
    (39, "baseball bat"),
    (40, "baseball glove"),
    (41, "skateboard"),
    (42, "surfboard"),
    (43, "tennis racket"),
    (44, "bottle"),
    (46, "wine glass"),
    (47, "cup"),
    (48, "fork"),
    (49, "knife"),
    (50, "spoon"),
    (51, "bowl"),
    (52, "banana"),
    (53, "apple"),
    (54, "sandwich"),
    (55, "orange"),
    (56, "broccoli"),
    (57, "carrot"),
    (58, "hot dog"),
    (59, "pizza"),
    (60, "donut"),
    (61, "cake"),
    (62, "chair"),
    (63, "couch"),
    (64, "potted plant"),
    (65, "bed"),
    (67, "dining table"),
    (70, "toilet"),
    (72, "tv"),
    (73, "laptop"),
    (74, "mouse"),
    (75, "remote"),
    (76, "keyboard"),
    (77, "cell phone"),
    (78, "microwave"),
    (79, "oven"),
    (80, "toaster"),
    (81, "sink"),
    (82, "refrigerator"),
    (84, "book"),
    (85, "clock"),
    (86, "vase"),
    (87, "scissors"),
    (88, "teddy bear"),
    (89, "hair drier"),
    (90, "toothbrush"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_by_category_id_has_the_data_sets_numbers() {
        let by_id = LabelSet::new(&Labels::BuiltIn("coco-91".to_owned())).expect("built in");
        let by_class = LabelSet::new(&Labels::BuiltIn("coco-80".to_owned())).expect("built in");
        assert_eq!((by_id.len(), by_class.len()), (91, 80));
        for class in 0..80 {
            let id = by_class.category_id(class);
            assert_eq!((by_id.name(id), by_id.category_id(id)), (by_class.name(class), id));
        }
        assert_eq!(
            (by_id.name(1), by_id.name(12), by_id.name(90)),
            ("person".into(), "class_12".into(), "toothbrush".into())
        );
        assert_eq!((by_id.index("Person"), by_id.index("class_12")), (Some(1), Some(12)));
    }
}
