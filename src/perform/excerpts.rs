//! `--clips` and `--contact-sheet`: what the annotated videos of a run hold, cut into short videos and laid out on one picture.
//!
//! Both are made of what stands in the run folder at the end, videos and events, so nothing of them is journalled.

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::atomic::write_whole;
use crate::draw::contact;
use crate::error::{Error, Kind, Result};
use crate::ffmpeg::excerpt::{clip, still};
use crate::input::Input;
use crate::options::OutputOptions;
use crate::pipeline::artist::{Artist, JPEG_QUALITY, file_name};
use crate::run::RunFolder;
use crate::sink::picture::{PictureFormat, encode};
use crate::source::video::{Container, Timeline};

/// Seconds of a clip before and behind an event.
const AROUND: [f64; 2] = [2.0, 3.0];
/// A clip of events that follow one another is no longer than this, seconds.
const LONGEST: f64 = 60.0;
/// Pictures of a sheet: evenly spread, and at most where each shows an event.
const SPREAD: usize = 12;
const EVENTS: usize = 48;
/// Width of each, pixels.
const WIDTH: u32 = 320;

pub const CLIPS: &str = "clips";
pub const SHEETS: &str = "sheets";

/// Makes what is asked for of every annotated video. `tracked` says whether there are events. Returns the folders
/// written; `say` is told what people should know.
///
/// # Errors
/// `Tool` with ffmpeg's words, `DiskFull`.
pub fn make(
    output: &OutputOptions,
    folder: &RunFolder,
    (artist, inputs): (&Artist, &[Input]),
    tracked: bool,
    say: &dyn Fn(&str),
) -> Result<Vec<PathBuf>> {
    if !output.clips && !output.contact_sheet {
        return Ok(Vec::new());
    }
    let (mut events, begins) = if tracked { happened(folder.root())? } else { Default::default() };
    for (wanted, name) in [(output.clips, CLIPS), (output.contact_sheet, SHEETS)] {
        if wanted {
            clear(&folder.root().join(name))?;
        }
    }
    for input in inputs.iter().filter(|input| artist.film_stands(&input.identity)) {
        let path = artist.film_path(&input.identity);
        let id = &input.identity.id;
        let (mut events, first) = (events.remove(id).unwrap_or_default(), begins.get(id).copied());
        let film = Film::open(&input.identity.shown(), folder.root(), &path)?;
        events.iter_mut().for_each(|event| event.seconds += film.begins - first.unwrap_or(0.0));
        // `images/a/b.mp4` gives `a/b.mp4`.
        let name = path.components().skip(1).collect::<PathBuf>();
        if output.clips {
            film.clips(&events, artist, folder, &folder.root().join(CLIPS).join(&name))?;
        }
        if output.contact_sheet {
            let mut target = folder.root().join(SHEETS).join(&name).into_os_string();
            target.push(".jpg");
            film.sheet(&events, folder, Path::new(&target))?.iter().for_each(|note| say(note));
        }
    }
    let made = [(output.clips, CLIPS), (output.contact_sheet, SHEETS)].into_iter();
    Ok(made
        .filter(|(wanted, name)| *wanted && folder.root().join(name).is_dir())
        .map(|(_, name)| name.into())
        .collect())
}

/// Removes a folder that an earlier run filled.
fn clear(folder: &Path) -> Result<()> {
    match std::fs::remove_dir_all(folder) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(Error::write(folder.display(), e)),
        _ => Ok(()),
    }
}

/// A line of events.jsonl.
#[derive(Debug, Clone, Deserialize)]
struct Happened {
    id: String,
    #[serde(default)]
    seconds: f64,
    event: String,
    zone: Option<String>,
    line: Option<String>,
    label: String,
    track: u32,
}

impl Happened {
    fn place(&self) -> &str {
        self.zone.as_deref().or(self.line.as_deref()).unwrap_or_default()
    }
}

/// What of a record is needed here.
#[derive(Deserialize)]
struct Begins {
    item: Item,
    #[serde(default)]
    ext: Ext,
}
#[derive(Deserialize)]
struct Item {
    id: String,
}
#[derive(Default, Deserialize)]
struct Ext {
    track: Option<Track>,
}
#[derive(Deserialize)]
struct Track {
    seconds: Option<f64>,
}

type Events = HashMap<String, Vec<Happened>>;

