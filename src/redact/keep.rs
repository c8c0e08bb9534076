//! Regions that stay uncovered: on the command line or in a file.

use std::path::Path;

use serde::Deserialize;

use crate::error::{Error, Kind, Result};
use crate::geometry::Rect;

/// A file of regions: `keep = [[x, y, width, height], ...]`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    keep: Vec<[f32; 4]>,
}

/// The regions that `--keep` names, in pixels of upright pictures.
///
/// # Errors
/// `Usage` for what is neither four numbers nor a .toml file, `Config` for a file that holds no regions.
pub fn keep(given: &[String]) -> Result<Vec<Rect>> {
    let mut regions = Vec::new();
    for text in given {
        if text.to_lowercase().ends_with(".toml") {
            regions.extend(read(Path::new(text))?);
            continue;
        }
        let numbers: Vec<f32> = text.split(',').map_while(|part| part.trim().parse().ok()).collect();
        let region = <[f32; 4]>::try_from(numbers).ok().filter(|_| text.split(',').count() == 4);
        regions.push(region.and_then(rect).ok_or_else(|| {
            Error::usage(format!(
                "--keep {text}: expected X,Y,WIDTH,HEIGHT in pixels, for example 100,50,200,80, or a .toml file"
            ))
        })?);
    }
    Ok(regions)
}

fn read(file: &Path) -> Result<Vec<Rect>> {
    let wrong = |message: String| Error::new(Kind::Config, format!("--keep {}: {message}", file.display()));
    let text = std::fs::read_to_string(file).map_err(|e| wrong("cannot be read".to_owned()).because(e))?;
    let wanted = "expected keep = [[x, y, width, height], ...]";
    let File { keep } = toml::from_str(&text).map_err(|e| wrong(wanted.to_owned()).because(e))?;
    let regions = keep.into_iter().map(|region| {
        rect(region).ok_or_else(|| wrong(format!("{region:?}: width and height must be above 0; {wanted}")))
    });
    regions.collect()
}

fn rect([x, y, width, height]: [f32; 4]) -> Option<Rect> {
    let sound = [x, y, width, height].iter().all(|v| v.is_finite()) && width > 0.0 && height > 0.0;
    sound.then(|| Rect::new(x, y, x + width, y + height))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_of_lines_and_files() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str, text: &str| {
            std::fs::write(folder.path().join(name), text).unwrap();
            folder.path().join(name).to_string_lossy().into_owned()
        };
        let good = path("keep.toml", "keep = [[1, 2, 3, 4], [5, 6, 7.5, 8]]");
        let found: Vec<[f32; 4]> =
            keep(&["10,20,30,40".into(), good]).unwrap().into_iter().map(Into::into).collect();
        assert_eq!(found, [[10.0, 20.0, 40.0, 60.0], [1.0, 2.0, 4.0, 6.0], [5.0, 6.0, 12.5, 14.0]]);
        for wrong in ["1,2,3", "1,2,3,x", "1,2,0,4", "1,2,3,4,5", "1,2,inf,4"] {
            assert_eq!(keep(&[wrong.into()]).unwrap_err().kind, Kind::Usage, "{wrong}");
        }
        for wrong in ["keep = [[1, 2, 3]]", "", "keep = [[1, 2, 3, -4]]"] {
            assert_eq!(keep(&[path("wrong.toml", wrong)]).unwrap_err().kind, Kind::Config, "{wrong}");
        }
    }
}
