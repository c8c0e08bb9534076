//! Artefacts: the annotated picture and the crops of an item, the annotated video of an input, in a tree that
//! mirrors the inputs.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use image::RgbImage;

use crate::atomic::write_whole;
use crate::digest::{Key, hex, sha256};
use crate::draw::{Overlay, box_on, sheet_size};
use crate::error::Result;
use crate::explain::{Explained, npy, overlay};
use crate::ffmpeg::encode::Recipe;
use crate::ffmpeg::encoders::Encoder;
use crate::ffmpeg::join::Audio;
use crate::frame::{Frame, Origin, Part};
use crate::input::{Identity, Input};
use crate::options::VideoOutput;
use crate::prediction::Prediction;
use crate::report::thumb::{self, smaller};
use crate::run::{FILMS, INTERNAL};
use crate::sink::picture::{PictureFormat, choose, encode};

use crate::source::upright_size;
use crate::source::video::{Reel, is_video};
use crate::spec::LabelSet;
use crate::triage::private;

use super::crops::crop;
use super::film::{self, Film, Ledger, Made};
use super::manifest::Manifest;
use super::names::Names;
use super::painter::Painter;

/// Quality of JPEG output, 1 to 100.
pub const JPEG_QUALITY: u8 = 90;

/// Threads of a video's encoder.
const ENCODER_THREADS: usize = 4;

/// What is drawn.
#[derive(Debug, Clone)]
pub struct Kinds {
    pub images: bool,
    pub crops: bool,
    /// Small pictures for the report.
    pub thumbs: bool,
    /// Of videos.
    pub video: VideoOutput,
    /// Format of pictures, where asked for.
    pub format: Option<PictureFormat>,
    /// Name and quality of the encoder for annotated videos.
    pub encoder: (String, u8),
    /// What becomes of a video's sound.
    pub audio: Audio,
    /// Whether a sheet as large as the picture stands beside it.
    pub sheet: bool,
    /// The folder of maps that explain answers, below the run folder, where there are some.
    pub maps: Option<&'static str>,
}

impl Kinds {
    /// Annotated pictures in the usual formats.
    pub fn images() -> Self {
        let encoder = ("auto".to_owned(), 23);
        Self {
            images: true,
            crops: false,
            thumbs: false,
            video: VideoOutput::Film,
            format: None,
            encoder,
            audio: Audio::Keep,
            sheet: false,
            maps: None,
        }
    }
}

/// Where maps that explain answers are, and those that show a patient's picture.
pub const MAPS: &str = "explain";
pub const MAPS_OF_PATIENTS: &str = "private/explain";

/// Longest side of a map's picture, pixels: maps are coarse, and the array has every number.
const MAP_SIDE: u32 = 1024;

/// Draws and writes; knows where.
pub struct Artist {
    folder: PathBuf,
    temporary: PathBuf,
    painter: Box<dyn Painter>,
    kinds: Kinds,
    names: Names,
    encoder: OnceLock<&'static Encoder>,
}

impl Artist {
    pub fn new(
        folder: &Path,
        temporary: PathBuf,
        painter: impl Painter + 'static,
        kinds: Kinds,
        inputs: &[Input],
    ) -> Self {
        let (folder, names, painter) = (folder.to_owned(), Names::new(inputs), Box::new(painter));
        Self { folder, temporary, painter, kinds, names, encoder: OnceLock::new() }
    }

    /// Whether pictures are drawn that depend on what was decided.
    pub fn draws(&self) -> bool {
        let small = self.kinds.thumbs && self.hides();
        self.kinds.images || self.kinds.crops || self.kinds.maps.is_some() || small
    }

    /// Whether nothing that is written may show what was there before.
    pub fn hides(&self) -> bool {
        self.painter.hides()
    }

    /// The annotated picture of an item, relative to the run folder, whether this run draws it or not.
    pub fn image(
        &self,
        identity: &Identity,
        part: Option<&Part>,
        origin: &Origin,
        [width, height]: [u32; 2],
    ) -> PathBuf {
        let format = choose(origin, width, height, self.kinds.format);
        Path::new("images").join(self.names.picture(identity, part, format))
    }

    /// The small picture of an item, relative to the run folder, where it is wanted, shows what was decoded and is
    /// not there yet.
    pub fn missing_thumb(&self, digest: &Key, part: Option<&Part>) -> Option<PathBuf> {
        let name = (self.kinds.thumbs && !self.hides()).then(|| thumb::name(digest, part))?;
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
        let format = choose(origin, width, height, self.kinds.format);
        let name = self.names.picture(identity, part, format);
        let image = self.writes_images(&origin.format).then(|| Path::new("images").join(&name));
        let instances = if self.kinds.crops { prediction.instances() } else { &[] };
        let crop_format = if format == PictureFormat::Png { "png" } else { "jpg" };
        let crops = instances.iter().enumerate().map(|(number, instance)| {
            let file = format!("{:03}-{}.{crop_format}", number + 1, file_name(&instance.label));
            Path::new("crops").join(&name).join(file)
        });
        let crops: Vec<PathBuf> = crops.collect();
        let mut decides = serde_json::json!({ "prediction": prediction, "style": self.painter.settings(), "quality": JPEG_QUALITY });
        if !overlay.is_empty() {
            decides["overlay"] = serde_json::json!(overlay);
        }
        let mut text = decides.to_string().into_bytes();
        for file in image.iter().chain(&crops) {
            text.extend_from_slice(file.as_os_str().as_encoded_bytes());
            text.push(0);
        }
        Plan {
            image,
            crops,
            thumb: None,
            maps: Vec::new(),
            explained: None,
            format,
            overlay,
            drawn: hex(&sha256(&text)[..8]),
        }
    }