/// The events of each input, and the time of its first record.
fn happened(folder: &Path) -> Result<(Events, HashMap<String, f64>)> {
    let lines = |name: &str| -> Result<_> {
        let path = folder.join(name);
        let file = File::open(&path).map_err(|e| Error::read(path.display(), e))?;
        Ok(BufReader::new(file).lines().map_while(std::result::Result::ok))
    };
    let mut events = Events::new();
    // What cannot be read is no event; the lines are our own.
    for event in lines("events.jsonl")?.filter_map(|line| serde_json::from_str::<Happened>(&line).ok()) {
        events.entry(event.id.clone()).or_default().push(event);
    }
    let mut begins = HashMap::new();
    for record in lines("results.jsonl")?.filter_map(|line| serde_json::from_str::<Begins>(&line).ok()) {
        if let Some(seconds) = record.ext.track.and_then(|track| track.seconds) {
            begins.entry(record.item.id).or_insert(seconds);
        }
    }
    Ok((events, begins))
}

/// An annotated video.
struct Film {
    file: PathBuf,
    timeline: Timeline,
    /// When its first frame is shown, seconds after its beginning, sound included.
    begins: f64,
}

impl Film {
    fn open(name: &str, folder: &Path, path: &Path) -> Result<Self> {
        let file = folder.join(path);
        let timeline = Timeline::read(name, &file, Container::Mp4)?;
        let [numerator, denominator] = timeline.time_base.map(f64::from);
        let first = timeline.ticks.first().map_or(0.0, |tick| tick.time as f64 * numerator / denominator);
        Ok(Self { file, begins: (first - timeline.start).max(0.0), timeline })
    }

    /// A clip for each event; those that follow one another closely share one.
    fn clips(&self, events: &[Happened], artist: &Artist, folder: &RunFolder, target: &Path) -> Result<()> {
        let mut clips: Vec<([f64; 2], &Happened)> = Vec::new();
        for event in events {
            let span = [(event.seconds - AROUND[0]).max(0.0), event.seconds + AROUND[1]];
            match clips.last_mut() {
                Some(([from, to], _)) if span[0] <= *to && span[1] - *from <= LONGEST => {
                    *to = span[1].max(*to)
                }
                _ => clips.push((span, event)),
            }
        }
        let encoder = artist.encoder_arguments()?;
        for (n, (span, event)) in clips.iter().enumerate() {
            let name = format!("{:04}-{}-{}.mp4", n + 1, event.event, file_name(event.place()));
            clip(&self.file, *span, &encoder, &folder.temporary(), &target.join(name))?;
        }
        Ok(())
    }

    /// A picture for each event, or, without events, of frames evenly spread.
    fn sheet(&self, events: &[Happened], folder: &RunFolder, target: &Path) -> Result<Option<String>> {
        let frames = self.timeline.ticks.len();
        let spread = (0..SPREAD.min(frames)).map(|n| {
            let frame = n * (frames - 1) / (SPREAD.min(frames) - 1).max(1);
            let seconds = self.begins + self.timeline.seconds(frame);
            (seconds, clock(seconds))
        });
        let wanted: Vec<(f64, String)> = match events {
            [] => spread.collect(),
            events => events.iter().take(EVENTS).map(|event| (event.seconds, event.words())).collect(),
        };
        let mut tiles = Vec::new();
        for (seconds, words) in wanted {
            // A millisecond before, so that rounding does not pass the frame over.
            tiles
                .extend(still(&self.file, (seconds - 1e-3).max(0.0), WIDTH)?.map(|picture| (picture, words)));
        }
        if tiles.is_empty() {
            let message = format!("{}: no picture of it can be had", self.file.display());
            return Err(Error::new(Kind::Tool, message));
        }
        let bytes = encode(&contact::sheet(&tiles), PictureFormat::Jpeg, JPEG_QUALITY, None)?;
        write_whole(&folder.temporary(), target, &bytes)?;
        let left = events.len().saturating_sub(EVENTS);
        Ok((left > 0).then(|| {
            format!("{}: the sheet shows the first {EVENTS} of {} events", target.display(), events.len())
        }))
    }
}

impl Happened {
    /// `1:02.5 enter yard person #3`.
    fn words(&self) -> String {
        format!("{} {} {} {} #{}", clock(self.seconds), self.event, self.place(), self.label, self.track)
    }
}

/// `1:02.5`.
fn clock(seconds: f64) -> String {
    let tenths = (seconds * 10.0).round() as u64;
    format!("{}:{:02}.{}", tenths / 600, tenths / 10 % 60, tenths % 10)
}

#[cfg(test)]
mod tests {
    #[test]
    fn clocks_count_minutes() {
        assert_eq!([0.0, 62.46, 3599.97].map(super::clock), ["0:00.0", "1:02.5", "60:00.0"]);
    }
}
