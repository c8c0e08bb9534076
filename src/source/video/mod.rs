//! Videos: frames one at a time, each with the time at which it is shown.
//!
//! ffprobe's list of packets says which frames there are and when; OpenCV's reader (feature `video`) or the ffmpeg
//! program decodes them, and each decoded frame is matched to the list, so that frames that do not come out are
//! known. Nothing of a video is held in memory but the list and a few frames.

mod choice;
mod container;
#[cfg(feature = "video")]
mod opencv;
mod pipe;
mod timeline;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use image::RgbImage;
use serde::{Deserialize, Serialize};

use super::input::{Input, Stored};
use super::{Format, Frames, Limits, Remarks};
use crate::error::{Error, Kind, Result};
use crate::frame::{Frame, Part};
use crate::run::journal::Stat;

pub use choice::{Choice, seconds};
pub use container::{Container, is_video, names_video};
pub use timeline::{Tick, Timeline};

/// What decodes videos.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum By {
    /// OpenCV where it is built in and can, else ffmpeg.
    #[default]
    Best,
    /// The ffmpeg program, a process of its own.
    Ffmpeg,
}

/// How videos are read.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    pub choice: Choice,
    pub by: By,
}

/// What decodes: the next frame, first without its pixels.
pub(super) trait Reader: Send {
    /// Goes on to the next frame; its time, where known. `None` at the end.
    fn grab(&mut self) -> Result<Option<Option<i64>>>;
    /// The pixels of the frame just grabbed, as stored.
    fn take(&mut self) -> Result<RgbImage>;
}

/// What is planned for a video: known when it is open, before a frame is decoded.
#[derive(Debug, Clone)]
pub struct Reel {
    pub file: PathBuf,
    pub container: Container,
    pub timeline: Arc<Timeline>,
    /// Numbers of the frames that are looked at, rising.
    pub chosen: Arc<[u32]>,
    pub choice: Choice,
    /// What people should know of how it is decoded.
    pub note: Option<String>,
}

impl Reel {
    /// When frame `n` is shown, seconds from the video's first frame.
    pub fn seconds(&self, n: u32) -> f64 {
        self.timeline.seconds(n as usize)
    }

    /// The part that frame `n` is.
    pub fn part(&self, n: u32) -> Part {
        let pts = self.timeline.ticks.get(n as usize).map_or(0, |tick| tick.pts);
        Part::Frame { n, pts, time_base: self.timeline.time_base }
    }
}

/// Opens a video. `stat` is the state of the file whose digest was taken.
///
/// # Errors
/// As [`Timeline::read`]; `TooLarge` for frames of more pixels than allowed.
pub fn open(
    name: &str,
    file: &Path,
    container: Container,
    stat: Stat,
    limits: &Limits,
) -> Result<Box<dyn Frames>> {
    let timeline = Timeline::read(name, file, container)?;
    let input = Input { name: name.into(), bytes: Arc::from([]), limits: limits.clone() };
    let [width, height] = timeline.size();
    input.check_pixels(width, height)?;
    let choice = limits.video.choice.clone();
    let chosen: Arc<[u32]> = choice.frames(&timeline).into();
    let mut reel =
        Reel { file: file.to_owned(), container, timeline: Arc::new(timeline), chosen, choice, note: None };
    if reel.chosen.is_empty() {
        let message = format!(
            "{name}: none of its {} frames is chosen; it is {:.1} s long",
            reel.timeline.ticks.len(),
            reel.timeline.seconds(reel.timeline.ticks.len() - 1)
        );
        return Err(Error::new(Kind::Unsupported, message));
    }
    let (reader, note) = reader(&input, &reel, container)?;
    reel.note = note;
    Ok(Box::new(Video {
        input,
        done: vec![false; reel.chosen.len()],
        reel,
        container,
        stat,
        reader,
        at: 0,
        position: 0,
        ready: None,
        lost: Vec::new(),
        last: 0,
        closing: Closing::Due,
    }))
}

/// Frames that are passed over in one step at most: a second or two of decoding.
const PASSED_OVER: u32 = 250;

