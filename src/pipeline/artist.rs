//! Artefacts of an item: the annotated picture and the crops, in a tree that mirrors the inputs.

use std::path::{Path, PathBuf};

use crate::atomic::write_whole;
use crate::digest::{Key, hex, sha256};
use crate::draw::{Overlay, Style, annotate_sequence};
use crate::error::Result;
use crate::frame::{Frame, Origin, Part};
use crate::input::{Identity, Input};
use crate::prediction::Prediction;
use crate::report::thumb;
use crate::sink::picture::{PictureFormat, choose, encode};

use super::crops::crop;
use super::names::Names;

/// Quality of JPEG output, 1 to 100.
pub const JPEG_QUALITY: u8 = 90;

/// Which pictures a run writes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wanted {
    /// Annotated pictures.
    pub images: bool,
    pub crops: bool,
    /// Small pictures for the report.
    pub thumbs: bool,
}

/// Draws and writes; knows where.
pub struct Artist {
    folder: PathBuf,
    temporary: PathBuf,
    style: Style,
    format: Option<PictureFormat>,
    wanted: Wanted,
    names: Names,
}

impl Artist {
    pub fn new(
        folder: &Path,
        temporary: PathBuf,
        style: Style,
        format: Option<PictureFormat>,
        wanted: Wanted,
        inputs: &[Input],
    ) -> Self {
        let names = Names::new(inputs);
        Self { folder: folder.to_owned(), temporary, style, format, wanted, names }
    }

    /// Whether pictures are drawn that depend on what was decided.
    pub fn draws(&self) -> bool {
        self.wanted.images || self.wanted.crops
    }

    /// The annotated picture of an item, relative to the run folder, whether this run draws it or not.
    pub fn image(
        &self,
        identity: &Identity,
        part: Option<&Part>,
        origin: &Origin,
        [width, height]: [u32; 2],
    ) -> PathBuf {
        let format = choose(origin, width, height, self.format);
        Path::new("images").join(self.names.picture(identity, part, format))
    }

    /// The small picture of an item, relative to the run folder, where it is wanted and not there yet.
    pub fn missing_thumb(&self, digest: &Key, part: Option<&Part>) -> Option<PathBuf> {
        let name = self.wanted.thumbs.then(|| thumb::name(digest, part))?;
        (!self.folder.join(&name).exists()).then_some(name)
    }

    pub fn write_thumb(&self, name: &Path, frame: &Frame) -> Result<()> {
        thumb::write(&self.temporary, &self.folder.join(name), frame)
    }

    /// Files that belong to an item, relative to the run folder, and a digest of all that decides
    /// their content.
    pub fn plan(
        &self,
        identity: &Identity,
        part: Option<&Part>,
        origin: &Origin,
        [width, height]: [u32; 2],
        prediction: &Prediction,
        overlay: Overlay,
    ) -> Plan {
        let format = choose(origin, width, height, self.format);
        let name = self.names.picture(identity, part, format);
        let image = self.wanted.images.then(|| Path::new("images").join(&name));
        let instances = if self.wanted.crops { prediction.instances() } else { &[] };
        let crop_format = if format == PictureFormat::Png { "png" } else { "jpg" };
        let crops = instances.iter().enumerate().map(|(number, instance)| {
            let file = format!("{:03}-{}.{crop_format}", number + 1, file_name(&instance.label));
            Path::new("crops").join(&name).join(file)
        });
        let crops: Vec<PathBuf> = crops.collect();
        let mut decides =
            serde_json::json!({ "prediction": prediction, "style": self.style, "quality": JPEG_QUALITY });
        if !overlay.is_empty() {
            decides["overlay"] = serde_json::json!(overlay);
        }
        let mut text = decides.to_string().into_bytes();
        for file in image.iter().chain(&crops) {
            text.extend_from_slice(file.as_os_str().as_encoded_bytes());
            text.push(0);
        }
        Plan { image, crops, format, overlay, drawn: hex(&sha256(&text)[..8]) }
    }

    /// Whether everything planned stands in the run folder.
    pub fn stands(&self, plan: &Plan) -> bool {
        plan.files().all(|file| self.folder.join(file).exists())
    }

    /// Writes what is planned.
    pub fn draw(&self, plan: &Plan, frame: &Frame, prediction: &Prediction) -> Result<()> {
        let icc = frame.icc.as_deref();
        for (file, instance) in plan.crops.iter().zip(prediction.instances()) {
            let crop = crop(frame.all_pixels(), prediction, instance);
            write_whole(
                &self.temporary,
                &self.folder.join(file),
                &encode(&crop, plan.format, JPEG_QUALITY, icc)?,
            )?;
        }
        if let Some(file) = &plan.image {
            let mut picture = frame.all_pixels().clone();
            annotate_sequence(&mut picture, prediction, &plan.overlay, &self.style);
            let bytes = encode(&picture, plan.format, JPEG_QUALITY, icc)?;
            write_whole(&self.temporary, &self.folder.join(file), &bytes)?;
        }
        Ok(())
    }
}

/// The artefacts of one item.
pub struct Plan {
    image: Option<PathBuf>,
    crops: Vec<PathBuf>,
    format: PictureFormat,
    /// What is drawn below the instances.
    overlay: Overlay,
    /// Equal when the same would be drawn.
    pub drawn: String,
}

impl Plan {
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        self.image.iter().chain(&self.crops).map(PathBuf::as_path)
    }
}

/// A label as part of a file name: letters, digits, `-` and `_`; everything else becomes `_`.
fn file_name(label: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    label.chars().take(60).map(safe).collect()
}
