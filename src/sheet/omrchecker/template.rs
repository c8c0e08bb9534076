//! `template.json`: where the bubbles are and by what a scan is aligned.
//!
//! Facts of the format (its wiki, "Template"): a block's `origin` is the top left corner of its first bubble's box;
//! horizontal blocks have `bubblesGap` between columns and `labelsGap` between rows, vertical ones the other way
//! round; the scan, cropped by the preprocessors, is stretched to `pageDimensions`.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Component, Path};

use serde::Deserialize;
use serde_json::{Map, Value};

use super::labels::expanded;
use crate::error::{Error, Kind, Result};
use crate::geometry::Rect;
use crate::sheet::align::grey;
use crate::sheet::layout::{Anchors, Bubble, Field, FieldKind, Layout, Page, Shape};

/// No template is larger, in bytes.
const MOST_BYTES: u64 = 16 << 20;
/// Nor has more bubbles.
const MOST_BUBBLES: usize = 50_000;
/// Nor is a page larger, in its own pixels.
const MOST_SIDE: f32 = 100_000.0;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Template {
    page_dimensions: [f32; 2],
    bubble_dimensions: [f32; 2],
    field_blocks: Map<String, Value>,
    #[serde(default)]
    custom_labels: Map<String, Value>,
    #[serde(default)]
    pre_processors: Vec<PreProcessor>,
}