/// Packets in a row that cannot be decoded, before the rest is given up.
const MOST_DAMAGED: usize = 10_000;

/// What is said after the last frame.
#[derive(PartialEq)]
enum Closing {
    Due,
    Said,
}

struct Video {
    input: Input,
    reel: Reel,
    container: Container,
    stat: Stat,
    reader: Box<dyn Reader>,
    /// Of the chosen frames, those that nobody needs.
    done: Vec<bool>,
    /// The frame that the decoder should give next.
    at: usize,
    /// The chosen frame that is next.
    position: usize,
    /// A frame that was grabbed and is to be taken.
    ready: Option<usize>,
    /// Chosen frames that did not come out of the decoder.
    lost: Vec<u32>,
    /// The last frame that did.
    last: u32,
    closing: Closing,
}

impl Frames for Video {
    fn next_frame(&mut self) -> Option<Result<Frame>> {
        loop {
            if let Some(n) = self.ready.take() {
                return Some(self.take(n));
            }
            if self.position >= self.end() {
                return self.close();
            }
            if let Err(error) = self.grab() {
                self.position = self.done.len();
                self.closing = Closing::Said;
                return Some(Err(error));
            }
        }
    }

    fn may_have_more(&self) -> bool {
        // Whether the whole is sound is known only after the last frame.
        self.closing == Closing::Due
    }

    fn reel(&self) -> Option<Reel> {
        Some(self.reel.clone())
    }

    fn leave_out(&mut self, done: Vec<bool>) {
        self.done = done;
    }

    fn remarks(&self) -> Remarks {
        // Not with a frame: what is stored of a frame is the same whatever is asked of the file.
        let cut_off = self.reel.timeline.cut_off.as_ref().filter(|_| self.input.limits.lenient);
        let warnings = cut_off.map(|why| self.input.truncated_warning(why)).into_iter().collect();
        Remarks { lost: self.lost.clone(), warnings }
    }

    fn pass_over(&mut self) -> bool {
        for _ in 0..PASSED_OVER {
            let more = self.ready.is_none() && self.position < self.end();
            // A failure shows again, or as frames that are missing, when the next frame is asked for.
            if !more || self.grab().is_err() {
                return false;
            }
        }
        true
    }
}

impl Video {
    /// Behind the last chosen frame that somebody needs.
    fn end(&self) -> usize {
        self.done.iter().rposition(|done| !done).map_or(0, |last| last + 1)
    }

    /// Goes on by one decoded frame.
    fn grab(&mut self) -> Result<()> {
        let grabbed = self.try_grab()?;
        let (chosen, ticks) = (&self.reel.chosen, self.reel.timeline.ticks.len());
        let found = grabbed.map_or(ticks, |pts| self.reel.timeline.find(self.at, pts));
        while let Some(n) = chosen.get(self.position).filter(|n| (**n as usize) < found) {
            self.lost.push(*n);
            self.position += 1;
        }
        if grabbed.is_some() && chosen.get(self.position).is_some_and(|n| *n as usize == found) {
            self.ready = (!self.done[self.position]).then_some(found);
            self.position += 1;
        }
        if grabbed.is_some() {
            self.last = u32::try_from(found).unwrap_or(u32::MAX);
        }
        self.at = found.saturating_add(1);
        if self.at > ticks {
            // The decoder's end, or more frames than the list has.
            self.position = self.done.len();
        }
        Ok(())
    }

    /// The next decoded frame. OpenCV gives none for a packet that it cannot decode, as it does at the end, and goes on
    /// with the next when asked again.
    fn try_grab(&mut self) -> Result<Option<Option<i64>>> {
        let left = self.reel.timeline.ticks.len().saturating_sub(self.at);
        for _ in 0..=left.min(MOST_DAMAGED) {
            let grabbed = self.reader.grab().map_err(|e| self.input.corrupt(e.chain()))?;
            if grabbed.is_some() {
                return Ok(grabbed);
            }
        }
        Ok(None)
    }

