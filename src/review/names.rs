//! What instances are called in decisions: by label and place, which no threshold changes.

use std::collections::HashMap;

use crate::geometry::Rect;
use crate::prediction::{Instance, Prediction};
use crate::sheet::read::page::FieldRead;
use crate::sink::flattened;

/// A thing's name, and what of it a decision may be about.
#[derive(Debug, Clone, PartialEq)]
pub struct NameOf {
    pub name: String,
    pub label: String,
    /// What a line says.
    pub text: Option<String>,
}

/// Names of everything found, instances before their children: `person@12.5,30.2,200.1,410`, label and box in tenths
/// of a pixel; lines as `text@…`; classes of the whole picture by their label alone. Where several are called the same, the
/// second is `…#2`, in their order. The page makes the same names of its data.
///
/// A rank would change with the threshold, and a candidate's number in the store says nothing to people.
pub fn names(prediction: &Prediction) -> Vec<NameOf> {
    let mut seen = HashMap::<String, usize>::new();
    let mut named = |label: &str, place: Option<&Rect>, text: Option<&str>| {
        let mut name = match place {
            Some(rect) => format!("{label}@{}", place_of(rect)),
            None => label.to_owned(),
        };
        let count = seen.entry(name.clone()).or_default();
        *count += 1;
        if *count > 1 {
            name = format!("{name}#{count}");
        }
        NameOf { name, label: label.to_owned(), text: text.map(str::to_owned) }
    };
    match prediction {
        Prediction::Detect { instances } | Prediction::Faces { instances } => {
            flattened(instances).map(|Instance { label, rect, .. }| named(label, Some(rect), None)).collect()
        }
        Prediction::Classify { classes, .. } => {
            classes.iter().map(|class| named(&class.label, None, None)).collect()
        }
        Prediction::Ocr { lines } => {
            lines.iter().map(|line| named("text", Some(&line.rect), Some(&line.text))).collect()
        }
        Prediction::Sheet(page) => {
            let said = |field: &FieldRead| field.response.values.join(" ");
            page.fields.iter().map(|f| named(&f.response.field, Some(&f.rect), Some(&said(f)))).collect()
        }
        Prediction::Triage { .. } => Vec::new(),
    }
}

fn place_of(rect: &Rect) -> String {
    let text = |value: f32| tenths(value).to_string();
    [rect.x1, rect.y1, rect.x2, rect.y2].map(text).join(",")
}

/// A tenth of a pixel is finer than any screen shows; never -0, which programs write in two ways.
pub fn tenths(value: f32) -> f64 {
    (f64::from(value) * 10.0).round() / 10.0 + 0.0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::prediction::Class;

    #[test]
    fn things_are_named_by_label_and_place() {
        let instance = |label: &str, rect: [f32; 4]| Instance {
            class: 0,
            label: label.into(),
            score: 0.5,
            rect: rect.into(),
            corners: None,
            keypoints: Vec::new(),
            track: None,
            filled: false,
            children: Vec::new(),
        };
        let mut car = instance("car", [-0.0, 30.25, 200.04, 410.0]);
        car.children = vec![instance("plate", [1.0, 2.0, 3.0, 4.0])];
        let same = instance("car", [0.01, 30.3, 200.0, 410.0]);
        let found = names(&Prediction::Detect { instances: vec![car, same] });
        let found: Vec<&str> = found.iter().map(|thing| thing.name.as_str()).collect();
        assert_eq!(found, ["car@0,30.3,200,410", "plate@1,2,3,4", "car@0,30.3,200,410#2"]);
        let class = |label: &str| Class { class: 0, label: label.into(), score: 0.5 };
        let classes = vec![class("cup"), class("espresso")];
        let found = names(&Prediction::Classify { classes, multi_label: false });
        assert_eq!((found[0].name.as_str(), found[1].name.as_str()), ("cup", "espresso"));
    }
}
