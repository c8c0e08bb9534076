//! What can be wrong in a `sheet.toml`, said so that it can be mended.

use std::collections::HashSet;

use super::file::{Block, File, Kind};
use crate::geometry::Rect;
use crate::sheet::layout::{Anchors, Layout};

/// More places than any number has.
const MOST_DIGITS: u32 = 20;
const MOST_OPTIONS: usize = 26;

/// Checks what is written, before anything has a place.
pub fn words(file: &File) -> Result<(), String> {
    if file.title.trim().is_empty() {
        return Err("title = \"\": give the sheet a title".into());
    }
    if !(4.0..=40.0).contains(&file.margin) {
        return Err(format!("margin = {}: millimetres from 4 to 40", file.margin));
    }
    if file.block.is_empty() {
        return Err("it has no [[block]]; see the example of vision grade sheet new".into());
    }
    versions(&file.versions)?;
    let places = |block: &Block| block.first.is_some() || block.at.is_some();
    if file.existing && !file.block.iter().all(places) {
        return Err("existing = true: each block needs first, pitch and bubble, or at".into());
    }
    for (index, block) in file.block.iter().enumerate() {
        self::block(block).map_err(|what| format!("block {} ({}): {what}", index + 1, block.kind.name()))?;
    }
    Ok(())
}

/// Versions stand in the page's code, so they are short and plain.
fn versions(versions: &[String]) -> Result<(), String> {
    let plain = |v: &String| (1..=4).contains(&v.len()) && v.bytes().all(|b| b.is_ascii_alphanumeric());
    if let Some(odd) = versions.iter().find(|v| !plain(v)) {
        return Err(format!("versions: {odd:?}; one to four letters or digits, such as \"A\""));
    }
    let mut seen = HashSet::new();
    match versions.iter().find(|v| !seen.insert(v.as_str())) {
        Some(twice) => Err(format!("versions: {twice:?} stands there twice")),
        None => Ok(()),
    }
}

fn block(block: &Block) -> Result<(), String> {
    match (&block.questions, &block.name) {
        (Some(_), Some(name)) => {
            return Err(format!(
                "has both questions and name = {name:?}; questions are named by their numbers"
            ));
        }
        (None, None) => return Err("needs questions = \"1-10\", or a name".into()),
        (None, Some(name)) if !usable(name) => {
            return Err(format!("name = {name:?}: letters, digits, - and _, at most 40"));
        }
        _ => {}
    }
    let choice = matches!(block.kind, Kind::Choice | Kind::Multiple);
    let counted = matches!(block.kind, Kind::Grid | Kind::Digits);
    options(block, choice)?;
    match (counted, block.digits) {
        (true, None) => return Err("needs digits = 4 (how many places)".into()),
        (true, Some(n)) if !(1..=MOST_DIGITS).contains(&n) => {
            return Err(format!("digits = {n}: 1 to {MOST_DIGITS}"));
        }
        (false, Some(_)) => return Err("digits belongs to grid and digits only".into()),
        _ => {}
    }
    given(block)?;
    if block.page.is_some() && block.at.is_none() && block.first.is_none() {
        return Err("page goes with at = [x, y]; without at, blocks follow one another (new_page = true begins a page)".into());
    }
    numbers(block)?;
    if choice && block.roster.is_some() {
        return Err("roster belongs to grid, digits, text and code".into());
    }
    Ok(())
}

/// Bubbles whose places are given.
fn given(block: &Block) -> Result<(), String> {
    let parts = [block.first.is_some(), block.pitch.is_some(), block.bubble.is_some()];
    if parts == [false; 3] && block.shape.is_none() {
        return Ok(());
    }
    if parts != [true; 3] || block.at.is_some() {
        return Err("first, pitch and bubble go together, and instead of at".into());
    }
    if !matches!(block.kind, Kind::Choice | Kind::Multiple | Kind::Grid) {
        return Err("first, pitch and bubble belong to choice, multiple and grid".into());
    }
    let all = [block.first, block.pitch, block.bubble].into_iter().flatten().flatten();
    match all.into_iter().find(|v| !(0.5..=400.0).contains(v)) {
        Some(odd) => Err(format!("{odd}: millimetres from 0.5 to 400")),
        None => Ok(()),
    }
}

