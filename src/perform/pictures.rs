//! Which pictures a run draws, and whether it has what that takes.

use super::Options;
use super::setup::{Prepared, Selection};
use crate::draw::Style;
use crate::error::Result;
use crate::input::Listing;
use crate::options::ImageFormat;
use crate::pipeline::artist::{Artist, Kinds, MAPS, MAPS_OF_PATIENTS};
use crate::run::RunFolder;
use crate::sink::picture::PictureFormat;
use crate::spec::Task;

/// `None` where nothing is drawn.
///
/// # Errors
/// As of the command's own options.
pub fn artist<S: Selection>(
    options: &Options<S>,
    prepared: &Prepared,
    folder: &RunFolder,
    listing: &Listing,
) -> Result<Option<Artist>> {
    let (output, task) = (&options.output, S::TASK);
    let format = match output.image_format {
        ImageFormat::Auto => None,
        ImageFormat::Jpeg => Some(PictureFormat::Jpeg),
        ImageFormat::Png => Some(PictureFormat::Png),
    };
    let kinds = Kinds {
        images: !output.no_images,
        crops: output.crops,
        thumbs: output.report && task != Task::Triage,
        video: output.video,
        format,
        encoder: (output.video_encoder.clone(), output.video_quality),
        audio: options.select.audio(),
        sheet: task == Task::Ocr,
        maps: maps::<S>(prepared),
    };
    // Of patients there are no pictures, not even small ones.
    let small = output.report && task != Task::Triage;
    let painter = options.select.painter()?.unwrap_or_else(|| Box::new(Style::default()));
    Ok((output.draws() || small || prepared.explainer.is_some())
        .then(|| Artist::new(folder.root(), folder.temporary(), painter, kinds, &listing.inputs)))
}

/// The folder of maps that explain answers. Of a patient's picture nothing stands outside private/.
pub fn maps<S: Selection>(prepared: &Prepared) -> Option<&'static str> {
    prepared.explainer.as_ref().map(|_| if S::TASK == Task::Triage { MAPS_OF_PATIENTS } else { MAPS })
}

/// Finds what videos need before anything long begins: ffprobe, and an encoder for annotated ones. A video whose name
/// does not say that it is one is met later, with the same words.
pub fn tools(listing: &Listing, artist: Option<&Artist>) -> Result<()> {
    let named = |input: &&crate::input::Input| crate::source::video::names_video(&input.file);
    if listing.inputs.iter().find(named).is_none() {
        return Ok(());
    }
    crate::ffmpeg::probe::there()?;
    match artist.filter(|artist| artist.films("mp4")) {
        Some(artist) => artist.encoder().map(drop),
        None => Ok(()),
    }
}
