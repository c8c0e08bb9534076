//! Reading a `zones.toml`, with errors that say where.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;
use toml::Spanned;

use super::{Anchor, Place, Shape, Zones};
use crate::error::{Error, Kind, Result};

/// Most bytes of a file: thousands of zones.
const MAX_BYTES: u64 = 4 << 20;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct File {
    #[serde(default)]
    units: Units,
    #[serde(default)]
    anchor: Anchor,
    margin: Option<Spanned<f64>>,
    settle: Option<u32>,
    #[serde(default)]
    zone: Vec<Zone>,
    #[serde(default)]
    line: Vec<Line>,
}

#[derive(Deserialize, Default, PartialEq)]
#[serde(rename_all = "kebab-case")]
enum Units {
    #[default]
    Pixels,
    Relative,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Zone {
    name: Spanned<String>,
    polygon: Spanned<Vec<[f64; 2]>>,
    #[serde(default)]
    classes: Vec<String>,
    anchor: Option<Anchor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: Spanned<String>,
    from: [f64; 2],
    to: Spanned<[f64; 2]>,
    #[serde(default)]
    classes: Vec<String>,
    anchor: Option<Anchor>,
}

/// Reads the zones and lines at `path`.
///
/// # Errors
/// `Config`, with the line: what was found and what was expected.
pub fn read(path: &Path) -> Result<Zones> {
    let failed = |what: &str| Error::new(Kind::Config, format!("{}: {what}", path.display()));
    let stat = std::fs::metadata(path).map_err(|e| failed("cannot be read").because(e))?;
    if !stat.is_file() || stat.len() > MAX_BYTES {
        return Err(failed("not a file of zones; expected a .toml of at most 4 MiB"));
    }
    let text = std::fs::read_to_string(path).map_err(|e| failed("cannot be read as text").because(e))?;
    parse(&text).map_err(|(at, what)| {
        let line = 1 + text.as_bytes().iter().take(at).filter(|byte| **byte == b'\n').count();
        failed(&format!("line {line}: {what}"))
    })
}

const EXAMPLE: &str = "expected tables such as [[line]] name = \"door\" from = [100, 200] to = [300, 200], or [[zone]] name = \
                       \"yard\" polygon = [[0, 0], [200, 0], [200, 100]]";

/// The zones of a text, or where in it something is wrong, and what.
pub(super) fn parse(text: &str) -> std::result::Result<Zones, (usize, String)> {
    let file: File = toml::from_str(text).map_err(|e| {
        let at = e.span().map_or(text.len(), |span| span.start);
        (at, format!("{}; {EXAMPLE}", e.message().trim()))
    })?;
    if file.zone.is_empty() && file.line.is_empty() {
        return Err((text.len(), format!("no zone and no line; {EXAMPLE}")));
    }
    let relative = file.units == Units::Relative;
    let margin = file.margin.as_ref().map_or(0.05, |margin| *margin.get_ref());
    if !(0.0..=1.0).contains(&margin) {
        let at = file.margin.map_or(0, |margin| margin.span().start);
        return Err((at, format!("margin {margin}; expected a share of the box's height from 0 to 1")));
    }
    let mut names = BTreeSet::new();
    let mut places = Vec::new();
    for zone in file.zone {
        check_name(&zone.name, &mut names)?;
        check_points(&zone.polygon, zone.polygon.get_ref(), relative)?;
        let corners = zone.polygon.get_ref().clone();
        if corners.len() < 3 {
            let message =
                format!("a polygon of {} points; expected at least three, [[x, y], …]", corners.len());
            return Err((zone.polygon.span().start, message));
        }
        let (name, shape) = (zone.name.into_inner(), Shape::Zone(corners));
        places.push(Place { name, shape, labels: zone.classes, anchor: zone.anchor.unwrap_or(file.anchor) });
    }
    for line in file.line {
        check_name(&line.name, &mut names)?;
        let ends = [line.from, *line.to.get_ref()];
        check_points(&line.to, &ends, relative)?;
        if ends[0] == ends[1] {
            return Err((line.to.span().start, "from and to are one point; expected two".to_owned()));
        }
        let (name, shape) = (line.name.into_inner(), Shape::Line(ends));
        places.push(Place { name, shape, labels: line.classes, anchor: line.anchor.unwrap_or(file.anchor) });
    }
    Ok(Zones { relative, margin, settle: file.settle.unwrap_or(15), places })
}

fn check_name(
    name: &Spanned<String>,
    names: &mut BTreeSet<String>,
) -> std::result::Result<(), (usize, String)> {
    let text = name.get_ref();
    let wrong = |what: &str| Err((name.span().start, format!("name {text:?}: {what}")));
    if text.trim().is_empty() || text.chars().any(char::is_control) {
        return wrong("expected a name of letters");
    }
    if !names.insert(text.clone()) {
        return wrong("another zone or line has it already; expected a name of its own for each");
    }
    Ok(())
}

fn check_points<T>(
    at: &Spanned<T>,
    points: &[[f64; 2]],
    relative: bool,
) -> std::result::Result<(), (usize, String)> {
    let range = if relative { -10.0..=10.0 } else { -1e6..=1e6 };
    let strange = points.iter().find(|point| !point.iter().all(|v| range.contains(v)));
    match strange {
        None => Ok(()),
        Some([x, y]) if relative => {
            let what =
                "expected shares of the picture's sides, 0 to 1; for pixels leave out units = \"relative\"";
            Err((at.span().start, format!("[{x}, {y}]: {what}")))
        }
        Some([x, y]) => Err((at.span().start, format!("[{x}, {y}]: expected pixels of the picture"))),
    }
}
