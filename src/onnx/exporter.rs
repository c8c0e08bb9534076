//! Notes that exporters leave in a model's metadata.

use std::collections::BTreeMap;

use super::Header;

/// Classes that a list of names may have; ImageNet-21k has 21,841.
const MAX_NAMES: usize = 100_000;

/// What Ultralytics' exporter notes (`ultralytics/engine/exporter.py`, `self.metadata`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ultralytics {
    /// `detect`, `classify`, `obb`, `segment`, `pose`.
    pub task: String,
    pub stride: Option<u32>,
    /// Width and height.
    pub size: Option<[u32; 2]>,
    /// In order of class.
    pub names: Vec<String>,
    /// Whether the network itself ends with one box a thing (YOLOv10, YOLO26).
    pub end_to_end: bool,
    /// Whether non-maximum suppression was exported with the network (`nms=True`).
    pub nms: bool,
    /// The network's last layer, for example `Detect` or `RTDETRDecoder`; since 8.4.
    pub head: Option<String>,
}

impl Ultralytics {
    /// The notes in `header`, where they are there.
    pub fn of(header: &Header) -> Option<Self> {
        let get = |key: &str| header.metadata.get(key).map(String::as_str);
        let task = get("task")?.to_owned();
        // YOLOv5's exporter wrote names and stride without a task; those are not enough to tell.
        let names = get("names").map(names).unwrap_or_default();
        let size = get("imgsz").and_then(|text| {
            let sides: Vec<u32> = text
                .trim_matches(['[', ']', '(', ')'])
                .split(',')
                .filter_map(|s| s.trim().parse().ok())
                .collect();
            match sides.as_slice() {
                // Height first, as everything in PyTorch.
                [height, width] => Some([*width, *height]),
                [side] => Some([*side, *side]),
                _ => None,
            }
        });
        Some(Self {
            task,
            stride: get("stride").and_then(|text| text.trim().parse().ok()),
            size,
            names,
            end_to_end: get("end2end").is_some_and(|text| text.eq_ignore_ascii_case("true")),
            // The arguments of the export as a Python dictionary in text form.
            nms: get("args").is_some_and(|text| text.contains("'nms': True")),
            head: get("head").map(str::to_owned),
        })
    }
}

/// Class names from a Python or JSON dictionary or list in text form, `{0: 'person', 1: "hair drier"}`
/// or `['person', …]`: the form of Ultralytics' and others' metadata. Classes left out are called
/// `class_3`. Empty for anything else.
pub fn names(text: &str) -> Vec<String> {
    let mut by_class: BTreeMap<usize, String> = BTreeMap::new();
    let mut rest = text.trim();
    let mut number = String::new();
    while let Some(letter) = rest.chars().next() {
        if letter == '\'' || letter == '"' {
            let (text, after) = quoted(rest, letter);
            rest = after;
            // `"0": "person"` of JSON: a key in quotation marks.
            if after.trim_start().starts_with(':') {
                number = text;
                continue;
            }
            let class = number.trim().parse().unwrap_or(by_class.len());
            if class >= MAX_NAMES {
                return Vec::new();
            }
            by_class.insert(class, text);
            number.clear();
            continue;
        }
        if letter.is_ascii_digit() {
            number.push(letter);
        } else if letter == ',' {
            number.clear();
        }
        rest = &rest[letter.len_utf8()..];
    }
    let count = by_class.last_key_value().map_or(0, |(class, _)| class + 1);
    (0..count).map(|class| by_class.remove(&class).unwrap_or_else(|| format!("class_{class}"))).collect()
}

/// The text between `quote` marks at the start of `text`, and what follows them.
fn quoted(text: &str, quote: char) -> (String, &str) {
    let mut value = String::new();
    let mut letters = text.char_indices().skip(1);
    while let Some((at, letter)) = letters.next() {
        match letter {
            '\\' => value.extend(letters.next().map(|(_, next)| next)),
            letter if letter == quote => return (value, &text[at + letter.len_utf8()..]),
            letter => value.push(letter),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_python_and_json() {
        let expected = ["person", "hair drier", "driver's cab"];
        assert_eq!(names(r#"{0: 'person', 1: 'hair drier', 2: "driver's cab"}"#), expected);
        assert_eq!(names(r#"{"0": "person", "1": "hair drier", "2": "driver's cab"}"#), expected);
        assert_eq!(names(r#"['person', "hair drier", 'driver\'s cab']"#), expected);
        assert_eq!(names("{2: 'c', 0: 'a'}"), ["a", "class_1", "c"]);
        for nothing in ["", "{}", "person", "{99999999999: 'x'", "{100000: 'x'}"] {
            assert!(names(nothing).len() <= 1, "{nothing}");
        }
    }

    #[test]
    fn notes_of_an_export() {
        let note = |key: &str, value: &str| (key.to_owned(), value.to_owned());
        let notes = [("task", "detect"), ("stride", "32"), ("imgsz", "[384, 640]"), ("names", "{0: 'a'}")];
        let more = [("args", "{'batch': 1, 'nms': True}"), ("head", "Detect"), ("end2end", "False")];
        let notes = notes.into_iter().chain(more);
        let metadata = notes.map(|(k, v)| note(k, v)).collect();
        let found = Ultralytics::of(&Header { metadata, ..Header::default() }).expect("notes");
        assert_eq!((found.stride, found.size, found.end_to_end), (Some(32), Some([640, 384]), false));
        assert_eq!(found.names, ["a"]);
        assert_eq!((found.nms, found.head.as_deref()), (true, Some("Detect")));
        assert_eq!(Ultralytics::of(&Header::default()), None);
    }
}
