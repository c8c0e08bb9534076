//! What is drawn on pictures: annotations, or whatever else a command makes of a prediction.

use image::RgbImage;
use serde_json::{Value, json};

use crate::draw::{Overlay, Style, annotate_sequence};
use crate::prediction::Prediction;

/// Draws on the picture of an item or of a video's frame.
pub trait Painter: Send + Sync {
    /// `shown` is what was decided, in pixels of `picture`; `None` where the frame has no result, because it
    /// could not be looked at.
    fn paint(&self, picture: &mut RgbImage, shown: Option<(&Prediction, &Overlay)>);

    /// Everything beside the prediction that decides what is drawn: pictures are drawn again where it changes.
    fn settings(&self) -> Value;

    /// Whether what was there before must not be seen in anything that is written: small pictures are then made
    /// of what was painted, and reports have no way to originals.
    fn hides(&self) -> bool {
        false
    }
}

impl Painter for Box<dyn Painter> {
    fn paint(&self, picture: &mut RgbImage, shown: Option<(&Prediction, &Overlay)>) {
        self.as_ref().paint(picture, shown);
    }

    fn settings(&self) -> Value {
        self.as_ref().settings()
    }

    fn hides(&self) -> bool {
        self.as_ref().hides()
    }
}

/// Annotations.
impl Painter for Style {
    fn paint(&self, picture: &mut RgbImage, shown: Option<(&Prediction, &Overlay)>) {
        if let Some((prediction, overlay)) = shown {
            annotate_sequence(picture, prediction, overlay, self);
        }
    }

    fn settings(&self) -> Value {
        json!(self)
    }
}