    /// The plan with the item's small picture, where that shows what is painted.
    pub fn with_thumb(&self, plan: Plan, digest: &Key, part: Option<&Part>) -> Plan {
        let thumb = (self.kinds.thumbs && self.hides()).then(|| thumb::name(digest, part));
        Plan { thumb, ..plan }
    }

    /// Whether an item of an input of this format gets a picture of its own.
    pub fn writes_images(&self, format: &str) -> bool {
        self.kinds.images && (self.kinds.video == VideoOutput::Frames || !is_video(format))
    }

    /// The array and the picture of each map of an item, relative to the run folder.
    pub fn maps(
        &self,
        identity: &Identity,
        part: Option<&Part>,
        origin: &Origin,
        [width, height]: [u32; 2],
        explained: &Explained,
        labels: &LabelSet,
    ) -> Vec<[PathBuf; 2]> {
        let format = choose(origin, width, height, self.kinds.format);
        let folder =
            Path::new(self.kinds.maps.unwrap_or(MAPS)).join(self.names.picture(identity, part, format));
        let files = explained.maps.iter().enumerate().map(|(number, map)| {
            let name = format!("{:03}-{}", number + 1, file_name(&labels.name(map.class)));
            ["npy", "png"].map(|extension| folder.join(format!("{name}.{extension}")))
        });
        files.collect()
    }

    /// Whether an input of this format gets an annotated video.
    pub fn films(&self, format: &str) -> bool {
        self.kinds.images && self.kinds.video == VideoOutput::Film && is_video(format)
    }

    /// What former runs made of a video, its annotated video or pictures of its frames, where this one makes it
    /// otherwise: files in the run folder. `drawn` tells of which parts there were files.
    pub fn former(
        &self,
        identity: &Identity,
        manifest: &Manifest,
        drawn: &dyn Fn(Option<&Part>) -> bool,
    ) -> Vec<PathBuf> {
        if !self.kinds.images || !is_video(&manifest.format) {
            return Vec::new();
        }
        let mut files = Vec::new();
        if self.kinds.video != VideoOutput::Film && drawn(None) {
            files.push(self.folder.join(self.film_path(identity)));
        }
        if self.kinds.video != VideoOutput::Frames {
            let frames = manifest.items.iter().filter(|entry| drawn(entry.part.as_ref()));
            files.extend(frames.map(|entry| {
                let origin = Origin {
                    format: manifest.format.clone(),
                    lossless: false,
                    orientation: entry.orientation,
                };
                self.folder.join(self.image(identity, entry.part.as_ref(), &origin, entry.size))
            }));
        }
        files
    }

    /// Where that is, relative to the run folder.
    pub fn film_path(&self, identity: &Identity) -> PathBuf {
        Path::new("images").join(self.names.video(identity))
    }

    /// What decides how the annotated video of these bytes looks, beside what is drawn.
    ///
    /// # Errors
    /// As [`Encoder::find`].
    pub fn film_settings(&self, digest: &Key, choice: &str) -> Result<Key> {
        let (_, quality) = self.kinds.encoder;
        let mut words = serde_json::json!([
            self.painter.settings(),
            self.encoder()?.name,
            quality,
            self.kinds.sheet,
            choice,
            hex(digest)
        ]);
        if let Some(words) = words.as_array_mut().filter(|_| self.kinds.audio != Audio::Keep) {
            words.push(serde_json::json!(self.kinds.audio));
        }
        Ok(sha256(words.to_string().as_bytes()))
    }

    /// Begins the annotated video of an input, or goes on with what former runs left of it.
    ///
    /// # Errors
    /// As [`Encoder::find`], or where nothing can be written.
    pub fn film(&self, identity: &Identity, reel: Reel, settings: &Key, ledger: &Ledger) -> Result<Film> {
        let timeline = &reel.timeline;
        let [width, height] = upright_size(timeline.size(), timeline.orientation);
        let shape = timeline
            .stream
            .sample_aspect_ratio
            .clone()
            .filter(|ratio| !matches!(ratio.as_str(), "1:1" | "0:1"));
        let shape = shape.map(|ratio| match ratio.split_once(':') {
            Some((x, y)) if timeline.orientation >= 5 => format!("{y}:{x}"),
            _ => ratio,
        });
        let recipe = Recipe {
            encoder: self.encoder()?,
            quality: self.kinds.encoder.1,
            size: if self.kinds.sheet { sheet_size([width, height]) } else { [width, height] },
            scale: film::scale(&reel),
            colours: Recipe::colours(&timeline.stream),
            shape,
            // Fixed, because x264's pictures depend on it: pieces of another machine or another day equal these.
            threads: Some(ENCODER_THREADS),
            audio: self.kinds.audio,
        };
        let folder = self.folder.join(INTERNAL).join(FILMS).join(&identity.id);
        Film::new(reel, recipe, (folder, self.temporary.clone()), settings, ledger)
    }

