//! Decoding in this process, by OpenCV's reader (feature `video`).

use std::path::Path;

use image::RgbImage;
use opencv::core::{Mat, MatTraitConst, MatTraitConstManual};
use opencv::videoio::{
    CAP_FFMPEG, CAP_PROP_ORIENTATION_AUTO, CAP_PROP_POS_MSEC, VideoCapture, VideoCaptureTrait,
    VideoCaptureTraitConst,
};

use super::{Reader, Timeline};
use crate::error::{Error, Kind, Result};

pub struct OpenCv {
    capture: VideoCapture,
    bgr: Mat,
    /// Units of the time base in a millisecond.
    per_ms: f64,
    /// The stream's start, which OpenCV counts from.
    start: i64,
}

impl OpenCv {
    /// `None` where OpenCV cannot open it.
    pub fn open(file: &Path, timeline: &Timeline) -> Option<Self> {
        // FFmpeg alone: other back ends take names with a `%` for a series of pictures.
        let mut capture = VideoCapture::from_file(file, CAP_FFMPEG).ok()?;
        let [numerator, denominator] = timeline.time_base.map(f64::from);
        let opened = capture.is_opened().ok()?;
        // Turning is done once, here as with every other format; a version that cannot be told turns itself.
        let stored = opened && capture.set(CAP_PROP_ORIENTATION_AUTO, 0.0).ok()?;
        let start = timeline.stream.start_pts.unwrap_or(0);
        (stored || opened && timeline.orientation == 1).then(|| Self {
            capture,
            bgr: Mat::default(),
            per_ms: denominator / numerator / 1e3,
            start,
        })
    }
}

impl Reader for OpenCv {
    fn grab(&mut self) -> Result<Option<Option<i64>>> {
        if !self.capture.grab().map_err(failed)? {
            return Ok(None);
        }
        let ms = self.capture.get(CAP_PROP_POS_MSEC).map_err(failed)?;
        Ok(Some(ms.is_finite().then(|| (ms * self.per_ms).round() as i64 + self.start)))
    }

    fn take(&mut self) -> Result<RgbImage> {
        let corrupt = || Error::new(Kind::Corrupt, "a frame of the video cannot be converted");
        if !self.capture.retrieve(&mut self.bgr, 0).map_err(failed)? {
            return Err(corrupt());
        }
        let size = self.bgr.size().map_err(failed)?;
        let (width, height) =
            (u32::try_from(size.width).unwrap_or(0), u32::try_from(size.height).unwrap_or(0));
        let bgr = self.bgr.data_bytes().map_err(failed)?;
        let mut rgb = vec![0; bgr.len()];
        for (rgb, bgr) in rgb.as_chunks_mut::<3>().0.iter_mut().zip(bgr.as_chunks::<3>().0) {
            *rgb = [bgr[2], bgr[1], bgr[0]];
        }
        RgbImage::from_raw(width, height, rgb).ok_or_else(corrupt)
    }
}

fn failed(error: opencv::Error) -> Error {
    Error::new(Kind::Corrupt, "OpenCV cannot decode the video").because(error)
}