fn options(block: &Block, choice: bool) -> Result<(), String> {
    match (choice, block.options.as_ref().map(super::file::Options::values)) {
        (true, None) => Err("needs options = \"ABCD\"".into()),
        (false, Some(_)) => Err("options belongs to choice and multiple only".into()),
        (false, None) => Ok(()),
        (true, Some(values)) => {
            if values.is_empty() || values.len() > MOST_OPTIONS {
                return Err(format!("options: {} of them; 1 to {MOST_OPTIONS}", values.len()));
            }
            let mut seen = HashSet::new();
            if let Some(twice) = values.iter().find(|v| !seen.insert(v.as_str())) {
                return Err(format!("options: {twice:?} stands there twice"));
            }
            match values.iter().find(|v| v.trim().is_empty() || v.chars().count() > 20) {
                Some(odd) => Err(format!("options: {odd:?}; 1 to 20 characters each")),
                None => Ok(()),
            }
        }
    }
}

fn numbers(block: &Block) -> Result<(), String> {
    let length = |key: &str, value: Option<f32>| match value {
        Some(v) if !(5.0..=400.0).contains(&v) => Err(format!("{key} = {v}: millimetres from 5 to 400")),
        _ => Ok(()),
    };
    length("width", block.width)?;
    length("height", block.height)?;
    if let Some(at) = block.at
        && !at.iter().all(|v| (0.0..=400.0).contains(v))
    {
        return Err(format!("at = {at:?}: millimetres from the left top corner of the paper"));
    }
    match (block.page, block.columns) {
        (Some(0), _) => Err("page = 0: pages count from 1".into()),
        (_, Some(0)) => Err("columns = 0: at least 1".into()),
        _ => Ok(()),
    }
}

fn usable(name: &str) -> bool {
    (1..=40).contains(&name.len()) && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
}

/// Checks that names are unique and that nothing lies on something else or beyond the paper.
pub fn places(layout: &Layout) -> Result<(), String> {
    let mut names = HashSet::new();
    for (number, page) in layout.pages.iter().enumerate() {
        let mut taken: Vec<(&str, Rect)> = Vec::new();
        if let Anchors::Fiducials { centres, side } = &page.anchors {
            taken.extend(
                centres.iter().map(|c| {
                    ("a mark in the corner", Rect::from_centre(c[0], c[1], *side + 2.0, *side + 2.0))
                }),
            );
        }
        for field in &page.fields {
            if !names.insert(field.name.as_str()) {
                return Err(format!(
                    "{:?} stands there twice; each field needs a name of its own",
                    field.name
                ));
            }
            let area = field.area;
            if area.x1 < 0.0 || area.y1 < 0.0 || area.x2 > page.size[0] || area.y2 > page.size[1] {
                return Err(format!(
                    "{}: lies beyond the edge of page {}; move it (at) or make it smaller",
                    field.name,
                    number + 1
                ));
            }
            if let Some((other, _)) = taken.iter().find(|(_, rect)| meet(rect, &area)) {
                return Err(format!(
                    "{}: lies on {other} on page {}; move it (at = [x, y])",
                    field.name,
                    number + 1
                ));
            }
            taken.push((&field.name, area));
        }
    }
    Ok(())
}

/// Whether two areas share more than an edge.
fn meet(a: &Rect, b: &Rect) -> bool {
    let slack = 0.01;
    a.x1 < b.x2 - slack && b.x1 < a.x2 - slack && a.y1 < b.y2 - slack && b.y1 < a.y2 - slack
}
