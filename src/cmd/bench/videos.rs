//! What decoding and encoding a frame of a video cost: both have threads of their own, so their time on all cores
//! counts, not the time on the clock.

use std::time::{Duration, Instant};

use image::RgbImage;

use super::measure::Stage;
use crate::error::{Error, Result};
use crate::ffmpeg::encode::{Piece, Recipe};
use crate::ffmpeg::encoders::Encoder;
use crate::input::Input;
use crate::pipeline::open::open;
use crate::source::Limits;
use crate::source::video::Reel;

/// Frames decoded or encoded for a measurement. The kernel counts in hundredths of a second.
const FRAMES: usize = 300;

#[derive(Default)]
pub struct Videos {
    /// Annotated frames of the video in hand.
    pub drawn: Vec<RgbImage>,
    decoded: Cost,
    encoded: Cost,
}

/// Time on all cores and the frames it was for.
#[derive(Default)]
struct Cost(Duration, u32);

impl Cost {
    fn each(&self) -> Option<Duration> {
        (self.1 > 0).then(|| self.0 / self.1)
    }
}

impl Videos {
    /// Decodes frames of a video, and encodes those that were drawn, again and again.
    ///
    /// # Errors
    /// `Tool` without ffmpeg.
    pub fn measure(&mut self, input: &Input, limits: &Limits, reel: &Reel) -> Result<()> {
        let opened = open(input.identity.shown(), input.file.clone(), limits)?;
        let mut frames = opened.frames?;
        let begun = cpu();
        let decoded = (0..FRAMES).map_while(|_| frames.next_frame()?.ok()).count();
        drop(frames);
        self.decoded.0 += cpu().saturating_sub(begun);
        self.decoded.1 += decoded as u32;
        let drawn = std::mem::take(&mut self.drawn);
        let Some(first) = drawn.first() else { return Ok(()) };
        let recipe = Recipe {
            encoder: Encoder::find("auto")?,
            quality: 23,
            size: [first.width(), first.height()],
            scale: 25,
            colours: Recipe::colours(&reel.timeline.stream),
            shape: None,
            threads: None,
            audio: Default::default(),
        };
        let folder = tempfile::tempdir().map_err(|e| Error::write("temporary folder", e))?;
        let begun = cpu();
        let mut piece = Piece::begin(&recipe, folder.path())?;
        // Forth and back, so that no frame is followed by a strange one.
        let there = 0..drawn.len();
        let order = there.clone().chain(there.rev()).cycle();
        for (time, index) in order.take(FRAMES).enumerate() {
            piece.add(time as u64, &drawn[index])?;
        }
        piece.finish(&folder.path().join("piece.mp4"))?;
        self.encoded.0 += cpu().saturating_sub(begun);
        self.encoded.1 += FRAMES as u32;
        Ok(())
    }

    /// Puts what was measured in the place of the clock's times.
    pub fn replace(&self, stages: &mut [Stage]) {
        for (name, cost) in [("decode", &self.decoded), ("encode", &self.encoded)] {
            let stage = stages.iter_mut().find(|stage| stage.name == name);
            if let Some((stage, each)) = stage.zip(cost.each()) {
                if stage.times.is_empty() {
                    stage.times.push(each);
                }
                stage.cpu = Some(each);
            }
        }
    }
}

/// Time on all cores of this process and of those that it started and that have ended; the clock's where the system
/// does not say.
fn cpu() -> Duration {
    static BEGUN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    let clock = BEGUN.get_or_init(Instant::now).elapsed();
    // proc_pid_stat(5): after the name in brackets, fields 14 to 17 in ticks, of which there are 100 a second
    // wherever programs see them.
    let text = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields = text.rsplit_once(')').map(|(_, rest)| rest.split_whitespace().skip(11).take(4));
    let ticks = fields.map(|fields| fields.filter_map(|field| field.parse::<u64>().ok()).sum::<u64>());
    ticks.map_or(clock, |ticks| Duration::from_millis(ticks * 10))
}
