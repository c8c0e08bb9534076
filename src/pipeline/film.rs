//! The annotated video of one input: frames in any order in, closed pieces of fixed ranges of frames out.
//!
//! A piece holds the chosen frames of one range of [`PIECE`], wherever a run was interrupted, and gets its name when
//! it is whole: its number and a digest of all that decides its content. So a piece that is there needs neither
//! decoding nor drawing, and a video put together from pieces of several runs equals that of one run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use image::RgbImage;
use sha2::{Digest, Sha256};

use crate::digest::{Key, hex, sha256};
use crate::draw::Overlay;
use crate::error::{Error, Kind, Result};
use crate::ffmpeg::encode::{Piece, Recipe};
use crate::ffmpeg::join::{Audio, Join, Sound};
use crate::prediction::Prediction;
use crate::source::video::Reel;

/// Chosen frames in a piece: about ten seconds, and as many as x264 puts between key frames anyway.
pub const PIECE: usize = 250;
/// Units of time in a second at least, as ffmpeg has it: small ones round the lengths of videos.
const LEAST_SCALE: u32 = 10_000;
/// And at most: ffmpeg joins pieces with times in microseconds.
const MOST_SCALE: u32 = 1_000_000;

/// What a frame adds to the digest of its piece.
pub fn drawn(shown: Option<(&Prediction, &Overlay)>) -> Key {
    // Numbers and text; they always serialise.
    sha256(&serde_json::to_vec(&shown).unwrap_or_default())
}

/// What a piece holds: a digest, its first frame, and how many there are.
#[derive(Clone)]
struct Part {
    hash: Sha256,
    first: u32,
    frames: usize,
}

/// A piece by its name.
#[derive(Clone)]
struct Named {
    name: String,
    first: u32,
    frames: usize,
}

/// Digests of the pieces and of the whole, as frames are added in order.
pub struct Ledger {
    begun: Sha256,
    whole: Sha256,
    pieces: BTreeMap<usize, Part>,
}

impl Ledger {
    /// `settings` is all beside the frames that decides what a video looks like.
    pub fn new(settings: &Key) -> Self {
        let begun = Sha256::new().chain_update(settings);
        Self { whole: begun.clone(), begun, pieces: BTreeMap::new() }
    }

    pub fn add(&mut self, piece: usize, n: u32, drawn: &Key) {
        self.add_to_whole(n, drawn);
        let begun = || Part { hash: self.begun.clone(), first: n, frames: 0 };
        let part = self.pieces.entry(piece).or_insert_with(begun);
        part.hash.update(n.to_le_bytes());
        part.hash.update(drawn);
        part.frames += 1;
    }

    /// Where pieces do not matter.
    pub fn add_to_whole(&mut self, n: u32, drawn: &Key) {
        self.whole.update(n.to_le_bytes());
        self.whole.update(drawn);
    }

    fn piece(&self, piece: usize) -> Option<Named> {
        let Part { hash, first, frames } = self.pieces.get(&piece)?.clone();
        Some(Named { name: format!("{piece:06}-{}.mp4", hex(&hash.finalize()[..16])), first, frames })
    }

    /// Equal when the same video would come out.
    pub fn whole(&self) -> String {
        hex(&self.whole.clone().finalize()[..8])
    }
}

/// What became of a video.
#[derive(Debug, Default)]
pub struct Made {
    /// Whether there was a frame at all.
    pub there: bool,
    /// Why it has no sound, though the original has.
    pub silent: Option<String>,
}

/// A video being made.
pub struct Film {
    reel: Reel,
    recipe: Recipe,
    /// Where pieces are kept until the video is whole.
    folder: PathBuf,
    temporary: PathBuf,
    /// Pieces that former runs left.
    standing: BTreeMap<usize, Named>,
    /// Pictures that may wait for one that is slower.
    ahead: u64,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    /// Number of the picture whose turn it is, in order of decoding.
    next: u64,
    waiting: BTreeMap<u64, Drawn>,
    /// Gone while somebody writes.
    writer: Option<Writer>,
    failed: bool,
    /// Why there will be no annotated video.
    broken: Option<Error>,
}

/// A drawn frame: its number in the video, what was drawn, the picture.
struct Drawn {
    n: u32,
    drawn: Key,
    picture: RgbImage,
}

struct Writer {
    ledger: Ledger,
    open: Option<(usize, Piece)>,
    /// Time of the piece's first and last picture.
    first: i64,
    last: Option<u64>,
}

