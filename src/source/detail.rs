//! How much of a picture is decoded: every pixel, or as many as the model looks at.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::frame::ValueKind;
use crate::preprocess::View;

/// What is wanted of a decoder that can leave pixels out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// The view for which fewer pixels are enough, and how many times the width and height of the scaled
    /// picture are kept at least; `None` where every pixel is needed.
    pub enough_for: Option<(View, f64)>,
    /// Whether every pixel is wanted beside, to draw on or to cut out of.
    pub full: bool,
    /// Whether the values behind a grey DICOM picture are wanted, and which.
    pub values: Option<ValueKind>,
}

/// Width and height kept at least, in those that the model sees: the least for which `docs/benchmarks.md`
/// measures no loss.
pub const SPARE: f64 = 1.5;

/// What `--decode` says: `None` for `full`, else how many times the size that the model sees.
///
/// # Errors
/// `Usage` for anything else.
pub fn spare(text: &str) -> Result<Option<f64>> {
    match text {
        "auto" => Ok(Some(SPARE)),
        "full" => Ok(None),
        number => {
            let number = number.parse().ok().filter(|spare| (1.0..=64.0).contains(spare));
            number.map(Some).ok_or_else(|| {
                let message = format!("--decode {text}: expected auto, full or a number from 1 to 64");
                Error::usage(message)
            })
        }
    }
}

impl Detail {
    /// The smallest of 1, 2, 4 and 8 eighths of a picture of `upright` = [width, height] that are enough. Those
    /// are the scales at which libjpeg-turbo is fast: others have no code for vectors.
    pub fn eighths(&self, upright: [u32; 2]) -> u32 {
        let Some((view, spare)) = self.enough_for else { return 8 };
        let seen = view.mapping(upright).content;
        let enough = |eighths: &u32| {
            let sides = upright.iter().zip(seen);
            sides.into_iter().all(|(side, seen)| {
                let left = (u64::from(*side) * u64::from(*eighths)).div_ceil(8);
                left as f64 >= f64::from(seen) * spare
            })
        };
        [1, 2, 4].into_iter().find(enough).unwrap_or(8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::Resize;

    fn detail(input: [u32; 2], resize: Resize, spare: f64) -> Detail {
        Detail {
            enough_for: Some((View { input, resize, crop_fraction: 1.0, multiple_of: 1 }, spare)),
            full: false,
            values: None,
        }
    }

    #[test]
    fn the_shorter_side_decides() {
        let stretch = detail([416, 416], Resize::Stretch, 2.0);
        // A quarter of 3000 is 750, below 832; half is enough.
        assert_eq!(stretch.eighths([4000, 3000]), 4);
        assert_eq!(detail([416, 416], Resize::Stretch, 1.5).eighths([4000, 3000]), 2);
        assert_eq!(stretch.eighths([8000, 6656]), 1);
        assert_eq!(stretch.eighths([640, 480]), 8);
        // The letterbox shows 416 x 312 of it, for which 832 x 624 are enough.
        assert_eq!(detail([416, 416], Resize::Letterbox, 2.0).eighths([4000, 3000]), 2);
        // A sliver needs all of its width.
        assert_eq!(stretch.eighths([40_000, 20]), 8);
        assert_eq!(Detail::default().eighths([40_000, 30_000]), 8);
    }

    #[test]
    fn a_centre_crop_counts_as_the_whole_picture() {
        let (input, resize) = ([224, 224], Resize::CentreCrop);
        let view = View { input, resize, crop_fraction: 0.875, multiple_of: 1 };
        // The shorter side comes to 256.
        assert_eq!(
            Detail { enough_for: Some((view, 2.0)), full: false, values: None }.eighths([3000, 2048]),
            2
        );
    }

    #[test]
    fn words() {
        assert_eq!(spare("auto").ok().flatten(), Some(SPARE));
        assert_eq!(spare("full").ok(), Some(None));
        assert_eq!(spare("3").ok().flatten(), Some(3.0));
        assert!(["0.5", "65", "nan", "half", ""].iter().all(|text| spare(text).is_err()));
    }
}
