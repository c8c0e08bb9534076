//! Sizes and batches that are asked for, against what the model takes.

use crate::error::{Error, Result};
use crate::family::Family;
use crate::models::Model;

/// What `--batch` says, where the model can do it; `None` for `auto`.
pub fn batch(asked: &str, model: Option<&Model>, family: &dyn Family) -> Result<Option<usize>> {
    if asked == "auto" {
        return Ok(None);
    }
    match asked.parse::<usize>() {
        Ok(1) => Ok(Some(1)),
        Ok(frames @ 2..=MOST_FRAMES) if model.is_none_or(|model| takes_batches(model, family)) => {
            Ok(Some(frames))
        }
        Ok(2..=MOST_FRAMES) => Err(Error::usage(format!(
            "--batch {asked}: {} takes one frame a call (its header fixes the first axis of an input or an output); \
             leave it at auto, or export the model with a batch that is open",
            model.map_or("the model", |model| &model.spec.name)
        ))),
        _ => Err(Error::usage(format!(
            "--batch {asked}: expected auto or a number of frames up to {MOST_FRAMES}"
        ))),
    }
}

pub fn takes_batches(model: &Model, family: &dyn Family) -> bool {
    model.header.takes_batches() && family.a_row_a_frame()
}

/// Frames in a call at most.
const MOST_FRAMES: usize = 1024;

/// `640` or `1280x720`, where the model takes it.
pub(crate) fn input_size(asked: Option<&str>, model: &Model) -> Result<[u32; 2]> {
    let input = &model.spec.input;
    let Some(text) = asked else { return Ok(input.size) };
    let side = |text: &str| text.trim().parse::<u32>().ok().filter(|side| (16..=8192).contains(side));
    let size = match text.split_once('x') {
        Some((width, height)) => side(width).zip(side(height)).map(|(w, h)| [w, h]),
        None => side(text).map(|side| [side, side]),
    };
    let size = size.ok_or_else(|| {
        Error::usage(format!("--imgsz {text}: expected pixels from 16 to 8192, for example 640 or 1280x720"))
    })?;
    if size == input.size {
        return Ok(size);
    }
    if !input.dynamic_size {
        let [width, height] = input.size;
        let name = &model.spec.name;
        return Err(Error::usage(format!("--imgsz {text}: {name} takes {width}x{height} only")));
    }
    if size.iter().any(|side| side % input.multiple_of.max(1) != 0) {
        return Err(Error::usage(format!("--imgsz {text}: must be a multiple of {}", input.multiple_of)));
    }
    Ok(size)
}