#[derive(Deserialize)]
struct PreProcessor {
    name: String,
    #[serde(default)]
    options: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Block {
    origin: [f32; 2],
    bubbles_gap: f32,
    labels_gap: f32,
    field_labels: Vec<String>,
    #[serde(default)]
    field_type: Option<String>,
    #[serde(default)]
    bubble_values: Option<Vec<String>>,
    #[serde(default)]
    direction: Option<String>,
    #[serde(default)]
    bubble_dimensions: Option<[f32; 2]>,
}

/// A template, with the pictures that it names.
///
/// # Errors
/// `Config` naming the file and what in it is wrong.
pub fn read(path: &Path) -> Result<Layout> {
    let wrong = |text: String| Error::new(Kind::Config, format!("{}: {text}", path.display()));
    let file = std::fs::File::open(path).map_err(|e| Error::read(path.display(), e))?;
    let mut text = Vec::new();
    file.take(MOST_BYTES + 1).read_to_end(&mut text).map_err(|e| Error::read(path.display(), e))?;
    if text.len() as u64 > MOST_BYTES {
        return Err(wrong(format!("over {MOST_BYTES} bytes; expected a template of OMRChecker")));
    }
    let template: Template =
        serde_json::from_slice(&text).map_err(|e| wrong(format!("not a template of OMRChecker: {e}")))?;
    let page = template.page_dimensions;
    if !page.iter().all(|side| *side >= 1.0 && *side <= MOST_SIDE) {
        return Err(wrong(format!("pageDimensions {page:?}: expected 1 to {MOST_SIDE} pixels")));
    }
    let labels = blocks(&template).map_err(&wrong)?;
    let fields = fields(&template.custom_labels, labels).map_err(&wrong)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let anchors = anchors(&template.pre_processors, folder).map_err(wrong)?;
    let title = path.canonicalize().ok();
    let title = title.as_deref().and_then(Path::parent).and_then(Path::file_name);
    let title = title.map_or_else(|| "template".to_owned(), |name| name.to_string_lossy().into_owned());
    Ok(Layout { title, pages: vec![Page { size: page, anchors, fields }] })
}

/// The bubbles of each label, in the order of the file.
fn blocks(template: &Template) -> Result<Vec<(String, Vec<Bubble>)>, String> {
    let mut labels: Vec<(String, Vec<Bubble>)> = Vec::new();
    let mut count = 0;
    for (name, value) in &template.field_blocks {
        let within = |text: String| format!("fieldBlocks.{name}: {text}");
        let block: Block = serde_json::from_value(value.clone()).map_err(|e| within(e.to_string()))?;
        let (values, vertical) = kind(&block).map_err(within)?;
        let size = block.bubble_dimensions.unwrap_or(template.bubble_dimensions);
        let numbers = [block.origin, [block.bubbles_gap, block.labels_gap], size];
        if !numbers.iter().flatten().all(|v| v.is_finite() && v.abs() <= MOST_SIDE)
            || size.iter().any(|v| *v <= 0.0)
        {
            return Err(within("a place or size is no number of pixels".into()));
        }
        let mut own = Vec::new();
        for text in &block.field_labels {
            own.extend(expanded(text).map_err(within)?);
        }
        count += own.len() * values.len();
        if count > MOST_BUBBLES {
            return Err(format!("more than {MOST_BUBBLES} bubbles"));
        }
        for (n, label) in own.into_iter().enumerate() {
            if labels.iter().any(|(known, _)| *known == label) {
                return Err(within(format!("label {label} is there twice")));
            }
            let bubble = |(m, value): (usize, &String)| {
                let (along, across) = (m as f32 * block.bubbles_gap, n as f32 * block.labels_gap);
                let [dx, dy] = if vertical { [across, along] } else { [along, across] };
                let (x, y) = (block.origin[0] + dx, block.origin[1] + dy);
                let rect = Rect::new(x, y, x + size[0], y + size[1]);
                Bubble { value: value.clone(), place: 0, rect, shape: Shape::Ellipse }
            };
            labels.push((label, values.iter().enumerate().map(bubble).collect()));
        }
    }
    Ok(labels)
}

/// What the bubbles stand for, and whether they stand below each other.
fn kind(block: &Block) -> Result<(Vec<String>, bool), String> {
    let letters = |text: &str| text.chars().map(String::from).collect::<Vec<_>>();
    let built_in = match block.field_type.as_deref() {
        Some("QTYPE_INT") => Some((letters("0123456789"), true)),
        Some("QTYPE_INT_FROM_1") => Some((letters("1234567890"), true)),
        Some("QTYPE_MCQ4") => Some((letters("ABCD"), false)),
        Some("QTYPE_MCQ5") => Some((letters("ABCDE"), false)),
        Some("QTYPE_MCQ4_RTL") => Some((letters("DCBA"), false)),
        Some("QTYPE_MCQ5_RTL") => Some((letters("EDCBA"), false)),
        Some(other) => return Err(format!("fieldType {other}: not known")),
        None => None,
    };
    let vertical = match block.direction.as_deref() {
        Some("vertical") => Some(true),
        Some("horizontal") => Some(false),
        Some(other) => return Err(format!("direction {other}: expected horizontal or vertical")),
        None => None,
    };
    match (built_in, block.bubble_values.clone()) {
        (Some((values, own)), None) => Ok((values, vertical.unwrap_or(own))),
        (built_in, Some(values)) if !values.is_empty() => {
            let own = built_in.is_some_and(|(_, own)| own);
            Ok((values, vertical.unwrap_or(own)))
        }
        _ => Err("expected a fieldType, or bubbleValues and a direction".into()),
    }
}

/// Custom labels first, each of its parts a place; then what is left, a field a label.
fn fields(custom: &Map<String, Value>, labels: Vec<(String, Vec<Bubble>)>) -> Result<Vec<Field>, String> {
    let order: Vec<String> = labels.iter().map(|(label, _)| label.clone()).collect();
    let mut left: BTreeMap<String, Vec<Bubble>> = labels.into_iter().collect();
    let mut fields: Vec<Field> = Vec::new();
    for (name, parts) in custom {
        let within = |text: String| format!("customLabels.{name}: {text}");
        let parts: Vec<String> = serde_json::from_value(parts.clone()).map_err(|e| within(e.to_string()))?;
        let mut bubbles = Vec::new();
        let mut place = 0;
        for part in &parts {
            for label in expanded(part).map_err(within)? {
                let own =
                    left.remove(&label).ok_or_else(|| within(format!("no block has a label {label}")))?;
                bubbles.extend(own.into_iter().map(|bubble| Bubble { place, ..bubble }));
                place += 1;
            }
        }
        fields.push(field(name.clone(), FieldKind::Grid, bubbles));
    }
    for label in order {
        if let Some(bubbles) = left.remove(&label) {
            if fields.iter().any(|field| field.name == label) {
                return Err(format!("label {label} is a custom label, too"));
            }
            fields.push(field(label, FieldKind::Choice, bubbles));
        }
    }
    Ok(fields)
}

fn field(name: String, kind: FieldKind, bubbles: Vec<Bubble>) -> Field {
    let around = |a: Rect, b: Rect| Rect::new(a.x1.min(b.x1), a.y1.min(b.y1), a.x2.max(b.x2), a.y2.max(b.y2));
    let area = bubbles.iter().map(|bubble| bubble.rect).reduce(around).unwrap_or_default();
    Field { name, kind, area, bubbles }
}

/// What the last of the aligning preprocessors goes by. Those that only change the picture's look (blur, levels)
/// are not needed: measuring goes by the paper around each bubble.
fn anchors(list: &[PreProcessor], folder: &Path) -> Result<Anchors, String> {
    let mut anchors = Anchors::None;
    for processor in list {
        let text = |key: &str| processor.options.get(key).and_then(Value::as_str);
        match processor.name.as_str() {
            "CropPage" => anchors = Anchors::Paper,
            "CropOnMarkers" => {
                let name = text("relativePath").ok_or("CropOnMarkers: expected options.relativePath")?;
                let (width, height, grey) = picture(folder, name)?;
                anchors = Anchors::Marker { width, height, grey, centres: None };
            }
            "FeatureBasedAlignment" => {
                let name = text("reference").ok_or("FeatureBasedAlignment: expected options.reference")?;
                let (width, height, grey) = picture(folder, name)?;
                anchors = Anchors::Reference { width, height, grey };
            }
            "GaussianBlur" | "MedianBlur" | "Levels" | "CLAHE" => {}
            other => return Err(format!("preProcessors: {other} is not known")),
        }
    }
    Ok(anchors)
}

/// A picture beside the template; nothing outside its folder.
fn picture(folder: &Path, name: &str) -> Result<(u32, u32, Vec<u8>), String> {
    let plain = |part: Component| matches!(part, Component::Normal(_) | Component::CurDir);
    if !Path::new(name).components().all(plain) {
        return Err(format!("{name}: expected a picture in the template's folder"));
    }
    let path = folder.join(name);
    let limits = crate::source::Limits::default();
    let shown = path.display().to_string();
    let opened = crate::pipeline::open::open(shown.clone(), path, &limits).map_err(|e| e.chain())?;
    let frame = opened.frames.and_then(|mut frames| {
        frames.next_frame().unwrap_or_else(|| Err(Error::new(Kind::Empty, format!("{shown}: no picture"))))
    });
    let grey = grey::of(&frame.map_err(|e| e.chain())?.pixels);
    let (width, height) = grey.dimensions();
    Ok((width, height, grey.into_raw()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> (tempfile::TempDir, std::path::PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("template.json");
        std::fs::write(&path, text).unwrap();
        (folder, path)
    }

    const TEMPLATE: &str = r#"{"pageDimensions": [300, 400], "bubbleDimensions": [20, 10],
        "customLabels": {"Roll": ["Set", "r1..2"]},
        "fieldBlocks": {
            "A": {"fieldType": "QTYPE_MCQ4", "origin": [50, 60], "bubblesGap": 30, "labelsGap": 40.5, "fieldLabels": ["q1..2"]},
            "B": {"fieldType": "QTYPE_INT", "origin": [200, 60], "bubblesGap": 12, "labelsGap": 25, "fieldLabels": ["r1..2"]},
            "C": {"bubbleValues": ["E", "H"], "direction": "vertical", "origin": [150, 60], "bubblesGap": 12, "labelsGap": 0,
                  "fieldLabels": ["Set"], "bubbleDimensions": [8, 8]}},
        "preProcessors": [{"name": "CropPage", "options": {"morphKernel": [10, 10]}}]}"#;

    #[test]
    fn places_by_hand() {
        let (_folder, path) = written(TEMPLATE);
        let layout = read(&path).unwrap();
        let page = &layout.pages[0];
        assert_eq!((page.size, page.anchors.clone()), ([300.0, 400.0], Anchors::Paper));
        let names: Vec<_> = page.fields.iter().map(|f| (f.name.as_str(), f.kind, f.bubbles.len())).collect();
        assert_eq!(
            names,
            [("Roll", FieldKind::Grid, 22), ("q1", FieldKind::Choice, 4), ("q2", FieldKind::Choice, 4)]
        );
        let c = &page.fields[2].bubbles[2];
        assert_eq!((c.value.as_str(), <[f32; 4]>::from(c.rect)), ("C", [110.0, 100.5, 130.0, 110.5]));
        let roll = &page.fields[0].bubbles;
        assert_eq!(
            (roll[1].value.as_str(), roll[1].place, roll[1].rect.y1, roll[1].rect.width()),
            ("H", 0, 72.0, 8.0)
        );
        let nine = &roll[21];
        assert_eq!((nine.value.as_str(), nine.place, nine.rect.x1, nine.rect.y1), ("9", 2, 225.0, 168.0));
    }

    #[test]
    fn what_is_wrong_is_said() {
        for (from, to, said) in [
            ("QTYPE_MCQ4", "QTYPE_X", "fieldBlocks.A: fieldType QTYPE_X"),
            ("\"q1..2\"", "\"r1\"", "label r1 is there twice"),
            ("\"Set\", \"r1..2\"", "\"Set\", \"r1..3\"", "customLabels.Roll: no block has a label r3"),
            ("CropPage", "Crop", "Crop is not known"),
            ("[300, 400]", "[300, -1]", "pageDimensions"),
            (
                "\"name\": \"CropPage\", \"options\": {",
                "\"name\": \"CropOnMarkers\", \"options\": {\"relativePath\": \"../x.jpg\", ",
                "in the template's folder",
            ),
        ] {
            let (_folder, path) = written(&TEMPLATE.replace(from, to));
            let error = read(&path).unwrap_err();
            assert_eq!(error.kind, Kind::Config);
            assert!(error.message.contains(said), "{}", error.message);
        }
    }
}