    /// Puts a finished video in place.
    ///
    /// # Errors
    /// What ffmpeg says.
    pub fn finish(&self, film: &Film, identity: &Identity) -> Result<Made> {
        film.finish(&self.folder.join(self.film_path(identity)))
    }

    /// Whether the annotated video stands in the run folder.
    pub fn film_stands(&self, identity: &Identity) -> bool {
        self.folder.join(self.film_path(identity)).is_file()
    }

    /// The frame as it is shown in an annotated video.
    pub fn picture(&self, frame: &Frame, shown: Option<(&Prediction, &Overlay)>) -> RgbImage {
        let mut picture = frame.all_pixels().clone();
        self.painter.paint(&mut picture, shown);
        picture
    }

    /// The encoder for annotated videos, looked for once.
    ///
    /// # Errors
    /// As [`Encoder::find`].
    pub fn encoder(&self) -> Result<&'static Encoder> {
        match self.encoder.get() {
            Some(encoder) => Ok(encoder),
            None => Encoder::find(&self.kinds.encoder.0).map(|found| *self.encoder.get_or_init(|| found)),
        }
    }

    /// ffmpeg's arguments for annotated videos.
    ///
    /// # Errors
    /// As [`Encoder::find`].
    pub fn encoder_arguments(&self) -> Result<Vec<String>> {
        Ok(self.encoder()?.arguments(self.kinds.encoder.1))
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
        if let Some(explained) = &plan.explained {
            self.draw_maps(plan, explained, frame)?;
        }
        if plan.image.is_none() && plan.thumb.is_none() {
            return Ok(());
        }
        let picture = self.picture(frame, Some((prediction, &plan.overlay)));
        if let Some(file) = &plan.image {
            let bytes = encode(&picture, plan.format, JPEG_QUALITY, icc)?;
            write_whole(&self.temporary, &self.folder.join(file), &bytes)?;
        }
        if let Some(file) = &plan.thumb {
            thumb::write_pixels(&self.temporary, &self.folder.join(file), &picture, icc)?;
        }
        Ok(())
    }
}

impl Artist {
    fn draw_maps(&self, plan: &Plan, explained: &Explained, frame: &Frame) -> Result<()> {
        // Not even a moment of a patient's picture stands outside.
        let private = self.kinds.maps == Some(MAPS_OF_PATIENTS);
        let temporary = if private { &self.folder.join(private::FOLDER) } else { &self.temporary };
        let small = smaller(&frame.pixels, MAP_SIDE);
        for ([array, picture], map) in plan.maps.iter().zip(&explained.maps) {
            let bytes = npy::encode(explained.size, &map.values);
            write_whole(temporary, &self.folder.join(array), &bytes)?;
            let mut drawn = overlay(&small, &explained.map(map));
            if let Some(rect) = &map.rect {
                box_on(&mut drawn, rect, frame.size);
            }
            let bytes = encode(&drawn, PictureFormat::Png, JPEG_QUALITY, None)?;
            write_whole(temporary, &self.folder.join(picture), &bytes)?;
        }
        Ok(())
    }
}

/// The artefacts of one item.
pub struct Plan {
    image: Option<PathBuf>,
    crops: Vec<PathBuf>,
    thumb: Option<PathBuf>,
    /// Array and picture of each map.
    maps: Vec<[PathBuf; 2]>,
    explained: Option<Explained>,
    format: PictureFormat,
    /// What is drawn below the instances.
    pub overlay: Overlay,
    /// Equal when the same would be drawn.
    pub drawn: String,
}

impl Plan {
    pub fn files(&self) -> impl Iterator<Item = &Path> {
        let maps = self.maps.iter().flatten();
        self.image.iter().chain(&self.crops).chain(&self.thumb).chain(maps).map(PathBuf::as_path)
    }

    /// The same with the maps that explain the answers; `key` is the observation's, on which they depend.
    pub fn with_maps(self, maps: Vec<[PathBuf; 2]>, explained: Explained, key: &Key) -> Self {
        let names: Vec<_> = maps.iter().flatten().map(|file| file.to_string_lossy()).collect();
        let decides = format!("{} {} {}", self.drawn, hex(key), names.join("\n"));
        Self { maps, explained: Some(explained), drawn: hex(&sha256(decides.as_bytes())[..8]), ..self }
    }
}

/// A label as part of a file name: letters, digits, `-` and `_`; everything else becomes `_`.
pub fn file_name(label: &str) -> String {
    let safe = |c: char| if c.is_alphanumeric() || c == '-' { c } else { '_' };
    label.chars().take(60).map(safe).collect()
}
