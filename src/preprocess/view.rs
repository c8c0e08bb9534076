//! What a model sees of a frame, known before the frame is decoded.

use serde::{Deserialize, Serialize};

use super::Mapping;
use crate::spec::{InputSpec, Resize};

/// What a model sees of a frame when it looks at the whole of it once.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct View {
    /// Width and height of its input, pixels.
    pub input: [u32; 2],
    pub resize: Resize,
    /// As in the model's description; for `centre-crop`.
    pub crop_fraction: f64,
    /// As in the model's description; for what is within.
    pub multiple_of: u32,
}

impl View {
    /// Where a frame of `frame` = [width, height] comes to lie in the input.
    pub fn mapping(&self, frame: [u32; 2]) -> Mapping {
        match self.resize {
            Resize::CentreCrop => Mapping::centre_crop(frame, self.input, self.crop_fraction),
            Resize::Within | Resize::WithinPadded => {
                Mapping::within(frame, self.input, self.resize, self.multiple_of)
            }
            other => Mapping::fit(frame, self.input, other),
        }
    }
}

impl InputSpec {
    /// What a model sees with an input of `size` = [width, height].
    pub fn view(&self, size: [u32; 2]) -> View {
        let Self { resize, crop_fraction, multiple_of, .. } = *self;
        View { input: size, resize, crop_fraction, multiple_of }
    }
}
