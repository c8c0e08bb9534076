//! Pascal VOC's annotations: a folder of XML files, one a picture.

use std::collections::BTreeMap;
use std::path::Path;

use hotcoco::types::Annotation;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::{Place, Reading, slashed, text};
use crate::error::{Error, Result};
use crate::eval::data::{Category, Found, Image, Object, Objects, Truth};

/// VOC's own files are 4 deep (annotation/object/part/bndbox/xmin is 5).
const MAX_DEPTH: usize = 32;

/// One file, as text by element.
#[derive(Default)]
struct Picture {
    filename: String,
    size: BTreeMap<String, String>,
    objects: Vec<BTreeMap<String, String>>,
}

pub fn truth(place: &Place, _: &Found, reading: &Reading) -> Result<Truth> {
    let mut objects = Objects::default();
    let mut categories: BTreeMap<String, u64> = BTreeMap::new();
    for (id, file) in (1..).zip(place.with_extension("xml")) {
        let path = place.path.join(file);
        let picture = parse(&text(&path)?).map_err(|why| not_voc(&path, &why))?;
        // The file's own name is what tools keep; `filename` is often stale or absent.
        let name = match picture.filename.trim() {
            name if Path::new(name).file_stem() == file.file_stem() => slashed(&file.with_file_name(name)),
            _ => slashed(&file.with_extension("")),
        };
        objects.images.push(Image { id, name, size: size(&picture) });
        for fields in &picture.objects {
            let object = object(fields, reading.voc_edges).map_err(|why| not_voc(&path, &why))?;
            let (label, mut object) = object;
            let next = categories.len() as u64 + 1;
            object.shape.category_id = *categories.entry(label).or_insert(next);
            object.shape.image_id = id;
            objects.objects.push(object);
        }
    }
    objects.categories = categories.into_iter().map(|(name, id)| Category { id, name }).collect();
    objects.categories.sort_by_key(|category| category.id);
    Ok(Truth::Objects(objects))
}

fn not_voc(path: &Path, why: &str) -> Error {
    let message = format!("{}: {why}; expected a Pascal VOC annotation", path.display());
    Error::usage(message)
}

fn size(picture: &Picture) -> Option<[u32; 2]> {
    let side = |name: &str| picture.size.get(name)?.trim().parse().ok().filter(|side| *side > 0);
    Some([side("width")?, side("height")?])
}

/// The label and the object. VOC counts pixels from 1 and its box holds the pixels `xmin` to `xmax`, so its
/// left edge lies at `xmin - 1`; with `edges`, corners are taken as they stand.
fn object(fields: &BTreeMap<String, String>, edges: bool) -> Result<(String, Object), String> {
    let field = |name: &str| fields.get(name).map(|text| text.trim());
    let label = field("name").filter(|name| !name.is_empty()).ok_or("an object without a name")?;
    let corner = |name: &str| -> Result<f64, String> {
        let text = field(name).ok_or_else(|| format!("an object without {name}"))?;
        let value = text.parse::<f64>().ok().filter(|v| v.is_finite());
        value.ok_or_else(|| format!("{name} is {text:?}, not a number"))
    };
    let first = if edges { 0.0 } else { 1.0 };
    let (x1, y1) = (corner("bndbox/xmin")? - first, corner("bndbox/ymin")? - first);
    let (width, height) = (corner("bndbox/xmax")? - x1, corner("bndbox/ymax")? - y1);
    if width < 0.0 || height < 0.0 {
        return Err(format!("{label}: its right or lower edge comes before its left or upper one"));
    }
    let shape = Annotation {
        bbox: Some([x1, y1, width, height]),
        area: Some(width * height),
        score: field("score").and_then(|text| text.parse().ok()).filter(|score: &f64| score.is_finite()),
        ..Annotation::default()
    };
    Ok((label.to_owned(), Object { shape, difficult: field("difficult") == Some("1") }))
}

fn parse(xml: &str) -> Result<Picture, String> {
    let mut reader = Reader::from_str(xml);
    let mut picture = Picture::default();
    let mut path: Vec<String> = Vec::new();
    loop {
        match reader.read_event().map_err(|e| format!("broken XML: {e}"))? {
            Event::Start(element) => {
                path.push(String::from_utf8_lossy(element.local_name().as_ref()).into_owned());
                if path.len() > MAX_DEPTH {
                    return Err(format!("elements {MAX_DEPTH} deep"));
                }
                if path[..] == ["annotation", "object"] {
                    picture.objects.push(BTreeMap::new());
                }
            }
            Event::End(_) => {
                path.pop();
            }
            Event::Text(text) => picture.put(&path, &text.decode().map_err(|e| format!("broken XML: {e}"))?),
            Event::GeneralRef(reference) => picture.put(&path, &entity(&reference)),
            Event::CData(text) => picture.put(&path, &String::from_utf8_lossy(&text)),
            Event::Eof if path.is_empty() => break,
            Event::Eof => return Err("broken XML: the file ends within an element".into()),
            _ => {}
        }
    }
    if picture.size.is_empty() && picture.objects.is_empty() && picture.filename.is_empty() {
        return Err("XML without annotation/filename, annotation/size or annotation/object".into());
    }
    Ok(picture)
}

/// A character or one of XML's five names; what else stands there is no part of a class name.
fn entity(reference: &quick_xml::events::BytesRef) -> String {
    if let Ok(Some(character)) = reference.resolve_char_ref() {
        return character.to_string();
    }
    let name = reference.decode().unwrap_or_default();
    quick_xml::escape::resolve_predefined_entity(&name).unwrap_or_default().to_owned()
}

impl Picture {
    /// Text may come in pieces. Parts of objects (heads, hands), a level deeper, are left out.
    fn put(&mut self, path: &[String], text: &str) {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        match names[..] {
            ["annotation", "filename"] => self.filename.push_str(text),
            ["annotation", "size", side] => self.size.entry(side.to_owned()).or_default().push_str(text),
            ["annotation", "object", ref rest @ ..] if rest.len() <= 2 && rest.first() != Some(&"part") => {
                if let Some(object) = self.objects.last_mut() {
                    object.entry(rest.join("/")).or_default().push_str(text);
                }
            }
            _ => {}
        }
    }
}