impl Film {
    /// Which pieces stand is told by `ledger`, with the frames whose predictions are known.
    pub fn new(
        reel: Reel,
        recipe: Recipe,
        (folder, temporary): (PathBuf, PathBuf),
        settings: &Key,
        ledger: &Ledger,
    ) -> Result<Self> {
        std::fs::create_dir_all(&folder).map_err(|e| Error::write(folder.display(), e))?;
        let count = reel.chosen.len().div_ceil(PIECE);
        let there = |piece: usize| {
            Some((piece, ledger.piece(piece).filter(|piece| folder.join(&piece.name).is_file())?))
        };
        let standing = (0..count).filter_map(there).collect();
        let writer = Writer { ledger: Ledger::new(settings), open: None, first: 0, last: None };
        let state =
            State { next: 0, waiting: BTreeMap::new(), writer: Some(writer), failed: false, broken: None };
        // Every worker has a picture in hand.
        let ahead = rayon::current_num_threads() as u64 + 1;
        Ok(Self {
            reel,
            recipe,
            folder,
            temporary,
            standing,
            ahead,
            state: Mutex::new(state),
            changed: Condvar::new(),
        })
    }

    /// The piece that the `position`-th chosen frame belongs to.
    pub fn piece_at(position: usize) -> usize {
        position / PIECE
    }

    /// Whether the piece of the `position`-th chosen frame is there already.
    pub fn stands(&self, position: usize) -> bool {
        self.standing.contains_key(&Self::piece_at(position))
    }

    /// Whether frame `n` is to be drawn.
    pub fn wants(&self, n: u32) -> bool {
        !self.standing.contains_key(&self.piece_of(n))
    }

    fn piece_of(&self, n: u32) -> usize {
        Self::piece_at(self.reel.chosen.partition_point(|chosen| *chosen < n))
    }

