//! A part of a frame that is read as one line: an answer's field, a plate, text burned into a picture.

use std::fmt;
use std::str::FromStr;

use super::{Reader, Wanted};
use crate::engine::Infer;
use crate::error::{Error, Result};
use crate::frame::{Frame, Warning};
use crate::geometry::Quad;
use crate::observation::TextLine;

/// A length along a side of a frame.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Length {
    Pixels(f32),
    Percent(f32),
}

impl Length {
    fn of(self, side: u32) -> f32 {
        match self {
            Length::Pixels(pixels) => pixels,
            Length::Percent(share) => share / 100.0 * side as f32,
        }
    }
}

/// Left, top, width and height, each in pixels or as a share of the frame.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Region([Length; 4]);

impl FromStr for Region {
    type Err = Error;

    /// `100,50,320,40` or `10%,5%,30%,40`.
    fn from_str(text: &str) -> Result<Self> {
        let length = |part: &str| {
            let (number, of): (_, fn(f32) -> Length) = match part.trim().strip_suffix('%') {
                Some(number) => (number, Length::Percent),
                None => (part.trim(), Length::Pixels),
            };
            let number = number.parse::<f32>().ok().filter(|v| v.is_finite() && *v >= 0.0)?;
            Some(of(number))
        };
        let lengths: Option<Vec<Length>> = text.split(',').map(length).collect();
        let lengths = lengths.and_then(|lengths| <[Length; 4]>::try_from(lengths).ok());
        let lengths = lengths.filter(|[.., width, height]| width.of(100) > 0.0 && height.of(100) > 0.0);
        lengths.map(Self).ok_or_else(|| {
            Error::usage(format!(
                "--region {text}: expected left,top,width,height in pixels or percent, such as 10%,5%,320,40, width and height above 0"
            ))
        })
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.0.map(|length| match length {
            Length::Pixels(pixels) => pixels.to_string(),
            Length::Percent(share) => format!("{share}%"),
        });
        f.write_str(&parts.join(","))
    }
}

impl Region {
    /// In whole pixels of a frame of `size`, cut to it; `None` where nothing of it lies inside.
    pub fn within(&self, size: [u32; 2]) -> Option<Quad> {
        let [left, top, width, height] = std::array::from_fn(|n| self.0[n].of(size[n % 2]));
        let [right, bottom] = [left + width, top + height];
        let cut = |value: f32, axis: usize| value.round().clamp(0.0, size[axis] as f32);
        let (x1, y1, x2, y2) = (cut(left, 0), cut(top, 1), cut(right, 0), cut(bottom, 1));
        (x1 < x2 && y1 < y2).then_some(Quad([[x1, y1], [x2, y1], [x2, y2], [x1, y2]]))
    }

    /// What is said of a frame that holds nothing of it.
    pub fn outside(&self, [width, height]: [u32; 2]) -> Warning {
        let message = format!("the region {self} lies outside this picture of {width}x{height}");
        Warning::new("region-outside", message)
    }
}

impl Reader {
    /// Reads what lies within `corners` (top left, top right, bottom right, bottom left, in pixels of the frame) as
    /// one line, of what `wanted` allows. The line has no characters where nothing was read.
    ///
    /// # Errors
    /// As of running the models.
    pub fn read_region(
        &self,
        frame: &Frame,
        corners: Quad,
        wanted: Option<&Wanted>,
        infer: &dyn Infer,
    ) -> Result<TextLine> {
        let (lines, _) = self.read(frame, vec![TextLine::unread(corners, 1.0)], wanted, infer)?;
        Ok(lines.into_iter().next().unwrap_or(TextLine::unread(corners, 1.0)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn regions_are_of_pixels_or_shares() {
        let hull = |text: &str| {
            let region: Region = text.parse().expect("a region");
            assert_eq!(region.to_string(), text);
            region.within([200, 100]).map(|quad| <[f32; 4]>::from(quad.hull()))
        };
        assert_eq!(hull("10,20,30,40"), Some([10.0, 20.0, 40.0, 60.0]));
        assert_eq!(hull("50%,50%,50%,25%"), Some([100.0, 50.0, 200.0, 75.0]));
        assert_eq!(hull("150,90,100,50"), Some([150.0, 90.0, 200.0, 100.0]));
        assert_eq!(hull("300,0,10,10"), None);
        for bad in [
            "",
            "1,2,3",
            "1,2,3,4,5",
            "a,2,3,4",
            "-1,2,3,4",
            "1,2,3,NaN",
            "1,2,3,inf%",
            "10,10,0,50",
            "1,2,3,0%",
        ] {
            assert!(bad.parse::<Region>().is_err(), "{bad}");
        }
    }
}