    fn take(&mut self, n: usize) -> Result<Frame> {
        let pixels = self.reader.take().map_err(|e| self.input.corrupt(e.chain()))?;
        self.input.check_pixels(pixels.width(), pixels.height())?;
        let timeline = &self.reel.timeline;
        let (format, orientation) = (Format::Video(self.container), timeline.orientation);
        let mut frame = self.input.frame(Stored { format, pixels, orientation, lossless: false, icc: None });
        frame.part = Some(self.reel.part(u32::try_from(n).unwrap_or(u32::MAX)));
        Ok(frame)
    }

    /// What is wrong with the video as a whole.
    fn complaint(&self) -> Option<Error> {
        // The last frames before a cut go with it.
        let lost =
            self.lost.iter().filter(|n| self.reel.timeline.cut_off.is_none() || **n < self.last).count();
        if lost > 0 {
            return Some(self.input.corrupt(self.lost_in_words()));
        }
        let cut_off = self.reel.timeline.cut_off.as_ref().filter(|_| !self.input.limits.lenient)?;
        let message = format!(
            "{}: the video is cut off: {cut_off}; the {} frames before that were looked at; --lenient takes that for all",
            self.input.name,
            self.reel.chosen.len() - self.lost.len()
        );
        Some(Error::new(Kind::Truncated, message))
    }

    fn close(&mut self) -> Option<Result<Frame>> {
        if self.closing == Closing::Said {
            return None;
        }
        self.closing = Closing::Said;
        let now = std::fs::metadata(&self.reel.file).ok().map(|metadata| crate::input::stat(&metadata));
        if now != Some(self.stat) {
            let message = format!("{}: the file changed while it was read; run again", self.input.name);
            return Some(Err(Error::new(Kind::Changed, message)));
        }
        self.complaint().map(Err)
    }

    /// `3 of 795 frames cannot be decoded: 17, 20-21 (the first at 0.68 s)`.
    fn lost_in_words(&self) -> String {
        /// Spans that are listed.
        const LISTED: usize = 8;
        let mut spans: Vec<[u32; 2]> = Vec::new();
        for n in &self.lost {
            match spans.last_mut() {
                Some(span) if span[1] + 1 == *n => span[1] = *n,
                _ => spans.push([*n; 2]),
            }
        }
        let span = |[first, last]: &[u32; 2]| {
            if first == last { first.to_string() } else { format!("{first}-{last}") }
        };
        let listed: Vec<String> = spans.iter().take(LISTED).map(span).collect();
        let more = if spans.len() > LISTED { ", …" } else { "" };
        let first = self.lost.first().map_or(0, |n| *n as usize);
        format!(
            "{} of {} frames cannot be decoded: {}{more} (the first at {:.2} s)",
            self.lost.len(),
            self.reel.chosen.len(),
            listed.join(", "),
            self.reel.timeline.seconds(first)
        )
    }
}

/// OpenCV where it is built in and opens the file, else ffmpeg, and what is to be said of that. Both give the same
/// pixels, so which one it is changes nothing but the time it takes.
fn reader(input: &Input, reel: &Reel, container: Container) -> Result<(Box<dyn Reader>, Option<String>)> {
    let by_ffmpeg = || -> Result<Box<dyn Reader>> {
        Ok(Box::new(pipe::Pipe::open(&reel.file, container, &reel.timeline)?))
    };
    if input.limits.video.by == By::Ffmpeg || !cfg!(feature = "video") || container.may_change_size() {
        return Ok((by_ffmpeg()?, None));
    }
    let stream = &reel.timeline.stream;
    let keeps =
        crate::ffmpeg::sizes::keeps(&reel.file, container.demuxer(), stream.index, &stream.codec_name);
    if reel.timeline.changes || keeps == Some(false) {
        return Ok((by_ffmpeg()?, None));
    }
    #[cfg(feature = "video")]
    if reel.timeline.is_first
        && let Some(reader) = opencv::OpenCv::open(&reel.file, &reel.timeline)
    {
        return Ok((Box::new(reader), None));
    }
    let note = format!("{}: OpenCV cannot open it; ffmpeg decodes it", input.name);
    Ok((by_ffmpeg()?, Some(note)))
}