    /// Takes frame `n`, the `number`-th that was decoded; every number comes once. `picture` is the frame with what
    /// was `drawn` on it; none for a frame that is not wanted. Waits where too many wait for an earlier one.
    ///
    /// # Errors
    /// Of the environment. What ffmpeg cannot encode is told by [`Film::finish`]: the records of the video stand
    /// without it.
    pub fn take(&self, number: u64, n: u32, drawn: Key, picture: RgbImage) -> Result<()> {
        let mut state = self.state();
        if state.broken.is_some() {
            return Ok(());
        }
        while number >= state.next + self.ahead && !state.failed {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.waiting.insert(number, Drawn { n, drawn, picture });
        // Without a writer somebody is writing, and goes on with this one when its turn comes.
        let Some(mut writer) = state.writer.take() else { return Ok(()) };
        let mut written = Ok(());
        while written.is_ok() && !state.failed {
            let number = state.next;
            let Some(next) = state.waiting.remove(&number) else { break };
            drop(state);
            written = self.write(&mut writer, next);
            state = self.state();
            state.next += 1;
            self.changed.notify_all();
        }
        state.writer = Some(writer);
        state.failed |= written.is_err();
        match written {
            Err(error) if error.kind == Kind::Tool => {
                state.waiting.clear();
                state.broken = Some(error);
                self.changed.notify_all();
                Ok(())
            }
            other => other,
        }
    }

    /// Lets nobody wait any more: a frame will not come.
    pub fn give_up(&self) {
        self.state().failed = true;
        self.changed.notify_all();
    }

    fn write(&self, writer: &mut Writer, Drawn { n, drawn, picture }: Drawn) -> Result<()> {
        let piece = self.piece_of(n);
        if writer.open.as_ref().is_some_and(|(open, _)| *open != piece) {
            self.close(writer)?;
        }
        if self.standing.contains_key(&piece) {
            return Ok(());
        }
        let at = self.time(n);
        let (_, open) = match &mut writer.open {
            Some(open) => open,
            None => {
                (writer.first, writer.last) = (at, None);
                writer.open.insert((piece, Piece::begin(&self.recipe, &self.temporary)?))
            }
        };
        // A time that is not after the one before, as in damaged files, becomes the least one that is.
        let least = writer.last.map_or(0, |last| last + 1);
        let time = u64::try_from(self.units(at - writer.first)).unwrap_or(0).max(least);
        open.add(time, &picture)?;
        writer.last = Some(time);
        writer.ledger.add(piece, n, &drawn);
        Ok(())
    }

    fn close(&self, writer: &mut Writer) -> Result<()> {
        let Some((number, piece)) = writer.open.take() else { return Ok(()) };
        let name = writer.ledger.piece(number).map(|piece| piece.name).unwrap_or_default();
        piece.finish(&self.folder.join(name))
    }

    /// When frame `n` is shown, in the video's time base.
    fn time(&self, n: u32) -> i64 {
        self.reel.timeline.ticks.get(n as usize).map_or(0, |tick| tick.time)
    }

    /// A span of the video's time base in units of the new one.
    fn units(&self, span: i64) -> i64 {
        let [numerator, denominator] = self.reel.timeline.time_base.map(i128::from);
        let units =
            (i128::from(span) * numerator * i128::from(self.recipe.scale) + denominator / 2) / denominator;
        i64::try_from(units).unwrap_or(i64::MAX)
    }

    /// Puts the whole video at `target`, once every frame was taken, and removes the pieces.
    ///
    /// # Errors
    /// What ffmpeg says.
    pub fn finish(&self, target: &Path) -> Result<Made> {
        let mut state = self.state();
        if let Some(error) = state.broken.take() {
            return Err(error);
        }
        let Some(mut writer) = state.writer.take() else { return Ok(Made::default()) };
        drop(state);
        self.close(&mut writer)?;
        let timeline = &self.reel.timeline;
        let [numerator, denominator] = timeline.time_base.map(f64::from);
        let seconds = |n: u32| self.time(n) as f64 * numerator / denominator;
        // The new clock begins where the file does, sound included, or at --from.
        let begins = seconds(0) - timeline.start;
        let (from, to) = (self.reel.choice.from, self.reel.choice.to);
        let zero = from.map_or(timeline.start, |from| seconds(0) + from);
        let count = self.reel.chosen.len().div_ceil(PIECE);
        let piece = |number: usize| {
            let own = self.standing.get(&number).cloned().or_else(|| writer.ledger.piece(number));
            own.map(|own| (own.frames, (own.name, (seconds(own.first) - zero).max(0.0))))
        };
        let (frames, pieces): (Vec<usize>, Vec<(String, f64)>) = (0..count).filter_map(piece).unzip();
        let there = !pieces.is_empty();
        let mut silent = None;
        if there {
            let audio = timeline.audio.as_deref().filter(|_| self.recipe.audio != Audio::Remove);
            let sound = audio.map(|codec| Sound {
                file: &self.reel.file,
                demuxer: self.reel.container.demuxer(),
                codec,
                pitched: self.recipe.audio == Audio::Pitch,
                from: from.map(|from| begins + from),
                to: to.map(|to| begins + to),
            });
            let (folder, scale, last) = (&self.folder, self.recipe.scale, self.last());
            let frames = frames.iter().sum();
            let join = Join { folder, pieces: &pieces, frames, scale, last, sound };
            silent = join.write(&self.temporary, target)?;
        }
        std::fs::remove_dir_all(&self.folder).map_err(|e| Error::write(self.folder.display(), e))?;
        Ok(Made { there, silent })
    }

    /// How long the last frame is shown: as long as the one before it, and a lonely one for a 25th of a second.
    fn last(&self) -> u64 {
        let before = match self.reel.chosen.as_ref() {
            [.., a, b] => self.units(self.time(*b) - self.time(*a)),
            _ => i64::from(self.recipe.scale / 25),
        };
        u64::try_from(before).unwrap_or(0).max(1)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Nothing in here panics half-way; after a panic elsewhere the state is whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Units of time in a second for the annotated video of a reel: one that holds all its times.
pub fn scale(reel: &Reel) -> u32 {
    let seconds = reel.chosen.iter().map(|n| reel.seconds(*n));
    let between = seconds.clone().skip(1).zip(seconds).map(|(next, this)| next - this);
    units(reel.timeline.time_base, between.fold(0.0, f64::max))
}

/// `gap` is the longest time that a frame is shown, seconds: MP4 holds it in 31 bits. Where those are too few, times
/// are rounded.
fn units([_, denominator]: [u32; 2], gap: f64) -> u32 {
    let exact =
        if denominator >= MOST_SCALE { MOST_SCALE } else { denominator * LEAST_SCALE.div_ceil(denominator) };
    let most = f64::from(i32::MAX) / gap;
    if f64::from(exact) <= most { exact } else { (most as u32).max(1) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales_hold_all_times() {
        assert_eq!(units([1, 12_800], 0.04), 12_800);
        assert_eq!(units([1, 10], 0.0), 10_000);
        assert_eq!(units([1, 25], 0.04), 10_000);
        assert_eq!(units([1001, 30_000], 0.04), 30_000);
        assert_eq!(units([1, 3], 0.04), 10_002);
        assert_eq!(units([1, 1_000_000_000], 0.04), 1_000_000);
        // A gap of 40 hours, in 31 bits.
        assert_eq!(units([1, 1000], 144_000.0), 10_000);
        assert_eq!(units([1, 90_000], 144_000.0), 14_913);
    }

    #[test]
    fn the_name_of_a_piece_says_what_is_in_it() {
        let (settings, other, a, b) = ([0; 32], [1; 32], drawn(None), [7; 32]);
        let name = |settings: &Key, frames: &[(usize, u32, Key)]| {
            let mut ledger = Ledger::new(settings);
            frames.iter().for_each(|(piece, n, drawn)| ledger.add(*piece, *n, drawn));
            ledger.piece(1).map(|piece| piece.name)
        };
        let own = name(&settings, &[(1, 5, a), (1, 6, a)]);
        assert!(own.as_deref().is_some_and(|name| name.starts_with("000001-") && name.ends_with(".mp4")));
        // What is in other pieces does not matter; settings, frames and what is drawn do.
        assert_eq!(own, name(&settings, &[(0, 1, b), (1, 5, a), (1, 6, a), (2, 9, a)]));
        for frames in [&[(1, 5, a)][..], &[(1, 5, a), (1, 7, a)], &[(1, 5, a), (1, 6, b)]] {
            assert_ne!(own, name(&settings, frames));
        }
        assert_ne!(own, name(&other, &[(1, 5, a), (1, 6, a)]));
        assert_eq!(name(&settings, &[(0, 1, a)]), None);
    }
}
