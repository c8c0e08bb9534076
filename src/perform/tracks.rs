//! A tracked run: its settings from options, its first walk, which only observes, and results without a second.

use std::path::PathBuf;

use crate::engine::Infer;
use crate::error::{Error, Result};
use crate::options::TrackOptions;
use crate::pipeline::Walk;
use crate::pipeline::emit::{Emitter, Outcome};
use crate::pipeline::tracks::{RunTracks, Tracking};
use crate::policy::classes;
use crate::spec::LabelSet;
use crate::track::{Method, Settings};
use crate::zones;

/// Frames that a tail is long.
const TAIL: u32 = 30;

/// The settings; `None` without `--track`.
///
/// # Errors
/// `Usage` for settings that need `--track`, `Config` for zones that cannot be read or name labels that the model
/// does not have.
pub fn tracking(options: &TrackOptions, labels: &LabelSet) -> Result<Option<Tracking>> {
    let Some(tracker) = options.track else {
        // On the command line clap says so; here they come from vision.toml.
        let without = [("--zones", options.zones.is_some()), ("--sequence", options.sequence.is_some())];
        return match without.iter().find(|(_, given)| *given) {
            Some((name, _)) => Err(Error::usage(format!("{name} needs --track"))),
            None => Ok(None),
        };
    };
    let mut settings = Settings::of(Method::from(tracker));
    let given = |value: Option<f32>, usual: f64| value.map_or(usual, f64::from);
    settings.high = given(options.track_high, settings.high);
    settings.low = given(options.track_low, settings.low).min(settings.high);
    let above = if settings.method == Method::ByteTrack { settings.high + 0.1 } else { settings.high };
    settings.new = given(options.track_new, above);
    settings.overlap = given(options.track_overlap, settings.overlap);
    settings.buffer = options.track_buffer.map_or(settings.buffer, u64::from);
    settings.by_class = !options.track_across_classes;
    let zones = options.zones.as_deref().map(|file| {
        let zones = zones::read(file)?;
        for place in &zones.places {
            classes(&format!("{}: {}: classes", file.display(), place.name), &place.labels, labels)?;
        }
        Ok(zones)
    });
    Ok(Some(Tracking {
        settings,
        live: options.track_live,
        fill: options.fill.unwrap_or(0),
        linger: options.linger,
        tail: options.tail.unwrap_or(TAIL) as usize,
        rate: options.sequence,
        zones: zones.transpose()?,
    }))
}

/// The first walk: everything is observed, nothing drawn or written. Returns what became of each input.
pub fn observe(
    walk: &mut Walk,
    workers: usize,
    means: &(dyn Fn() -> Result<Box<dyn Infer>> + Sync),
) -> Result<Vec<(usize, Outcome)>> {
    let artist = walk.artist.take();
    let seen = draw(walk, workers, means);
    walk.artist = artist;
    seen
}

/// A walk that draws, and keeps what became of each input until something is added to the results.
pub fn draw(
    walk: &Walk,
    workers: usize,
    means: &(dyn Fn() -> Result<Box<dyn Infer>> + Sync),
) -> Result<Vec<(usize, Outcome)>> {
    let mut done = Vec::new();
    let emitter = Emitter::new(walk.inputs, walk.keys, walk.store, walk.policy, Vec::new(), Vec::new());
    walk.run(workers, means, emitter.collecting(&mut done))?;
    Ok(done)
}

/// Writes results of outcomes, where nothing is left to draw.
pub fn emit(mut emitter: Emitter, outcomes: Vec<(usize, Outcome)>) -> Result<Vec<PathBuf>> {
    for (index, outcome) in outcomes {
        emitter.take(index, outcome)?;
    }
    emitter.finish()
}

/// What there is to follow, for people who asked for it or not.
pub fn found(tracks: &RunTracks, asked: bool) -> String {
    match tracks.sequences() {
        0 if !asked => "nothing moves in these inputs".to_owned(),
        0 => "no sequence to track: --sequence FPS takes the pictures of a folder as frames".to_owned(),
        1 => "tracked 1 sequence".to_owned(),
        many => format!("tracked {many} sequences"),
    }
}
