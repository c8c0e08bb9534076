//! What a worker does for videos alone: which frames are left to do, and the annotated video at the end.

use super::super::film::{Film, Ledger, drawn};
use super::super::manifest::{Entry, Manifest};
use super::super::room;
use super::super::stream::Stream;
use super::Worker;
use crate::digest::Key;
use crate::error::Result;
use crate::frame::Part;
use crate::input::Input;
use crate::observation::Observed;
use crate::source::Frames;
use crate::source::video::Reel;

impl Worker<'_, '_> {
    /// Tells a video which of its frames nobody needs: all that former work left of them is there. Returns those, and
    /// the annotated video to be made.
    pub(super) fn begin_video(
        &self,
        input: &Input,
        digest: &Key,
        reel: Reel,
        frames: &mut dyn Frames,
    ) -> Result<(Vec<Entry>, Option<Film>)> {
        let walk = self.walk;
        if let Some(note) = &reel.note {
            walk.watcher.note(note);
        }
        let artist = walk.artist.filter(|artist| artist.films(reel.container.name()));
        let words = room::words(&input.identity.shown(), &reel, artist.is_some(), walk.folder);
        words.iter().for_each(|words| walk.watcher.note(words));
        let settings = artist.map(|artist| artist.film_settings(digest, walk.keys.choice())).transpose()?;
        let mut ledger = Ledger::new(&settings.unwrap_or_default());
        let mut stored = |(position, n): (usize, &u32)| {
            let part = Some(reel.part(*n));
            let key = walk.keys.item(digest, part.as_ref());
            let observed = walk.store.get::<Observed>(&key).filter(|_| walk.reuse)?;
            let done = self.plan(input, digest, &key, &observed).is_none_or(|(plan, prediction)| {
                ledger.add(Film::piece_at(position), *n, &drawn(Some((&prediction, &plan.overlay))));
                self.is_drawn(input, &observed, &plan)
            });
            let done = done && !self.lacks_thumb(digest, observed.part.as_ref());
            let (size, orientation) = (observed.size, observed.origin.orientation);
            let seconds = Some(reel.seconds(*n));
            done.then_some(Entry { part, size, orientation, seconds, failure: None, facts: Vec::new() })
        };
        let mut settled: Vec<Option<Entry>> = reel.chosen.iter().enumerate().map(&mut stored).collect();
        let film = match artist.zip(settings) {
            Some((artist, settings)) => Some(artist.film(&input.identity, reel, &settings, &ledger)?),
            None => None,
        };
        if let Some(film) = &film {
            // What is missing of a piece needs all of its frames again, drawn on.
            settled
                .iter_mut()
                .enumerate()
                .filter(|(at, _)| !film.stands(*at))
                .for_each(|(_, entry)| *entry = None);
        }
        let left = settled.iter().filter(|entry| entry.is_none()).count();
        walk.watcher.video(left);
        frames.leave_out(settled.iter().map(Option::is_some).collect());
        Ok((settled.into_iter().flatten().collect(), film))
    }

    /// Puts the annotated video of a finished input in place.
    pub(super) fn film(&self, stream: &Stream, manifest: &Manifest) -> Result<()> {
        let walk = self.walk;
        let Some((film, artist)) = stream.film.as_ref().zip(walk.artist) else { return Ok(()) };
        let identity = &walk.inputs[stream.index].identity;
        let settings = artist.film_settings(&stream.digest, walk.keys.choice())?;
        let mut ledger = Ledger::new(&settings);
        for entry in manifest.items.iter().filter(|entry| entry.failure.is_none()) {
            let key = walk.keys.item(&stream.digest, entry.part.as_ref());
            let observed = walk.store.get::<Observed>(&key);
            if let Some((Part::Frame { n, .. }, observed)) = entry.part.as_ref().zip(observed) {
                let (prediction, overlay) = self.shown(&walk.inputs[stream.index], &key, &observed);
                ledger.add_to_whole(*n, &drawn(Some((&prediction, &overlay))));
            }
        }
        let made = artist.finish(film, identity)?;
        if let Some(why) = &made.silent {
            walk.watcher.note(&format!("{}: its sound is left out: {why}", identity.shown()));
        }
        if made.there && manifest.is_lasting() {
            let key = walk.keys.manifest(&stream.digest);
            walk.store.put(&key, manifest)?;
            let path = artist.film_path(identity).to_string_lossy().into_owned();
            walk.journal.item(&identity.id, None, &key, vec![path], ledger.whole())?;
        }
        Ok(())
    }
}
