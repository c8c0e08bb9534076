//! `labels/`: a text file an item in YOLO's format, in folders that mirror the inputs.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::{Sink, SinkContext, numbered, paths};
use crate::error::{Error, Kind, Result};
use crate::frame::Part;
use crate::geometry::{Quad, Rect};
use crate::record::{InputRecord, Record};
use crate::spec::LabelSet;

const NAME: &str = "labels";

/// Marks the folder as ours to replace. Without it `labels/` may be somebody's annotations.
const MARK: &str = ".vision-labels";

/// Most lines of `classes.txt`; higher class numbers are a broken model.
const MAX_CLASSES: u32 = 10_000;

/// The folder is built beside and swapped in at the end, so that no label file of a former run
/// stays behind.
struct Yolo {
    folder: PathBuf,
    temporary: PathBuf,
    new: TempDir,
    labels: LabelSet,
    /// Number of lines of `classes.txt`.
    classes: u32,
}

pub fn open(context: &SinkContext) -> Result<Box<dyn Sink>> {
    let target = context.folder.join(NAME);
    if target.symlink_metadata().is_ok() && !target.join(MARK).is_file() {
        let message = format!(
            "{}: a folder of that name exists and was not written by vision; move it away or choose another folder with --out",
            target.display()
        );
        return Err(Error::new(Kind::OutputFolder, message));
    }
    let new = TempDir::with_prefix_in("labels-", context.temporary)
        .map_err(|e| Error::write(context.temporary.display(), e))?;
    let classes = u32::try_from(context.labels.len()).unwrap_or(u32::MAX);
    Ok(Box::new(Yolo {
        folder: context.folder.to_owned(),
        temporary: context.temporary.to_owned(),
        new,
        labels: context.labels.clone(),
        classes,
    }))
}

impl Yolo {
    /// `photo.txt` for `photo.jpg`, where YOLO's own tools look; `photo.png.txt` where the folder
    /// also holds a `photo` of another format that came before; the input's id where that is taken
    /// too, or where a label file stands in place of a folder on the way.
    fn create(&self, record: &Record) -> Result<(fs::File, PathBuf)> {
        let (input, part) = (&record.item.input, record.item.part.as_ref());
        let short = paths::artefact(input, part, "txt");
        let long = paths::artefact_of_full_name(input, part, "txt");
        let last = PathBuf::from(format!("~{}{}.txt", input.id, Part::suffix(part)));
        for name in [short, long, last] {
            use std::io::ErrorKind::{AlreadyExists, NotADirectory};
            let path = self.new.path().join(&name);
            let folder = path.parent().map_or(Ok(()), fs::create_dir_all);
            let file = folder.and_then(|()| OpenOptions::new().write(true).create_new(true).open(&path));
            match file {
                Ok(file) => return Ok((file, name)),
                Err(e) if matches!(e.kind(), AlreadyExists | NotADirectory) => {}
                Err(e) => return Err(Error::write(name.display(), e)),
            }
        }
        let message = format!("{}: two items of this name in one run", input.path);
        Err(Error::new(Kind::Internal, message))
    }

    /// The classes' names in order of number, one a line.
    fn class_names(&self) -> String {
        let one_line = |name: &str| name.replace(['\n', '\r'], " ");
        (0..self.classes).map(|class| one_line(&self.labels.name(class)) + "\n").collect()
    }
}

impl Sink for Yolo {
    /// Every item with a prediction gets a file, an empty one where nothing was found: a
    /// background picture in YOLO's terms.
    fn item(&mut self, record: &Record) -> Result<()> {
        if record.prediction.is_none() {
            return Ok(());
        }
        let mut lines = String::new();
        for instance in numbered(record, &self.labels) {
            if instance.class >= self.labels.len().max(MAX_CLASSES as usize) as u32 {
                let message = format!(
                    "labels: class {} found; expected numbers below {MAX_CLASSES}: check the model's labels",
                    instance.class
                );
                return Err(Error::new(Kind::ModelOutput, message));
            }
            self.classes = self.classes.max(instance.class + 1);
            if let Some(place) = normalised(&instance.rect, record.size) {
                let corners = instance.corners.map(|corners| normalised_corners(&corners, record.size));
                let numbers = corners.as_ref().map_or(&place[..], |corners| &corners[..]);
                let text: String = numbers.iter().map(|v| format!("{v:.6} ")).collect();
                lines.push_str(&format!("{} {text}{:.6}\n", instance.class, instance.score));
            }
        }
        let (mut file, name) = self.create(record)?;
        file.write_all(lines.as_bytes()).map_err(|e| Error::write(name.display(), e))
    }

    fn input(&mut self, _: &InputRecord) -> Result<()> {
        Ok(())
    }

    /// Returns the folder, not its thousands of files.
    fn finish(self: Box<Self>) -> Result<Vec<PathBuf>> {
        let failed = |e| Error::write(NAME, e);
        fs::write(self.new.path().join("classes.txt"), self.class_names()).map_err(failed)?;
        fs::write(self.new.path().join(MARK), "").map_err(failed)?;
        let target = self.folder.join(NAME);
        // Emptied by renaming, which is quick; the former files go afterwards.
        let former = TempDir::with_prefix_in("former-", &self.temporary).map_err(failed)?;
        if target.symlink_metadata().is_ok() {
            fs::rename(&target, former.path().join(NAME)).map_err(failed)?;
        }
        let new = self.new.keep();
        set_readable(&new).map_err(failed)?;
        fs::rename(&new, &target).map_err(failed)?;
        Ok(vec![NAME.into()])
    }
}

/// Temporary folders are private to the user; results get the permissions of ordinary folders.
#[cfg(unix)]
fn set_readable(folder: &Path) -> std::io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o755))
}

#[cfg(not(unix))]
fn set_readable(_: &Path) -> std::io::Result<()> {
    Ok(())
}

/// Centre and size as shares of the frame, 0 to 1, of the part of the box inside it; `None`
/// where nothing of it is.
fn normalised(rect: &Rect, size: [u32; 2]) -> Option<[f64; 4]> {
    let [width, height] = size.map(f64::from);
    let [x1, y1, x2, y2] = [rect.x1, rect.y1, rect.x2, rect.y2].map(f64::from);
    let (x1, x2) = (x1.clamp(0.0, width), x2.clamp(0.0, width));
    let (y1, y2) = (y1.clamp(0.0, height), y2.clamp(0.0, height));
    let inside = x1 < x2 && y1 < y2;
    inside.then(|| [(x1 + x2) / 2.0 / width, (y1 + y2) / 2.0 / height, (x2 - x1) / width, (y2 - y1) / height])
}

/// The corners of YOLO's oriented boxes, `x1 y1 … x4 y4` as shares of the frame. Those outside are
/// moved to its edge: the format's readers refuse numbers beyond 0 to 1.
fn normalised_corners(corners: &Quad, size: [u32; 2]) -> [f64; 8] {
    let flat = corners.0.as_flattened();
    std::array::from_fn(|at| {
        let value = flat.get(at).map_or(0.0, |v| f64::from(*v));
        (value / f64::from(size[at % 2])).clamp(0.0, 1.0)
    })
}
